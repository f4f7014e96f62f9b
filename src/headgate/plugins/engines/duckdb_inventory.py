"""What is in a warehouse: rows of builds, physical tables with columns and rows, and whether views are as they should.

Nothing is written but temporary views, in the memory of one connection, so a warehouse opened for reading can be asked.
DuckDB keeps a view parsed and prints it anew: two texts are compared by what it prints of both. Of 6,000 random views
all were recognised after the file was opened again, and of 9,600 edits of them all that changed an answer were seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import duckdb

from headgate.core.hashing import Digest
from headgate.core.ports.engine import BuiltRow, Inventory, ShownView, Standing, StoredTable, is_physical_name
from headgate.core.ports.loads import FROM, TO
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines import duckdb_catalogue as catalogue
from headgate.plugins.engines import loads
from headgate.plugins.engines.duckdb_columns import shape_of, without_end
from headgate.plugins.engines.duckdb_loads import DuckStorages
from headgate.plugins.engines.sql_texts import literal, quoted

_COUNTED_AT_ONCE = 500
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_READS_BUILDS = re.compile(
    rf"(\bfrom|\bjoin|,)[\s(]+\"?{catalogue.SCHEMA}\"?\.(\w+|\"(?:[^\"]|\"\")+\")(?!\s*[.(])", re.IGNORECASE
)
_PLAIN = re.compile(rf"select [\w\", ]+ from \"?{catalogue.SCHEMA}\"?\.[\w\"]+", re.IGNORECASE)
"""What shows a table, column by column: every version prints it alike."""

_PROBE = "headgate_probe_"
_IDENTIFIER = r'("(?:[^"]|"")+"|\w+)'
_HEAD = re.compile(rf"\s*create\s+view\s+({_IDENTIFIER}\.){{1,2}}{_IDENTIFIER}\s+as\s", re.IGNORECASE)

_Name = tuple[str, str]


def inventory_of(cursor: duckdb.DuckDBPyConnection, views: Collection[ShownView], *, is_adopted: bool) -> Inventory:
    """Return what is there; the cursor must be closed afterwards, which ends the temporary views."""
    stored = _views(cursor)
    asked = {(view.schema.lower(), view.name.lower()) for view in views}
    tables = _tables(cursor) if is_adopted else {}
    return Inventory(
        builds=_builds(cursor) if is_adopted else {},
        tables=tables,
        views=_standings(cursor, views, stored, makers=catalogue.makers(cursor)),
        others=frozenset(
            name for folded, (name, text) in stored.items() if folded not in asked and _reads_builds(text)
        ),
        visible=loads.counted(DuckStorages(cursor), tables) if is_adopted else {},
        open=loads.opened(DuckStorages(cursor)) if is_adopted else frozenset(),
    )


def _reads_builds(text: str) -> bool:
    """Tell whether the text of a view names a physical table; Headgate's own tables are none."""
    found = _READS_BUILDS.finditer(_LITERAL.sub("''", text))
    return any(is_physical_name(match[2].strip('"')) for match in found)


def _builds(cursor: duckdb.DuckDBPyConnection) -> Mapping[Digest, BuiltRow]:
    rows = cursor.execute("select id, relation, rows, bytes from headgate.builds order by id").fetchall()
    return {Digest(identity): BuiltRow(*row) for identity, *row in rows}


def _tables(cursor: duckdb.DuckDBPyConnection) -> Mapping[str, StoredTable]:
    """Return the physical tables. What DuckDB estimates as their size still counts rows that were deleted (seen)."""
    columns: dict[str, list[Column]] = {}
    rows = cursor.execute(
        "select c.table_name, c.column_name, c.data_type from duckdb_columns() as c "
        "join duckdb_tables() as t on t.table_oid = c.table_oid and t.schema_name = c.schema_name "
        f"where c.schema_name = {literal(catalogue.SCHEMA)} and t.database_name = current_database() "
        "and c.database_name = current_database() order by c.table_name, c.column_index"
    ).fetchall()
    for table, column, kind in rows:
        if table not in catalogue.OWN_TABLES and column not in (FROM, TO):
            columns.setdefault(table, []).append(Column(column, kind))
    counts = _counts(cursor, list(columns))
    return {table: StoredTable(tuple(shape), counts[table]) for table, shape in columns.items()}


def _counts(cursor: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(tables), _COUNTED_AT_ONCE):
        part = tables[start : start + _COUNTED_AT_ONCE]
        texts = (f"select {n}, count(*) from {catalogue.SCHEMA}.{quoted(table)}" for n, table in enumerate(part))
        found.update((part[n], count) for n, count in cursor.execute(" union all ".join(texts)).fetchall())
    return found


