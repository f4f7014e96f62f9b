"""Headgate's own schema in a warehouse: which state it belongs to, builds, markers, schemas that Headgate made.

No keys and no indexes: DuckDB loads an index on every open, and one writer at a time holds the file.
Every function is one or two statements on the cursor it is given; transactions are the caller's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import duckdb

from headgate.core.hashing import Digest
from headgate.core.ports.engine import BuildJob, BuildResult, Marker

SCHEMA = "headgate"

_TABLES = """
create schema if not exists headgate;
create table if not exists headgate.state (id varchar not null);
create table if not exists headgate.builds (
    id varchar not null, address varchar not null, relation varchar not null,
    rows bigint not null, bytes bigint not null, fence bigint not null);
create table if not exists headgate.environments (
    environment varchar not null, serial bigint not null, fence bigint not null, intent varchar not null);
create table if not exists headgate.schemas (name varchar not null);
"""


def create(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and its tables where they are missing."""
    cursor.execute(_TABLES)


def is_there(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether Headgate's tables are in this warehouse."""
    sql = (
        "select count(*) from information_schema.tables where table_schema = 'headgate' and table_name = 'environments'"
    )
    row = cursor.execute(sql).fetchone()
    return bool(row and row[0])


def state(cursor: duckdb.DuckDBPyConnection) -> str | None:
    """Return the id of the state that the warehouse belongs to."""
    row = cursor.execute("select id from headgate.state").fetchone()
    return row[0] if row else None


def write_state(cursor: duckdb.DuckDBPyConnection, identity: str) -> None:
    """Write the id of the state."""
    cursor.execute("insert into headgate.state values (?)", [identity])


def markers(cursor: duckdb.DuckDBPyConnection) -> dict[str, Marker]:
    """Return the markers of all environments."""
    owner = state(cursor) or ""
    rows = cursor.execute("select environment, serial, fence, intent from headgate.environments order by 1").fetchall()
    return {environment: Marker(owner, serial, fence, intent) for environment, serial, fence, intent in rows}


def write_marker(cursor: duckdb.DuckDBPyConnection, environment: str, marker: Marker, *, is_new: bool) -> None:
    """Write the marker of one environment."""
    values = [marker.serial, marker.fence, marker.intent, environment]
    if is_new:
        cursor.execute(
            "insert into headgate.environments (serial, fence, intent, environment) values (?, ?, ?, ?)", values
        )
    else:
        cursor.execute(
            "update headgate.environments set serial = ?, fence = ?, intent = ? where environment = ?", values
        )


def write_builds(cursor: duckdb.DuckDBPyConnection, made: Sequence[tuple[BuildJob, BuildResult]]) -> bool:
    """Write the rows of builds; return False, with nothing written, where one of them is there already."""
    values = ", ".join(["(?, ?, ?, ?::bigint, ?::bigint, ?::bigint)"] * len(made))
    parameters: list[object] = []
    for job, result in made:
        parameters += [job.id, job.address, job.relation, result.rows, result.bytes, job.fence]
    row = cursor.execute(
        "insert into headgate.builds "
        f"select * from (values {values}) as new (id, address, relation, rows, bytes, fence) "
        "where not exists (select 1 from headgate.builds as old where old.id in (select new.id))",
        parameters,
    ).fetchone()
    return bool(row and row[0] == len(made))


def builds(cursor: duckdb.DuckDBPyConnection) -> dict[Digest, str]:
    """Return the physical relation of every build."""
    return {Digest(i): r for i, r in cursor.execute("select id, relation from headgate.builds order by id").fetchall()}


def erase_builds(cursor: duckdb.DuckDBPyConnection, identities: Collection[str]) -> None:
    """Erase the rows of builds."""
    cursor.execute("delete from headgate.builds where id in (select unnest(?))", [list(identities)])


def physical_tables(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the tables of the schema ``headgate`` (10 ms for 2,000 of them)."""
    sql = "select table_name from information_schema.tables where table_schema = 'headgate'"
    return {row[0] for row in cursor.execute(sql).fetchall()}


def objects(cursor: duckdb.DuckDBPyConnection, schemas: Collection[str]) -> Mapping[tuple[str, str], str]:
    """Return what is in ``schemas``, folded or not: (schema, name) as stored, to ``VIEW`` or ``BASE TABLE``."""
    rows = cursor.execute(
        "select table_schema, table_name, table_type from information_schema.tables "
        "where lower(table_schema) in (select lower(unnest(?))) order by 1, 2",
        [list(schemas)],
    ).fetchall()
    return {(schema, name): kind for schema, name, kind in rows}


def schemas(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the schemas of the warehouse in lower case."""
    sql = "select lower(schema_name) from information_schema.schemata where catalog_name = current_database()"
    return {row[0] for row in cursor.execute(sql).fetchall()}


def made_schemas(cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the schemas that Headgate made itself: lower case to as written."""
    return {row[0].lower(): row[0] for row in cursor.execute("select name from headgate.schemas").fetchall()}
