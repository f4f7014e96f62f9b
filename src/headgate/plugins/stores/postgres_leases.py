"""Leases on PostgreSQL: rows with a fence, kept alive by a beat; all times are those of the server.

A holder is taken for dead when nothing was heard of it for half a minute, or for six seconds when the connection that
it was last heard on is gone, as after ``kill -9``. A server that was down heard nobody: the time counts from its start.
A holder that is wrongly taken for dead does no harm: every batch checks the fence.
"""

from __future__ import annotations

import threading
from contextlib import suppress

import psycopg
from psycopg import Connection, sql

from headgate.core.errors import StoreFailed
from headgate.core.ports.store import Lease
from headgate.plugins.stores.postgres_opening import Connections
from headgate.plugins.stores.postgres_texts import stored

BEAT_SECONDS = 2.0
"""How often a holder says that it lives."""

GONE_SECONDS = 6
"""How long after its last beat a holder whose connection is gone keeps its lease: it may be connecting anew."""

SILENT_SECONDS = 30
"""How long after its last beat any holder keeps its lease. A machine that stalls for so long loses it."""

IS_LIVE = (
    "coalesce(greatest(beat, pg_postmaster_start_time()) > {now} - interval '"
    f"{SILENT_SECONDS} s'"
    " and (greatest(beat, pg_postmaster_start_time()) > {now} - interval '"
    f"{GONE_SECONDS} s'"
    " or exists (select from pg_stat_activity where pid = backend)), false)"
)
"""Whether the holder of a row of ``leases`` lives at the time ``now``."""

_BEAT = sql.SQL("""
begin isolation level read committed read write;
set local search_path to {schema};
set local synchronous_commit to off;
set local lock_timeout to '5s';
update leases set beat = clock_timestamp(), backend = pg_backend_pid()
where (resource, fence) in (select * from unnest({resources}::text[], {fences}::bigint[])) and not is_released;
commit
""")
_JOIN_SECONDS = 15.0


class Heart:
    """Says every two seconds that the holder of some leases lives, on a connection and a thread of its own.

    The thread runs while there are leases. What goes wrong in it is tried again at the next beat: whether a lease is
    still held is for the batches to find out.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._guard = threading.Lock()
        self._leases: frozenset[tuple[str, int]] = frozenset()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def keep(self, lease: Lease) -> None:
        """Keep a lease alive from now on."""
        with self._guard:
            self._leases |= {(lease.resource, lease.fence)}
            if self._thread is None:
                self._wake = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._wake,), name="lease", daemon=True)
                self._thread.start()

    def leave(self, lease: Lease) -> None:
        """Keep it alive no longer. After the last one the thread and its connection have ended."""
        with self._guard:
            self._leases -= {(lease.resource, lease.fence)}
            if self._leases or self._thread is None:
                return
            thread, self._thread = self._thread, None
            self._wake.set()
        thread.join(_JOIN_SECONDS)

    def _run(self, wake: threading.Event) -> None:
        connection: Connection | None = None
        try:
            while not wake.is_set():
                try:
                    connection = connection or self._connections.connected()
                    self._beat(connection)
                except (psycopg.Error, StoreFailed):
                    _close(connection)
                    connection = None
                wake.wait(BEAT_SECONDS if connection else BEAT_SECONDS / 4)
        finally:
            _close(connection)

    def _beat(self, connection: Connection) -> None:
        leases = sorted(self._leases)
        query = _BEAT.format(
            schema=sql.Identifier(self._connections.address.schema),
            resources=sql.Literal([stored(resource) for resource, _ in leases]),
            fences=sql.Literal([fence for _, fence in leases]),
        )
        connection.execute(query)


def _close(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(psycopg.Error):
            connection.close()