def _views(cursor: duckdb.DuckDBPyConnection) -> Mapping[_Name, tuple[_Name, str]]:
    """Return all views: folded name to the name as written and the text that would make the view."""
    rows = cursor.execute(
        "select schema_name, view_name, sql from duckdb_views() "
        "where not internal and not temporary and database_name = current_database()"
    ).fetchall()
    return {(schema.lower(), name.lower()): ((schema, name), text) for schema, name, text in rows}


def _standings(
    cursor: duckdb.DuckDBPyConnection,
    views: Collection[ShownView],
    stored: Mapping[_Name, tuple[_Name, str]],
    *,
    makers: frozenset[str],
) -> Mapping[_Name, Standing]:
    """Return what stands where the views should; ``makers`` are the versions of DuckDB that may have made them."""
    tables = {
        (schema.lower(), name.lower()) for schema, name in catalogue.objects(cursor, {view.schema for view in views})
    }
    found: dict[_Name, Standing] = {}
    compared: list[ShownView] = []
    for view in views:
        folded = (view.schema.lower(), view.name.lower())
        if folded in stored:
            found[view.schema, view.name] = Standing.UNKNOWN
            compared.append(view)
        else:
            found[view.schema, view.name] = Standing.TABLE if folded in tables else Standing.ABSENT
    is_own_version = makers == {duckdb.__version__}
    for view, (probe, body) in _printed(cursor, compared).items():
        name, text = stored[view.schema.lower(), view.name.lower()]
        is_given = _says(cursor, text, view, body)
        if not is_given and not is_own_version and not _PLAIN.fullmatch(body):
            is_given = _is_planned_alike(cursor, name, text, probe)
        found[view.schema, view.name] = Standing.AS_GIVEN if is_given else Standing.OTHER
    return found


def _printed(cursor: duckdb.DuckDBPyConnection, views: Sequence[ShownView]) -> Mapping[ShownView, tuple[str, str]]:
    """Return temporary views that say what ``views`` do, by name and text; none for those that cannot be bound."""
    probes: dict[str, ShownView] = {}
    for number, view in enumerate(views):
        probe = f"{_PROBE}{number}"
        try:
            cursor.execute(f"create or replace temp view {probe} as\n{view.sql}")
        except (duckdb.CatalogException, duckdb.BinderException, duckdb.IOException):
            continue
        probes[probe] = view
    rows = cursor.execute("select view_name, sql from duckdb_views() where temporary and not internal").fetchall()
    return {
        probes[name]: (name, text.partition(f" {name} AS ")[2].strip().removesuffix(";"))
        for name, text in rows
        if name in probes
    }


def _says(cursor: duckdb.DuckDBPyConnection, text: str, view: ShownView, body: str) -> bool:
    """Tell whether the text that makes a view has that SELECT, with no list of columns before it."""
    if _HEAD.match(text) is None:
        return False
    found = _HEAD.sub("", text, count=1).strip().removesuffix(";")
    return found == body or found == _stored(cursor, view.sql)


def _stored(cursor: duckdb.DuckDBPyConnection, select: str) -> str:
    """Return how DuckDB prints a SELECT that it has stored and read back; nothing where it does not tell.

    A ``CROSS JOIN`` comes back as a comma, a ``lambda x: ...`` as ``x -> ...`` (1.5; 2.0 keeps both). The functions for
    JSON store in the same way as the file does.
    """
    try:
        row = cursor.execute(
            f"select json_deserialize_sql(json_serialize_sql({literal(without_end(select))}))"
        ).fetchone()
    except duckdb.Error:
        return ""
    return row[0] if row else ""


def _is_planned_alike(cursor: duckdb.DuckDBPyConnection, name: _Name, text: str, probe: str) -> bool:
    """Tell whether a view of another version has the columns and the plan of the temporary view ``probe``.

    2.0 does not print what 1.5 has parsed as it would print its own (``case`` for ``if``, names of functions, casts of
    constants: seen). The view is planned as it was stored, and as it is printed: either may be what 2.0 makes of it. A
    plan does not tell what is inside of an expression that has an alias: such an edit by hand is not seen then. Of
    1,500 random views of 1.5 21 were still taken for edited; once shown again they are not.
    """
    wanted = _planned(cursor, f"from {probe}")
    stored = f"from {'.'.join(map(quoted, name))}"
    return wanted != ((), "") and wanted in (_planned(cursor, stored), _planned(cursor, _HEAD.sub("", text, count=1)))


def _planned(cursor: duckdb.DuckDBPyConnection, select: str) -> tuple[Shape, str]:
    """Return the columns and the plan of a SELECT; nothing of one that cannot be bound."""
    try:
        shape = shape_of(cursor, select)
        row = cursor.execute(f"explain (format json) {select}").fetchone()
    except duckdb.Error:
        return (), ""
    return shape, row[1] if row else ""
