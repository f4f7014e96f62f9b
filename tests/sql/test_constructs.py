"""Each claim of docs/explanation/sql-constructs.md holds: for the engine, by what it gives, and for the analyser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headgate.core.address import Address
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.plugins.engines.duckdb_settings import settle
from headgate.sql.analyse import Analysis, analyse
from headgate.sql.tree import parse, relations

DOCUMENT = Path(__file__).parents[2] / "docs" / "explanation" / "sql-constructs.md"
TABLES = {
    "s.t": (
        "a INTEGER; b VARCHAR; c DOUBLE; d DATE; k INTEGER",
        "(1, 'x', 0.25, '2013-01-01', 1), (2, 'y', 1.5, '2013-01-02', 2), (3, 'x', null, null, 2), "
        "(null, 'z', 2, '2013-01-03', null), (5, 'y', 2.25, '2013-01-03', 1)",
    ),
    "s.u": (
        "k INTEGER; x INTEGER; l INTEGER[]; st STRUCT(p INTEGER, r INTEGER)",
        "(1, 10, [1, 2], {p: 1, r: 9}), (2, 20, [], {p: 2, r: 8}), (5, 50, null, null), (2, 7, [3], {p: 1, r: 1})",
    ),
    "s.w": ("k INTEGER; a INTEGER; z INTEGER", "(1, 7, 70), (2, 8, 80), (9, 9, 90), (2, 1, 5)"),
}
SHAPES = {
    Address(name): tuple(Column(*column.strip().split(" ", 1)) for column in columns.split(";"))
    for name, (columns, _) in TABLES.items()
}


def proofs() -> Iterator[Any]:
    construct = ""
    for heading, claim, body in re.findall(
        r"^### (.+)$|^```sql\n-- (.+)\n((?:.+\n)+?)```$", DOCUMENT.read_text(), re.M
    ):
        construct = heading or construct
        if claim:
            queries = [q.strip() for q in body.strip().split(";") if q.strip()]
            yield pytest.param(claim, queries, id=f"{construct}: {claim}")


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    settle(connection, duckdb.__version__, folders=(), threads=1)
    connection.execute("create schema s")
    for name, (columns, rows) in TABLES.items():
        connection.execute(f"create table {name} ({columns.replace(';', ',')})")
        connection.execute(f"insert into {name} values {rows}")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckBinder]:
    found = open_binder(tmp_path_factory.mktemp("binder"))
    yield found
    found.close()


def analysed(text: str, binder: DuckBinder) -> Analysis:
    query = parse(text, "q.sql")
    named = {Address(f"{t.schema}.{t.name}") for t in relations(query)}
    return analyse(query, kind="table", inputs={a: SHAPES[a] for a in named}, settings="x", bind=binder.bind)


def given(text: str, engine: duckdb.DuckDBPyConnection) -> tuple[list[str], list[tuple[Any, ...]]]:
    cursor = engine.execute(text)
    return [d[0] for d in cursor.description or ()], cursor.fetchall()


def without(names: list[str], rows: list[tuple[Any, ...]], left_out: set[str]) -> list[str]:
    """Return rows as texts, sorted, columns by name."""
    places = sorted((name, n) for n, name in enumerate(names) if name not in left_out)
    return sorted(repr([row[n] for _, n in places]) for row in rows)


@pytest.mark.parametrize(("claim", "queries"), list(proofs()))
def test_a_claim_holds(claim: str, queries: list[str], engine: duckdb.DuckDBPyConnection, binder: DuckBinder) -> None:
    if len(queries) == 1:
        check_one(claim, queries[0], binder, engine)
    else:
        check_two(claim, queries, engine, binder)


def check_one(claim: str, query: str, binder: DuckBinder, engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute(query).fetchall()
    recipe = analysed(query, binder).recipe
    if claim == "refused or opaque":
        assert recipe is None or recipe.opaque
        return
    assert recipe is not None
    tainted = sorted(c.name for c in recipe.columns if c.term.tainted)
    assert bool(recipe.opaque) == (claim == "opaque"), recipe.opaque
    if claim == "opaque":
        assert recipe.rows.tainted
        assert len(tainted) == len(recipe.columns)
    elif claim == "tainted rows":
        assert recipe.rows.tainted
    elif claim == "not tainted":
        assert not tainted
        assert not recipe.rows.tainted
    else:
        assert set(tainted) >= set(claim.removeprefix("tainted: ").split(", "))
        assert not recipe.rows.tainted


def check_two(claim: str, queries: list[str], engine: duckdb.DuckDBPyConnection, binder: DuckBinder) -> None:
    (names, rows), (names_after, rows_after) = (given(q, engine) for q in queries)
    before, after = (analysed(q, binder).recipe for q in queries)
    assert before is not None
    assert after is not None
    assert not before.opaque, before.opaque
    assert not after.opaque, after.opaque
    columns = {(c.name, c.type, c.term) for c in before.columns} ^ {(c.name, c.type, c.term) for c in after.columns}
    changed = {name for name, _, _ in columns}
    if claim == "rows change":
        assert without(names, rows, set()) != without(names_after, rows_after, set())
        assert before.rows != after.rows
        return
    assert before.rows == after.rows
    listed = claim.partition(": ")[2]
    expected = set(listed.split(", ")) if listed else set()
    assert without(names, rows, expected) == without(names_after, rows_after, expected)
    assert changed == expected
    if claim == "same":
        assert before.digest() == after.digest()
    elif claim == "order changes":
        assert rows != rows_after
        assert before.order != after.order
    else:
        assert without(names, rows, set()) != without(names_after, rows_after, set())
