"""A fixed clock: the calls in a query that give the present are replaced by one moment. Pure text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from headgate.sql.tree import tokens_of

_CALLS = {
    "now": "TIMESTAMPTZ",
    "get_current_timestamp": "TIMESTAMPTZ",
    "transaction_timestamp": "TIMESTAMPTZ",
    "today": "DATE",
    "get_current_time": "TIMETZ",
    "current_localtime": "TIME",
    "current_localtimestamp": "TIMESTAMP",
}
"""Functions without arguments, and what they give."""

_WORDS = {
    "current_date": "DATE",
    "current_time": "TIMETZ",
    "current_timestamp": "TIMESTAMPTZ",
    "localtime": "TIME",
    "localtimestamp": "TIMESTAMP",
}
"""Words of SQL that need no brackets."""


def at_moment(text: str, moment: str) -> str:
    """Return a query in which the present is ``moment``: a SQL expression of type TIMESTAMP, in UTC.

    Lines stay where they are. A word that is quoted, an alias, or behind a dot is a name, and stays.

    >>> at_moment("select now() > t from x.y", "TIMESTAMP '2024-01-31 12:00'")
    "select (TIMESTAMP '2024-01-31 12:00')::TIMESTAMPTZ > t from x.y"
    """
    tokens = tokens_of(text)
    pieces: list[str] = []
    position = 0
    for start, end, put in _replacements(tokens, moment):
        pieces += [text[position:start], put]
        position = end
    return "".join([*pieces, text[position:]])


def _replacements(tokens: Sequence[Token], moment: str) -> Iterator[tuple[int, int, str]]:
    for number, token in enumerate(tokens):
        name = token.text.lower()
        before = tokens[number - 1] if number else None
        if token.token_type is TokenType.STRING:
            continue
        if before is not None and before.token_type in (TokenType.DOT, TokenType.ALIAS):
            continue
        following = [t.token_type for t in tokens[number + 1 : number + 3]]
        is_called = following == [TokenType.L_PAREN, TokenType.R_PAREN]
        kind = _CALLS.get(name) if is_called else None
        is_word = token.token_type is not TokenType.IDENTIFIER  # in quotes it is a name, unless it is called
        if kind is None and is_word and following[:1] != [TokenType.DOT]:
            kind = _WORDS.get(name)
        if kind is not None:
            end = tokens[number + 2].end if is_called else token.end
            yield token.start, end + 1, f"({moment})::{kind}"
        elif name == "age" and following[:1] == [TokenType.L_PAREN] and _has_one_argument(tokens, number + 1):
            yield tokens[number + 1].start, tokens[number + 1].end + 1, f"(({moment})::DATE::TIMESTAMP, "


def _has_one_argument(tokens: Sequence[Token], bracket: int) -> bool:
    depth = 0
    for token in tokens[bracket:]:
        depth += token.token_type in _OPENING
        depth -= token.token_type in _CLOSING
        if depth == 1 and token.token_type is TokenType.COMMA:
            return False
        if depth == 0:
            return True
    return False


_OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)
