"""Numbered steps from one format of the state file to the next: SQL files that never change once released.

The number of the last step stands in the file's ``user_version``; the checksum of each in its table ``migrations``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from headgate.core.ports.store import Nonce
from headgate.plugins.stores.migration import Migration, demand_newest, demand_steps, migrations_of

APPLICATION = 0x48475354
"""``HGST``: stands in the file's header, so that somebody else's SQLite file is never taken for a state."""


def known_migrations() -> Sequence[Migration]:
    """Return all steps that this Headgate knows, in order."""
    return migrations_of("sqlite")


def stored_format(connection: sqlite3.Connection) -> int:
    """Return the format that the file has, within the present transaction. Cost: a look at the header."""
    (number,) = connection.execute("pragma user_version").fetchone()
    return int(number)


def check_format(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    """Return where the file has exactly the newest format known; raise where somebody else migrated it meanwhile."""
    demand_newest(stored_format(connection), str(path), migrations)


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Tell whether it is a SQLite file of something else than Headgate. A file without content is not foreign."""
    connection.execute("begin")  # both looks see one moment: another process may be making the state
    try:
        (application,) = connection.execute("pragma application_id").fetchone()
        (things,) = connection.execute("select count(*) from sqlite_schema").fetchone()
    finally:
        connection.execute("rollback")
    return application != APPLICATION and bool(application or things)


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration], nonce: Nonce) -> None:
    """Bring the file to the newest format, each step in one transaction; several processes may do it at once."""
    while stored_format(connection) < len(migrations):
        connection.execute("begin immediate")
        try:
            found = stored_format(connection)
            if found < len(migrations):
                _apply(connection, migrations[found], nonce)
            connection.execute("commit")
        finally:
            if connection.in_transaction:
                connection.execute("rollback")
    check_format(connection, path, migrations)


def verify_migrations(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    """Return where the file was made by exactly these steps; raise ``StoreFailed`` where one was altered."""
    recorded = dict(connection.execute("select number, checksum from migrations"))
    demand_steps(recorded, str(path), migrations)


def _apply(connection: sqlite3.Connection, migration: Migration, nonce: Nonce) -> None:
    if migration.number == 1:
        connection.execute("create table migrations (number integer primary key, checksum text not null)")
    for statement in _statements(migration.text):
        connection.execute(statement)
    if migration.number == 1:
        connection.execute("insert into state values ('identity', ?)", (nonce(),))
        connection.execute(f"pragma application_id = {APPLICATION}")
    connection.execute("insert into migrations values (?, ?)", (migration.number, migration.checksum))
    connection.execute(f"pragma user_version = {migration.number}")


def _statements(text: str) -> Iterator[str]:
    """Yield the statements one by one: ``executescript`` would commit in between."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
