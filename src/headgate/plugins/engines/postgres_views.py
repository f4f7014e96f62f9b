"""Views of environments in PostgreSQL: how they are switched with their grants kept, and who stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import EngineFailed, Refused
from headgate.core.ports.engine import Publication, ShownView
from headgate.core.recipe import Shape
from headgate.core.records import SetAside
from headgate.plugins.engines import postgres_catalogue as catalogue
from headgate.plugins.engines.postgres_catalogue import rows, run
from headgate.plugins.engines.postgres_columns import Undescribed, columns_of, shape_of
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_faults import statement_fault, text_of
from headgate.plugins.engines.postgres_texts import IDENTIFIER_BYTES_MAX
from headgate.plugins.engines.refusals import name_is_taken, refuse_in_the_way
from headgate.plugins.engines.sql_texts import literal, named, quoted

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """One right on a view, or with ``column`` on one of its columns; ``role`` is empty for everybody."""

    role: str
    right: str
    column: str
    may_pass_on: bool


@dataclass(frozen=True, slots=True)
class Present:
    """What stands under a name: its kind in ``pg_class``, its columns, options, comments and grants."""

    kind: str
    shape: Shape
    options: tuple[str, ...]
    comment: str
    comments: Mapping[str, str]
    grants: frozenset[Grant]


def switch(connection: Connection, publication: Publication) -> None:
    """Show and drop the views of a publication, one after the other in the order of their names.

    Everybody who locks several views does so in that order, so that no two publications wait for each other.
    """
    texts = {(view.schema, view.name): view for view in publication.replace}
    names = sorted({*texts, *publication.drop})
    _lock(connection, names)
    present = _present(connection, names)
    _refuse_tables_in_the_way(publication, present)
    _make_schemas(connection, publication.replace)
    for name in names:
        if name in texts:
            _show(connection, texts[name], present.get(name))
        elif name in present and present[name].kind == "v":
            _drop(connection, name)
    _drop_empty_schemas(connection, publication.drop)


def _lock(connection: Connection, names: Sequence[Name]) -> None:
    """Lock all views that are there, in one message: readers who come meanwhile queue, and hold nothing that we want.

    LOCK TABLE would lock the tables below them as well. To give a view to its owner changes nothing, and locks it.
    """
    found = rows(
        connection,
        "select n.nspname, c.relname, pg_get_userbyid(c.relowner) "
        "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where c.relkind = 'v' "
        "and (n.nspname, c.relname) in (select * from unnest(%s::text[], %s::text[]))",
        [schema for schema, _ in names],
        [name for _, name in names],
    )
    texts = [f"alter view {named(schema, name)} owner to {quoted(owner)}" for schema, name, owner in sorted(found)]
    if texts:
        connection.execute(";".join(texts).encode(), prepare=False)


def _show(connection: Connection, view: ShownView, before: Present | None) -> None:
    """Make the view what it has to be. It is replaced where its columns allow it, else made anew with its grants."""
    job = f"{view.schema}.{view.name}"
    if fault := fault_in_name(view.schema, view.name):
        raise Refused([fault])
    prefix = _head(view, before)
    try:
        if before is not None and not _is_replaceable(connection, view, before):
            _drop(connection, (view.schema, view.name))
            run(connection, f"create view {prefix}{view.sql}")
            _give_again(connection, (view.schema, view.name), before)
        else:
            run(connection, f"create or replace view {prefix}{view.sql}")
    except psycopg.Error as error:
        raise statement_fault(error, "", job=job) from error
    except Undescribed as error:
        raise EngineFailed(f"{job}: {error}") from error


def _head(view: ShownView, before: Present | None) -> str:
    options = f" with ({', '.join(before.options)})" if before and before.options else ""
    return f"{named(view.schema, view.name)}{options} as\n"


def _is_replaceable(connection: Connection, view: ShownView, before: Present) -> bool:
    """Tell whether the columns that stand there are the first ones of the new view, with their types."""
    collated = "collate" in view.sql.lower() or any(" COLLATE " in column.type for column in before.shape)
    found = shape_of(connection, view.sql, collated=collated)
    return found[: len(before.shape)] == before.shape


def _drop(connection: Connection, name: Name) -> None:
    try:
        run(connection, f"drop view {named(*name)}")
    except psycopg.errors.DependentObjectsStillExist as error:
        detail = error.diag.message_detail or ""
        raise Refused(
            [
                Diagnostic(
                    "HG518",
                    f"{'.'.join(name)} cannot be replaced or dropped: something that Headgate did not make reads it",
                    hint="Drop what reads it, and make it again afterwards.",
                    detail=detail or text_of(error),
                )
            ]
        ) from error


def _give_again(connection: Connection, name: Name, before: Present) -> None:
    """Give a view that was made anew the rights and the comments that the one before it had, and no others."""
    present = _present(connection, [name])[name]
    columns = {column.name for column in present.shape}
    for role in sorted({grant.role for grant in present.grants - before.grants}):
        run(connection, f"revoke all on {named(*name)} from {_role(role)}")
    for grant in sorted(before.grants, key=lambda g: (g.role, g.column, g.right)):
        if grant.column and grant.column not in columns:
            continue
        what = f"{grant.right} ({quoted(grant.column)})" if grant.column else grant.right
        passing = " with grant option" if grant.may_pass_on else ""
        run(connection, f"grant {what} on {named(*name)} to {_role(grant.role)}{passing}")
    if before.comment:
        run(connection, f"comment on view {named(*name)} is {literal(before.comment)}")
    for column, text in before.comments.items():
        if column in columns:
            run(connection, f"comment on column {named(*name)}.{quoted(column)} is {literal(text)}")


def _role(name: str) -> str:
    return quoted(name) if name else "public"


def _present(connection: Connection, names: Sequence[Name]) -> dict[Name, Present]:
    """Return what stands under these names; the owner's own rights are none of the grants. Cost: four queries."""
    if not names:
        return {}
    schemas, own = [schema for schema, _ in names], [name for _, name in names]
    where = "(n.nspname, c.relname) in (select * from unnest(%s::text[], %s::text[]))"
    shapes = columns_of(connection, where, schemas, own)
    from_ = "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
    heads = rows(
        connection,
        "select n.nspname, c.relname, c.relkind::text, coalesce(c.reloptions, '{}'), "
        f"coalesce(obj_description(c.oid, 'pg_class'), '') {from_} where {where}",
        schemas,
        own,
    )
    rights: dict[Name, set[Grant]] = {}
    for schema, name, role, right, column, may_pass_on in rows(
        connection,
        "select s.nspname, s.relname, coalesce(r.rolname, ''), x.privilege_type, s.column_name, x.is_grantable from ("
        f"select n.nspname, c.relname, c.relowner, '' as column_name, c.relacl as acl {from_} where {where} union all "
        f"select n.nspname, c.relname, c.relowner, a.attname, a.attacl {from_} "
        f"join pg_attribute as a on a.attrelid = c.oid and not a.attisdropped where {where}) as s, "
        "lateral aclexplode(s.acl) as x left join pg_roles as r on r.oid = x.grantee where x.grantee <> s.relowner",
        schemas,
        own,
        schemas,
        own,
    ):
        rights.setdefault((schema, name), set()).add(Grant(role, right, column, may_pass_on))
    comments: dict[Name, dict[str, str]] = {}
    for schema, name, column, text in rows(
        connection,
        f"select n.nspname, c.relname, a.attname, d.description {from_} "
        "join pg_description as d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid > 0 "
        f"join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.objsubid where {where}",
        schemas,
        own,
    ):
        comments.setdefault((schema, name), {})[column] = text
    return {
        (schema, name): Present(
            kind,
            shapes.get((schema, name), ()),
            tuple(options),
            comment,
            comments.get((schema, name), {}),
            frozenset(rights.get((schema, name), ())),
        )
        for schema, name, kind, options, comment in heads
    }


