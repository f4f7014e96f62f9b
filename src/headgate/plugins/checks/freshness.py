"""The check of how old the newest row may be: measured once for the same rows, read by the clock each time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from headgate.core.address import fold
from headgate.core.checks import Asked, CannotCheck, Compiled, Failed
from headgate.core.due_time import ALL_DAYS, WEEKDAYS, DueTime
from headgate.core.measures import Answer, Figure, Newest, Of, Sql
from headgate.plugins.checks.arguments import known_column, text

_UNITS = {"minute": 60, "min": 60, "m": 60, "hour": 3600, "h": 3600, "day": 86_400, "d": 86_400, "week": 604_800}
_SPAN = re.compile(r"([0-9]{1,6})\s*([a-z]{1,10})")
_OF_TIMES = re.compile(r"(date|datetime|timestamp)\b.*", re.IGNORECASE | re.DOTALL)


def freshness(asked: Asked) -> Compiled:
    """Compile: since the newest row no more time has passed than may; only time counts at which data was due."""
    warn_after, error_after = (_span(asked, key) for key in ("warn_after", "error_after"))
    if warn_after is None and error_after is None:
        raise CannotCheck("warn_after or error_after is needed", "Write warn_after: 25 hours.")
    if warn_after is not None and error_after is not None and warn_after > error_after:
        raise CannotCheck("warn_after is longer than error_after")
    due, newest = _due_time(asked), _newest(asked)

    def read(answers: Sequence[Answer]) -> Failed:
        if answers[0] is None:
            return Failed(1, 1, "there is no row with a time", warns_only=error_after is None)
        try:
            since = _instant(str(answers[0]), due.zone)
        except ValueError:
            return Failed(1, 1, f"the newest value, {answers[0]}, is no time")
        age = due.passed(since, datetime.fromisoformat(asked.now))
        told = f"the newest row, {_shown(since)}, is {_told(age)} old"
        if error_after is not None and age > error_after:
            return Failed(1, 1, f"{told}, at most {_told(error_after)} may be")
        if warn_after is not None and age > warn_after:
            return Failed(1, 1, f"{told}, at most {_told(warn_after)} should be", warns_only=True)
        return Failed(0, 1, told)

    return Compiled((newest,), read)


def _newest(asked: Asked) -> Of | Newest:
    """Return what is measured: the greatest value of a column of times, or of an expression; or what a query gives."""
    if "loaded_at_query" in asked.arguments:
        if asked.column or "field" in asked.arguments or asked.where:
            raise CannotCheck("loaded_at_query says all of it", "Take the column, `field` and the condition out.")
        return Newest(Sql(text(asked, "loaded_at_query")), is_query=True)
    field = asked.column or text(asked, "field")
    if not asked.column and fold(field) not in map(fold, asked.columns):
        return Newest(Sql(field), asked.where)
    if asked.column and "field" in asked.arguments:
        raise CannotCheck(f"it stands below {asked.column} and names a field", "Write it below the asset.")
    column = known_column(asked, field)
    if not _OF_TIMES.fullmatch(asked.columns[column]):
        hint = f"Write it below the asset, with an expression: `field: {column}::timestamp`."
        raise CannotCheck(f"{column} holds no times: it is {asked.columns[column]}", hint)
    return Of(Figure.GREATEST, column, asked.where)


def _span(asked: Asked, key: str) -> timedelta | None:
    """Return a span of time: ``25 hours``, or dbt's ``{count: 25, period: hour}``; None where none is given."""
    found = asked.arguments.get(key)
    if found is None:
        return None
    written = f"{found.get('count')} {found.get('period')}" if isinstance(found, Mapping) else str(found)
    match = _SPAN.fullmatch(written.strip().lower())
    unit = _UNITS.get(match[2]) or _UNITS.get(match[2].removesuffix("s")) if match else None
    if match is None or unit is None:
        raise CannotCheck(f"{key} is a span of time, not {written}", f"Write {key}: 25 hours.")
    return timedelta(seconds=int(match[1]) * unit)


def _due_time(asked: Asked) -> DueTime:
    cron, zone = (_word(asked, key) for key in ("cron", "time_zone"))
    if cron:
        from headgate.core.schedule import NAMED, fault_in_cron

        cron = NAMED.get(cron, cron)
        if fault := fault_in_cron(cron):
            raise CannotCheck(f"cron {cron}: {fault}")
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, OSError, KeyError):
        raise CannotCheck(f"there is no time zone {zone}", "Write a name such as Europe/Berlin.") from None
    return DueTime(cron, _weekdays(asked), _holidays(asked), zone or "UTC")


def _word(asked: Asked, key: str) -> str:
    found = asked.arguments.get(key, "")
    if not isinstance(found, str):
        raise CannotCheck(f"{key} is a text, not {found!r}")
    return found.strip()


def _weekdays(asked: Asked) -> frozenset[int]:
    """Return the days of the week that are listed, or told as from one to another: ``mon-fri``."""
    given = asked.arguments.get("weekdays")
    if given is None:
        return ALL_DAYS
    found: set[int] = set()
    for one in given if isinstance(given, list) else str(given).split(","):
        first, _, last = (part.strip()[:3] for part in str(one).lower().partition("-"))
        if first not in WEEKDAYS or (last and last not in WEEKDAYS):
            raise CannotCheck(f"weekdays has {one}, which is none", "Write weekdays: mon-fri, or [mon, wed].")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found |= {day % len(WEEKDAYS) for day in range(begin, end + 1 + (len(WEEKDAYS) if end < begin else 0))}
    if not found:
        raise CannotCheck("weekdays lists no day", "Write weekdays: mon-fri, or [mon, wed].")
    return frozenset(found)


def _holidays(asked: Asked) -> frozenset[date]:
    given = asked.arguments.get("holidays") or []
    try:
        return frozenset(date.fromisoformat(str(one)) for one in (given if isinstance(given, list) else [given]))
    except ValueError:
        raise CannotCheck("holidays lists days", "Write holidays: [2024-12-25, 2024-12-26].") from None


def _instant(written: str, zone: str) -> datetime:
    """Return the instant of a time as an engine writes it; one without an offset is what clocks show in the zone."""
    found = datetime.fromisoformat(written)
    return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _shown(instant: datetime) -> str:
    return f"{instant.replace(tzinfo=None, microsecond=0).isoformat(sep=' ')} UTC"


def _told(span: timedelta) -> str:
    """Return a span as people say it, of its largest units.

    >>> _told(timedelta(hours=30, minutes=5)), _told(timedelta(minutes=1, seconds=20))
    ('1 day 6 hours', '1 minute')
    """
    minutes = int(span.total_seconds()) // 60
    days, rest = divmod(minutes, 1440)
    parts = ((days, "day"), (rest // 60, "hour"), (rest % 60, "minute"))
    told = [f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in parts if count]
    return " ".join(told[:2]) if told else "0 minutes"
