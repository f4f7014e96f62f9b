"""SQL text to tree. Everything that depends on how sqlglot tokenises and parses is here.

Functions keep the name that the user wrote: sqlglot would fold hundreds of them into nodes of its own and lose which
one it was. So before parsing, the name of each call gets a prefix that no catalogue knows; the call stays a plain one.
"""

from __future__ import annotations

import itertools
import logging
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from headgate.core.diagnostic import Diagnostic, Place
from headgate.sql.bounds import SET_OPERATIONS_MAX, brackets_too_many, too_many_sets
from headgate.sql.parameters import Misplaced, as_names, as_parameters
from headgate.sql.relation import lowered
from headgate.sql.templates import instead_of, marks

PREFIX = "hg:"
"""What the name of a call begins with in our trees."""

SPECIAL_FORMS = frozenset(
    {"CAST", "TRY_CAST", "EXTRACT", "COLUMNS", "UNNEST", "SUBSTRING", "TRIM", "POSITION", "OVERLAY", "EXISTS", "VALUES"}
)
"""Calls whose arguments have a grammar of their own; their nodes are understood one by one."""

TEXT_BYTES_MAX = 2_000_000

_FILL_IN = "\nOr say `template: jinja` in its header, and it is filled in."

_INSIDE = ("PIVOT", "PIVOT_WIDER", "PIVOT_LONGER", "UNPIVOT")
"""Statements that DuckDB takes as queries, and that a SELECT may hold in its FROM."""

# Of statements that it does not know it writes to the log; users are told by a diagnostic.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


class Unreadable(Exception):
    """The text is no query that Headgate can read; ``diagnostic`` says where and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class TableName:
    """A relation named in the text: its schema ('' where none is given), its name, and where both stand.

    ``shown`` is its name as the engine folds it.
    """

    schema: str
    name: str
    start: int
    end: int
    alias: str
    shown: str


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed SELECT: its tree, the file's text and path, and the tokens of the statement, without the ``;``.

    ``dialect`` is that of the engine that runs it.
    """

    tree: exp.Query
    text: str
    path: str
    tokens: tuple[Token, ...]
    has_end: bool
    dialect: str = "duckdb"

    @property
    def statement(self) -> str:
        """The text from the file's beginning to the end of the statement."""
        return self.text[: self.tokens[-1].end + 1] if self.has_end else self.text


def parse(text: str, path: str, dialect_name: str = "duckdb") -> Query:
    """Return the one query in ``text``; raise ``Unreadable`` where there is none, several, or none that can be read."""
    if len(text) > TEXT_BYTES_MAX:
        raise Unreadable(
            Diagnostic(
                "HG201",
                f"the text holds {len(text):,} characters, more than {TEXT_BYTES_MAX:,}",
                Place(path, 1, 1),
                hint="Put data into a seed or a source; a query this long cannot be planned.",
            )
        )
    dialect = _dialect(dialect_name)
    try:
        tokens = dialect.tokenize(text)
    except SqlglotError as error:
        _refuse_templates(None, text, path)
        raise Unreadable(_unreadable(text, path, _plain_message(error), 0)) from None
    _refuse_templates(tokens, text, path)
    statement = _one_statement(tokens, text, path)
    _refuse_glued_numbers(statement, text, path)
    _refuse_too_many(statement, text, path)
    try:
        trees = dialect.parser().parse(_with_own_names(as_names(statement), dialect_name), text)
    except SqlglotError as error:
        start = _offset(error, text)
        word = word_at(text, start)
        message = _plain_message(error).replace("Invalid expression / Unexpected token", f"{word} is not expected here")
        raise Unreadable(_unreadable(text, path, message, start, len(word))) from None
    except RecursionError:
        raise Unreadable(
            Diagnostic("HG201", "the query is nested too deeply to be read", Place(path, 1, 1), hint="Split it.")
        ) from None
    tree = trees[0] if len(trees) == 1 else None
    if tree is not None and any(token.token_type == TokenType.COLON for token in statement):
        _place_parameters(tree, text, path)
    while isinstance(tree, exp.Subquery) and set(_given(tree)) <= {"this"}:
        tree = tree.this
    if not isinstance(tree, exp.Query):
        start = statement[0].start if statement else 0
        word = statement[0].text if statement else ""
        raise Unreadable(
            Diagnostic(
                "HG201",
                f"one SELECT is expected here, not {word.upper()}" if word else "there is no SELECT here",
                place_at(text, path, start, max(len(word), 1)),
                hint=f"Write it inside of one: from ({word.lower()} ...)." if word.upper() in _INSIDE else "",
                excerpt=line_at(text, start),
            )
        )
    return Query(tree, text, path, tuple(statement), len(statement) < len(tokens), dialect_name)


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of DuckDB's SQL that was parsed before; each knows the characters that it stands on."""
    return _dialect("duckdb").tokenize(text)


