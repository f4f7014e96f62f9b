"""A graph that differs in a few texts from one that was linked before: only those, and what they reach, are looked at.

What a whole link finds out is kept in the cache: a list of the nodes, and a short row for each. Where then nothing but
texts of SQL files differs, and they read what they read before, those texts are analysed and nothing else. Whatever is
unusual (a fault, a warning, another input, a file that came or went) is left to the whole link.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address, fold
from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.hashing import Digest, digest
from headgate.core.json_form import dumps, loads, plain

if TYPE_CHECKING:
    from headgate.app.linking.ground import Ground
    from headgate.app.linking.refilling import Refilling
    from headgate.core.declarations import AssetDeclaration, Declarations, File
    from headgate.core.graph import AnyNode, Graph, Node
    from headgate.core.recipe import Read, Shape
    from headgate.plugins.stores.cache import Cache

_LISTS, _TREES, _ROWS = "node lists 3", "node trees", "node rows"
_LISTS_KEPT = 8
_CHANGED_MAX = 50
"""With more changed files than this the whole link is not slower."""

_TEXT_BYTES_MAX = 1_000_000
_LETTERS = {Kind.SOURCE: "s", Kind.EXPOSURE: "e"}
_HEX = 64
_PREFIX = len(digest("")) - _HEX


class NotKept(Exception):
    """A node cannot be given back from what is kept (it is made by Python, or the cache has lost it)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The nodes of a linked graph in its order, and the files that it was linked from; digests stand side by side.

    ``kinds`` has a letter for each node: ``s`` for a source, ``e`` for an exposure, ``a`` for what has a text or rows.
    """

    tree: Digest
    paths: Sequence[str]
    digests: str
    addresses: Sequence[str]
    identities: str
    rows: str
    inputs: Sequence[Sequence[int]]
    kinds: str
    assets: int
    beside: Sequence[Digest]

    def row_key(self, number: int) -> str:
        """Return the key of a node's row."""
        return self.rows[number * _HEX : (number + 1) * _HEX]

    def of_kind(self, letter: str) -> list[Address]:
        """Return the addresses of a kind of node."""
        return [Address(a) for a, kind in zip(self.addresses, self.kinds, strict=True) if kind == letter]

    def file_digests(self) -> dict[str, Digest]:
        """Return the digest of each file."""
        prefix = digest("")[:_PREFIX]
        starts = range(0, len(self.digests), _HEX)
        return {path: Digest(prefix + self.digests[n : n + _HEX]) for path, n in zip(self.paths, starts, strict=True)}

    def changed(self, files: Sequence[File]) -> list[File] | None:
        """Return the files whose contents differ; None where some came or went."""
        if len(files) != len(self.paths):
            return None
        found: list[File] = []
        for number, (file, path) in enumerate(zip(files, self.paths, strict=True)):
            if file.path != path:
                return None
            if file.digest[_PREFIX:] != self.digests[number * _HEX : (number + 1) * _HEX]:
                found.append(file)
        return found


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The new graph as far as it was looked at: ``changed`` nodes are those whose texts differ or that read one so."""

    digest: Digest
    changed: frozenset[Address]
    assets: int
    _nodes: _Nodes
    _readers: Mapping[int, Sequence[int]]

    def node(self, address: Address) -> AnyNode | None:
        """Return a node; None where it is a source. Raises ``NotKept`` where only the whole link has it."""
        return self._nodes.node(address)

    def is_live(self, address: Address) -> bool:
        """Tell whether it is a source without a capture."""
        row = self._nodes.row(address)
        return row["kind"] == Kind.SOURCE.value and not row["captured"]

    def place(self, address: Address) -> int:
        """Return the place of an address in the graph's order."""
        return self._nodes.numbers[address]

    def readers(self, address: Address) -> tuple[Address, ...]:
        """Return who reads an address directly, exposures included."""
        return tuple(Address(self._nodes.listing.addresses[n]) for n in self._readers.get(self.place(address), ()))


