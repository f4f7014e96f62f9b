"""Data tests that are queries, linked: each with the term of the rows that it gives. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import QueryNode

if TYPE_CHECKING:
    from headgate.core.declarations import QueryTest
    from headgate.project.analyser import Analyser


def understood_queries(
    tests: Mapping[Address, QueryTest], inputs: Mapping[Address, tuple[Address, ...]], analyser: Analyser
) -> tuple[list[QueryNode], list[Diagnostic]]:
    """Return the nodes of the tests that were started, which are those of ``inputs``, and all faults of their texts."""
    nodes: list[QueryNode] = []
    faults: list[Diagnostic] = []
    waiting = set(inputs)
    while waiting:
        for address, analysed in analyser.finished():
            waiting.discard(address)
            faults += analysed.diagnostics
            if (recipe := analysed.recipe) is not None:
                test = tests[address].test
                nodes.append(QueryNode(address, recipe.rows, recipe.shape, inputs[address], analysed.body, test))
    return nodes, faults
