"""Headgate's own schema in a warehouse: which state it belongs to, builds, markers, schemas that Headgate made.

No keys and no indexes: DuckDB loads an index on every open, and one writer at a time holds the file.
Every function is one or two statements on the cursor it is given; transactions are the caller's.

Values are written into the text, quoted, and never bound as parameters: the first bound parameter makes the ``duckdb``
module import pandas, numpy and pyarrow wherever they are installed, which takes a second (seen on 1.5 and 2.0).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import duckdb

from headgate.core.hashing import Digest
from headgate.core.ports.engine import BuildJob, BuildResult, BuiltRow, Marker
from headgate.core.records import LogHead
from headgate.plugins.engines.sql_texts import literal, quoted

SCHEMA = "headgate"
OWN_TABLES = frozenset({"state", "builds", "environments", "schemas", "makers", "log", "loads", "parts"})
"""Headgate's own tables in its schema; all others are physical tables of builds."""

_BOUND_TABLES_MAX = 200

_TABLES = """
create schema if not exists headgate;
create table if not exists headgate.state (id varchar not null);
create table if not exists headgate.builds (
    id varchar not null, address varchar not null, relation varchar not null,
    rows bigint not null, bytes bigint not null, fence bigint not null);
create table if not exists headgate.environments (
    environment varchar not null, serial bigint not null, fence bigint not null, intent varchar not null);
create table if not exists headgate.schemas (name varchar not null);
create table if not exists headgate.makers (version varchar not null);
create table if not exists headgate.log (number bigint not null, hash varchar not null);
"""


