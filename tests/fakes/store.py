"""A state in memory that keeps the promises of the port, for threads of one process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from headgate.core.errors import Conflict, StoreFailed
from headgate.core.events import demand_end, next_event
from headgate.core.json_form import dumps, loads
from headgate.core.ports.store import Batch, Lease, LeaseTaken, NewEvent
from headgate.core.records import Event


@dataclass(frozen=True)
class Moment:
    """All that was written up to one batch; a batch makes a new one."""

    entries: Mapping[tuple[str, str], str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    leases: Mapping[str, tuple[Lease, bool]] = field(default_factory=dict)  # and whether it was given back


class FakeState:
    """What is kept between sessions. ``open`` gives a store; several may be open at once."""

    def __init__(self, identity: str = "fake") -> None:
        self.identity = identity
        self.moment = Moment()
        self.lock = threading.Lock()

    def open(self) -> FakeStore:
        return FakeStore(self)


class FakeReading:
    def __init__(self, state: FakeState) -> None:
        self._state = state
        self._open: Moment | None = None

    def __enter__(self) -> Self:
        self._open = self._state.moment
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = None

    @property
    def _moment(self) -> Moment:
        if self._open is None:
            raise RuntimeError("a reading is used inside of its `with` only")
        return self._open

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:
        entries = self._moment.entries
        return {key: entries[collection, key] for key in keys if (collection, key) in entries}

    def scan(self, collection: str, prefix: str = "") -> Iterator[tuple[str, str]]:
        entries = self._moment.entries
        for name, key in sorted(entries):
            if name == collection and key.startswith(prefix):
                yield key, entries[name, key]

    def events(self, after: int = 0) -> Iterator[Event]:
        for event in self._moment.events[after:]:
            yield Event(event.number, event.kind, loads(dumps(event.body)), event.previous, event.hash)

    def last_event(self) -> Event | None:
        events = self._moment.events
        return next(self.events(events[-1].number - 1), None) if events else None

    def lease(self, resource: str) -> Lease | None:
        lease, is_released = self._moment.leases.get(resource, (None, True))
        return None if is_released else lease


class FakeStore:
    def __init__(self, state: FakeState) -> None:
        self._state = state
        self._held: set[Lease] = set()
        self._is_closed = False

    def identity(self) -> str:
        return self._state.identity

    def reading(self) -> FakeReading:
        self._check_open()
        return FakeReading(self._state)

    def commit(self, batch: Batch) -> None:
        self._check_open()
        with self._state.lock:
            before = self._state.moment
            lease = batch.lease
            if lease is not None:
                newest, is_released = before.leases.get(lease.resource, (None, True))
                if newest is None or is_released or newest.fence != lease.fence:
                    raise Conflict(f"lease:{lease.resource}")
            for expected in batch.expects:
                if before.entries.get((expected.collection, expected.key)) != expected.value:
                    raise Conflict(f"{expected.collection}/{expected.key}")
            if batch.events:
                demand_end(before.events[-1] if before.events else None, batch)
            entries = dict(before.entries)
            for entry in batch.entries:
                if entry.value is None:
                    entries.pop((entry.collection, entry.key), None)
                else:
                    entries[entry.collection, entry.key] = entry.value
            self._state.moment = Moment(entries, (*before.events, *_chained(before, batch.events)), before.leases)

    def acquire(self, resource: str, *, holder: str, purpose: str, at: str) -> Lease:
        self._check_open()
        with self._state.lock:
            before = self._state.moment
            newest, is_released = before.leases.get(resource, (None, True))
            if newest is not None and not is_released:
                raise LeaseTaken(newest)
            lease = Lease(resource, newest.fence + 1 if newest else 1, holder, purpose, at)
            self._state.moment = Moment(before.entries, before.events, {**before.leases, resource: (lease, False)})
            self._held.add(lease)
            return lease

    def release(self, lease: Lease) -> None:
        with self._state.lock:
            if lease not in self._held:
                return
            self._held.discard(lease)
            before = self._state.moment
            self._state.moment = Moment(before.entries, before.events, {**before.leases, lease.resource: (lease, True)})

    def close(self) -> None:
        for lease in list(self._held):
            self.release(lease)
        self._is_closed = True

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreFailed("The state is closed")


def _chained(before: Moment, events: Iterable[NewEvent]) -> Iterator[Event]:
    last = before.events[-1] if before.events else None
    for new in events:
        last = next_event(last, NewEvent(new.kind, loads(dumps(new.body))))
        yield last
