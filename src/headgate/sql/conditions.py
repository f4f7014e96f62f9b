"""Conditions and values that stand alone, as in the `where` of a check: read as part of a query over one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from headgate.core.address import Address
from headgate.core.measures import PRESENT, Fragment
from headgate.core.ports.engine import Bound
from headgate.core.recipe import Aspect, Shape
from headgate.sql.analyse import analyse
from headgate.sql.bind import quoted
from headgate.sql.refusals import refusals
from headgate.sql.tree import Query, Unreadable, parse, relations

TABLE = Address("headgate.measured")
"""What the table is called in the query that a fragment becomes part of."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The columns that a fragment reads. ``is_volatile``: it may say something else of the same rows tomorrow."""

    columns: tuple[str, ...]
    is_volatile: bool


class NotUnderstood(Exception):
    """A fragment is no condition, or no value, over the columns of the table; the text says why."""


def understood(
    fragment: Fragment, shape: Shape, *, dialect: str, bind: Callable[[str, Mapping[str, Shape]], Bound]
) -> Understood:
    """Return what a fragment reads of a table of ``shape``; raise ``NotUnderstood`` in the engine's words.

    Cost: one parsing and one binding, a millisecond.
    """
    column = f"{quoted(fragment.column)} " if fragment.column else ""
    tail = "" if fragment.is_condition else " is null"
    text = f'select 1 as "headgate: found" from {TABLE} where ({column}{fragment.text}\n){tail}'
    try:
        query = parse(text, "", dialect)
    except Unreadable as fault:
        raise NotUnderstood(fault.diagnostic.summary) from None
    _demand_one_expression(query, is_condition=fragment.is_condition)
    if faults := refusals(query):
        raise NotUnderstood(faults[0].summary)
    found = analyse(query, kind="check", inputs={TABLE: shape}, settings="", bind=bind)
    if found.recipe is None:
        raise NotUnderstood(found.diagnostics[0].summary)
    rows = found.recipe.rows
    read = {read.column for read in rows.reads if read.aspect is Aspect.COLUMN}
    is_volatile = rows.tainted or _names_the_present(query)
    return Understood(tuple(c.name for c in shape if c.name in read), is_volatile)


def fault_in_pattern(pattern: str, *, dialect: str, bind: Callable[[str, Mapping[str, Shape]], Bound]) -> str:
    """Return what the engine says of a regular expression that is none; empty where it binds it.

    PostgreSQL looks at a pattern only when it meets a row. Cost: one binding.
    """
    if dialect == "postgres":
        return ""
    literal = "'" + pattern.replace("'", "''") + "'"
    return bind(f"select regexp_matches('', {literal}) as found", {}).error.partition("\n")[0]


def _names_the_present(query: Query) -> bool:
    """Tell whether a text stands there that engines take for the present day or moment: ``'now'``, ``'yesterday'``."""
    texts = (one.name for one in query.tree.find_all(exp.Literal) if one.is_string)
    return any(text.strip().lower() in PRESENT for text in texts)


def _demand_one_expression(query: Query, *, is_condition: bool) -> None:
    """Raise ``NotUnderstood`` where brackets around the fragment do not hold all of it, or it reads other tables."""
    tree = query.tree
    where = tree.args.get("where")
    given = {name for name, value in tree.args.items() if value}
    inside = where.this if where is not None else None
    if not is_condition and isinstance(inside, exp.Is):
        inside = inside.this
    is_one = isinstance(tree, exp.Select) and given <= {"expressions", "from_", "where"}
    if not is_one or not isinstance(inside, exp.Paren):
        raise NotUnderstood("one expression is expected here")
    if len(relations(query)) != 1 or inside.find(exp.Query) is not None:
        raise NotUnderstood("no query may stand in it")
