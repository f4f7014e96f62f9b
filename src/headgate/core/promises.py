"""What the repository promises of an asset's data beside its code: tests, constraints, a contract, freshness.

None of it is part of an identity: what is promised of rows does not change them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from headgate.core.address import Address
from headgate.core.diagnostic import Place, Severity

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)\s*(%?)"
_COMPARED = re.compile(rf"\s*(<=|>=|<>|!=|==|=|<|>)\s*{_NUMBER}\s*")
_BETWEEN = re.compile(rf"\s*between\s+{_NUMBER}\s+and\s+{_NUMBER}\s*", re.IGNORECASE)
_SAME = {"<>": "!=", "==": "="}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a number of failing rows: ``operator`` is one of ``< <= = != >= > between``.

    ``number``, and the upper bound ``to`` of ``between``, itself included, are decimal numbers as text: rows, or with
    ``is_share`` how many of a hundred.
    """

    operator: str = "!="
    number: str = "0"
    to: str = "0"
    is_share: bool = False

    def holds(self, failures: int, out_of: int = 0) -> bool:
        """Tell whether it is true of a number of failing rows; of no row at all no share fails.

        >>> Condition(">", "10").holds(11), Condition("between", "5", "10").holds(11)
        (True, False)
        >>> Condition(">", "1", is_share=True).holds(1, 100), Condition(">", "1", is_share=True).holds(2, 100)
        (False, True)
        """
        # Without division: a share of a third has no exact decimal form.
        found, unit = (failures * 100, max(out_of, 1)) if self.is_share else (failures, 1)
        number = Fraction(self.number) * unit
        if self.operator == "between":
            return number <= found <= Fraction(self.to) * unit
        return {
            "<": found < number, "<=": found <= number, "=": found == number,
            "!=": found != number, ">=": found >= number, ">": found > number,
        }[self.operator]  # fmt: skip

    def __str__(self) -> str:
        unit = " %" if self.is_share else ""
        tail = f" and {self.to}{unit}" if self.operator == "between" else ""
        return f"{self.operator} {self.number}{unit}{tail}"


NEVER = Condition("<", "0")
"""What no number of rows fulfils."""


def condition_of(text: str) -> Condition | None:
    """Return the condition that a text says; None where it says none.

    >>> str(condition_of(">10")), str(condition_of("between 5 and 10")), str(condition_of("> 0.5%"))
    ('> 10', 'between 5 and 10', '> 0.5 %')
    """
    if found := _COMPARED.fullmatch(text):
        return Condition(_SAME.get(found[1], found[1]), found[2], is_share=bool(found[3]))
    found = _BETWEEN.fullmatch(text)
    if found is None or found[2] != found[4]:
        return None
    return Condition("between", found[1], found[3], is_share=bool(found[2]))


FRESHNESS = "freshness"
"""The kind of the test of how old the newest row may be, by the clock."""

QUERY = "query"
"""The kind of a data test that is a query of its own."""

QUARANTINE = "quarantine"
"""The kind of the test of how many rows are set aside; where some are, it is there without being declared."""


@dataclass(frozen=True, slots=True)
class DeclaredTest:
    """A test of an asset's data that counts failing rows.

    ``kind`` is its name with that of its package (``unique``, ``dbt_utils.accepted_range``); ``column`` is empty where
    it is about whole rows; ``arguments`` are those of its kind as written, and ``references`` the addresses in them
    that are known. With severity ERROR a failure is an error where ``error_if`` holds of the number of failing rows,
    else a warning where ``warn_if`` does; with severity WARNING ``error_if`` is not asked. ``where`` narrows the rows.
    ``keeps_failures``: the failing rows that are shown are kept. ``kept`` is what else was said, under its keys.
    ``is_promised``: a constraint of an enforced contract demands it. ``is_quarantining``: rows that fail are set aside,
    and the others are shown.
    """

    kind: str
    column: str = ""
    name: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    references: Mapping[str, Address] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    where: str = ""
    warn_if: Condition = Condition()
    error_if: Condition = Condition()
    limit: int | None = None
    tags: tuple[str, ...] = ()
    is_enabled: bool = True
    keeps_failures: bool = False
    kept: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None
    is_promised: bool = False
    is_quarantining: bool = False


class ConstraintKind(StrEnum):
    """What a constraint says."""

    NOT_NULL = "not_null"
    UNIQUE = "unique"
    PRIMARY_KEY = "primary_key"
    FOREIGN_KEY = "foreign_key"
    CHECK = "check"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Constraint:
    """What is told to an engine of an asset's rows.

    ``columns`` are those that it is about; a foreign key leads to ``to_columns`` of ``to`` (None: not known).
    """

    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    name: str = ""
    expression: str = ""
    to: Address | None = None
    to_columns: tuple[str, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """Whether an asset has exactly the columns that are declared, each with its type, and its constraints hold."""

    is_enforced: bool
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest row of a source may be, in seconds; None where that does not matter.

    ``loaded_at_field`` is a column, or an expression, that says when a row was loaded; ``loaded_at_query`` gives that
    of the newest row instead; ``filter`` narrows the rows that are looked at. The others say when data comes.
    """

    warn_after_seconds: int | None = None
    error_after_seconds: int | None = None
    filter: str = ""
    loaded_at_field: str = ""
    loaded_at_query: str = ""
    cron: str = ""
    weekdays: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    time_zone: str = ""
    place: Place | None = None


def test_of_freshness(promised: Freshness | None) -> tuple[DeclaredTest, ...]:
    """Return the test that a source's freshness is, which only warns; none where no age is promised."""
    if promised is None or (promised.warn_after_seconds is None and promised.error_after_seconds is None):
        return ()
    given = {
        "warn_after": _minutes(promised.warn_after_seconds),
        "error_after": _minutes(promised.error_after_seconds),
        "field": "" if promised.loaded_at_query else promised.loaded_at_field,
        "loaded_at_query": promised.loaded_at_query,
        "cron": promised.cron,
        "weekdays": list(promised.weekdays),
        "holidays": list(promised.holidays),
        "time_zone": promised.time_zone,
    }
    arguments = {key: value for key, value in given.items() if value}
    severity, where = Severity.WARNING, promised.filter
    return (DeclaredTest(FRESHNESS, arguments=arguments, severity=severity, where=where, place=promised.place),)


def _minutes(seconds: int | None) -> str:
    return "" if seconds is None else f"{seconds // 60} minutes"
