"""One suite for what engines find when two relations are laid beside each other: every number is counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headgate.core.comparison import ColumnDifference, Difference, Differences, KeyFacts, Tolerance
from headgate.core.errors import StatementFailed
from headgate.core.fingerprints import are_equal, equal_columns
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.ports.engine import Engine
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines import fingerprint_texts
from tests.conformance.test_engine_conformance import made_anew as made
from tests.conformance.test_load_conformance import common_engine as engine
from tests.conformance.test_measure_conformance import values

__all__ = ["engine"]

pytestmark = pytest.mark.slow

K, V, N = Column("k", "INTEGER"), Column("v", "VARCHAR"), Column("n", "DOUBLE")
SHAPE: Shape = (K, V, N)
Row = tuple[object, ...]
_number = iter(range(1_000_000))


def side(engine: Engine, rows: tuple[Row, ...], shape: Shape = SHAPE) -> Side:
    """Make a table with these rows, cast to the types of the shape."""
    names = tuple(column.name for column in shape)
    types = {"DOUBLE": "double precision", "VARCHAR": "text"}
    casts = ", ".join(f'cast("{c.name}" as {types.get(c.type, c.type)}) as "{c.name}"' for c in shape)
    given = values(rows or ((None,) * len(shape),), tuple(f'"{name}"' for name in names))
    where = "" if rows else " where 1 = 0"
    return Side(made(engine, f"s.t{next(_number)}", f"select {casts} from ({given}) as given{where}", shape), shape)


def laid(
    engine: Engine, before: tuple[Row, ...], after: tuple[Row, ...], key: tuple[str, ...] = ("k",), **more: object
) -> Pairing:
    names = tuple(column.name for column in SHAPE if column.name not in key)
    return Pairing(side(engine, before), side(engine, after), key, names, **more)  # type: ignore[arg-type]


BEFORE = ((1, "a", 1.5), (2, "b", 2.5), (3, None, None), (4, "d", 4.0))
AFTER = ((1, "a", 1.5), (2, "B", 3.0), (3, "c", None), (5, "e", 5.0))


def test_rows_and_columns_are_counted_by_key(engine: Engine) -> None:
    assert engine.compare(laid(engine, BEFORE, AFTER)) == Counted(
        rows_before=4,
        rows_after=4,
        added=1,
        removed=1,
        changed=2,
        columns=(ColumnDifference("v", 2, 2), ColumnDifference("n", 1, 1, greatest=0.5)),
    )


def test_rows_that_differ_are_shown_with_what_changed(engine: Engine) -> None:
    found = engine.differing(laid(engine, BEFORE, AFTER), None)
    assert found.columns == ("k", "v", "n")
    assert set(found.rows) == {
        Difference(("2", "b", "2.5"), ("2", "B", _three(engine)), ("v", "n")),
        Difference(("3", None, None), ("3", "c", None), ("v",)),
        Difference(("4", "d", _three(engine).replace("3", "4")), ()),
        Difference((), ("5", "e", _three(engine).replace("3", "5"))),
    }


def _three(engine: Engine) -> str:
    return "3" if engine.capabilities.kind == "postgres" else "3.0"


def test_nothing_differs_from_itself(engine: Engine) -> None:
    one = side(engine, BEFORE)
    for key in (("k",), ()):
        pairing = Pairing(one, one, key, tuple(c.name for c in SHAPE if c.name not in key))
        found = engine.compare(pairing)
        assert (found.added, found.removed, found.changed, found.rows_after) == (0, 0, 0, 4)
        assert engine.differing(pairing, None).rows == ()


def test_without_a_key_rows_are_a_bag(engine: Engine) -> None:
    twice = (*BEFORE, BEFORE[0], BEFORE[0])
    pairing = Pairing(side(engine, twice), side(engine, AFTER), (), ("k", "v", "n"))
    assert engine.compare(pairing) == Counted(6, 4, added=3, removed=5)
    shown = engine.differing(pairing, None).rows
    assert len([one for one in shown if one.after == ()]) == 5
    assert shown.count(Difference(("1", "a", "1.5"), ())) == 2


def test_keys_that_are_null_or_repeated_spoil_no_other(engine: Engine) -> None:
    before = (*BEFORE, (None, "x", 1.0), (7, "g", 1.0), (7, "g", 1.0), (7, "h", 1.0))
    after = (*AFTER, (None, "x", 1.0), (None, "y", 1.0), (7, "g", 1.0))
    found = engine.compare(laid(engine, before, after))
    assert (found.keys_before, found.keys_after) == (KeyFacts(1, 1, 3), KeyFacts(2, 0, 0))
    # By key as before; in the bag one more (NULL, y), and of key 7 one g and one h are gone.
    assert (found.added, found.removed, found.changed) == (2, 3, 2)
    assert found.columns == (ColumnDifference("v", 2, 2), ColumnDifference("n", 1, 1, greatest=0.5))


def test_one_key_that_stands_in_all_rows_of_both_sides_does_not_multiply_them(engine: Engine) -> None:
    many = tuple((1, f"v{n}", 0.0) for n in range(300))
    found = engine.compare(laid(engine, many, many[1:]))
    assert (found.added, found.removed, found.changed, found.keys_before) == (0, 1, 0, KeyFacts(0, 1, 300))


def test_a_key_of_two_columns_with_null_parts(engine: Engine) -> None:
    before = ((1, "a", 1.0), (1, None, 1.0), (None, "a", 1.0))
    after = ((1, "a", 2.0), (1, None, 1.0), (None, "a", 3.0))
    found = engine.compare(laid(engine, before, after, ("k", "v")))
    assert (found.added, found.removed, found.changed) == (1, 1, 1)
    assert found.columns == (ColumnDifference("n", 1, 1, greatest=1.0),)


def test_what_lies_within_its_tolerance_has_changed_but_does_not_count(engine: Engine) -> None:
    before = ((1, "a", 100.0), (2, "b", 100.0), (3, "c", 0.0), (4, "d", None))
    after = ((1, "a", 100.5), (2, "b", 102.0), (3, "c", 0.25), (4, "d", 0.0))
    tolerance = Tolerance(absolute=0.25, relative=0.01)
    found = engine.compare(laid(engine, before, after, tolerances={"n": tolerance}))
    assert found.changed == 2
    assert found.columns == (ColumnDifference("v", 0, 0), ColumnDifference("n", 4, 2, tolerance, 2.0))
    shown = engine.differing(laid(engine, before, after, tolerances={"n": tolerance}), None)
    assert {one.after[0] for one in shown.rows} == {"2", "4"}


def test_a_column_of_another_type_is_compared_by_value(engine: Engine) -> None:
    before = side(engine, ((1, 10), (2, 20), (3, 30)), (K, Column("n", "INTEGER")))
    numbers = side(engine, ((1, 10.0), (2, 20.5), (3, 30.0)), (K, Column("n", "DOUBLE")))
    texts = side(engine, ((1, "10"), (2, "20"), (3, "thirty")), (K, Column("n", "VARCHAR")))
    for after, greatest in ((numbers, 0.5), (texts, None)):
        found = engine.compare(Pairing(before, after, ("k",), ("n",)))
        assert found.columns == (ColumnDifference("n", 1, 1, greatest=greatest),)
        found = engine.compare(Pairing(before, after, (), ("k", "n")))
        assert (found.added, found.removed) == (1, 1)


def test_names_count_as_engines_compare_them(engine: Engine) -> None:
    upper = side(engine, BEFORE, (Column("K", "INTEGER"), Column("V", "VARCHAR"), Column("N", "DOUBLE")))
    found = engine.compare(Pairing(upper, side(engine, AFTER), ("k",), ("v",)))
    assert (found.added, found.removed, found.changed) == (1, 1, 2)


def test_of_some_rows_the_same_are_shown_however_they_are_stored(engine: Engine) -> None:
    before = tuple((n, f"v{n}", float(n)) for n in range(60))
    after = tuple((n, f"v{n % 7}", float(n)) for n in range(20, 80))
    shown = engine.differing(laid(engine, before, after), 3)
    again = engine.differing(laid(engine, before[::-1], after[::-1]), 3)
    assert shown == again
    kinds = [(bool(one.before), bool(one.after)) for one in shown.rows]
    assert kinds == [(True, True)] * 3 + [(True, False)] * 3 + [(False, True)] * 3
    assert set(shown.rows) <= set(engine.differing(laid(engine, before, after), None).rows)


def test_nobody_calls_a_column_as_we_do(engine: Engine) -> None:
    shape = tuple(Column(name, "INTEGER") for name in ("here", "k0", "c0", "o0", "n0", "t", "sign", "b", "a"))
    rows = (tuple(range(9)), tuple(range(1, 10)))
    other = (rows[0], (1, 2, 3, 4, 5, 6, 7, 8, 10))
    pairing = Pairing(
        side(engine, rows, shape), side(engine, other, shape), ("here",), tuple(c.name for c in shape[1:])
    )
    found = engine.compare(pairing)
    assert (found.changed, found.columns[-1]) == (1, ColumnDifference("a", 1, 1, greatest=1.0))
    assert len(engine.differing(pairing, 5).rows) == 1


def test_a_side_without_rows(engine: Engine) -> None:
    found = engine.compare(laid(engine, (), AFTER))
    assert (found.rows_before, found.added, found.removed, found.changed) == (0, 4, 0, 0)
    assert found.columns == (ColumnDifference("v", 0, 0), ColumnDifference("n", 0, 0))


def test_rows_that_no_key_tells_apart_are_compared_whole(engine: Engine) -> None:
    """That a column is proven to be equal says nothing of the others beside it: here two values changed places."""
    before, after = ((1, "a", 1.5), (1, "b", 2.5), (2, "c", 3.5)), ((1, "a", 2.5), (1, "b", 1.5), (2, "c", 3.5))
    pairing = Pairing(side(engine, before), side(engine, after), ("k",), ("n",), proven=("v",))
    found = engine.compare(pairing, 5)
    assert (found.removed, found.added, found.changed) == (2, 2, 0)
    assert found.differences.columns == ("k", "n", "v")
    assert len(engine.differing(pairing, None).rows) == 4
    alone = engine.compare(replace(pairing, before=side(engine, before[1:]), after=side(engine, after[1:])), 5)
    assert (alone.changed, [column.name for column in alone.columns]) == (1, ["n"])
    assert alone.differences.columns == ("k", "n")


def test_what_the_engine_refuses_is_told(engine: Engine) -> None:
    good = side(engine, BEFORE)
    with pytest.raises(StatementFailed, match="no_such"):
        engine.compare(Pairing(good, Side("no_such", SHAPE), ("k",), ("v",)))


def test_fingerprints_prove_equal_columns_whatever_the_order_of_rows(engine: Engine) -> None:
    before = engine.fingerprint(side(engine, BEFORE), ("k",))
    assert are_equal(before, engine.fingerprint(side(engine, BEFORE[::-1]), ("k",)))
    changed = ((1, "b", 1.5), (2, "a", 2.5), *BEFORE[2:])
    after = engine.fingerprint(side(engine, changed), ("k",))
    # The values of v are the same and only stand beside other keys.
    assert not are_equal(before, after)
    assert equal_columns(before, after) == {"", "n"}
    assert equal_columns(before, engine.fingerprint(side(engine, AFTER), ("k",))) == frozenset()


def test_without_a_good_key_the_fingerprint_is_over_whole_rows(engine: Engine) -> None:
    twice = (*BEFORE, BEFORE[0])
    for key in ((), ("k",)):
        before = engine.fingerprint(side(engine, twice), key)
        assert before.whole
        assert not before.columns
        assert are_equal(before, engine.fingerprint(side(engine, twice[::-1]), key))
        assert not are_equal(before, engine.fingerprint(side(engine, (*BEFORE, BEFORE[1])), key))
    assert before.keys == KeyFacts(0, 1, 2)


@pytest.mark.parametrize("key", [("k",), ()])
def test_a_fingerprint_is_the_same_whatever_it_is_laid_beside(
    engine: Engine, key: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be equal, in another order, or have another value in the beginning or behind; other keys end the look."""
    monkeypatch.setattr(fingerprint_texts, "BEGINNING_ROWS", 2)
    others = (BEFORE, BEFORE[::-1], ((1, "c", 1.5), *BEFORE[1:]), (*BEFORE[:3], (4, "c", 4.0)), AFTER)
    table, *tables = (replace(side(engine, rows), is_table=True) for rows in (BEFORE, *others))
    alone = engine.fingerprint(table, key)
    found = [engine.fingerprint(table, key, engine.fingerprint(other, key)) for other in tables]
    assert found == [*[alone] * 4, None if key else alone]


