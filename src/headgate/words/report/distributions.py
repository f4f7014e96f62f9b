"""Distributions of two builds over common bins, from what their profiles keep: quantiles and most frequent values.

Between two quantiles values are taken to lie evenly, and where quantiles are equal they lie on that value: the
distribution function is piecewise linear with jumps. 200 levels give each share to within half a percent.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from headgate.core.profiles import ColumnProfile

BINS_MAX = 48
"""So many bins at most; whole numbers have bins of a whole width, so that none is wider than its neighbour."""

_TAIL = 0.005
"""The share of values at each end that may lie outside of the picture where they would squeeze all others together."""

_SQUEEZE = 2.0
"""They do where the whole range is so many times as wide as that of the others."""

_SIZE_MAX = 1e300
"""Differences of greater numbers are no longer finite."""

_RELATIVE_MIN = 1e-12
"""A range that is narrower beside its values cannot be parted: a double has 16 digits."""

_HALVES_MAX = 2.0**52
"""From here on a double is a whole number: none lies half a step before another."""

_STEPS_OF_TIME = (
    1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 86_400, 604_800, 1_209_600, 2_629_746, 7_889_238, 31_556_952
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of the values of two sides in the same bins; a side that is not there has none.

    Bin ``n`` reaches from ``low + n * width`` to the next; all shares of a side and its two tails make 1.
    ``below`` and ``above`` are the shares outside of the picture, before and after. ``is_whole``: of whole numbers,
    where bins lie around them, as long as a double knows halves; ``is_time``: seconds since 1970 in UTC.
    """

    low: float
    width: float
    count: int
    before: tuple[float, ...]
    after: tuple[float, ...]
    below: tuple[float, float] = (0.0, 0.0)
    above: tuple[float, float] = (0.0, 0.0)
    is_whole: bool = False
    is_time: bool = False

    @property
    def high(self) -> float:
        """Where the last bin ends."""
        return self.low + self.count * self.width

    @property
    def peak(self) -> float:
        """The greatest share of a bin."""
        return max((*self.before, *self.after), default=0.0)


@dataclass(frozen=True, slots=True)
class Frequency:
    """One value with its share of the values before and after; None where it is not known to stand there."""

    value: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Frequencies:
    """The most frequent values of two sides, the most frequent first; ``others`` are left out here."""

    values: tuple[Frequency, ...]
    others: int


def histogram(before: ColumnProfile | None, after: ColumnProfile | None) -> Histogram | None:
    """Return both sides over common bins; None where neither has quantiles, or they are no finite numbers."""
    sides = [_finite(before), _finite(after)]
    known = [side for side in sides if side]
    if not known:
        return None
    low, high = _range(known)
    if max(abs(low), abs(high)) * _RELATIVE_MIN > high - low > 0:
        return None
    is_time = _is_time(before, after)
    has_halves = max(abs(low), abs(high)) < _HALVES_MAX
    is_whole = not is_time and has_halves and all(value == int(value) for side in known for value in side)
    low, width, count = _bins(low, high, is_whole=is_whole, is_time=is_time)
    shares = [shares_of(side, low, width, count) if side else (0.0, (), 0.0) for side in sides]
    return Histogram(
        low, width, count, shares[0][1], shares[1][1],
        (shares[0][0], shares[1][0]), (shares[0][2], shares[1][2]), is_whole, is_time,
    )  # fmt: skip


def frequencies(
    before: ColumnProfile | None, after: ColumnProfile | None, *, rows: tuple[int, int], shown: int
) -> Frequencies | None:
    """Return the ``shown`` most frequent values of both sides, by their share of the values that are not NULL.

    ``rows`` are those of the two sides. None where neither side has such values.
    """
    sides = [
        {} if one is None else {value: count / max(1, all_rows - one.nulls) for value, count in one.top}
        for one, all_rows in zip((before, after), rows, strict=True)
    ]
    if not any(sides):
        return None
    # A value that is not among a side's most frequent ones is absent only where that side names all that it has.
    absent = [None if one is None or one.distinct > len(one.top) else 0.0 for one in (before, after)]
    names = sorted({*sides[0], *sides[1]}, key=lambda name: (-max(s.get(name, 0.0) for s in sides), name))
    values = tuple(
        Frequency(name, sides[0].get(name, absent[0]), sides[1].get(name, absent[1])) for name in names[:shown]
    )
    distinct = max((one.distinct for one in (before, after) if one is not None), default=0)
    return Frequencies(values, max(len(names), distinct) - len(values))


