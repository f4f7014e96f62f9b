"""A consistent view of a state file: one read transaction on a connection of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from headgate.core.ports.store import Lease
from headgate.core.records import Event
from headgate.plugins.stores.locks import is_locked, lock_path
from headgate.plugins.stores.rows import event_of, prefix_end
from headgate.plugins.stores.sqlite_faults import faults
from headgate.plugins.stores.sqlite_migrations import check_format
from headgate.plugins.stores.sqlite_opening import Connections

_KEYS_A_QUERY = 500


class SqliteReading:
    """What the state was when the ``with`` began."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._path = connections.path
        self._open: sqlite3.Connection | None = None
        self._cursors: set[sqlite3.Cursor] = set()

    def __enter__(self) -> Self:
        with faults(self._path):
            connection = self._connections.take()
            try:
                connection.execute("begin")
                # Looking at the header fixes the moment that is read.
                check_format(connection, self._path, self._connections.migrations)
            except BaseException:
                _end(connection)
                self._connections.give(connection)
                raise
        self._open = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._open = self._open, None
        if connection is not None:
            with faults(self._path):
                for cursor in list(self._cursors):  # an unfinished scan would keep the transaction open
                    cursor.close()
                _end(connection)
                self._connections.give(connection)

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those keys that are there. Cost: one query per 500 keys."""
        wanted = list(keys)
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _KEYS_A_QUERY):
            part = wanted[start : start + _KEYS_A_QUERY]
            marks = ",".join("?" * len(part))
            query = f"select key, value from entries where collection = ? and key in ({marks})"
            found.update(self._rows(query, collection, *part))
        return found

    def scan(self, collection: str, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Yield keys that begin with ``prefix``, with their values, in order of code points."""
        query = "select key, value from entries where collection = ? and key >= ?"
        end = prefix_end(prefix)
        if end is None:
            return self._rows(f"{query} order by key", collection, prefix)
        return self._rows(f"{query} and key < ? order by key", collection, prefix, end)

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events whose number is greater than ``after``, in order."""
        query = "select number, kind, body, previous, hash from events where number > ? order by number"
        for row in self._rows(query, after):
            yield event_of(*row)

    def last_event(self) -> Event | None:
        """Return the event with the greatest number, or None."""
        query = "select number, kind, body, previous, hash from events order by number desc limit 1"
        return next((event_of(*row) for row in self._rows(query)), None)

    def lease(self, resource: str) -> Lease | None:
        """Return the lease of ``resource`` where a process holds it now, as it was when the ``with`` began."""
        query = "select fence, holder, purpose, since from leases where resource = ? and not is_released"
        for fence, holder, purpose, since in self._rows(query, resource):
            with faults(self._path):
                if is_locked(lock_path(self._path, resource)):
                    return Lease(resource, fence, holder, purpose, since)
        return None

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        if self._open is None:
            raise RuntimeError("a reading is used inside of its `with` only")
        with faults(self._path):
            cursor = self._open.execute(query, values)
            self._cursors.add(cursor)
            try:
                yield from cursor
            finally:
                self._cursors.discard(cursor)
                cursor.close()


def _end(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("rollback")
