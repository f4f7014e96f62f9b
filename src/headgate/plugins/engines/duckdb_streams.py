"""Arrow streams out of DuckDB and into it."""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb

from headgate.core.ports.python import ArrowStream
from headgate.core.recipe import Shape
from headgate.plugins.engines.duckdb_columns import shape_of
from headgate.plugins.engines.duckdb_faults import statement_fault
from headgate.plugins.engines.sql_texts import quoted

INCOMING = "headgate incoming"
"""The name under which a stream is seen by the cursor that reads it."""

_UNHELD = re.compile(r"""\b(?:UHUGEINT|BIT)\b(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""")
"""Types that Arrow has not, in the text of a type; names of fields and values of enumerations stand in quotes."""


class DuckStream:
    """The rows of a relation, computed as they are read. The cursor is its own, and is let go when it is closed."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, batch_rows: int, let_go: Callable[[], None]
    ) -> None:
        self._cursor = cursor
        self._sql = sql
        self._relation: duckdb.DuckDBPyRelation | None = _exact(cursor, sql)
        self._batch_rows = batch_rows
        self._let_go = let_go

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule; reading it runs the query.

        Who reads it must keep the session open: a stream keeps the database alive without it, and then the next
        connection of this process to the same file waits for ever (seen in 1.5 and 2.0).
        """
        if self._relation is None:
            raise ValueError("the stream is closed")
        try:
            if self._batch_rows:
                return self._relation.to_arrow_reader(self._batch_rows).__arrow_c_stream__(requested_schema)
            return self._relation.__arrow_c_stream__(requested_schema)
        except duckdb.Error as error:  # of what is computed before the first row
            raise statement_fault(error, self._sql) from error

    def interrupt(self) -> None:
        """End the query that is being read."""
        if self._relation is not None:
            self._cursor.interrupt()

    def close(self) -> None:
        """Let go of the cursor."""
        if self._relation is not None:
            self._relation = None
            self._let_go()


def _exact(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyRelation:
    """Return the answer to a query with values that Arrow can hold: UHUGEINT and BIT come as texts.

    DuckDB gives the first as DECIMAL(38, 0), so that what ``md5_number`` returns is negative or wrong half of the time,
    and the second as the bytes of its own form (seen in 1.5 and 2.0).
    """
    relation = cursor.sql(sql)
    pairs = [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]
    if not any(_UNHELD.search(kind) for _, kind in pairs):
        return relation
    numbered = [quoted(f"c{number}") for number in range(len(pairs))]
    items = (
        f"{number}::{_UNHELD.sub('VARCHAR', kind)} as {quoted(name)}"
        for number, (name, kind) in zip(numbered, pairs, strict=True)
    )
    return cursor.sql(f"select {', '.join(items)} from (\n{sql}\n) as answer ({', '.join(numbered)})")


def columns_of(cursor: duckdb.DuckDBPyConnection, stream: ArrowStream) -> Shape:
    """Return the columns that a stream has here. It stays registered for ``inserted``."""
    cursor.register(INCOMING, stream)
    return shape_of(cursor, f"from {quoted(INCOMING)}")


def fault_in_columns(found: Shape, demanded: Shape) -> str:
    """Return what is wrong where the columns are not those demanded, by name and in any order; else nothing."""
    have = {column.name.lower(): column.name for column in found}
    if len(have) < len(found):
        return "two columns of the result have one name"
    missing = [column.name for column in demanded if column.name.lower() not in have]
    wanted = {column.name.lower() for column in demanded}
    more = [column.name for column in found if column.name.lower() not in wanted]
    told = [f"has no column {', '.join(missing)}"] if missing else []
    told += [f"has {', '.join(more)}, which nobody declared"] if more else []
    return "the result " + " and ".join(told) if told else ""


def selected(found: Shape, demanded: Shape, source: str = "") -> str:
    """Return the SELECT of a source, else of the registered stream, with the columns and types demanded.

    A value that its column's type cannot hold exactly is an error of the statement: it is never rounded.
    """
    types = {column.name.lower(): (column.name, column.type) for column in found}
    items = []
    for column in demanded:
        name, kind = types[column.name.lower()]
        items.append(f"{exactly_cast(quoted(name), kind, column.type, column.name)} as {quoted(column.name)}")
    return f"select {', '.join(items)} from {source or quoted(INCOMING)}"


def exactly_cast(value: str, kind: str, wanted: str, name: str) -> str:
    """Return the cast of an expression of one type to another, which fails where that is not exact."""
    plain = wanted.split(" COLLATE ", maxsplit=1)[0]
    if kind == wanted:
        return value
    if kind == plain:
        return f"{value} collate {wanted.split(' COLLATE ')[1]}"
    text = f"{name}: a {kind} does not fit into {plain}: ".replace("'", "''")
    back = f"try_cast(try_cast({value} as {plain}) as {kind})"
    held = f"case when {back} is not distinct from {value} then try_cast({value} as {plain})"
    return f"{held} else cast(error('{text}' || {value}::varchar) as {plain}) end"
