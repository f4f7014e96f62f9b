"""Small worlds for tests of planning: assets described in a few words, and a state that applies plans purely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headgate.core.address import Address
from headgate.core.declarations import File, FileSource, Kind, Properties, TableSource
from headgate.core.diagnostic import Place
from headgate.core.graph import AnyNode, ExposureNode, Graph, Node, Reference, SeedBody, SourceNode, SqlBody
from headgate.core.hashing import Digest, digest
from headgate.core.plan import Action, Origin, Plan, Step
from headgate.core.recipe import Aspect, Column, ColumnRecipe, Read, Recipe, Term, reading, term
from headgate.core.records import Build, BuildStatus, Capture, EnvironmentRecord, Pointer
from headgate.core.reuse import stands_for
from headgate.core.snapshot import Shown, Snapshot
from headgate.core.versions import (
    Versions,
    build_id,
    build_key,
    live_version,
    plain_versions,
    published_versions,
    source_key,
    source_versions,
)
from headgate.plan.make import make_plan

ORIGIN = Origin(digest("tree"), (File("assets/a.sql", digest("file"), 1),), "3f2c1ab", is_git=True)


@dataclass(frozen=True)
class Col:
    """An output column: ``salt`` stands for its expression, ``reads`` are ``schema.name.column``."""

    salt: int = 0
    reads: tuple[str, ...] = ()
    follows_rows: bool = False
    tainted: bool = False
    type: str = "INTEGER"


@dataclass(frozen=True)
class Asset:
    """A table, view or seed: its columns, and what steers its rows."""

    columns: Mapping[str, Col]
    inputs: tuple[str, ...] = ()
    kind: Kind = Kind.TABLE
    salt: int = 0
    steering: tuple[str, ...] = ()
    tainted_rows: bool = False


@dataclass(frozen=True)
class Src:
    """A source; with ``content`` it is a file, without a table of the engine."""

    columns: tuple[str, ...]
    content: str | None = None
    type: str = "INTEGER"


@dataclass(frozen=True)
class Exposure:
    """A dashboard and what it reads: ``schema.name.column``."""

    reads: tuple[str, ...]


World = Mapping[str, "Asset | Src | Exposure"]
"""Inputs before readers."""


def graph_of(world: World) -> Graph:
    """Return the linked graph. Reads of what does not exist (any more) are left out."""
    columns = {name: tuple(item.columns) for name, item in world.items() if not isinstance(item, Exposure)}
    captured = _captured(world)
    nodes: dict[Address, AnyNode] = {}
    for name, item in world.items():
        address, place = Address(name), Place(f"assets/{name}.sql", 1)
        if isinstance(item, Src):
            nodes[address] = _source(address, item, place, is_captured=name in captured)
        elif isinstance(item, Exposure):
            uses: dict[Address, list[str]] = {}
            for owner, column in _existing(item.reads, columns, tuple(columns)):
                uses.setdefault(owner, []).append(column)
            nodes[address] = ExposureNode(
                address, {a: tuple(names) for a, names in uses.items()}, place, Properties(owner="ops")
            )
        else:
            nodes[address] = _node(address, item, place, columns)
    return Graph(nodes, digest("graph", repr(world)))


def _source(address: Address, item: Src, place: Place, *, is_captured: bool) -> SourceNode:
    shape = tuple(Column(c, item.type) for c in item.columns)
    if item.content is None:
        return SourceNode(address, TableSource("main", "t"), shape, None, is_captured, place, Properties())
    file = File(f"data/{address}.csv", digest("content", item.content), len(item.content))
    location = FileSource(file.path, "csv", (file,), {"header": "true"})
    return SourceNode(address, location, shape, digest("files", file.digest), is_captured, place, Properties())


def _node(address: Address, item: Asset, place: Place, columns: Mapping[str, tuple[str, ...]]) -> Node:
    inputs = tuple(sorted(Address(i) for i in item.inputs if i in columns))
    rows = term(
        "rows",
        item.salt,
        *(reading(i, Aspect.ROWS) for i in inputs),
        *(reading(a, Aspect.COLUMN, c) for a, c in _existing(item.steering, columns, inputs)),
        tainted=item.tainted_rows,
    )
    outputs = tuple(
        ColumnRecipe(name, col.type, _column(col, rows, _existing(col.reads, columns, inputs)))
        for name, col in item.columns.items()
    )
    body: SqlBody | SeedBody
    if item.kind is Kind.SEED:
        body = SeedBody(f"assets/{address}.csv", digest("seed", item.salt))
    else:
        body = SqlBody("select " + " " * len(inputs), tuple(Reference(7 + n, 8 + n, i) for n, i in enumerate(inputs)))
    recipe = Recipe(item.kind.value, rows, term("order", 0), outputs)
    return Node(address, item.kind, recipe, inputs, body, place, digest("file", repr(item)), Properties(owner="ops"))


def _column(col: Col, rows: Term, reads: tuple[tuple[Address, str], ...]) -> Term:
    parts = [reading(a, Aspect.COLUMN, c) for a, c in reads]
    return term("column", col.type, col.salt, *parts, *([rows] if col.follows_rows else []), tainted=col.tainted)


def _existing(
    reads: tuple[str, ...], columns: Mapping[str, tuple[str, ...]], inputs: tuple[str, ...]
) -> tuple[tuple[Address, str], ...]:
    pairs = (read.rsplit(".", 1) for read in reads)
    return tuple((Address(a), c) for a, c in pairs if a in inputs and c in columns.get(a, ()))


def _captured(world: World) -> set[str]:
    """Return what a table reads, directly or through views."""
    needed: set[str] = set()
    for name, item in reversed(world.items()):
        if isinstance(item, Asset) and (item.kind is not Kind.VIEW or name in needed):
            needed.update(item.inputs)
    return needed


@dataclass
class State:
    """Recorded state in memory. ``apply`` does to it what apply does, without data."""

    engine: str = "local"
    builds: dict[Digest, Build] = field(default_factory=dict)
    pointers: dict[str, dict[Address, Pointer]] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)
    captures: dict[Address, Capture] = field(default_factory=dict)
    recipes: dict[Digest, Recipe] = field(default_factory=dict)
    made: int = 0

    def snapshot(self, name: str, beside: str | None = None) -> Snapshot:
        return Snapshot(
            name=name,
            shown=self._shown(name),
            beside=self._shown(beside) if beside else None,
            captures=self.captures,
            build=self.builds.get,
            find=self._find,
            recipe=self.recipes.get,
            timed=lambda address: next((b for b in reversed(self.builds.values()) if b.address == address), None),
            is_newest_load=lambda _build: False,
        )

    def plan(self, world: World, name: str = "dev", **options: object) -> Plan:
        beside = options.pop("beside", None)
        snapshot = self.snapshot(name, beside)  # type: ignore[arg-type]
        return make_plan(graph_of(world), snapshot, ORIGIN, project="p", engine=self.engine, **options)  # type: ignore[arg-type]

    def apply(self, plan: Plan) -> None:
        shown = dict(self.pointers.get(plan.environment, {}))
        assert plan.entries == {a: p.build for a, p in shown.items()}
        built: dict[Address, Build] = {}
        for step in plan.steps:
            if step.action is Action.REMOVE:
                del shown[step.address]
                continue
            if step.action in (Action.CAPTURE, Action.BUILD):
                build = self._make(step, built)
            else:
                assert step.build is not None
                build = self.builds[step.build]
            assert build.status is BuildStatus.SEALED
            assert frozenset(step.shape) == frozenset(build.shape)
            built[step.address] = build
            shown[step.address] = Pointer(build.id, step.kind, step.shape)
        self.pointers[plan.environment] = shown
        self.serials[plan.environment] = plan.serial + 1

    def lose(self, build: Digest) -> None:
        self.builds[build] = replace(self.builds[build], status=BuildStatus.DOOMED)

    def broken(self, name: str) -> list[tuple[Address, Read]]:
        """Return the recorded reads that differ from what the environment shows."""
        pointers = self.pointers[name]
        found = []
        for address, pointer in pointers.items():
            for read, version in self.builds[pointer.build].reads.items():
                shown = pointers.get(read.address)
                now = self.builds[shown.build].versions.of(read.aspect, read.column) if shown else live_version(read)
                if now != version:
                    found.append((address, read))
        return found

    def _shown(self, name: str) -> Shown | None:
        if name not in self.pointers:
            return None
        return Shown(EnvironmentRecord(name, self.engine, self.serials[name]), self.pointers[name])

    def _find(self, key: Digest) -> tuple[Build, ...]:
        found = [b for b in self.builds.values() if b.key == key and b.status is BuildStatus.SEALED]
        return tuple(reversed(found))

    def _make(self, step: Step, built: Mapping[Address, Build]) -> Build:
        node = step.node
        reads: dict[Read, Digest] = {}
        if isinstance(node, SourceNode):
            assert step.capture is not None
            plain = source_versions(step.capture.token, step.shape)
            key, recipe = source_key(node.location, step.shape, plain), Digest("")
        else:
            assert isinstance(node, Node)
            key, plain, reads = self._versions(node, built)
            recipe = node.recipe.digest()
            same = [b for b in self._find(key) if stands_for(b, node, recipe)]
            if same:
                return same[0]
        assert step.key in (None, key)
        return self._record(step, key, plain, reads, {a: built[a].id for a in step.inputs if a in built})

    def _versions(self, node: Node, built: Mapping[Address, Build]) -> tuple[Digest, Versions, dict[Read, Digest]]:
        reads: dict[Read, Digest] = {}

        def seen(read: Read) -> Digest | None:
            if read.address not in built:
                version: Digest | None = live_version(read)
            else:
                version = built[read.address].versions.of(read.aspect, read.column)
            assert version is not None
            reads[read] = version
            return version

        plain = plain_versions(node.recipe, seen)
        assert plain is not None
        return build_key(node.recipe.kind, node.recipe.shape, plain), plain, reads

    def _record(
        self, step: Step, key: Digest, plain: Versions, reads: dict[Read, Digest], inputs: dict[Address, Digest]
    ) -> Build:
        self.made += 1
        identity = build_id(key, str(self.made))
        node = step.node
        recipe, versions = Digest(""), plain
        if isinstance(node, Node):
            recipe, versions = node.recipe.digest(), published_versions(node.recipe, plain, identity)
            self.recipes[recipe] = node.recipe
        build = Build(
            id=identity,
            key=key,
            address=step.address,
            kind=step.kind,
            engine=self.engine,
            shape=step.shape,
            recipe=recipe,
            versions=versions,
            reads=reads,
            inputs=inputs,
            relation="" if step.kind is Kind.VIEW else f"r{self.made}",
            status=BuildStatus.SEALED,
            created_at=f"2026-11-21T00:00:00.{self.made:06d}Z",
            rows=100,
            seconds=0.5,
            body=node.body if isinstance(node, Node) and isinstance(node.body, SqlBody) else None,
            location=node.location if isinstance(node, SourceNode) else None,
            capture=replace(step.capture, build=identity) if step.capture else None,
        )
        self.builds[identity] = build
        if build.capture:
            self.captures[step.address] = build.capture
        return build


def actions(plan: Plan) -> dict[str, str]:
    """Return what the plan does with each address that is not kept."""
    return {str(s.address): s.action.value for s in plan.steps if s.action is not Action.KEEP}


def step_of(plan: Plan, address: str) -> Step:
    """Return the step of ``address``."""
    return next(step for step in plan.steps if step.address == address)
