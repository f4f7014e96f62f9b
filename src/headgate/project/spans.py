"""What people write of times into what calendars use: spans in grains, first moments, zones."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from headgate.core.loading import Grain

_MINUTES = {Grain.MINUTE: 1, Grain.HOUR: 60, Grain.DAY: 1440, Grain.WEEK: 10080}
_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
_SPAN = re.compile(r"([0-9]{1,9})(?:\s*([A-Za-z]{1,20}))?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d))?)?", re.ASCII)
_SHORT = {"m": Grain.MINUTE, "min": Grain.MINUTE, "h": Grain.HOUR, "d": Grain.DAY, "w": Grain.WEEK}
_MINUTES_A_MONTH = 43_200
_YEARS_MAX = 1000

YEARS = (2, 9998)
"""The years in which a load may begin: a calendar has to have a day before and behind."""


class NotUnderstood(ValueError):
    """What is written means nothing here; the text says why, ``hint`` what to write."""

    def __init__(self, told: str, hint: str) -> None:
        super().__init__(told)
        self.hint = hint


def grains_of(text: str, grain: Grain) -> int:
    """Return how many grains a span has; a number alone counts grains.

    >>> grains_of("2 days", Grain.HOUR), grains_of("3d", Grain.DAY), grains_of("1 year", Grain.QUARTER)
    (48, 3, 4)
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise NotUnderstood("is no span of time", f"Write a number of grains, or for example `2 {grain.value}s`.")
    count, word = int(match[1]), (match[2] or grain.value).lower()
    short = _SHORT.get(word) if match[2] != "M" else None  # elsewhere that is a month
    unit = next((one for one in Grain if word in (one.value, f"{one.value}s")), short)
    if unit is None:
        known = f"Units are {', '.join(f'{g.value}s' for g in Grain)}, and m, h, d and w for the first four."
        raise NotUnderstood(f"has an unknown unit, {match[2]}", known)
    lengths = next((one for one in (_MINUTES, _MONTHS) if unit in one and grain in one), None)
    if lengths is None:
        short, long = sorted((unit, grain), key=_roughly)
        whole = f"is no whole number of {grain.value}s: {long.value}s have different numbers of {short.value}s"
        raise NotUnderstood(whole, f"Write a number of {grain.value}s.")
    found, rest = divmod(count * lengths[unit], lengths[grain])
    if rest:
        hint = f"What is loaded is always a whole {grain.value}: write `{found + 1} {grain.value}{'s' * (found > 0)}`."
        raise NotUnderstood(f"is no whole number of {grain.value}s", hint)
    if found * _roughly(grain) > _YEARS_MAX * 12 * _MINUTES_A_MONTH:
        raise NotUnderstood(f"is longer than {_YEARS_MAX:,} years", "Leave it out to have no bound.")
    return found


def batch_of(text: str, grain: Grain) -> int:
    """Return how many grains a span has that holds one at least."""
    found = grains_of(text, grain)
    if not found:
        raise NotUnderstood("would load nothing", f"Write `1 {grain.value}` or more, or leave it out to have no bound.")
    return found


def moment_of(text: str) -> str:
    """Return a day, or a day and a time, in one form.

    >>> moment_of("2013-01-01"), moment_of("2013-01-01 06:30")
    ('2013-01-01', '2013-01-01T06:30:00')
    """
    match = _MOMENT.fullmatch(text.strip())
    hint = "Write a day, `2013-01-01`, or a day and a time, `2013-01-01 06:00`, as clocks show it in the time zone."
    if match is None:
        raise NotUnderstood("is no day", hint)
    found = match[1] if match[2] is None else f"{match[1]}T{match[2]}:{match[3] or '00'}"
    try:
        year = datetime.fromisoformat(found).year
    except ValueError as error:
        raise NotUnderstood(f"is no day of the calendar: {error}", hint) from None
    if not YEARS[0] <= year <= YEARS[1]:
        raise NotUnderstood(f"is not between the years {YEARS[0]} and {YEARS[1]}", hint)
    return found


@cache
def is_zone(name: str) -> bool:
    """Tell whether a time zone is known. Cost: up to 10 ms for the first one that is not UTC."""
    return name == "UTC" or name in zones()


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones (IANA)."""
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def _roughly(grain: Grain) -> int:
    """Return how many minutes a grain has, months taken for 30 days: to compare lengths."""
    return _MINUTES.get(grain) or _MONTHS[grain] * _MINUTES_A_MONTH
