"""What takes a parser or an engine longer than anybody waits, told before either of them is asked.

DuckDB binds a lambda inside of a lambda twice, writes out an alias wherever the same SELECT uses it again, and sqlglot
types all of ``a[1][1]`` anew at each bracket: a text of one page can keep them busy for hours, and no interrupt
reaches them. The bounds stand far beyond what people write.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from headgate.sql.relation import lowered

LAMBDAS_MAX = 12
"""Lambdas inside of each other; each level doubles the time of binding (20 levels: 0.3 s, 40: days)."""

BRACKETS_MAX = 250
"""Brackets right behind each other, ``a[1][2]``; time grows with the square (1,000: 2.5 s)."""

BRACKETS_OF_ALL_MAX = 1_000_000
"""Squares of the lengths of all such rows, added up: about three seconds."""

NODES_MAX = 500_000
"""Parts of a query in which aliases are written out."""


SET_OPERATIONS_MAX = 5_000
"""UNION, EXCEPT and INTERSECT in one text: trees of them are as deep as they are many, and each name looks up."""

_SETS = (TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT)


def too_many_sets(tokens: Sequence[Token]) -> Token | None:
    """Return the word of the first set operation beyond the bound; None where there is none."""
    words = (token for token in tokens if token.token_type in _SETS)
    return next(itertools.islice(words, SET_OPERATIONS_MAX, None), None)


def brackets_too_many(tokens: Sequence[Token]) -> Token | None:
    """Return the bracket at which a row of them is too long; None where all are short enough."""
    length = squares = 0
    for before, token in itertools.pairwise(tokens):
        if token.token_type is not TokenType.L_BRACKET:
            continue
        length = length + 1 if before.token_type is TokenType.R_BRACKET else 1
        squares += 2 * length - 1
        if length > BRACKETS_MAX or squares > BRACKETS_OF_ALL_MAX:
            return token
    return None


def too_large(tree: exp.Query) -> tuple[exp.Expression, str] | None:
    """Return the part of a query that would take too long to bind, and why; None where there is none."""
    for node in tree.find_all(exp.Lambda, exp.Comprehension):
        if _lambdas_around(node) > LAMBDAS_MAX:
            return node, f"more than {LAMBDAS_MAX} functions without a name stand in each other"
    for select in tree.find_all(exp.Select):
        if _written_out(select) > NODES_MAX:
            return select, "the aliases of this SELECT, written out where it uses them, are too long"
    return None


def _lambdas_around(node: exp.Expression) -> int:
    count = 0
    above: exp.Expr | None = node
    while above is not None and count <= LAMBDAS_MAX:
        count += isinstance(above, (exp.Lambda, exp.Comprehension))
        above = above.parent
    return count


def _written_out(select: exp.Select) -> int:
    """Return how many parts the items have once each alias is replaced by what it stands for."""
    if not any(isinstance(item, exp.Alias) for item in select.expressions):
        return 0
    sizes: dict[str, int] = {}
    whole = 0
    for item in select.expressions:
        size = 0
        for node in item.walk():
            is_alias = isinstance(node, exp.Column) and not node.args.get("table")
            size += sizes.get(lowered(node.name), 1) if is_alias else 1
        if isinstance(item, exp.Alias):
            sizes.setdefault(lowered(item.alias), size)
        whole += size
    return whole
