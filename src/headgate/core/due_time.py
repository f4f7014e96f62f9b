"""Time during which new data was due: what counts of an age. Pure: the present is always given.

Data that comes on working days alone is not old on a Monday morning. So a declaration says when data comes: by a cron
expression, on which days of the week, and on which days it does not. All days are those of a time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAYS = frozenset(range(len(WEEKDAYS)))

_DAY, _NONE = timedelta(days=1), timedelta(0)
_TICKS_MAX = 10_000
"""So many ticks that nothing followed are counted; whatever may be, data is too old then, and all time counts."""

_DAYS_MAX = 4_000
"""Over more days than these all time counts."""

_SOME_DAY, _TICKS_LOOKED_AT = datetime(2001, 1, 1, tzinfo=UTC), 100
"""From here so many ticks show how far those of an expression lie apart at least."""


@dataclass(frozen=True, slots=True)
class DueTime:
    """When data comes: at the ticks of ``cron``, where there is one; else all the time.

    Days count that are among ``weekdays`` (0 is Monday) and not among ``holidays``, in ``zone``.
    """

    cron: str = ""
    weekdays: frozenset[int] = ALL_DAYS
    holidays: frozenset[date] = frozenset()
    zone: str = "UTC"

    def passed(self, since: datetime, until: datetime) -> timedelta:
        """Return how much time that counts lies between two instants; none where ``until`` is not the later one.

        With ``cron`` it begins with the first tick after ``since``, and of the time to the next tick no more counts
        than the shortest time between two ticks: a weekend, or a night, that has none counts no more than a day of
        work, or an hour, does.

        >>> monday, friday = (datetime(2024, 1, day, 8, tzinfo=UTC) for day in (8, 5))
        >>> str(DueTime(weekdays=frozenset(range(5))).passed(friday, monday))
        '1 day, 0:00:00'
        """
        if until <= since:
            return _NONE
        return self._by_ticks(since, until) if self.cron else self._by_days(since, until)

    def _by_days(self, since: datetime, until: datetime) -> timedelta:
        if self.weekdays == ALL_DAYS and not self.holidays:
            return until - since
        zone, found = ZoneInfo(self.zone), _NONE
        day = since.astimezone(zone).date()
        for _ in range(_DAYS_MAX):
            begin, end = _midnight(day, zone), _midnight(day + _DAY, zone)
            if begin >= until:
                return found
            if self._counts(day):
                found += min(end, until) - max(begin, since)
            day += _DAY
        return until - since

    def _by_ticks(self, since: datetime, until: datetime) -> timedelta:
        from headgate.core.schedule import ticks

        found, last, longest = _NONE, None, _shortest_gap(self.cron)
        zone = ZoneInfo(self.zone)
        for number, tick in enumerate(ticks(self.cron, self.zone, since)):
            if tick > until:
                break
            if number >= _TICKS_MAX:
                return until - since
            if self._counts(tick.astimezone(zone).date()):
                found += min(tick - last, longest) if last is not None else _NONE
                last = tick
        return found if last is None else found + min(until - last, longest)

    def _counts(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@cache
def _shortest_gap(cron: str) -> timedelta:
    """Return the shortest time between two of some ticks, by a clock that is never changed."""
    from headgate.core.schedule import ticks

    found = islice(ticks(cron, "UTC", _SOME_DAY), _TICKS_LOOKED_AT)
    return min((later - earlier for earlier, later in pairwise(found)), default=_DAY)
