"""What an engine cannot show, told when it is planned: names that are too long for it, views over files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.core.address import Address, environment_schema, split
from headgate.core.declarations import FileSource, Kind
from headgate.core.diagnostic import Diagnostic, in_order
from headgate.core.errors import Refused
from headgate.core.graph import Node, SourceNode

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.graph import Graph

NAME_BYTES_MAX = 63
"""PostgreSQL cuts off what is longer, in silence."""


def refuse_unfit(session: Session, graph: Graph, environment: str, *, engine: str) -> None:
    """Raise ``Refused`` with everything that the environment's engine could not show. Cost: one pass over the nodes."""
    if session.config.engines[engine].kind != "postgres":
        return
    found = [*_long_names(session, graph, environment), *_views_over_files(graph)]
    if found:
        raise Refused(in_order(found))


def _long_names(session: Session, graph: Graph, environment: str) -> Iterator[Diagnostic]:
    is_bare = session.config.bare == environment
    for address, node in graph.nodes.items():
        if not isinstance(node, Node):
            continue
        schema, name = split(address)
        for text in (environment_schema(schema, environment, bare=is_bare), name):
            if len(text.encode()) > NAME_BYTES_MAX:
                summary = f"{text} has {len(text.encode())} bytes; names in PostgreSQL have {NAME_BYTES_MAX} at most"
                hint = "Give the asset, its schema or the environment a shorter name."
                yield Diagnostic("HG404", summary, node.place, hint)


def _views_over_files(graph: Graph) -> Iterator[Diagnostic]:
    for address, node in graph.nodes.items():
        if not isinstance(node, Node) or node.kind is not Kind.VIEW:
            continue
        for name in map(Address, node.inputs):
            source = graph.nodes.get(name)
            if isinstance(source, SourceNode) and isinstance(source.location, FileSource):
                summary = f"{address} is a view over files ({name}), which PostgreSQL cannot read where they are"
                yield Diagnostic("HG405", summary, node.place, "Make it a table: files are copied in for tables.")
