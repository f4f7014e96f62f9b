"""What steers a term: a fold over the terms that it was made from, by the steps of each."""

from __future__ import annotations

from headgate.core.lineage import Edge, Subtype, followed
from headgate.core.recipe import Aspect, Term
from headgate.sql.recursion import placeholder_of_column, placeholder_of_rows, solved
from headgate.sql.steps import steps

Edges = frozenset[Edge]

_OF_ASPECT = {Aspect.COLUMN: Subtype.IDENTITY, Aspect.ROWS: Subtype.ROWS, Aspect.ORDER: Subtype.ORDER}


class Circle(Exception):
    """Something hangs on an order that hangs on it: a subquery that reads, by its alias, a window beside it."""


def edges_of_term(item: Term) -> Edges:
    """Return what steers one term."""
    return Fold().edges(item)


class Fold:
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
