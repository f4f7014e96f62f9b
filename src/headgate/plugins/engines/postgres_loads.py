"""What storages ask of PostgreSQL; the steps themselves are in ``loads``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from headgate.core.intervals import Interval
from headgate.core.ports.loads import LoadPart, Visible
from headgate.core.recipe import Shape
from headgate.plugins.engines import postgres_catalogue as catalogue
from headgate.plugins.engines.differences import differs_in_postgres
from headgate.plugins.engines.load_texts import ENDED, STAGE, LoadTexts, of_load, of_part, part_values
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_faults import statement_fault
from headgate.plugins.engines.postgres_texts import without_end
from headgate.plugins.engines.sql_texts import literal, quoted


class PostgresStorages:
    """See ``loads.Storages``; on the connection that it is given."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str) -> int:
        """Run a statement; return how many rows it touched."""
        return catalogue.run(self._connection, sql)

    def run_part(self, prefix: str, part: LoadPart, suffix: str) -> int:
        """Run a statement around the query of a part; a fault is at its place in that query."""
        try:
            return self.run(f"{prefix}{without_end(part.sql)}{suffix}")
        except psycopg.Error as error:
            raise statement_fault(error, part.sql, prefix=prefix, job=part.address) from error

    def rows(self, sql: str) -> list[Any]:
        """Return the rows of a SELECT."""
        return catalogue.rows(self._connection, sql)

    def casts(self, sql: str) -> bool:
        """Tell whether a SELECT meets no value that cannot be cast."""
        try:
            self.rows(sql)
        except (psycopg.DataError, psycopg.errors.CannotCoerce):
            return False
        return True

    def make_tables(self) -> None:
        """Do nothing: they came with the schema."""

    def has_tables(self) -> bool:
        """Tell whether they are there: they came with the schema."""
        return True

    def texts(self, storage: Visible) -> LoadTexts:
        """Return the texts of a load."""
        table = catalogue.table(storage.relation)
        return LoadTexts(table, storage.number, f"pg_temp.{STAGE}", f"pg_temp.{ENDED}", "ctid", differs_in_postgres)

    def temporary(self, name: str) -> str:
        """Return the beginning of a CREATE of a temporary table; it is gone when the transaction ends."""
        return f"create temp table {name} on commit drop as"

    def analyze(self, table: str) -> None:
        """Have the planner know the rows of a table: nobody tells it in time, and of temporary tables never."""
        self.run(f"analyze {table}")

    def lock(self, storage: Visible, *, shared: bool) -> None:
        """Lock the row of a load."""
        self.rows(f"select 1 from headgate.loads where {of_load(storage)} for {'share' if shared else 'update'}")

    def claim_part(self, storage: Visible, interval: Interval) -> bool:
        """Write the row of a part first: somebody else who makes the same one waits, and then finds it made."""
        values = part_values(storage, interval)
        into = f"insert into headgate.parts (relation, number, begins, ends) values ({values}) on conflict do nothing"
        return bool(self.run(into))

    def write_part(self, storage: Visible, interval: Interval, rows: int) -> None:
        """Write the rows of a part into the row that its claim wrote."""
        self.run(f"update headgate.parts set rows = {rows:d} where {of_part(storage, interval)}")

    def same_key(self, stage: str, key: Sequence[str]) -> str:
        """Return the condition that ``old`` and ``stage`` have one key.

        PostgreSQL joins by IS NOT DISTINCT FROM row by row (seen); where no key is NULL there, ``=`` says the same.
        """
        items = ", ".join(f"coalesce(bool_or({quoted(name)} is null), false)" for name in key)
        ((*empty,),) = self.rows(f"select {items} from {stage}")
        signs = ["is not distinct from" if is_empty else "=" for is_empty in empty]
        return " and ".join(f"old.{quoted(n)} {sign} stage.{quoted(n)}" for n, sign in zip(key, signs, strict=True))

    def size(self, storage: Visible, shape: Shape, rows: int) -> int:  # noqa: ARG002
        """Return the share of the table's bytes that so many rows have: all of its rows count alike.

        Cost: two look-ups. How many there are was estimated when the table was analyzed.
        """
        if not rows:
            return 0
        name = literal(self.texts(storage).table)
        ((tuples,),) = self.rows(f"select reltuples from pg_class where oid = {name}::regclass")
        (size,) = catalogue.sizes_of(self._connection, [storage.relation]).values()
        return size * rows // max(int(tuples), rows)
