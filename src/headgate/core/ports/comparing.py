"""The port of comparing: what an engine is asked of two relations that it has, and what it answers.

Values count as equal where SQL finds them not distinct: NULL is equal to NULL, NaN to NaN, 0.0 to -0.0. Texts are
compared by their bytes, whatever the collation. A column that has another type on the other side is compared in a type
that holds both exactly where there is one, and else by its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.core.common_columns import column_called
from headgate.core.comparison import NO_DIFFERENCES, NO_FAULTS, ColumnDifference, Differences, KeyFacts, Tolerance
from headgate.core.recipe import Column, Shape


@dataclass(frozen=True, slots=True)
class Side:
    """Rows that are compared, as SQL text that stands behind FROM, with their columns.

    ``is_keyed``: it is known that the key is unique in them and never NULL, so that nobody need look. ``is_table``: the
    text is the name of a table, whose rows stand in an order that counts.
    """

    relation: str
    shape: Shape
    is_keyed: bool = False
    is_table: bool = False

    def column(self, name: str) -> Column:
        """Return the column called ``name``, else one whose name differs in case alone; there must be one."""
        return column_called(self.shape, name)


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two sides, the key by which their rows pair off, and the columns beside it that are compared: both sides' own.

    Without a key the rows are compared as bags. ``tolerances`` are those of columns that have one. ``proven`` are other
    columns, with equal values in rows of one key: they are looked at only in rows that no key tells apart.
    """

    before: Side
    after: Side
    key: tuple[str, ...]
    columns: tuple[str, ...]
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    proven: tuple[str, ...] = ()

    def pair(self, name: str) -> tuple[Column, Column]:
        """Return a column of both sides."""
        return self.before.column(name), self.after.column(name)


@dataclass(frozen=True, slots=True)
class Counted:
    """How two relations differ, in numbers: those of ``core.comparison.Comparison``; and some rows that do."""

    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int = 0
    columns: tuple[ColumnDifference, ...] = ()
    keys_before: KeyFacts = NO_FAULTS
    keys_after: KeyFacts = NO_FAULTS
    differences: Differences = NO_DIFFERENCES
