"""Rows compared with rows, whatever their order: a row that stands there twice has to come twice. Pure."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from headgate.core.recipe import Column, Shape
from headgate.trial.verdict import Changed, Difference, Texts

RELATIVE = 1e-9
"""So much of its size two numbers of type DOUBLE may differ by and count as equal; those of type FLOAT by 1e-6."""

ABSOLUTE = 1e-12
"""By so much any two floating-point numbers may differ."""

_RELATIVE_OF_FLOAT = 1e-6
_PAIRED_MAX = 200
"""Of so many rows that are left on each side it is looked which resemble each other."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)")
_FLOATING = re.compile(r"\b(DOUBLE|FLOAT|REAL)\b")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row taken apart: what has to be equal, and the numbers that have to be nearly so, with how nearly."""

    texts: Texts
    exact: Hashable
    numbers: tuple[float, ...]
    relatives: tuple[float, ...]


def compared(shape: Shape, expected: Sequence[Texts], came: Sequence[Texts]) -> Difference | None:
    """Return how the rows that came differ from those expected; None where they do not.

    NULL equals NULL, and NaN equals NaN. Floating-point numbers are equal within ``RELATIVE`` and ``ABSOLUTE``. Cost:
    linear in the rows, but for those that differ in such numbers alone, which are looked up by the first of them.
    """
    lacking, others = _without_equals(expected, came)
    parts = _Parts(shape)
    missing, unexpected = parts.without_near([parts.row(t) for t in lacking], [parts.row(t) for t in others])
    if not missing and not unexpected:
        return None
    same = len(expected) - len(missing)
    changed, left, more = _paired(parts, missing, unexpected)
    return Difference(shape, changed, tuple(r.texts for r in left), tuple(r.texts for r in more), same)


def _without_equals(expected: Sequence[Texts], came: Sequence[Texts]) -> tuple[list[Texts], list[Texts]]:
    """Return both without the rows whose texts pair off, in their order."""
    left = Counter(came)
    lacking: list[Texts] = []
    for row in expected:
        if left[row] > 0:
            left[row] -= 1
        else:
            lacking.append(row)
    others: list[Texts] = []
    for row in reversed(came):
        if left[row] > 0:
            left[row] -= 1
            others.append(row)
    return lacking, others[::-1]


class _Parts:
    """How the values of a table's columns are taken apart."""

    def __init__(self, shape: Shape) -> None:
        self._floating = [bool(_FLOATING.search(_unquoted(column.type))) for column in shape]
        self._json = [column.type == "JSON" for column in shape]
        self._relatives = [_relative(column) for column in shape]

    def row(self, texts: Texts) -> _Row:
        numbers: list[float] = []
        relatives: list[float] = []
        exact: list[str | None] = []
        for number, text in enumerate(texts):
            if text is not None and self._floating[number]:
                found = [float(one) for one in _NUMBER.findall(text)]
                numbers += found
                relatives += [self._relatives[number]] * len(found)
                text = _NUMBER.sub("#", text)
            elif text is not None and self._json[number]:
                text = _canonical(text)
            exact.append(text)
        return _Row(texts, tuple(exact), tuple(numbers), tuple(relatives))

    def without_near(self, expected: list[_Row], came: list[_Row]) -> tuple[list[_Row], list[_Row]]:
        """Return both without the rows that pair off within the tolerance, in their order."""
        groups: dict[Hashable, list[_Row]] = defaultdict(list)
        for row in came:
            groups[row.exact].append(row)
        for group in groups.values():
            group.sort(key=lambda row: row.numbers)
        # From the smallest on, so that none is taken that only a smaller one could have had.
        taken = {id(r) for r in sorted(expected, key=lambda r: r.numbers) if self._taken(r, groups.get(r.exact, []))}
        left = {id(row) for group in groups.values() for row in group}
        return [row for row in expected if id(row) not in taken], [row for row in came if id(row) in left]

    def _taken(self, wanted: _Row, group: list[_Row]) -> bool:
        """Take a row out of a sorted group that is nearly the one wanted; False where there is none."""
        first = wanted.numbers[0] if wanted.numbers else 0.0
        reach = max(_RELATIVE_OF_FLOAT * abs(first) * 2, ABSOLUTE)
        start = bisect_left(group, first - reach, key=lambda row: row.numbers[0]) if wanted.numbers else 0
        for number in range(start, len(group)):
            row = group[number]
            if row.numbers and row.numbers[0] > first + reach:
                return False
            if all(map(_are_near, wanted.numbers, row.numbers, wanted.relatives)):
                del group[number]
                return True
        return False

    def differing(self, one: _Row, other: _Row) -> tuple[int, ...]:
        """Return the columns in which two rows differ."""
        return tuple(n for n, (a, b) in enumerate(zip(one.texts, other.texts, strict=True)) if not self._same(n, a, b))

    def _same(self, number: int, one: str | None, other: str | None) -> bool:
        if one == other or one is None or other is None:
            return one == other
        if self._json[number]:
            return _canonical(one) == _canonical(other)
        if not self._floating[number] or _NUMBER.sub("#", one) != _NUMBER.sub("#", other):
            return False
        pairs = zip(map(float, _NUMBER.findall(one)), map(float, _NUMBER.findall(other)), strict=True)
        return all(_are_near(a, b, self._relatives[number]) for a, b in pairs)


def _are_near(one: float, other: float, relative: float) -> bool:
    return math.isclose(one, other, rel_tol=relative, abs_tol=ABSOLUTE)


def _relative(column: Column) -> float:
    return _RELATIVE_OF_FLOAT if re.search(r"\b(FLOAT|REAL)\b", _unquoted(column.type)) else RELATIVE


def _unquoted(kind: str) -> str:
    """Return the text of a type without the names of fields and the values of enumerations that stand in quotes."""
    return re.sub(r"""'(?:''|[^'])*'|"(?:""|[^"])*\"""", "", kind)


def _canonical(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _paired(
    parts: _Parts, missing: list[_Row], unexpected: list[_Row]
) -> tuple[tuple[Changed, ...], list[_Row], list[_Row]]:
    """Return the rows that resemble each other in pairs, those with the fewest differences first, and the others."""
    width = len(missing[0].texts) if missing else 0
    found = sorted(
        (len(differing), n, m, differing)
        for n, one in enumerate(missing[:_PAIRED_MAX])
        for m, other in enumerate(unexpected[:_PAIRED_MAX])
        if len(differing := parts.differing(one, other)) < max(width, 2)
    )
    pairs: dict[int, tuple[int, Changed]] = {}
    used: set[int] = set()
    for _, n, m, differing in found:
        if n not in pairs and m not in used:
            used.add(m)
            pairs[n] = (m, Changed(missing[n].texts, unexpected[m].texts, differing))
    changed = tuple(pairs[n][1] for n in sorted(pairs))
    left = [row for n, row in enumerate(missing) if n not in pairs]
    return changed, left, [row for m, row in enumerate(unexpected) if m not in used]
