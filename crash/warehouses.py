"""What a world's warehouse and state hold, and full rebuilds beside it, with nothing of Headgate's own code.

DuckDB is read from a copy of the files. PostgreSQL is read, and rebuilt, in one transaction, which is undone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
from psycopg import IsolationLevel

from crash.projects import ORDERS, SCHEMAS, URL
from crash.state_file import EMPTY, State, read_sqlite, state_of

Answer = tuple[tuple[tuple[str, str], ...], list[Any]]
"""Columns with their types, and the rows in an order of our own."""

MISSING = (duckdb.CatalogException, psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)
"""What is raised for a table or view that is not there."""


class Warehouse(Protocol):
    """A warehouse that is read. Inside of ``rebuilding`` the project's schemas are empty ones, to be filled."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    def answer(self, sql: str) -> Answer:
        """Return the columns and rows of a query."""

    def tables(self, schema: str) -> set[str]:
        """Return the names of the tables of a schema."""

    def views(self) -> set[tuple[str, str]]:
        """Return schema and name of every view that is not somebody else's."""

    def rebuilding(self) -> AbstractContextManager[None]:
        """Set the project's schemas aside for the time of a ``with``."""

    def aside(self, view: str) -> str:
        """Return what a view of the warehouse is called meanwhile."""

    def make(self, kind: str, address: str, sql: str) -> None:
        """Make a ``table`` or ``view`` of a query."""

    def load(self, address: str, text: str) -> None:
        """Make a table of a CSV text, whose columns are texts, except for those of the orders."""


@contextmanager
def opened(world: Path) -> Iterator[tuple[State, Warehouse]]:
    """Give what the state and the warehouse hold at one instant."""
    if (world / URL).exists():
        with _in_transaction(world) as connection:
            warehouse = PostgresWarehouse(connection)
            is_there = "entries" in warehouse.tables("headgate_state")
            yield state_of(warehouse.rows, "headgate_state.") if is_there else EMPTY, warehouse
        return
    with tempfile.TemporaryDirectory(prefix="crash-check-") as folder:
        for file in world.glob("warehouse.*"):
            if not file.name.endswith((".lock", "-shm")):
                shutil.copy2(file, folder)
        state = read_sqlite(Path(folder, "warehouse.state.db"))
        with duckdb.connect(str(Path(folder, "warehouse.duckdb"))) as connection:
            yield state, DuckWarehouse(connection)


def read_state(world: Path) -> State:
    """Return what the state holds."""
    with opened(world) as (state, _):
        return state


class DuckWarehouse:
    """A copy of a DuckDB warehouse; rebuilds happen in memory beside it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def answer(self, sql: str) -> Answer:
        columns = self.rows(f"describe {sql}")
        return tuple((row[0], row[1]) for row in columns), sorted(self.rows(sql), key=repr)

    def tables(self, schema: str) -> set[str]:
        return {name for (name,) in self.rows(f"select table_name from duckdb_tables() where schema_name = '{schema}'")}

    def views(self) -> set[tuple[str, str]]:
        sql = (
            "select schema_name, view_name from duckdb_views() where not internal and database_name = 'warehouse' "
            "and sql not like '%somebody else%'"
        )
        return {(schema, name) for schema, name in self.rows(sql)}

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        self._connection.execute("attach ':memory:' as rebuilt")
        self._connection.execute("use rebuilt")
        try:
            for schema in SCHEMAS:
                self._connection.execute(f"create schema {schema}")
            yield
        finally:
            self._connection.execute("use warehouse")
            self._connection.execute("detach rebuilt")

    def aside(self, view: str) -> str:
        return f"warehouse.{view}"

    def make(self, kind: str, address: str, sql: str) -> None:
        self._connection.execute(f"create or replace {kind} {address} as {sql}")

    def load(self, address: str, text: str) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write(text)
            file.flush()
            self.make("table", address, f"from read_csv('{file.name}', header = true)")


class PostgresWarehouse:
    """A database, in a transaction that will be undone."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return _rows(self._connection, sql)

    def answer(self, sql: str) -> Answer:
        with self._connection.transaction(force_rollback=True):
            self.rows(f"create temp view answer as {sql}")
            columns = self.rows(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute "
                "where attrelid = 'pg_temp.answer'::regclass and attnum > 0 order by attnum"
            )
            return tuple((name, kind) for name, kind in columns), sorted(self.rows(sql), key=repr)

    def tables(self, schema: str) -> set[str]:
        return {name for (name,) in self.rows(f"select tablename from pg_tables where schemaname = '{schema}'")}

    def views(self) -> set[tuple[str, str]]:
        sql = (
            "select schemaname, viewname from pg_views where schemaname not in ('pg_catalog', 'information_schema') "
            "and definition not like '%somebody else%'"
        )
        return {(schema, name) for schema, name in self.rows(sql)}

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        with self._connection.transaction(force_rollback=True):
            present = {name for (name,) in self.rows("select nspname from pg_namespace")}
            for schema in SCHEMAS:
                if schema in present:
                    self.rows(f"alter schema {schema} rename to aside_{schema}")
                self.rows(f"create schema {schema}")
            yield

    def aside(self, view: str) -> str:
        schema, _, name = view.partition(".")
        return f'"aside_{schema[1:]}.{name}' if schema.strip('"') in SCHEMAS else view

    def make(self, kind: str, address: str, sql: str) -> None:
        schema, _, name = address.partition(".")
        with self._connection.transaction():
            if kind == "table" and name in self.tables(schema):
                self.rows(f"delete from {address}")
                self.rows(f"insert into {address} {sql}")
            else:
                self.rows(f"create {kind} {address} as {sql}")

    def load(self, address: str, text: str) -> None:
        header = text.partition("\n")[0].split(",")
        columns = ORDERS if address == "raw.orders" else ", ".join(f"{name} text" for name in header)
        self.rows(f"create table {address} ({columns})")
        with self._connection.cursor().copy(f"copy {address} from stdin (format csv, header)".encode()) as copy:
            copy.write(text)


@contextmanager
def writing(world: Path) -> Iterator[Callable[[str], object]]:
    """Give a function that executes statements in the world's warehouse, as somebody else would, all or nothing."""
    if (world / URL).exists():
        with psycopg.connect((world / URL).read_text()) as connection:
            yield lambda sql: connection.execute(sql.encode())
        return
    with duckdb.connect(str(world / "warehouse.duckdb")) as duck:
        duck.execute("begin")
        yield duck.execute
        duck.execute("commit")


@contextmanager
def _in_transaction(world: Path) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect((world / URL).read_text(), options="-c lock_timeout=20s") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        with connection.transaction(force_rollback=True):
            yield connection


def _rows(connection: psycopg.Connection[Any], sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query; one that fails leaves the transaction usable."""
    with connection.transaction():
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []
