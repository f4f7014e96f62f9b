"""One suite for what engines find out about the rows of a table: every answer is counted by hand."""

from __future__ import annotations

import pytest

from headgate.core.address import Address
from headgate.core.column_types import Family
from headgate.core.measures import (
    Answer,
    Constant,
    Failing,
    Figure,
    Filled,
    Like,
    Measure,
    Newest,
    Of,
    OneOf,
    Orphans,
    Present,
    Repeated,
    Rows,
    Says,
    Shown,
    Sql,
    Unequal,
    Within,
    others_of,
)
from headgate.core.ports.engine import Engine
from headgate.core.ports.measuring import Measured, Unanswered
from headgate.core.recipe import Column, Shape
from tests.conformance.test_engine_conformance import made_anew as made
from tests.conformance.test_load_conformance import common_engine as engine

__all__ = ["engine"]

pytestmark = pytest.mark.slow

SHAPE: Shape = (Column("k", "INTEGER"), Column("v", "VARCHAR"), Column("n", "INTEGER"))


def number(value: int) -> Constant:
    return Constant(str(value), Family.NUMBER)


ROWS = (
    (1, "a", 10),
    (2, "b", 20),
    (2, "b", 20),
    (3, None, None),
    (None, "it's", -5),
    (None, "", 0),
)
PARENT: Shape = (Column("id", "INTEGER"), Column("kind", "VARCHAR"))
OTHER = Address("s.parent")


def values(rows: tuple[tuple[object, ...], ...], names: tuple[str, ...]) -> str:
    def text(value: object) -> str:
        return (
            "null" if value is None else "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
        )

    return " union all ".join(
        "select " + ", ".join(f"{text(v)} as {n}" for v, n in zip(row, names, strict=True)) for row in rows
    )


@pytest.fixture
def table(engine: Engine) -> Measured:
    relation = made(engine, "s.a", values(ROWS, ("k", "v", "n")), SHAPE)
    parent = made(engine, "s.parent", values(((1, "x"), (2, "y"), (2, "x"), (None, "x")), ("id", "kind")), PARENT)
    return Measured(relation, {c.name: c.type for c in SHAPE}, {OTHER: parent})


CASES: tuple[tuple[Measure, Answer], ...] = (
    (Rows(), 6),
    (Rows("k = 2"), 2),
    (Rows("measured.k = 2 -- the twice seen"), 2),
    (Rows(of=OTHER), 4),
    (Filled("k"), 4),
    (Filled("v", "k is null"), 2),
    (Failing(OneOf("v", (Constant("a"), Constant("b"), Constant("it's")))), 1),
    (Failing(OneOf("v", (Constant("a"), Constant("b"), Constant("it's"))), "k > 0"), 0),
    (Failing(OneOf("v", (Constant("b"),), is_not=True)), 2),
    (Failing(OneOf("v", (Constant("a"), Constant("b"), Constant("it's")), counts_null=True)), 2),
    (Failing(OneOf("n", (number(10), Constant("20"), number(0)))), 1),
    (Failing(OneOf("v", (Sql("lower('B')"),))), 3),
    (Failing(Within("n", number(0), number(20))), 1),
    (Failing(Within("n", number(0), number(20), is_open=True)), 4),
    (Failing(Within("n", high=Constant("10"))), 2),
    (Failing(Within("n", low=Sql("k * 10"))), 0),
    (Failing(Like("v", "^[a-z]")), 1),
    (Failing(Like("v", "'")), 4),
    (Failing(Says(Sql("n > 0 or v = 'it''s'"))), 1),
    (Failing(Says(Sql("between 0 and 10"), "n")), 3),
    (Of(Figure.LEAST, "n"), "-5"),
    (Of(Figure.GREATEST, "v"), "it's"),
    (Of(Figure.GREATEST, "n", "k = 7"), None),
    (Of(Figure.DISTINCT, "n"), 4),
    (Newest(Sql("k + n -- the sum")), "22"),
    (Newest(Sql("'2024-01-0' || k"), "k < 3"), "2024-01-02"),
    (Newest(Sql("k"), "k = 7"), None),
    (Repeated(("k",)), 1),
    (Repeated(("k",), "v = 'a'"), 0),
    (Repeated(("k", "v")), 1),
    (Repeated(("n",), "n < 20"), 0),
    (Orphans(("k",), OTHER, ("id",)), 1),
    (Orphans(("k",), OTHER, ("id",), to_where="kind = 'y'"), 2),
    (Orphans(("k",), OTHER, ("id",), "n > 0"), 0),
    (Orphans(("k", "v"), OTHER, ("id", "kind")), 3),  # (1, a), (2, b) twice: a NULL in the key asks for nothing
    (Orphans(("v", "k"), Address("s.same"), ("v", "k")), 0),
    (Orphans(("k", "v"), Address("s.less"), ("k", "v")), 1),
    (Unequal(("k",), Address("s.same")), 0),
    (Unequal(("k", "v"), Address("s.less")), 2),
)


