"""The state in a schema of PostgreSQL: entries, events, leases. Shared by all who reach the server.

Writers go one after the other: each first takes one lock, then looks, then writes (READ COMMITTED, so that every look
after the lock sees what was committed before it). A batch takes two messages: lock, conditions and the end of the log;
then everything that is written, with the commit. So no transaction fails for another one, and what a batch expects can
be anything. A writer that falls silent inside of its transaction is ended by the server.

Each batch writes its own token. A writer whose connection was lost looks for it, under the lock: so it knows whether
its batch happened, whatever became of the answer.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection, sql

from headgate.core.errors import Conflict, StoreFailed
from headgate.core.events import demand_end, next_event
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps
from headgate.core.ports.store import Batch, Entry, Expectation, Lease, LeaseTaken, Nonce
from headgate.core.records import Event
from headgate.plugins.stores.migration import Migration, demand_newest
from headgate.plugins.stores.postgres_address import PostgresAddress
from headgate.plugins.stores.postgres_faults import LOCK_SECONDS, LOST_SECONDS, faults
from headgate.plugins.stores.postgres_leases import IS_LIVE, Heart
from headgate.plugins.stores.postgres_migrations import WRITE_LOCK, known_migrations
from headgate.plugins.stores.postgres_opening import Connections
from headgate.plugins.stores.postgres_reading import PostgresReading
from headgate.plugins.stores.postgres_texts import loaded, stored, stored_or_none

_BEGIN = f"""
begin isolation level read committed read write;
set local search_path to {{schema}};
set local lock_timeout to '{LOCK_SECONDS}s';
set local idle_in_transaction_session_timeout to '15s';
select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
{WRITE_LOCK}
select value from state where name = 'format';
select exists (select from batches where token = {{token}});
"""
_LEASE = "select fence from leases where resource = {} and not is_released;\n"
_EXPECTED = """
select e.place from unnest({collections}::text[], {keys}::text[], {values}::text[])
    with ordinality as e (collection, key, value, place)
left join entries as x on x.collection = e.collection and x.key = e.key
where x.value is distinct from e.value order by e.place limit 1;
"""
_LAST = "select number, kind, previous, hash from events order by number desc limit 1;\n"
_ERASE = """
delete from entries as x using unnest({}::text[], {}::text[]) as e (collection, key)
where x.collection = e.collection and x.key = e.key;
"""
_PUT = """
insert into entries select * from unnest({}::text[], {}::text[], {}::text[])
on conflict (collection, key) do update set value = excluded.value;
"""
_APPEND = "insert into events values ({}, {}, {}, {}, {});\n"
_FORGET = "delete from batches where at < now() - interval '7 days';\n"
_END = """
insert into batches (token, at) values ({}, now());
commit
"""
_TAKEN = f"""
select fence, holder, purpose, since, token, is_released, {IS_LIVE.format(now="clock_timestamp()")}
from leases where resource = %s for update
"""
_TAKE = """
insert into leases values (%s, %s, %s, %s, %s, false, %s, clock_timestamp(), pg_backend_pid())
on conflict (resource) do update set fence = excluded.fence, holder = excluded.holder, purpose = excluded.purpose,
    since = excluded.since, is_released = excluded.is_released, token = excluded.token, beat = excluded.beat,
    backend = excluded.backend
