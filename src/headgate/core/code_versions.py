"""Versions of code alone: what would be there, whatever data the sources have.

An incremental goes on with what it holds as long as its recipe, and the recipes of all that it reads, are what they
were when that was loaded; new data is no reason to begin anew. So the versions are computed once more, with the same
rules, over sources that are known by what the repository says of them. A seed is code. Of a function what the
repository says is code, too, and the machine that calls it is not: production may have another Python than a laptop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headgate.core.address import Address, fold
from headgate.core.declarations import FileSource
from headgate.core.graph import AnyNode, Node, SourceNode
from headgate.core.hashing import Digest, digest
from headgate.core.python import PythonBody
from headgate.core.recipe import Read, Recipe, Term
from headgate.core.versions import Versions, plain_versions


class CodeVersions:
    """The versions of code of a graph's nodes, each computed when it is asked for. Cost: as ``plain_versions``."""

    def __init__(self, nodes: Mapping[Address, AnyNode]) -> None:
        self._nodes = nodes
        self._known: dict[Address, Versions] = {}

    def __contains__(self, address: Address) -> bool:
        return address in self._nodes

    def of(self, node: Node) -> Mapping[str, Digest]:
        """Return what identifies the code of a node and of all that it reads: ``rows`` and each ``column NAME``."""
        waiting: list[AnyNode] = [node]
        while waiting:  # a chain of thousands needs no deep stack
            current = waiting[-1]
            missing = [i for i in current.inputs if self._is_made(i) and i not in self._known]
            if missing:
                waiting.extend(self._nodes[i] for i in missing)
                continue
            waiting.pop()
            if isinstance(current, Node) and current.address not in self._known:
                self._known[current.address] = self._versions(_code_of(current))
        found = self._known[node.address]
        return {"rows": found.rows, **{f"column {name}": version for name, version in found.columns.items()}}

    def _is_made(self, address: Address) -> bool:
        return isinstance(self._nodes.get(address), Node)

    def _versions(self, recipe: Recipe) -> Versions:
        found = plain_versions(recipe, self._seen)
        if found is None:
            raise AssertionError("every column that is read has a version of its code")
        return found

    def _seen(self, read: Read) -> Digest:
        node = self._nodes.get(read.address)
        if isinstance(node, SourceNode):
            return _code_of_source(node, read)
        version = self._known[read.address].of(read.aspect, read.column)
        return digest("no such column", read.address, read.column) if version is None else version


def _code_of(node: Node) -> Recipe:
    """Return the recipe, that of a function as the repository alone says it."""
    recipe, body = node.recipe, node.body
    if not isinstance(body, PythonBody) or not body.written:
        return recipe

    def said(item: Term, what: str, name: str = "", type_: str = "") -> Term:
        return Term(digest("function", what, body.written, name, type_), item.reads, item.tainted)

    columns = tuple(replace(one, term=said(one.term, "column", one.name, one.type)) for one in recipe.columns)
    return replace(recipe, rows=said(recipe.rows, "rows"), order=said(recipe.order, "order"), columns=columns)


def _code_of_source(node: SourceNode, read: Read) -> Digest:
    place, column = node.location, read.column
    if isinstance(place, FileSource):
        column = fold(column)  # no file has two columns of which only the case differs
        where: tuple[str, ...] = (place.pattern, place.format, *(f"{k}={v}" for k, v in sorted(place.options.items())))
    else:
        where = (place.schema, place.name)
    return digest("code of source", node.address, where, read.aspect.value, column)
