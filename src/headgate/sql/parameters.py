"""``:start`` and ``:end`` in a text: where they stand.

sqlglot reads a colon in front of a name in some places only, and forgets where it stood. So before parsing, each such
pair becomes one name that no user can write, with its offset in it, and afterwards that name becomes a parameter.
Where a colon belongs to a slice (``x[1:start]``), a struct (``{'a':end}``) or an alias (``first: start``) it is left
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from headgate.core.graph import Parameter

NAMES = frozenset({"start", "end"})

QueryParameter = exp.Placeholder
"""What sqlglot calls a parameter of a query: `:start`."""

_MARK = "\0"
"""What no text of a user holds."""

_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)
_NAMED = (TokenType.VAR, TokenType.IDENTIFIER)
_ENDS = frozenset(
    {
        *_NAMED, *_CLOSING, TokenType.NUMBER, TokenType.STRING, TokenType.NULL, TokenType.TRUE, TokenType.FALSE,
        TokenType.END, TokenType.DOT,
    }
)  # fmt: skip
"""What a value may end with: a colon behind it is no beginning of another one."""


class Misplaced(Exception):
    """A parameter stands where no value can; ``begin`` to ``end`` are its characters."""

    def __init__(self, begin: int, end: int) -> None:
        super().__init__()
        self.begin = begin
        self.end = end


def as_names(tokens: Sequence[Token]) -> list[Token]:
    """Return tokens in which each parameter is one name with the offset of its colon."""
    found: list[Token] = []
    open_: list[bool] = []  # of each bracket that is open: whether it holds labels or a slice
    for number, token in enumerate(tokens):
        if token.token_type in _OPENING:
            open_.append(_has_colons(tokens, number))
        elif token.token_type in _CLOSING and open_:
            open_.pop()
        if number and tokens[number - 1].token_type == TokenType.COLON and found[-1] is tokens[number - 1]:
            colon = tokens[number - 1]
            is_name = token.token_type == TokenType.VAR or token.text.lower() in NAMES
            is_name = is_name and token.token_type not in (TokenType.IDENTIFIER, TokenType.STRING)
            if is_name and token.start == colon.end + 1 and _is_value(tokens, number - 1, bool(open_ and open_[-1])):
                text = f"{token.text}{_MARK}{colon.start}"
                found[-1] = Token(TokenType.VAR, text, token.line, token.col, colon.start, token.end)
                continue
        found.append(token)
    return found


def _has_colons(tokens: Sequence[Token], number: int) -> bool:
    """Tell whether a bracket may hold colons of its own: a struct's, or a slice's."""
    kind = tokens[number].token_type
    if kind == TokenType.L_BRACKET:
        return number > 0 and tokens[number - 1].token_type in _ENDS
    return kind == TokenType.L_BRACE


def _is_value(tokens: Sequence[Token], colon: int, has_colons: bool) -> bool:  # noqa: FBT001 # as the loop has it
    """Tell whether a value may begin at a colon."""
    before = tokens[colon - 1] if colon else None
    if before is None or before.token_type in _ENDS:
        return before is None
    if not has_colons:
        return True
    if before.token_type == TokenType.L_BRACKET:
        return False  # x[:end]
    labels = (TokenType.L_BRACE, TokenType.L_BRACKET, TokenType.COMMA)
    return not (before.text.isidentifier() and tokens[colon - 2].token_type in labels)  # {date:end}


def as_parameters(tree: exp.Expr) -> None:
    """Make parameters of the names that stand for them, with their places; raise ``Misplaced`` elsewhere."""
    for column in [c for c in tree.find_all(exp.Column) if _is_marked(c.this) and len(c.parts) == 1]:
        text, _, offset = column.name.partition(_MARK)
        parameter = QueryParameter(this=text)
        parameter.meta["start"], parameter.meta["end"] = int(offset), int(offset) + len(text)
        column.replace(parameter)
    for node in tree.walk():
        for value in node.args.values():
            if isinstance(value, str) and _MARK in value:
                text, _, offset = value.partition(_MARK)
                raise Misplaced(int(offset), int(offset) + len(text) + 1)


def _is_marked(node: object) -> bool:
    return isinstance(node, exp.Identifier) and _MARK in node.name


def parameters_of(tree: exp.Expr) -> tuple[Parameter, ...]:
    """Return where ``:start`` and ``:end`` stand, in order of place."""
    return tuple(sorted(_parameters(tree), key=lambda p: p.begin))


def _parameters(tree: exp.Expr) -> Iterator[Parameter]:
    for node in tree.find_all(QueryParameter):
        name = str(node.this or "").lower()
        if name in NAMES and "start" in node.meta:
            yield Parameter(int(node.meta["start"]), int(node.meta["end"]) + 1, name)