def _place_parameters(tree: exp.Expr, text: str, path: str) -> None:
    try:
        as_parameters(tree)
    except Misplaced as fault:
        word = text[fault.begin : fault.end]
        raise Unreadable(_unreadable(text, path, f"{word} is not expected here", fault.begin, len(word))) from None


def relations(query: Query) -> tuple[TableName, ...]:
    """Return every relation that the query names and that is no CTE of its own, in order of place."""
    found = []
    for table in query.tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or is_cte(table):
            continue
        found.append(table_name(table, query.dialect))
    return tuple(sorted(found, key=lambda t: t.start))


def table_name(table: exp.Table, dialect: str = "duckdb") -> TableName:
    """Return the name of a table node and the characters it stands on."""
    schema = table.args.get("db")
    first = table.args.get("catalog") or schema or table.this
    start = int(first.meta.get("start", 0))
    end = int(table.this.meta.get("end", start)) + 1
    parts = [p.name for p in (table.args.get("catalog"), schema) if p is not None]
    return TableName(".".join(parts), table.name, start, end, table.alias, as_engine_folds(table.this, dialect))


def as_engine_folds(name: exp.Expression, dialect: str) -> str:
    """Return a name as the engine has it: PostgreSQL knows those without quotes in lower case alone."""
    return lowered(name.name) if dialect == "postgres" and not name.args.get("quoted") else name.name


def is_cte(table: exp.Table) -> bool:
    """Tell whether an unqualified table names a CTE of a query around it, the recursive one's own name included."""
    if table.args.get("db") is not None:
        return False
    name = lowered(table.name)
    below: exp.Expression = table
    inside = 0
    node: Any = table.parent
    while node is not None:
        if isinstance(node, exp.With):
            inside = _numbers(node)[1].get(id(below), 0)
        with_ = node.args.get("with_") if isinstance(node, exp.Query) else None
        number = None if with_ is None else _numbers(with_)[0].get(name)
        # A CTE sees only those before it; a recursive one also itself.
        if number is not None and (
            below is not with_ or number < inside or (number == inside and with_.args.get("recursive"))
        ):
            return True
        below = node
        node = node.parent
    return False


def _numbers(with_: exp.With) -> tuple[dict[str, int], dict[int, int]]:
    """Return the numbers of the CTEs by name, the first of each, and by identity. Noted at the node, for speed."""
    found: tuple[dict[str, int], dict[int, int]] | None = with_.meta.get("headgate numbers")
    if found is None:
        names: dict[str, int] = {}
        for number, cte in enumerate(with_.expressions):
            names.setdefault(lowered(cte.alias), number)
        found = names, {id(cte): number for number, cte in enumerate(with_.expressions)}
        with_.meta["headgate numbers"] = found
    return found


def place_at(text: str, path: str, start: int, length: int = 1) -> Place:
    """Return the place of a character, counted from 1."""
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Place(path, line, column, length)


def word_at(text: str, start: int) -> str:
    """Return the word that begins at a character, or that character where none does; empty at the end of a line.

    >>> word_at("select sum(x)", 7)
    'sum'
    """
    found = re.compile(r"\w+|\S").match(text, start)
    return found.group() if found else ""


def line_at(text: str, start: int) -> str:
    """Return the line that a character stands on, for showing."""
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    return text[begin : len(text) if end < 0 else end].rstrip("\r")


def _given(node: Any) -> dict[str, Any]:
    return {key: value for key, value in node.args.items() if value not in (None, False, [])}


@cache
def _dialect(name: str) -> Dialect:
    return Dialect.get_or_raise(name)


@cache
def _renamed_names(dialect: str) -> tuple[frozenset[str], frozenset[TokenType]]:
    parser = type(_dialect(dialect).parser())
    names = frozenset(parser.FUNCTIONS) | frozenset(parser.FUNCTION_PARSERS)
    return names - SPECIAL_FORMS, frozenset(parser.FUNC_TOKENS)