def test_fingerprints_see_null_and_empty_text_apart(engine: Engine) -> None:
    found = [engine.fingerprint(side(engine, ((1, text, None),)), ("k",)) for text in (None, "", "null", "<null>")]
    assert len({one.columns["v"] for one in found}) == 4


def test_no_row_is_like_no_row(engine: Engine) -> None:
    assert are_equal(engine.fingerprint(side(engine, ()), ("k",)), engine.fingerprint(side(engine, ()), ("k",)))


def test_differences_of_nothing_have_columns(engine: Engine) -> None:
    assert engine.differing(laid(engine, BEFORE, BEFORE), 5) == Differences(("k", "v", "n"), ())


def test_values_that_change_places_are_seen_where_a_linear_hash_is_blind(engine: Engine) -> None:
    """DuckDB combines hashes by XOR: of these two keys the bits agree in which the hashes of true and false differ."""
    shape = (K, Column("is_open", "BOOLEAN"))
    before, after = (
        engine.fingerprint(side(engine, ((39, one), (163_893, not one)), shape), ("k",)) for one in (True, False)
    )
    assert equal_columns(before, after) == {""}
    bags = [engine.fingerprint(side(engine, ((39, one), (163_893, not one)), shape), ()) for one in (True, False)]
    assert not are_equal(bags[0], bags[1])


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        ("HUGEINT", "0", "-1"),
        ("HUGEINT", "1", "18446744073709551616"),
        ("UHUGEINT", "1", "18446744073709551616"),
        ("DECIMAL(19,0)", "0", "-1"),
        ("DECIMAL(38,2)", "0.00", "-0.01"),
        ("UUID", "80000000-0000-0000-0000-000000000000", "80000000-0000-0001-0000-000000000001"),
    ],
)
def test_values_of_128_bits_are_told_apart_where_a_hash_combines_their_halves(
    engine: Engine, type_: str, one: str, other: str
) -> None:
    """DuckDB hashes the halves of such a number and combines them by XOR: the sum of integers is a HUGEINT."""
    if engine.capabilities.kind != "duckdb":
        pytest.skip("the types are those of DuckDB")
    wide = Column("w", type_)
    found = [engine.fingerprint(side(engine, ((1, text),), (K, wide)), ("k",)) for text in (one, other)]
    assert not are_equal(*found)
    assert equal_columns(*found) == {""}
    bags = [engine.fingerprint(side(engine, ((1, text),), (K, wide)), ()) for text in (one, other)]
    assert not are_equal(*bags)
    keys = [engine.fingerprint(side(engine, ((1, text),), (K, wide)), ("w",)) for text in (one, other)]
    assert equal_columns(*keys) == frozenset()


