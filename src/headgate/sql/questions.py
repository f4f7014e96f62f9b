"""What a question to an environment may hold: names of what is shown, and functions that make rows of their arguments.

DuckDB has a hundred functions that give tables of its catalogue, of files and of what a text says; new ones come with
each version. So those are listed that may be called, and everything else is refused before the engine sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, in_order
from headgate.core.recipe import Shape
from headgate.sql.analyse import relation_of
from headgate.sql.functions import DYNAMIC_SQL
from headgate.sql.reading import span
from headgate.sql.refusals import LOOKERS, READERS, calls_in_from, refusals, runs_text, too_wide
from headgate.sql.relation import TooWide
from headgate.sql.stage import function_name
from headgate.sql.tree import Query, TableName, line_at, place_at, relations

ROW_FUNCTIONS = frozenset(
    {"generate_series", "generate_subscripts", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
)
"""Functions in FROM whose rows come from their arguments alone."""


def faults_of_question(query: Query, unknown: Callable[[TableName], Diagnostic | None]) -> tuple[Diagnostic, ...]:
    """Return what stands against asking ``query``; ``unknown`` returns the fault of a relation that may not be read."""
    named = (unknown(table) for table in relations(query))
    told = (*refusals(query), *runs_text(query), *_calls(query))
    # A file that FROM names by its path is told by `refusals`, with the way on.
    places = {fault.place for fault in told}
    return in_order((*told, *(fault for fault in named if fault is not None and fault.place not in places)))


def fault_of_width(query: Query, shapes: Mapping[Address, Shape]) -> tuple[Diagnostic, ...]:
    """Return the fault of a question whose stars give more columns than can be bound. Cost: one walk of the tree."""
    try:
        relation_of(query, shapes)
    except TooWide:
        return (too_wide(query),)
    return ()


def _calls(query: Query) -> Iterator[Diagnostic]:
    """Yield a fault for each function in FROM that could show something else than its arguments."""
    for call in calls_in_from(query):
        name = function_name(call)
        if name in ROW_FUNCTIONS or name in READERS or name in LOOKERS or name in DYNAMIC_SQL:
            continue
        start, end = span(call)
        yield Diagnostic(
            "HG202",
            f"{name}() cannot be asked",
            place_at(query.text, query.path, start, end - start),
            f"A question reads what an environment shows; functions in FROM are {', '.join(sorted(ROW_FUNCTIONS))}.",
            excerpt=line_at(query.text, start),
        )
