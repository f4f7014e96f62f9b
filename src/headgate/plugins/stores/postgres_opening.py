"""Connections to one state on PostgreSQL: checked and migrated at the first use, kept while they are idle.

What is lost is made again: a server that has answered before is tried for a while (half a minute), so that a restart of
it, or a network that is gone for a moment, fails no command.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

from headgate.core.errors import StoreFailed
from headgate.core.ports.store import Nonce
from headgate.plugins.stores.migration import Migration
from headgate.plugins.stores.postgres_address import PostgresAddress
from headgate.plugins.stores.postgres_faults import is_lost, is_overtaken, is_passing
from headgate.plugins.stores.postgres_migrations import look, prepare

VERSION_MIN = 15

_IDLE_MAX = 2
_OVERTAKEN_MAX = 20
_PAUSE_SECONDS = 0.05
_PAUSE_SECONDS_MAX = 1.0

Found = TypeVar("Found")


class Connections:
    """Gives out connections, each to one user at a time. The first one makes or migrates the state."""

    def __init__(
        self,
        address: PostgresAddress,
        *,
        create: bool,
        nonce: Nonce,
        migrations: Sequence[Migration],
        patience_seconds: float,
    ) -> None:
        self.address = address
        self.migrations = migrations
        self._create = create
        self._nonce = nonce
        self._patience_seconds = patience_seconds
        self._guard = threading.Lock()
        self._idle: list[Connection] = []
        self._is_prepared = False
        self._has_answered = False
        self._is_closed = False
        self._lost_since = 0.0
        self._process = os.getpid()

    def check_process(self) -> None:
        """Raise ``StoreFailed`` in a child of the process that opened the state: two would speak on one connection."""
        if os.getpid() != self._process:
            raise StoreFailed(f"The state {self.address.shown} was opened by another process", hint="Open it in this.")

    def is_there(self) -> bool:
        """Tell whether there is a state; none is made."""
        if self._is_prepared:
            return True
        connection, is_there = self._tried(self._unprepared, lambda connection: look(connection, self.address).state)
        self.give(connection)
        return is_there

    def repeat(self, work: Callable[[Connection], Found]) -> Found:
        """Return what ``work`` gives on a connection; where that is lost, on another one. ``work`` must bear it.

        Bounded: some seconds without any answer, and twenty times where the server prefers other transactions.
        """
        connection, found = self.begun(work)
        self.give(connection)
        return found

    def begun(self, work: Callable[[Connection], Found]) -> tuple[Connection, Found]:
        """Return what ``work`` gives, as ``repeat`` does, and the connection, to be given back."""
        return self._tried(self.take, work)

    def _tried(self, take: Callable[[], Connection], work: Callable[[Connection], Found]) -> tuple[Connection, Found]:
        pause, overtaken = _PAUSE_SECONDS, 0
        while True:
            try:
                connection = take()
                try:
                    found = work(connection)
                except BaseException:
                    self.give(connection)
                    raise
            except psycopg.Error as error:
                overtaken += is_overtaken(error)
                if not (self._may_return(error) or (is_overtaken(error) and overtaken < _OVERTAKEN_MAX)):
                    raise
            else:
                self._lost_since = 0.0
                return connection, found
            time.sleep(pause)
            pause = min(2 * pause, _PAUSE_SECONDS_MAX)

    def take(self) -> Connection:
        """Return a connection that nobody else uses until it is given back."""
        with self._guard:
            if not self._is_prepared:
                self._check_open()
                return self._prepared()
        return self._unprepared()

    def _unprepared(self) -> Connection:
        with self._guard:
            self._check_open()
            if self._idle:
                return self._idle.pop()
        return self.connected()

    def _check_open(self) -> None:
        self.check_process()
        if self._is_closed:
            raise StoreFailed(f"The state {self.address.shown} is closed")

    def give(self, connection: Connection) -> None:
        """Take a connection back; one that is inside of a transaction is rolled back, a broken one closed."""
        if os.getpid() != self._process:
            return
        if connection.info.transaction_status is TransactionStatus.INERROR or _is_inside(connection):
            try:
                connection.execute("rollback")
            except psycopg.Error:
                connection.close()
        if connection.info.transaction_status is TransactionStatus.IDLE:
            with self._guard:
                if not self._is_closed and len(self._idle) < _IDLE_MAX:
                    self._idle.append(connection)
                    return
        connection.close()

    def close(self) -> None:
        """Close those that are idle; the others when they are given back. In a child they are left to the parent."""
        with self._guard:
            self._is_closed = True
            idle, self._idle = self._idle, []
        if os.getpid() == self._process:
            for connection in idle:
                connection.close()

    def connected(self) -> Connection:
        """Return a new connection. It has no settings: transactions bring their own, so that poolers may be used."""
        settings: dict[str, Any] = dict(self.address.settings)
        connection = psycopg.connect(
            "", autocommit=True, prepare_threshold=None, cursor_factory=psycopg.ClientCursor, **settings
        )
        try:
            self._check_server(connection)
        except BaseException:
            connection.close()
            raise
        self._has_answered = True
        return connection

    def _check_server(self, connection: Connection) -> None:
        if connection.info.server_version < VERSION_MIN * 10_000:
            version = connection.info.parameter_status("server_version")
            text = f"The state {self.address.shown} is on PostgreSQL {version}, which is too old"
            raise StoreFailed(text, hint=f"Keep the state on PostgreSQL {VERSION_MIN} or a newer one.")
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            hint = "Make one for it: createdb --encoding UTF8 --template template0 NAME"
            raise StoreFailed(
                f"The database of the state {self.address.shown} keeps its texts as {encoding}", hint=hint
            )

    def _prepared(self) -> Connection:
        connection = self._idle.pop() if self._idle else self.connected()
        try:
            prepare(connection, self.address, create=self._create, nonce=self._nonce, migrations=self.migrations)
        except BaseException:
            connection.close()
            raise
        self._is_prepared = True
        return connection

    def _may_return(self, error: psycopg.Error) -> bool:
        """Tell whether it is worth while to try again after a fault, and begin to count the time of being lost."""
        if not is_lost(error) or not (self._has_answered or is_passing(error)):
            return False
        now = time.monotonic()
        if not self._lost_since or now - self._lost_since > 3 * self._patience_seconds:
            self._lost_since = now
        with self._guard:  # what broke one connection has mostly broken those that are idle too
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        return now - self._lost_since < self._patience_seconds


def _is_inside(connection: Connection) -> bool:
    return connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.ACTIVE)
