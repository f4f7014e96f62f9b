"""Unit tests of assets: rows that are given, and rows that have to come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from headgate.core.address import Address
from headgate.core.diagnostic import Place

Written: TypeAlias = "str | list[Written] | dict[str, Written] | None"
"""A value in the letters that somebody wrote, so that ``1.10`` stays that; None is NULL."""


class RowFormat(StrEnum):
    """How rows are written."""

    DICT = "dict"
    CSV = "csv"
    SQL = "sql"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row as it was written. ``plain`` is what YAML makes of a list or a mapping: numbers, truths.

    ``name_place`` is where its column is named, if that is another place.
    """

    column: str
    value: Written
    place: Place
    plain: Any = None
    name_place: Place | None = None

    @property
    def is_nested(self) -> bool:
        """Whether it is a list or a mapping."""
        return isinstance(self.value, (list, dict))


Row = tuple[Cell, ...]
"""A row: each column at most once, as written; columns may be left out."""


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """Rows as they were written: ``rows`` for DICT, else ``text``; or a ``fixture`` file that holds them.

    ``place`` is where the rows, the text or the name of the fixture stand. Each line of ``text`` stands ``indent``
    characters further in; ``indent`` is -1 where a character of the text has no place of its own. ``is_written`` is
    False where nothing was said of rows, which of a seed means its own.
    """

    format: RowFormat = RowFormat.DICT
    rows: tuple[Row, ...] = ()
    text: str = ""
    fixture: str = ""
    place: Place | None = None
    indent: int = -1
    is_written: bool = True


@dataclass(frozen=True, slots=True)
class GivenRows:
    """The rows that one input has; without an address it is the tested asset itself, as it was before."""

    input: Address | None
    rows: WrittenRows
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A test of one asset on a few rows. Inputs that are not given have no rows.

    ``overrides`` are values of ``vars``, ``macros`` and ``env_vars`` for its template; ``kept`` is what else was said.
    ``now`` is what the asset takes for the present; ``start`` and ``end`` bound the interval of an incremental one.
    """

    name: str
    asset: Address
    given: tuple[GivenRows, ...]
    expected: WrittenRows
    overrides: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()
    is_enabled: bool = True
    kept: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None
    now: Cell | None = None
    start: Cell | None = None
    end: Cell | None = None
