"""Names and texts of PostgreSQL: names that are too long, where a statement ends."""

from __future__ import annotations

import hashlib
import re

IDENTIFIER_BYTES_MAX = 63
"""PostgreSQL cuts off what is longer, in silence."""

_HASH_DIGITS = 12
_BUILD_DIGITS = 16
_TOKEN = re.compile(
    r"""[eE]'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*' | "(?:""|[^"])*" | \$(\w*)\$.*?\$\1\$ | --[^\n]* | /\* | ;""",
    re.DOTALL | re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def stored_name(relation: str) -> str:
    """Return the name that a physical table has: its own, or where that is too long its beginning and a hash of it.

    The end of a physical name is part of the build's id, and stays.

    >>> stored_name("staging__flights__abababababababab")
    'staging__flights__abababababababab'
    >>> len(stored_name("a" * 60 + "__" + "b" * 60 + "__" + "c" * 16))
    63
    """
    raw = relation.encode()
    if len(raw) <= IDENTIFIER_BYTES_MAX:
        return relation
    end = "__" + hashlib.sha256(raw).hexdigest()[:_HASH_DIGITS] + "__" + relation[-_BUILD_DIGITS:]
    room = IDENTIFIER_BYTES_MAX - len(end.encode())
    return raw[: max(room, 0)].decode(errors="ignore") + end


def without_end(sql: str) -> str:
    """Return one statement without its ``;`` and what follows it, so that it can stand in brackets.

    >>> without_end("select ';' as x; -- the end")
    "select ';' as x"
    """
    at = 0
    while (token := _TOKEN.search(sql, at)) is not None:
        if token.group() == ";":
            return sql[: token.start()]
        at = _end_of_comment(sql, token.end()) if token.group() == "/*" else token.end()
    return sql


def _end_of_comment(sql: str, at: int) -> int:
    """Return where a comment ends whose ``/*`` stands before ``at``; they nest in PostgreSQL."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(sql, at)) is not None:
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
    return at if not depth else len(sql)


def position(text: str, offset: int | None) -> tuple[int, int]:
    """Return line and column, from 1, of a character in ``text``; (0, 0) where it is none of its characters."""
    if offset is None or not 0 <= offset <= len(text):
        return 0, 0
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
