"""The port of a state store: entries by key, one conditional batch, an event log, leases.

A store knows nothing of builds or environments. It holds *entries* (collection, key, text), writes them only in batches
that either happen whole or raise ``Conflict``, appends events to a log whose hashes are chained, and grants leases.
Errors: ``StoreFailed`` when the medium fails, ``StoreTooNew`` on opening what a newer Headgate wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

from headgate.core.records import Event


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to write; with ``value`` None it is erased."""

    collection: str
    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A condition of a batch: the entry has exactly this value (None: it is not there)."""

    collection: str
    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append; ``body`` is plain JSON and should say ``at`` and ``by``."""

    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to change one resource. ``fence`` grows with every holder; a batch under an older fence is refused."""

    resource: str
    fence: int
    holder: str
    purpose: str
    since: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written in one transaction, if all conditions hold and ``lease`` is still the newest of its resource.

    ``follows`` is a condition on the log, for batches with events: its last event has this number (0: there is none).
    So an entry can name the event that is written with it.
    """

    entries: tuple[Entry, ...] = ()
    expects: tuple[Expectation, ...] = ()
    events: tuple[NewEvent, ...] = ()
    lease: Lease | None = None
    follows: int | None = None


class Reading(Protocol):
    """A consistent view of a store: all reads through it see one moment."""

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those keys that are there. Cost: one query per some hundred keys."""

    def scan(self, collection: str, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Yield keys that begin with ``prefix`` (compared by code point), with their values, in order of key."""

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events whose number is greater than ``after``, in order."""

    def last_event(self) -> Event | None:
        """Return the event with the greatest number, or None. Cost: one look-up."""

    def lease(self, resource: str) -> Lease | None:
        """Return the live lease of ``resource``, or None where nobody holds it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class StateStore(Protocol):
    """One state. Safe to use from several threads and several processes at once."""

    def identity(self) -> str:
        """Return the state's own random identifier, made when it was created; it never changes."""

    def reading(self) -> Reading:
        """Return a consistent view, to be used in a ``with``."""

    def commit(self, batch: Batch) -> None:
        """Write the batch durably; raise ``Conflict`` and write nothing.

        It names the entry; ``lease:<resource>`` for a lost lease, ``log`` where other events came first.
        """

    def acquire(self, resource: str, *, holder: str, purpose: str, at: str) -> Lease:
        """Return the lease with the next fence; raise ``LeaseTaken`` where a live process holds it. Never waits."""

    def release(self, lease: Lease) -> None:
        """Give the lease back. Giving back a lost one does nothing."""

    def close(self) -> None:
        """Let go of everything, leases included."""


class LeaseTaken(Exception):
    """The lease is held; ``lease`` says by whom and since when."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(f"{lease.resource} is held by {lease.holder}")
        self.lease = lease


Clock = Callable[[], str]
"""Gives the present time as ISO 8601 in UTC."""

Nonce = Callable[[], str]
"""Gives a text that was never given before."""


@dataclass(frozen=True, slots=True)
class EventChainFault:
    """Where a log was altered: the number of the first event that does not fit, and why."""

    number: int
    reason: str
    events: tuple[Event, ...] = field(default=())
