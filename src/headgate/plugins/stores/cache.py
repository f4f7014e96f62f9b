"""The cache in ``.headgate/cache.db``: texts by kind and key. It may be deleted at any time; a broken one is made anew.

Everything in it is keyed by the content that it was made from, so nothing in it is ever out of date.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

_FORMAT = 1
_KEYS_A_QUERY = 500


class Cache:
    """Texts by kind and key. All faults of the medium are treated as "not there": a cache never fails a command."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._is_broken = False

    def get(self, kind: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return those that are there. Cost: one query per 500 keys."""
        found: dict[str, str] = {}
        connection = self._open()
        if connection is None:
            return found
        wanted = list(keys)
        try:
            for start in range(0, len(wanted), _KEYS_A_QUERY):
                part = wanted[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                query = f"select key, value from entries where kind = ? and key in ({marks})"
                found.update(connection.execute(query, (kind, *part)))
        except sqlite3.Error:
            self._is_broken = True
        return found

    def put(self, kind: str, items: Mapping[str, str]) -> None:
        """Keep them; replace those of the same key."""
        connection = self._open()
        if connection is None or not items:
            return
        try:
            with connection:
                rows = [(kind, key, value) for key, value in items.items()]
                connection.executemany("insert or replace into entries values (?, ?, ?)", rows)
        except sqlite3.Error:
            self._is_broken = True

    def forget(self, kind: str, *, keep: int) -> None:
        """Drop all but the last ``keep`` entries of a kind."""
        connection = self._open()
        if connection is None:
            return
        try:
            with connection:
                connection.execute(
                    "delete from entries where kind = ? and key not in"
                    " (select key from entries where kind = ? order by rowid desc limit ?)",
                    (kind, kind, keep),
                )
        except sqlite3.Error:
            self._is_broken = True

    def forget_all_but(self, kind: str, *, those_of: str) -> None:
        """Drop the entries of a kind whose keys are not those of another kind as well."""
        connection = self._open()
        if connection is None:
            return
        try:
            with connection:
                connection.execute(
                    "delete from entries where kind = ? and key not in (select key from entries where kind = ?)",
                    (kind, those_of),
                )
        except sqlite3.Error:
            self._is_broken = True

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._is_broken:
            try:
                self._connection = self._opened()
            except (sqlite3.Error, OSError):
                self._is_broken = not self._remade()
        return None if self._is_broken else self._connection

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = off")  # a lost cache is no loss
        if connection.execute("pragma user_version").fetchone()[0] != _FORMAT:
            connection.executescript(
                "drop table if exists entries;"
                "create table entries (kind text, key text, value text, unique (kind, key));"
                f"pragma user_version = {_FORMAT};"
            )
        return connection

    def _remade(self) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._connection = self._opened()
        except (sqlite3.Error, OSError):
            return False
        return True
