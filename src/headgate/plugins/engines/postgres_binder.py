"""A binder: PostgreSQL itself says what columns a query has, and nothing is made in it.

The query stands behind a WITH of its inputs, each a SELECT of NULLs with their types; the server parses and describes
that, and runs nothing. So the role needs no right but to connect. Files and seeds are looked at by DuckDB in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from headgate.core.declarations import FileSource
from headgate.core.ports.engine import Bound
from headgate.core.ports.python import ArrowStream, OpenStream
from headgate.core.recipe import Shape
from headgate.plugins.engines.duckdb_binder import DuckBinder
from headgate.plugins.engines.postgres_columns import NotOneSelect, Undescribed, shape_of, wrapped
from headgate.plugins.engines.postgres_connections import Connections
from headgate.plugins.engines.postgres_faults import engine_fault, is_of_statement, offset_of, text_of
from headgate.plugins.engines.postgres_settings import settings_identity
from headgate.plugins.engines.postgres_texts import position
from headgate.plugins.engines.postgres_types import held_shape
from headgate.plugins.engines.sql_texts import may_collate, quoted

if TYPE_CHECKING:
    import pyarrow


class PostgresBinder:
    """See ``core.ports.engine.Binder``. The server is asked for the first time when a query is bound."""

    def __init__(self, url: str, root: Path, allow: Sequence[Path]) -> None:
        self._connections = Connections(url)
        self._files = DuckBinder(root, allow)

    @property
    def identity(self) -> str:
        """The kind of engine, and the settings."""
        return f"postgres; {settings_identity()}"

    @property
    def settings(self) -> str:
        """The settings alone, the same on every version."""
        return settings_identity()

    def bind(self, sql: str, inputs: Mapping[str, Shape]) -> Bound:
        """Return the columns of ``sql`` over its inputs; raise ``EngineFailed`` where the server cannot be asked.

        Cost: four messages, about 1 ms where the server is near.
        """
        try:
            start, text = wrapped(sql)
        except NotOneSelect as refusal:
            return Bound((), str(refusal), 1, 1)
        before = _given(inputs)
        collated = may_collate(sql, inputs.values())
        with self._connections.reading() as connection:
            try:
                return Bound(shape_of(connection, before + text, collated=collated))
            except Undescribed as fault:
                return Bound((), str(fault))
            except psycopg.Error as error:
                if not is_of_statement(error):
                    raise engine_fault(error) from error
                line, column = position(sql, offset_of(error, before + start))
                return Bound((), text_of(error), line, column)

    def file_columns(self, location: FileSource, root: str) -> Bound:
        """Return the columns that files have as a table of PostgreSQL."""
        return _held(self._files.file_columns(location, root))

    def seed_columns(self, path: str) -> Bound:
        """Return the columns that a seed has as a table of PostgreSQL."""
        return _held(self._files.seed_columns(path))

    def empty(self, shape: Shape) -> OpenStream:
        """Return a stream of a table with these columns and no rows."""
        from headgate.plugins.engines.postgres_streams import arrow_schema

        return EmptyStream(arrow_schema(shape).empty_table())

    def stream_columns(self, stream: ArrowStream) -> Bound:
        """Return the columns that a stream would have as a table of PostgreSQL."""
        return _held(self._files.stream_columns(stream))

    def close(self) -> None:
        """Let go of connections and of DuckDB."""
        self._connections.close()
        self._files.close()


class EmptyStream:
    """A table without rows, as a stream."""

    def __init__(self, table: pyarrow.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule."""
        return self._table.__arrow_c_stream__(requested_schema)

    def interrupt(self) -> None:
        """Do nothing: there is nothing to wait for."""

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


def open_postgres_binder(url: str, root: Path, allow: Sequence[Path] = ()) -> PostgresBinder:
    """Return a binder over the server at ``url``; files may lie below ``root`` and the folders of ``allow``."""
    return PostgresBinder(url, root, allow)


def _given(inputs: Mapping[str, Shape]) -> str:
    """Return the WITH of the inputs, empty where there are none."""
    texts = (
        f"{quoted(name)} as (select {', '.join(f'null::{c.type} as {quoted(c.name)}' for c in shape)} where false)"
        for name, shape in inputs.items()
    )
    return f"with {', '.join(texts)}\n" if inputs else ""


def _held(bound: Bound) -> Bound:
    """Return columns that DuckDB found as those of PostgreSQL."""
    if bound.error:
        return bound
    shape, fault = held_shape(bound.shape)
    return replace(bound, shape=shape, error=fault)
