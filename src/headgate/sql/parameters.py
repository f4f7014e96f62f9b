"""``:start`` and ``:end`` in a text: where they stand.

sqlglot forgets where a placeholder stood. So before parsing, the name behind a colon gets its offset, and afterwards
every name in the tree gets its own text back: some of them are no placeholders, as in ``x[1:start]``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from headgate.core.graph import Parameter

NAMES = frozenset({"start", "end"})

_MARK = "\0"
"""What no text of a user holds."""


def with_offsets(tokens: Sequence[Token]) -> list[Token]:
    """Return tokens in which a name right behind a colon carries the colon's offset."""
    marked = list(tokens)
    for number, (colon, name) in enumerate(itertools.pairwise(tokens)):
        if colon.token_type != TokenType.COLON or name.start != colon.end + 1:
            continue
        if number and tokens[number - 1].token_type == TokenType.L_BRACKET:
            continue  # x[:end] is a slice
        is_call = number + 2 < len(tokens) and tokens[number + 2].token_type == TokenType.L_PAREN
        if name.text.lower() in NAMES or (name.token_type == TokenType.VAR and not is_call):
            text = f"{name.text}{_MARK}{colon.start}"
            marked[number + 1] = Token(name.token_type, text, name.line, name.col, name.start, name.end)
    return marked


def without_offsets(tree: exp.Expr) -> None:
    """Give every name in a tree its own text back; a placeholder keeps its place as ``start`` and ``end``."""
    for node in tree.walk():
        for key, value in node.args.items():
            if isinstance(value, str) and _MARK in value:
                text, _, offset = value.partition(_MARK)
                node.set(key, text)
                if isinstance(node, exp.Placeholder):
                    node.meta["start"] = int(offset)
                    node.meta["end"] = int(offset) + len(text)


def parameters_of(tree: exp.Expr) -> tuple[Parameter, ...]:
    """Return where ``:start`` and ``:end`` stand, in order of place."""
    return tuple(sorted(_parameters(tree), key=lambda p: p.begin))


def _parameters(tree: exp.Expr) -> Iterator[Parameter]:
    for node in tree.find_all(exp.Placeholder):
        name = str(node.this or "").lower()
        if name in NAMES and "start" in node.meta:
            yield Parameter(int(node.meta["start"]), int(node.meta["end"]) + 1, name)