def create(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and its tables where they are missing."""
    cursor.execute(_TABLES)


def is_there(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether Headgate's tables are in this warehouse."""
    return has_table(cursor, "environments")


def has_table(cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Tell whether one of Headgate's own tables is there; some came with later versions."""
    sql = f"select count(*) from information_schema.tables where table_schema = 'headgate' and table_name = '{name}'"
    row = cursor.execute(sql).fetchone()
    return bool(row and row[0])


def state(cursor: duckdb.DuckDBPyConnection) -> str | None:
    """Return the id of the state that the warehouse belongs to."""
    row = cursor.execute("select id from headgate.state").fetchone()
    return row[0] if row else None


def write_state(cursor: duckdb.DuckDBPyConnection, identity: str) -> None:
    """Write the id of the state."""
    cursor.execute(f"insert into headgate.state values ({literal(identity)})")


def markers(cursor: duckdb.DuckDBPyConnection) -> dict[str, Marker]:
    """Return the markers of all environments."""
    owner = state(cursor) or ""
    rows = cursor.execute("select environment, serial, fence, intent from headgate.environments order by 1").fetchall()
    return {environment: Marker(owner, serial, fence, intent) for environment, serial, fence, intent in rows}


def write_marker(cursor: duckdb.DuckDBPyConnection, environment: str, marker: Marker, *, is_new: bool) -> None:
    """Write the marker of one environment."""
    if is_new:
        values = f"{literal(environment)}, {marker.serial:d}, {marker.fence:d}, {literal(marker.intent)}"
        cursor.execute(f"insert into headgate.environments (environment, serial, fence, intent) values ({values})")
    else:
        cursor.execute(
            f"update headgate.environments set serial = {marker.serial:d}, fence = {marker.fence:d}, "
            f"intent = {literal(marker.intent)} where environment = {literal(environment)}"
        )


def makers(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the versions of DuckDB that made views here; nothing where that was never written."""
    if not has_table(cursor, "makers"):
        return frozenset()
    return frozenset(row[0] for row in cursor.execute("select version from headgate.makers").fetchall())


def write_maker(cursor: duckdb.DuckDBPyConnection, version: str) -> None:
    """Write that this version of DuckDB makes views here, once; a warehouse from before gets the table for it."""
    if version not in makers(cursor):
        cursor.execute("create table if not exists headgate.makers (version varchar not null)")
        cursor.execute(f"insert into headgate.makers values ({literal(version)})")


def log_head(cursor: duckdb.DuckDBPyConnection) -> LogHead | None:
    """Return the last event of the state's log that was written down here."""
    if not has_table(cursor, "log"):
        return None
    row = cursor.execute("select number, hash from headgate.log order by number desc limit 1").fetchone()
    return LogHead(row[0], Digest(row[1])) if row else None


def write_log_head(cursor: duckdb.DuckDBPyConnection, head: LogHead) -> None:
    """Write the last event of the state's log; a warehouse from before gets the table for it."""
    cursor.execute("create table if not exists headgate.log (number bigint not null, hash varchar not null)")
    cursor.execute("delete from headgate.log")
    cursor.execute(f"insert into headgate.log values ({head.number:d}, {literal(head.hash)})")


def write_builds(cursor: duckdb.DuckDBPyConnection, made: Sequence[tuple[BuildJob, BuildResult]]) -> bool:
    """Write the rows of builds; return False, with nothing written, where one of them is there already."""
    known = f"select count(*) from headgate.builds where id in {_list_of(job.id for job, _ in made)}"
    row = cursor.execute(known).fetchone()
    if row and row[0]:
        return False
    rows = ", ".join(
        f"({literal(job.id)}, {literal(job.address)}, {literal(job.relation)}, "
        f"{result.rows:d}, {result.bytes:d}, {job.fence:d})"
        for job, result in made
    )
    cursor.execute(f"insert into headgate.builds (id, address, relation, rows, bytes, fence) values {rows}")
    return True


def builds(cursor: duckdb.DuckDBPyConnection) -> dict[Digest, str]:
    """Return the physical relation of every build."""
    return {Digest(i): r for i, r in cursor.execute("select id, relation from headgate.builds order by id").fetchall()}


def built_rows(cursor: duckdb.DuckDBPyConnection, identities: Collection[str]) -> dict[Digest, BuiltRow]:
    """Return what was written of these builds, as far as they are there."""
    sql = f"select id, relation, rows, bytes from headgate.builds where id in {_list_of(identities)}"
    return {Digest(i): BuiltRow(*row) for i, *row in cursor.execute(sql).fetchall()}


def erase_builds(cursor: duckdb.DuckDBPyConnection, identities: Collection[str]) -> None:
    """Erase the rows of builds."""
    cursor.execute(f"delete from headgate.builds where id in {_list_of(identities)}")


def missing_table(cursor: duckdb.DuckDBPyConnection, relations: Sequence[str]) -> str | None:
    """Return the first of ``relations`` that is no physical table, or None.

    Binding one by one costs 0.03 ms each; listing the schema 10 ms for 2,000 tables, however few are asked for.
    """
    if len(relations) > _BOUND_TABLES_MAX:
        sql = "select table_name from duckdb_tables() where schema_name = 'headgate'"
        there = {row[0] for row in cursor.execute(sql).fetchall()}
        return next((relation for relation in relations if relation not in there), None)
    for relation in relations:
        try:
            cursor.sql(f"from {SCHEMA}.{quoted(relation)}")
        except duckdb.CatalogException:
            return relation
    return None


def views(cursor: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Return all views, folded (1 ms for 1,000)."""
    sql = "select lower(schema_name), lower(view_name) from duckdb_views() where not internal"
    return set(cursor.execute(sql).fetchall())


def objects(cursor: duckdb.DuckDBPyConnection, schemas: Collection[str]) -> Mapping[tuple[str, str], str]:
    """Return what is in ``schemas``, folded or not: (schema, name) as stored, to ``VIEW`` or ``BASE TABLE``."""
    if not schemas:
        return {}
    rows = cursor.execute(
        "select table_schema, table_name, table_type from information_schema.tables "
        f"where lower(table_schema) in {_list_of(schema.lower() for schema in schemas)} order by 1, 2"
    ).fetchall()
    return {(schema, name): kind for schema, name, kind in rows}


def comments(cursor: duckdb.DuckDBPyConnection, schema: str) -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
    """Return the tables and views of a schema (schema and name as stored), with their comments and their columns'."""
    where = f"lower(schema_name) = {literal(schema.lower())} and database_name = current_database() and not internal"
    rows = cursor.execute(
        f"select schema_name, table_name, comment from duckdb_tables() where {where} and not temporary "
        f"union all select schema_name, view_name, comment from duckdb_views() where {where} and not temporary "
        "order by 1, 2"
    ).fetchall()
    found: dict[tuple[str, str], tuple[str, dict[str, str]]] = {(s, n): (text or "", {}) for s, n, text in rows}
    columns = cursor.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        f"where {where} and comment is not null"
    ).fetchall()
    for written, name, column, text in columns:
        if (written, name) in found:
            found[written, name][1][column] = text
    return found


def filled_schemas(cursor: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the schemas that hold tables or views, as stored, sorted."""
    sql = "select distinct table_schema from information_schema.tables where table_catalog = current_database()"
    return tuple(sorted(row[0] for row in cursor.execute(sql).fetchall()))


def has_collations(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether any table or view may have a collated column."""
    row = cursor.execute(
        "select (select count(*) from duckdb_tables() where sql ilike '% collate %')"
        " + (select count(*) from duckdb_views() where not internal and sql ilike '%collate %')"
    ).fetchone()
    return bool(row and row[0])


def schemas(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the schemas of the warehouse in lower case."""
    sql = "select lower(schema_name) from information_schema.schemata where catalog_name = current_database()"
    return {row[0] for row in cursor.execute(sql).fetchall()}


def made_schemas(cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the schemas that Headgate made itself: lower case to as written."""
    return {row[0].lower(): row[0] for row in cursor.execute("select name from headgate.schemas").fetchall()}


def other_things(cursor: duckdb.DuckDBPyConnection, schema: str) -> int:
    """Return how many macros, sequences and types are in a schema that has no tables and no views."""
    where = f"where lower(schema_name) = {literal(schema.lower())}"
    row = cursor.execute(
        f"select (select count(*) from duckdb_functions() {where})"
        f" + (select count(*) from duckdb_sequences() {where})"
        f" + (select count(*) from duckdb_types() {where})"
    ).fetchone()
    return int(row[0]) if row else 0


def make_schema(cursor: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make a schema and remember that it is Headgate's."""
    cursor.execute(f"create schema {quoted(schema)}")
    cursor.execute(f"insert into headgate.schemas values ({literal(schema)})")


def drop_schema(cursor: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Drop a schema that is empty, and forget it."""
    cursor.execute(f"drop schema {quoted(schema)}")
    cursor.execute(f"delete from headgate.schemas where lower(name) = {literal(schema.lower())}")


def definition(cursor: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Return the text that would make a physical table; collations stand nowhere else."""
    row = cursor.execute(
        f"select sql from duckdb_tables() where schema_name = 'headgate' and table_name = {literal(relation)}"
    ).fetchone()
    return row[0] if row else ""


def _list_of(texts: Iterable[str]) -> str:
    return "(" + ", ".join(literal(text) for text in texts) + ")"
