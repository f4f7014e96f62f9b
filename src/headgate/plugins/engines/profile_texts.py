"""The statements that find profiles, as every engine understands them; what engines say otherwise is in ``Words``.

One pass over all rows gives counts, extremes, sums and deviations. What needs an order or a grouping is found in memory
of the engine: in all rows of a small table, in about 100,000 of a large one, which are the same ones each time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from headgate.core.column_types import Family, family_of
from headgate.core.errors import EngineFailed
from headgate.core.ports.measuring import Measured
from headgate.core.profiles import LEVELS, TOP_MAX, ColumnProfile, Profile
from headgate.plugins.engines.measure_texts import source
from headgate.plugins.engines.sql_texts import quoted

SAMPLE_ROWS, WHOLE_ROWS = 100_000, 200_000
"""About so many rows are picked of a table with more rows than the second; of smaller ones all are."""

COLUMNS_AT_ONCE, COLUMNS_OF_SMALL = 50, 10
"""So many columns are found in one statement: of a large table, which is read for each, and of a small one.

For 50 columns of 1,000 rows one statement takes DuckDB 1.5 0.57 s, 2.0 1.4 s; five statements take 1.5 0.31 s.
"""

TEXT_MAX = 200
"""Longer texts are nobody's category; extremes are cut there."""

PICKED, PARTS = "picked", 1_000_000
"""What the picked rows are called inside of a statement; their share is written in so many parts."""

Ask: TypeAlias = Callable[[Sequence[str]], "Sequence[Sequence[Any]] | None"]
"""Gives the rows of the last of some statements, of one transaction; None where the engine refuses one of them."""

_FIGURES, _SHARES = 6, 5
"""Items of each column in the SELECT of figures, and in that of picked rows."""

_TIME = re.compile(r"DATE|TIMESTAMP(TZ|_S|_MS|_NS)?( WITH(OUT)? TIME ZONE)?|INTERVAL", re.IGNORECASE)
_EXACT = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|INT[248]?", re.IGNORECASE)


class Role(Enum):
    """What of a column is looked at. Of ``OTHER`` (nested values, bytes, ...) only NULL and different values count."""

    WHOLE = auto()
    NUMBER = auto()
    TIME = auto()
    TEXT = auto()
    TRUTH = auto()
    OTHER = auto()


_OF_FAMILIES = {Family.NUMBER: Role.NUMBER, Family.TEXT: Role.TEXT, Family.TRUTH: Role.TRUTH}
NUMBERS = (Role.WHOLE, Role.NUMBER)
MEASURED_OUT = (*NUMBERS, Role.TIME)
COUNTED_OUT = (Role.WHOLE, Role.TEXT, Role.TRUTH)
"""Of these there are figures; quantiles; frequent values."""


@dataclass(frozen=True, slots=True)
class Words:
    """What engines say otherwise.

    ``finite`` gives a value, or NULL where it is no number or no time; ``number`` gives it as a double; ``total`` its
    sum. ``least`` and ``greatest`` aggregate; values are grouped by their ``key``. ``first`` aggregates numbers
    and texts: the first pairs by number, then by the text's bytes, so many at most, of where a condition holds.
    ``quantiles`` gives the SELECT, for the values of each place, of the place and a list of them at all levels;
    ``pick`` that of about a share of the rows, for which ``settings`` are made. ``no_first`` is NULL of the type of
    ``first``.
    """

    text: str
    finite: Callable[[str, str], str]
    number: Callable[[str, str], str]
    total: Callable[[str, str], str]
    least: Callable[[str, Role], str]
    greatest: Callable[[str, Role], str]
    key: Callable[[str, Role], str]
    first: Callable[[str, str, int, str], str]
    quantiles: Callable[[Mapping[int, str], str], str]
    pick: Callable[[str, str, float], str]
    no_first: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What all rows say of a column: how many are not NULL, how many of those finite, and the figures over these."""

    filled: int
    finite: int
    least: str | None = None
    greatest: str | None = None
    deviation: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """What the picked rows say: their values, how many differ, how many stand once, frequent ones and quantiles."""

    values: int = 0
    different: int = 0
    single: int = 0
    frequent: tuple[tuple[str, int], ...] = ()
    quantiles: tuple[float, ...] = ()


def role_of(type_: str) -> Role:
    """Return what is looked at of a column of this type.

    >>> [role_of(type_).name for type_ in ("BIGINT", "numeric(9,2)", "TIMESTAMP_NS", "VARCHAR COLLATE nocase", "INT[]")]
    ['WHOLE', 'NUMBER', 'TIME', 'TEXT', 'OTHER']
    """
    if _TIME.fullmatch(type_):
        return Role.TIME
    return Role.WHOLE if _EXACT.fullmatch(type_) else _OF_FAMILIES.get(family_of(type_), Role.OTHER)


def profile_of(ask: Ask, table: Measured, words: Words) -> Profile:
    """Return the profile of a table's columns. Where a figure of one cannot be found, only its NULLs are counted."""
    rows = _only(ask([f"select count(*) from {source(table)}"]))
    names = list(table.types)
    columns: dict[str, ColumnProfile] = {}
    at_once = COLUMNS_AT_ONCE if rows > WHOLE_ROWS else COLUMNS_OF_SMALL
    for first in range(0, len(names), at_once):
        some = names[first : first + at_once]
        found = _profiles(ask, _narrowed(table, some), rows, words)
        columns.update(found or {name: _alone(ask, _narrowed(table, [name]), rows, words) for name in some})
    return Profile(rows, columns)


