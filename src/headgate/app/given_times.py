"""Times that somebody gives to a command: refused where nothing can be meant by them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from headgate.app.session import now
from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused
from headgate.core.intervals import Interval, shown

AHEAD_SECONDS_MAX = 300
"""By so much clocks of machines may differ."""


def present(given: str) -> str:
    """Return the instant that is to be taken for the present, in UTC, empty for the clock's; one to come is refused.

    What is loaded up to some time counts as loaded, so that a time that was given by mistake would keep out what comes
    until then.
    """
    if not given:
        return ""
    clock, found = now(), _instant(given)
    if (found - _instant(clock)).total_seconds() > AHEAD_SECONDS_MAX:
        summary = f"--now {given} has not come yet: by the clock of this machine it is {clock[:19]}Z"
        hint = "What comes until then would count as loaded. Leave --now out, or set the clock."
        raise Refused([Diagnostic("HG407", summary, hint=hint)])
    return f"{found.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def begin(given: str, present: str) -> str:
    """Return the instant from which on something is loaded; raise ``Refused`` where it is not before the present."""
    if given and _instant(given) >= _instant(present or now()):
        summary = f"--since {given} has not come yet: there is nothing to load from then on"
        raise Refused([Diagnostic("HG407", summary, hint="Name a time that is past, or how long ago: 7d, 12 hours")])
    return given


def span(since: str, until: str) -> Interval:
    """Return the span between two times of wall clocks, empty texts for no bound; raise ``Refused`` where it is empty.

    >>> span("2026-01-02", "2026-01-03")
    Interval(start='2026-01-02T00:00:00', end='2026-01-03T00:00:00')
    """
    found = Interval(_wall("--since", since), _wall("--until", until))
    if not since or not until or found.start < found.end:
        return found
    is_empty = found.start == found.end
    why = "ends where it begins" if is_empty else "ends before it begins"
    summary = f"the span from {shown(found.start)} until {shown(found.end)} {why}"
    hint = "--until is the first moment that is not loaded again: of one day, it is the next one."
    raise Refused([Diagnostic("HG407", summary, hint=hint if is_empty else "Give the earlier one as --since.")])


def told(span: Interval) -> str:
    """Return a span as it was given.

    >>> told(Interval("2026-01-02T00:00:00", ""))
    'since 2026-01-02'
    """
    bounds = (("since", span.start), ("until", span.end))
    return " ".join(f"{word} {shown(bound)}" for word, bound in bounds if bound)


def nothing_between(span: Interval, starts: Mapping[Address, str]) -> Diagnostic:
    """Return why nothing of a span can be loaded: it lies before the ``start`` of all, or is not over.

    ``starts`` are those of everything that was asked for, empty where there is none.
    """
    first, address = min(((start, address) for address, start in starts.items()), default=("", ""))
    if first and span.end and span.end <= datetime.fromisoformat(first).isoformat():
        begins = f"{address} begins" if len(starts) == 1 else f"the first to begin is {address},"
        summary = f"the time {told(span)} lies before the `start`: {begins} with {shown(first)}"
        return Diagnostic("HG407", summary, hint="What is earlier is loaded once an earlier `start` is declared.")
    hint = "They begin with the `start` of the asset, and the one that is not over yet is not loaded."
    return Diagnostic("HG407", f"no interval {told(span)} can be loaded yet", hint=hint)


def _instant(text: str) -> datetime:
    found = _read(text)
    if found is None:
        raise Refused([Diagnostic("HG407", f"{text} is no instant, such as 2013-02-01T06:00:00Z")])
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _wall(option: str, text: str) -> str:
    found = _read(text)
    if text and (found is None or found.tzinfo is not None):
        summary = f"{option} {text} is no time of a wall clock, such as 2013-02-01 or 2013-02-01T06:00"
        raise Refused([Diagnostic("HG407", summary)])
    return found.replace(microsecond=0).isoformat() if found else ""


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
