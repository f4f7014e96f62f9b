"""Drift is told where a distribution changed, and not where chance alone, or many rows, make a difference."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from bench.drift import CHANGES, false_alarms, found
from bench.drift_samples import KINDS, column_profile
from headgate.core.comparison import Drift
from headgate.core.profiles import LEVELS, TOP_MAX, ColumnProfile, Profile
from headgate.evidence.drift import VALUES_MIN, Smallest, drifts
from tests.fakes.profiles import column_profile_of

NORMAL = np.random.default_rng(7).normal(100, 15, 100_000)


def told(before: ColumnProfile, after: ColumnProfile, rows: Sequence[int], **smallest: float) -> dict[str, Drift]:
    """Return the drifts of one column by their measures; ``rows`` are those of the two sides."""
    sides = (Profile(count, {"x": one}) for count, one in zip(rows, (before, after), strict=True))
    return {one.measure: one for one in drifts(*sides, smallest=Smallest(**smallest))}


def of(before: Sequence[object], after: Sequence[object], type_: str = "DOUBLE", **smallest: float) -> dict[str, Drift]:
    sides = (column_profile_of(values, type_) for values in (before, after))
    return told(*sides, (len(before), len(after)), **smallest)


def beyond(drifted: dict[str, Drift]) -> set[str]:
    return {measure for measure, one in drifted.items() if one.is_beyond}


# What other tools got wrong


def test_a_hundredth_of_a_deviation_in_100_000_rows_is_no_drift() -> None:
    """A test of Kolmogorov and Smirnov calls that another distribution in half of the cases."""
    other = np.random.default_rng(8).normal(100.15, 15, 100_000)
    drifted = told(column_profile(NORMAL, "DOUBLE"), column_profile(other, "DOUBLE"), (100_000, 100_000))
    assert beyond(drifted) == set()
    assert drifted["Wasserstein distance"].effect == pytest.approx(0.01, abs=0.006)


def test_200_rows_of_the_same_data_are_no_drift() -> None:
    """The population stability index with ten bins is above 0.1 in a third of such cases."""
    chance = np.random.default_rng(9)
    for _ in range(50):
        before, after = (column_profile(chance.choice(NORMAL, 200), "DOUBLE") for _ in range(2))
        assert beyond(told(before, after, (200, 200))) == set()


def test_a_hundredth_of_the_rows_times_100_is_found() -> None:
    """It doubles the mean, at a stability index of 0.001 and hardly a distance between the distributions."""
    broken = np.where(np.arange(10_000) % 100 == 0, NORMAL[:10_000] * 100, NORMAL[:10_000])
    drifted = told(column_profile(NORMAL[10_000:20_000], "DOUBLE"), column_profile(broken, "DOUBLE"), (10_000, 10_000))
    assert beyond(drifted) >= {"mean", "sum per row"}
    assert drifted["sum per row"].told.startswith("sum per row 99")


def test_values_that_change_places_between_rows_are_not_seen_here() -> None:
    drifted = told(column_profile(NORMAL, "DOUBLE"), column_profile(NORMAL[::-1], "DOUBLE"), (100_000, 100_000))
    assert {one.effect for one in drifted.values()} == {0.0}


# The promise; the whole of it takes minutes: python -m bench.drift


@pytest.mark.slow
@pytest.mark.parametrize("rows", [(50, 50), (1_000, 1_000), (50, 2_000), (2_000, 50)])
def test_tables_without_a_change_are_left_in_peace(rows: tuple[int, int]) -> None:
    alarms = false_alarms(40, rows, seed=11)
    assert alarms.tables <= 1, alarms.columns


def test_the_promise_holds_where_every_effect_counts() -> None:
    alarms = false_alarms(40, (500, 500), seed=12, smallest=Smallest(0.0, 0.0))
    assert alarms.tables <= 2, alarms.columns


@pytest.mark.parametrize(
    ("name", "kind", "rows"),
    [
        ("shift by 0.5 deviations", "normal", 1_000),
        ("shift by 0.2 deviations", "normal", 10_000),
        ("1.5 times the deviation", "normal", 1_000),
        ("1 % of the rows times 100", "normal", 10_000),
        ("5 % of the rows NULL", "normal", 1_000),
        ("a new value in 2 % of the rows", "states", 10_000),
    ],
)
def test_a_change_of_a_stated_size_is_found(name: str, kind: str, rows: int) -> None:
    change = next(change for told, of_kind, change in CHANGES if (told, of_kind) == (name, kind))
    assert found(10, rows, kind, change, seed=13) >= 0.9


# Effects, computed by hand


def test_a_move_of_all_values_is_measured_in_their_spread() -> None:
    values = [float(n) for n in range(1, 1_001)]
    drifted = of(values, [value + 100 for value in values])["Wasserstein distance"]
    assert drifted.effect == pytest.approx(100 / (1_000 / math.sqrt(12)), rel=0.02)


def test_heavy_tails_are_measured_by_their_quartiles() -> None:
    body = [n / 100 for n in range(1_000)]
    tail = [10.0**6] * 20
    drifted = of(body + tail, [value + 1 for value in body] + tail)["Wasserstein distance"]
    assert drifted.effect == pytest.approx(1 / (5.1 / 1.349), rel=0.05)


def test_distance_of_frequencies() -> None:
    drifted = of(["a"] * 500 + ["b"] * 500, ["a"] * 1_000, "VARCHAR")["Jensen-Shannon distance"]
    bits = (0.5 * math.log2(0.5 / 0.75) + 0.5 * math.log2(0.5 / 0.25) + math.log2(1 / 0.75)) / 2
    assert drifted.effect == pytest.approx(math.sqrt(bits))
    assert drifted.told == "50 % of the rows would need another value to be distributed as before"


def test_new_and_vanished_values() -> None:
    drifted = of(["a"] * 900 + ["b"] * 100, ["a"] * 970 + ["secret"] * 30, "VARCHAR")
    assert beyond(drifted) >= {"new values", "vanished values"}
    assert (drifted["new values"].effect, drifted["vanished values"].effect) == (0.03, 0.1)
    assert not any("secret" in one.told for one in drifted.values())


def test_a_value_that_few_rows_have_is_missing_by_chance() -> None:
    drifted = of(["a"] * 97 + ["b"] * 3, ["a"] * 100, "VARCHAR")["vanished values"]
    assert (drifted.effect, drifted.is_beyond) == (0.03, False)


def test_shares_of_null() -> None:
    drifted = of([1.0] * 1_000, [1.0] * 900 + [None] * 100)["share of NULL"]
    assert (drifted.effect, drifted.is_beyond) == (0.1, True)
    assert drifted.told == "NULL in 10 % of the rows, before in 0 %"


def test_what_is_no_number_is_a_share_of_its_own() -> None:
    values = [float(n) for n in range(1_000)]
    drifted = of(values, values[:900] + [math.nan] * 50 + [math.inf] * 50)
    assert drifted["share of no number"].effect == 0.1
    assert drifted["share of no number"].is_beyond


def test_swapping_the_sides_swaps_what_is_new() -> None:
    before, after = ["a"] * 90 + ["b"] * 60, ["a"] * 100 + ["c"] * 50
    there, back = of(before, after, "VARCHAR"), of(after, before, "VARCHAR")
    assert there["Jensen-Shannon distance"].effect == pytest.approx(back["Jensen-Shannon distance"].effect)
    assert there["new values"].effect == back["vanished values"].effect


# Floors


def test_the_smallest_effect_is_the_least_floor() -> None:
    values = [float(n) for n in range(10_000)]
    moved = [value + 500 for value in values]
    assert beyond(of(values, moved, distance=0.3)) == set()
    assert beyond(of(values, moved, distance=0.05)) >= {"Wasserstein distance", "mean"}


def test_more_columns_need_more_certainty() -> None:
    column = column_profile(NORMAL[:100], "DOUBLE")
    few, many = (Profile(100, {f"c{n}": column for n in range(count)}) for count in (1, 200))
    floors = [next(one.floor for one in drifts(side, side) if one.measure == "mean") for side in (few, many)]
    assert floors[1] > 1.2 * floors[0]


def test_a_sample_says_less_than_all_rows() -> None:
    column = column_profile(NORMAL[:1_000], "DOUBLE")
    sampled = ColumnProfile(
        "DOUBLE", 0, 1, mean=column.mean, deviation=column.deviation, quantiles=column.quantiles, sampled=1_000
    )
    floors = [told(one, one, (10**6, 10**6), distance=0)["Wasserstein distance"].floor for one in (column, sampled)]
    assert floors[1] > 3 * floors[0]


def test_a_value_beyond_the_end_of_a_list_is_not_called_new() -> None:
    before = Counter({f"w{n:03}": 100 for n in range(60)})
    after = Counter({**dict.fromkeys(before, 100), "w059": 200})
    values = [[word for word, count in side.items() for _ in range(count)] for side in (before, after)]
    drifted = of(values[0], values[1], "VARCHAR")
    assert len(column_profile_of(values[0], "VARCHAR").top) == TOP_MAX
    assert (drifted["new values"].effect, drifted["vanished values"].effect) == (0.0, 0.0)
    assert beyond(drifted) == set()


def test_texts_that_all_differ_now_are_another_distribution() -> None:
    drifted = of(["a", "b"] * 500, [f"id {n}" for n in range(1_000)], "VARCHAR")
    assert drifted["Jensen-Shannon distance"].effect == pytest.approx(1.0, abs=0.05)
    assert "Jensen-Shannon distance" in beyond(drifted)


# Nothing to compare, or hardly anything


@pytest.mark.parametrize(
    "values", [[], [None] * 100, [1.0], [1.0] * 100, [math.nan] * 50 + [1.0] * 50, [0.1] * 1_000, [1e300, -1e300] * 50]
)
@pytest.mark.parametrize("type_", ["DOUBLE", "BIGINT"])
def test_a_side_beside_itself_has_not_moved(values: list[float | None], type_: str) -> None:
    assert {one.effect for one in of(values, values, type_).values()} <= {0.0}


@pytest.mark.parametrize("values", [[], [1.0], [None] * 100, [5.0] * 100, [math.inf] * 100])
def test_empty_sides_and_constants_are_no_fault(values: list[float | None]) -> None:
    for one in (*of(values, list(NORMAL[:100])).values(), *of(list(NORMAL[:100]), values).values()):
        assert math.isfinite(one.effect)
        assert math.isfinite(one.floor)


def test_too_few_values_say_nothing() -> None:
    assert of([1.0] * (VALUES_MIN - 1), [2.0] * (VALUES_MIN - 1)) == {}
    assert "Wasserstein distance" in beyond(of([1.0] * VALUES_MIN, [2.0] * VALUES_MIN))


def test_a_constant_that_is_another_one_has_moved() -> None:
    drifted = of([5.0] * 100, [6.0] * 100)
    assert beyond(drifted) == {"Wasserstein distance", "sum per row"}


def test_columns_of_one_side_or_of_another_kind_are_left_out() -> None:
    rows = 100
    number, text = column_profile_of(list(range(rows)), "DOUBLE"), column_profile_of(["a"] * rows, "VARCHAR")
    time = ColumnProfile("TIMESTAMP", 0, 2, quantiles=(0.0,) * (LEVELS + 1))
    before = Profile(rows, {"A": number, "gone": number, "other": text, "time": time})
    after = Profile(rows, {"a": number, "new": number, "other": number, "time": number})
    assert [(one.column, one.measure) for one in drifts(before, after) if one.measure != "share of NULL"] == [
        ("a", "Wasserstein distance"), ("a", "mean"), ("a", "sum per row")
    ]  # fmt: skip


def test_all_kinds_of_data_are_tried() -> None:
    assert {kind for _, kind, _ in CHANGES} <= KINDS.keys()
