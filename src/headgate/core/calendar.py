"""Grains of time on a calendar: where they begin, which ones are due. Pure: the present is always given.

Days, weeks, months, quarters and years begin at midnight of the asset's zone, so they are as long as they are there: 23
or 25 hours where clocks are changed. Hours and minutes are those of the zone's clock, too (which may be off by half an
hour from UTC's), and each of them is as long as the unit says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from headgate.core.intervals import Interval, Intervals, common, minus, union
from headgate.core.loading import Grain, Timing

_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
_DAYS = {Grain.DAY: 1, Grain.WEEK: 7}
_LENGTHS = {Grain.MINUTE: timedelta(minutes=1), Grain.HOUR: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The grains of one asset on the axis of its column of times.

    ``is_instant``: that column has a time zone, so that moments are in UTC; otherwise they are the zone's wall clock.
    """

    grain: Grain
    zone: str
    is_instant: bool

    def moment(self, instant: str) -> str:
        """Return an instant (ISO 8601 with an offset) as a moment of the axis, cut to seconds.

        >>> Calendar(Grain.DAY, "Europe/Berlin", False).moment("2026-07-01T22:30:00Z")
        '2026-07-02T00:30:00'
        """
        found = datetime.fromisoformat(instant).astimezone(UTC)
        return _text(found if self.is_instant else found.astimezone(ZoneInfo(self.zone)))

    def local(self, wall: str) -> str:
        """Return what the zone's wall clock shows, as people write it (``2013-01-31``), as a moment of the axis."""
        return self._axis(datetime.fromisoformat(wall).replace(tzinfo=None))

    def wall(self, instant: str) -> str:
        """Return what the zone's wall clock shows at an instant, as people write the start of an asset."""
        return _text(datetime.fromisoformat(instant).astimezone(ZoneInfo(self.zone)))

    def floor(self, moment: str) -> str:
        """Return the beginning of the grain that a moment falls into."""
        wall = self._wall(moment)
        begin = self._floor(wall)
        if self._is_absolute:  # of an hour that comes twice each is one of its own
            return _text(_read(moment) - (wall - begin))
        return self._axis(begin)

    def shifted(self, moment: str, count: int) -> str:
        """Return the beginning of the grain ``count`` grains after that of ``moment``; before it, where negative."""
        if self._is_absolute:
            return self.floor(_text(_read(self.floor(moment)) + count * _LENGTHS[self.grain]))
        return self._axis(self._stepped(self._floor(self._wall(moment)), count))

    def aligned(self, interval: Interval) -> Interval:
        """Return the whole grains that an interval touches."""
        start = self.floor(interval.start) if interval.start else ""
        end = self.floor(interval.end)
        return Interval(start, end if end == interval.end else self.shifted(end, 1))

    def batches(self, interval: Interval, count: int) -> Iterator[Interval]:
        """Yield an aligned interval in pieces of ``count`` grains, in order; whole where ``count`` is 0."""
        start, end = interval
        while count and start and start < end:
            following = min(self.shifted(start, count), end)
            yield Interval(start, following)
            start = following
        if start < end:
            yield Interval(start, end)

    @property
    def _is_absolute(self) -> bool:
        return self.is_instant and self.grain in _LENGTHS

    def _wall(self, moment: str) -> datetime:
        found = _read(moment)
        if not self.is_instant:
            return found
        return found.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def _axis(self, wall: datetime) -> str:
        """Return a wall clock's time on the axis; of an hour that comes twice the first, of one left out its end."""
        if not self.is_instant:
            return _text(wall)
        return _text(wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC))

    def _floor(self, wall: datetime) -> datetime:
        if self.grain is Grain.MINUTE:
            return wall.replace(second=0, microsecond=0)
        if self.grain is Grain.HOUR:
            return wall.replace(minute=0, second=0, microsecond=0)
        day = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.grain is Grain.DAY:
            return day
        if self.grain is Grain.WEEK:
            return day - timedelta(days=day.weekday())
        months = _MONTHS[self.grain]
        return day.replace(day=1, month=(day.month - 1) // months * months + 1)

    def _stepped(self, begin: datetime, count: int) -> datetime:
        if self.grain in _LENGTHS:
            return begin + count * _LENGTHS[self.grain]
        if self.grain in _DAYS:
            return begin + timedelta(days=count * _DAYS[self.grain])
        month = begin.year * 12 + begin.month - 1 + count * _MONTHS[self.grain]
        return begin.replace(year=month // 12, month=month % 12 + 1)


def calendar_of(timing: Timing, type_: str) -> Calendar:
    """Return the calendar of an asset whose column of times has this type."""
    return Calendar(timing.grain, timing.zone, "WITH TIME ZONE" in type_.upper())


def due(timing: Timing, calendar: Calendar, covered: Intervals, *, now: str, is_input_new: bool) -> Intervals:
    """Return what is to be loaded at ``now``: complete grains that were never loaded and, with new input, the lookback.

    ``now`` is an instant. Nothing is due of the grain that is not over yet.
    """
    end = calendar.floor(calendar.moment(now))
    start = calendar.floor(calendar.local(timing.start)) if timing.start else ""
    if start >= end:
        return ()
    whole = (Interval(start, end),)
    wanted = minus(whole, covered)
    if is_input_new and timing.lookback:
        late = Interval(calendar.shifted(end, -timing.lookback), end)
        wanted = union((*wanted, *common(whole, (late,))))
    return union(calendar.aligned(one) for one in wanted)


def _read(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None, microsecond=0).isoformat()