def fault_in_name(schema: str, name: str) -> Diagnostic | None:
    """Return the fault of a view whose schema or name PostgreSQL would cut off."""
    for text in (schema, name):
        if len(text.encode()) > IDENTIFIER_BYTES_MAX:
            return Diagnostic(
                "HG404",
                f"{text} has more than {IDENTIFIER_BYTES_MAX} bytes, which is the longest name in PostgreSQL",
                hint="Give the asset, its schema or the environment a shorter name.",
            )
    return None


def _refuse_tables_in_the_way(publication: Publication, present: Mapping[Name, Present]) -> None:
    """Raise ``Refused`` with all tables that stand where a view must be shown, if there are any."""
    hidden = (
        view
        for view in publication.replace
        if (view.schema, view.name) in present and present[view.schema, view.name].kind != "v"
    )
    refuse_in_the_way(hidden, publication.environment)


def set_aside(connection: Connection, names: Iterable[SetAside]) -> None:
    """Give tables and views of others another name in their schema; raise ``Refused`` where PostgreSQL cannot."""
    for one in names:
        _rename(connection, one.schema, one.name, one.aside)


def give_back(connection: Connection, names: Iterable[SetAside]) -> None:
    """Give them their own names again."""
    for one in names:
        _rename(connection, one.schema, one.aside, one.name)


def _rename(connection: Connection, schema: str, name: str, other: str) -> None:
    kinds = catalogue.objects(connection, {schema})
    if fault := fault_in_name(schema, other):
        raise Refused([fault])
    if (schema, other) in kinds:
        raise name_is_taken(schema, name, other)
    words = {"v": "view", "m": "materialized view", "f": "foreign table"}
    kind = words.get(kinds.get((schema, name), "r"), "table")
    run(connection, f"alter {kind} {named(schema, name)} rename to {quoted(other)}")


def _make_schemas(connection: Connection, views: Sequence[ShownView]) -> None:
    """Make the schemas that are missing, and remember that they are ours."""
    wanted = sorted({view.schema for view in views})
    if not wanted or not _missing(connection, wanted):
        return
    catalogue.lock_schemas(connection)
    for schema in _missing(connection, wanted):
        if fault := fault_in_name(schema, ""):
            raise Refused([fault])
        catalogue.make_schema(connection, schema)
        catalogue.remember_schema(connection, schema)


def _missing(connection: Connection, schemas: Sequence[str]) -> Sequence[str]:
    found = rows(connection, "select nspname from pg_namespace where nspname = any(%s)", list(schemas))
    return sorted(set(schemas) - {row[0] for row in found})


def _drop_empty_schemas(connection: Connection, dropped: Sequence[Name]) -> None:
    """Drop the schemas of dropped views that are empty now, if Headgate made them and nobody has rights on them."""
    if not dropped:
        return
    ours = sorted({schema for schema, _ in dropped} & catalogue.made_schemas(connection))
    if ours:
        catalogue.lock_schemas(connection)
    for schema in ours:
        if catalogue.is_bare_schema(connection, schema):
            run(connection, f"drop schema {quoted(schema)}")
            catalogue.forget_schema(connection, schema)
