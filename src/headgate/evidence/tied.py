"""Records that are tied to the log: each names the event that was written with it, and the event holds its digest.

The log is a chain of hashes, of which every release leaves a copy of the end in the engine. So whoever alters a record
has to alter its event, and all events behind it. A record that names no event was written before there were ties, or
by nobody of ours: it counts as not there, and is measured again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from headgate.core.errors import Conflict, lost_lease
from headgate.core.events import hash_of
from headgate.core.hashing import digest, short
from headgate.core.ports.store import Batch, Entry, Lease, NewEvent, Reading, StateStore
from headgate.core.records import Collection, Event

TIED = frozenset({Collection.EVIDENCE, Collection.APPROVALS})
"""The collections of which a ``ProvenReading`` gives what is tied alone."""

_ATTEMPTS = 50
"""So often it is tried to come first where others write events at the same time."""

_DIGITS = 32
"""128 bits of a digest: to find another text with the same ones is out of reach."""

_NEAR = 64
"""Events that lie so near are read on the way; for others the log is asked again."""

_NAMED = re.compile(r',"event":([0-9]+)\}$')


def keep_tied(
    store: StateStore,
    collection: Collection,
    texts: Mapping[str, str],
    body: Mapping[str, Any],
    *,
    lease: Lease | None = None,
) -> None:
    """Write records, JSON objects by key, together with an event of the collection's name that holds their digests.

    ``body`` is what else the event says. Raises ``LeaseLost`` where the lease is lost meanwhile. Cost: a commit.
    """
    for _ in range(_ATTEMPTS):
        with store.reading() as reading:
            last = reading.last_event()
        number = last.number if last else 0
        tied = {key: f'{text[:-1]},"event":{number + 1}}}' for key, text in texts.items()}
        digests = [_digest(collection, key, text) for key, text in tied.items()]
        entries = tuple(Entry(collection, key, text) for key, text in tied.items())
        event = NewEvent(collection.value, {**body, "digests": digests})
        try:
            store.commit(Batch(entries, events=(event,), lease=lease, follows=number))
        except Conflict as conflict:
            if lease is not None and conflict.entry.startswith("lease:"):
                raise lost_lease(lease.resource) from conflict
            continue
        return
    raise AssertionError(f"{_ATTEMPTS} others wrote events first")


def proven(reading: Reading, collection: Collection, texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return those of the records that are as the log says that they were written.

    Cost: a look-up for each event that they name, of which one may stand for fifty; 10 microseconds a record.
    """
    named: dict[int, list[str]] = {}
    for key, text in texts.items():
        found = _NAMED.search(text)
        if found:
            named.setdefault(int(found[1]), []).append(key)
    held = {number: frozenset(_digests(event)) for number, event in _whole(reading, sorted(named))}
    return {
        key: texts[key]
        for number, keys in named.items()
        for key in keys
        if _digest(collection, key, texts[key]) in held.get(number, ())
    }


def altered_keys(reading: Reading, collection: Collection, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of those records that are not as the log says, in the order in which they are given."""
    sound = proven(reading, collection, texts)
    return tuple(key for key in texts if key not in sound)


def _digest(collection: Collection, key: str, text: str) -> str:
    return short(digest("tied", collection.value, key, text), _DIGITS)


def _digests(event: Event) -> Iterable[str]:
    found = event.body.get("digests", ())
    return (one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def _whole(reading: Reading, numbers: list[int]) -> Iterator[tuple[int, Event]]:
    """Yield those of the events with these numbers that are what their hashes say, and that the next one follows."""
    waiting: Iterator[Event] = iter(())
    ahead: Event | None = None
    for number in numbers:
        if ahead is None or not ahead.number <= number <= ahead.number + _NEAR:
            waiting = reading.events(after=number - 1)
            ahead = next(waiting, None)
        while ahead is not None and ahead.number < number:
            ahead = next(waiting, None)
        if ahead is None:
            return
        wanted, ahead = ahead, next(waiting, None)
        is_followed = ahead is None or ahead.previous == wanted.hash
        if wanted.number == number and is_followed and hash_of(wanted) == wanted.hash:
            yield number, wanted


class ProvenReading:
    """A reading that gives, of the collections in ``TIED``, only what is as the log says that it was written."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those keys that are there, and proven."""
        found = self._reading.get(collection, keys)
        return proven(self._reading, Collection(collection), found) if collection in TIED and found else found

    def scan(self, collection: str, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Yield keys that begin with ``prefix``, with their values, as far as they are proven."""
        found = self._reading.scan(collection, prefix)
        if collection not in TIED:
            return found
        return iter(sorted(proven(self._reading, Collection(collection), dict(found)).items()))

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events whose number is greater than ``after``, in order."""
        return self._reading.events(after)

    def last_event(self) -> Event | None:
        """Return the event with the greatest number, or None."""
        return self._reading.last_event()

    def lease(self, resource: str) -> Lease | None:
        """Return the live lease of ``resource``, or None where nobody holds it."""
        return self._reading.lease(resource)

    def __enter__(self) -> Self:
        self._reading.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.__exit__(kind, error, trace)


class ProvenStore:
    """A store whose readings are proven; all else is the store's own."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def identity(self) -> str:
        """Return the state's own random identifier."""
        return self._store.identity()

    def reading(self) -> ProvenReading:
        """Return a consistent view, to be used in a ``with``."""
        return ProvenReading(self._store.reading())

    def commit(self, batch: Batch) -> None:
        """Write the batch durably; raise ``Conflict`` and write nothing."""
        self._store.commit(batch)

    def acquire(self, resource: str, *, holder: str, purpose: str, at: str) -> Lease:
        """Return the lease with the next fence; raise ``LeaseTaken`` where a live process holds it."""
        return self._store.acquire(resource, holder=holder, purpose=purpose, at=at)

    def release(self, lease: Lease) -> None:
        """Give the lease back."""
        self._store.release(lease)

    def close(self) -> None:
        """Let go of everything, leases included."""
        self._store.close()
