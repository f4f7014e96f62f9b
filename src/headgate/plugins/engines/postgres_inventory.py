"""What is in a database at one moment, and whether views say what they have to say.

PostgreSQL prints every view from its own tree, so two texts mean the same where they are printed alike: the text that
a view has to have is made a temporary view, in a transaction that is undone, and both are printed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

import psycopg

from headgate.core.hashing import Digest
from headgate.core.ports.engine import BuiltRow, Inventory, ShownView, Standing, StoredTable, is_physical_name
from headgate.core.ports.loads import FROM, TO
from headgate.plugins.engines import loads
from headgate.plugins.engines import postgres_catalogue as catalogue
from headgate.plugins.engines.postgres_catalogue import OWN_TABLES, SCHEMA, rows, run
from headgate.plugins.engines.postgres_columns import columns_of
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_loads import PostgresStorages
from headgate.plugins.engines.postgres_texts import stored_name
from headgate.plugins.engines.sql_texts import quoted

_COUNTED_AT_ONCE = 200
_PROBE = "headgate_probe"
_Name = tuple[str, str]


def inventory_of(connection: Connection, views: Collection[ShownView], *, is_adopted: bool) -> Inventory:
    """Return what is there. The transaction must see one moment; what this makes in it is undone here."""
    builds = _builds(connection) if is_adopted else {}
    tables = _tables(connection, builds) if is_adopted else {}
    return Inventory(
        builds=builds,
        tables=tables,
        views=_standings(connection, views),
        others=_others(connection, {(view.schema, view.name) for view in views}),
        visible=loads.counted(PostgresStorages(connection), tables) if is_adopted else {},
        open=loads.opened(PostgresStorages(connection)) if is_adopted else frozenset(),
    )


def _builds(connection: Connection) -> Mapping[Digest, BuiltRow]:
    found = rows(connection, "select id, relation, rows, bytes from headgate.builds order by id")
    return {Digest(identity): BuiltRow(*row) for identity, *row in found}


def _tables(connection: Connection, builds: Mapping[Digest, BuiltRow]) -> Mapping[str, StoredTable]:
    """Return the physical tables under the names that Headgate gave them, which may be longer than their own."""
    shapes = columns_of(connection, "n.nspname = 'headgate' and c.relkind in ('r', 'p')")
    names = [name for _, name in shapes if name not in OWN_TABLES]
    counts: dict[str, int] = {}
    for start in range(0, len(names), _COUNTED_AT_ONCE):
        part = names[start : start + _COUNTED_AT_ONCE]
        texts = (f"select {n}, count(*) from {SCHEMA}.{quoted(name)}" for n, name in enumerate(part))
        counts.update((part[n], count) for n, count in rows(connection, " union all ".join(texts)))
    given = {stored_name(row.relation): row.relation for row in builds.values()}
    own = {name: tuple(c for c in shapes[SCHEMA, name] if c.name not in (FROM, TO)) for name in names}
    return {given.get(name, name): StoredTable(own[name], counts[name]) for name in names}


def _standings(connection: Connection, views: Collection[ShownView]) -> Mapping[_Name, Standing]:
    there = catalogue.objects(connection, {view.schema for view in views})
    found: dict[_Name, Standing] = {}
    for view in views:
        name = (view.schema, view.name)
        kind = there.get(name)
        if kind is None:
            found[name] = Standing.ABSENT
        elif kind != "v":
            found[name] = Standing.TABLE
        else:
            found[name] = _standing(connection, view)
    return found


def _standing(connection: Connection, view: ShownView) -> Standing:
    probe = f"pg_temp.{_PROBE}"
    run(connection, "savepoint headgate_probe")
    try:
        run(connection, f"create temp view {_PROBE} as\n{view.sql}")
        printed = rows(
            connection,
            "select pg_get_viewdef(c.oid), array(select row(a.attname, a.atttypid, a.atttypmod, a.attcollation)::text "
            "from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 order by a.attnum) "
            "from unnest(%s::text[]) with ordinality as w (name, number) join pg_class as c "
            "on c.oid = w.name::regclass order by w.number",
            [f"{quoted(view.schema)}.{quoted(view.name)}", probe],
        )
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith("42"):
            raise
        return Standing.UNKNOWN
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.UNKNOWN:
            run(connection, "rollback to savepoint headgate_probe")
    return Standing.AS_GIVEN if printed[0] == printed[1] else Standing.OTHER


def _others(connection: Connection, asked: Collection[_Name]) -> frozenset[_Name]:
    """Return the views beside those asked for that read physical tables."""
    found = rows(
        connection,
        "select distinct n.nspname, c.relname, t.relname from pg_depend as d "
        "join pg_rewrite as r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass "
        "join pg_class as c on c.oid = r.ev_class and c.relkind in ('v', 'm') "
        "join pg_namespace as n on n.oid = c.relnamespace "
        "join pg_class as t on t.oid = d.refobjid and d.refclassid = 'pg_class'::regclass and t.relkind in ('r', 'p') "
        "join pg_namespace as s on s.oid = t.relnamespace and s.nspname = 'headgate'",
    )
    return frozenset(
        cast("_Name", (schema, name))
        for schema, name, table in found
        if (schema, name) not in asked and is_physical_name(table)
    )
