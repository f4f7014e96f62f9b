"""Names and texts as standard SQL writes them, and so every engine."""

from __future__ import annotations

from collections.abc import Iterable

from headgate.core.recipe import Shape


def quoted(name: str) -> str:
    """Return ``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def named(schema: str, name: str) -> str:
    """Return the quoted name of a table or view."""
    return f"{quoted(schema)}.{quoted(name)}"


def listed(names: Iterable[str], alias: str = "") -> str:
    """Return names in a row, each with the alias in front of it.

    >>> listed(["a", "b c"], "old")
    'old."a", old."b c"'
    """
    prefix = f"{alias}." if alias else ""
    return ", ".join(f"{prefix}{quoted(name)}" for name in names)


def literal(text: str) -> str:
    """Return ``text`` as a SQL literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def may_collate(sql: str, shapes: Iterable[Shape]) -> bool:
    """Tell whether a column of a query may have a collation, by its text and the columns that it reads or must give."""
    return "collate" in sql.lower() or any(" COLLATE " in column.type for shape in shapes for column in shape)
