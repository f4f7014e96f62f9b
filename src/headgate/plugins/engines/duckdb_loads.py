"""What storages ask of DuckDB; the steps themselves are in ``loads``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from headgate.core.intervals import Interval
from headgate.core.ports.loads import LoadPart, Visible
from headgate.core.recipe import Shape
from headgate.plugins.engines import duckdb_catalogue as catalogue
from headgate.plugins.engines.differences import differs_in_duckdb
from headgate.plugins.engines.duckdb_builds import width
from headgate.plugins.engines.duckdb_faults import statement_fault
from headgate.plugins.engines.load_texts import ENDED, STAGE, LoadTexts, of_part, part_values
from headgate.plugins.engines.sql_texts import quoted

_TABLES = """
create table if not exists headgate.loads (
    relation varchar not null, number bigint not null, key varchar not null, build varchar not null,
    is_open boolean not null, rows bigint not null, fence bigint not null);
create table if not exists headgate.parts (
    relation varchar not null, number bigint not null, begins varchar not null, ends varchar not null,
    rows bigint not null);
"""


class DuckStorages:
    """See ``loads.Storages``; on the cursor that it is given."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def run(self, sql: str) -> int:
        """Run a statement; return how many rows it touched."""
        row = self._cursor.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def run_part(self, prefix: str, part: LoadPart, suffix: str) -> int:
        """Run a statement around the query of a part; a fault is at its place in that query."""
        try:
            return self.run(f"{prefix}{part.sql}{suffix}")
        except duckdb.Error as error:
            raise statement_fault(error, part.sql, prefix=prefix, job=part.address) from error

    def rows(self, sql: str) -> list[Any]:
        """Return the rows of a SELECT."""
        return self._cursor.execute(sql).fetchall()

    def casts(self, sql: str) -> bool:
        """Tell whether a SELECT meets no value that cannot be cast."""
        try:
            self.rows(sql)
        except (duckdb.DataError, duckdb.NotSupportedError, duckdb.BinderException):
            return False
        return True

    def make_tables(self) -> None:
        """Make the tables of loads at the first one: warehouses without any, and older ones, lack them."""
        self._cursor.execute(_TABLES)

    def has_tables(self) -> bool:
        """Tell whether a load was ever begun here."""
        return catalogue.has_table(self._cursor, "loads")

    def texts(self, storage: Visible) -> LoadTexts:
        """Return the texts of a load."""
        table = f"{catalogue.SCHEMA}.{quoted(storage.relation)}"
        return LoadTexts(table, storage.number, f"temp.{STAGE}", f"temp.{ENDED}", "rowid", differs_in_duckdb)

    def temporary(self, name: str) -> str:
        """Return the beginning of a CREATE of a temporary table; it is gone when the cursor is closed."""
        return f"create or replace temp table {name} as"

    def analyze(self, table: str) -> None:
        """Do nothing: DuckDB counts as it writes."""

    def lock(self, storage: Visible, *, shared: bool) -> None:
        """Do nothing: one process holds the warehouse, and one lease of it."""

    def claim_part(self, storage: Visible, interval: Interval) -> bool:
        """Tell whether a part was not made yet. Nobody else makes it: one process holds the warehouse."""
        return not self.rows(f"select 1 from headgate.parts where {of_part(storage, interval)} limit 1")

    def write_part(self, storage: Visible, interval: Interval, rows: int) -> None:
        """Write the row of a part."""
        values = f"{part_values(storage, interval)}, {rows:d}"
        self.run(f"insert into headgate.parts (relation, number, begins, ends, rows) values ({values})")

    def same_key(self, stage: str, key: Sequence[str]) -> str:  # noqa: ARG002
        """Return the condition that ``old`` and ``stage`` have one key; DuckDB joins by it as by ``=``."""
        return " and ".join(f"old.{quoted(name)} is not distinct from stage.{quoted(name)}" for name in key)

    def size(self, storage: Visible, shape: Shape, rows: int) -> int:  # noqa: ARG002
        """Return how many bytes so many rows take at most, before compression."""
        return rows * sum(width(column.type) for column in shape)
