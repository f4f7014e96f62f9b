"""Comparisons and fingerprints in DuckDB."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headgate.core.measures import Repeated
from headgate.core.ports.comparing import Pairing, Side
from headgate.core.ports.measuring import Measured
from headgate.core.recipe import Column
from headgate.plugins.engines.compare_texts import SHOWN_FLOAT, Ask, Form, Words
from headgate.plugins.engines.duckdb_measures import is_proven_unique
from headgate.plugins.engines.fingerprint_texts import Hashing

_WHOLE = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
)
_FLOATS = frozenset(("FLOAT", "DOUBLE"))
_TIMES = frozenset(("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"))
_HALVES = frozenset(("HUGEINT", "UHUGEINT"))
_OTHERS = frozenset(("BIT", "BLOB", "BOOLEAN", "TIME", "TIMESTAMP_NS", "UHUGEINT", "UUID", "VARCHAR"))
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_DIGITS_MAX = 38
_DIGITS_OF_WORD = 18
"""Decimals of so many digits stand in 64 bits, those of more in 128."""

_DIGITS_OF_DOUBLE = 15
"""Decimals of so many digits are told apart as DOUBLE, too, and DuckDB gives each the nearest one; from 16 on some are
one number."""
_NO_EQUALITY = re.compile(r"\b(INTERVAL|TIME WITH TIME ZONE|VARIANT|GEOMETRY)\b")
"""Of these values are equal that look different, or nothing is known; the word may as well be the name of a field."""

_TEXT = "cast({} as varchar)"
_DOUBLE = "cast({} as DOUBLE)"
_BYTES = Form("encode(cast({} as varchar))", "encode(cast({} as varchar))", "decode({})")


def form(before: Column, after: Column) -> Form:
    """Return how two columns are compared in DuckDB.

    >>> form(Column("a", "DECIMAL(9,2)"), Column("a", "BIGINT")).before
    'cast({} as DECIMAL(22,2))'
    """
    one, other = before.type, after.type
    if " COLLATE " in one or " COLLATE " in other:
        return _BYTES
    if one == other:
        return _of_one_type(one)
    if _is_number(one) and _is_number(other):
        return _of_numbers(one, other)
    if one in _TIMES and other in _TIMES:
        return Form("cast({} as TIMESTAMP)", "cast({} as TIMESTAMP)")
    return Form(_TEXT, _TEXT)


def _of_one_type(type_: str) -> Form:
    if type_ in _WHOLE:
        return Form(less="cast({} as DOUBLE)" if type_ == "HUGEINT" else "cast({} as HUGEINT)")
    if type_ in _FLOATS:
        return Form(shown=SHOWN_FLOAT, less="cast({} as DOUBLE)")
    if found := _DECIMAL.fullmatch(type_):
        # The difference of two has a digit more, for which DuckDB makes no room from DECIMAL(18) on.
        digits = int(found[1]) + 1
        return Form(less=f"cast({{}} as {f'DECIMAL({digits},{found[2]})' if digits <= _DIGITS_MAX else 'DOUBLE'})")
    if type_ in _TIMES or type_ in _OTHERS or not _NO_EQUALITY.search(type_):
        return Form()
    return Form(_TEXT, _TEXT)


def _is_number(type_: str) -> bool:
    return type_ in _WHOLE or type_ in _FLOATS or _DECIMAL.fullmatch(type_) is not None


def _of_numbers(one: str, other: str) -> Form:
    """Return the form of two numeric types: exact wherever one type holds both."""
    if one in _WHOLE and other in _WHOLE:
        less = "cast({} as DOUBLE)" if "HUGEINT" in (one, other) else "{}"
        return Form("cast({} as HUGEINT)", "cast({} as HUGEINT)", less=less)
    if one in _FLOATS or other in _FLOATS:
        exact = other if one in _FLOATS else one
        if exact in _FLOATS or sum(_digits(exact)) <= _DIGITS_OF_DOUBLE:
            return Form(_DOUBLE, _DOUBLE, SHOWN_FLOAT, "{}")
        return _of_wide(exact, is_before=one == exact)
    parts = [_digits(one), _digits(other)]
    scale, whole = max(s for _, s in parts), max(w for w, _ in parts)
    if scale + whole <= _DIGITS_MAX:
        type_ = f"DECIMAL({scale + whole},{scale})"
        cast = f"cast({{}} as {type_})"
        return Form(cast, cast, less=_of_one_type(type_).less)
    before, after = (decimal_text(s) for _, s in parts)
    return Form(before, after, less="cast({} as DOUBLE)")


def decimal_text(scale: int) -> str:
    """Return the text of a decimal, of which each number has one: 0.5, that DuckDB writes as .500 in some types."""
    if not scale:
        return _TEXT
    return rf"case when {{}} = 0 then '0' else regexp_replace(rtrim(rtrim({_TEXT}, '0'), '.'), '^(-?)\.', '\10.') end"


def _of_wide(type_: str, *, is_before: bool) -> Form:
    """Return the form of numbers with many digits beside floating-point ones: the text of what both are exactly.

    A floating-point number stands for the shortest decimal that is read as it, 0.1 for 0.1; from 10^15 on, where those
    are no longer told apart, for what it is. What the other type cannot hold has a text that none of its numbers has.
    """
    scale = _digits(type_)[1]
    wide = f"DECIMAL({_DIGITS_MAX},{scale})" if scale else "HUGEINT"
    whole = f"trunc({_DOUBLE})"
    rest = f"({_DOUBLE} - {whole})"
    near = f"try_cast(cast({_DOUBLE} as varchar) as {wide})"
    parts = f"(try_cast(try_cast({whole} as HUGEINT) as {wide}) + try_cast({rest} as {wide}))"
    limit = f"1e{_DIGITS_OF_DOUBLE}"
    floating = (
        f"coalesce(case when abs({_DOUBLE}) < {limit} and cast(cast({near} as varchar) as DOUBLE) = {_DOUBLE} "
        f"then cast({near} as varchar) when abs({_DOUBLE}) >= {limit} and cast(try_cast({rest} as {wide}) as DOUBLE) "
        f"= {rest} then cast({parts} as varchar) end, cast({_DOUBLE} as varchar))"
    )
    exact = f"cast(cast({{}} as {wide}) as varchar)"
    before, after = (exact, floating) if is_before else (floating, exact)
    return Form(before, after, less=_DOUBLE, distance=_distance(wide, scale))


def _distance(wide: str, scale: int) -> str:
    """Return how far two such texts lie apart: subtracted in their own type where that has room for both."""
    largest = f"4e{_DIGITS_MAX - 1 - scale}"
    held = " and ".join(
        f"cast(try_cast({{{side}}} as {wide}) as varchar) = {{{side}}} and abs(cast({{{side}}} as DOUBLE)) < {largest}"
        for side in ("old", "new")
    )
    exactly = f"cast(abs(try_cast({{new}} as {wide}) - try_cast({{old}} as {wide})) as DOUBLE)"
    return f"case when {held} then {exactly} else abs(cast({{new}} as DOUBLE) - cast({{old}} as DOUBLE)) end"


def _digits(type_: str) -> tuple[int, int]:
    """Return how many digits of a decimal or whole number stand before and behind the point."""
    if found := _DECIMAL.fullmatch(type_):
        return int(found[1]) - int(found[2]), int(found[2])
    return {"TINYINT": 3, "UTINYINT": 3, "SMALLINT": 5, "USMALLINT": 5, "INTEGER": 10, "UINTEGER": 10}.get(
        type_, 39 if type_ == "HUGEINT" else 20
    ), 0


WORDS = Words(form)


def is_unique(ask: Ask, pairing: Pairing, side: Side) -> bool:
    """Tell whether no key stands in two rows of a side, as far as that can be told without a grouping."""
    pairs = [pairing.pair(name) for name in pairing.key]
    if len(pairs) != 1 or pairs[0][0].type != pairs[0][1].type:
        return False
    column = side.column(pairing.key[0])
    table = Measured(side.relation, {column.name: column.type})
    return is_proven_unique(lambda sql: next(iter(ask(sql)), None), Repeated((column.name,)), table)


def hashing(version: str) -> Hashing:
    """Return how DuckDB hashes: ``hash`` is equal for values of other types, so that the types are in the digest."""
    return Hashing(f"duckdb {version}", _hashed, _sums, _keyed_sums, position="t.rowid")


def _hashed(column: Column) -> str:
    type_ = column.type
    if " COLLATE " in type_:
        return "encode(cast({} as varchar))"
    if type_ in _FLOATS:
        return "{}, signbit({})"  # hash gives 0.0 and -0.0 one value
    decimal = _DECIMAL.fullmatch(type_)
    if type_ in _HALVES or (decimal and int(decimal[1]) > _DIGITS_OF_WORD):
        # Of 128 bits hash takes the two halves and combines them by XOR: 0 and -1 have one value.
        return f"{{}}, {_DOUBLE}"
    if decimal or type_ in _WHOLE or type_ in _TIMES or type_ in _OTHERS - {"BIT", "UUID"}:
        return "{}"
    if type_ in ("BIT", "INTERVAL", "TIME WITH TIME ZONE", "UUID") or type_.startswith("ENUM("):
        return _TEXT  # of 128 bits a UUID is, too
    return ""


def _sums(values: Sequence[str]) -> tuple[str, str]:
    # Several values are combined by XOR, so that those of two rows may change places unseen: 39 and 163893 with true
    # and false. Hashed once more no bit of the sum stands for one value alone.
    one = f"hash(hash({', '.join(values)}))"
    return f"bit_xor({one})", f"sum({one})"


def _keyed_sums(key: Sequence[str], values: Sequence[str]) -> tuple[str, str]:
    # No two rows are equal, so that none cancels another, and XOR may be both sums: it takes a third of the time of one
    # of HUGEINT. A number is hashed with the key, so that no value of a column has the hash of its key.
    own = f"hash({', '.join(key)}, 1)"
    one = f"hash(xor({own}, hash({', '.join(values)})))" if values else f"hash({own})"
    return f"bit_xor({one})", f"bit_xor(hash({one}))"