def remember(cache: Cache, declarations: Declarations, tree: Digest, graph: Graph, keys: Mapping[Address, str]) -> None:
    """Keep what later links need of this one. ``keys`` are those of the analyses. Cost: 15 microseconds a node."""
    from headgate.core.graph import tests_in
    from headgate.project.identities import identities_beside, identity_of

    texts = {a.address: a for a in declarations.assets}
    numbers = {address: number for number, address in enumerate(graph.nodes)}
    key = _list_key(graph.digest)
    if cache.get(_TREES, (key,)).get(key) == tree:
        return
    rows: dict[str, str] = {}
    order: list[str] = []
    tests = tests_in(graph)
    tested = tests.keys() | {a for found in tests.values() for test in found for a in test.references.values()}
    tested |= {a for query in graph.queries for a in query.inputs}
    for address, node in graph.nodes.items():
        row = _row(node, texts.get(address), keys.get(address, ""))
        text = dumps({**row, "tested": address in tested})
        order.append(digest("row", text)[_PREFIX:])
        rows[order[-1]] = text
    listing = {
        "tree": tree,
        "paths": [file.path for file in declarations.tree],
        "digests": "".join(file.digest[_PREFIX:] for file in declarations.tree),
        "addresses": list(graph.nodes),
        "identities": "".join(identity_of(node)[_PREFIX:] for node in graph.nodes.values()),
        "rows": "".join(order),
        "inputs": [[numbers[i] for i in node.inputs] for node in graph.nodes.values()],
        "kinds": "".join(_LETTERS.get(node.kind, "a") for node in graph.nodes.values()),
        "assets": sum(node.kind not in NOT_SHOWN for node in graph.nodes.values()),
        "beside": identities_beside(graph.queries, declarations.config),
    }
    cache.put(_ROWS, rows)
    cache.put(_LISTS, {key: dumps(listing)})
    cache.put(_TREES, {key: tree})
    cache.forget(_TREES, keep=_LISTS_KEPT)
    cache.forget_all_but(_LISTS, those_of=_TREES)


def listed(cache: Cache, graph: Digest) -> Listing | None:
    """Return the list of a graph's nodes, if it was linked here before."""
    key = _list_key(graph)
    text = cache.get(_LISTS, (key,)).get(key)
    if text is None:
        return None
    found = Listing(**loads(text))
    cache.put(_TREES, {key: found.tree})  # the last to be forgotten
    return found


def relinked(root: Path, ground: Ground, cache: Cache, listing: Listing, files: Sequence[File]) -> (
    Neighbourhood | None
):  # fmt: skip
    """Return the graph that a whole link would make of ``files``; None where only a whole link can tell."""
    from headgate.app.linking.link import CachingAnalyser
    from headgate.app.linking.refilling import Refilling

    changed = listing.changed(files)
    if changed is None or not 0 < len(changed) <= _CHANGED_MAX:
        return None
    analyser = CachingAnalyser(root, ground, cache)
    try:
        refilling = Refilling(root, cache, listing.file_digests, listing.of_kind)
        return _Relinking(root, cache, listing, analyser, refilling).result(changed)
    finally:
        analyser.close()


class _Nodes:
    """Nodes and rows by address, read one by one."""

    def __init__(self, cache: Cache, listing: Listing, dialect: str) -> None:
        self.listing = listing
        self._dialect = dialect
        self.numbers = {address: number for number, address in enumerate(listing.addresses)}
        self.made: dict[Address, Node] = {}
        self._cache = cache
        self._rows: dict[Address, dict[str, Any]] = {}

    def row(self, address: Address) -> dict[str, Any]:
        found = self._rows.get(address)
        if found is None:
            key = self.listing.row_key(self.numbers[address])
            found = self._rows[address] = loads(self._cache.get(_ROWS, (key,))[key])
        return found

    def node(self, address: Address) -> AnyNode | None:
        return self.made.get(address) or self._stored(self.row(address))

    def shape(self, address: Address) -> Shape:
        from headgate.core.recipe import shape_from_json

        made = self.made.get(address)
        return made.recipe.shape if made else shape_from_json(self.row(address)["shape"])

    def volatile(self, address: Address) -> frozenset[Read]:
        from headgate.core.recipe import Aspect, Read
        from headgate.project.link import volatile_of

        made = self.made.get(address)
        if made is not None:
            return frozenset(volatile_of(made))
        return frozenset(Read(address, Aspect(aspect), column) for aspect, column in self.row(address)["volatile"])

    def _stored(self, row: Mapping[str, Any]) -> AnyNode | None:
        from headgate.app.linking.analysing import analysed_from
        from headgate.core.diagnostic import Place
        from headgate.core.graph import ExposureNode, Node
        from headgate.plan.stored_properties import properties_from_json

        if row["kind"] == Kind.SOURCE.value:
            return None
        place, properties = Place(**row["place"]), properties_from_json(row["properties"])
        address = Address(row["address"])
        if row["kind"] == Kind.EXPOSURE.value:
            uses = {Address(a): tuple(columns) for a, columns in row["uses"].items()}
            return ExposureNode(address, uses, place, properties)
        text = self._cache.get("analysis", (row["key"],)).get(row["key"])
        answer = analysed_from(loads(text)) if text is not None else None
        if answer is None or answer.recipe is None:
            raise NotKept(address)
        inputs, recipe = tuple(map(Address, row["inputs"])), answer.recipe
        if properties.loading is not None:
            from headgate.project.loaded_recipes import loaded_recipe

            recipe = loaded_recipe(properties.loading, recipe, self._dialect)
        return Node(address, Kind(row["kind"]), recipe, inputs, answer.body, place, row["file"], properties)


