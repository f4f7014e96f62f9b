"""The scratch database: given values become exact tables, and nothing else can be reached from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.core.errors import StatementFailed
from headgate.core.ports.scratch import Given
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb_scratch import MISFITS_MAX, DuckScratch, open_scratch

A, B = Column("a", "INTEGER"), Column('b "x"', "VARCHAR COLLATE nocase")


@pytest.fixture
def scratch() -> Iterator[DuckScratch]:
    opened = open_scratch()
    yield opened
    opened.close()


def test_given_values_become_a_table_and_others_are_null(scratch: DuckScratch) -> None:
    assert scratch.table("one", (A, B), [Given(A, ["1", None, "2"])], 3) == ()
    assert scratch.rows("one").rows == (("1", None), (None, None), ("2", None))
    assert scratch.table("one", (A, B), [], 2) == ()
    assert scratch.rows("one", ['B "X"']).rows == ((None,), (None,))
    assert scratch.rows("one", []).rows == ((), ())


def test_all_values_that_do_not_fit_are_returned_up_to_a_bound(scratch: DuckScratch) -> None:
    found = scratch.table("one", (A,), [Given(A, ["1", "x", None, "99999999999"])], 4)
    assert [(one.column, one.row) for one in found] == [("a", 1), ("a", 3)]
    assert len(scratch.table("one", (A,), [Given(A, ["x"] * 500)], 500)) == MISFITS_MAX


def test_texts_come_back_as_they_were(scratch: DuckScratch) -> None:
    texts = ["", "'", "\\", "\n\t", "null", "é\U0001f600", "a\0b", "--", "}"]
    word = Column("w", "VARCHAR")
    assert scratch.table("one", (word,), [Given(word, texts)], len(texts)) == ()
    assert [row[0] for row in scratch.rows("one").rows] == texts
    assert scratch.table("one", (word,), [Given(word, ["\ud800"])], 1) != ()


def test_tables_of_queries_and_of_values(scratch: DuckScratch) -> None:
    scratch.table("one", (A,), [Given(A, ["1"])], 1)
    shape = scratch.table_of_query("two", f"select a + 1 as x from {scratch.relation('one')} -- end", ["renamed"])
    assert [column.name for column in shape] == ["renamed"]
    with pytest.raises(StatementFailed, match="only values"):
        scratch.table_of_values("three", f"select * from {scratch.relation('one')}")
    with pytest.raises(StatementFailed) as failed:
        scratch.table_of_query("three", "select 1\nform x")
    assert failed.value.line == 2
    scratch.table_of_values("half", "select 2.5 as a")
    with pytest.raises(StatementFailed, match="does not fit"):
        scratch.table_of_table("whole", "half", (A,))
    scratch.table_of_table("more", "half", (Column("a", "DOUBLE"), B))
    assert scratch.rows("more").rows == (("2.5", None),)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from '{}/x.csv'", "select * from read_csv('{}/x.csv')", "select * from glob('{}/*')",
        "copy (select 1) to '{}/y.csv'", "attach '{}/y.db'", "install httpfs", "set threads = 4", "select 1; select 2",
        "create table t as select 1", "",
    ],
)  # fmt: skip
def test_nothing_else_can_be_reached(sql: str, scratch: DuckScratch, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    for make in (scratch.table_of_query, scratch.table_of_values):
        with pytest.raises(StatementFailed):
            make("one", sql.format(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_what_is_cleared_is_gone_however_often(scratch: DuckScratch) -> None:
    for _ in range(3):
        for number in range(180):
            scratch.table(f"t{number}", (A,), [], 0)
        scratch.clear()
        with pytest.raises(Exception, match="t0"):
            scratch.rows("t0")
