"""Connections to PostgreSQL: made when needed, kept for the next transaction, cut off by an interrupt.

Every transaction begins with all settings, in one message. A connection that died while nobody used it is made again;
one that dies inside of a transaction has undone it. Where the answer to a commit is lost, the server is asked whether
the transaction is committed: it alone knows. A server that crashed meanwhile does not: numbers of transactions of which
nothing was on its disk are given to others, so that one of theirs may be committed under ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from headgate.core.errors import EngineFailed
from headgate.plugins.engines.postgres_faults import LOST, connect_fault, engine_fault, is_lost, unreadable_url
from headgate.plugins.engines.postgres_settings import Setting, settled

Connection = psycopg.Connection[TupleRow]

CONNECT_SECONDS = 10
_ASK_SECONDS = 20.0
_IDLE_MAX = 8
_CLOSED = "the session with the warehouse is closed"

_LIFE = (
    "concat(extract(epoch from pg_postmaster_start_time()), ' ',"
    " extract(epoch from pg_stat_get_bgwriter_stat_reset_time()))"
)
"""What is another text after a crash: a server that recovers within one start throws its statistics away."""


class Connections:
    """The connections of one session, given to one caller at a time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._guard = threading.Lock()
        self._idle: list[Connection] = []
        self._running: set[Connection] = set()
        self._at_interrupt: set[Callable[[], None]] = set()
        self._is_closed = False

    @property
    def where(self) -> str:
        """The server and the database, without a password."""
        return place_of(self.url)

    @contextmanager
    def transaction(self, begin: str = "begin", settings: Sequence[Setting] = ()) -> Iterator[Connection]:
        """Give a connection in a transaction; commit what the block did, or undo all of it.

        What PostgreSQL raises inside and nobody explained is ``EngineFailed``.
        """
        connection = self._begun(f"{begin};{settled(settings)}")
        try:
            yield connection
            self._commit(connection)
        except psycopg.Error as error:
            self._undo(connection)
            raise engine_fault(error) from error
        except BaseException:
            self._undo(connection)
            raise
        finally:
            self._give_back(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection in a transaction that cannot write, and is undone."""
        connection = self._begun(f"begin transaction read only;{settled()}")
        try:
            yield connection
        except psycopg.Error as error:
            raise engine_fault(error) from error
        finally:
            self._undo(connection)
            self._give_back(connection)

    def at_interrupt(self, step: Callable[[], None]) -> Callable[[], None]:
        """Have ``step`` done at an interrupt; return what takes it away again."""
        with self._guard:
            self._at_interrupt.add(step)

        def take_away() -> None:
            with self._guard:
                self._at_interrupt.discard(step)

        return take_away

    def interrupt(self) -> None:
        """End the statements that are running; from any thread."""
        with self._guard:
            running, steps = list(self._running), list(self._at_interrupt)
        for connection in running:
            with suppress(psycopg.Error):
                connection.cancel()
        for step in steps:
            step()

    def close(self) -> None:
        """Let go of all connections."""
        with self._guard:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _begun(self, text: str) -> Connection:
        """Return a connection with a transaction begun. One that died while it waited is replaced: nothing was done."""
        while True:
            connection, is_new = self._taken()
            try:
                _simple(connection, text)
            except psycopg.Error as error:
                self._give_back(connection)
                if is_lost(error) and not is_new:
                    continue
                raise engine_fault(error) from error
            except BaseException:
                self._give_back(connection)
                raise
            return connection

    def _taken(self) -> tuple[Connection, bool]:
        """Return a connection that is nobody's, and whether it was made for this."""
        with self._guard:
            if self._is_closed:
                raise EngineFailed(_CLOSED)
            connection = self._idle.pop() if self._idle else None
            if connection is not None:
                self._running.add(connection)
                return connection, False
        connection = connected(self.url)
        with self._guard:
            self._running.add(connection)
        return connection, True

    def _give_back(self, connection: Connection) -> None:
        with self._guard:
            self._running.discard(connection)
            is_kept = not connection.closed and not self._is_closed and len(self._idle) < _IDLE_MAX
            if is_kept and connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _commit(self, connection: Connection) -> None:
        """Commit; where the answer is lost, ask the server what became of it."""
        row = connection.execute(f"select pg_current_xact_id_if_assigned()::text, {_LIFE}").fetchone()
        number, life = row or (None, "")
        try:
            _simple(connection, "commit")
        except psycopg.Error as error:
            if number is None or not is_lost(error) or not self._is_committed(number, life):
                raise

    def _is_committed(self, number: str, life: str) -> bool:
        """Tell whether a transaction was committed that began in a life of the server.

        Raises ``EngineFailed`` where nobody can tell.
        """
        deadline = time.monotonic() + _ASK_SECONDS
        status: str | None = None
        while time.monotonic() < deadline:
            with suppress(EngineFailed, psycopg.Error), connected(self.url) as beside:
                status = _status(beside, number, life)
                if status != "in progress":
                    break
            time.sleep(0.1)
        if status in ("committed", "aborted"):
            return status == "committed"
        text = f"{LOST} while a transaction was being committed, and the server does not tell what became of it"
        raise EngineFailed(text, hint="Run the command again when the server is back: it finds out what was done.")

    def _undo(self, connection: Connection) -> None:
        with suppress(psycopg.Error):
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                _simple(connection, "rollback")


def _status(connection: Connection, number: str, life: str) -> str | None:
    """Return what became of a transaction; None where a crash of the server has made that uncertain."""
    try:
        row = connection.execute(f"select pg_xact_status(%s::text::xid8), {_LIFE}", (number,)).fetchone()
    except psycopg.errors.InvalidParameterValue:  # no transaction has this number yet: ours went with a crash
        return "aborted"
    status, now = row or (None, "")
    return None if status == "committed" and now != life else status


def connected(url: str) -> Connection:
    """Return a new connection in autocommit; raise ``EngineFailed`` where there is none to be had."""
    if _is_misread(url):
        raise unreadable_url()
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS, **_names())
    except psycopg.Error as error:
        raise connect_fault(error, place_of(url)) from None


def place_of(url: str) -> str:
    """Return the server and the database that a url names, without a password."""
    if _is_misread(url):
        return "the url of the engine"
    parts = psycopg.conninfo.conninfo_to_dict(url)
    host = parts.get("host") or "this machine"
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"{host}{port}/{parts.get('dbname') or parts.get('user') or ''}".rstrip("/")


def _is_misread(url: str) -> bool:
    """Tell whether a url cannot be read, or was read so that the end of a password stands in its host."""
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        return True
    return any(sign in str(parts.get(name) or "") for name in ("host", "port") for sign in "@?#")


def _names() -> dict[str, Any]:
    return {"application_name": "headgate", "prepare_threshold": None}


def _simple(connection: Connection, text: str) -> None:
    """Run statements without values in one message."""
    connection.execute(text.encode(), prepare=False)