class _Relinking:
    def __init__(self, root: Path, cache: Cache, listing: Listing, analyser: Any, refilling: Refilling) -> None:
        self.root = root
        self.refilling = refilling
        self.listing = listing
        self.analyser = analyser
        self.nodes = _Nodes(cache, listing, analyser.dialect)
        self.readers: dict[int, list[int]] = {}
        for number, inputs in enumerate(listing.inputs):
            for one in inputs:
                self.readers.setdefault(one, []).append(number)

    def result(self, changed: Iterable[File]) -> Neighbourhood | None:
        try:
            return self._result({file.path: file for file in changed})
        except (KeyError, OSError):
            return None  # a row that the cache has lost; a file that is gone

    def _result(self, changed: Mapping[str, File]) -> Neighbourhood | None:
        from headgate.project.identities import graph_digest, identity_of

        waiting = self._starting(changed)
        if waiting is None:
            return None
        heapq.heapify(waiting)
        seen = set(waiting)
        while waiting:
            address = Address(self.listing.addresses[heapq.heappop(waiting)])
            before = self.nodes.shape(address), self.nodes.volatile(address)
            node = self._analysed(address, changed)
            if node is None:
                return None
            self.nodes.made[address] = node
            if self.nodes.shape(address) != before[0] and self.nodes.row(address)["tested"]:
                return None  # a test may speak of a column that is gone
            if (self.nodes.shape(address), self.nodes.volatile(address)) != before:
                for reader in self.readers.get(self.nodes.numbers[address], ()):
                    if reader not in seen:
                        seen.add(reader)
                        heapq.heappush(waiting, reader)
        identities = [self.listing.identities[n : n + _HEX] for n in range(0, len(self.listing.identities), _HEX)]
        for address, node in self.nodes.made.items():
            identities[self.nodes.numbers[address]] = identity_of(node)[_PREFIX:]
        prefix = digest("")[:_PREFIX]
        whole = graph_digest((*(Digest(prefix + one) for one in identities), *self.listing.beside))
        return Neighbourhood(whole, frozenset(self.nodes.made), self.listing.assets, self.nodes, self.readers)

    def _starting(self, changed: Iterable[str]) -> list[int] | None:
        """Return the places of the nodes whose files these are; None where one is no asset's."""
        numbers: list[int] = []
        for path in changed:
            address = path.removeprefix("assets/").removesuffix(".sql").replace("/", ".")
            if not path.endswith(".sql") or address not in self.nodes.numbers:
                return None
            if self.nodes.row(Address(address)).get("path") != path:
                return None
            numbers.append(self.nodes.numbers[Address(address)])
        return numbers

    def _analysed(self, address: Address, changed: Mapping[str, File]) -> Node | None:
        """Return the node of an asset whose text, or an input's columns, are others; None where anything is unusual."""
        from headgate.core.graph import Node
        from headgate.project.analyser import Job
        from headgate.project.contract_checks import contract_faults, is_held
        from headgate.project.declared_columns import mismatches
        from headgate.project.link import loaded, properties_of
        from headgate.project.loading_checks import reserved_names

        asset = self._declared(self.nodes.row(address), changed)
        if asset is None:
            return None
        inputs = tuple(map(Address, self.nodes.row(address)["inputs"]))
        named = self.analyser.names([asset])[address]
        if named.diagnostics or {fold(f"{r.schema}.{r.name}") for r in named.relations} != {fold(i) for i in inputs}:
            return None
        volatile = frozenset(read for i in inputs for read in self.nodes.volatile(i))
        self.analyser.start(Job(asset, {i: self.nodes.shape(i) for i in inputs}, volatile))
        ((_, answer),) = self.analyser.finished()
        recipe, faults = loaded(asset, answer, self.analyser.dialect)
        if recipe is None or faults or answer.diagnostics or answer.clocks or asset.properties.place is None:
            return None
        if any(mismatches(address, asset.properties.columns, recipe.shape, self.analyser.dialect)):
            return None
        if any(reserved_names(address, recipe.shape, None)):
            return None
        node = Node(
            address, asset.kind, recipe, inputs, answer.body,
            asset.properties.place, asset.digest, properties_of(asset, recipe),
        )  # fmt: skip
        return None if is_held(node.properties) and any(contract_faults(node, self.analyser.dialect)) else node

    def _declared(self, row: Mapping[str, Any], changed: Mapping[str, File]) -> AssetDeclaration | None:
        """Return the asset as its file declares it now; None unless all but its text is as it was."""
        from headgate.core.declarations import AssetDeclaration, File
        from headgate.core.diagnostic import Diagnostic
        from headgate.core.hashing import content_digest
        from headgate.plan.stored_properties import properties_from_json
        from headgate.project.templates.marks import has_marks
        from headgate.project.text import decoded

        if Kind(row["kind"]) not in (Kind.TABLE, Kind.VIEW, Kind.INCREMENTAL, Kind.SNAPSHOT):
            return None
        path = row["path"]
        content = (self.root / path).read_bytes()
        expected = changed[path].digest if path in changed else row["content"]
        if len(content) > _TEXT_BYTES_MAX or content_digest([content]) != expected:
            return None
        text = decoded(path, content)
        if isinstance(text, Diagnostic) or head_of(text.text) != row["head"] or not row["head"]:
            return None
        if has_marks(text.text) is not row["template"]:
            return None
        file = File(path, expected, len(content))
        properties = properties_from_json(row["properties"])
        asset = AssetDeclaration(Address(row["address"]), Kind(row["kind"]), file, text.text, properties)
        return self.refilling.filled(asset, Digest(row["content"])) if row["template"] else asset


