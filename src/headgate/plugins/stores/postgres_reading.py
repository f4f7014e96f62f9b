"""A consistent view of a state on PostgreSQL: one REPEATABLE READ, READ ONLY transaction on a connection of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import Connection, sql

from headgate.core.errors import StoreFailed
from headgate.core.ports.store import Lease
from headgate.core.records import Event
from headgate.plugins.stores.migration import demand_newest
from headgate.plugins.stores.postgres_ahead import Ahead
from headgate.plugins.stores.postgres_faults import faults, is_lost
from headgate.plugins.stores.postgres_leases import IS_LIVE
from headgate.plugins.stores.postgres_opening import Connections
from headgate.plugins.stores.postgres_texts import loaded, stored
from headgate.plugins.stores.rows import event_of, prefix_end

_KEYS_A_QUERY = 500
_ROWS_FIRST = 500
_ROWS_MAX = 5000
_CHARACTERS_A_QUERY = 4_000_000
_EVENTS_FIRST, _EVENTS_A_QUERY = 2, 500
_ATTEMPTS_MAX = 20

_BEGIN = sql.SQL("""
begin isolation level repeatable read read only;
set local search_path to {schema};
select value, (select max(number) from batches) from state where name = 'format'
""")

_EVENTS = "select number, kind, body, previous, hash from events"


class PostgresReading:
    """What the state was when the ``with`` began.

    Where the connection is lost, the reading goes on with another one, unless the state has changed meanwhile and some
    of it was read already: then it raises ``StoreFailed``, and never mixes two moments.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._open: Connection | None = None
        self._last_batch: int | None = None
        self._is_read = False
        self._ahead = Ahead(self._rows)

    def __enter__(self) -> Self:
        with faults(self._connections.address):
            self._open, self._last_batch = self._connections.begun(self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._open = self._open, None
        if connection is not None:
            self._connections.give(connection)

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those keys that are there. Cost: one query per 500 keys."""
        wanted = [stored(key) for key in keys]
        whole = self._ahead.whole(stored(collection)) if wanted else None
        if whole is not None:
            return {loaded(key): loaded(value) for key, value in whole.get(wanted).items()}
        query = "select key, value from entries where collection = %s and key = any(%s::text[])"
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _KEYS_A_QUERY):
            rows = self._rows(query, stored(collection), wanted[start : start + _KEYS_A_QUERY])
            found.update((loaded(key), loaded(value)) for key, value in rows)
        return found

    def scan(self, collection: str, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Yield keys that begin with ``prefix``, with their values, in order. Cost: a query for some MB of them."""
        start = stored(prefix)
        end = prefix_end(start)
        whole = self._ahead.whole(stored(collection)) if prefix else None
        if whole is None:
            yield from self._pages(stored(collection), start, end)
        else:
            yield from ((loaded(key), loaded(value)) for key, value in whole.between(start, end))

    def _pages(self, collection: str, start: str, end: str | None) -> Iterator[tuple[str, str]]:
        query = "select key, value from entries where collection = %s and key >= %s"
        query += " order by key limit %s" if end is None else " and key < %s order by key limit %s"
        count = _ROWS_FIRST
        while True:
            values = (start,) if end is None else (start, end)
            rows = self._rows(query, collection, *values, count)
            yield from ((loaded(key), loaded(value)) for key, value in rows)
            if len(rows) < count:
                return
            start = rows[-1][0] + "\x01"  # no stored text lies between
            size = sum(len(value) for _, value in rows) // count + 1
            count = max(1, min(_ROWS_MAX, _CHARACTERS_A_QUERY // size))

    def events(self, after: int = 0) -> Iterator[Event]:
        """Yield the events whose number is greater than ``after``, in order. Cost: a query for the first two, and 500s.

        Who looks one event up sees by the one behind it that it is in its place.
        """
        query = f"{_EVENTS} where number > %s order by number limit %s"
        count = _EVENTS_FIRST
        while True:
            rows = self._rows(query, after, count)
            yield from map(_event, rows)
            if len(rows) < count:
                return
            after, count = rows[-1][0], _EVENTS_A_QUERY

    def last_event(self) -> Event | None:
        """Return the event with the greatest number, or None."""
        rows = self._rows(f"{_EVENTS} order by number desc limit 1")
        return _event(rows[0]) if rows else None

    def lease(self, resource: str) -> Lease | None:
        """Return the lease of ``resource`` where its holder lived when the ``with`` began."""
        query = "select fence, holder, purpose, since from leases where resource = %s and not is_released and "
        for fence, *texts in self._rows(query + IS_LIVE.format(now="now()"), stored(resource)):
            return Lease(resource, fence, *map(loaded, texts))
        return None

    def _begin(self, connection: Connection) -> int | None:
        """Begin the transaction, and return the number of the last batch that it sees."""
        schema = sql.Identifier(self._connections.address.schema)
        cursor = connection.execute(_BEGIN.format(schema=schema))
        while cursor.nextset():
            pass
        form, last_batch = cursor.fetchone() or (0, None)
        demand_newest(int(form), self._connections.address.shown, self._connections.migrations)
        return None if last_batch is None else int(last_batch)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        attempts = 0
        with faults(self._connections.address):
            while True:
                if self._open is None:
                    raise RuntimeError("a reading is used inside of its `with` only")
                try:
                    rows = self._open.execute(query.encode(), values).fetchall()
                except psycopg.Error as error:
                    attempts += 1
                    if not is_lost(error) or attempts == _ATTEMPTS_MAX:
                        raise
                    self._begin_again()
                else:
                    self._is_read = True
                    return rows

    def _begin_again(self) -> None:
        lost, self._open = self._open, None
        if lost is not None:
            self._connections.give(lost)
        connection, last_batch = self._connections.begun(self._begin)
        if self._is_read and last_batch != self._last_batch:
            self._connections.give(connection)
            text = f"The connection to the state {self._connections.address.shown} was lost, and the state has changed"
            raise StoreFailed(f"{text} since it was read", hint="Run the command again.")
        self._open, self._last_batch = connection, last_batch


def _event(row: tuple[Any, ...]) -> Event:
    number, *texts = row
    return event_of(number, *map(loaded, texts))
