"""Nothing is shown that fails a check, and nothing is measured twice."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.laws.shop import Beginning, Shop

pytestmark = pytest.mark.slow

TESTS = """models:
  - name: orders
    columns:
      - name: id
        data_tests: [unique, not_null]
      - name: cents
        data_tests: [{range: {min: 0}}]
  - name: lines
    columns:
      - name: order_id
        data_tests: [{relationships: {to: m.orders, field: id}}]
"""
ORDERS = "select i::integer as id, (i * 7 % 100)::integer as cents from range(90) t(i)"
LINES = "select i::integer as line, (i % 90)::integer as order_id from range(300) t(i)"


@pytest.fixture
def tested(begin: Beginning) -> Shop:
    return begin(release)


def release(shop: Shop) -> None:
    shop.asset("m.orders", ORDERS)
    shop.asset("m.lines", LINES)
    shop.file("assets/m/properties.yml", TESTS)
    shop.apply()
    shop.promote()


def evidence(shop: Shop) -> dict[str, set[str]]:
    """Return the keys of what is known, by build."""
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as state:
        rows = state.execute("select key, value from entries where collection = 'evidence'").fetchall()
    return {key: set(json.loads(value)["answers"]) for key, value in rows if "/" not in key}


def forget(shop: Shop) -> None:
    """Take all evidence away, as if a command had been killed before it was kept."""
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as state, state:
        state.execute("delete from entries where collection = 'evidence'")


def test_what_fails_is_built_aside_and_shown_nowhere(tested: Shop) -> None:
    tested.asset("m.orders", ORDERS.replace("i * 7 % 100", "i - 1"))
    for _ in range(2):  # the second time everything is known, and fails all the same
        assert "range of cents: 1 of 90 rows lie outside" in tested.fails(1, "apply", "dev", "--yes")
        assert tested.values("dev", "select min(cents) from m.orders") == [["0"]]
        actions = {step["address"]: step["action"] for step in tested.result("plan")["steps"]}
        assert actions["m.orders"] == "reuse"  # what was built is kept
    tested.asset("m.orders", ORDERS.replace("i * 7 % 100", "i + 1"))
    tested.apply()
    assert tested.values("dev", "select min(cents) from m.orders") == [["1"]]


def test_a_test_that_comes_later_is_asked_of_what_is_shown_already(tested: Shop) -> None:
    before = tested.tables()
    tested.file("assets/m/properties.yml", TESTS.replace("min: 0", "min: 0, max: 98"))
    assert "1 of 90 rows lie outside" in tested.fails(1, "apply", "dev", "--yes")
    tested.file("assets/m/properties.yml", TESTS.replace("min: 0", "min: 0, max: 99"))
    assert tested.result("plan")["properties"] == {"m.orders": ["data_tests"]}
    applied = tested.apply()
    assert applied["made"] == []
    assert [check["outcome"] for check in applied["checks"]] == ["pass"] * 4
    assert tested.promote()["is_done"]
    assert tested.tables() == before
    assert tested.does("plan", "dev").startswith("dev equals the working tree: nothing to do.")


def test_an_edit_measures_only_what_looks_at_it(tested: Shop) -> None:
    before = set().union(*evidence(tested).values())
    tested.asset("m.orders", ORDERS.replace("i * 7 % 100", "i * 9 % 100"))
    tested.apply()
    after = set().union(*evidence(tested).values())
    assert len(after - before) == 1  # the range of cents; not the key, not the number of rows, not what reads the key


def test_evidence_that_is_gone_is_found_again_before_a_release(tested: Shop) -> None:
    tested.asset("m.orders", ORDERS.replace("90", "91"))
    tested.apply()
    known = evidence(tested)
    forget(tested)
    tested.promote()
    found = evidence(tested)
    assert len(found) == 2
    assert all(answers <= known[build] for build, answers in found.items())
    assert sum(map(len, found.values())) == 6


def test_a_release_of_what_fails_is_refused_before_anybody_is_asked(tested: Shop) -> None:
    tested.file("assets/m/properties.yml", TESTS.replace("min: 0", "min: 0, max: 98"))
    tested.fails(1, "apply", "dev", "--yes")
    text = tested.fails(1, "promote", "dev")
    assert "HG701  m.orders: range of cents: 1 of 90 rows lie outside" in text
    assert "nobody is here to answer" not in text
    assert "range of cents" in tested.fails(1, "promote", "dev", "--yes")


def test_evidence_goes_with_its_build(tested: Shop) -> None:
    tested.asset("m.orders", ORDERS.replace("90", "91"))
    tested.apply("pr-1")
    assert len(evidence(tested)) == 3
    tested.does("gc", "--drop-environment", "pr-1", "--yes")
    assert len(evidence(tested)) == 2


def test_who_looks_at_what_is_selected_is_asked_as_well(tested: Shop) -> None:
    tested.asset("m.orders", ORDERS.replace("range(90)", "range(89)"))
    text = tested.fails(1, "apply", "dev", "--select", "m.orders", "--yes")
    assert "m.lines" in text
    assert "relationships of order_id: 3 of 300 rows have no row in m.orders" in text


def test_a_test_whose_columns_are_not_shown_yet_is_told_and_released_never(tested: Shop) -> None:
    tested.asset("m.orders", ORDERS.replace(" as id", " as id, i as code"))
    tested.file("assets/m/properties.yml", TESTS.replace("field: id", "field: code").replace("order_id", "line", 1))
    tested.asset("m.lines", LINES.replace("300", "301"))
    text = tested.does("apply", "dev", "--select", "m.lines", "--yes")
    assert "m.lines  relationships of line could not be measured: m.orders has no column code" in text
    tested.fails(1, "promote", "dev", "--yes")


def test_a_check_that_warns_stops_nothing_though_it_cannot_be_measured(tested: Shop) -> None:
    broken = "data_tests: [{expression: {expression: \"error('no') is null\", config: {severity: warn}}}]"
    tested.file("assets/m/properties.yml", f"models: [{{name: orders, {broken}}}]")
    assert "expression could not be measured: no" in tested.does("apply", "dev", "--yes")


def test_a_view_by_the_clock_is_looked_at_again(shop: Shop) -> None:
    shop.asset("m.other", "select 1 as x")
    shop.asset("m.now", "select 1 as id, now() < timestamptz '2000-01-01' + interval 100 year as ok", kind="view")
    tests = "models: [{name: now, columns: [{name: ok, data_tests: [{accepted_values: {values: [true]}}]}]}]"
    shop.file("assets/m/properties.yml", tests)
    assert [check["outcome"] for check in shop.apply()["checks"]] == ["pass"]
    assert evidence(shop) == {}
    shop.asset("m.other", "select 2 as x")
    assert [check["outcome"] for check in shop.apply()["checks"]] == ["pass"]


def test_what_was_renamed_is_reused_and_measured_under_its_new_name(tested: Shop) -> None:
    (tested.root / "assets/m/lines.sql").rename(tested.root / "assets/m/items.sql")
    tested.file("assets/m/properties.yml", TESTS.replace("lines", "items"))
    before = evidence(tested)
    tested.apply()
    assert evidence(tested) == before  # it is the same build, of which all is known
    tested.file("assets/m/properties.yml", TESTS.replace("lines", "items").replace("min: 0", "min: 0, max: 9"))
    assert "range of cents" in tested.fails(1, "apply", "dev", "--yes")


def test_what_passes_and_what_is_set_aside_are_shown_together_or_not_at_all(tested: Shop) -> None:
    aside = "{range: {min: 0, config: {quarantine: true%s}}}"
    declared = TESTS.replace("- name: id\n", "- name: id\n        protected: true\n", 1)
    tested.asset("m.orders", ORDERS.replace("i * 7 % 100", "i - 2"))
    tested.file("assets/m/properties.yml", declared.replace("{range: {min: 0}}", aside % ""))
    counts = "select (select count(*) from m.orders) as n, (select count(*) from m.orders_quarantine) as m"
    tested.fails(1, "apply", "dev", "--yes")  # lines of orders that were set aside have no order any more
    lines = LINES.replace("(i % 90)", "(i % 88 + 2)")
    tested.asset("m.lines", lines)
    tested.apply()
    assert tested.values("dev", counts) == [["88", "2"]]
    tested.file("assets/m/properties.yml", declared.replace("{range: {min: 0}}", aside % ', error_if: "> 1"'))
    told = tested.fails(1, "apply", "dev", "--yes")
    assert "range of cents: 2 of 90 rows lie outside" in told
    assert "(protected)" in told
    refused = "{expression: {expression: \">= 'x'::integer\", config: {quarantine: true}}}"
    tested.file("assets/m/properties.yml", declared.replace("{range: {min: 0}}", refused))
    tested.fails(1, "apply", "dev", "--yes")  # the engine refuses both queries
    assert tested.values("dev", counts) == [["88", "2"]]
