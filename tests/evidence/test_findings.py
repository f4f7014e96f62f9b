"""What was measured becomes findings: each fact once, with an amount that a budget can bound."""

import pytest

from headgate.core.address import Address
from headgate.core.checks import Check, Compiled, Failed, Outcome, Result
from headgate.core.comparison import ColumnDifference, Comparison, Drift, KeyFacts, Retyped, Rung, ShapeDifference
from headgate.core.comparison import Tolerance as Within
from headgate.core.diagnostic import Severity
from headgate.core.gate import Finding, Level, Topic, finding_key
from headgate.core.policy import Policy, Section
from headgate.core.promises import DeclaredTest
from headgate.core.recipe import Column
from headgate.core.shares import share_text
from headgate.evidence.decide import weighed
from headgate.evidence.findings import (
    Gate,
    Touched,
    findings_of,
    findings_of_gate,
    findings_of_new_data,
)
from headgate.words.diff import detail_lines
from headgate.words.report.sentences import column_texts, data_short_text

ORDERS = Address("marts.orders")


def compared(**figures: object) -> Comparison:
    facts: dict[str, object] = {"rung": Rung.KEYED, "rows_before": 1000, "rows_after": 1000, "key": ("id",)}
    return Comparison(ORDERS, **{**facts, **figures})  # type: ignore[arg-type]  # figures of a test


def found(**figures: object) -> dict[str, Finding]:
    touched = Touched(ORDERS, owner="ops", comparison=compared(**figures))
    return {finding_key(one): one for one in findings_of(touched)}


def result(outcome: Outcome, *, severity: Severity = Severity.ERROR) -> Result:
    test = DeclaredTest("unique", "id", severity=severity)
    return Result(Check(ORDERS, test, Compiled((), lambda _: Failed(0, 0))), outcome, 3, 100, "3 keys stand twice")


def levels(*findings: Finding, policy: Policy | None = None) -> list[str]:
    return [f"{one.level.value} {finding_key(one)}" for one in weighed(findings, policy or Policy())]


def test_nothing_differs_and_nothing_is_told() -> None:
    assert found() == {}
    assert found(rung=Rung.SAME) == {}
    assert findings_of(Touched(ORDERS, comparison=Comparison(ORDERS, rung=Rung.NEW, rows_after=5))) == ()


def test_of_new_data_beside_a_change_is_told_what_a_run_would_tell_and_what_readers_break_on() -> None:
    price = ColumnDifference("price", 20, 20)
    gone = ShapeDifference(removed=(Column("note", "VARCHAR"),))
    data = compared(rows_after=400, removed=650, added=50, shape=gone, moved=(Address("raw.orders"),))
    touched = Touched(ORDERS, comparison=compared(changed=20, columns=(price,), data=data))
    code, new = weighed(findings_of(touched), Policy()), weighed(findings_of_new_data(touched), Policy())
    assert levels(*code) == ["approve rows_changed marts.orders price", "approve columns_removed marts.orders note"]
    assert code[0].told == "price changes in 20 rows, 2 %; on the same data"
    assert [(one.level, one.told) for one in new] == [
        (Level.APPROVE, "400 rows in place of 1,000, 60 % fewer; by data alone: raw.orders")
    ]
    for rows, told in ((1200, 0), (0, 1)):
        data = compared(rows_after=rows, rung=Rung.BAG)
        assert len(findings_of_new_data(Touched(ORDERS, comparison=compared(data=data)))) == told
    lost = found(data=compared(incomplete="cost limit", rung=Rung.INCOMPLETE))
    assert list(lost) == ["evidence marts.orders by data"]


def test_why_a_change_is_not_told_apart_from_new_data_is_told() -> None:
    told = found(removed=1, rows_after=999, moved=(Address("raw.orders"),), unisolated="a column is gone")
    assert told["rows_removed marts.orders"].told == (
        "1 row of 1,000 is gone, 0.1 %; raw.orders has other data, too (not isolated: a column is gone)"
    )


def test_drift_that_nobody_measured_blocks() -> None:
    touched = Touched(ORDERS, comparison=compared(changed=20), undrifted=("price", "note"))
    (one,) = weighed(findings_of(touched), Policy())
    assert (one.level, one.told) == (Level.BLOCK, "drift was not measured of price, note")
    assert finding_key(one) == "evidence marts.orders"


