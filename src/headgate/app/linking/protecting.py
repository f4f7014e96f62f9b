"""The protected columns of a graph: those that are declared, and those that column lineage leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.core.protection import inheriting, protected_columns

if TYPE_CHECKING:
    from headgate.core.address import Address
    from headgate.core.graph import Graph
    from headgate.core.protection import Protected
    from headgate.plugins.stores.cache import Cache


def with_protection(graph: Graph, analyses: Mapping[Address, str], cache: Cache, dialect: str) -> Graph:
    """Return a graph that says which columns are protected.

    Cost: one pass where none is; else the lineage of what reads them, directly or not, which the cache knows.
    """
    if not any(c.is_protected for node in graph.nodes.values() for c in node.properties.columns):
        return graph
    from headgate.app.linking.lineages import Lineages

    lineages = Lineages(graph, analyses, cache, dialect)
    found = protected_columns(graph.nodes, lineages.of)
    lineages.keep()
    return replace(graph, protected={**found, **_of_queries(graph, found, dialect)})


def _of_queries(graph: Graph, protected: Protected, dialect: str) -> Protected:
    """Return the protected columns of the rows that data tests give which are queries of their own."""
    from headgate.app.linking.lineages import lineage_of_test

    reading = [query for query in graph.queries if not protected.keys().isdisjoint(query.inputs)]
    columns = {query.address: inheriting(lineage_of_test(query, graph, dialect), protected) for query in reading}
    return {address: frozenset(names) for address, names in columns.items() if names}
