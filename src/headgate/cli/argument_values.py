"""The values of options, read from their texts."""

from __future__ import annotations

import argparse


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def number(text: str) -> int:
    """Return a number from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0")
    return int(text)


def positive(text: str) -> int:
    """Return a number from 1."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def seconds(text: str) -> float:
    """Return the seconds of a time such as ``30s``, ``5m`` or ``1h``."""
    units = {"s": 1, "m": 60, "h": 3600}
    count, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        return float(count) * units[unit]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 30s, 5m or 1h") from None


def instant(text: str) -> str:
    """Return an instant as ISO 8601 in UTC; without an offset it is one in UTC."""
    from datetime import UTC, datetime

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an instant such as 2013-02-01T06:00:00Z") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return f"{found.replace(tzinfo=None).isoformat()}Z"


def moment(text: str) -> str:
    """Return what a wall clock shows, as ISO 8601 to the second: ``2013-02-01`` is the beginning of that day."""
    from datetime import datetime

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2013-02-01 or 2013-02-01T06:00") from None
    return found.replace(microsecond=0).isoformat()


def instant_or_age(text: str) -> str:
    """Return an instant, or how long ago it is (``7d``, ``12h``), as it was written."""
    if text[:-1].isdigit() and text[-1:] in _AGES:
        return text
    return instant(text)


_AGES = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def before(age: str, now: str) -> str:
    """Return the instant that was ``age`` before ``now``; an instant stays what it is.

    >>> before("7d", "2026-01-08T00:00:00Z")
    '2026-01-01T00:00:00Z'
    """
    from datetime import datetime, timedelta

    if age[-1:] not in _AGES or not age[:-1].isdigit():
        return age
    found = datetime.fromisoformat(now) - timedelta(seconds=int(age[:-1]) * _AGES[age[-1]])
    return f"{found.replace(tzinfo=None).isoformat()}Z"
