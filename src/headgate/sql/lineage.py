"""The lineage of a query: a fold over the terms of its rows, its order and its columns.

There is no second reading of names here. What a term was made from is all that its value, or which rows there are, can
depend on; ``steps`` says of each part how. So lineage leaves out nothing that the recipe reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.core.address import Address
from headgate.core.lineage import AssetLineage, Edge, Step, Subtype, followed, in_order
from headgate.core.recipe import Aspect, Shape, Term
from headgate.sql.analyse import relation_of
from headgate.sql.recursion import is_placeholder, placeholder_of_column, placeholder_of_rows, solved
from headgate.sql.steps import steps
from headgate.sql.tree import Query

Edges = frozenset[Edge]

_OF_ASPECT = {Aspect.COLUMN: Subtype.IDENTITY, Aspect.ROWS: Subtype.ROWS, Aspect.ORDER: Subtype.ORDER}


class Circle(Exception):
    """Something hangs on an order that hangs on it: a subquery that reads, by its alias, a window beside it."""


def lineage_of_query(query: Query, inputs: Mapping[Address, Shape], names: Sequence[str]) -> AssetLineage | None:
    """Return what steers the columns of a query, which are called ``names``; None where it is not understood.

    The engine is not asked: the query is one that was analysed before. Cost: as reading it for its recipe.
    """
    relation = relation_of(query, inputs)
    if relation is None or len(relation.fields) != len(names):
        return None
    fold = _Fold()
    try:
        rows = _indirect(fold.edges(relation.rows), Subtype.FILTER)
        order = _indirect(fold.edges(relation.order), Subtype.SORT)
        columns = [fold.edges(field.term) for field in relation.fields]
    except Circle:
        return None
    if any(is_placeholder(edge) for edges in (rows, order, *columns) for edge in edges):
        return None
    return AssetLineage(
        {name: in_order(edges - rows) for name, edges in zip(names, columns, strict=True)},
        in_order(rows),
        in_order(order - rows),
    )


def _indirect(edges: Edges, subtype: Subtype) -> Edges:
    """Return the edges of rows, or of an order. Nothing in them is direct, or there is a fault in ``steps``."""
    return frozenset(followed(Step(subtype), edge) for edge in edges)


def edges_of_term(item: Term) -> Edges:
    """Return what steers one term."""
    return _Fold().edges(item)


class _Fold:
    """Edges of terms, each looked at once however often it is part of others; deep ones need no deep stack."""

    def __init__(self) -> None:
        self._edges: dict[int, Edges] = {}
        self._recursive: dict[int, tuple[Edges, ...]] = {}

    def edges(self, root: Term) -> Edges:
        """Return what steers a term, which must stay alive as long as this fold. Cost: parts times their edges."""
        pending = [root]
        begun: set[int] = set()
        while pending:
            item = pending[-1]
            lacking = [] if id(item) in self._edges else [p for p in _parts(item) if id(p) not in self._edges]
            if not lacking:
                pending.pop()
                if id(item) not in self._edges:
                    self._edges[id(item)] = self._combined(item)
            elif id(item) in begun:
                raise Circle
            else:
                begun.add(id(item))
                pending += lacking
        return self._edges[id(root)]

    def _combined(self, item: Term) -> Edges:
        if item.made is None:
            return frozenset(Edge(read, Subtype.OPAQUE) for read in item.reads)
        tag, parts = item.made
        match tag, parts:
            case "read", ():
                return frozenset(Edge(read, _OF_ASPECT[read.aspect]) for read in item.reads)
            case "recursion rows", (int(level),):
                return frozenset((placeholder_of_rows(level),))
            case "recursion column", (int(level), int(number)):
                return frozenset((placeholder_of_column(level, number),))
            case "recursive", (int(level), bool(is_distinct), int(width), *branches):
                edges = [self._edges[id(branch)] for branch in branches]
                first, again = edges[: width + 1], edges[width + 1 :]
                self._recursive[id(item)] = solved(level, first, again, is_distinct=is_distinct)
                return self._recursive[id(item)][0]
            case "recursive column", (int(number), rows):
                return self._recursive[id(rows)][number + 1]
        found = frozenset(followed(step, edge) for part, step in steps(tag, parts) for edge in self._edges[id(part)])
        return _without_own_sort(found) if tag == "window" else found


def _without_own_sort(edges: Edges) -> Edges:
    """Return what steers a window: that its own keys sort the rows is what makes them keys."""
    keys = {edge.read for edge in edges if edge.subtype is Subtype.WINDOW}
    return frozenset(edge for edge in edges if edge.subtype is not Subtype.SORT or edge.read not in keys)


def _parts(item: Term) -> list[Term]:
    return [part for part in item.made[1] if isinstance(part, Term)] if item.made else []
