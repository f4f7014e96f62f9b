"""Comparisons and fingerprints in PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from sys import float_info

from headgate.core.recipe import Column
from headgate.plugins.engines.compare_texts import SHOWN_FLOAT, Form, Words
from headgate.plugins.engines.fingerprint_texts import Hashing

_WHOLE = frozenset(("smallint", "integer", "bigint"))
_FLOATS = frozenset(("real", "double precision"))
_DECIMAL = re.compile(r"numeric(\(.*\))?")
_TEXTS = re.compile(r"(text|character varying|character|name)(\(\d+\))?( COLLATE .*)?")
_TIMES = ("date", "timestamp without time zone", "timestamp with time zone")
_OTHERS = frozenset(("boolean", "bytea", "inet", "macaddr", "oid", "time without time zone", "uuid"))
_NUMERIC_OF_FLOAT = re.compile(r"numeric\((\d|1[0-5]),\d\d?\)")
"""Decimals that are told apart as floating-point numbers, too: of at most 15 digits."""
_TIME = re.compile(r"(timestamp|time)\(\d\)")

_DOUBLE = "cast({} as double precision)"
_WITHIN_FLOATS = frozenset(("smallint", "integer")) | _FLOATS
_FLOAT_AS_NUMERIC = (
    f"case when abs({_DOUBLE}) >= 1e15 and {_DOUBLE} >= -9223372036854775808 and {_DOUBLE} < 9223372036854775808 "
    f"then cast(cast(trunc({_DOUBLE}) as bigint) as numeric) + cast({_DOUBLE} - trunc({_DOUBLE}) as numeric) "
    f"else cast(cast({_DOUBLE} as text) as numeric) end"
)
"""A floating-point number stands for the shortest decimal that is read as it, 0.1 for 0.1; from 10^15 on, where those
are no longer told apart, for what it is as far as a bigint holds that. A cast to numeric would keep 15 digits alone.
"""

_NUMERIC = "cast({} as numeric)"
_NUMERICS_APART = "abs(cast({new} as numeric) - cast({old} as numeric))"
_NEW, _OLD = "cast({new} as double precision)", "cast({old} as double precision)"
_FLOATS_APART = (
    f"case when sign({_NEW}) = sign({_OLD}) or (abs({_NEW}) < 8e307 and abs({_OLD}) < 8e307) "
    f"then abs({_NEW} - {_OLD}) else 'Infinity' end"
)
"""PostgreSQL refuses to subtract what would be above the greatest floating-point number."""

_SHOWN_NUMERIC = "cast(trim_scale({}) as text)"
"""1.0 equals 1.00; only a type with a scale of its own says which of them a column holds."""

_TEXT = 'cast({} as text) collate "C"'
_AS_TEXT = Form(_TEXT, _TEXT)


def form(before: Column, after: Column) -> Form:
    """Return how two columns are compared in PostgreSQL.

    >>> form(Column("a", "integer"), Column("a", "text")).before
    'cast({} as text) collate "C"'
    """
    one, other = _plain(before.type), _plain(after.type)
    if _is_number(one) and _is_number(other):
        return _of_numbers(one, other)
    if one in _TIMES and other in _TIMES:
        cast = f"cast({{}} as {max(one, other, key=_TIMES.index)})"
        return Form() if one == other else Form(cast, cast)
    if one == other and (one in _OTHERS or one == "jsonb"):
        return Form()
    return _AS_TEXT


def _plain(type_: str) -> str:
    """Return a type without the number of digits of its seconds."""
    return _TIME.sub(r"\1", type_)


def _is_number(type_: str) -> bool:
    return type_ in _WHOLE or type_ in _FLOATS or _DECIMAL.fullmatch(type_) is not None


def _of_numbers(one: str, other: str) -> Form:
    if one in _FLOATS or other in _FLOATS:
        if one == other:
            return Form("{}", "{}", SHOWN_FLOAT, _DOUBLE, _FLOATS_APART, _share_of_float)
        if all(type_ in _WITHIN_FLOATS or _NUMERIC_OF_FLOAT.fullmatch(type_) for type_ in (one, other)):
            return Form(_DOUBLE, _DOUBLE, SHOWN_FLOAT, _DOUBLE, _FLOATS_APART, _share_of_float)
        before, after = (_FLOAT_AS_NUMERIC if type_ in _FLOATS else _NUMERIC for type_ in (one, other))
        return Form(before, after, _SHOWN_NUMERIC, _NUMERIC, _NUMERICS_APART, _share_of_numeric)
    cast = "{}" if one == other else _NUMERIC
    shown = "cast({} as text)" if one == other != "numeric" else _SHOWN_NUMERIC
    return Form(cast, cast, shown, _NUMERIC, _NUMERICS_APART, _share_of_numeric)


def _share_of_float(old: str, part: float) -> str:
    """Return a part of a number, where PostgreSQL would refuse it as too small or too large the nearest that it has."""
    if not part:
        return "0"
    least, greatest = 1e-323 / part, min(1e308 / part, float_info.max)
    return f"case when abs({old}) < {least!r} then 0 else {part!r} * least(abs({old}), {greatest!r}) end"


def _share_of_numeric(old: str, part: float) -> str:
    return f"{part!r} * abs({old})"


WORDS = Words(form)


def hashing(version: str) -> Hashing:
    """Return how PostgreSQL hashes: the text of a record, in which NULL, '' and separators are told apart."""
    return Hashing(f"postgres {version}", _hashed, _sums, lambda key, values: _sums([*key, *values]))


def _hashed(column: Column) -> str:
    type_ = _plain(column.type)
    known = (
        _is_number(type_) or type_ in _TIMES or type_ in _OTHERS or _TEXTS.fullmatch(type_)
        or type_ in ("interval", "json", "jsonb", "time with time zone")
    )  # fmt: skip
    return "{}" if known else ""


def _sums(values: Sequence[str]) -> tuple[str, str]:
    record = f"cast(row({', '.join(values)}) as text)"
    return f"sum(hashtextextended({record}, 0))", f"sum(hashtextextended({record}, 1))"
