"""Intervals of time, and sets of them.

A moment is a text like ``2013-01-31T06:00:00`` on the axis of a column of times: the wall clock of the asset's zone for
dates and plain timestamps, UTC for timestamps with a time zone. All have that one form, so they compare as texts. The
empty text stands before all of them: there is no earliest row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Interval(NamedTuple):
    """From ``start``, itself included, to ``end``, itself not included."""

    start: str
    end: str

    def __str__(self) -> str:
        return f"{shown(self.start) or 'the beginning'} to {shown(self.end)}"


Intervals = tuple[Interval, ...]
"""Disjoint, sorted, and none touches the next one, so that equal sets are equal tuples."""


NO_LAST = "9999-12-31T23:59:59"
"""The end of what has none: no moment is later."""


def union(intervals: Iterable[Interval]) -> Intervals:
    """Return the set that holds all of ``intervals``.

    >>> union([Interval("b", "c"), Interval("a", "b"), Interval("d", "e")])
    (Interval(start='a', end='c'), Interval(start='d', end='e'))
    """
    found: list[Interval] = []
    for one in sorted(interval for interval in intervals if interval.start < interval.end):
        if found and one.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return tuple(found)


def minus(intervals: Intervals, taken: Intervals) -> Intervals:
    """Return what of ``intervals`` is not in ``taken``.

    >>> minus((Interval("a", "f"),), (Interval("b", "c"), Interval("e", "g")))
    (Interval(start='a', end='b'), Interval(start='c', end='e'))
    """
    left: list[Interval] = []
    for start, end in intervals:
        for hole in taken:
            if hole.end <= start or hole.start >= end:
                continue
            if hole.start > start:
                left.append(Interval(start, hole.start))
            start = hole.end
        if start < end:
            left.append(Interval(start, end))
    return tuple(left)


def common(intervals: Intervals, others: Intervals) -> Intervals:
    """Return what is in both."""
    return minus(intervals, minus(intervals, others))


def covers(intervals: Intervals, wanted: Intervals) -> bool:
    """Tell whether all of ``wanted`` is in ``intervals``."""
    return not minus(wanted, intervals)


def shown(moment: str) -> str:
    """Return a moment as people write it: midnight without its time, full minutes without seconds.

    >>> shown("2013-01-31T00:00:00"), shown("2013-01-31T06:30:00")
    ('2013-01-31', '2013-01-31 06:30')
    """
    return moment.removesuffix(":00").removesuffix("T00:00").replace("T", " ")