def test_rows_that_are_gone_new_and_changed() -> None:
    price = ColumnDifference("price", 20, 20, greatest=1.5)
    all_of_it = found(removed=10, added=40, changed=20, rows_after=1030, columns=(price,))
    assert {key: (one.amount, one.rows) for key, one in all_of_it.items()} == {
        "row_count marts.orders": (0.03, 30),
        "rows_removed marts.orders": (0.01, 10),
        "rows_added marts.orders": (0.04, 40),
        "rows_changed marts.orders price": (20 / 990, 20),
    }
    assert all_of_it["rows_changed marts.orders price"].told == "price changes in 20 rows, 2.02 %, by at most 1.5"
    assert all_of_it["rows_removed marts.orders"].told == "10 rows of 1,000 are gone, 1 %"
    assert levels(*all_of_it.values()) == [
        "show row_count marts.orders",
        "approve rows_removed marts.orders",
        "show rows_added marts.orders",
        "approve rows_changed marts.orders price",
    ]


def test_each_door_tells_the_same_share_of_a_comparison() -> None:
    """Half of the rows are gone and as many new ones came: all that stay have changed, half of them by little."""
    price = ColumnDifference("price", 500, 250, Within(absolute=0.5), 3.0)
    comparison = compared(added=500, removed=500, changed=250, columns=(price,))
    (line,) = detail_lines(comparison)
    (told,) = column_texts(comparison)
    assert line == "price  250 rows changed, 50 % (250 more within 0.5), by 3 at most"
    assert (told.what, told.share) == ("500 changed, 250 beyond ± 0.5", "100 %")
    one = found(added=500, removed=500, changed=250, columns=(price,))["rows_changed marts.orders price"]
    assert one.told == "price changes in 500 rows, 100 %, by at most 3; in 250 beyond its tolerance"
    assert "price in 500 rows, 100 %" in data_short_text(comparison)


def test_a_change_within_its_tolerance_is_told_and_counts_nothing() -> None:
    price = ColumnDifference("price", 20, 0, Within(absolute=0.5), 0.1)
    (one,) = found(changed=0, columns=(price,)).values()
    assert (one.amount, one.rows) == (0.0, 0)
    assert one.told == "price changes in 20 rows, 2 %, by at most 0.1, within its tolerance"
    assert levels(one) == ["show rows_changed marts.orders price"]


def test_the_number_of_rows_waits_beyond_five_percent_in_both_directions() -> None:
    for after, level in ((950, "show"), (949, "approve"), (1050, "show"), (1051, "approve")):
        assert levels(*found(rows_after=after).values()) == [f"{level} row_count marts.orders"]


def test_no_row_where_there_were_some_is_blocked() -> None:
    empty = found(rows_after=0, removed=1000)
    assert levels(*empty.values()) == ["block empty marts.orders", "approve rows_removed marts.orders"]
    assert empty["empty marts.orders"].told == "it is empty; there were 1,000 rows"
    assert found(rows_before=0, rows_after=0) == {}
    assert levels(*found(rows_before=0, rows_after=9, added=9).values()) == ["show rows_added marts.orders"]


def test_keys_that_broke_are_blocked_and_those_that_were_broken_are_not() -> None:
    were = KeyFacts(nulls=2, repeated=1, rows_repeated=2)
    assert found(keys_before=were, keys_after=were) == {}
    worse = found(keys_before=were, keys_after=KeyFacts(nulls=3, repeated=1, rows_repeated=4))
    assert levels(*worse.values()) == ["block key marts.orders NULL", "block key marts.orders repeated"]
    assert worse["key marts.orders NULL"].told == "3 rows have a NULL in the key (id); there were 2"
    newly = found(keys_after=KeyFacts(repeated=1, rows_repeated=2))["key marts.orders repeated"]
    assert newly.told == "2 rows share 1 key (id); there were none"


def test_one_row_is_told_as_one_and_a_large_number_without_an_exponent() -> None:
    one = found(removed=1, added=1, keys_after=KeyFacts(nulls=1))
    told = [finding.told for finding in one.values()]
    assert "1 row of 1,000 is gone, 0.1 %" in told
    assert "1 row is new beside 1,000" in told
    assert "1 row has a NULL in the key (id); there were none" in told
    price = ColumnDifference("price", 20, 20, greatest=1_689_840.0)
    (finding,) = found(changed=20, columns=(price,)).values()
    assert finding.told.endswith(", by at most 1,689,840")


def test_columns_come_go_and_change_their_type() -> None:
    shape = ShapeDifference(
        added=(Column("new", "bigint"),), removed=(Column("old", "bigint"),), retyped=(Retyped("price", "int", "text"),)
    )
    touched = Touched(ORDERS, comparison=compared(shape=shape))
    assert levels(*findings_of(touched)) == [
        "show columns_added marts.orders new",
        "approve columns_removed marts.orders old",
        "approve columns_retyped marts.orders price",
    ]


