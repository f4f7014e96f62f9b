"""The event log's chain: every event carries the hash of the one before it, so that an altered log shows itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headgate.core.errors import Conflict
from headgate.core.hashing import Digest, digest
from headgate.core.json_form import dumps
from headgate.core.ports.store import Batch, EventChainFault, NewEvent, Reading
from headgate.core.records import Event, LogHead


def next_event(last: Event | None, new: NewEvent) -> Event:
    """Return ``new`` as the event that follows ``last`` (None: it is the first), numbered and chained.

    >>> first = next_event(None, NewEvent("move", {"at": "2026-11-21T02:06:11Z"}))
    >>> second = next_event(first, NewEvent("gc", {}))
    >>> second.number, second.previous == first.hash
    (2, True)
    """
    number, previous = (last.number + 1, str(last.hash)) if last else (1, "")
    return Event(number, new.kind, new.body, previous, digest("event", previous, number, new.kind, dumps(new.body)))


def demand_end(last: Event | None, batch: Batch) -> None:
    """Raise ``Conflict`` where a batch means to follow another event than the last one."""
    if batch.follows is not None and batch.follows != (last.number if last else 0):
        raise Conflict("log")


def log_head(reading: Reading) -> LogHead | None:
    """Return the end of the log; None where nothing was written yet."""
    last = reading.last_event()
    return None if last is None else LogHead(last.number, last.hash)


def verify_events(reading: Reading) -> EventChainFault | None:
    """Return the first event that does not fit its place or its hash, or None where the whole log is as written.

    Events cut off at the end leave a log that is whole in itself: compare the last number with a copy kept elsewhere.
    Cost: reads and hashes the whole log.
    """
    return next(chain_faults(reading.events()), None)


def hash_of(event: Event) -> Digest:
    """Return the hash that an event has to have, as it stands."""
    return digest("event", event.previous, event.number, event.kind, dumps(event.body))


def chain_faults(events: Iterable[Event]) -> Iterator[EventChainFault]:
    """Yield every event that does not fit the one before it, as that one stands, or its own hash."""
    last: Event | None = None
    for event in events:
        expected = next_event(last, NewEvent(event.kind, event.body))
        reasons = []
        if event.number != expected.number:
            reasons.append(f"event {expected.number} is missing")
        elif event.previous != expected.previous:
            reasons.append("it does not follow the event before it")
        if event.hash != hash_of(event):
            reasons.append("its content is not what was written")
        if reasons:
            yield EventChainFault(event.number, " and ".join(reasons), (event,) if last is None else (last, event))
        last = event
