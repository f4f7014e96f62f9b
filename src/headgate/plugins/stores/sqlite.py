"""The state in one SQLite file: entries, events, leases. WAL; what is committed is on the disk (synchronous = FULL).

A lease is a row, which gives the fence, and a lock of the operating system, which tells whether its holder lives: the
row of a holder that died is succeeded at once. The lock is taken and freed only inside of write transactions, which
exclude each other, so whoever finds it taken also finds the row of who took it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from headgate.core.errors import Conflict, StoreFailed
from headgate.core.events import demand_end, next_event
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps
from headgate.core.ports.store import Batch, Entry, Expectation, Lease, LeaseTaken, Nonce, StateStore
from headgate.core.records import Event
from headgate.plugins.stores.locks import Lock, lock_path, try_lock
from headgate.plugins.stores.migration import Migration
from headgate.plugins.stores.sqlite_faults import faults
from headgate.plugins.stores.sqlite_migrations import check_format, known_migrations
from headgate.plugins.stores.sqlite_opening import Connections
from headgate.plugins.stores.sqlite_reading import SqliteReading


def open_sqlite_store(
    path: Path, *, create: bool = True, nonce: Nonce, migrations: Sequence[Migration] | None = None
) -> StateStore:
    """Return the state in ``path``, which is opened (made, migrated) at its first use.

    That use raises ``StoreFailed`` where the file cannot be used or, without ``create``, is not there, and
    ``StoreTooNew`` where a newer Headgate wrote it. ``nonce`` gives a new state its identity.
    """
    steps = known_migrations() if migrations is None else migrations
    return SqliteStore(Connections(path.resolve(), create=create, nonce=nonce, migrations=steps))


class SqliteStore:
    """A state in one SQLite file; see the port for what its methods promise."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._path = connections.path
        self._writer = threading.Lock()
        self._leases: dict[str, tuple[Lease, Lock]] = {}
        self._leases_guard = threading.Lock()
        self._identity = ""

    def identity(self) -> str:
        """Return the state's own random identifier."""
        if not self._identity:
            with self._connection() as connection:
                query = "select value from state where name = 'identity'"
                (self._identity,) = connection.execute(query).fetchone()
        return self._identity

    def reading(self) -> SqliteReading:
        """Return a consistent view, to be used in a ``with``."""
        return SqliteReading(self._connections)

    def commit(self, batch: Batch) -> None:
        """Write the batch durably, or raise ``Conflict`` and write nothing."""
        with self._writing() as connection:
            if batch.lease is not None:
                _check_lease(connection, batch.lease)
            _check(connection, batch.expects)
            _write(connection, batch.entries)
            _append(connection, batch)

    def acquire(self, resource: str, *, holder: str, purpose: str, at: str) -> Lease:
        """Return the lease with the next fence, or raise ``LeaseTaken``."""
        with self._writing() as connection:
            query = "select fence, holder, purpose, since from leases where resource = ?"
            row = connection.execute(query, (resource,)).fetchone()
            lock = try_lock(lock_path(self._path, resource))
            if lock is None:
                raise LeaseTaken(Lease(resource, *(row or (0, "somebody", "", ""))))
            lease = Lease(resource, row[0] + 1 if row else 1, holder, purpose, at)
            self._leases[resource] = lease, lock
            try:
                values = (resource, lease.fence, holder, purpose, at)
                connection.execute("insert or replace into leases values (?, ?, ?, ?, ?, 0)", values)
                connection.execute("commit")
            except BaseException:
                self._free(lease)
                raise
            return lease

    def release(self, lease: Lease) -> None:
        """Give back a lease that this store holds. Where the state cannot be written it is free all the same."""
        try:
            with self._writing() as connection:
                held = self._leases.get(lease.resource)
                if held is None or held[0].fence != lease.fence:
                    return
                update = "update leases set is_released = 1 where resource = ? and fence = ?"
                connection.execute(update, (lease.resource, lease.fence))
                self._free(lease)
        finally:
            self._free(lease)

    def close(self) -> None:
        """Let go of everything, leases included."""
        for lease, _ in list(self._leases.values()):
            with suppress(StoreFailed):  # free without its row, like that of a holder that died
                self.release(lease)
        with faults(self._path):
            self._connections.close()

    def _free(self, lease: Lease) -> None:
        with self._leases_guard:
            held = self._leases.get(lease.resource)
            if held is not None and held[0].fence == lease.fence:
                del self._leases[lease.resource]
                held[1].free()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._writer, self._connection() as connection:
            connection.execute("begin immediate")
            check_format(connection, self._path, self._connections.migrations)
            yield connection
            if connection.in_transaction:
                connection.execute("commit")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with faults(self._path):
            connection = self._connections.take()
            try:
                yield connection
            finally:
                with suppress(sqlite3.Error):
                    if connection.in_transaction:
                        connection.execute("rollback")
                self._connections.give(connection)


def _check_lease(connection: sqlite3.Connection, lease: Lease) -> None:
    query = "select fence from leases where resource = ? and not is_released"
    if connection.execute(query, (lease.resource,)).fetchone() != (lease.fence,):
        raise Conflict(f"lease:{lease.resource}")


def _check(connection: sqlite3.Connection, expects: Sequence[Expectation]) -> None:
    query = "select value from entries where collection = ? and key = ?"
    for expected in expects:
        row = connection.execute(query, (expected.collection, expected.key)).fetchone()
        if (None if row is None else row[0]) != expected.value:
            raise Conflict(f"{expected.collection}/{expected.key}")


def _write(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    last = {(entry.collection, entry.key): entry.value for entry in entries}
    erased = (key for key, value in last.items() if value is None)
    connection.executemany("delete from entries where collection = ? and key = ?", erased)
    written = ((*key, value) for key, value in last.items() if value is not None)
    insert = "insert into entries values (?, ?, ?) on conflict do update set value = excluded.value"
    connection.executemany(insert, written)


def _append(connection: sqlite3.Connection, batch: Batch) -> None:
    if not batch.events:
        return
    query = "select number, kind, previous, hash from events order by number desc limit 1"
    row = connection.execute(query).fetchone()
    last = None if row is None else Event(row[0], row[1], {}, row[2], Digest(row[3]))
    demand_end(last, batch)
    for new in batch.events:
        last = next_event(last, new)
        values = (last.number, last.kind, dumps(last.body), last.previous, last.hash)
        connection.execute("insert into events values (?, ?, ?, ?, ?)", values)
