"""The port of a scratch database: a few rows that somebody wrote, in memory, and queries over them.

Nothing of it is kept, and no file can be reached from it. Errors: ``StatementFailed`` for SQL that users wrote, with
its place in the text, ``EngineFailed`` for all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from headgate.core.ports.python import ArrowStream, OpenStream
from headgate.core.recipe import Column, Shape


@dataclass(frozen=True, slots=True)
class Given:
    """The values of one column, a text for each row, or None: NULL. Where ``is_json``, a text is JSON of the value."""

    column: Column
    values: Sequence[str | None]
    is_json: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that its column cannot take: the row from 0, and why."""

    column: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Rows as exact texts, None for NULL: two values of one type are equal where their texts are."""

    shape: Shape
    rows: tuple[tuple[str | None, ...], ...]


class Scratch(Protocol):
    """A database in memory. Names of tables are the caller's; a second table of a name takes the first one's place."""

    @property
    def dialect(self) -> str:
        """The dialect of SQL that it understands."""

    def table(self, name: str, shape: Shape, given: Sequence[Given], rows: int) -> tuple[Misfit, ...]:
        """Make a table of ``shape`` with so many rows; columns that are not given are NULL.

        Returns the values that do not fit, some 20 at most; then there is no table. Cost: about a millisecond.
        """

    def table_of_query(self, name: str, sql: str, columns: Sequence[str] = ()) -> Shape:
        """Make a table of a query's answer and return its columns, which are called ``columns`` where those are given.

        The query may write nothing.
        """

    def table_of_values(self, name: str, sql: str) -> Shape:
        """Make a table of a query that reads no table, and return its columns; one that does is refused."""

    def table_of_table(self, name: str, other: str, shape: Shape) -> None:
        """Make a table of ``shape`` from the columns of another one, found by name; those that it has not are NULL.

        Raises ``StatementFailed`` where a value does not fit; a number is never rounded.
        """

    def table_of_stream(self, name: str, stream: ArrowStream, shape: Shape) -> None:
        """Make a table of ``shape`` from a stream with columns of these names."""

    def rows(self, name: str, columns: Sequence[str] | None = None) -> Found:
        """Return all rows of a table; of these columns alone where they are given."""

    def stream(self, name: str, columns: Sequence[str] = ()) -> OpenStream:
        """Return a table as a stream, of some columns where they are given. Close it."""

    def relation(self, name: str) -> str:
        """Return SQL text that names a table."""

    def interrupt(self) -> None:
        """Make a running query end with ``EngineFailed``; from any thread."""

    def clear(self) -> None:
        """Take all tables away."""

    def close(self) -> None:
        """Let go of the database."""
