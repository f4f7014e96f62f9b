"""Headgate's own schema in a database: which state it belongs to, builds, markers, schemas that Headgate made.

Every function is one or a few statements on the connection that it is given; transactions are the caller's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headgate.core.errors import EngineFailed
from headgate.core.hashing import Digest
from headgate.core.ports.engine import BuildJob, BuildResult, BuiltRow, Marker
from headgate.core.records import LogHead
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_texts import stored_name
from headgate.plugins.engines.sql_texts import quoted

SCHEMA = "headgate"
OWN_TABLES = frozenset({"state", "builds", "environments", "schemas", "log", "loads", "parts"})
"""Headgate's own tables in its schema; all others are physical tables of builds."""

_SCHEMAS = 4_811_265_203
"""The number of the lock of whoever makes or drops schemas."""

_TABLES = """
create table if not exists headgate.state (id text primary key);
create table if not exists headgate.builds (
    id text primary key, address text not null, relation text not null,
    rows bigint not null, bytes bigint not null, fence bigint not null);
create table if not exists headgate.environments (
    environment text primary key, serial bigint not null, fence bigint not null, intent text not null);
create table if not exists headgate.schemas (name text primary key);
create table if not exists headgate.log (number bigint not null, hash text not null);
create table if not exists headgate.loads (
    relation text not null, number bigint not null, key text not null, build text not null,
    is_open boolean not null, rows bigint not null, fence bigint not null);
create table if not exists headgate.parts (
    relation text not null, number bigint not null, begins text not null, ends text not null,
    rows bigint not null default 0, primary key (relation, number, begins, ends))
"""

SYSTEM_SCHEMAS = (
    "n.nspname not in ('information_schema', 'pg_catalog', 'pg_toast') and n.nspname !~ '^pg_(temp|toast)_'"
)
"""The condition that holds for schemas of people, with ``pg_namespace`` as ``n``."""


def rows(connection: Connection, sql: str, *values: object) -> list[Any]:
    """Return the rows of a statement of ours."""
    return connection.execute(sql, values or None).fetchall()


def run(connection: Connection, sql: str, *values: object) -> int:
    """Run a statement of ours; return how many rows it touched."""
    return connection.execute(sql, values or None).rowcount


def create(connection: Connection) -> None:
    """Make the schema and its tables where they are missing; raise ``EngineFailed`` where a right is missing for it."""
    lock_schemas(connection)
    if not rows(connection, "select 1 from pg_namespace where nspname = 'headgate'"):
        make_schema(connection, SCHEMA)
    _run_texts(connection, _TABLES)


def lock_schemas(connection: Connection) -> None:
    """Have nobody else make or drop schemas until the transaction ends: two who make the same one would collide."""
    run(connection, "select pg_advisory_xact_lock(%s)", _SCHEMAS)


def _run_texts(connection: Connection, texts: str) -> None:
    connection.execute(texts.encode(), prepare=False)


def make_schema(connection: Connection, schema: str) -> None:
    """Make a schema; raise ``EngineFailed`` with what to grant where that is not allowed."""
    ((may, database, role),) = rows(
        connection,
        "select has_database_privilege(current_database(), 'create'), current_database(), current_user",
    )
    if not may:
        grant = f"grant create on database {quoted(database)} to {quoted(role)}"
        raise EngineFailed(
            f"{role} may not make the schema {schema} in the database {database}",
            hint=f"Its owner has to run: {grant}",
        )
    run(connection, f"create schema {quoted(schema)}")


def is_there(connection: Connection) -> bool:
    """Tell whether Headgate's tables are in this database."""
    found = rows(connection, "select to_regclass('headgate.environments') is not null")
    return bool(found[0][0])


def state(connection: Connection) -> str | None:
    """Return the id of the state that the database belongs to."""
    found = rows(connection, "select id from headgate.state")
    return found[0][0] if found else None


def write_state(connection: Connection, identity: str) -> None:
    """Write the id of the state."""
    run(connection, "insert into headgate.state values (%s)", identity)


def markers(connection: Connection) -> dict[str, Marker]:
    """Return the markers of all environments."""
    owner = state(connection) or ""
    found = rows(connection, "select environment, serial, fence, intent from headgate.environments order by 1")
    return {environment: Marker(owner, serial, fence, intent) for environment, serial, fence, intent in found}


def locked_marker(connection: Connection, environment: str) -> Marker | None:
    """Return the marker of one environment, which nobody else can change until the transaction ends."""
    found = rows(
        connection,
        "select serial, fence, intent from headgate.environments where environment = %s for update",
        environment,
    )
    return Marker(state(connection) or "", *found[0]) if found else None


def insert_marker(connection: Connection, environment: str, marker: Marker) -> bool:
    """Write the marker of a new environment; return False where somebody else wrote one. Waits for whoever is at it."""
    return bool(
        run(
            connection,
            "insert into headgate.environments (environment, serial, fence, intent) values (%s, %s, %s, %s) "
            "on conflict do nothing",
            environment,
            marker.serial,
            marker.fence,
            marker.intent,
        )
    )


def update_marker(connection: Connection, environment: str, marker: Marker) -> None:
    """Write the marker of an environment that has one."""
    run(
        connection,
        "update headgate.environments set serial = %s, fence = %s, intent = %s where environment = %s",
        marker.serial,
        marker.fence,
        marker.intent,
        environment,
    )


