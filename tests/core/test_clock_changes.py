"""Grains where clocks are changed: in every zone they follow each other without gap or overlap, and end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from headgate.core.calendar import Calendar, due
from headgate.core.intervals import Interval, union
from headgate.core.loading import Grain, Timing

HOUR = timedelta(hours=1)
LONG = (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR)


def changes(zone: str, since: int, until: int) -> Iterator[datetime]:
    """Yield the instants from which on the zone's clock is another number of hours from UTC's."""
    at, clock = datetime(since, 1, 1, tzinfo=UTC), ZoneInfo(zone)
    offset = at.astimezone(clock).utcoffset()
    while at.year < until:
        following = at + timedelta(days=10)
        if (then := following.astimezone(clock).utcoffset()) != offset:
            first, last = at, following
            while last - first > timedelta(seconds=1):
                middle = first + (last - first) // 2 // timedelta(seconds=1) * timedelta(seconds=1)
                is_old = middle.astimezone(clock).utcoffset() == offset
                first, last = (middle, last) if is_old else (first, middle)
            yield last
        at, offset = following, then


def follow_each_other(calendar: Calendar, around: datetime, before: timedelta, after: timedelta) -> None:
    """Hold that grains lie end to end from before a change of clocks until after it."""
    text = [(around + by).replace(tzinfo=None).isoformat() for by in (-before, after)]
    if not calendar.is_instant:
        text = sorted(calendar.moment(f"{one}Z") for one in text)
    whole = Interval(calendar.floor(text[0]), calendar.shifted(text[1], 1))
    bound = (before + after) // timedelta(minutes=10) + 9
    pieces = list(itertools.islice(calendar.batches(whole, 1), bound))
    assert union(pieces) == (whole,), (calendar, whole, pieces)
    assert all(one.end == two.start for one, two in itertools.pairwise(pieces))
    for start, end in pieces:
        middle = datetime.fromisoformat(start) + (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / 2
        last = datetime.fromisoformat(end) - timedelta(seconds=1)
        for moment in (start, middle.replace(microsecond=0).isoformat(), last.isoformat()):
            assert calendar.floor(moment) == start, (calendar, moment)
        assert calendar.shifted(end, -1) == start, (calendar, end)
    if calendar.grain is Grain.HOUR:  # a day that was left out (Apia, 2011-12-30) is counted, and has no length
        assert calendar.shifted(whole.start, len(pieces)) == whole.end, (calendar, whole)


def hold(zone: str, since: int, until: int, known: set[object]) -> None:
    """Hold it for all grains of a zone at all changes of its clock, but those of a sort that is known."""
    for change in changes(zone, since, until):
        clocks = [one.astimezone(ZoneInfo(zone)) for one in (change - timedelta(seconds=1), change)]
        sort = (clocks[1].time(), *(clock.utcoffset() for clock in clocks))
        if sort in known:
            continue
        known.add(sort)
        follow_each_other(Calendar(Grain.HOUR, zone, is_instant=True), change, 4 * HOUR, 4 * HOUR)
        follow_each_other(Calendar(Grain.DAY, zone, is_instant=True), change, 30 * HOUR, 30 * HOUR)
        for grain in LONG:
            calendar = Calendar(grain, zone, is_instant=True)
            for by in (-25 * HOUR, -HOUR, timedelta(seconds=-1), timedelta(0), HOUR, 25 * HOUR):
                moment = (change + by).replace(tzinfo=None).isoformat()
                begin, end = calendar.floor(moment), calendar.shifted(moment, 1)
                assert begin <= moment < end, (calendar, moment)
                assert (calendar.floor(begin), calendar.floor(end)) == (begin, end), (calendar, moment)


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "Atlantic/Azores", "America/Havana", "Australia/Lord_Howe", "Asia/Pyongyang", "Pacific/Apia"],
)
def test_grains_follow_each_other(zone: str) -> None:
    known: set[object] = set()
    hold(zone, 2007, 2019, known)
    assert known


@pytest.mark.slow
def test_grains_follow_each_other_in_every_zone() -> None:
    known: set[object] = set()
    seen: set[object] = set()
    for zone in sorted(available_timezones()):
        if (clock := offsets(zone, 1890, 2037)) not in seen:
            hold(zone, 1890, 2037, known)
        seen.add(clock)
    assert len(known) > 500
    assert len(seen) > 300


def offsets(zone: str, since: int, until: int) -> tuple[object, ...]:
    """Return how a zone's clock stood in each quarter: many names of zones are of one clock."""
    times = (datetime(year, month, 1, tzinfo=UTC) for year in range(since, until) for month in (1, 4, 7, 10))
    return tuple(time.astimezone(ZoneInfo(zone)).utcoffset() for time in times)


