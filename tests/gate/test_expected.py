"""Expected changes: what files of changes/ say, and every fault in them."""

from __future__ import annotations

import pytest

from headgate.core.gate import Topic
from headgate.core.hashing import Digest
from headgate.project.expected_changes import read_expected
from headgate.project.text import Text
from tests.gate.team import ORDERS, Team

GOOD = """
why: prices are doubled
until: 2026-12-31
expect:
  m.orders:
    rows_changed: {price: 100 %}
    rows_removed: 2 %
    drift: 0.5
    columns_removed: [old, older]
    assets_removed: true
    row_count: 40 % more
  marts.*:
    row_count: 10 %
    drift: {price: 0.5, note: {moved: 0.2, nulls: 5 %, nans: 1 %}}
"""


MISSPELT = """
[gate."mart.*"]
row_count = "5 %"
[gate."m.orders.prise"]
rows_changed = "5 %"
[gate."m.ord*.id"]
rows_changed = "5 %"
[owners.opps]
members = ["ada"]
"""


def read(text: str) -> tuple[object, list[str]]:
    source = Text("changes/a.yml", text)
    return read_expected(source, Digest("")), [f"{one.code} {one.summary}" for one in source.all_faults()]


def test_what_a_file_expects() -> None:
    source = Text("changes/a.yml", GOOD)
    found = read_expected(source, Digest("x"))
    assert found is not None
    assert source.all_faults() == ()
    assert (found.why, found.until, found.digest) == ("prices are doubled", "2026-12-31", "x")
    assert [(one.topic, one.pattern, one.most, one.column, one.part) for one in found.bounds] == [
        (Topic.REMOVED, "m.orders", 0.02, "", ""),
        (Topic.CHANGED, "m.orders", 1.0, "price", ""),
        (Topic.COUNT, "m.orders", 0.4, "", "more"),
        (Topic.DRIFT, "m.orders", 0.5, "", ""),
        (Topic.COLUMN_REMOVED, "m.orders", 1.0, "old", ""),
        (Topic.COLUMN_REMOVED, "m.orders", 1.0, "older", ""),
        (Topic.ASSET_REMOVED, "m.orders", 1.0, "", ""),
        (Topic.COUNT, "marts.*", 0.1, "", ""),
        (Topic.DRIFT, "marts.*", 0.5, "price", ""),
        (Topic.DRIFT, "marts.*", 0.2, "note", ""),
        (Topic.DRIFT, "marts.*", 0.05, "note", "share of NULL"),
        (Topic.DRIFT, "marts.*", 0.01, "note", "share of no number"),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- a", "an expected change is a mapping"),
        ("why: x\nexpect: {}\n", "until"),
        ("why: x\nuntil: soon\nexpect: {}\n", "until has to be a day such as 2026-12-31"),
        ("why: x\nuntil: 2026-02-30\nexpect: {}\n", "until is no day: 2026-02-30"),
        ("why: x\nuntil: 2026-12-31\nexpect: {orders: {}}\n", "orders is no asset"),
        ("why: x\nuntil: 2026-12-31\nexpect: {m.a: {rows_removed: 2}}\n", "rows_removed has to be a share"),
        ("why: x\nuntil: 2026-12-31\nexpect: {m.a: {row_count: 2 % less}}\n", "row_count has to be a share"),
        ("why: x\nuntil: 2026-12-31\nexpect: {m.a: {drift: {b: {nulls: 5}}}}\n", "nulls has to be a share"),
        ("why: x\nuntil: 2026-12-31\nexpect: {m.a: {rows_chagned: 2 %}}\n", "unknown key rows_chagned"),
        ("why: x\nuntil: 2026-12-31\nexpect: {m.a: {drift: much}}\n", "drift has to be a number from 0 to 1000"),
        ("why: x\nuntil: 2026-12-31\nexpect: {m.a: {empty: true}}\n", "unknown key empty"),
    ],
)
def test_every_fault_is_told(text: str, fault: str) -> None:
    _, faults = read(text)
    assert any(fault in one for one in faults), faults


@pytest.mark.slow
def test_check_warns_of_what_is_over_and_of_what_names_nothing(team: Team) -> None:
    team.file("changes/a.yml", GOOD.replace("2026-12-31", "2020-12-31"))
    text = (team.root / "headgate.toml").read_text()
    team.file("headgate.toml", text + MISSPELT)
    told = team.does("check")
    assert "HG127  changes/a.yml expects a change until 2020-12-31: it counts nothing any more" in told
    assert "HG126  changes/a.yml expects something of marts.*, which names no asset" in told
    assert "HG126  the pattern mart.* of the gate names no asset" in told
    assert "HG126  the pattern m.orders.prise of the gate names no column of m.orders" in told
    assert "Did you mean m.orders.price?" in told
    assert "m.orders.id" not in told
    assert "HG126  [owners.opps] is the owner of nothing" in told
    assert "Did you mean ops?" in told
    assert "[owners.ops]" not in told


@pytest.mark.slow
def test_an_expectation_that_nothing_of_the_change_fits_is_told(team: Team) -> None:
    team.asset("m.orders", ORDERS.format(factor=2))
    team.file(
        "changes/double.yml",
        "why: doubled\nuntil: 2099-12-31\nexpect:\n  m.orders:\n    rows_changed: {price: 100 %}\n"
        "    rows_removed: 1 %\n  m.board:\n    assets_removed: true\n",
    )
    team.edit("Double")
    told = " ".join(team.does("report", "dev").split())
    assert "changes/double.yml expects something of m.board, and the change does nothing of that." in told
    assert "expects something of m.orders" not in told