@pytest.mark.parametrize("key", [("k",), ()])
def test_a_table_whose_rows_stand_in_an_order_shows_it(engine: Engine, key: tuple[str, ...]) -> None:
    first, again, turned = (
        engine.fingerprint(replace(side(engine, rows), is_table=True), key) for rows in (BEFORE, BEFORE, BEFORE[::-1])
    )
    assert are_equal(first, turned)
    assert first.order == again.order
    if engine.capabilities.kind == "duckdb":
        assert first.order != turned.order
    else:
        assert first.order == ""


def test_a_column_that_nobody_can_digest_is_not_called_equal(engine: Engine) -> None:
    """Neither is a table that has one, however much of it is equal."""
    if engine.capabilities.kind != "duckdb":
        pytest.skip("there is a type of which nothing is known in DuckDB alone")
    shape = (K, Column("l", "INTEGER[]"))
    one, other = (engine.fingerprint(side(engine, ((1, found),), shape), ("k",)) for found in ("[NULL]", "[]"))
    assert not are_equal(one, other)
    assert equal_columns(one, other) == {""}


@pytest.mark.parametrize("key", [("k",), ()])
def test_a_fingerprint_is_over_columns_that_differ_in_case_alone(engine: Engine, key: tuple[str, ...]) -> None:
    if engine.capabilities.kind != "postgres":
        pytest.skip("other engines take a and A for one name")
    shape = (K, Column("a", "INTEGER"), Column("A", "INTEGER"))
    rows = ((1, 1, 1), (1, 2, 1), (1, 1, 2))
    first, *others = (engine.fingerprint(side(engine, (row,), shape), key) for row in rows)
    assert not any(are_equal(first, other) or equal_columns(first, other) - {""} for other in others)
    assert not are_equal(*others)


def test_long_values_are_cut_where_they_are_shown_and_nowhere_else(engine: Engine) -> None:
    """They differ in the last character alone, so that what is cut looks the same but for its mark."""
    before, after = (((1, "x" * 5_000 + last, 1.0), (2, "y" * 1_000, 1.0)) for last in "ab")
    for key in (("k",), ()):
        names = tuple(column.name for column in SHAPE if column.name not in key)
        pairing = Pairing(side(engine, before), side(engine, (after[0], before[1])), key, names)
        found = engine.compare(pairing, 5)
        assert (found.changed, found.added, found.removed) == ((1, 0, 0) if key else (0, 1, 1))
        shown = [row[1] or "" for one in found.differences.rows for row in (one.before, one.after) if row]
        assert len(set(shown)) == 2
        for text in shown:
            assert text.startswith("x" * 1_000 + " (cut, 5001 characters, md5 ")
            assert len(text) < 1_100
    assert engine.compare(laid(engine, before, before), 5).differences.rows == ()
    assert engine.differing(laid(engine, before, after), None).rows[0].after[1] == after[0][1]
