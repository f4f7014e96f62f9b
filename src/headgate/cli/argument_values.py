"""The values of options, read from their texts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.core.comparison import Tolerance


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


def reason(text: str) -> str:
    """Return why somebody does something; it has to say something."""
    if not text.strip():
        raise argparse.ArgumentTypeError('say why, as in --override "the board meets at nine"')
    return text.strip()


def seconds(text: str) -> float:
    """Return the seconds of a time such as ``30s``, ``0.5h`` or ``5 minutes``; a number alone counts seconds."""
    units = {"s": 1, "m": 60, "h": 3600}
    count, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        found: float | None = float(count) * units[unit]
    except ValueError:
        from headgate.project.units import seconds_of

        found = seconds_of(text)
    if found is None or not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 30s, 5m or 1 hour")
    return found


def instant(text: str) -> str:
    """Return an instant as ISO 8601 in UTC; without an offset it is one in UTC."""
    from datetime import UTC, datetime

    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not an instant such as 2013-02-01T06:00:00Z") from None
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
    """Return an instant, or how long ago it is (``7d``, ``12 hours``), as it was written."""
    from headgate.project.units import seconds_of

    if seconds_of(text) is not None:
        return text
    try:
        return instant(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, nor how long ago, such as 7d or 12 hours") from None


_BEGINNING = "0002-01-01T00:00:00Z"
"""Earlier than all data; a calendar of any zone knows the days before and behind it."""


def before(age: str, now: str) -> str:
    """Return the instant that was ``age`` before ``now``; an instant stays what it is.

    >>> before("7 days", "2026-01-08T00:00:00Z")
    '2026-01-01T00:00:00Z'
    """
    from datetime import datetime, timedelta

    from headgate.project.units import seconds_of

    seconds = seconds_of(age)
    if seconds is None:
        return age
    try:
        found = datetime.fromisoformat(now) - timedelta(seconds=seconds)
    except OverflowError:
        return _BEGINNING
    return f"{found.replace(tzinfo=None).isoformat()}Z"


def tolerance(text: str) -> Mapping[str, Tolerance]:
    """Return by how much numbers may differ: ``0.01``, ``1%``, or ``price=0.01`` for one column; by folded column."""
    from headgate.core.address import fold
    from headgate.core.comparison import Tolerance

    column, _, amount = text.rpartition("=")
    try:
        found = float(amount.rstrip("% "))
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a tolerance such as 0.01, 1% or price=0.01")
    is_share = amount.rstrip().endswith("%")
    return {fold(column): Tolerance(relative=found / 100) if is_share else Tolerance(absolute=found)}