@pytest.mark.parametrize(("measure", "expected"), CASES, ids=[repr(case[0])[:60] for case in CASES])
def test_each_measure_has_the_answer_counted_by_hand(
    engine: Engine, table: Measured, measure: Measure, expected: Answer
) -> None:
    less = made(engine, "s.less", values((*ROWS[1:], (3, None, 1)), ("k", "v", "n")), SHAPE)
    table = Measured(table.relation, table.types, {**table.others, Address("s.same"): table.relation})
    table.others[Address("s.less")] = less  # type: ignore[index]  # of this test alone
    assert engine.measure(table, (measure,)) == {measure: expected}


def test_numbers_of_a_column(engine: Engine, table: Measured) -> None:
    mean, total, deviation = (Of(figure, "n") for figure in (Figure.MEAN, Figure.SUM, Figure.DEVIATION))
    found = engine.measure(table, (mean, total, deviation))
    assert {m: float(str(a)) for m, a in found.items()} == {
        mean: pytest.approx(9.0), total: 45.0, deviation: pytest.approx(11.40175425099138)
    }  # fmt: skip


WITH_NAN = {"DuckEngine": ("DOUBLE", "FLOAT"), "Spelled": ("double precision", "real", "numeric")}
"""Types of DuckDB and of PostgreSQL of which a value may be no number; the fake has none."""


def test_what_is_no_number_lies_between_no_bounds(engine: Engine) -> None:
    """The second of two NaN has one as its bound, too. Infinity is a number, and above all others."""
    found = [("'NaN'", 1), ("'NaN'", "'NaN'"), ("'Infinity'", 1), (2, 3), (-2, "null")]
    cases = {
        Failing(Within("x", number(0))): 3,
        Failing(Within("x", number(0), is_open=True)): 3,
        Failing(Within("x", number(-9))): 2,
        Failing(Within("x", high=number(9))): 3,
        Failing(Within("x", number(-9), number(9))): 3,
        Failing(Within("x", high=Sql("y"))): 3,
        Failing(Within("x", low=Sql("y"))): 3,
    }
    for type_ in WITH_NAN.get(type(engine).__name__, ()):
        rows = " union all ".join(f"select cast({x} as {type_}) as x, cast({y} as {type_}) as y" for x, y in found)
        relation = made(engine, f"s.floats_{type_[:4]}", rows, (Column("x", type_), Column("y", type_)))
        assert engine.measure(Measured(relation, {"x": type_, "y": type_}), tuple(cases)) == cases


def test_all_together_give_what_each_gives_alone(engine: Engine, table: Measured) -> None:
    measures = tuple(measure for measure, _ in CASES if set(others_of(measure)) <= {OTHER})
    together = engine.measure(table, measures)
    assert together == {measure: engine.measure(table, (measure,))[measure] for measure in measures}


def test_a_measure_that_cannot_be_found_spoils_no_other(engine: Engine, table: Measured) -> None:
    wrong = Failing(Says(Sql("no_such_column > 0")))
    found = engine.measure(table, (Rows(), wrong, Filled("k"), Repeated(("k",))))
    refused = found.pop(wrong)
    assert isinstance(refused, Unanswered)
    assert "no_such_column" in refused.why
    assert found == {Rows(): 6, Filled("k"): 4, Repeated(("k",)): 1}