def test_a_failed_check_blocks_and_a_warning_is_shown() -> None:
    touched = Touched(ORDERS, results=(result(Outcome.FAIL), result(Outcome.WARN), result(Outcome.PASS)))
    assert levels(*findings_of(touched)) == ["block check marts.orders id", "show check marts.orders id"]


def test_what_was_not_measured_never_passes() -> None:
    unknown = Touched(ORDERS, results=(result(Outcome.UNKNOWN), result(Outcome.UNKNOWN, severity=Severity.WARNING)))
    assert [line.split()[0] for line in levels(*findings_of(unknown))] == ["block", "show"]
    missing = Touched(ORDERS, lacks="it was not compared with what prod shows")
    assert levels(*findings_of(missing)) == ["block evidence marts.orders"]
    cut_off = Touched(ORDERS, comparison=compared(incomplete="cost limit: 10 GB"))
    assert levels(*findings_of(cut_off)) == ["block evidence marts.orders"]
    at_once = Touched(ORDERS, comparison=Comparison(ORDERS, rung=Rung.INCOMPLETE))
    assert levels(*findings_of(at_once)) == ["block evidence marts.orders"]


def test_no_policy_lowers_a_check_or_what_was_not_measured() -> None:
    every = Policy((Section("", levels=dict.fromkeys(Topic, Level.SHOW)),))
    # headgate.toml has no key for the two: the section above cannot be written (tests/project/test_gate_config.py).
    assert levels(*findings_of(Touched(ORDERS, results=(result(Outcome.FAIL),))), policy=every) == [
        "show check marts.orders id"
    ]


def test_drift_counts_above_the_floor_that_chance_gives() -> None:
    below = Drift("price", "Wasserstein distance", 0.02, 0.05, "price as before")
    above = Drift("price", "Wasserstein distance", 0.2, 0.05, "price moved by a fifth of its spread")
    assert found(drifts=(below,)) == {}
    (one,) = found(drifts=(above,)).values()
    assert (one.amount, levels(one)) == (0.2, ["approve drift marts.orders price"])
    wide = Policy((Section("marts.*", budgets={Topic.DRIFT: 0.3}),))
    assert levels(one, policy=wide) == ["show drift marts.orders price"]


def test_what_need_not_come_out_the_same_twice_waits_only_where_it_differs() -> None:
    price = ColumnDifference("price", 5, 5)
    touched = Touched(ORDERS, comparison=compared(columns=(price,)), unstable=frozenset({"price", "tax"}))
    assert levels(*findings_of(touched))[-1] == "approve unstable marts.orders price"
    same = Touched(ORDERS, comparison=compared(), unstable=frozenset({"price"}), has_unstable_rows=True)
    assert findings_of(same) == ()


def test_a_source_that_moved_on_is_told_beside_the_difference() -> None:
    (one, _) = found(removed=1, rows_after=999, moved=(Address("raw.orders"),)).values()
    assert one.told.endswith("0.1 % fewer; raw.orders has other data, too")


def test_who_changes_the_gate_is_found_out() -> None:
    before = Policy(owners={"ops": ("ada",)})
    after = Policy((Section("marts.*", budgets={Topic.CHANGED: 1.0}),), owners={"ops": ("ada", "eve")})
    gate = Gate(
        before,
        after,
        owners={ORDERS: ("ops", "eve")},
        tests={ORDERS: (2, "ops")},
        broken={ORDERS: (("column price removed",), "ops")},
        environments=("prod protected",),
        exposures={Address("boards.sales"): "sales"},
        narrowed={Address("boards.ids"): (("marts.orders (id)",), "sales")},
    )
    found = findings_of_gate(gate)
    assert [one.told for one in found] == [
        "the policy itself changes: gate rows_changed of marts.*, owners ops, environments prod protected",
        "its owner becomes eve, and was ops",
        "2 data tests are gone, or differ",
        "its contract promised more: column price removed",
        "it would no longer be said to read marts.orders (id)",
        "this consumer is no longer declared",
    ]
    assert [one.level for one in weighed(found, before)] == [*[Level.APPROVE] * 3, Level.BLOCK, *[Level.APPROVE] * 2]
    assert findings_of_gate(Gate(before, before)) == ()


@pytest.mark.parametrize(
    ("rows", "of", "told"),
    [
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (999_999, 1_000_000, "above 99.9 %"),
        (1, 10**9, "below 0.001 %"),
        (3, 2, "150 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(rows: int, of: int, told: str) -> None:
    assert share_text(rows, of) == told
