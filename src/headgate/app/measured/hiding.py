"""Which columns of what is compared nobody may see, also where a table is named as it stands in an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold
from headgate.core.declarations import TableSource

if TYPE_CHECKING:
    from headgate.core.graph import Graph
    from headgate.core.ports.store import Reading
    from headgate.core.protection import Protected
    from headgate.core.recipe import Shape
    from headgate.core.records import Pointer


@dataclass(frozen=True, slots=True)
class Hiding:
    """What is known of protection: the graph of the working tree, None where that has faults, and the state.

    Where nobody knows what is protected, all of it is.
    """

    reading: Reading
    graph: Graph | None

    @property
    def hides_words(self) -> bool:
        """Tell whether what an engine says may quote a protected value."""
        return self.graph is None or bool(self.graph.protected)

    def of_shown(self, chosen: Iterable[Address], *sides: Mapping[Address, Pointer]) -> Protected:
        """Return what is protected of what two environments show."""
        if self.graph is not None:
            return self.graph.protected
        shapes = {address: [side[address].shape for side in sides if address in side] for address in chosen}
        return {address: frozenset[str]().union(*map(_all_of, found)) for address, found in shapes.items()}

    def of_address(self, address: Address, shape: Shape) -> frozenset[str]:
        """Return the columns, folded, that are protected of what an environment shows."""
        if self.graph is None:
            return _all_of(shape)
        return self.graph.protected.get(address, frozenset())

    def of_table(self, table: TableSource, shape: Shape) -> frozenset[str]:
        """Return the columns, folded, that are protected of a table as it is called in an engine.

        It may be the view of an asset in an environment, the physical table of a build, a source, or a copy that is
        called as one of them. Of what an environment shows and the working tree does not know, all columns are. What is
        none of these is somebody else's, and nothing is known of it. Cost: for a name that the working tree does not
        know, the pointers of all environments.
        """
        if self.graph is None:
            return _all_of(shape)
        if not self.graph.protected:
            return frozenset()
        nodes = {fold(address): address for address in self.graph.nodes}
        names = frozenset(map(fold, _names(self.graph, table)))
        if names.isdisjoint(nodes):
            return _all_of(shape) if self._is_shown(names) else frozenset()
        return frozenset[str]().union(*(self.graph.protected.get(nodes[one], ()) for one in names & nodes.keys()))

    def _is_shown(self, names: frozenset[str]) -> bool:
        """Tell whether some environment shows one of the names, folded."""
        from headgate.release.stored import read_environments, read_pointers

        every = (read_pointers(self.reading, environment) for environment in read_environments(self.reading))
        return any(fold(address) in names for pointers in every for address in pointers)


def _names(graph: Graph, table: TableSource) -> Iterator[Address]:
    """Yield the addresses of which a table may show the rows: a schema of theirs has no two ``_`` in a row."""
    from headgate.core.ports.engine import address_of_physical

    yield Address(f"{table.schema.partition('__')[0]}.{table.name}")
    if (found := address_of_physical(table.name)) is not None:
        yield found
    for address, node in graph.nodes.items():
        place = getattr(node, "location", None)
        if isinstance(place, TableSource) and (fold(place.schema), fold(place.name)) == _called(table):
            yield address


def _called(table: TableSource) -> tuple[str, str]:
    return fold(table.schema), fold(table.name)


def _all_of(shape: Shape) -> frozenset[str]:
    return frozenset(fold(column.name) for column in shape)
