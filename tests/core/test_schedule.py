"""Ticks of schedules, where clocks are changed above all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headgate.core.schedule
from headgate.core.schedule import fault_in_cron, next_tick, previous_tick

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")
CRONS = (
    "30 2 * * *", "0 */6 * * *", "*/15 * * * *", "0 2,3 * * *", "15 1-3 * * *", "0 0 1 * *", "59 23 * * 0",
    "* 2 * * *", "30 * * * *", "0 3 L * *", "17 2 25-31 3,10 *", "0 9 * * mon#1", "0 9 LW * *",
)  # fmt: skip


def test_the_clock_is_not_asked() -> None:
    text = Path(headgate.core.schedule.__file__).read_text()
    assert not [word for word in (".now(", ".today(", "utcnow") if word in text]


@pytest.mark.parametrize(
    ("cron", "zone", "instant", "expected"),
    [
        ("0 6 * * *", "UTC", "2026-07-01T05:59:59Z", "2026-07-01T06:00:00Z"),
        ("0 6 * * *", "UTC", "2026-07-01T06:00:00Z", "2026-07-02T06:00:00Z"),
        ("0 6 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T04:00:00Z"),
        ("0 6 * * *", "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-01-01T05:00:00Z"),
        ("0 6 * * *", "Asia/Kolkata", "2026-01-01T02:00:00+05:30", "2026-01-01T00:30:00Z"),
        # 2026-03-29, Berlin: after 02:00 comes 03:00. 2026-10-25: 02:00 to 03:00 comes twice.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 * * mon#5", "UTC", "2026-01-01T00:00:00Z", "2026-03-30T00:00:00Z"),
    ],
)
def test_the_next_tick(cron: str, zone: str, instant: str, expected: str) -> None:
    assert next_tick(cron, zone, instant) == expected
    assert previous_tick(cron, zone, expected) == expected


@pytest.mark.parametrize("cron", CRONS)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Atlantic/Azores"])
def test_the_last_tick_is_the_newest_of_those_that_came(cron: str, zone: str) -> None:
    for begin in ("2026-03-28T23:00:00+00:00", "2026-11-01T03:00:00+00:00", "2026-10-24T23:00:00+00:00"):
        first = datetime.fromisoformat(begin)
        last = previous_tick(cron, zone, begin)
        for number in range(16):
            now = first + number * timedelta(minutes=14, seconds=30)
            while (following := next_tick(cron, zone, last)) <= f"{now.replace(tzinfo=None).isoformat()}Z":
                last = following
            assert previous_tick(cron, zone, now.isoformat()) == last


def test_the_last_tick_is_that_of_the_instant_itself_or_before() -> None:
    assert previous_tick("0 6 * * *", "UTC", "2026-07-01T06:00:00.250000Z") == "2026-07-01T06:00:00Z"
    assert previous_tick("0 6 * * *", "UTC", "2026-07-01T05:59:59.999999Z") == "2026-06-30T06:00:00Z"
    assert previous_tick("30 2 * * *", "Europe/Berlin", "2026-10-25T01:29:00Z") == "2026-10-25T00:30:00Z"


@given(
    st.sampled_from(CRONS),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 # hypothesis wants them without a zone
)
def test_no_tick_is_lost_and_none_comes_twice(cron: str, zone: str, instant: datetime) -> None:
    now = instant.replace(tzinfo=UTC, microsecond=0)
    before, after = previous_tick(cron, zone, now.isoformat()), next_tick(cron, zone, now.isoformat())
    assert before <= f"{now.replace(tzinfo=None).isoformat()}Z" < after
    assert next_tick(cron, zone, before) == after
    a_second_before = datetime.fromisoformat(after) - timedelta(seconds=1)
    assert previous_tick(cron, zone, a_second_before.isoformat()) == before


@pytest.mark.parametrize("cron", [*CRONS, "0 0 * feb mon#5", "1-5/2 * * * *", "0 0 * * 7", "0 0 1 1 0"])
def test_what_is_understood(cron: str) -> None:
    assert fault_in_cron(cron) == ""


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("", "0 fields"), ("@daily", "1 field,"), ("* * * *", "4 fields"), ("* * * * * *", "6 fields"),
        ("60 * * * *", "its minute"), ("* 24 * * *", "its hour"), ("0 0 0 * *", "its day of the month"),
        ("0 0 31 2 *", "its day of the month"), ("0 0 1 13 *", "its month"), ("0 0 * * 8", "its day of the week"),
        ("5-1 * * * *", "its minute"), ("*/0 * * * *", "its minute"), ("²L * * * *", "its minute"),
        ("0 0 * * ²L", "its day of the week"), ("9" * 300 + " * * * *", "longer"), (",,, * * * *", "its minute"),
    ],
)  # fmt: skip
def test_what_is_not(cron: str, expected: str) -> None:
    assert expected in fault_in_cron(cron)


@given(st.lists(st.text("0123456789*/,-#LW mon", max_size=12), min_size=5, max_size=5))
def test_nothing_that_is_written_is_more_than_a_fault(fields: list[str]) -> None:
    fault_in_cron(" ".join(fields))
