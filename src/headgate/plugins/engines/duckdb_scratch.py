"""A scratch database: DuckDB in memory with a warehouse's settings, and no way to any file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import duckdb

from headgate.core.errors import EngineFailed, StatementFailed
from headgate.core.ports.python import ArrowStream
from headgate.core.ports.scratch import Found, Given, Misfit
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb_columns import NotOneSelect, parsed_select, refuse_effects, shape_of
from headgate.plugins.engines.duckdb_faults import engine_fault, said, statement_fault
from headgate.plugins.engines.duckdb_settings import settle
from headgate.plugins.engines.duckdb_streams import (
    INCOMING,
    DuckStream,
    columns_of,
    exactly_cast,
    fault_in_columns,
    selected,
)
from headgate.plugins.engines.sql_texts import literal, quoted

MISFITS_MAX = 20
_OWN_NAME = re.compile(r" when casting from source column c\d+$")
_TABLES_MAX = 500
"""Dropping a table keeps most of its memory: after so many a new database is begun, which takes 2 ms."""


class DuckScratch:
    """See ``core.ports.scratch.Scratch``."""

    dialect = "duckdb"

    def __init__(self, engine: str = "duckdb") -> None:
        self._engine = engine
        self._connection = _in_memory(engine)
        self._tables: set[str] = set()
        self._made = 0

    def table(self, name: str, shape: Shape, given: Sequence[Given], rows: int) -> tuple[Misfit, ...]:
        """Make a table of given rows."""
        columns = ", ".join(f"{quoted(c.name)} {c.type}" for c in shape)
        self._begin(name)
        try:
            self._connection.execute(f"create table {_relation(name)} ({columns})")
        except duckdb.Error as error:
            raise engine_fault(error) from error
        if not rows:
            return ()
        named = ", ".join(quoted(one.column.name) for one in given)
        items, texts = _items(given) if given else (["null"], [])
        source = f"(select {', '.join(_unnested(texts))})" if texts else f"range({rows:d})"
        target = f"{_relation(name)} ({named or quoted(shape[0].name)})"
        try:
            self._connection.execute(f"insert into {target} select {', '.join(items)} from {source}")
        except duckdb.Error as error:
            misfits = tuple(self._misfits(given))
            if not misfits:
                raise engine_fault(error) from error
            return misfits
        return ()

    def _misfits(self, given: Sequence[Given]) -> Iterator[Misfit]:
        """Yield the values that cannot be cast; columns as a whole first, then their values one by one."""
        left = MISFITS_MAX
        for one in given:
            if self._refusal(one) is None:
                continue
            for row, value in enumerate(one.values):
                is_json = one.is_json[row : row + 1]
                reason = self._refusal(Given(one.column, [value], is_json)) if value is not None else None
                if reason is not None:
                    yield Misfit(one.column.name, row, reason)
                    left -= 1
                    if not left:
                        return

    def _refusal(self, given: Given) -> str | None:
        """Return why a value of a column does not fit into it; None where all do."""
        (item,), texts = _items((given,))
        try:
            source = f"(select {', '.join(_unnested(texts))})"
            self._connection.execute(f"select {item} as x from {source}").fetchall()
        except duckdb.Error as error:
            return _OWN_NAME.sub("", said(error).message)
        return None

    def table_of_query(self, name: str, sql: str, columns: Sequence[str] = ()) -> Shape:
        """Make a table of a query's answer."""
        prefix = f"create table {_relation(name)} as select * from (\n"
        names = f" ({', '.join(map(quoted, columns))})" if columns else ""
        self._begin(name)
        self._demand_select(sql)
        try:
            self._connection.execute(f"{prefix}{sql}\n) as answer{names}")
            return shape_of(self._connection, f"from {_relation(name)}")
        except duckdb.Error as error:
            raise statement_fault(error, sql, prefix=prefix) from error

    def table_of_values(self, name: str, sql: str) -> Shape:
        """Make a table of a query that reads no table."""
        self._demand_select(sql)
        try:
            named = sorted(self._connection.get_table_names(sql))
        except duckdb.Error as error:
            raise statement_fault(error, sql) from error
        if named:
            raise StatementFailed(f"it reads {', '.join(named)}, where only values can be", line=1, column=1)
        return self.table_of_query(name, sql)

    def _demand_select(self, sql: str) -> None:
        """Raise ``StatementFailed`` where a text is not one SELECT that only reads."""
        try:
            parsed_select(self._connection, sql)
            refuse_effects(self._connection, sql)
        except NotOneSelect as refusal:
            raise StatementFailed(str(refusal), line=1, column=1) from None
        except duckdb.Error as error:
            raise statement_fault(error, sql) from error

    def table_of_table(self, name: str, other: str, shape: Shape) -> None:
        """Make a table of another one's columns."""
        self._begin(name)
        try:
            found = {c.name.casefold(): c for c in shape_of(self._connection, f"from {_relation(other)}")}
            items = ", ".join(_taken(column, found.get(column.name.casefold())) for column in shape)
            text = f"create table {_relation(name)} as select {items} from {_relation(other)}"
            self._connection.execute(text)
        except duckdb.Error as error:
            raise statement_fault(error, "") from error

    def table_of_stream(self, name: str, stream: ArrowStream, shape: Shape) -> None:
        """Make a table of a stream's rows."""
        self._begin(name)
        try:
            found = columns_of(self._connection, stream)
            fault = fault_in_columns(found, shape)
            if fault:
                raise StatementFailed(fault)
            self._connection.execute(f"create table {_relation(name)} as {selected(found, shape)}")
        except duckdb.Error as error:
            raise statement_fault(error, "") from error
        finally:
            self._connection.unregister(INCOMING)

    def rows(self, name: str, columns: Sequence[str] | None = None) -> Found:
        """Return all rows of a table."""
        try:
            shape = shape_of(self._connection, f"from {_relation(name)}")
            if columns is not None:
                by_name = {column.name.casefold(): column for column in shape}
                shape = tuple(by_name[column.casefold()] for column in columns)
            items = ", ".join(f"{quoted(column.name)}::varchar" for column in shape) or "null"
            rows = self._connection.execute(f"select {items} from {_relation(name)}").fetchall()
        except duckdb.Error as error:
            raise engine_fault(error) from error
        return Found(shape, tuple(rows) if shape else ((),) * len(rows))

    def stream(self, name: str, columns: Sequence[str] = ()) -> DuckStream:
        """Return a table as a stream."""
        items = ", ".join(map(quoted, columns)) or "*"
        cursor = self._connection.cursor()
        try:
            return DuckStream(cursor, f"select {items} from {_relation(name)}", 0, cursor.close)
        except duckdb.Error as error:
            cursor.close()
            raise engine_fault(error) from error

    def relation(self, name: str) -> str:
        """Return SQL text that names a table."""
        return _relation(name)

    def interrupt(self) -> None:
        """End the query that runs."""
        self._connection.interrupt()

    def clear(self) -> None:
        """Take all tables away."""
        if self._made > _TABLES_MAX:
            self._connection.close()
            self._connection = _in_memory(self._engine)
            self._made = 0
        else:
            for name in self._tables:
                self._connection.execute(f"drop table if exists {_relation(name)}")
        self._tables.clear()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _begin(self, name: str) -> None:
        self._connection.execute(f"drop table if exists {_relation(name)}")
        self._tables.add(name)
        self._made += 1


