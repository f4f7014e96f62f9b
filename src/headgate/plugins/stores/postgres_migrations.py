"""Making a state in a schema of PostgreSQL, and leading it from one format to the next.

The number of the last step stands in the table ``state``, which every write looks at under its lock; the checksum of
each step stands in ``migrations``. PostgreSQL takes back what a step did to tables where it is cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection, sql

from headgate.core.errors import StoreFailed
from headgate.core.ports.store import Nonce
from headgate.plugins.stores.migration import Migration, demand_newest, demand_steps, migrations_of
from headgate.plugins.stores.postgres_address import PostgresAddress

_LOOK = """
select
    exists (select from pg_namespace where nspname = %(schema)s),
    exists (select from pg_class where relnamespace = n.oid and relname in ('state', 'migrations') and relkind = 'r'
        having count(*) = 2),
    exists (select from pg_class where relnamespace = n.oid)
from (select (select oid from pg_namespace where nspname = %(schema)s)) as n (oid)
"""

WRITE_LOCK = "select pg_advisory_xact_lock(hashtextextended('headgate ' || {name}, 0));"
"""Whoever writes, makes or migrates the state of the schema ``name`` goes alone, to the end of the transaction.

A row would do as well, at twice the cost: it has to be written, also for a batch that is refused.
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is where a state should be: the schema, tables of a state in it, tables of anything."""

    schema: bool
    state: bool
    anything: bool


def known_migrations() -> Sequence[Migration]:
    """Return all steps that this Headgate knows, in order."""
    return migrations_of("postgres")


def look(connection: Connection, address: PostgresAddress) -> Found:
    """Return what there is. Cost: one query."""
    row = connection.execute(_LOOK, {"schema": address.schema}).fetchone()
    assert row is not None
    return Found(*row)


def prepare(
    connection: Connection, address: PostgresAddress, *, create: bool, nonce: Nonce, migrations: Sequence[Migration]
) -> None:
    """Leave the state as this Headgate writes it: made, migrated, made by the steps that it knows.

    Raises ``StoreFailed`` where the schema holds something else or, without ``create``, no state.
    """
    found = look(connection, address)
    if not found.state:
        if found.anything:
            hint = 'Name another schema in headgate.toml, below [state]: schema = "headgate_state".'
            text = f"The schema {address.schema} in {address.shown} is there, but is not a state of Headgate"
            raise StoreFailed(text, hint=hint)
        if not create:
            raise StoreFailed(f"There is no state in {address.shown}", hint="headgate apply")
    number = _format(connection, address) if found.state else 0
    if number > len(migrations):
        demand_newest(number, address.shown, migrations)
    while number < len(migrations):
        number = _step(connection, address, migrations, nonce)
    _verify(connection, address, migrations)


def _format(connection: Connection, address: PostgresAddress) -> int:
    query = sql.SQL("select value from {} where name = 'format'").format(sql.Identifier(address.schema, "state"))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _step(connection: Connection, address: PostgresAddress, migrations: Sequence[Migration], nonce: Nonce) -> int:
    """Take the next step, unless somebody else has just taken it, and return the format that the state has then."""
    connection.execute("begin isolation level read committed read write")  # after the lock, look sees what is there
    connection.execute(sql.SQL(WRITE_LOCK).format(name=address.schema))
    found = look(connection, address)
    number = _format(connection, address) if found.state else 0
    if number < len(migrations):
        _take(connection, address, migrations[number], found, nonce)
        number += 1
    connection.execute("commit")
    return number


def _take(connection: Connection, address: PostgresAddress, migration: Migration, found: Found, nonce: Nonce) -> None:
    schema = sql.Identifier(address.schema)
    if not found.schema:
        connection.execute(sql.SQL("create schema {}").format(schema))
    connection.execute(sql.SQL("set local search_path to {}").format(schema))
    connection.execute(migration.text.encode())
    if migration.number == 1:
        connection.execute("insert into state values ('identity', %s), ('format', '0')", (nonce(),))
    connection.execute("insert into migrations values (%s, %s)", (migration.number, str(migration.checksum)))
    connection.execute("update state set value = %s where name = 'format'", (str(migration.number),))


def _verify(connection: Connection, address: PostgresAddress, migrations: Sequence[Migration]) -> None:
    """Return where the state was made by exactly these steps; raise ``StoreFailed`` where one was altered."""
    query = sql.SQL("select number, checksum from {}").format(sql.Identifier(address.schema, "migrations"))
    demand_steps(dict(connection.execute(query).fetchall()), address.shown, migrations)
