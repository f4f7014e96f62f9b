"""Whether the two clocks of a query are one after all: both made of one column somewhere above its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from headgate.core.address import Address
from headgate.core.clocks import Clocks
from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import AnyNode, Node
from headgate.core.recipe import Aspect, Read


def clocks_apart(clocks: Clocks | None, nodes: Mapping[Address, AnyNode]) -> Iterator[Diagnostic]:
    """Yield the warning of a query that goes by two clocks, unless they meet; ``nodes`` are those above it.

    Cost: only where there are two, a walk of the columns that they are made of.
    """
    if clocks is not None and not _above(clocks.time, nodes) & _above(clocks.compared, nodes):
        yield clocks.warning


def _above(reads: Iterable[Read], nodes: Mapping[Address, AnyNode]) -> frozenset[Read]:
    """Return columns with all columns that they are made of."""
    found: set[Read] = set()
    pending = list(reads)
    while pending:
        read = pending.pop()
        if read in found or read.aspect is not Aspect.COLUMN:
            continue
        found.add(read)
        node = nodes.get(read.address)
        for column in node.recipe.columns if isinstance(node, Node) else ():
            if column.name == read.column:
                pending += column.term.reads
    return frozenset(found)
