"""Connections to one state file: checked and migrated at the first use, kept while they are idle."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from headgate.core.errors import StoreFailed
from headgate.core.ports.store import Nonce
from headgate.plugins.stores.migration import Migration
from headgate.plugins.stores.sqlite_faults import BUSY_SECONDS
from headgate.plugins.stores.sqlite_migrations import (
    check_format,
    is_foreign,
    migrate,
    stored_format,
    verify_migrations,
)

_IDLE_MAX = 8
_WAL_BYTES_KEPT = 16 * 1024 * 1024


class Connections:
    """Gives out connections, each to one user at a time. The first one makes or migrates the file."""

    def __init__(self, path: Path, *, create: bool, nonce: Nonce, migrations: Sequence[Migration]) -> None:
        self.path = path
        self.migrations = migrations
        self._create = create
        self._nonce = nonce
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._is_prepared = False
        self._is_closed = False
        self._process = os.getpid()

    def take(self) -> sqlite3.Connection:
        """Return a connection that nobody else uses until it is given back."""
        if os.getpid() != self._process:
            raise StoreFailed(f"The state {self.path} was opened by another process", hint="Open it in this one.")
        with self._guard:
            if self._is_closed:
                raise StoreFailed(f"The state {self.path} is closed")
            if self._idle:
                return self._idle.pop()
            if self._is_prepared:
                return self._connected(may_create=False)
            connection = self._prepared()
            self._is_prepared = True
            return connection

    def give(self, connection: sqlite3.Connection) -> None:
        """Take a connection back; one that is still inside of a transaction is closed."""
        with self._guard:
            if not (self._is_closed or connection.in_transaction or len(self._idle) >= _IDLE_MAX):
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close those that are idle; the others when they are given back."""
        with self._guard:
            self._is_closed = True
            idle, self._idle = self._idle, []
        if os.getpid() == self._process:
            for connection in idle:
                connection.close()

    def _prepared(self) -> sqlite3.Connection:
        if not self.path.parent.is_dir():
            hint = f"Make it (mkdir -p '{self.path.parent}') or name another place in headgate.toml."
            raise StoreFailed(f"The folder of the state {self.path} does not exist", hint=hint)
        if not (self._create or self.path.exists()):
            raise StoreFailed(f"There is no state {self.path}", hint="headgate apply")
        connection = self._connected(may_create=self._create)
        try:
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        if is_foreign(connection):
            hint = "Name another file for the state in headgate.toml."
            raise StoreFailed(f"{self.path} is a SQLite file, but not a state of Headgate", hint=hint)
        found = stored_format(connection)
        if found > len(self.migrations):
            check_format(connection, self.path, self.migrations)
        _use_wal(connection, self.path)
        if found < len(self.migrations):
            migrate(connection, self.path, self.migrations, self._nonce)
        verify_migrations(connection, self.path, self.migrations)

    def _connected(self, *, may_create: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode={'rwc' if may_create else 'rw'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("pragma synchronous = full")
            connection.execute("pragma trusted_schema = off")
            connection.execute(f"pragma journal_size_limit = {_WAL_BYTES_KEPT}")
        except BaseException:
            connection.close()
            raise
        return connection


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Leave the file in WAL mode, where readers and a writer do not wait for each other.

    SQLite does not wait for its lock in this one statement, so processes that make a state at once try again.
    """
    (mode,) = connection.execute("pragma journal_mode").fetchone()
    deadline = time.monotonic() + BUSY_SECONDS
    while mode != "wal":
        try:
            (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            if mode != "wal":
                raise StoreFailed(f"The state {path} must be on a local disk: its file system cannot share memory")
