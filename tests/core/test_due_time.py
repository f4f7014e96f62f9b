"""How much time counts of an age, by calendars that were reckoned by hand; all the instants are given."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.core.due_time import DueTime

WORKDAYS = frozenset(range(5))
BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(due: DueTime, since: str, until: str) -> float:
    return due.passed(at(since), at(until)).total_seconds() / 3600


@pytest.mark.parametrize(
    ("due", "since", "until", "counted"),
    [
        (DueTime(), "2024-01-05 18:00", "2024-01-08 08:00", 62),
        (DueTime(), "2024-01-08 08:00", "2024-01-05 18:00", 0),  # a row of tomorrow is not old
        (DueTime(weekdays=WORKDAYS), "2024-01-05 18:00", "2024-01-08 08:00", 14),
        (DueTime(weekdays=WORKDAYS), "2024-01-06 09:00", "2024-01-07 09:00", 0),
        (DueTime(weekdays=WORKDAYS, holidays=frozenset({date(2024, 1, 8)})), "2024-01-05 18:00", "2024-01-09 01:00", 7),
        (DueTime(weekdays=WORKDAYS, zone=BERLIN), "2024-01-05 18:00", "2024-01-08 08:00", 5 + 9),
        (DueTime(weekdays=frozenset({6}), zone=BERLIN), "2024-03-29 00:00", "2024-04-02 00:00", 23),  # clocks forward
        (DueTime(weekdays=frozenset({6}), zone=BERLIN), "2024-10-25 00:00", "2024-10-29 00:00", 25),  # and back
        # By ticks: from the first one after the newest row on.
        (DueTime("0 6 * * *"), "2024-01-05 06:00", "2024-01-06 05:59", 0),
        (DueTime("0 6 * * *"), "2024-01-05 06:00", "2024-01-06 08:00", 2),
        (DueTime("0 6 * * 1-5"), "2024-01-05 06:00", "2024-01-08 05:59", 0),
        (DueTime("0 6 * * 1-5"), "2024-01-05 06:00", "2024-01-08 09:00", 3),
        (DueTime("0 6 * * 1-5"), "2024-01-04 23:59", "2024-01-08 05:59", 24),  # what came on Friday, by its own time
        (DueTime("0 6 * * 1-5"), "2024-01-04 23:59", "2024-01-08 09:00", 27),
        (DueTime("0 6 * * *", weekdays=WORKDAYS), "2024-01-05 06:00", "2024-01-08 07:00", 1),
        (
            DueTime("0 6 * * *", holidays=frozenset({date(2024, 1, 6), date(2024, 1, 7)})),
            "2024-01-05 06:00", "2024-01-08 07:00", 1,
        ),
        (DueTime("0 8-18 * * *"), "2024-01-05 17:59", "2024-01-06 07:59", 1),  # a night counts as an hour
        (DueTime("0 8-18 * * *"), "2024-01-05 17:59", "2024-01-06 08:30", 1.5),
        (DueTime("0 6 * * *", zone=BERLIN), "2024-03-30 05:00", "2024-03-31 04:30", 0.5),  # 06:30 in summer time
        (DueTime("0 0 29 2 *"), "2024-01-01 00:00", "2024-02-29 12:00", 12),
    ],
)  # fmt: skip
def test_only_time_at_which_data_was_due_counts(due: DueTime, since: str, until: str, counted: float) -> None:
    assert hours(due, since, until) == counted


def test_over_very_long_times_all_of_it_counts() -> None:
    assert hours(DueTime(weekdays=WORKDAYS), "1970-01-01 00:00", "2024-01-01 00:00") == 54 * 365.25 * 24 - 12
    assert hours(DueTime("* * * * *"), "2024-01-01 00:00", "2024-01-31 00:00") == 720


_INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_DUE = st.builds(
    DueTime,
    cron=st.sampled_from(["", "0 6 * * *", "0 6 * * 1-5", "30 */4 * * *", "0 0 1 * *"]),
    weekdays=st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    holidays=st.sets(st.dates(date(2020, 1, 1), date(2026, 1, 1)), max_size=3).map(frozenset),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York"]),
)


@given(_DUE, _INSTANTS, st.integers(0, 20 * 86_400), st.integers(0, 20 * 86_400))
def test_an_age_grows_with_time_and_is_never_longer_than_it(
    due: DueTime, since: datetime, first: int, more: int
) -> None:
    early, late = since + timedelta(seconds=first), since + timedelta(seconds=first + more)
    young, old = due.passed(since, early), due.passed(since, late)
    assert timedelta(0) <= young <= early - since
    assert young <= old <= young + (late - early)
