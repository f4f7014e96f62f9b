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
_SETTING = re.compile(r"""\b(\w+)\s*=\s*(?:(['"])([\w +.:-]+)\2|\[([\w\s,'"]+)\]|(\d+\b))""")
_KINDS = ("table", "view", "incremental")
_OUR_KEYS = {
    "unique_key": "unique_key", "event_time": "time_column", "batch_size": "grain", "begin": "start",
    "lookback": "lookback",
}  # fmt: skip
"""What dbt calls the keys of an incremental, and what a header does."""
_IS_INCREMENTAL = (
    "Take the condition out, up to its `endif`. With `kind: incremental` and a `time_column` in the header,\n"
    "`where TIME >= :start and TIME < :end` asks for new rows; with `unique_key` alone each load asks for all of them."
)


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


def _header_lines(mark: str) -> Iterator[str]:
    """Yield what a header says for the settings of a model."""
    said = {key: text or items or number for key, _, text, items, number in _SETTING.findall(mark)}
    kind = said.get("materialized", "table")
    yield f"kind: {kind if kind in _KINDS else 'view' if kind == 'ephemeral' else 'table'}"
    if kind != "incremental":
        return
    if not said.keys() & {"unique_key", "event_time"}:
        yield "unique_key: COLUMN   # or time_column: COLUMN, or both"
    for key, ours in _OUR_KEYS.items():
        names = [name.strip(" '\"\n") for name in said.get(key, "").split(",")]
        if names != [""]:
            yield f"{ours}: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}"


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
        said = "\n".join(f"  {line}" for line in ("/* headgate", *_header_lines(mark), "*/"))
        return f"Take it out, and say it in a header at the top of the file:\n{said}"
    if mark.startswith("{#"):
        return "Write /* ... */ around a comment."
    if "is_incremental" in mark:
        return _IS_INCREMENTAL
    return "Write out the SQL that the template would give; `dbt compile` shows it."