def shares_of(
    quantiles: Sequence[float], low: float, width: float, count: int
) -> tuple[float, tuple[float, ...], float]:
    """Return the share below ``low``, in each of ``count`` bins, and above them all; together 1.

    >>> shares_of((0.0, 1.0, 2.0), 0.0, 1.0, 2), shares_of((3.0, 3.0, 5.0), 2.0, 2.0, 1)
    ((0.0, (0.5, 0.5), 0.0), (0.0, (0.75,), 0.25))
    """
    edges = [low + number * width for number in range(count + 1)]
    parts = [_share_below(quantiles, edge) for edge in edges[:-1]]
    parts.append(_share_to(quantiles, edges[-1]))  # the end of the last bin belongs to it
    return parts[0], tuple(after - before for before, after in pairwise(parts)), 1 - parts[-1]


def _share_below(quantiles: Sequence[float], value: float) -> float:
    """Return the share of values that are less than one."""
    return _share(quantiles, value, bisect_left(quantiles, value))


def _share_to(quantiles: Sequence[float], value: float) -> float:
    """Return the share of values that are at most one."""
    return _share(quantiles, value, bisect_right(quantiles, value))


def _share(quantiles: Sequence[float], value: float, place: int) -> float:
    """Return the height of the distribution function at a value that lies before the quantile at ``place``."""
    steps = len(quantiles) - 1
    if place == 0:
        return 0.0
    if place > steps:
        return 1.0
    start, end = quantiles[place - 1], quantiles[place]
    return (place - 1 + (value - start) / (end - start)) / steps


def _finite(column: ColumnProfile | None) -> tuple[float, ...]:
    if column is None or len(column.quantiles) < 2:
        return ()
    return column.quantiles if all(abs(value) < _SIZE_MAX for value in column.quantiles) else ()


def _range(sides: Iterable[Sequence[float]]) -> tuple[float, float]:
    """Return the range that is drawn: all of it, or what all but the outermost values of each side take."""
    whole = [(side[0], side[-1]) for side in sides]
    inner = [(_at(side, _TAIL), _at(side, 1 - _TAIL)) for side in sides]
    low, high = min(one[0] for one in whole), max(one[1] for one in whole)
    inner_low, inner_high = min(one[0] for one in inner), max(one[1] for one in inner)
    is_squeezed = inner_high > inner_low and high - low > _SQUEEZE * (inner_high - inner_low)
    return (inner_low, inner_high) if is_squeezed else (low, high)


def _at(quantiles: Sequence[float], share: float) -> float:
    return quantiles[round(share * (len(quantiles) - 1))]


def _bins(low: float, high: float, *, is_whole: bool, is_time: bool) -> tuple[float, float, int]:
    """Return where the first bin begins, how wide each is, and how many there are."""
    if is_whole:
        width = float(max(1, nice_step((high - low + 1) / BINS_MAX, is_whole=True)))
        start = math.floor(low / width) * width - 0.5 if width > 1 else low - 0.5
        return start, width, max(1, math.ceil((high + 0.5 - start) / width))
    if high - low < sys.float_info.min * BINS_MAX:
        width = max(1.0, abs(low) / 10)
        return low - width / 2, width, 1
    if is_time:
        width = next((s for s in _STEPS_OF_TIME if (high - low) / s <= BINS_MAX), (high - low) / BINS_MAX)
    else:
        width = nice_step((high - low) / BINS_MAX)
    start = math.floor(low / width) * width
    return start, float(width), max(1, math.ceil((high - start) / width))


def nice_step(least: float, *, is_whole: bool = False) -> float:
    """Return the least of 1, 2, 2.5, 5 times a power of ten that is not below ``least``.

    >>> nice_step(0.03), nice_step(21), nice_step(21, is_whole=True), nice_step(2.2, is_whole=True)
    (0.05, 25.0, 25.0, 5.0)
    """
    power = math.floor(math.log10(least)) if least > 0 else 0
    scale = 10.0**power
    steps = (1, 2, 2.5, 5, 10) if not is_whole or power > 0 else (1, 2, 5, 10)
    return next((step * scale for step in steps if step * scale >= least * (1 - 1e-12)), 10 * scale)


def _is_time(*columns: ColumnProfile | None) -> bool:
    """Tell whether quantiles are seconds since 1970: the types of engines begin so."""
    types = [one.type.upper() for one in columns if one is not None]
    return bool(types) and all(one.startswith(("TIMESTAMP", "DATE")) for one in types)
