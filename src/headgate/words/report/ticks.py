"""Marks below an axis: round numbers, and days, months and years that begin."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from headgate.words.report.distributions import nice_step
from headgate.words.report.sentences import figure_text

Tick = tuple[float, str]
"""A place on the axis, and what stands there."""

_MARKS = 4
"""About so many."""

_DAY = 86_400
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999, which is what the calendar of Python knows."""

_SHORT_STEPS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, _DAY, 2 * _DAY, 7 * _DAY)


def number_ticks(low: float, high: float, *, is_whole: bool = False) -> list[Tick]:
    """Return round numbers between two.

    >>> [text for _, text in number_ticks(-3.0, 21.0)]
    ['0', '10', '20']
    """
    step = nice_step((high - low) / _MARKS, is_whole=is_whole)
    if is_whole:
        step = max(step, 1.0)
    first = math.ceil(low / step)
    values = (round(number * step, 12) + 0.0 for number in range(first, first + 3 * _MARKS))
    return [(value, _short(value)) for value in values if value <= high]


def time_ticks(low: float, high: float) -> list[Tick]:
    """Return moments between two, given in seconds since 1970 in UTC.

    >>> [text for _, text in time_ticks(1_356_998_400, 1_388_534_400)]
    ['2013-01', '2013-04', '2013-07', '2013-10', '2014-01']
    """
    if low < _FIRST or high > _LAST - 366 * _DAY:
        return number_ticks(low, high)
    least = (high - low) / _MARKS
    if least > 20 * _DAY:
        return list(_month_ticks(low, high, math.ceil(least / (30.5 * _DAY))))
    step = next((one for one in _SHORT_STEPS if one >= least), _SHORT_STEPS[-1])
    form = "%Y-%m-%d" if step >= _DAY else "%m-%d %H:%M" if high - low > _DAY / 2 else "%H:%M:%S"
    first = math.ceil(low / step) * step
    places = (first + number * step for number in range(3 * _MARKS))
    return [(place, f"{_moment(place):{form}}") for place in places if place <= high]


def time_text(seconds: float) -> str:
    """Return a moment to the second, a day where it begins.

    >>> time_text(1_356_998_400), time_text(1_357_002_000)
    ('2013-01-01', '2013-01-01 01:00:00')
    """
    if not _FIRST <= seconds <= _LAST:
        return figure_text(seconds)
    return f"{_moment(seconds):%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")


def _moment(seconds: float) -> datetime:
    # Not `fromtimestamp`: some systems know no moment before 1970.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _month_ticks(low: float, high: float, months: int) -> Iterator[Tick]:
    """Yield the first of every so many months, or of years where those are many."""
    years = 0 if months <= 6 else max(1, round(nice_step(months / 12, is_whole=True)))
    step = 12 * years or next(one for one in (1, 2, 3, 4, 6) if one >= months)
    start = _moment(low)
    number = math.ceil((start.year * 12 + start.month - 1) / step) * step
    for _ in range(3 * _MARKS):
        year, month = divmod(number, 12)
        if year > 9999:
            return
        place = (datetime(max(1, year), month + 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
        if place > high:
            return
        if place >= low:
            yield place, f"{year:04d}" if years else f"{year:04d}-{month + 1:02d}"
        number += step


def _short(value: float) -> str:
    """Return a number as it stands below an axis, great ones with a unit.

    >>> _short(1500.0), _short(2_500_000.0), _short(0.25)
    ('1,500', '2.5 M', '0.25')
    """
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e5, " k")):
        if abs(value) >= size:
            scale = 1e3 if unit == " k" else size
            return f"{figure_text(value / scale)}{unit}"
    return figure_text(value)