"""
_PAUSE_SECONDS = 0.001
_CONFLICTS_MAX = 9
_NO_LOOKS = sql.Composed([])


def open_postgres_store(
    address: PostgresAddress,
    *,
    create: bool = True,
    nonce: Nonce,
    migrations: Sequence[Migration] | None = None,
    patience_seconds: float = LOST_SECONDS,
) -> PostgresStore:
    """Return the state at ``address``, which is opened (made, migrated) at its first use.

    That use raises ``StoreFailed`` where the server, the database or the schema cannot be used or, without ``create``,
    holds no state, and ``StoreTooNew`` where a newer Headgate wrote it. ``nonce`` gives a new state its identity. A
    server that answered before is tried for ``patience_seconds`` before a command fails.
    """
    steps = known_migrations() if migrations is None else migrations
    return PostgresStore(
        Connections(address, create=create, nonce=nonce, migrations=steps, patience_seconds=patience_seconds)
    )


class PostgresStore:
    """A state on PostgreSQL; see the port for what its methods promise."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._address = connections.address
        self._writer = threading.Lock()
        self._leases: dict[str, Lease] = {}
        self._heart = Heart(connections)
        self._conflicts = 0
        self._identity = ""

    def identity(self) -> str:
        """Return the state's own random identifier."""
        if not self._identity:
            query = sql.SQL("select value from {} where name = 'identity'")
            named = query.format(sql.Identifier(self._address.schema, "state"))
            with faults(self._address):
                row = self._connections.repeat(lambda connection: connection.execute(named).fetchone())
            if row is None:
                raise StoreFailed(f"The state {self._address.shown} is not whole", hint="Restore it from a backup.")
            self._identity = row[0]
        return self._identity

    def exists(self) -> bool:
        """Tell whether there is a state; none is made. Cost: a connection, which is kept for the next use."""
        with faults(self._address):
            return self._connections.is_there()

    def reading(self) -> PostgresReading:
        """Return a consistent view, to be used in a ``with``."""
        return PostgresReading(self._connections)

    def commit(self, batch: Batch) -> None:
        """Write the batch durably, or raise ``Conflict`` and write nothing.

        Conflicts in a row are told after growing pauses of a random length, half a second at most, so that many who
        race for one entry do not keep each other from it: 20 processes make several times as many moves.
        """
        token = os.urandom(16).hex()
        with faults(self._address):
            looks = _looks(batch)
            with self._writer:
                try:
                    self._connections.repeat(lambda connection: self._commit(connection, batch, looks, token))
                except Conflict:
                    self._conflicts = min(self._conflicts + 1, _CONFLICTS_MAX)
                    time.sleep(_PAUSE_SECONDS * 2**self._conflicts * int(token[-4:], 16) / 0x10000)
                    raise
                self._conflicts = 0

    def acquire(self, resource: str, *, holder: str, purpose: str, at: str) -> Lease:
        """Return the lease with the next fence, or raise ``LeaseTaken``."""
        token = os.urandom(16).hex()
        wanted = Lease(resource, 0, holder, purpose, at)
        with faults(self._address), self._writer:
            lease = self._connections.repeat(lambda connection: self._acquire(connection, wanted, token))
            self._leases[resource] = lease
            self._heart.keep(lease)
        return lease

    def release(self, lease: Lease) -> None:
        """Give back a lease that this store holds. Where the state cannot be written it ends for lack of a beat."""
        self._connections.check_process()
        if self._leases.get(lease.resource) != lease:
            return
        self._heart.leave(lease)
        update = "update leases set is_released = true where resource = %s and fence = %s"
        with faults(self._address), self._writer:
            self._leases.pop(lease.resource, None)

            def released(connection: Connection) -> None:
                self._begin(connection, "")
                connection.execute(update, (stored(lease.resource), lease.fence))
                connection.execute("commit")

            self._connections.repeat(released)

    def close(self) -> None:
        """Let go of everything, leases included."""
        for lease in list(self._leases.values()):
            with suppress(StoreFailed):  # then it ends for lack of a beat, as that of a holder that died
                self.release(lease)
        with faults(self._address):
            self._connections.close()

    def _commit(self, connection: Connection, batch: Batch, looks: sql.Composed, token: str) -> None:
        found = self._begin(connection, token, looks)
        if found.pop(0)[0][0]:  # an earlier attempt of ours, whose answer was lost
            return
        if batch.lease is not None and found.pop(0) != [(batch.lease.fence,)]:
            raise Conflict(f"lease:{batch.lease.resource}")
        if batch.expects and (failed := found.pop(0)):
            expected = batch.expects[failed[0][0] - 1]
            raise Conflict(f"{expected.collection}/{expected.key}")
        written = [*_written(batch.entries), *_appended(batch, found.pop(0) if batch.events else [])]
        if token.startswith("00"):  # now and then
            written.append(sql.SQL(_FORGET))
        connection.execute(sql.Composed([*written, sql.SQL(_END).format(token)]))

    def _acquire(self, connection: Connection, wanted: Lease, token: str) -> Lease:
        self._begin(connection, "")
        key = stored(wanted.resource)
        row = connection.execute(_TAKEN.encode(), (key,)).fetchone()
        fence = 0
        if row is not None:
            fence, *texts, taken, is_released, is_live = row
            if taken == token:  # an earlier attempt of ours, whose answer was lost
                return Lease(wanted.resource, fence, wanted.holder, wanted.purpose, wanted.since)
            if is_live and not is_released:
                raise LeaseTaken(Lease(wanted.resource, fence, *map(loaded, texts)))
        lease = Lease(wanted.resource, fence + 1, wanted.holder, wanted.purpose, wanted.since)
        texts = [stored(text) for text in (lease.holder, lease.purpose, lease.since)]
        connection.execute(_TAKE, (key, lease.fence, *texts, token))
        connection.execute("commit")
        return lease

    def _begin(self, connection: Connection, token: str, looks: sql.Composed = _NO_LOOKS) -> list[list[Any]]:
        """Begin to write, with the lock, and return the rows of whether ``token`` was written, and of each look."""
        begin = sql.SQL(_BEGIN).format(
            schema=sql.Identifier(self._address.schema), name=self._address.schema, token=token
        )
        _, _, form, *found = _results(connection.execute(begin + looks))
        demand_newest(int(form[0][0]) if form else 0, self._address.shown, self._connections.migrations)
        return found


