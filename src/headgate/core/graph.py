"""The graph: every asset of the repository with its recipe and its inputs, in topological order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from headgate.core.address import Address
from headgate.core.declarations import FileSource, Kind, Properties, TableSource
from headgate.core.diagnostic import Place
from headgate.core.hashing import Digest
from headgate.core.recipe import Recipe, Shape, Term

if TYPE_CHECKING:
    from headgate.core.promises import DeclaredTest
    from headgate.core.python import PythonBody
    from headgate.core.template import Template


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a SQL text where an input is named: characters ``start`` to ``end`` give way to the physical relation.

    ``alias`` is written behind it (`` as flights``) where the user gave none; with ``is_column`` it is instead all that
    is written (``staging.flights.x`` becomes ``flights.x``).
    """

    start: int
    end: int
    address: Address
    alias: str = ""
    is_column: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place in a SQL text where ``:start`` or ``:end`` stands: characters ``begin`` to ``end``, with the colon."""

    begin: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class SqlBody:
    """The user's SELECT and where in it inputs are named. ``line`` is the file's line on which the text begins.

    It is 0 where the text stands in no file.

    ``lines`` are the lines of the file, from 1, on which the output columns begin: 0, or none at all, where that is
    not known. With ``template`` the text is what that gave: its lines are not those of the file.
    """

    text: str
    references: tuple[Reference, ...]
    line: int = 1
    lines: tuple[int, ...] = ()
    template: Template | None = None
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class SeedBody:
    """A CSV file of the repository and its digest; read again, and checked, when it is built."""

    path: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Node:
    """An asset with a recipe, linked: inputs are sorted addresses; ``file_digest`` is that of its text.

    Its loading is among the properties.
    """

    address: Address
    kind: Kind
    recipe: Recipe
    inputs: tuple[Address, ...]
    body: SqlBody | SeedBody | PythonBody
    place: Place
    file_digest: Digest
    properties: Properties


@dataclass(frozen=True, slots=True)
class SourceNode:
    """A source. ``shape`` is empty where nothing is known of it yet.

    ``token`` is the digest over its files' contents, exact; None for a table of the engine, whose captures are
    numbered. ``is_captured``: a table or a view reads it, so that apply captures it.
    """

    address: Address
    location: FileSource | TableSource
    shape: Shape
    token: Digest | None
    is_captured: bool
    place: Place
    properties: Properties

    @property
    def kind(self) -> Kind:
        """Always ``Kind.SOURCE``."""
        return Kind.SOURCE

    @property
    def inputs(self) -> tuple[Address, ...]:
        """A source has none."""
        return ()


@dataclass(frozen=True, slots=True)
class ExposureNode:
    """An exposure; ``uses`` maps each input to the columns that are read of it (all of them spelled out)."""

    address: Address
    uses: Mapping[Address, tuple[str, ...]]
    place: Place
    properties: Properties

    @property
    def kind(self) -> Kind:
        """Always ``Kind.EXPOSURE``."""
        return Kind.EXPOSURE

    @property
    def inputs(self) -> tuple[Address, ...]:
        """The assets that it reads, sorted."""
        return tuple(sorted(self.uses))


@dataclass(frozen=True, slots=True)
class QueryNode:
    """A data test that is a query over assets and sources: its rows fail.

    ``rows`` is the term of which rows it gives, ``shape`` are their columns.
    """

    address: Address
    rows: Term
    shape: Shape
    inputs: tuple[Address, ...]
    body: SqlBody
    test: DeclaredTest


AnyNode: TypeAlias = Node | SourceNode | ExposureNode


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes by address, inputs before readers; ties by address. ``digest`` covers all that a plan can depend on.

    ``queries`` are the data tests that are queries, by ``tests.NAME``. ``protected`` are the columns whose values are
    not shown, folded, of assets and of such tests (``core/protection.py``).
    """

    nodes: Mapping[Address, AnyNode]
    digest: Digest
    queries: tuple[QueryNode, ...] = ()
    protected: Mapping[Address, frozenset[str]] = field(default_factory=dict)

    def readers(self) -> Mapping[Address, tuple[Address, ...]]:
        """Return who reads each node directly. Cost: one pass over all inputs."""
        found: dict[Address, list[Address]] = {address: [] for address in self.nodes}
        for address, node in self.nodes.items():
            for source in node.inputs:
                found[source].append(address)
        return {address: tuple(readers) for address, readers in found.items()}


def scheduled_in(graph: Graph) -> frozenset[Address]:
    """Return the tables, views and loads that take new data in when their schedule says so. Cost: one pass."""
    return frozenset(a for a, node in graph.nodes.items() if isinstance(node, Node) and node.properties.cron)


def tests_in(graph: Graph) -> Mapping[Address, tuple[DeclaredTest, ...]]:
    """Return the declared tests of assets and sources, of those that have any. Cost: one pass."""
    return {address: tests for address, node in graph.nodes.items() if (tests := tests_of_node(node))}


def tests_of_node(node: AnyNode) -> tuple[DeclaredTest, ...]:
    """Return the declared tests of a node, with the one that the freshness of a source is; an exposure has none."""
    from headgate.core.promises import test_of_freshness

    if isinstance(node, ExposureNode):
        return ()
    return (*node.properties.tests, *test_of_freshness(node.properties.freshness))
