"""Exact columns of queries and relations, asked of PostgreSQL itself: names, full types and collations.

A query is parsed and described by the server without running it. Its types are spelled as PostgreSQL spells them
(``numeric(10,2)``, ``timestamp with time zone``); where a column has another collation than the database's, that is
part of its type: ``text COLLATE "C"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

import psycopg

from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.postgres_catalogue import rows
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_texts import without_end
from headgate.plugins.engines.sql_texts import quoted

_BEFORE = "select * from (\n"
_AFTER = "\n) as answer"
"""Inside of a subquery nothing can be written: neither by a CTE, nor by SELECT INTO, nor by another statement."""

_LEADING = re.compile(r"(\s+|--[^\n]*(\n|$)|/\*.*?\*/|\()*", re.DOTALL)
_READING = re.compile(r"(select|with|values|table)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")


class NotOneSelect(Exception):
    """The text is something else than one SELECT that only reads; the message says what."""


class Undescribed(Exception):
    """A query has a column that no table can have; the message says which."""


def wrapped(sql: str) -> tuple[str, str]:
    """Return what stands before one SELECT, and all of it as a subquery; raise ``NotOneSelect`` for anything else."""
    text = without_end(sql)
    rest = sql[len(text) + 1 :]
    first = text[_LEADING.match(text).end() :]  # type: ignore[union-attr]  # it matches the empty text
    if rest.strip() and _LEADING.fullmatch(rest) is None:
        raise NotOneSelect("one SELECT is expected, here is more than one statement")
    if _READING.match(first) is None:
        word = _WORD.match(first)
        raise NotOneSelect(
            f"only a SELECT is allowed here, not {word[0].upper()}" if word else "there is no SELECT here"
        )
    return _BEFORE, f"{_BEFORE}{text}{_AFTER}"


def shape_of(connection: Connection, sql: str, *, collated: bool = False) -> Shape:
    """Return the columns of one statement; raise ``psycopg.Error`` where it is refused, ``Undescribed`` for a record.

    Cost: two messages, three where a type was never seen, one more with ``collated``.
    """
    described = _described(connection, sql)
    known = _types(connection, {(oid, modifier) for _, oid, modifier in described})
    types = [known[oid, modifier] for _, oid, modifier in described]
    for (name, _, _), kind in zip(described, types, strict=True):
        if kind.is_pseudo:
            raise Undescribed(f"column {name} has the type {kind.name}, which no table can have")
    spelled = [kind.name for kind in types]
    if collated:
        spelled = list(_with_collations(connection, sql, types))
    return tuple(Column(name, kind) for (name, _, _), kind in zip(described, spelled, strict=True))


def _described(connection: Connection, sql: str) -> list[tuple[str, int, int]]:
    """Return name, type and modifier of each column; the statement is parsed and not run."""
    session = connection.pgconn
    parsed = session.prepare(b"", sql.encode())
    if parsed.status != psycopg.pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(parsed)
    described = session.describe_prepared(b"")
    if described.status != psycopg.pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(described)
    return [
        ((described.fname(n) or b"").decode(), described.ftype(n), described.fmod(n)) for n in range(described.nfields)
    ]


class _Type(NamedTuple):
    """A type: its name, whether no column of a table can have it, and the collation of its values ('' for none)."""

    name: str
    is_pseudo: bool
    collation: str


_KNOWN_TYPES: WeakKeyDictionary[Connection, dict[tuple[int, int], _Type]] = WeakKeyDictionary()
"""What each connection was told of the types of its database. A type that is made anew gets another number."""


def _types(connection: Connection, wanted: set[tuple[int, int]]) -> Mapping[tuple[int, int], _Type]:
    known = _KNOWN_TYPES.setdefault(connection, {})
    missing = sorted(wanted - known.keys())
    if missing:
        found = rows(
            connection,
            "select w.id, w.modifier, format_type(w.id, w.modifier), t.typtype = 'p', "
            "coalesce(quote_ident(l.collname), '') from unnest(%s::oid[], %s::integer[]) as w (id, modifier) "
            "join pg_type as t on t.oid = w.id left join pg_collation as l on l.oid = t.typcollation",
            [oid for oid, _ in missing],
            [modifier for _, modifier in missing],
        )
        known.update({(oid, modifier): _Type(*rest) for oid, modifier, *rest in found})
    return known


def _with_collations(connection: Connection, sql: str, types: Sequence[_Type]) -> Iterator[str]:
    """Yield the types with the collations that are not those of the types. The query runs, and gives no row."""
    asked = [number for number, kind in enumerate(types) if kind.collation]
    found: dict[int, str] = {}
    if asked:
        names = ", ".join(f"c{number}" for number in range(len(types)))
        items = ", ".join(f"pg_collation_for((select c{number} from answers limit 1)) as c{number}" for number in asked)
        text = f"with answers ({names}) as materialized (select * from (\n{sql}\n) as answer limit 0) select {items}"
        found = dict(zip(asked, rows(connection, text)[0], strict=True))
    for number, kind in enumerate(types):
        collation = found.get(number)
        is_own = collation in (None, kind.collation, quoted(kind.collation))
        yield kind.name if is_own else f"{kind.name} COLLATE {collation}"


def columns_of(connection: Connection, where: str, *values: object) -> Mapping[tuple[str, str], Shape]:
    """Return the columns of the relations for which a condition over ``n`` (schemas) and ``c`` (relations) holds.

    Cost: one query, whatever is asked for.
    """
    found: dict[tuple[str, str], list[Column]] = {}
    for schema, name, column, kind, collation in rows(
        connection,
        "select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), "
        "case when a.attcollation <> t.typcollation then l.collname end "
        "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
        "left join pg_type as t on t.oid = a.atttypid left join pg_collation as l on l.oid = a.attcollation "
        f"where c.relkind in ('r', 'v', 'p', 'f', 'm') and {where} order by 1, 2, a.attnum",
        *values,
    ):
        columns = found.setdefault((schema, name), [])
        if column is not None:
            columns.append(Column(column, kind if collation is None else f"{kind} COLLATE {quoted(collation)}"))
    return {name: tuple(columns) for name, columns in found.items()}