def _results(cursor: psycopg.Cursor[Any]) -> list[list[Any]]:
    """Return the rows of each query of several statements, in order."""
    found = []
    while True:
        if cursor.description is not None:
            found.append(cursor.fetchall())
        if not cursor.nextset():
            return found


def _looks(batch: Batch) -> sql.Composed:
    """Return the queries that a batch has before it writes: its lease, its conditions, the end of the log."""
    looks: list[sql.Composable] = []
    if batch.lease is not None:
        looks.append(sql.SQL(_LEASE).format(stored(batch.lease.resource)))
    if batch.expects:
        looks.append(_expected(batch.expects))
    if batch.events:
        looks.append(sql.SQL(_LAST))
    return sql.Composed(looks)


def _expected(expects: Sequence[Expectation]) -> sql.Composed:
    return sql.SQL(_EXPECTED).format(
        collections=[stored(expected.collection) for expected in expects],
        keys=[stored(expected.key) for expected in expects],
        values=[stored_or_none(expected.value) for expected in expects],
    )


def _written(entries: Sequence[Entry]) -> list[sql.Composable]:
    last = {(stored(entry.collection), stored(entry.key)): stored_or_none(entry.value) for entry in entries}
    erased = [key for key, value in last.items() if value is None]
    put = [(*key, value) for key, value in last.items() if value is not None]
    written: list[sql.Composable] = []
    if erased:
        written.append(sql.SQL(_ERASE).format(*map(list, zip(*erased, strict=True))))
    if put:
        written.append(sql.SQL(_PUT).format(*map(list, zip(*put, strict=True))))
    return written


def _appended(batch: Batch, last_row: Sequence[Any]) -> list[sql.Composable]:
    last = None
    for number, kind, previous, hash_ in last_row:
        last = Event(number, loaded(kind), {}, previous, Digest(hash_))
    if batch.events:
        demand_end(last, batch)
    appended: list[sql.Composable] = []
    for new in batch.events:
        last = next_event(last, new)
        texts = (last.kind, dumps(last.body), last.previous, last.hash)
        appended.append(sql.SQL(_APPEND).format(last.number, *map(stored, texts)))
    return appended