def _profiles(ask: Ask, table: Measured, rows: int, words: Words) -> Mapping[str, ColumnProfile]:
    """Return the profiles of some columns; none where the engine refuses to find them."""
    figures = ask([figures_text(table, words)])
    shares = None if figures is None else _shares(ask, table, words, share_of(rows))
    if figures is None or shares is None:
        return {}
    of_all, of_some = figures_of(figures[0], table.types), shares_of(shares, table.types)
    return {name: column_profile(type_, rows, of_all[name], of_some[name]) for name, type_ in table.types.items()}


def _alone(ask: Ask, table: Measured, rows: int, words: Words) -> ColumnProfile:
    ((name, type_),) = table.types.items()
    found = _profiles(ask, table, rows, words)
    if not found:
        filled = ask([f"select count({quoted(name)}) from {source(table)}"])
        return ColumnProfile(type_, rows - _only(filled), 0, is_refused=True)
    return found[name]


def _narrowed(table: Measured, names: Sequence[str]) -> Measured:
    return Measured(table.relation, {name: table.types[name] for name in names})


def _only(rows: Sequence[Sequence[Any]] | None) -> int:
    if rows is None:
        raise EngineFailed("the rows of a table cannot be counted")
    return int(rows[0][0])


def share_of(rows: int) -> float:
    """Return the share of a table's rows that are picked; 1 of a small one."""
    return SAMPLE_ROWS / rows if rows > WHOLE_ROWS else 1.0


def figures_text(table: Measured, words: Words) -> str:
    """Return the SELECT of six figures of each column."""
    items: list[str] = []
    for name, type_ in table.types.items():
        column, role = quoted(name), role_of(type_)
        finite = words.finite(column, type_)
        bounds = ["null", "null"]
        if role is not Role.OTHER:
            bounds = [f"cast({one(finite, role)} as {words.text})" for one in (words.least, words.greatest)]
        sums = ["null", "null"]
        if role in NUMBERS:
            sums = [f"stddev_samp({words.number(finite, type_)})", words.total(finite, type_)]
        items += [f"count({column})", f"count({finite})", *bounds, *sums]
    return f"select {', '.join(items)} from {source(table)}"


def figures_of(row: Sequence[Any], types: Mapping[str, str]) -> dict[str, Figures]:
    """Return the figures of each column from the row that the SELECT gives."""
    found = {}
    for number, name in enumerate(types):
        at = number * _FIGURES
        filled, finite, least, greatest, deviation, total = row[at : at + _FIGURES]
        found[name] = Figures(filled, finite, least, greatest, _float(deviation), _float(total))
    return found


def _shares(ask: Ask, table: Measured, words: Words, share: float) -> Sequence[Sequence[Any]] | None:
    """Return what the picked rows say, in rows of place, four items of groups, and quantiles; None where refused."""
    if share < 1 or not _is_name(table.relation):
        found = ask([*words.settings, picked_text(table, words, share)])
        return None if found is None else [(n, *found[0][n * _SHARES :][:_SHARES]) for n in range(len(table.types))]
    groups, quantiles = ask([groups_text(table, words)]), ask([quantiles_text(table, words)])
    if groups is None or quantiles is None:
        return None
    ordered: dict[int, Any] = dict(map(tuple, quantiles))
    return [(*row, ordered.get(row[0])) for row in groups]


def _is_name(relation: str) -> bool:
    """Tell whether a relation is a table: a query would be computed for each mention of it."""
    return not relation.lstrip().startswith("(")


def picked_text(table: Measured, words: Words, share: float) -> str:
    """Return the SELECT of what some rows of a large table or a query say: five items for each column, in one row.

    One statement, so that rows are picked once.
    """
    columns = _finite(table, words)
    items = ", ".join(f"{value} as {short}" for short, value, _ in columns)
    parts = [f"{PICKED} as materialized ({words.pick(items, source(table), share)})"]
    parts += [
        f"groups_{short} as materialized ({_groups(words, short, short, type_, PICKED)})" for short, _, type_ in columns
    ]
    found = []
    for short, _, type_ in columns:
        said = _group_items(type_, words)
        found += [item if item == words.no_first else f"(select {item} from groups_{short})" for item in said]
        ordered = words.quantiles({0: words.number(short, type_)}, PICKED) if role_of(type_) in MEASURED_OUT else ""
        found.append(f"(select q from ({ordered}) as ordered (place, q))" if ordered else "null")
    return f"with {', '.join(parts)} select {', '.join(found)}"


