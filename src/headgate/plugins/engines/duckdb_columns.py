"""Exact columns of queries, asked of DuckDB itself: names, full types and collations.

DuckDB shows no collation in ``describe``, in ``typeof`` or in ``information_schema``, yet a table made from a collated
column keeps it, and then compares, groups and sorts by it. The only place where it can be read is the text of
``create table`` in ``duckdb_tables()``; so where a collation is possible a table is made of the query, without rows,
and its text is read. A collated column has the type ``VARCHAR COLLATE nocase``, which is also how it is declared.
"""

from __future__ import annotations

import re

import duckdb

from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb_faults import said
from headgate.plugins.engines.sql_texts import quoted

_COLLATED = re.compile(r" COLLATE ([\w.\"]+)")
_WRITING = re.compile(r"\b(insert|update|delete|merge|truncate)\b", re.IGNORECASE)
_NO_SELECT = re.compile(
    r"(describe|desc|show|summarize|pragma|explain|call|use|checkpoint|load|install)\b", re.IGNORECASE
)
_LEADING = re.compile(r"(\s+|--[^\n]*(\n|$)|/\*.*?\*/)*", re.DOTALL)
_PIVOT = re.compile(r"\bpivot(_wider)?\b", re.IGNORECASE)
_TOKEN = re.compile(
    r"[eE]'(?:\\.|''|[^'])*'|'(?:''|[^'])*'|\"(?:\"\"|[^\"])*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/|;", re.DOTALL
)
_BEFORE = "explain\n"


def without_end(sql: str) -> str:
    """Return one statement without its ``;`` and what follows it, so that it can stand in brackets.

    >>> without_end("select ';' as x; -- the end")
    "select ';' as x"
    """
    end = next((token.start() for token in _TOKEN.finditer(sql) if token.group() == ";"), len(sql))
    return sql[:end]


class NotOneSelect(Exception):
    """The text is something else than one SELECT that only reads; the message says what."""


def parsed_select(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Return ``sql`` parsed, or raise ``NotOneSelect``, or ``duckdb.Error`` where it cannot be parsed.

    Whoever runs the parsed statement saves parsing it twice (0.1 ms on 2.0).
    """
    statements = connection.extract_statements(sql)
    fault = _fault_in(statements, sql)
    if fault:
        raise NotOneSelect(fault)
    return statements[0]


def _fault_in(statements: list[duckdb.Statement], sql: str) -> str:
    if any(str(s.type) in ("StatementType.MULTI", "StatementType.CREATE") for s in statements) and _PIVOT.search(sql):
        return "PIVOT without a list of values has columns that depend on the data; write ON column IN (...)"
    if len(statements) != 1:
        return f"one SELECT is expected, here are {len(statements)} statements"
    first = sql[_LEADING.match(sql).end() :]  # type: ignore[union-attr]  # it matches the empty text
    if str(statements[0].type) != "StatementType.SELECT" or _NO_SELECT.match(first):
        return f"only a SELECT is allowed here, not {first.split(None, 1)[0].upper()}"
    return ""


def refuse_effects(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise ``NotOneSelect`` where ``sql``, one SELECT, would write. Must not be called inside a transaction.

    On 2.0 a CTE may delete and update, and such a statement still counts as a SELECT (seen): where a word says that it
    might, the statement is explained in a read-only transaction, which refuses it.
    """
    if not _WRITING.search(sql):
        return
    connection.execute("begin transaction read only")
    try:
        connection.execute(_BEFORE + sql)
    except duckdb.TransactionException:
        raise NotOneSelect("only a SELECT is allowed here; this one writes") from None
    except duckdb.Error:
        return  # refused for another reason, which the caller meets itself
    finally:
        connection.execute("rollback")


def shape_of(
    connection: duckdb.DuckDBPyConnection, sql: str, *, parsed: duckdb.Statement | None = None, collated: bool = False
) -> Shape:
    """Return the columns of one SELECT (``parsed``, if it was parsed already); raise ``duckdb.Error`` if refused.

    Relations bind without running anything (0.1 to 0.3 ms), but their errors point nowhere: ``explained`` asks again.
    With ``collated`` collations are read as well, which costs a table: about 1 ms.
    """
    relation = connection.sql(sql if parsed is None else parsed)
    shape = tuple(Column(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True))
    if not collated or not any(column.type == "VARCHAR" for column in shape):
        return shape
    if len({column.name.lower() for column in shape}) < len(shape):
        return shape  # a table would rename the second of two; such a query is refused anyway
    return _with_collations_of(connection, sql, shape)


def explained(connection: duckdb.DuckDBPyConnection, sql: str, error: duckdb.Error) -> tuple[str, int | None]:
    """Return what is wrong with ``sql`` and the offset of the place; ``error`` came from binding it."""
    try:
        connection.execute(_BEFORE + sql)
    except duckdb.Error as again:
        told = said(again)
        return told.message, None if told.offset is None else told.offset - len(_BEFORE)
    return said(error).message, None


def collations(create: str, shape: Shape) -> Shape:
    """Return ``shape`` with the collations that stand in the text of its ``create table``, made without constraints.

    Names and types are known, so each column is expected right behind the one before it, whatever they contain.
    Raises ``ValueError`` where the text is something else.
    """
    for bracket in re.finditer(r"\(", create):
        found = _collations_from(create, bracket.end(), shape)
        if found is not None:
            return found
    raise ValueError(f"not a table of these columns: {create[:200]}")


def _collations_from(create: str, at: int, shape: Shape) -> Shape | None:
    """Return the columns that stand in ``create`` from ``at`` on, or None where others do."""
    found: list[Column] = []
    for column in shape:
        spelled = (f"{quoted(column.name)} {column.type}", f"{column.name} {column.type}")
        text = next((text for text in spelled if create.startswith(text, at)), None)
        if text is None:
            return None
        at += len(text)
        match = _COLLATED.match(create, at)
        found.append(Column(column.name, column.type + match.group()) if match else column)
        at = (match.end() if match else at) + len(", ")
    return tuple(found)


def _with_collations_of(connection: duckdb.DuckDBPyConnection, sql: str, shape: Shape) -> Shape:
    connection.execute(f'create or replace temp table "headgate probe" as\n{without_end(sql)}\nwith no data')
    row = connection.execute(
        "select sql from duckdb_tables() where temporary and table_name = 'headgate probe'"
    ).fetchone()
    connection.execute('drop table temp."headgate probe"')
    text: str = row[0] if row else ""
    return collations(text, shape) if " COLLATE " in text else shape