def test_of_no_row_every_count_is_nothing_and_no_figure_is_there(engine: Engine) -> None:
    empty = made(engine, "s.empty", "select 1 as k, 'x' as v, 1 as n where 1 = 0", SHAPE)
    measures: tuple[Measure, ...] = (
        Rows(), Filled("k"), Failing(Like("v", "x")), Repeated(("k",)), Of(Figure.MEAN, "n"), Of(Figure.LEAST, "v")
    )  # fmt: skip
    found = engine.measure(Measured(empty, {c.name: c.type for c in SHAPE}), measures)
    assert [found[measure] for measure in measures] == [0, 0, 0, 0, None, None]


def test_nothing_can_be_written_meanwhile(engine: Engine) -> None:
    table = made(engine, "s.a", values(ROWS, ("k", "v", "n")), SHAPE)
    found = engine.measure(
        Measured(table, {"k": "INTEGER"}), (Rows(f"1 = 1) ; delete from {table} where (1 = 1"), Rows())
    )
    assert found[Rows()] == 6


@pytest.mark.parametrize(
    ("measure", "columns", "rows"),
    [
        (Failing(Present("k")), ("k", "v", "n"), {(None, "it's", "-5"), (None, "", "0")}),
        (Failing(Within("n", number(0), number(15)), "k = 2"), ("k", "v", "n"), {("2", "b", "20")}),
        (
            Orphans(("k",), OTHER, ("id",), to_where="kind = 'y'"),
            ("k", "v", "n"),
            {("1", "a", "10"), ("3", None, None)},
        ),
        (Repeated(("k", "v")), ("k", "v", "times"), {("2", "b", "2")}),
        (Repeated(("k",), counts_null=True), ("k", "times"), {("2", "2"), (None, "2")}),
    ],
)
def test_failing_rows_are_shown_as_texts(
    engine: Engine, table: Measured, measure: Shown, columns: tuple[str, ...], rows: set[tuple[str | None, ...]]
) -> None:
    sample = engine.failing(table, measure, 10)
    assert (sample.columns, set(sample.rows)) == (columns, rows)
    assert engine.failing(table, measure, 10) == sample
    assert engine.failing(table, measure, 1).rows == sample.rows[:1]


def test_a_sample_does_not_depend_on_the_order_in_which_rows_are_stored(engine: Engine) -> None:
    rows = tuple((n, f"v{n % 7}", n * n % 101) for n in range(200))
    other = tuple(sorted(rows, key=lambda row: row[2]))
    samples = []
    for name, some in (("s.one", rows), ("s.other", other)):
        relation = made(engine, name, values(some, ("k", "v", "n")), SHAPE)
        samples.append(
            engine.failing(Measured(relation, {c.name: c.type for c in SHAPE}), Failing(Within("n", number(50))), 5)
        )
    assert samples[0] == samples[1]
    assert len(samples[0].rows) == 5


def test_nobody_calls_a_column_as_we_do(engine: Engine) -> None:
    shape: Shape = (Column("_headgate_side", "INTEGER"), Column("_headgate_times", "VARCHAR"))
    relation = made(engine, "s.named", values(((1, "a"), (2, "a")), ("_headgate_side", "_headgate_times")), shape)
    table = Measured(relation, {c.name: c.type for c in shape}, {OTHER: relation})
    unequal, one = (
        Unequal(("_headgate_side", "_headgate_times"), OTHER),
        Failing(OneOf("_headgate_times", (Constant("b"),))),
    )
    assert engine.measure(table, (unequal, one)) == {unequal: 0, one: 2}


def test_long_values_are_cut_in_failing_rows(engine: Engine) -> None:
    rows = ((1, "x" * 5_000, 1), (1, "x" * 5_000, 1))
    table = Measured(made(engine, "s.long", values(rows, ("k", "v", "n")), SHAPE), {c.name: c.type for c in SHAPE})
    for measure, at in ((Failing(Within("n", number(50))), 1), (Repeated(("v",)), 0)):
        text = engine.failing(table, measure, 5).rows[0][at] or ""
        assert text.startswith("x" * 1_000 + " (cut, 5000 characters, md5 ")
        assert len(text) < 1_100
