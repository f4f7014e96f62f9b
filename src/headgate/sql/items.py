"""Where in a text the output columns of a query begin: for places in messages, never for what a query means."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from headgate.sql.tree import Query

_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)


def item_starts(query: Query) -> list[int]:
    """Return the characters on which the items of the outermost SELECT begin; 0 where that is not known."""
    items = _items(query)
    named = [[int(n.meta["start"]) for n in item.walk() if "start" in n.meta] for item in items]
    starts = _starts(query.tokens, len(items))
    ends = [*starts[1:], len(query.text)]
    if len(starts) == len(items) and all(
        start <= place < end for start, end, places in zip(starts, ends, named, strict=False) for place in places
    ):
        return starts
    return [min(places, default=0) for places in named]


def column_lines(query: Query, starts: Sequence[int], count: int) -> tuple[int, ...]:
    """Return the line of the text, from 1, on which each of ``count`` output columns begins; 0 where it is not known.

    ``starts`` are those of the items. The columns of a star are those that the other items leave over: they stand where
    it stands. Of several stars nobody knows here where one ends.
    """
    breaks = [at for at, character in enumerate(query.text) if character == "\n"]
    lines = [bisect_left(breaks, start) + 1 if start else 0 for start in starts]
    stars = [n for n, item in enumerate(_items(query)) if _can_be_many(item)]
    if len(lines) == count:
        return tuple(lines)
    if not stars or len(lines) > count:
        return ()
    first, last = stars[0], stars[-1]
    between = lines[first] if first == last else 0
    after = lines[last + 1 :]
    return (*lines[:first], *([between] * (count - first - len(after))), *after)


def _items(query: Query) -> list[exp.Expression]:
    select = query.tree
    while isinstance(select, exp.SetOperation):
        select = select.this
    return list(select.expressions) if isinstance(select, exp.Select) else []


def _can_be_many(item: exp.Expression) -> bool:
    many = item.find_all(exp.Star, exp.Columns, exp.Unnest, exp.Explode)
    return any(not isinstance(node.parent, exp.Count) for node in many)


def _starts(tokens: Sequence[Token], count: int) -> list[int]:
    """Return where the first ``count`` items behind the first SELECT outside of all brackets begin."""
    depth, is_inside, is_next = 0, False, False
    starts: list[int] = []
    for token in tokens:
        if is_next and len(starts) < count and token.token_type not in (TokenType.DISTINCT, TokenType.ALL):
            starts.append(token.start)
            is_next = False
        if depth == 0 and not is_inside and token.token_type == TokenType.SELECT:
            is_inside = is_next = True
        elif depth == 0 and is_inside and token.token_type == TokenType.COMMA:
            is_next = True
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
    return starts
