"""Where the state of a project is: a file of SQLite beside the warehouse, or what ``[state]`` of headgate.toml says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.core.declarations import Config
    from headgate.core.ports.store import StateStore
    from headgate.plugins.stores.postgres import PostgresStore

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


class StatePlace(Protocol):
    """Where one state is, be it made already or not."""

    @property
    def is_shared(self) -> bool:
        """Whether other machines reach it too."""

    def exists(self) -> bool:
        """Tell whether there is a state; none is made."""

    def store(self) -> StateStore:
        """Return the state, which is made at its first use where there is none yet."""

    def close(self) -> None:
        """Let go of what was opened."""


def state_place(config: Config, root: Path, beside: Path, nonce: Callable[[], str]) -> StatePlace:
    """Return the place that the settings name, else the file beside the warehouse ``beside``.

    Raises ``Refused`` where the settings name none, and ``EnvironmentFailed`` where what speaks to it is not installed.
    """
    url = config.state_url
    if not url or url.startswith(_SQLITE):
        path = root / url.removeprefix(_SQLITE) if url else beside.with_suffix(".state.db")
        return _File(path, nonce)
    if url.startswith(_POSTGRES):
        return _on_postgres(url, config.state_schema, nonce)
    kind = url.partition(":")[0] if "://" in url else "this"
    raise _refused(f"the state cannot be kept in {kind}: it is kept in SQLite or PostgreSQL")


def _on_postgres(url: str, schema: str, nonce: Callable[[], str]) -> StatePlace:
    from headgate.plugins.stores.postgres_address import postgres_address

    try:
        address = postgres_address(url, schema)
    except ValueError as error:
        raise _refused(f"the url of the state cannot be read: {error}") from None
    from headgate.plugins.stores.postgres import open_postgres_store

    return _Server(open_postgres_store(address, nonce=nonce))


class _File:
    is_shared = False

    def __init__(self, path: Path, nonce: Callable[[], str]) -> None:
        self._path = path
        self._nonce = nonce
        self._store: StateStore | None = None

    def exists(self) -> bool:
        return self._path.exists()

    def store(self) -> StateStore:
        if self._store is None:
            from headgate.plugins.stores.sqlite import open_sqlite_store

            self._store = open_sqlite_store(self._path, create=True, nonce=self._nonce)
        return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


class _Server:
    is_shared = True

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    def exists(self) -> bool:
        return self._store.exists()

    def store(self) -> StateStore:
        return self._store

    def close(self) -> None:
        self._store.close()


def _refused(text: str) -> Refused:
    hint = 'Write "postgresql://USER@HOST/DATABASE" or "sqlite:///state.db", or leave url out.'
    return Refused([Diagnostic("HG542", text, Place("headgate.toml"), hint=hint)])
