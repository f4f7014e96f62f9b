"""Lineage as OpenLineage: one event for each dataset of a walk.

OpenLineage knows columns alone. Where an asset reads of another one only which rows there are, or in which order, the
columns that decide this are named instead, however far up they stand: a facet leaves out nothing that steers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.graph import ExposureNode, Node, SourceNode
from headgate.core.lineage import AssetLineage, Edge, Step, Subtype, followed, in_order
from headgate.core.recipe import Aspect, Column, Shape

if TYPE_CHECKING:
    from headgate.app.linking.lineages import Lineages
    from headgate.core.graph import AnyNode, Graph


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset: its columns, and what steers them in columns of other datasets."""

    address: Address
    shape: Shape
    lineage: AssetLineage


def datasets(graph: Graph, lineages: Lineages, addresses: Iterable[Address]) -> Iterator[Dataset]:
    """Yield the datasets of these addresses, inputs before readers."""
    wanted = set(addresses)
    for address, node in graph.nodes.items():
        if address in wanted:
            yield Dataset(address, _shape(node, graph.nodes), _spelled_out(lineages, address))


def events(found: Iterable[Dataset], *, namespace: str, at: str) -> list[dict[str, Any]]:
    """Return their events."""
    from headgate import __version__
    from headgate.plugins.exporters.openlineage import Exporter

    exporter = Exporter(namespace, f"urn:headgate:{__version__}")
    return [exporter.dataset_event(d.address, d.shape, d.lineage, at=at) for d in found]


def _spelled_out(lineages: Lineages, address: Address) -> AssetLineage:
    found = lineages.of(address)
    named = _named((*found.rows, *found.order))
    by_column = {name: _named(edges) for name, edges in found.columns.items()}
    everywhere = named.union(frozenset.intersection(*by_column.values()) if by_column else ())
    rows = _columns_of(found.rows, lineages, everywhere)
    told = {edge for edge in rows if edge.subtype is not Subtype.OPAQUE}
    columns = {
        name: in_order(_columns_of(edges, lineages, named | by_column[name]) - told)
        for name, edges in found.columns.items()
    }
    order = _columns_of(found.order, lineages, everywhere) - rows
    return AssetLineage(columns, in_order(rows), in_order(order), found.opaque)


def _named(edges: Iterable[Edge]) -> frozenset[Address]:
    """Return the assets of which columns are named: they come with the rows that they stand in."""
    return frozenset(edge.read.address for edge in edges if edge.read.aspect is Aspect.COLUMN)


def _columns_of(edges: Iterable[Edge], lineages: Lineages, named: frozenset[Address]) -> set[Edge]:
    """Return the edges to columns, and those to what decides rows and orders of assets of which no column is named."""
    found: set[Edge] = set()
    pending = list(edges)
    seen = set(pending)
    while pending:
        edge = pending.pop()
        read = edge.read
        if read.aspect is Aspect.COLUMN:
            found.add(edge)
        elif read.aspect is Aspect.ORDER or read.address not in named:
            step = Step(edge.subtype, edge.masking)
            further = {followed(step, one) for one in lineages.of(read.address).of(read)} - seen
            seen |= further
            pending += further
    return found


def _shape(node: AnyNode, nodes: Mapping[Address, AnyNode]) -> Shape:
    if isinstance(node, Node):
        return node.recipe.shape
    if isinstance(node, SourceNode):
        return node.shape
    return tuple(_used(node, nodes))


def _used(node: ExposureNode, nodes: Mapping[Address, AnyNode]) -> Iterator[Column]:
    """Yield the columns of an exposure: those of its first asset go before others of the same name."""
    given: set[str] = set()
    for address, names in node.uses.items():
        types = {column.name: column.type for column in _shape(nodes[address], nodes)}
        for name in names:
            if name not in given:
                given.add(name)
                yield Column(name, types.get(name, ""))
