"""What is measured of a table's rows. A *measure* says what to find; an engine finds all of a table's in few passes.

Each measure has one answer, told below. Measures with a ``where`` look at the rows of which that SQL condition is true.
A measure is part of the key under which its answer is kept with a build: equal measures of one build are found once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from headgate.core.address import Address
from headgate.core.column_types import Family
from headgate.core.hashing import Digest, digest
from headgate.core.json_form import dumps

PRESENT = frozenset({"now", "today", "tomorrow", "yesterday"})
"""Texts that engines take for the present day or moment."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant that values are compared with, as it is written in SQL.

    A ``TEXT`` is quoted, and stands for a value of the column's own type.
    """

    text: str
    family: Family = Family.TEXT


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression in the user's own SQL, over the columns of the table."""

    text: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of ``values``, or with ``is_not`` none of them; unknown where it is NULL.

    With ``counts_null`` it is false there.
    """

    column: str
    values: tuple[Constant | Sql, ...]
    is_not: bool = False
    counts_null: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """The value lies between two bounds; None: no bound on that side. Unknown where it is NULL, false where it is NaN.

    ``is_open``: the bounds themselves do not belong to it.
    """

    column: str
    low: Constant | Sql | None = None
    high: Constant | Sql | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Like:
    """A part of the text matches a regular expression of RE2; unknown where it is NULL."""

    column: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Present:
    """The value is not NULL."""

    column: str


@dataclass(frozen=True, slots=True)
class Says:
    """A condition in the user's own SQL; with ``column`` it is what follows on the name of that column: ``> 0``."""

    sql: Sql
    column: str = ""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of the user's own SQL: a condition, or else a value. With ``column`` it stands behind that name.

    It is over the columns of the table that is measured, or of another asset.
    """

    text: str
    column: str = ""
    is_condition: bool = True
    of: Address = Address("")


Condition: TypeAlias = OneOf | Within | Like | Present | Says


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows there are: of the table itself, or of another asset."""

    where: str = ""
    of: Address = Address("")


@dataclass(frozen=True, slots=True)
class Filled:
    """In how many rows the column is not NULL."""

    column: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Failing:
    """Of how many rows a condition is false. Where it is unknown it does not fail (SQL:2023, three-valued logic)."""

    condition: Condition
    where: str = ""


class Figure(StrEnum):
    """A number, or a value, over all of a column; NULL does not count, and over no value at all it is None."""

    LEAST = "least"
    GREATEST = "greatest"
    SUM = "sum"
    MEAN = "mean"
    DEVIATION = "deviation"  # of a sample (n - 1)
    DISTINCT = "distinct"


@dataclass(frozen=True, slots=True)
class Of:
    """A figure of a column. The answer is a number, or for ``LEAST`` and ``GREATEST`` the value as an exact text."""

    figure: Figure
    column: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Newest:
    """The greatest value of an expression in the user's own SQL, as an exact text; None over no value.

    ``is_query``: it is what a query of the user's own gives, over tables as the engine has them.
    """

    expression: Sql
    where: str = ""
    is_query: bool = False


@dataclass(frozen=True, slots=True)
class Repeated:
    """How many keys stand in several rows. A key with a NULL in it does not count, unless ``counts_null``."""

    columns: tuple[str, ...]
    where: str = ""
    counts_null: bool = False


@dataclass(frozen=True, slots=True)
class Orphans:
    """How many rows have values that no row of ``to`` has in ``to_columns``, in their order.

    A row with a NULL among them does not count (SQL:2023, MATCH SIMPLE).
    """

    columns: tuple[str, ...]
    to: Address
    to_columns: tuple[str, ...]
    where: str = ""
    to_where: str = ""


@dataclass(frozen=True, slots=True)
class Unequal:
    """How many rows one of two tables has more often than the other, over the columns named, both ways together.

    Values are equal where they are not distinct: NULL is equal to NULL.
    """

    columns: tuple[str, ...]
    to: Address
    where: str = ""


Measure: TypeAlias = Rows | Filled | Failing | Of | Newest | Repeated | Orphans | Unequal

Shown: TypeAlias = Failing | Repeated | Orphans
"""Measures of which some failing rows, or keys, can be shown."""

Answer: TypeAlias = int | float | str | None


def fragments_of(measure: Measure) -> tuple[Fragment, ...]:
    """Return what of a measure the user wrote in SQL, each once, in order."""
    found = [Fragment(text)] if (text := getattr(measure, "where", "")) else []
    if isinstance(measure, Orphans) and measure.to_where:
        found.append(Fragment(measure.to_where, of=measure.to))
    condition = getattr(measure, "condition", None)
    if isinstance(condition, Says):
        found.append(Fragment(condition.sql.text, condition.column))
    if isinstance(measure, Newest) and not measure.is_query:
        found.append(Fragment(measure.expression.text, is_condition=False))
    found += [Fragment(value.text, is_condition=False) for value in _constants(condition) if isinstance(value, Sql)]
    return tuple(dict.fromkeys(found))


def columns_of(measure: Measure) -> tuple[str, ...]:
    """Return the columns that a measure names, those in the user's SQL left out."""
    condition = getattr(measure, "condition", None)
    names = (getattr(measure, "column", ""), getattr(condition, "column", ""), *getattr(measure, "columns", ()))
    return tuple(dict.fromkeys(name for name in names if name))


def others_of(measure: Measure) -> tuple[Address, ...]:
    """Return the other assets that a measure looks at."""
    found = (getattr(measure, "of", ""), getattr(measure, "to", ""))
    return tuple(Address(one) for one in found if isinstance(one, str) and one)


def digest_of(measure: Measure) -> Digest:
    """Return the identity of a measure: its kind and all that it says.

    >>> digest_of(Rows()) == digest_of(Filled("x")), digest_of(Rows()) == digest_of(Rows(where=""))
    (False, True)
    """
    condition = getattr(measure, "condition", None)
    kinds = tuple(type(value).__name__ for value in _constants(condition))  # a constant, or SQL
    return digest("measure", type(measure).__name__, type(condition).__name__, kinds, dumps(measure))


def _constants(condition: Any) -> Sequence[Any]:
    if isinstance(condition, OneOf):
        return condition.values
    return (condition.low, condition.high) if isinstance(condition, Within) else ()
