"""The lineage of recursive CTEs: what each column and the rows come to once the CTE's own name is replaced.

Inside of its branches the CTE's columns and rows are placeholders: reads of an address that nothing can have. Replacing
them by what they stand for is repeated until nothing is added; there are only so many inputs and kinds.
"""

from __future__ import annotations

from collections.abc import Sequence

from headgate.core.address import Address
from headgate.core.lineage import Edge, Step, Subtype, followed
from headgate.core.recipe import Aspect, Read

Edges = frozenset[Edge]

_MARK = "\0"


def placeholder_of_rows(level: int) -> Edge:
    """Return the edge to the rows of the recursive CTE of a level: 0 for the outermost."""
    return Edge(Read(_address(level), Aspect.ROWS), Subtype.ROWS)


def placeholder_of_column(level: int, number: int) -> Edge:
    """Return the edge to a column of a recursive CTE, by its place."""
    return Edge(_column(level, number), Subtype.IDENTITY)


def is_placeholder(edge: Edge) -> bool:
    """Tell whether an edge still waits for what it stands for."""
    return edge.read.address.startswith(_MARK)


def solved(level: int, first: Sequence[Edges], again: Sequence[Edges], *, is_distinct: bool) -> tuple[Edges, ...]:
    """Return the edges of the rows and of each column; ``first`` and ``again`` are those of the branches, rows first.

    Where the branches are joined by UNION without ALL, every column decides which rows there are.
    """
    known = list(first)
    while True:
        nodes = {_column(level, number): edges for number, edges in enumerate(known[1:])}
        nodes[Read(_address(level), Aspect.ROWS)] = known[0]
        found = [old | _replaced(new, nodes) for old, new in zip(known, again, strict=True)]
        if is_distinct:
            grouped = (followed(Step(Subtype.GROUP_BY), edge) for edges in found[1:] for edge in edges)
            found[0] = found[0].union(grouped)
        if found == known:
            return tuple(found)
        known = found


def _replaced(edges: Edges, nodes: dict[Read, Edges]) -> Edges:
    found: set[Edge] = set()
    for edge in edges:
        if edge.read in nodes:
            found.update(followed(Step(edge.subtype, edge.masking), further) for further in nodes[edge.read])
        else:
            found.add(edge)
    return frozenset(found)


def _address(level: int) -> Address:
    return Address(f"{_MARK}{level}")


def _column(level: int, number: int) -> Read:
    return Read(_address(level), Aspect.COLUMN, str(number))
