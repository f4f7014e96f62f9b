"""Unit tests of assets: rows that are given, and rows that have to come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headgate.core.address import Address
from headgate.core.diagnostic import Place


class RowFormat(StrEnum):
    """How rows are written."""

    DICT = "dict"
    CSV = "csv"
    SQL = "sql"


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """Rows as they were written: ``rows`` for DICT, else ``text``; or a ``fixture`` file that holds them."""

    format: RowFormat = RowFormat.DICT
    rows: tuple[Mapping[str, Any], ...] = ()
    text: str = ""
    fixture: str = ""


@dataclass(frozen=True, slots=True)
class GivenRows:
    """The rows that one input has; without an address it is the tested asset itself, as it was before."""

    input: Address | None
    rows: WrittenRows


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A test of one asset on a few rows. Inputs that are not given have no rows.

    ``overrides`` are values of ``vars``, ``macros`` and ``env_vars`` for its template; ``kept`` is what else was said.
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
