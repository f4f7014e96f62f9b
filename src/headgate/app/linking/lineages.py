"""The lineage of a graph's assets, each told when it is first asked for and kept in the cache by its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.graph import Node, SqlBody
from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads, plain
from headgate.core.lineage import (
    AssetLineage,
    Edge,
    Step,
    Subtype,
    lineage_from_json,
    lineage_of_reads,
    lineage_to_json,
    loaded_lineage,
)
from headgate.core.loading import VALID_FROM, VALID_TO
from headgate.core.recipe import Aspect, Read, Shape

if TYPE_CHECKING:
    from headgate.core.graph import Graph, QueryNode
    from headgate.plugins.stores.cache import Cache

LINEAGE = 2
"""The number of the algorithm. Raise it when the same query must get another lineage: cached ones are told anew."""

_KIND = "lineage"

Neighbours = dict[Read, tuple[Step, ...]]
"""What stands one step away from a node, with how the one steers the other."""


class Lineages:
    """What steers what in one graph. ``analyses`` are the cache's keys of what its texts mean.

    Cost: nothing for an asset that nobody asks for; a look into the cache for one whose text, inputs' columns and kind
    were seen before; else its text is read again, about 1 ms for a query of ten lines.
    """

    def __init__(self, graph: Graph, analyses: Mapping[Address, str], cache: Cache, dialect: str = "duckdb") -> None:
        self._dialect = dialect
        self._graph = graph
        self._analyses = analyses
        self._cache = cache
        self._readers = graph.readers()
        self._known: dict[Address, AssetLineage] = {}
        self._new: dict[str, str] = {}
        self._steered: dict[Address, dict[Read, Neighbours]] = {}

    def of(self, address: Address) -> AssetLineage:
        """Return what steers an asset."""
        found = self._known.get(address)
        if found is None:
            found = self._known[address] = self._found(address)
        return found

    def upstream(self, node: Read) -> Neighbours:
        """Return what steers a node directly, a column's own edges before those of its rows."""
        found: Neighbours = {}
        for edge in self.of(node.address).of(node):
            found[edge.read] = (*found.get(edge.read, ()), Step(edge.subtype, edge.masking))
        return found

    def downstream(self, node: Read) -> Neighbours:
        """Return what a node steers directly. What it does to an asset's rows stands for all columns of that asset."""
        found: Neighbours = {}
        for reader in self._readers[node.address]:
            found.update(self._steered_of(reader).get(node, {}))
        return found

    def keep(self) -> None:
        """Let the cache keep what was told anew."""
        self._cache.put(_KIND, self._new)
        self._new = {}

    def _steered_of(self, reader: Address) -> dict[Read, Neighbours]:
        """Return for each node that an asset reads what of the asset it steers."""
        if reader not in self._steered:
            lineage = self.of(reader)
            targets = [(Read(reader, Aspect.COLUMN, name), edges) for name, edges in lineage.columns.items()]
            targets += [(Read(reader, Aspect.ROWS), lineage.rows), (Read(reader, Aspect.ORDER), lineage.order)]
            found = self._steered[reader] = {}
            for target, edges in targets:
                for edge in edges:
                    steered = found.setdefault(edge.read, {})
                    steered[target] = (*steered.get(target, ()), Step(edge.subtype, edge.masking))
        return self._steered[reader]

    def _found(self, address: Address) -> AssetLineage:
        node = self._graph.nodes[address]
        if not isinstance(node, Node) or not isinstance(node.body, SqlBody) or node.recipe.opaque:
            return lineage_of_reads(node)
        loading = node.properties.loading
        found = self._of_query(node, node.body)
        return found if loading is None or found.opaque else loaded_lineage(found, loading)

    def _of_query(self, node: Node, body: SqlBody) -> AssetLineage:
        analysis = self._analyses.get(node.address, "")
        loading = node.properties.loading
        key = digest("lineage", LINEAGE, analysis, *(() if loading is None else (dumps(plain(loading)),)))
        if analysis and (text := self._cache.get(_KIND, (key,)).get(key)) is not None:
            return lineage_from_json(loads(text))
        found = _told(node, body, {i: _shape(self._graph, i) for i in node.inputs}, self._dialect)
        if analysis:
            self._new[key] = dumps(lineage_to_json(found))
        return found


def _told(node: Node, body: SqlBody, inputs: Mapping[Address, Shape], dialect: str) -> AssetLineage:
    from headgate.sql.lineage import lineage_of_query
    from headgate.sql.tree import parse

    query = parse(body.text, node.place.path, dialect)
    names = [column.name for column in node.recipe.columns]
    loading = node.properties.loading
    if loading is not None and loading.tracking is not None:
        names = names[: -len((VALID_FROM, VALID_TO))]
    found = lineage_of_query(query, inputs, names)
    return found or replace(lineage_of_reads(node), opaque="how it comes to its columns cannot be told")


def lineage_of_test(query: QueryNode, graph: Graph, dialect: str) -> AssetLineage:
    """Return what steers the rows that a data test gives which is a query. Cost: about 1 ms; nothing is kept."""
    from headgate.sql.lineage import lineage_of_query
    from headgate.sql.tree import parse

    inputs = {address: _shape(graph, address) for address in query.inputs}
    names = [column.name for column in query.shape]
    found = lineage_of_query(parse(query.body.text, "", dialect), inputs, names)
    if found is not None:
        return found
    reads = tuple(Edge(Read(address, Aspect.ROWS), Subtype.OPAQUE) for address in query.inputs)
    return AssetLineage(dict.fromkeys(names, reads), opaque="how it comes to its columns cannot be told")


def _shape(graph: Graph, address: Address) -> Shape:
    node = graph.nodes[address]
    if isinstance(node, Node):
        return node.recipe.shape
    return getattr(node, "shape", ())
