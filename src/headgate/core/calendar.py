"""Grains of time on a calendar: where they begin, which ones are due. Pure: the present is always given.

Days, weeks, months, quarters and years begin at midnight of the asset's zone, so they are as long as they are there: 23
or 25 hours where clocks are changed. Hours and minutes begin where the zone's clock shows a full one, which may be half
an hour off from UTC's. They are as long as the unit says, but for those in which clocks are changed by a part of it:
where 02:00 becomes 01:30 again, the hour from 01:00 to 02:00 has 90 minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from headgate.core.intervals import Interval, Intervals, common, minus, union
from headgate.core.loading import Grain, Timing

_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
_DAYS = {Grain.DAY: 1, Grain.WEEK: 7}
_NONE, _SECOND, _DAY = timedelta(0), timedelta(seconds=1), timedelta(days=1)
_LENGTHS = {Grain.MINUTE: timedelta(minutes=1), Grain.HOUR: timedelta(hours=1)}

_ANY_ZONE_KNOWS = "0002"
"""From this year on a zone's clock has a moment in UTC that can be written."""


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

    def settled(self, instant: str) -> str:
        """Return the moment before which nothing comes any more, from an instant on.

        It is that of the instant but where a wall clock is about to be put back: then it is what that will show.

        >>> Calendar(Grain.DAY, "Europe/Berlin", False).settled("2026-10-25T00:45:00Z")  # 02:45, for the first time
        '2026-10-25T02:00:00'
        """
        if self.is_instant:
            return self.moment(instant)
        found = _read(instant).astimezone(ZoneInfo(self.zone))
        before, after = self._offsets(found.replace(tzinfo=None))
        if found.fold or before <= after:
            return _text(found)
        first = found.astimezone(UTC).replace(tzinfo=None)
        changed = _bisected(first, first + before - after, lambda at: self._shown(at) != at + before)
        return _text(self._shown(changed))

    def floor(self, moment: str) -> str:
        """Return the beginning of the grain that a moment falls into."""
        if self._is_absolute:
            return _text(self._full(_read(moment)))
        wall = self._wall(moment)
        begin = self._floor(wall)
        if wall.fold:  # where clocks are put back over midnight, what comes once more of a day is the next one's
            following = self._axis(self._stepped(begin, 1))
            if following <= moment:
                return following
        return self._axis(begin)

    def shifted(self, moment: str, count: int) -> str:
        """Return the beginning of the grain ``count`` grains after that of ``moment``; before it, where negative."""
        if self._is_absolute:
            return _text(self._walked(self._full(_read(moment)), count))
        begin = self.floor(moment)
        found = self._axis(self._stepped(self._floor(self._wall(begin)), count))
        if count < 0 and found == begin:  # the zone has left that day out (Apia, 2011-12-30)
            return self.shifted(moment, count - 1)
        return found

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
        """Return what the wall clock shows at a moment, with the fold of a time that it shows for the second time."""
        found = _read(moment)
        if not self.is_instant:
            return found
        return found.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def _shown(self, instant: datetime) -> datetime:
        """Return what the wall clock shows at an instant; both are without a zone."""
        return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, fold=0)

    def _axis(self, wall: datetime) -> str:
        """Return a wall clock's time on the axis: the first instant at which it shows that, or later."""
        if not self.is_instant:
            return _text(wall)
        before, after = self._offsets(wall)
        if before >= after:
            return _text(wall - before)
        return _text(_bisected(wall - after, wall - before, lambda at: self._shown(at) >= wall))  # it is left out

    def _offsets(self, wall: datetime) -> tuple[timedelta, timedelta]:
        """Return how far a wall clock's time is from UTC's before and after a change of clocks about then (PEP 495)."""
        local = wall.replace(tzinfo=ZoneInfo(self.zone), fold=0)
        return local.utcoffset() or _NONE, local.replace(fold=1).utcoffset() or _NONE

    def _past(self, instant: datetime) -> timedelta:
        """Return what the wall clock shows at an instant beyond its last full hour or minute."""
        shown = self._shown(instant)
        return shown - self._floor(shown)

    def _full(self, instant: datetime) -> datetime:
        """Return the last instant, until this one, at which the wall clock showed a full hour or minute."""
        begin = instant - self._past(instant)
        if not self._past(begin):
            return begin
        before = begin - self._past(begin)  # the clock was changed by a part of the unit in between
        after = before + _LENGTHS[self.grain]
        return after if after <= instant and not self._past(after) else before

    def _walked(self, begin: datetime, count: int) -> datetime:
        """Return the beginning of the hour or minute ``count`` of them after one. Cost: a step for each day between."""
        unit = _LENGTHS[self.grain]
        most = _DAY // unit
        while count:
            stride = max(-most, min(most, count))
            there = begin + stride * unit
            if self._past(there):  # the clock was changed in between
                stride = 1 if count > 0 else -1
                there = self._next(begin) if count > 0 else self._full(begin - _SECOND)
            begin, count = there, count - stride
        return begin

    def _next(self, begin: datetime) -> datetime:
        unit = _LENGTHS[self.grain]
        found = self._full(begin + unit)
        return found if found > begin else self._full(begin + 2 * unit)

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

    ``now`` is an instant. Nothing is due of the grain that is not over yet. The lookback counts back from where the
    loads so far have come, so that it is as far from what is new after nights without a run as after each of them.
    """
    end = calendar.floor(calendar.settled(now))
    start = calendar.floor(calendar.local(timing.start)) if timing.start else ""
    if start >= end:
        return ()
    whole = (Interval(start, end),)
    wanted = minus(whole, covered)
    if is_input_new and timing.lookback and covered:
        known = min(covered[-1].end, end)
        late = Interval(calendar.shifted(known, -timing.lookback), known)
        wanted = union((*wanted, *common(whole, (late,))))
    return union(calendar.aligned(one) for one in wanted)


def asked_for(timing: Timing, calendar: Calendar, asked: Interval, *, now: str) -> Intervals:
    """Return the complete grains that an interval of the zone's wall clock touches; it may be open at both ends."""
    present = calendar.wall(now)
    if asked.start >= present or (asked.end and asked.end < _ANY_ZONE_KNOWS):
        return ()
    start = calendar.local(asked.start) if asked.start >= _ANY_ZONE_KNOWS else ""
    end = calendar.local(asked.end) if asked.end and asked.end < present else calendar.moment(now)
    if start >= end:
        return ()
    possible = due(timing, calendar, (), now=now, is_input_new=False)
    return common(possible, (calendar.aligned(Interval(start, end)),))


def _read(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None, microsecond=0).isoformat()


def _bisected(before: datetime, after: datetime, is_there: Callable[[datetime], bool]) -> datetime:
    """Return the first second after ``before`` at which something is so that is so at ``after``, and stays so."""
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        before, after = (before, middle) if is_there(middle) else (middle, after)
    return after
