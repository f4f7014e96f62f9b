"""A state in memory that outlives its sessions, and sessions that can be made to crash at any call."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.core.errors import Conflict
from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.store import Batch, Lease, LeaseTaken
from headgate.core.records import Event


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Disk:
    """What is left when a process ends: entries, events, fences."""

    identity: str = "state-1"
    entries: dict[tuple[str, str], str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    fences: dict[str, int] = field(default_factory=dict)
    live: dict[str, Lease] = field(default_factory=dict)

    def copy(self) -> Disk:
        return copy.deepcopy(self)


class MemoryReading:
    def __init__(self, disk: Disk) -> None:
        self._entries = dict(disk.entries)
        self._events = tuple(disk.events)
        self._live = dict(disk.live)

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:
        return {k: self._entries[collection, k] for k in keys if (collection, k) in self._entries}

    def scan(self, collection: str, prefix: str = "") -> Iterator[tuple[str, str]]:
        found = [(k, v) for (c, k), v in self._entries.items() if c == collection and k.startswith(prefix)]
        return iter(sorted(found))

    def events(self, after: int = 0) -> Iterator[Event]:
        return iter([e for e in self._events if e.number > after])

    def lease(self, resource: str) -> Lease | None:
        return self._live.get(resource)

    def __enter__(self) -> MemoryReading:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class MemoryStore:
    """A session; ``fail_at`` is called before and after each call that writes, and before each reading."""

    def __init__(self, disk: Disk, fail_at: Callable[[str], None] = lambda point: None) -> None:
        self.disk = disk
        self.fail_at = fail_at
        self.batches = 0

    def identity(self) -> str:
        return self.disk.identity

    def reading(self) -> MemoryReading:
        self.fail_at("reading:before")
        return MemoryReading(self.disk)

    def commit(self, batch: Batch) -> None:
        self.fail_at("commit:before")
        if batch.lease is not None and self.disk.fences.get(batch.lease.resource) != batch.lease.fence:
            raise Conflict(f"lease:{batch.lease.resource}")
        for e in batch.expects:
            if self.disk.entries.get((e.collection, e.key)) != e.value:
                raise Conflict(f"{e.collection}/{e.key}")
        for entry in batch.entries:
            if entry.value is None:
                self.disk.entries.pop((entry.collection, entry.key), None)
            else:
                self.disk.entries[entry.collection, entry.key] = entry.value
        for event in batch.events:
            self._append(event.kind, event.body)
        self.batches += 1
        self.fail_at("commit:after")

    def _append(self, kind: str, body: Mapping[str, Any]) -> None:
        previous = self.disk.events[-1].hash if self.disk.events else ""
        number = len(self.disk.events) + 1
        self.disk.events.append(Event(number, kind, loads(dumps(body)), previous, _hash(previous, number, kind, body)))

    def acquire(self, resource: str, *, holder: str, purpose: str, at: str) -> Lease:
        if resource in self.disk.live:
            raise LeaseTaken(self.disk.live[resource])
        fence = self.disk.fences[resource] = self.disk.fences.get(resource, 0) + 1
        lease = self.disk.live[resource] = Lease(resource, fence, holder, purpose, at)
        return lease

    def release(self, lease: Lease) -> None:
        self.disk.live.pop(lease.resource, None)

    def close(self) -> None:
        self.disk.live.clear()


def chain_holds(events: Iterable[Event]) -> bool:
    """Tell whether every event's hash is that of its content and its predecessor."""
    previous = ""
    for number, event in enumerate(events, 1):
        if event.number != number or event.previous != previous:
            return False
        if event.hash != _hash(previous, number, event.kind, event.body):
            return False
        previous = event.hash
    return True


def _hash(previous: str, number: int, kind: str, body: Mapping[str, Any]) -> Any:
    return digest("event", previous, number, kind, dumps(body))
