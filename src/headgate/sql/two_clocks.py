"""Whether ``:start`` and ``:end`` are compared with what the column of times is made of.

Where they are not, the query gives rows of other times than it was asked for, and a load leaves those out. All that is
asked is what the terms of the query were made of; where that says too little, nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from headgate.core.clocks import Clocks
from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.lineage import CARRYING, Subtype
from headgate.core.listing import listed
from headgate.core.recipe import Aspect, Read, Term
from headgate.sql.edges import Circle, edges_of_term
from headgate.sql.parameters import NAMES, parameters_of
from headgate.sql.recursion import is_placeholder
from headgate.sql.relation import Relation
from headgate.sql.tree import Query, line_at, place_at

_COMPARING = frozenset({"=", "<>", "<", "<=", ">", ">=", "between", "in", "is not distinct from", "call"})
"""Terms whose parts are held against each other; of a function it is not known, so that it counts."""

_EQUAL = frozenset({"=", "is not distinct from", "using"})

_FILTERING = frozenset({"filter", "join", "limit"})
"""Rows that a condition chooses: who reads such rows is not compared with what the condition holds."""

_VALUE = CARRYING | {Subtype.CONDITIONAL, Subtype.WINDOW}


def two_clocks(query: Query, relation: Relation, time: int) -> Clocks | None:
    """Return the clocks of a query that is understood, where there are two; ``time`` numbers its column of times.

    None where no column is compared with a parameter by what chooses rows, where an equality ties one that is to the
    table of the column of times, or where one of another table is a bound of that column. Cost: one pass over the
    terms, and the lineage of the few that matter.
    """
    terms = _all_terms((relation.rows,))
    given = _given(terms)
    comparing = [item for item in terms if _tag(item) in _COMPARING]
    compared = _values(item for item in comparing if given[id(item)])
    made_of = _values((relation.fields[time].term,))
    if not compared or not made_of:
        return None
    tied = _tied(compared, terms)
    tables = {read.address for read in made_of}
    if tied & made_of or tables & ({read.address for read in tied} - {read.address for read in compared}):
        return None
    if any(_bounds(_values((item,)), made_of, tied) for item in comparing):
        return None
    first = parameters_of(query.tree)[0]
    place = place_at(query.text, query.path, first.begin, first.end - first.begin)
    name = relation.fields[time].name
    warning = Diagnostic(
        "HG356",
        f"{name} is made of {_told(made_of)}, and :{first.name} is compared with {_told(compared)}",
        place,
        "What falls outside of the interval by its time_column is left out. "
        f"Compare what becomes {name}, or make the other one the time_column.",
        excerpt=line_at(query.text, first.begin),
        severity=Severity.WARNING,
    )
    return Clocks(tuple(sorted(made_of)), tuple(sorted(tied)), warning)


def _told(reads: Iterable[Read]) -> str:
    return listed(sorted(f"{read.address}.{read.column}" for read in reads), 2)


def _tag(item: Term) -> str:
    return item.made[0] if item.made else ""


def _parts(item: Term) -> list[Term]:
    return [part for part in item.made[1] if isinstance(part, Term)] if item.made else []


def _all_terms(roots: Iterable[Term]) -> list[Term]:
    """Return all terms that these are made of, each once, parts before wholes."""
    found: list[Term] = []
    seen: set[int] = set()
    pending = [(root, False) for root in roots]
    while pending:
        item, is_done = pending.pop()
        if is_done:
            found.append(item)
        elif id(item) not in seen:
            seen.add(id(item))
            pending.append((item, True))
            pending += [(part, False) for part in _parts(item)]
    return found


def _given(terms: Sequence[Term]) -> Mapping[int, bool]:
    """Tell of each term whether a moment goes into its value."""
    found: dict[int, bool] = {}
    for item in terms:
        is_moment = item.made is not None and item.made[0] == "parameter" and item.made[1][0] in NAMES
        passes = _tag(item) not in _FILTERING
        found[id(item)] = is_moment or (passes and any(found.get(id(part), False) for part in _parts(item)))
    return found


def _values(items: Iterable[Term]) -> frozenset[Read]:
    """Return the columns of inputs whose values go into terms; nothing where that is not known of one."""
    try:
        edges = [edge for item in items for edge in edges_of_term(item)]
    except Circle:
        return frozenset()
    if any(is_placeholder(edge) for edge in edges):
        return frozenset()
    return frozenset(e.read for e in edges if e.read.aspect is Aspect.COLUMN and e.subtype in _VALUE)


def _bounds(values: frozenset[Read], made_of: frozenset[Read], tied: frozenset[Read]) -> bool:
    """Tell whether a comparison of these values holds what becomes the time against a bound in another table."""
    return bool(values & made_of) and bool({read.address for read in values & tied} - {r.address for r in made_of})


def _tied(compared: frozenset[Read], terms: Sequence[Term]) -> frozenset[Read]:
    """Return columns with all that the query holds to be equal to one of them."""
    equal = [{r for r in item.reads if r.aspect is Aspect.COLUMN} for item in terms if _tag(item) in _EQUAL]
    found = set(compared)
    is_growing = True
    while is_growing:
        met = [reads for reads in equal if reads & found]
        equal = [reads for reads in equal if not reads & found]
        found.update(*met)
        is_growing = bool(met)
    return frozenset(found)
