"""Marks of Jinja in a text that is no template: found, and told with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token

_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{[{%#]", re.DOTALL)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_MAP = re.compile(r"\bmap\s*$", re.IGNORECASE)
_REF = re.compile(r"""\bref\s*\(\s*(?:(['"])\w+\1\s*,\s*)?(['"])(\w+)\2\s*\)""")
_SOURCE = re.compile(r"""\bsource\s*\(\s*(['"])(\w+)\1\s*,\s*(['"])(\w+)\3\s*\)""")
_CONFIG = re.compile(r"\bconfig\s*\(")


def marks(text: str, tokens: Sequence[Token] | None) -> tuple[tuple[int, str], ...]:
    """Return where the marks of a text begin, and what they are.

    ``tokens`` are those of the text; None where it has none, and then marks in quotes count as well. In a text of SQL
    no mark stands outside of quotes and comments, but for the key of ``map {{'a': 1}: 2}``.
    """
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return ()
    covered = list(_covered(text, tokens or ()))
    found = ((mark.start(), mark[0]) for mark in _MARK.finditer(text))
    return tuple(
        (start, mark)
        for start, mark in found
        if not any(first <= start < end for first, end in covered)
        and not (mark.startswith("{{") and _MAP.search(text, max(start - 20, 0), start))
    )


def _covered(text: str, tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield what quotes and comments stand on. The tokenizer takes ``{# #}`` for a comment, which no engine does."""
    at = 0
    for token in tokens:
        yield from (comment.span() for comment in _COMMENT.finditer(text, at, token.start))
        at = token.end + 1
        if text[token.start] != "{":
            yield token.start, at
    yield from (comment.span() for comment in _COMMENT.finditer(text, at))


def instead_of(mark: str) -> str:
    """Return what to write for a mark.

    >>> instead_of("{{ source('shop', 'orders') }}")
    'Write shop.orders: what a query reads is seen by the names of its tables.'
    """
    if found := _SOURCE.search(mark):
        return f"Write {found[2]}.{found[4]}: what a query reads is seen by the names of its tables."
    if found := _REF.search(mark):
        return f"Write SCHEMA.{found[3]}: what a query reads is seen by the names of its tables."
    if _CONFIG.search(mark):
        return "Take it out, and say it in a header at the top of the file:\n  /* headgate\n  kind: table\n  */"
    if mark.startswith("{#"):
        return "Write /* ... */ around a comment."
    return "Write out the SQL that the template would give; `dbt compile` shows it."