def log_head(connection: Connection) -> LogHead | None:
    """Return the last event of the state's log that was written down here."""
    found = rows(connection, "select number, hash from headgate.log")
    return LogHead(found[0][0], Digest(found[0][1])) if found else None


def write_log_head(connection: Connection, head: LogHead) -> None:
    """Write the last event of the state's log."""
    run(connection, "delete from headgate.log")
    run(connection, "insert into headgate.log values (%s, %s)", head.number, head.hash)


def known_builds(connection: Connection, identities: Sequence[str]) -> set[str]:
    """Return which of these builds are there."""
    found = rows(connection, "select id from headgate.builds where id = any(%s)", list(identities))
    return {row[0] for row in found}


def write_builds(connection: Connection, made: Sequence[tuple[BuildJob, BuildResult]]) -> None:
    """Write the rows of builds."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into headgate.builds (id, address, relation, rows, bytes, fence) values (%s, %s, %s, %s, %s, %s)",
            [(job.id, job.address, job.relation, result.rows, result.bytes, job.fence) for job, result in made],
        )


def builds(connection: Connection) -> dict[Digest, str]:
    """Return the physical relation of every build."""
    return {Digest(i): r for i, r in rows(connection, "select id, relation from headgate.builds order by id")}


def built_rows(connection: Connection, identities: Collection[str]) -> dict[Digest, BuiltRow]:
    """Return what was written of these builds, as far as they are there."""
    sql = "select id, relation, rows, bytes from headgate.builds where id = any(%s)"
    return {Digest(i): BuiltRow(*row) for i, *row in rows(connection, sql, list(identities))}


def erase_builds(connection: Connection, identities: Collection[str]) -> None:
    """Erase the rows of builds."""
    run(connection, "delete from headgate.builds where id = any(%s)", list(identities))


def missing_table(connection: Connection, relations: Sequence[str]) -> str | None:
    """Return the first of ``relations`` that is no physical table, or None."""
    names = list(dict.fromkeys(stored_name(relation) for relation in relations))
    found = rows(
        connection,
        "select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname = 'headgate' and c.relkind in ('r', 'p') and c.relname = any(%s)",
        names,
    )
    there = {row[0] for row in found}
    return next((relation for relation in relations if stored_name(relation) not in there), None)


def objects(connection: Connection, schemas: Collection[str]) -> Mapping[tuple[str, str], str]:
    """Return what is in ``schemas``, however they are written: (schema, name) as stored, to the kind of ``pg_class``.

    Views are ``v``; tables, and what can be read like them, ``r``, ``p``, ``f`` and ``m``.
    """
    if not schemas:
        return {}
    found = rows(
        connection,
        "select n.nspname, c.relname, c.relkind::text "
        "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'v', 'p', 'f', 'm') and lower(n.nspname) = any(%s) order by 1, 2",
        [schema.lower() for schema in schemas],
    )
    return {(schema, name): kind for schema, name, kind in found}


def comments(connection: Connection, schema: str) -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
    """Return the tables and views of a schema (schema and name as stored), with their comments and their columns'."""
    found: dict[tuple[str, str], tuple[str, dict[str, str]]] = {}
    texts = rows(
        connection,
        "select n.nspname, c.relname, obj_description(c.oid, 'pg_class'), a.attname, col_description(c.oid, a.attnum) "
        "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
        "where c.relkind in ('r', 'v', 'p', 'f', 'm') and lower(n.nspname) = %s order by 1, 2",
        schema.lower(),
    )
    for written, name, text, column, of_column in texts:
        _, columns = found.setdefault((written, name), (text or "", {}))
        if of_column:
            columns[column] = of_column
    return found


def filled_schemas(connection: Connection) -> tuple[str, ...]:
    """Return the schemas of people that hold tables or views, as stored, sorted."""
    found = rows(
        connection,
        "select distinct n.nspname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        f"where c.relkind in ('r', 'v', 'p', 'f', 'm') and {SYSTEM_SCHEMAS} order by 1",
    )
    return tuple(sorted(row[0] for row in found))


def made_schemas(connection: Connection) -> set[str]:
    """Return the schemas that Headgate made itself."""
    return {row[0] for row in rows(connection, "select name from headgate.schemas")}


def remember_schema(connection: Connection, schema: str) -> None:
    """Note that a schema is Headgate's."""
    run(connection, "insert into headgate.schemas values (%s) on conflict do nothing", schema)


def forget_schema(connection: Connection, schema: str) -> None:
    """Forget a schema that is gone."""
    run(connection, "delete from headgate.schemas where name = %s", schema)


def is_bare_schema(connection: Connection, schema: str) -> bool:
    """Tell whether nothing at all is in a schema, and nobody was given rights on it."""
    found = rows(
        connection,
        "select n.nspacl is null and not exists (select from pg_depend as d where d.refclassid = "
        "'pg_namespace'::regclass and d.refobjid = n.oid) from pg_namespace as n where n.nspname = %s",
        schema,
    )
    return bool(found and found[0][0])


def sizes_of(connection: Connection, relations: Sequence[str]) -> dict[str, int]:
    """Return the bytes of physical tables on disk."""
    query = "select pg_table_size(name::regclass) from unnest(%s::text[]) with ordinality as t (name, at) order by at"
    found = rows(connection, query, [table(relation) for relation in relations]) if relations else ()
    return {relation: int(size) for relation, (size,) in zip(relations, found, strict=True)}


def table(relation: str) -> str:
    """Return SQL text that names a physical table."""
    return f"{SCHEMA}.{quoted(stored_name(relation))}"
