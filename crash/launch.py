"""`python -m crash.launch SPEC ARGUMENTS...`: Headgate, whose calls of store and engine are counted, or one kills it.

SPEC is JSON: ``{"level": "call" | "statement" | "none", "count": FILE}`` writes a line for each call with its seconds;
``{"level": ..., "kill": N, "when": "before" | "after" | SECONDS}`` ends the process with SIGKILL before or after the
N-th call, or so many seconds after the call began, wherever the process is by then. With ``"tell": FILE`` somebody else
does harm there: FILE is made at the point, and the call waits until it is gone again (unless harm comes after seconds).

A *call* is one of the ports (``StateStore``, ``Reading``, ``Engine``), a *statement* what SQLite or DuckDB is given.
The product does not know of this: its methods are wrapped from outside. ``{"plant": NAME}`` plants a bug of
``crash.planted``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

STORE = ("identity", "reading", "commit", "acquire", "release", "close")
READING = ("__enter__", "__exit__", "get", "scan", "events", "lease")
ENGINE = (
    "state", "adopt", "markers", "fence", "columns", "build", "built", "built_rows", "drop", "publish", "shown",
    "query", "stream", "inventory", "log", "begin_load", "load_part", "end_load", "take_out_loads", "close",
)  # fmt: skip
STATEMENTS = ("execute", "executemany", "sql", "extract_statements", "close")


class Points:
    """The instants at which the process may end, numbered from 0 in the order in which they are reached."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._guard = threading.Lock()
        self._next = 0
        self._file = open(spec["count"], "w", encoding="utf-8") if "count" in spec else None  # noqa: SIM115

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Make the call as the next point."""
        with self._guard:
            number = self._next
            self._next += 1
        is_last = number == self._spec.get("kill")
        when = self._spec.get("when")
        if is_last and when == "before":
            self._stop()
        if is_last and isinstance(when, (int, float)):
            self._stop_after(when)
        started = time.perf_counter()
        try:
            return call()
        finally:
            if is_last and when == "after":
                self._stop()
            if self._file is not None:
                self._file.write(f"{number} {name} {time.perf_counter() - started:.6f}\n")
                self._file.flush()

    def _stop(self) -> None:
        """End here, or wait for whoever does harm."""
        if "tell" not in self._spec:
            _die()
        point = Path(self._spec["tell"])
        point.touch()
        while point.exists():
            time.sleep(0.002)

    def _stop_after(self, seconds: float) -> None:
        if "tell" in self._spec:
            Path(self._spec["tell"]).touch()
        else:
            threading.Thread(target=_die_after, args=(seconds,), daemon=True).start()


def main(spec: dict[str, Any], arguments: list[str]) -> int:
    """Wrap, then run the command line as ``python -m headgate`` does."""
    if "plant" in spec:
        from crash.planted import BUGS

        BUGS[spec["plant"]]()
    points = Points(spec)
    if spec["level"] == "call":
        wrap_calls(points)
    elif spec["level"] == "statement":
        wrap_statements(points)
    from headgate.cli.main import run

    return run(arguments)


def wrap_calls(points: Points) -> None:
    """Make every call of a port a point."""
    for kinds in _ports():
        for kind, names in zip(kinds, (STORE, READING, ENGINE), strict=True):
            for name in names:
                setattr(kind, name, _wrapped(points, f"{kind.__name__}.{name}", getattr(kind, name)))
    for module, name in _openings():
        setattr(module, name, _wrapped(points, name, getattr(module, name)))


def _ports() -> Iterator[tuple[type, type, type]]:
    """Yield what stands behind the ports: store, reading, engine."""
    if is_on_postgres():
        from headgate.plugins.engines.postgres import PostgresEngine
        from headgate.plugins.stores.postgres import PostgresStore
        from headgate.plugins.stores.postgres_reading import PostgresReading

        yield PostgresStore, PostgresReading, PostgresEngine
    else:
        from headgate.plugins.engines.duckdb import DuckEngine
        from headgate.plugins.stores.sqlite import SqliteStore
        from headgate.plugins.stores.sqlite_reading import SqliteReading

        yield SqliteStore, SqliteReading, DuckEngine


def _openings() -> Iterator[tuple[ModuleType, str]]:
    """Yield the functions that open state and warehouse, by module and name."""
    if is_on_postgres():
        from headgate.plugins.engines import postgres as engines
        from headgate.plugins.stores import postgres as stores

        yield stores, "open_postgres_store"
        yield engines, "open_postgres"
    else:
        from headgate.plugins.engines import duckdb
        from headgate.plugins.stores import sqlite

        yield sqlite, "open_sqlite_store"
        yield duckdb, "open_duckdb"


def is_on_postgres() -> bool:
    """Tell where the command's world is."""
    return "CRASH_URL" in os.environ


def wrap_statements(points: Points) -> None:
    """Make every statement that changes what is stored, or may, a point."""
    if is_on_postgres():
        import psycopg

        for name in ("execute", "executemany", "copy"):
            setattr(psycopg.Cursor, name, _told(points, getattr(psycopg.Cursor, name)))
        return
    from headgate.plugins.engines.duckdb import DuckEngine
    from headgate.plugins.stores.sqlite_opening import Connections

    cursor, connected = DuckEngine._cursor, Connections._connected

    @contextmanager
    def _cursor(engine: DuckEngine) -> Iterator[Any]:
        with cursor(engine) as inner:
            yield _Told(points, "duckdb", inner)

    def _connected(connections: Connections, *, may_create: bool) -> Any:
        return _Told(points, "sqlite", connected(connections, may_create=may_create))

    setattr(DuckEngine, "_cursor", _cursor)  # noqa: B010 - mypy knows what a method is, and that this is none
    setattr(Connections, "_connected", _connected)  # noqa: B010
    setattr(DuckEngine, "close", _wrapped(points, "duckdb close", DuckEngine.close))  # noqa: B010


def _told(points: Points, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of a cursor of PostgreSQL whose statements are points."""

    @wraps(function)
    def call(cursor: Any, statement: Any, *arguments: Any, **named: Any) -> Any:
        text = statement.decode() if isinstance(statement, bytes) else str(statement)
        words = " ".join(text.split()[:3])
        return points.around(f"postgres {words}", lambda: function(cursor, statement, *arguments, **named))

    return call


class _Told:
    """A connection or cursor whose statements are points."""

    def __init__(self, points: Points, name: str, inner: Any) -> None:
        self._points = points
        self._name = name
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in STATEMENTS:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            words = " ".join(str(arguments[0]).split()[:3]) if arguments else name
            return self._points.around(f"{self._name} {words}", lambda: found(*arguments, **named))

        return call


def _wrapped(points: Points, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        return points.around(name, lambda: function(*arguments, **named))

    return call


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _die_after(seconds: float) -> None:
    time.sleep(seconds)
    _die()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
