"""Profiles in PostgreSQL: one pass for the figures, in which several processes help, and one that picks rows.

The picked rows are those of one process that reads the table from its beginning, by random numbers that begin with the
same seed: so they are the same ones each time, as long as nobody rewrites the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.profiles import LEVELS
from headgate.plugins.engines.profile_texts import Role, Words, role_of

_ENDLESS = ("real", "double precision")
_SETTINGS = (
    "select setseed(0.5), set_config('max_parallel_workers_per_gather', '0', true), "
    "set_config('synchronize_seqscans', 'off', true)",
)


def _finite(column: str, type_: str) -> str:
    """Return a value of a column, NULL where it is infinite or no number."""
    if type_ in _ENDLESS or type_.startswith("numeric"):
        return f"case when {column} not in ('NaN', 'Infinity', '-Infinity') then {column} end"
    if role_of(type_) is Role.TIME:
        return f"case when isfinite({column}) then {column} end"
    return column


def _number(value: str, type_: str) -> str:
    """Return a value as a double: times as seconds since 1970 in UTC."""
    seconds = f"extract(epoch from {value})" if role_of(type_) is Role.TIME else value
    return f"cast({seconds} as double precision)"


def _least(value: str, role: Role) -> str:
    return _extreme("bool_and" if role is Role.TRUTH else "min", value, role)


def _greatest(value: str, role: Role) -> str:
    return _extreme("bool_or" if role is Role.TRUTH else "max", value, role)


def _extreme(aggregate: str, value: str, role: Role) -> str:
    return f"{aggregate}({_key(value, role)})"


def _key(value: str, role: Role) -> str:
    """Return what values are grouped and ordered by: bytes of texts, as a collation may take two of them for one."""
    if role is Role.OTHER:
        return f"cast({value} as text)"  # of some types values cannot be compared
    return f'cast({value} as text) collate "C"' if role is Role.TEXT else value


def _first(number: str, text: str, count: int, condition: str) -> str:
    """Aggregate the first pairs of a number and a text, both as texts."""
    pair = f"array[cast({number} as text), {text}]"
    return f'(array_agg({pair} order by {number}, {text} collate "C") filter (where {condition}))[1:{count:d}]'


def _quantiles(values: Mapping[int, str], source: str) -> str:
    """Return the SELECT of lists of quantiles: at level q of n values that of place ``ceil(q n)``."""
    levels = ", ".join(f"{number / LEVELS:.3f}" for number in range(LEVELS + 1))
    found = f"percentile_disc(cast(array[{levels}] as double precision[])) within group"
    return " union all ".join(
        f"select {place:d}, {found} (order by {value}) from {source}" for place, value in values.items()
    )


def _pick(items: str, source: str, share: float) -> str:
    return f"select {items} from {source}" + (f" where random() < {share:.9f}" if share < 1 else "")


WORDS = Words(
    text="text",
    finite=_finite,
    number=_number,
    total=lambda value, type_: f"sum({_number(value, type_) if type_ in _ENDLESS else value})",
    least=_least,
    greatest=_greatest,
    key=_key,
    first=_first,
    quantiles=_quantiles,
    pick=_pick,
    no_first="cast(null as text[])",
    settings=_SETTINGS,
)
