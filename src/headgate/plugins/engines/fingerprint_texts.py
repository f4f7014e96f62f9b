"""The statements that find fingerprints, as every engine understands them: one pass, two sums for each digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headgate.core.address import fold
from headgate.core.common_columns import are_told_apart_by_case
from headgate.core.comparison import KeyFacts
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest, digest
from headgate.core.ports.comparing import Pairing, Side
from headgate.core.recipe import Column
from headgate.plugins.engines.compare_texts import Ask, Statements, Words, key_facts
from headgate.plugins.engines.sql_texts import quoted

NUMBER = 1
"""The number of the way in which digests are made. Raise it when the same rows get another one."""


@dataclass(frozen=True, slots=True)
class Hashing:
    """How an engine hashes. ``version`` is that of its hash function, with its name.

    ``value`` gives of a column what is hashed, with ``{}`` for the column: values that are not the same to see give
    different ones, so that 0.0 and -0.0 are apart. Empty: no way is known for its type. ``sums`` gives the two
    aggregates over the hash of some values in each row. ``position`` is the place of a row of a table among the others;
    empty where rows have none.
    """

    version: str
    value: Callable[[Column], str]
    sums: Callable[[Sequence[str]], tuple[str, str]]
    position: str = ""


def fingerprint(
    ask: Ask, side: Side, key: Sequence[str], words: Words, hashing: Hashing, is_unique: Callable[[Side], bool]
) -> Fingerprint:
    """Return the fingerprint of a side."""
    keys = (
        key_facts(ask, Statements(Pairing(side, side, tuple(key), ()), words), side, is_unique) if key else KeyFacts()
    )
    if key and not keys.nulls and not keys.repeated:
        parts = _by_key(side, key, hashing)
    else:
        parts = _whole(side, hashing)
    if parts and side.is_table and hashing.position:
        _, described, values = parts[0]
        parts = [*parts, (_ORDER, described, [hashing.position, *values])]
    aggregates = [sum_ for _, _, values in parts for sum_ in hashing.sums(values)]
    rows, *sums = ask(f"select {', '.join(('count(*)', *aggregates))} from {side.relation} as t")[0]
    method = f"{NUMBER} {hashing.version}"
    digests = {
        name: digest("fingerprint", method, int(rows), shape, *map(str, sums[2 * n : 2 * n + 2]))
        for n, (name, shape, _) in enumerate(parts)
    }
    whole, order = digests.pop(_WHOLE, Digest("")), digests.pop(_ORDER, Digest(""))
    if "" in digests:
        known = {*digests, *map(fold, key)}
        digests.update({name: Digest("") for column in side.shape if (name := fold(column.name)) not in known})
    return Fingerprint(method, int(rows), tuple(key), keys, digests, whole, order)


_WHOLE, _ORDER = "*", "#"
_Part = tuple[str, tuple[tuple[str, str], ...], list[str]]
"""What is digested: its name, the names and types that are inside, the values that are hashed of each row."""


def _by_key(side: Side, key: Sequence[str], hashing: Hashing) -> list[_Part]:
    keys = [side.column(name) for name in key]
    own = [_value(column, hashing) for column in keys]
    if not all(own) or are_told_apart_by_case(side.shape):  # digests stand under folded names
        return []
    hashed = ((column, _value(column, hashing)) for column in side.shape if column not in keys)
    others = [(fold(c.name), _described([*keys, c]), [*own, value]) for c, value in hashed if value]
    return [("", _described(keys), own), *others]


def _whole(side: Side, hashing: Hashing) -> list[_Part]:
    columns = sorted(side.shape, key=lambda column: (fold(column.name), column.name))
    values = [_value(column, hashing) for column in columns]
    return [(_WHOLE, _described(columns), values)] if all(values) else []


def _value(column: Column, hashing: Hashing) -> str:
    template = hashing.value(column)
    return template.replace("{}", f"t.{quoted(column.name)}") if template else ""


def _described(columns: Sequence[Column]) -> tuple[tuple[str, str], ...]:
    is_exact = are_told_apart_by_case(tuple(columns))
    return tuple((column.name if is_exact else fold(column.name), column.type) for column in columns)