@pytest.mark.parametrize(
    ("zone", "begin", "end", "minutes"),
    [
        ("Australia/Lord_Howe", "2026-04-04T13:00:00", "2026-04-04T16:30:00", [60, 90, 60]),  # 02:00 is 01:30 again
        ("Australia/Lord_Howe", "2026-10-03T13:30:00", "2026-10-03T17:00:00", [60, 90, 60]),  # 02:00 is 02:30
        ("Asia/Kolkata", "2026-04-04T13:30:00", "2026-04-04T15:30:00", [60, 60]),
        ("Europe/Berlin", "2026-10-24T23:00:00", "2026-10-25T02:00:00", [60, 60, 60]),
    ],
)
def test_hours_begin_where_the_clock_shows_a_full_one(zone: str, begin: str, end: str, minutes: list[int]) -> None:
    calendar = Calendar(Grain.HOUR, zone, is_instant=True)
    pieces = list(itertools.islice(calendar.batches(Interval(begin, end), 1), 9))
    lengths = [datetime.fromisoformat(b) - datetime.fromisoformat(a) for a, b in pieces]
    assert lengths == [timedelta(minutes=one) for one in minutes]


@pytest.mark.parametrize("zone", ["Atlantic/Azores", "America/Havana"])
def test_a_day_whose_midnight_comes_twice_begins_at_the_first(zone: str) -> None:
    calendar = Calendar(Grain.DAY, zone, is_instant=True)
    (change,) = (one for one in changes(zone, 2026, 2027) if one.month > 9)
    for by in (-HOUR, timedelta(seconds=-1), timedelta(0), HOUR, 2 * HOUR):
        begin = datetime.fromisoformat(calendar.floor((change + by).replace(tzinfo=None).isoformat()))
        assert begin == (change - HOUR).replace(tzinfo=None)
    end = datetime.fromisoformat(calendar.shifted(begin.isoformat(), 1))
    assert end - begin == 25 * HOUR


def loaded(timing: Timing, calendar: Calendar, begin: datetime, steps: int) -> dict[str, str]:
    """Return when each moment that a run each minute loads was loaded, by its text."""
    covered: tuple[Interval, ...] = ()
    found: dict[str, str] = {}
    for number in range(steps):
        now = (begin + number * timedelta(minutes=1)).isoformat()
        parts = due(timing, calendar, covered, now=now, is_input_new=False)
        for part in parts:
            for one in calendar.batches(part, 1):
                found[one.start] = now
        covered = union((*covered, *parts))
    return found


def test_minutes_that_come_twice_are_due_when_they_were_there_twice() -> None:
    calendar = Calendar(Grain.MINUTE, "Europe/Berlin", is_instant=False)
    timing = Timing("at", Grain.MINUTE, "Europe/Berlin", start="2026-10-25T01:50:00")
    found = loaded(timing, calendar, datetime(2026, 10, 25, 0, 0, tzinfo=UTC), 180)
    assert found["2026-10-25T01:59:00"] == "2026-10-25T00:00:00+00:00"
    assert found["2026-10-25T02:00:00"] == "2026-10-25T01:01:00+00:00"
    assert found["2026-10-25T02:30:00"] == "2026-10-25T01:31:00+00:00"
    assert found["2026-10-25T03:00:00"] == "2026-10-25T02:01:00+00:00"


def test_a_day_is_not_over_while_its_last_hour_comes_once_more() -> None:
    calendar = Calendar(Grain.DAY, "America/St_Johns", is_instant=False)  # 2006: 00:01 is 23:01 of the day before again
    timing = Timing("at", Grain.DAY, "America/St_Johns", start="2006-10-28")
    found = loaded(timing, calendar, datetime(2006, 10, 29, 2, 25, tzinfo=UTC), 90)
    assert found == {"2006-10-28T00:00:00": "2006-10-29T03:30:00+00:00"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Atlantic/Azores"])
def test_what_is_settled_never_goes_back(zone: str) -> None:
    calendar = Calendar(Grain.MINUTE, zone, is_instant=False)
    for change in changes(zone, 2006, 2009):
        begin = change - 3 * HOUR
        instants = [begin + number * timedelta(minutes=3) for number in range(120)]
        settled = [calendar.settled(one.isoformat()) for one in instants]
        shown = [calendar.moment(one.isoformat()) for one in instants]
        assert settled == sorted(settled)
        assert settled == [min(shown[number:]) for number in range(len(shown))]
