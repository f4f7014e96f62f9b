"""The statements that find fingerprints, as every engine understands them: one pass, two sums for each digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from headgate.core.address import fold
from headgate.core.common_columns import are_told_apart_by_case
from headgate.core.comparison import KeyFacts
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest, digest
from headgate.core.ports.comparing import Pairing, Side
from headgate.core.recipe import Column
from headgate.plugins.engines.compare_texts import Ask, Statements, Words, key_facts
from headgate.plugins.engines.sql_texts import quoted

NUMBER = 3
"""The number of the way in which digests are made. Raise it when the same rows get another one."""

BEGINNING_ROWS = 10_000
"""So many rows tell of two tables that they are other ones, where one row in 2,000 is: all but surely, and in a few
milliseconds."""


@dataclass(frozen=True, slots=True)
class Hashing:
    """How an engine hashes. ``version`` is that of its hash function, with its name.

    ``value`` gives of a column what is hashed, with ``{}`` for the column: values that are not the same to see give
    different ones, so that 0.0 and -0.0 are apart. Empty: no way is known for its type. ``sums`` gives the two
    aggregates over the hash of some values in each row; ``keyed_sums`` those over values of which a first part is in no
    other row, which may cost less. ``position`` is the place of a row of a table among the others; empty where rows
    have none.
    """

    version: str
    value: Callable[[Column], str]
    sums: Callable[[Sequence[str]], tuple[str, str]]
    keyed_sums: Callable[[Sequence[str], Sequence[str]], tuple[str, str]]
    position: str = ""


def fingerprint(
    ask: Ask,
    side: Side,
    key: Sequence[str],
    words: Words,
    hashing: Hashing,
    is_unique: Callable[[Side], bool],
    beside: Fingerprint | None = None,
) -> Fingerprint | None:
    """Return the fingerprint of a side; ``beside`` is that of the side which it may be equal to.

    None where that has other keys, and so no column that may be equal.
    """
    looking = _Looking(ask, side, tuple(key), hashing)
    beginning = looking.beginning()
    if beside is not None and (beside.method, beside.key) == (looking.method, looking.key):
        if beginning and beginning == beside.beginning:
            found = looking.whole(by_key=bool(beside.columns))
            if found.whole == beside.whole:
                return replace(beside, order=found.order)
        if beside.columns and looking.of_keys() != beside.columns[""]:
            return None
    keys = KeyFacts()
    if key:
        keys = key_facts(ask, Statements(Pairing(side, side, tuple(key), ()), words), side, is_unique)
    is_keyed = bool(key) and not keys.nulls and not keys.repeated
    return replace(looking.all(is_keyed=is_keyed), keys=keys, beginning=beginning)


_WHOLE, _ORDER = "*", "#"
_Part = tuple[str, tuple[tuple[str, str], ...], tuple[str, str]]
"""What is digested: its name, the names and types that are inside, the two sums."""


@dataclass(frozen=True, slots=True)
class _Looking:
    """What is asked of a side, and how."""

    ask: Ask
    side: Side
    key: tuple[str, ...]
    hashing: Hashing

    @property
    def method(self) -> str:
        """The engine, the version of its hash function, and this way."""
        return f"{NUMBER} {self.hashing.version}"

    def beginning(self) -> Digest:
        """Return the digest of the first rows; empty where whole rows have none."""
        limited = f"(select * from {self.side.relation} as t limit {BEGINNING_ROWS})"
        parts = self._whole()
        return self._digests(limited, parts)[1][_WHOLE] if parts else Digest("")

    def of_keys(self) -> Digest:
        """Return the digest of the keys; empty where they have none."""
        parts = self._by_key()[:1]
        return self._digests(self.side.relation, parts)[1][""] if parts else Digest("")

    def whole(self, *, by_key: bool) -> Fingerprint:
        """Return the digests of whole rows, and of the order of them or, ``by_key``, of the keys."""
        return self._found([*self._whole(), *self._order(by_key=by_key)])

    def all(self, *, is_keyed: bool) -> Fingerprint:
        """Return all digests; those of columns where the key says which row is which."""
        by_key = self._by_key() if is_keyed else []
        return self._found([*by_key, *self._whole(), *self._order(by_key=bool(by_key))])

    def _found(self, parts: Sequence[_Part]) -> Fingerprint:
        rows, digests = self._digests(self.side.relation, parts)
        whole, order = digests.pop(_WHOLE, Digest("")), digests.pop(_ORDER, Digest(""))
        if "" in digests:
            known = {*digests, *map(fold, self.key)}
            digests.update({name: Digest("") for one in self.side.shape if (name := fold(one.name)) not in known})
        return Fingerprint(self.method, rows, self.key, columns=digests, whole=whole, order=order)

    def _digests(self, relation: str, parts: Sequence[_Part]) -> tuple[int, dict[str, Digest]]:
        aggregates = [one for _, _, sums in parts for one in sums]
        rows, *sums = self.ask(f"select {', '.join(('count(*)', *aggregates))} from {relation} as t")[0]
        return int(rows), {
            name: digest("fingerprint", self.method, int(rows), shape, *map(str, sums[2 * n : 2 * n + 2]))
            for n, (name, shape, _) in enumerate(parts)
        }

    def _by_key(self) -> list[_Part]:
        keys, hashing = self._keys(), self.hashing
        own = [_value(column, hashing) for column in keys]
        if not all(own) or are_told_apart_by_case(self.side.shape):  # digests stand under folded names
            return []
        hashed = ((column, _value(column, hashing)) for column in self.side.shape if column not in keys)
        others = [(fold(c.name), _described([*keys, c]), hashing.keyed_sums(own, [one])) for c, one in hashed if one]
        return [("", _described(keys), hashing.keyed_sums(own, [])), *others]

    def _whole(self) -> list[_Part]:
        columns = sorted(self.side.shape, key=lambda column: (fold(column.name), column.name))
        values = [_value(column, self.hashing) for column in columns]
        return [(_WHOLE, _described(columns), self.hashing.sums(values))] if all(values) else []

    def _order(self, *, by_key: bool) -> list[_Part]:
        place = self.hashing.position
        columns = self._keys() if by_key else self.side.shape
        values = [_value(column, self.hashing) for column in columns]
        if not self.side.is_table or not place or not all(values):
            return []
        return [(_ORDER, _described(columns), self.hashing.keyed_sums([place], values))]

    def _keys(self) -> list[Column]:
        return [self.side.column(name) for name in self.key]


def _value(column: Column, hashing: Hashing) -> str:
    template = hashing.value(column)
    return template.replace("{}", f"t.{quoted(column.name)}") if template else ""


def _described(columns: Sequence[Column]) -> tuple[tuple[str, str], ...]:
    is_exact = are_told_apart_by_case(tuple(columns))
    return tuple((column.name if is_exact else fold(column.name), column.type) for column in columns)