def open_scratch(engine: str = "duckdb") -> DuckScratch:
    """Return an empty scratch database, in which whole numbers are divided as an engine does. Cost: 3 ms."""
    return DuckScratch(engine)


def _in_memory(engine: str) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(":memory:")
        if engine == "postgres":
            connection.execute("set integer_division = true")
        settle(connection, duckdb.__version__, folders=(), threads=1)
    except duckdb.Error as error:
        raise EngineFailed(f"DuckDB cannot be opened in memory: {error}") from error
    return connection


def _relation(name: str) -> str:
    return f"memory.main.{quoted(name)}"


def _taken(wanted: Column, found: Column | None) -> str:
    """Return the expression of a column as it is wanted: a text is read, a number kept exactly."""
    kind = wanted.type.split(" COLLATE ", maxsplit=1)[0]
    if found is None:
        return f"null::{kind} as {quoted(wanted.name)}"
    value = quoted(found.name)
    is_number = _is_number(found.type) and _is_number(kind)
    taken = exactly_cast(value, found.type, wanted.type, wanted.name) if is_number else f"{value}::{kind}"
    return f"{taken} as {quoted(wanted.name)}"


def _is_number(kind: str) -> bool:
    return kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or kind.endswith(("INT", "INTEGER"))


def _unnested(texts: Sequence[Sequence[str | None]]) -> list[str]:
    """Return the columns of texts, ``c0``, ``c1``. A parameter would import pandas, where it is installed (0.3 s)."""
    lists = (literal(json.dumps(list(values))) for values in texts)
    return [f"unnest(({values}::json)::varchar[]) as c{number}" for number, values in enumerate(lists)]


def _items(given: Sequence[Given]) -> tuple[list[str], list[Sequence[str | None]]]:
    """Return the expressions that make the values, and the lists of texts that they are made from, ``c0``, ``c1``."""
    items: list[str] = []
    texts: list[Sequence[str | None]] = []
    for one in given:
        kind = one.column.type.split(" COLLATE ", maxsplit=1)[0]
        number = len(texts)
        if not any(one.is_json):
            texts.append(one.values)
            items.append(f"c{number}::{kind}")
            continue
        pairs = list(zip(one.values, one.is_json, strict=True))
        texts.append([None if is_json else value for value, is_json in pairs])
        texts.append([value if is_json else None for value, is_json in pairs])
        items.append(f"coalesce(c{number}::{kind}, c{number + 1}::json::{kind})")
    return items, texts
