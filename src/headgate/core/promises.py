"""What the repository promises of an asset's data beside its code: tests, constraints, a contract, freshness.

None of it is part of an identity: what is promised of rows does not change them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headgate.core.address import Address
from headgate.core.diagnostic import Place, Severity

_COMPARED = re.compile(r"\s*(<=|>=|<>|!=|==|=|<|>)\s*([0-9]+)\s*")
_BETWEEN = re.compile(r"\s*between\s+([0-9]+)\s+and\s+([0-9]+)\s*", re.IGNORECASE)
_SAME = {"<>": "!=", "==": "="}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a number of failing rows: ``operator`` is one of ``< <= = != >= > between``.

    ``to`` is the upper bound of ``between``, itself included; otherwise 0.
    """

    operator: str = "!="
    number: int = 0
    to: int = 0

    def holds(self, failures: int) -> bool:
        """Tell whether it is true of a number of failing rows.

        >>> Condition(">", 10).holds(11), Condition("between", 5, 10).holds(11)
        (True, False)
        """
        if self.operator == "between":
            return self.number <= failures <= self.to
        order = (failures > self.number) - (failures < self.number)
        return {"<": order < 0, "<=": order <= 0, "=": order == 0, "!=": order != 0, ">=": order >= 0, ">": order > 0}[
            self.operator
        ]

    def __str__(self) -> str:
        tail = f" and {self.to}" if self.operator == "between" else ""
        return f"{self.operator} {self.number}{tail}"


def condition_of(text: str) -> Condition | None:
    """Return the condition that a text says; None where it says none.

    >>> str(condition_of(">10")), str(condition_of("between 5 and 10"))
    ('> 10', 'between 5 and 10')
    """
    if found := _COMPARED.fullmatch(text):
        return Condition(_SAME.get(found[1], found[1]), int(found[2]))
    if found := _BETWEEN.fullmatch(text):
        return Condition("between", int(found[1]), int(found[2]))
    return None


@dataclass(frozen=True, slots=True)
class DeclaredTest:
    """A test of an asset's data that counts failing rows.

    ``kind`` is its name with that of its package (``unique``, ``dbt_utils.accepted_range``); ``column`` is empty where
    it is about whole rows; ``arguments`` are those of its kind as written, and ``references`` the addresses in them
    that are known. With severity ERROR a failure is an error where ``error_if`` holds of the number of failing rows,
    else a warning where ``warn_if`` does; with severity WARNING ``error_if`` is not asked. ``where`` narrows the rows.
    ``kept`` is what else was said, under its keys.
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
    kept: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None


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
    """Whether an asset has exactly the columns that are declared, each with its type."""

    is_enforced: bool
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest row of a source may be, in seconds; None where that does not matter.

    ``loaded_at_field`` is a column, or an expression, that says when a row was loaded; ``loaded_at_query`` gives that
    of the newest row instead; ``filter`` narrows the rows that are looked at.
    """

    warn_after_seconds: int | None = None
    error_after_seconds: int | None = None
    filter: str = ""
    loaded_at_field: str = ""
    loaded_at_query: str = ""
    place: Place | None = None
