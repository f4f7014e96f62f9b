"""What a unit test says to DuckDB means what it means to PostgreSQL, or is not said: expression by expression."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from headgate.core.recipe import Column, Shape
from headgate.sql.transpile import Untranslatable, shape_in_duckdb, transpiled
from tests.postgres.server import Database

pytestmark = pytest.mark.slow

SHAPE: Shape = tuple(
    Column(*column)
    for column in (
        ("a", "integer"), ("b", "integer"), ("f", "double precision"), ("n", "numeric(10,2)"), ("s", "text"),
        ("d", "date"), ("ts", "timestamp without time zone"), ("big", "bigint"), ("j", "jsonb"),
    )
)  # fmt: skip
ROWS = """
    (7, 2, 2.5, 2.55, 'abcab', date '2026-01-31', timestamp '2026-01-31 13:45:06.5', 4000000000,
        '{"a": 1, "l": [1, "x"]}'),
    (3, 5, 0.5, 1.25, 'bca', date '2026-03-01', timestamp '2026-03-01 00:00:00', 5, null)
"""
LINES = [
    line for line in (Path(__file__).parent / "meanings.txt").read_text().splitlines() if line.startswith(("= ", "! "))
]


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set integer_division = true")
        columns = ", ".join(f"{c.name} {c.type}" for c in shape_in_duckdb(SHAPE, "postgres"))
        connection.execute(f"create schema app; create table app.t ({columns}); insert into app.t values {ROWS}")
        yield connection


def test_expressions_mean_the_same_or_are_not_answered(database: Database, duck: duckdb.DuckDBPyConnection) -> None:
    wrong = []
    with psycopg.connect(database.url, autocommit=True) as server:
        columns = ", ".join(f"{c.name} {c.type}" for c in SHAPE)
        server.execute("set timezone = 'UTC'")
        server.execute(f"create schema app; create table app.t ({columns}); insert into app.t values {ROWS}")
        for line in LINES:
            query = f"select {line[2:]} as v from app.t"
            due, is_json = _asked(server, query)
            try:
                found = duck.execute(transpiled(query, "postgres", [SHAPE])).fetchall()
            except (Untranslatable, duckdb.Error):
                if line.startswith("="):
                    wrong.append(f"{line}: not answered")
                continue
            there = sorted(repr(_plain(value, is_json=is_json)) for (value,) in found)
            if there != due:
                wrong.append(f"{line}: {there}, in PostgreSQL {due}")
            elif line.startswith("!"):
                wrong.append(f"{line}: answered by now")
    assert not wrong, "\n".join(wrong)


def _asked(server: psycopg.Connection[Any], query: str) -> tuple[list[str], bool]:
    """Return what PostgreSQL answers, and whether that is JSON; a fault is an answer, too."""
    try:
        found = server.execute(query)  # type: ignore[arg-type]  # psycopg wants texts that stand in the code
    except psycopg.errors.DivisionByZero as error:
        return [str(error)], False
    is_json = found.description is not None and found.description[0].type_code in (114, 3802)
    return sorted(repr(_plain(value, is_json=False)) for (value,) in found.fetchall()), is_json


def _plain(value: Any, *, is_json: bool) -> Any:
    """Return a value as both drivers would give it."""
    if is_json and isinstance(value, str):
        return _plain(json.loads(value), is_json=False)
    if isinstance(value, (list, tuple)):
        return [_plain(one, is_json=False) for one in value]
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return f"{float(value):.10g}"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value.rstrip() if isinstance(value, str) else value
