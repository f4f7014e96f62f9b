"""Ticks of cron expressions on the clocks of a zone. Pure: the instant that they are asked for is always given.

Five fields, as Debian's cron reads them, and ``L``, ``LW`` and ``MON#2`` besides. Where clocks are put forward, what
falls into the hour that is left out comes at its end; where they are put back, a fixed time comes once, the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")

NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""Names that cron has for expressions."""

_LENGTH_MAX = 200
_SOME_INSTANT = "2000-01-01T00:00:00Z"


@cache
def fault_in_cron(cron: str) -> str:
    """Return why an expression cannot be used; empty where it can.

    >>> fault_in_cron("0 25 * * *"), fault_in_cron("*/15 6-20 * * mon-fri")
    ('its hour cannot be', '')
    """
    from cronsim import CronSimError

    if len(cron) > _LENGTH_MAX:
        return f"it is longer than {_LENGTH_MAX} characters"
    if len(cron.split()) != len(FIELDS):
        count = len(cron.split())
        return f"it has {count} {'field' if count == 1 else 'fields'}, not five: {', '.join(FIELDS)}"
    try:
        return "" if next_tick(cron, "UTC", _SOME_INSTANT) else "no day is ever like that"
    except CronSimError as error:
        field = str(error).removeprefix("Bad ").replace("day-of-week", FIELDS[4]).replace("day-of-month", FIELDS[2])
        return f"its {field} cannot be"


def next_tick(cron: str, zone: str, instant: str) -> str:
    """Return the first tick after an instant (ISO 8601, with an offset), in UTC; empty where none comes in 50 years.

    >>> next_tick("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z")
    '2026-03-29T01:00:00Z'
    """
    return _first(cron, zone, datetime.fromisoformat(instant), is_back=False)


def previous_tick(cron: str, zone: str, instant: str) -> str:
    """Return the last tick that is not after an instant, in UTC; empty where none came in 50 years.

    >>> previous_tick("0 6 * * *", "Europe/Berlin", "2026-07-01T04:00:00Z")
    '2026-07-01T04:00:00Z'
    """
    now = datetime.fromisoformat(instant).replace(microsecond=0)
    found = _first(cron, zone, now + timedelta(seconds=1), is_back=True)
    # On the way back the first pass of an hour that comes twice is left out, on the way forward it is not.
    while found and (following := next_tick(cron, zone, found)) and datetime.fromisoformat(following) <= now:
        found = following
    return found


def ticks(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Yield the ticks after an instant, in UTC, for as long as one comes within 50 years."""
    from cronsim import CronSim

    return (tick.astimezone(UTC) for tick in CronSim(cron, after.astimezone(ZoneInfo(zone))))


def _first(cron: str, zone: str, begin: datetime, *, is_back: bool) -> str:
    from cronsim import CronSim

    found = next(CronSim(cron, begin.astimezone(ZoneInfo(zone)), reverse=is_back), None)
    return "" if found is None else f"{found.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
