"""What holds of every comparison, whatever the rows: found by many small tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.core.comparison import Differences
from headgate.core.ports.comparing import Pairing, Side
from headgate.core.ports.engine import Engine
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb import open_duckdb

pytestmark = pytest.mark.slow

SHAPE: Shape = (Column("k", "INTEGER"), Column("j", "VARCHAR"), Column("v", "VARCHAR"), Column("n", "DOUBLE"))
Row = tuple[int | None, str | None, str | None, float | None]

ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 6)),
        st.sampled_from([None, "", "a", "a,b", "null"]),
        st.sampled_from([None, "", "x", "it's"]),
        st.sampled_from([None, 0.0, -0.0, 0.1, 1e300, -1e300, float("inf"), float("nan")]),
    ),
    max_size=12,
)
KEYS = st.sampled_from([(), ("k",), ("j",), ("k", "j")])
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with closing(open_duckdb(Path(":memory:"), read_only=False, root=None)) as session:
        yield session


def side(rows: list[Row]) -> Side:
    """Return rows as a relation."""
    items = ", ".join(f'cast("{c.name}" as {c.type}) as "{c.name}"' for c in SHAPE)
    names = ", ".join(f'"{c.name}"' for c in SHAPE)
    values = ", ".join("(" + ", ".join(map(_literal, row)) + ")" for row in rows or [(None,) * 4])
    where = "" if rows else " where 1 = 0"
    return Side(f"(select {items} from (values {values}) as v({names}){where})", SHAPE)


def _literal(value: object) -> str:
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


def laid(before: list[Row], after: list[Row], key: tuple[str, ...]) -> Pairing:
    return Pairing(side(before), side(after), key, tuple(c.name for c in SHAPE if c.name not in key))


@QUICK
@given(rows=ROWS, key=KEYS)
def test_a_table_does_not_differ_from_itself(engine: Engine, rows: list[Row], key: tuple[str, ...]) -> None:
    found = engine.compare(laid(rows, rows[::-1], key), 5)
    assert (found.added, found.removed, found.changed, found.differences) == (0, 0, 0, Differences())
    assert all(column.changed == 0 for column in found.columns)


@QUICK
@given(before=ROWS, after=ROWS, key=KEYS)
def test_swapping_the_sides_swaps_the_signs(
    engine: Engine, before: list[Row], after: list[Row], key: tuple[str, ...]
) -> None:
    found, back = engine.compare(laid(before, after, key)), engine.compare(laid(after, before, key))
    assert back == replace(
        found,
        rows_before=found.rows_after, rows_after=found.rows_before, added=found.removed, removed=found.added,
        keys_before=found.keys_after, keys_after=found.keys_before,
    )  # fmt: skip
    assert found.rows_after - found.rows_before == found.added - found.removed


@QUICK
@given(before=ROWS, after=ROWS, key=KEYS)
def test_applying_the_difference_to_the_old_side_gives_the_new_one(
    engine: Engine, before: list[Row], after: list[Row], key: tuple[str, ...]
) -> None:
    pairing = laid(before, after, key)
    found = engine.differing(pairing, None)
    old, new = (Counter(_texts(engine, one, found.columns)) for one in (pairing.before, pairing.after))
    for row in found.rows:
        before, after = (tuple("0.0" if one == "-0.0" else one for one in side) for side in (row.before, row.after))
        if before:
            assert old[before] > 0
            old[before] -= 1
        if after:
            old[after] += 1
    assert +old == new


def _texts(engine: Engine, one: Side, columns: tuple[str, ...]) -> list[tuple[str | None, ...]]:
    # 0.0 is equal to -0.0, so one may stand where the other is meant.
    items = (f"""replace(cast(t."{name}" as varchar), '-0.0', '0.0')""" for name in columns)
    return [tuple(row) for row in engine.query(f"select {', '.join(items)} from {one.relation} as t").rows]


def test_which_rows_are_shown_does_not_hang_on_the_sign_of_a_zero(engine: Engine) -> None:
    others: list[Row] = [(n, "a", "x", 0.1) for n in range(9)]
    zeros: list[Row] = [(7, "a", "x", 0.0), (7, "a", "x", -0.0)]
    shown = {
        str(engine.compare(laid([], [*others, *order], ()), 10).differences.rows) for order in (zeros, zeros[::-1])
    }
    assert len(shown) == 1
    assert "-0.0" not in shown.pop()


@QUICK
@given(before=ROWS, after=ROWS, key=KEYS, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    engine: Engine, before: list[Row], after: list[Row], key: tuple[str, ...], order: object
) -> None:
    found = engine.compare(laid(before, after, key), 3)
    for rows in (before, after):
        order.shuffle(rows)  # type: ignore[attr-defined]  # random.Random
    again = engine.compare(laid(before, after, key), 3)
    assert again == found


@QUICK
@given(before=ROWS, after=ROWS, key=KEYS)
def test_equal_fingerprints_are_equal_tables(
    engine: Engine, before: list[Row], after: list[Row], key: tuple[str, ...]
) -> None:
    from headgate.core.fingerprints import are_equal

    one, other = (engine.fingerprint(side(rows), key) for rows in (before, after))
    found = engine.compare(laid(before, after, key))
    if are_equal(one, other):
        assert (found.added, found.removed, found.changed) == (0, 0, 0)
    same = sorted(map(repr, before)) == sorted(map(repr, after))
    assert are_equal(one, other) or not same
    beside = engine.fingerprint(side(after), key, one)
    assert (beside is not None and are_equal(one, beside)) == are_equal(one, other)
