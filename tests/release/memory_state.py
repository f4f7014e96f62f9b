"""A state in memory that outlives its sessions, and sessions that can be made to crash at any call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping

from headgate.core.ports.store import Batch
from headgate.core.records import Event
from tests.fakes.store import FakeReading, FakeState, FakeStore, Moment


class Crash(BaseException):
    """The process ends here."""


class Entries(MutableMapping[tuple[str, str], str]):
    """The entries of a state, to be altered behind its back."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getitem__(self, key: tuple[str, str]) -> str:
        return self._disk.moment.entries[key]

    def __setitem__(self, key: tuple[str, str], value: str) -> None:
        self._replace({**self._disk.moment.entries, key: value})

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._replace({k: v for k, v in self._disk.moment.entries.items() if k != key})

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._disk.moment.entries)

    def __len__(self) -> int:
        return len(self._disk.moment.entries)

    def update_all(self, more: dict[tuple[str, str], str]) -> None:
        self._replace({**self._disk.moment.entries, **more})

    def _replace(self, entries: dict[tuple[str, str], str]) -> None:
        moment = self._disk.moment
        self._disk.moment = Moment(entries, moment.events, moment.leases)


class Disk(FakeState):
    """What is left when a process ends."""

    def __init__(self, identity: str = "state-1") -> None:
        super().__init__(identity)
        self.entries = Entries(self)

    @property
    def events(self) -> tuple[Event, ...]:
        return self.moment.events

    def copy(self, identity: str = "") -> Disk:
        other = Disk(identity or self.identity)
        other.moment = self.moment
        return other

    def end_processes(self) -> None:
        """Whoever held a lease is gone; its row stays."""
        moment = self.moment
        leases = {resource: (lease, True) for resource, (lease, _) in moment.leases.items()}
        self.moment = Moment(moment.entries, moment.events, leases)


class MemoryStore(FakeStore):
    """A session; ``fail_at`` is called before each reading, and before and after each batch."""

    def __init__(self, disk: Disk, fail_at: Callable[[str], None] = lambda point: None) -> None:
        super().__init__(disk)
        self.fail_at = fail_at

    def reading(self) -> FakeReading:
        self.fail_at("reading:before")
        return super().reading()

    def commit(self, batch: Batch) -> None:
        self.fail_at("commit:before")
        super().commit(batch)
        self.fail_at("commit:after")
