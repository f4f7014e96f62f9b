"""The digest of a graph: two with the same one give the same plan, down to the words that it shows."""

from __future__ import annotations

from collections.abc import Iterable

from headgate.core.declarations import Config, FileSource
from headgate.core.graph import AnyNode, Node, QueryNode, SourceNode
from headgate.core.hashing import Digest, digest
from headgate.core.properties import told_of_node, told_of_test, told_settings


def graph_digest(identities: Iterable[Digest]) -> Digest:
    """Return the digest of a graph with these identities: of its nodes in their order, then of what stands beside."""
    return digest("graph", "".join(identities))


def identities_beside(queries: Iterable[QueryNode], config: Config) -> tuple[Digest, ...]:
    """Return the digests of what a plan can depend on beside the nodes: tests that are queries, settings that count."""
    settings = (f"{name} {text}" for name, text in sorted(told_settings(config).items()))
    return (*map(identity_of_query, queries), digest("settings", *settings))


def identity_of(node: AnyNode) -> Digest:
    """Return the digest of what a plan can depend on of one node, the words it shows included."""
    return digest("node", *_facts(node))


def _facts(node: AnyNode) -> tuple[str | tuple[str, ...], ...]:
    told = sorted(told_of_node(node).items())
    facts: tuple[str | tuple[str, ...], ...] = (
        node.address, node.kind.value, str(node.place), node.inputs, *(f"{name} {text}" for name, text in told),
    )  # fmt: skip
    if isinstance(node, Node):
        return (*facts, node.recipe.digest(), node.file_digest, *(c.name for c in node.recipe.columns))
    if isinstance(node, SourceNode):
        place = node.location
        where = (place.pattern,) if isinstance(place, FileSource) else (place.schema, place.name)
        shape = tuple(f"{c.name} {c.type}" for c in node.shape)
        return (*facts, *where, node.token or "", str(node.is_captured), *shape)
    return (*facts, *(f"{address}.{c}" for address, columns in sorted(node.uses.items()) for c in columns))


def identity_of_query(query: QueryNode) -> Digest:
    """Return the digest of what a plan can depend on of one test."""
    return digest("query test", query.address, query.rows.hash, query.inputs, query.body.text, told_of_test(query.test))
