"""Grains on a calendar: where they begin, what is due."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headgate.core.calendar as calendar_module
from headgate.core.calendar import Calendar, due
from headgate.core.intervals import Interval, covers, minus, union
from headgate.core.loading import Grain, Timing

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana"]
moments = st.datetimes(datetime(1999, 1, 1), datetime(2030, 1, 1)).map(lambda d: d.replace(microsecond=0).isoformat())  # noqa: DTZ001
calendars = st.builds(Calendar, st.sampled_from(Grain), st.sampled_from(ZONES), st.booleans())


def test_the_clock_is_not_asked() -> None:
    text = Path(calendar_module.__file__).read_text()
    assert not [word for word in (".now(", ".today(", "utcnow") if word in text]


@given(calendars, moments)
def test_a_moment_is_in_its_grain(calendar: Calendar, moment: str) -> None:
    begin = calendar.floor(moment)
    assert begin <= moment < calendar.shifted(moment, 1)
    assert calendar.floor(begin) == begin


@given(calendars, moments, st.integers(1, 50))
def test_steps_there_and_back(calendar: Calendar, moment: str, count: int) -> None:
    begin = calendar.floor(moment)
    after = calendar.shifted(begin, count)
    assert after > begin
    assert calendar.shifted(after, -count) == begin


@given(calendars, moments, st.integers(1, 60), st.integers(1, 9))
def test_batches_are_the_interval(calendar: Calendar, moment: str, length: int, count: int) -> None:
    whole = Interval(calendar.floor(moment), calendar.shifted(moment, length))
    pieces = list(calendar.batches(whole, count))
    assert union(pieces) == (whole,)
    assert len(pieces) == -(-length // count)
    assert all(calendar.aligned(piece) == piece for piece in pieces)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24), ("2024-02-29", 24)]
)
def test_days_of_a_zone_are_as_long_as_there(day: str, hours: int) -> None:
    calendar = Calendar(Grain.DAY, "Europe/Berlin", is_instant=True)
    start = calendar.local(day)
    end = calendar.shifted(start, 1)
    assert datetime.fromisoformat(end) - datetime.fromisoformat(start) == timedelta(hours=hours)
    in_hours = Calendar(Grain.HOUR, "Europe/Berlin", is_instant=True)
    assert len(list(in_hours.batches(Interval(start, end), 1))) == hours


def test_months_follow_the_calendar() -> None:
    calendar = Calendar(Grain.MONTH, "UTC", is_instant=False)
    pieces = list(calendar.batches(Interval("2024-01-01T00:00:00", "2024-04-01T00:00:00"), 1))
    assert [start[:10] for start, _ in pieces] == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert Calendar(Grain.WEEK, "UTC", is_instant=False).floor("2026-11-22T23:59:59") == "2026-11-16T00:00:00"


@given(calendars, moments)
def test_a_moment_is_what_the_clock_of_the_zone_shows(calendar: Calendar, moment: str) -> None:
    instant = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    wall = instant.astimezone(UTC if calendar.is_instant else ZoneInfo(calendar.zone)).replace(tzinfo=None)
    assert calendar.moment(f"{moment}Z") == wall.isoformat()


def test_nothing_is_due_before_its_grain_is_over() -> None:
    timing = Timing("at", Grain.DAY, start="2026-01-01")
    calendar = Calendar(Grain.DAY, "UTC", is_instant=False)
    for now, expected in (("2026-01-01T23:59:59Z", ()), ("2026-01-02T00:00:00Z", ("2026-01-01T00:00:00",))):
        assert tuple(start for start, _ in due(timing, calendar, (), now=now, is_input_new=True)) == expected


@pytest.mark.parametrize(
    ("now", "since_new", "since_late"),
    [
        ("2026-01-11T06:00:00Z", "2026-01-10", "2026-01-08"),
        ("2026-01-14T06:00:00Z", "2026-01-10", "2026-01-08"),  # three nights were missed
        ("2026-01-10T06:00:00Z", "", "2026-01-08"),  # once more that day
        ("2026-01-06T06:00:00Z", "", "2026-01-04"),  # the clock went back
    ],
)
def test_the_lookback_counts_from_what_was_loaded_and_with_new_input_only(
    now: str, since_new: str, since_late: str
) -> None:
    timing = Timing("at", Grain.DAY, lookback=2, start="2026-01-01")
    calendar = Calendar(Grain.DAY, "UTC", is_instant=False)
    covered = (Interval("2026-01-01T00:00:00", "2026-01-10T00:00:00"),)
    end = f"{now[:10]}T00:00:00"
    due_alone = (Interval(f"{since_new}T00:00:00", end),) if since_new else ()
    assert due(timing, calendar, covered, now=now, is_input_new=False) == due_alone
    assert due(timing, calendar, covered, now=now, is_input_new=True) == (Interval(f"{since_late}T00:00:00", end),)


@given(
    st.builds(Calendar, st.sampled_from([Grain.HOUR, Grain.DAY, Grain.MONTH]), st.sampled_from(ZONES), st.booleans()),
    moments,
    st.lists(st.integers(0, 9), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_every_grain_is_loaded_again_until_so_many_came_after_it(
    calendar: Calendar, start: str, steps: list[int], lookback: int
) -> None:
    timing = Timing("at", calendar.grain, calendar.zone, lookback, start=calendar.wall(f"{start}Z"))
    covered: tuple[Interval, ...] = ()
    now = datetime.fromisoformat(f"{start}Z")
    for step in steps:
        now += step * timedelta(hours=7)
        parts = due(timing, calendar, covered, now=now.isoformat(), is_input_new=True)
        if covered and parts:
            before = list(calendar.batches(covered[0], 1))[-lookback:]
            assert parts == (Interval(before[0].start, max(parts[-1].end, covered[-1].end)),)
        covered = union((*covered, *parts))


@given(calendars, moments, moments, st.integers(0, 5), st.booleans())
def test_what_was_loaded_is_not_due_again(
    calendar: Calendar,
    start: str,
    now: str,
    lookback: int,
    is_input_new: bool,  # noqa: FBT001
) -> None:
    timing = Timing("at", calendar.grain, calendar.zone, lookback, start)
    wanted = due(timing, calendar, (), now=f"{now}Z", is_input_new=is_input_new)
    assert due(timing, calendar, wanted, now=f"{now}Z", is_input_new=False) == ()
    again = due(timing, calendar, wanted, now=f"{now}Z", is_input_new=True)
    assert covers(wanted, again)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))),
)
def test_sets_of_intervals_are_sets_of_moments(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    def made(pairs: list[tuple[int, int]]) -> tuple[Interval, ...]:
        return union(Interval(f"{start:02}", f"{end:02}") for start, end in pairs)

    def held(intervals: tuple[Interval, ...]) -> set[int]:
        return {n for n in range(31) for start, end in intervals if start <= f"{n:02}" < end}

    first, second = made(some), made(others)
    assert held(first) == {n for start, end in some for n in range(start, end)}
    assert held(minus(first, second)) == held(first) - held(second)
    assert all(a.end < b.start for a, b in itertools.pairwise(first))
