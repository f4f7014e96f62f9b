"""One suite for what engines say that the rows of a table look like: every figure is computed by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from headgate.core.ports.engine import Engine
from headgate.core.ports.measuring import Measured
from headgate.core.profiles import LEVELS, TOP_MAX, ColumnProfile, Profile
from headgate.core.recipe import Column, Shape
from tests.conformance.test_engine_conformance import made_anew as made
from tests.conformance.test_load_conformance import common_engine as engine

__all__ = ["engine"]

pytestmark = pytest.mark.slow

WORDS = {"DOUBLE": "double precision", "TIMESTAMP": "timestamp", "VARCHAR": "text"}


def table(engine: Engine, shape: Shape, *rows: tuple[Any, ...]) -> Measured:
    """Return a table of these rows; of none, one that is empty."""

    def text(value: Any, type_: str) -> str:
        if value is None:
            return f"cast(null as {WORDS.get(type_, type_)})"
        literal = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()
        is_believed = engine.capabilities.kind == "fake"  # SQLite would make numbers of times
        return literal if is_believed else f"cast({literal} as {WORDS.get(type_, type_)})"

    def select(row: tuple[Any, ...]) -> str:
        named = (f"{text(v, c.type)} as " + quoted(c.name) for v, c in zip(row, shape, strict=True))
        return "select " + ", ".join(named)

    sql = " union all ".join(map(select, rows or [(None,) * len(shape)]))
    names = ", ".join(quoted(column.name) for column in shape)
    relation = made(engine, "s.a", f"select {names} from ({sql}) as t{'' if rows else ' where 1 = 0'}", shape)
    return Measured(relation, {column.name: column.type for column in shape})


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def column(engine: Engine, type_: str, *values: Any) -> ColumnProfile:
    found = engine.profile(table(engine, (Column("v", type_),), *((value,) for value in values)))
    assert found.rows == len(values)
    return found.columns["v"]


def levels(*values: float) -> tuple[float, ...]:
    """Return the quantiles of ordered values: at level q the one of place ceil(q n)."""
    return tuple(values[max(1, -(-level * len(values) // LEVELS)) - 1] for level in range(LEVELS + 1))


def test_whole_numbers(engine: Engine) -> None:
    assert column(engine, "INTEGER", 3, 1, 2, 2, None, 10) == ColumnProfile(
        type="INTEGER", nulls=1, distinct=4, least="1", greatest="10", mean=3.6,
        deviation=pytest.approx(3.646916505762094), sum=18.0, quantiles=levels(1, 2, 2, 3, 10),
        top=(("2", 2), ("1", 1), ("10", 1), ("3", 1)),
    )  # fmt: skip


def test_numbers_have_quantiles_and_no_frequent_values(engine: Engine) -> None:
    found = column(engine, "DOUBLE", 0.5, -1.5, None, None, 4.0)
    assert (found.nulls, found.distinct, found.sum, found.mean) == (2, 3, 3.0, 1.0)
    assert found.deviation == pytest.approx(math.sqrt(7.75))
    assert found.quantiles == levels(-1.5, 0.5, 4.0)
    assert (found.top, found.nan, found.sampled) == ((), 0, 0)
    assert (float(found.least or 0), float(found.greatest or 0)) == (-1.5, 4.0)


def test_texts(engine: Engine) -> None:
    assert column(engine, "VARCHAR", "b", "", "it's", None, "b", "B") == ColumnProfile(
        type="VARCHAR", nulls=1, distinct=4, least="", greatest="it's", top=(("b", 2), ("", 1), ("B", 1), ("it's", 1))
    )


def test_truths(engine: Engine) -> None:
    assert column(engine, "BOOLEAN", True, False, None, True) == ColumnProfile(
        type="BOOLEAN", nulls=1, distinct=2, least="false", greatest="true", top=(("true", 2), ("false", 1))
    )


def test_times_are_seconds(engine: Engine) -> None:
    assert column(engine, "TIMESTAMP", "1970-01-01 00:01:00", "1969-12-31 23:59:59", None) == ColumnProfile(
        type="TIMESTAMP", nulls=1, distinct=2, least="1969-12-31 23:59:59", greatest="1970-01-01 00:01:00",
        quantiles=levels(-1.0, 60.0),
    )  # fmt: skip


@pytest.mark.parametrize("type_", ["INTEGER", "DOUBLE", "VARCHAR", "BOOLEAN", "TIMESTAMP"])
@pytest.mark.parametrize("values", [(), (None,), (None, None, None)])
def test_of_no_value_there_is_nothing_to_say(engine: Engine, type_: str, values: Sequence[Any]) -> None:
    assert column(engine, type_, *values) == ColumnProfile(type=type_, nulls=len(values), distinct=0)


def test_one_value_has_no_deviation(engine: Engine) -> None:
    found = column(engine, "INTEGER", 7)
    assert (found.mean, found.deviation, found.sum, set(found.quantiles)) == (7.0, None, 7.0, {7.0})


def test_of_many_texts_the_most_frequent_are_kept_and_none_that_stands_once(engine: Engine) -> None:
    values = [f"w{number:02}" for number in range(60) for _ in range(2 if number < 55 else 1)]
    found = column(engine, "VARCHAR", *values, "w07")
    assert found.distinct == 60
    assert found.top[:3] == (("w07", 3), ("w00", 2), ("w01", 2))
    assert len(found.top) == TOP_MAX
    few = column_of_new_table(engine, "VARCHAR", [f"w{n:02}" for n in range(60)] + ["w03"])
    assert few.top == (("w03", 2),)


def column_of_new_table(engine: Engine, type_: str, values: Sequence[Any]) -> ColumnProfile:
    relation = " union all ".join(f"select {value!r} as v" for value in values)
    return engine.profile(Measured(f"({relation})", {"v": type_})).columns["v"]


def test_whole_numbers_are_counted_where_they_are_few(engine: Engine) -> None:
    few = column_of_new_table(engine, "INTEGER", [*range(TOP_MAX), 3])
    assert (few.top[0], len(few.top)) == (("3", 2), TOP_MAX)
    assert column_of_new_table(engine, "INTEGER", [*range(TOP_MAX + 1), 3]).top == ()


def test_columns_may_have_any_name(engine: Engine) -> None:
    shape: Shape = tuple(Column(name, "INTEGER") for name in ('say "x"', "c0", "picked", "v", "k", "place", "t"))
    found = engine.profile(table(engine, shape, (1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 5, 6, None)))
    assert [one.mean for one in found.columns.values()] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert found.columns["t"].nulls == 1


def test_a_table_of_many_columns_is_profiled_in_parts(engine: Engine) -> None:
    shape: Shape = tuple(Column(f"column {number}", "INTEGER") for number in range(120))
    found = engine.profile(table(engine, shape, tuple(range(120))))
    assert [one.sum for one in found.columns.values()] == [float(number) for number in range(120)]


def test_only_the_columns_that_are_asked_for_are_looked_at(engine: Engine) -> None:
    both = table(engine, (Column("a", "INTEGER"), Column("b", "INTEGER")), (1, 2))
    assert list(engine.profile(Measured(both.relation, {"b": "INTEGER"})).columns) == ["b"]
    assert engine.profile(Measured(both.relation, {})) == Profile(1)


def test_dates_that_no_timestamp_reaches_have_quantiles(engine: Engine) -> None:
    if engine.capabilities.kind == "fake":
        pytest.skip("the fake knows years of four digits")
    type_ = "date" if engine.capabilities.kind == "postgres" else "DATE"
    found = column(engine, type_, "1970-01-02", "5874897-12-31", None)
    assert (found.is_refused, found.quantiles) == (False, levels(86_400.0, 185_331_706_992_000.0))


def test_of_a_large_table_the_picked_rows_say_what_needs_an_order_or_groups(engine: Engine) -> None:
    if engine.capabilities.kind == "fake":
        pytest.skip("the fake looks at all rows of every table")
    count = 300_000
    values = {
        "whole": ("INTEGER", "i % 4"), "number": ("DOUBLE", "i / 3.0"), "text": ("VARCHAR", "'v' || i % 3"),
        "time": ("TIMESTAMP", "timestamp '2000-01-01' + i * interval '1 second'"), "truth": ("BOOLEAN", "i % 2 = 0"),
        "own": ("VARCHAR", "'v' || i"), "none": ("DOUBLE", "null"),
    }  # fmt: skip
    shape = tuple(Column(name, type_) for name, (type_, _) in values.items())
    items = ", ".join(f"cast({sql} as {WORDS.get(type_, type_)}) as {name}" for name, (type_, sql) in values.items())
    relation = made(engine, "s.a", f"select {items} from generate_series(1, {count}) as rows (i)", shape)
    found = engine.profile(Measured(relation, {column.name: column.type for column in shape}))
    assert (found.rows, found.columns["none"].nulls) == (count, count)
    some = {name: column for name, column in found.columns.items() if name != "none"}
    assert {name: column.nulls for name, column in some.items()} == dict.fromkeys(some, 0)
    assert [some[name].distinct for name in ("whole", "text", "truth")] == [4, 3, 2]
    assert [some[name].distinct for name in ("number", "time", "own")] == [pytest.approx(count, rel=0.05)] * 3
    assert all(column.sampled == pytest.approx(count / 3, rel=0.05) for column in some.values())
    tops = {name: dict(some[name].top) for name in ("whole", "text", "truth")}
    assert tops["whole"] == dict.fromkeys("0123", pytest.approx(count / 4, rel=0.05))
    assert tops["text"] == dict.fromkeys(("v0", "v1", "v2"), pytest.approx(count / 3, rel=0.05))
    assert tops["truth"] == dict.fromkeys(("true", "false"), pytest.approx(count / 2, rel=0.05))
    assert some["own"].top == some["time"].top == some["number"].top == ()
    assert some["number"].quantiles == pytest.approx(levels(*(i / 3 for i in range(1, count + 1))), abs=count / 100)
    assert len(some["time"].quantiles) == LEVELS + 1
    assert (some["whole"].quantiles[0], some["whole"].quantiles[-1]) == (0, 3)
