"""Rows that somebody writes come back through `select *`, in any order and form; another value is seen."""

import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.core.diagnostic import Place
from headgate.core.recipe import Column
from headgate.core.unit_tests import Cell, Row, RowFormat, WrittenRows
from headgate.plugins.engines.duckdb_scratch import open_scratch
from headgate.trial.compare import compared
from headgate.trial.tables import fill, read
from headgate.trial.verdict import Difference

SHAPE = (
    Column("whole", "BIGINT"), Column("price", "DECIMAL(9,2)"), Column("share", "DOUBLE"), Column("word", "VARCHAR"),
    Column("day", "DATE"), Column("words", "VARCHAR[]"), Column("point", "STRUCT(x DOUBLE, y VARCHAR)"),
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
PLACE = Place("tests/t.yml", 1, 1)
VALUES = {
    "whole": st.integers(-(2**63), 2**63 - 1).map(str),
    "price": st.decimals(-9_999_999, 9_999_999, places=2).map(str),
    "share": st.floats().map(lambda n: repr(n).replace("inf", "Infinity")),
    "word": TEXT,
    "day": st.dates().map(str),
    "words": st.lists(st.none() | TEXT, max_size=3),
    "point": st.fixed_dictionaries({"x": st.none() | st.floats().map(repr), "y": st.none() | TEXT}),
}
ROWS = st.lists(st.fixed_dictionaries({}, optional={name: st.none() | v for name, v in VALUES.items()}), max_size=5)
SCRATCH = open_scratch()


def row_of(values: dict[str, object]) -> Row:
    return tuple(Cell(name.upper(), value, PLACE, plain=value) for name, value in values.items())  # type: ignore[arg-type]


def difference(given_rows: Sequence[Row], expected: Sequence[Row]) -> Difference | None:
    tables = []
    for name, rows in (("given", given_rows), ("expected", expected)):
        found = read(WrittenRows(rows=tuple(rows), place=PLACE), SCRATCH)
        assert not hasattr(found, "code"), found
        assert fill(name, SHAPE, found, SCRATCH, whose="m.x") == []  # type: ignore[arg-type]
    SCRATCH.table_of_query("came", f"select * from {SCRATCH.relation('given')}")
    tables = [SCRATCH.rows(name) for name in ("expected", "came")]
    SCRATCH.clear()
    return compared(tables[0].shape, tables[0].rows, tables[1].rows)


@given(ROWS, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_what_is_given_comes_back(values: list[dict[str, object]], random: object) -> None:
    rows = [row_of(one) for one in values]
    other = list(rows)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert difference(rows, other) is None


@given(ROWS, st.data())
@settings(max_examples=25, deadline=None)
def test_another_value_is_seen(values: list[dict[str, object]], data: st.DataObject) -> None:
    rows = [row_of(one) for one in [*values, {"whole": "1", "word": "a", "words": ["b"], "share": "0.5"}]]
    column, value = data.draw(
        st.sampled_from([("WHOLE", "2"), ("WORD", None), ("WORD", "A"), ("WORDS", ["b", None]), ("SHARE", "0.50001")])
    )
    changed = tuple(Cell(c.column, value if c.column == column else c.value, PLACE) for c in rows[-1])  # type: ignore[arg-type]
    found = difference(rows, [*rows[:-1], changed])
    assert found is not None
    assert (len(found.changed), len(found.missing), len(found.unexpected)) == (1, 0, 0)


@given(st.lists(st.tuples(TEXT.filter(lambda t: t.strip() == t), st.integers()), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_csv_says_the_same_as_mappings(pairs: list[tuple[str, int]]) -> None:
    lines = "".join(f'"{word.replace(chr(34), chr(34) * 2)}",{number}\n' for word, number in pairs)
    found = read(WrittenRows(RowFormat.CSV, text="word,whole\n" + lines, place=PLACE, indent=0), SCRATCH)
    assert not hasattr(found, "code"), found
    values = [[cell.value for cell in row] for row in found.rows]  # type: ignore[union-attr]
    assert values == [[word, str(number)] for word, number in pairs], json.dumps(lines)