def _with_own_names(tokens: list[Token], dialect: str) -> list[Token]:
    names, kinds = _renamed_names(dialect)
    renamed: list[Token] = []
    last = len(tokens) - 1
    for number, token in enumerate(tokens):
        if (
            number < last
            and tokens[number + 1].token_type == TokenType.L_PAREN
            and token.token_type in kinds
            and token.text.upper() in names
            and not (number and _is_star_word(tokens, number))
        ):
            token = Token(token.token_type, PREFIX + token.text.lower(), token.line, token.col, token.start, token.end)
        elif token.comments:
            token = Token(token.token_type, token.text, token.line, token.col, token.start, token.end)
        renamed.append(token)
    return renamed


def _is_star_word(tokens: list[Token], number: int) -> bool:
    """Tell whether ``replace (`` here belongs to a star: it follows ``*`` or the ``)`` of another such word."""
    before = tokens[number - 1]
    if tokens[number].text.upper() not in ("REPLACE", "RENAME", "EXCLUDE", "EXCEPT"):
        return False
    return before.token_type in (TokenType.STAR, TokenType.R_PAREN)


def _one_statement(tokens: list[Token], text: str, path: str) -> list[Token]:
    ends = [n for n, token in enumerate(tokens) if token.token_type == TokenType.SEMICOLON]
    first = ends[0] if ends else len(tokens)
    rest = [token for token in tokens[first:] if token.token_type != TokenType.SEMICOLON]
    if rest:
        start = rest[0].start
        raise Unreadable(
            Diagnostic(
                "HG201",
                "a second statement",
                place_at(text, path, start, len(rest[0].text)),
                hint="An asset or a question is one SELECT: write the other one by itself.",
                excerpt=line_at(text, start),
            )
        )
    return tokens[:first]


def _refuse_templates(tokens: list[Token] | None, text: str, path: str) -> None:
    """Raise for the first mark of Jinja; ``tokens`` is None where the text cannot even be taken apart."""
    found = marks(text, tokens)
    if not found:
        return
    start, mark = found[0]
    line = mark.partition("\n")[0]
    more = f", the first of {len(found)}" if len(found) > 1 else ""
    raise Unreadable(
        Diagnostic(
            "HG212",
            f"a mark of a template{more}; Headgate reads plain SQL",
            place_at(text, path, start, len(line)),
            hint=instead_of(mark) + (_FILL_IN if path.endswith(".sql") else ""),
            excerpt=line_at(text, start),
        )
    )


def _refuse_glued_numbers(tokens: list[Token], text: str, path: str) -> None:
    """Raise for ``0x1F`` and ``1abc``: the tokenizer and the engine take them apart in different ways."""
    for token, following in itertools.pairwise(tokens):
        is_glued = token.token_type == TokenType.NUMBER and following.start == token.end + 1
        if is_glued and following.token_type in (TokenType.VAR, TokenType.NUMBER):
            word = text[token.start : following.end + 1]
            raise Unreadable(
                Diagnostic(
                    "HG201",
                    f"{word!r} is neither a number nor a name",
                    place_at(text, path, token.start, len(word)),
                    hint="Write numbers in decimal and quote names that begin with a digit.",
                    excerpt=line_at(text, token.start),
                )
            )


def _refuse_too_many(tokens: list[Token], text: str, path: str) -> None:
    """Raise for rows of brackets, and of set operations, that nobody would wait for."""
    if bracket := brackets_too_many(tokens):
        raise Unreadable(_unreadable(text, path, "too many brackets stand behind each other", bracket.start))
    if word := too_many_sets(tokens):
        raise Unreadable(_unreadable(text, path, f"more than {SET_OPERATIONS_MAX:,} set operations", word.start))


def _unreadable(text: str, path: str, message: str, start: int, length: int = 1) -> Diagnostic:
    return Diagnostic("HG201", message, place_at(text, path, start, max(length, 1)), excerpt=line_at(text, start))


def _plain_message(error: SqlglotError) -> str:
    errors = getattr(error, "errors", None)
    if errors:
        text = str(errors[0].get("description") or "cannot be read")
    else:
        text = str(error).splitlines()[0]
    if "<class" in text:
        return "something is missing here"
    return text.replace(PREFIX, "").rstrip(".").replace("Error tokenizing", "cannot be read near")[:200]


def _offset(error: SqlglotError, text: str) -> int:
    errors = getattr(error, "errors", None)
    if not errors or not errors[0].get("line"):
        return 0
    line, highlight = int(errors[0]["line"]), str(errors[0].get("highlight") or "")
    column = int(errors[0].get("col") or 1)
    lines = text.split("\n")
    begin = sum(len(part) + 1 for part in lines[: line - 1])
    return max(0, min(begin + column - max(len(highlight), 1), max(len(text) - 1, 0)))