def groups_text(table: Measured, words: Words) -> str:
    """Return the SELECT of place, and what the groups say, of each column of a small table: a row for each.

    One wide row of it takes DuckDB twice as long, as it looks for the best order to join its parts in.
    """
    parts = []
    for place, (short, value, type_) in enumerate(_finite(table, words)):
        groups = _groups(words, short, value, type_, source(table))
        parts.append(f"select {place:d}, {', '.join(_group_items(type_, words))} from ({groups}) as groups_{short}")
    return " union all ".join(parts)


def quantiles_text(table: Measured, words: Words) -> str:
    """Return the SELECT of place and quantiles of each column of a small table that has some."""
    ordered = {
        place: words.number(value, type_)
        for place, (_, value, type_) in enumerate(_finite(table, words))
        if role_of(type_) in MEASURED_OUT
    }
    return words.quantiles(ordered, source(table)) if ordered else "select 0, null where false"


def _finite(table: Measured, words: Words) -> list[tuple[str, str, str]]:
    """Return a short name, the finite value and the type of each column."""
    columns = enumerate(table.types.items())
    return [(f"c{number}", words.finite(quoted(name), type_), type_) for number, (name, type_) in columns]


def _groups(words: Words, short: str, value: str, type_: str, rows: str) -> str:
    values = f"select {value} as {short} from {rows}"
    key = words.key(short, role_of(type_))
    return f"select {key} as v, count(*) as k from ({values}) as found where {short} is not null group by 1"


def _group_items(type_: str, words: Words) -> tuple[str, ...]:
    """Return how many values there are, how many differ, how many stand once, and the frequent ones, of groups."""
    role, first = role_of(type_), words.no_first
    if role in COUNTED_OUT:
        value = f"cast(v as {words.text})"
        condition = f"length({value}) <= {TEXT_MAX:d}" if role is Role.TEXT else "true"
        first = words.first("-k", value, TOP_MAX + 1, condition)
    return "cast(coalesce(sum(k), 0) as bigint)", "count(*)", "count(*) filter (where k = 1)", first


def shares_of(rows: Iterable[Sequence[Any]], types: Mapping[str, str]) -> dict[str, Shares]:
    """Return what the picked rows say of each column from the rows that ``_shares`` gives."""
    names, found = list(types), {}
    for place, values, different, single, frequent, quantiles in rows:
        top = sorted(((text, -int(less)) for less, text in frequent or ()), key=lambda one: (-one[1], one[0]))
        finite = tuple(float(one) for one in quantiles or () if one is not None)
        found[names[place]] = Shares(values, different, single, tuple(top), finite if len(finite) == LEVELS + 1 else ())
    return found


def column_profile(type_: str, rows: int, figures: Figures, shares: Shares) -> ColumnProfile:
    """Return the profile of a column from what all rows and the picked ones say."""
    role, values = role_of(type_), figures.finite
    is_sampled = rows > WHOLE_ROWS
    return ColumnProfile(
        type=type_,
        nulls=rows - figures.filled,
        distinct=_distinct(shares, values) if is_sampled else shares.different,
        least=_cut(figures.least),
        greatest=_cut(figures.greatest),
        mean=figures.total / values if figures.total is not None and values else None,
        deviation=figures.deviation,
        sum=figures.total,
        quantiles=_quantiles(figures, shares, role),
        top=_top(shares, role, values),
        nan=figures.filled - values,
        sampled=shares.values if is_sampled else 0,
    )


def _quantiles(figures: Figures, shares: Shares, role: Role) -> tuple[float, ...]:
    """Return the quantiles to twelve digits; those of numbers end with the least and the greatest value of all rows."""
    inner = list(shares.quantiles)
    if inner and role in NUMBERS and figures.least is not None and figures.greatest is not None:
        inner[0], inner[-1] = float(figures.least), float(figures.greatest)
    return tuple(float(f"{one:.12g}") for one in inner)


def _distinct(shares: Shares, values: int) -> int:
    """Return how many different values there are, as those of a sample suggest.

    That is the estimator Duj1 of Haas and Stokes (Journal of the American Statistical Association 93, 1998).
    """
    if not shares.values:
        return 0
    seen, single = shares.values, shares.single
    estimate = seen * shares.different / (seen - single + single * seen / max(values, seen))
    return max(shares.different, min(values, round(estimate)))


def _top(shares: Shares, role: Role, values: int) -> tuple[tuple[str, int], ...]:
    """Return the frequent values: all where they are few, else of texts those that stand more than once."""
    if len(shares.frequent) > TOP_MAX:
        kept = [one for one in shares.frequent[:TOP_MAX] if one[1] > 1 and role is not Role.WHOLE]
    else:
        kept = list(shares.frequent)
    factor = values / shares.values if shares.values else 1.0
    return tuple((text, max(1, round(count * factor))) for text, count in kept)


def _cut(text: str | None) -> str | None:
    return text[:TEXT_MAX] if text else text


def _float(value: Any) -> float | None:
    """Return a number as a float; None where there is none, or it is too large for one."""
    found = None if value is None else float(value)
    return found if found is not None and math.isfinite(found) else None
