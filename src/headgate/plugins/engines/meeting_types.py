"""How columns of two engines are brought into one DuckDB: as what keeps equal values equal, and tells others apart.

Most types of PostgreSQL have one of DuckDB's that holds their values. A numeric without bound, or with more than 38
digits, has none: what its values need decides, and what the other side is. Nothing is ever rounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headgate.core.errors import StatementFailed
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb_compares import decimal_text
from headgate.plugins.engines.postgres_types import read_as
from headgate.plugins.engines.sql_texts import quoted

_DECIMAL = re.compile(r"(?:numeric|DECIMAL)\((\d+),(-?\d+)\)")
_DIGITS_MAX = 38
_FLOATING = ("real", "double precision", "FLOAT", "DOUBLE")
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Way:
    """How a column is brought: what its engine gives, with ``{}`` for the column, and DuckDB's type of that."""

    given: str
    type: str


@dataclass(frozen=True, slots=True)
class Extent:
    """What the values of a numeric need: digits before and behind the point.

    ``endless`` are those that are infinite or no number, ``rounded`` those that no double stands for.
    """

    whole: int = 1
    scale: int = 0
    endless: int = 0
    rounded: int = 0


def is_unbounded(column: Column) -> bool:
    """Tell whether it is a numeric of PostgreSQL's for whose values DuckDB need not have a type.

    >>> [is_unbounded(Column("a", type_)) for type_ in ("numeric", "numeric(50,2)", "numeric(9,2)")]
    [True, True, False]
    """
    found = _DECIMAL.fullmatch(column.type)
    return column.type == "numeric" or bool(
        column.type.startswith("numeric(")
        and found
        and (int(found[1]) > _DIGITS_MAX or not 0 <= int(found[2]) <= int(found[1]))
    )


def is_number(type_: str) -> bool:
    """Tell whether a type is one of numbers, in either engine."""
    return type_ == "numeric" or type_ in _FLOATING or bool(_WHOLE.fullmatch(type_) or _DECIMAL.fullmatch(type_))


def extents_text(relation: str, names: Sequence[str]) -> str:
    """Return the SELECT of PostgreSQL that gives four numbers of each numeric. Cost: one pass."""
    items: list[str] = []
    for name in names:
        value = f"t.{quoted(name)}"
        finite = f"{value} not in ('NaN', 'Infinity', '-Infinity')"
        near = f"cast(cast(cast({value} as double precision) as text) as numeric)"
        # A cast to double fails beyond its greatest and below its least number.
        held = f"case when abs({value}) between 1e-300 and 1e300 then {near} = {value} else {value} = 0 end"
        items += [
            f"coalesce(max(length(cast(trunc(abs({value})) as text))) filter (where {finite}), 1)",
            f"coalesce(max(scale(trim_scale({value}))) filter (where {finite}), 0)",
            f"count(*) filter (where not ({finite}))",
            f"count(*) filter (where {finite} and not ({held}))",
        ]
    return f"select {', '.join(items)} from {relation} as t"


def extents_of(row: Sequence[int], names: Sequence[str]) -> dict[str, Extent]:
    """Return the extents from the row that the SELECT gives."""
    return {name: Extent(*map(int, row[4 * n : 4 * n + 4])) for n, name in enumerate(names)}


def way(column: Column, kind: str) -> Way:
    """Return how a column is brought as it is, of an engine of this kind.

    >>> way(Column("a", "numeric(9,2)"), "postgres").type, way(Column("a", "numeric"), "postgres").given
    ('DECIMAL(9,2)', 'cast({} as text)')
    """
    if kind == "postgres":
        return Way("cast({} as text)", "VARCHAR") if is_unbounded(column) else Way("{}", read_as(column.type))
    return Way("{}", "VARCHAR" if column.type.startswith("ENUM(") else column.type)


def ways(columns: tuple[Column, Column], kinds: tuple[str, str], extents: Sequence[Extent]) -> tuple[Way, Way]:
    """Return how two columns that belong together are brought; ``extents`` are those of the unbounded ones.

    Raises ``StatementFailed`` where nothing holds the values of both.
    """
    plain = way(columns[0], kinds[0]), way(columns[1], kinds[1])
    if not extents or not all(is_number(column.type) for column in columns):
        return plain
    others = [one for one, column in zip(plain, columns, strict=True) if not is_unbounded(column)]
    other = others[0].type if others else ""
    if other in _FLOATING and not any(one.rounded for one in extents):
        return _each(columns, plain, lambda _: Way("cast({} as double precision)", "DOUBLE"))
    if type_ := _decimal(extents, other):
        cast = type_.replace("DECIMAL", "numeric")
        scale = type_.rpartition(",")[2].rstrip(")")
        # What came since the look, and has more digits, is refused by the reader: nobody rounds it.
        given = f"cast(case when {{}} = round({{}}, {scale}) then {{}} else 'NaN' end as {cast})"
        return _each(columns, plain, lambda _: Way(given, type_))
    if other in _FLOATING:
        raise StatementFailed(
            f"column {columns[1].name} has numbers of more digits than {other} or DECIMAL({_DIGITS_MAX}) hold, and "
            "nothing is rounded"
        )
    return _as_text(plain[0], kinds[0]), _as_text(plain[1], kinds[1])


def _each(columns: tuple[Column, Column], plain: tuple[Way, Way], made: Callable[[Column], Way]) -> tuple[Way, Way]:
    """Return the ways in which the unbounded ones of two columns are brought otherwise."""
    first, second = (made(one) if is_unbounded(one) else as_is for one, as_is in zip(columns, plain, strict=True))
    return first, second


def _decimal(extents: Sequence[Extent], other: str) -> str:
    """Return the decimal that holds all values: that of the other side where it does. Empty: there is none."""
    whole, scale = max(one.whole for one in extents), max(one.scale for one in extents)
    if any(one.endless for one in extents) or whole + scale > _DIGITS_MAX:
        return ""
    if (found := _DECIMAL.fullmatch(other)) and whole <= int(found[1]) - int(found[2]) and scale <= int(found[2]):
        return other
    return f"DECIMAL({_DIGITS_MAX},{scale})"


def _as_text(plain: Way, kind: str) -> Way:
    """Return the way of a number as a text of which each number has one: without zeros at the end."""
    if kind == "postgres":
        return Way("cast(trim_scale(cast({} as numeric)) as text)", "VARCHAR")
    found = _DECIMAL.fullmatch(plain.type)
    return Way(decimal_text(int(found[2]) if found else 0), "VARCHAR")
