"""Unit tests of functions: called with the given rows, in a process of their own, as in an apply."""

from pathlib import Path

import pytest

from tests.trial.trial_stage import outcomes, shown, told, tried

pytestmark = pytest.mark.slow

ASSET = """import headgate as hg
import polars as pl

# headgate: owner: ops
@hg.table(inputs={"orders": "shop.orders"}, owner="ops")
def spent(orders: pl.DataFrame) -> pl.DataFrame:
    if orders.height == 3:
        raise ValueError("three is too many")
    return orders.group_by("customer").agg(pl.col("amount").sum().alias("spent"))
"""
SEED = "customer,amount\nada,10\nbob,7\n"
TESTS = """unit_tests:
  - name: adds_up
    model: spent
    given:
      - input: shop.orders
        rows: [{customer: ada, amount: 1}, {customer: ada, amount: 2}]
    expect: {rows: [{customer: ada, spent: 3}]}
  - name: adds_wrong
    model: marts.spent
    given: [{input: ref('orders')}]
    expect: {rows: [{customer: ada, spent: 10}, {customer: bob, spent: 8}]}
  - name: fails
    model: spent
    given: [{input: ref('orders'), format: csv, rows: "customer\\na\\nb\\nc"}]
    expect: {rows: []}
  - name: nothing
    model: spent
    expect: {rows: []}
  - name: clock
    model: spent
    now: 2024-01-01
    expect: {rows: []}
"""


def test_functions_are_called_with_the_given_rows(tmp_path: Path) -> None:
    found = tried(tmp_path, {"assets/marts/spent.py": ASSET, "assets/shop/orders.csv": SEED, "tests/spent.yml": TESTS})
    assert outcomes(found) == {
        "adds_up": "passed", "adds_wrong": "failed", "fails": "failed", "nothing": "passed", "clock": "faulty",
    }  # fmt: skip
    assert told(found) == ["HG602 assets/marts/spent.py:8", "HG343 tests/spent.yml:21:10"]
    assert "three is too many" in shown(found)
    assert "    came      bob           7" in shown(found)
