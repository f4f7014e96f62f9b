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


SHOWN_MAX = 1_000
"""So many characters of a value are shown to people, and kept for them."""


def shortened(text: str) -> str:
    """Return a text as it is shown: of a long one the beginning, with a mark that says how long it is, and a digest.

    By the digest two long texts look different where they are, so that no cut makes them equal.

    >>> shortened("t.a").startswith("case when length(t.a) > 1000 then substr(t.a, 1, 1000)")
    True
    """
    size = f"' (cut, ' || cast(length({text}) as text) || ' characters, md5 ' || substr(md5({text}), 1, 8) || ')'"
    return f"case when length({text}) > {SHOWN_MAX} then substr({text}, 1, {SHOWN_MAX}) || {size} else {text} end"


def may_collate(sql: str, shapes: Iterable[Shape]) -> bool:
    """Tell whether a column of a query may have a collation, by its text and the columns that it reads or must give."""
    return "collate" in sql.lower() or any(" COLLATE " in column.type for shape in shapes for column in shape)