def head_of(text: str) -> str:
    """Return the digest of all of a text that can hold a header; empty where that cannot be told from its beginning.

    >>> head_of("/* headgate */ select 1") == head_of("/* headgate */ select 2")
    True
    >>> head_of("select 1 /* x */ -- headgate")
    ''
    """
    end = text.find("*/") + 2 if "*/" in text else 0
    if "headgate" in text[end:].casefold() or text.count("/*", 0, end) > 1:
        return ""
    return digest("head", text[:end])


def _row(node: AnyNode, asset: AssetDeclaration | None, key: str) -> dict[str, Any]:
    from headgate.core.graph import ExposureNode, Node
    from headgate.project.link import volatile_of

    row: dict[str, Any] = {"address": node.address, "kind": node.kind.value}
    if isinstance(node, Node):
        row["shape"] = [[c.name, c.type] for c in node.recipe.columns]
        row["volatile"] = sorted([read.aspect.value, read.column] for read in volatile_of(node))
        row["inputs"] = node.inputs
        row["file"] = node.file_digest
        row["path"] = node.place.path if asset is None else asset.file.path
        row["content"] = asset.file.digest if asset is not None else ""
        row["template"] = asset is not None and asset.template is not None
        row["head"] = head_of(asset.template.text if asset.template else asset.text) if asset is not None else ""
        row["key"] = key
    elif isinstance(node, ExposureNode):
        row["uses"] = {address: list(columns) for address, columns in node.uses.items()}
    else:
        row["shape"] = [[c.name, c.type] for c in node.shape]
        row["volatile"] = []
        row["captured"] = node.is_captured
        return row
    row["place"] = plain(node.place)
    row["properties"] = plain(node.properties)
    return row


def _list_key(graph: Digest) -> str:
    from headgate import __version__
    from headgate.app.linking.analyser_number import ANALYSER

    return digest("nodes", __version__, ANALYSER, graph)
