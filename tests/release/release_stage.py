"""A stage for releases: a small project whose values can be worked out by hand, on any store and engine.

Every asset has one row with one column ``x``: the sum of its inputs' ``x`` and a constant of its own. So what an
environment ought to show follows from its code and from the values that its sources had when they were captured.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headgate.core.address import Address, environment_schema, split
from headgate.core.build_forms import build_to_json
from headgate.core.declarations import File, Kind, Properties, TableSource
from headgate.core.diagnostic import Place
from headgate.core.graph import Graph, Node, Reference, SourceNode, SqlBody
from headgate.core.hashing import Digest, content_digest, digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.engine import BuildJob, CaptureInput, Engine, SelectInput, physical_name
from headgate.core.ports.store import Batch, Entry, Lease, Reading, StateStore
from headgate.core.properties import PropertyChanges
from headgate.core.recipe import Aspect, Column, ColumnRecipe, Read, Recipe, Term, reading, recipe_to_json, term
from headgate.core.records import Build, BuildStatus, Capture, Collection, Move, MoveKind, Pointer, pin_key
from headgate.core.snapshot import Snapshot
from headgate.core.versions import (
    Versions,
    build_id,
    build_key,
    plain_versions,
    published_versions,
    source_versions,
)
from headgate.release.bindings import Bindings
from headgate.release.choose import Code
from headgate.release.closure import broken_reads
from headgate.release.collect import CollectionPlan, collect
from headgate.release.history import move_key, read_moves, rollback_shown
from headgate.release.intended import Intended
from headgate.release.promote import PromotionPlan, plan_promotion
from headgate.release.publish import publish
from headgate.release.record import Recording
from headgate.release.recover import Recovery, recover
from headgate.release.rollback import RollbackPlan, plan_rollback
from headgate.release.snapshot import take_snapshot
from headgate.release.source_code import keep_tree, tree_digest
from headgate.release.stored import StoredBuilds, read_environments, read_pointers
from headgate.release.verify import verify
from headgate.sql.bind import bound, inlined
from tests.fakes.signer import FakeSigner, is_signed

SHAPE = (Column("x", "BIGINT"),)
ENGINE = "local"
LEASE = "engine/local"
RETAIN = 10


@dataclass(frozen=True)
class Asset:
    """``inputs`` are addresses; ``constant`` is what an edit changes."""

    kind: Kind
    inputs: tuple[str, ...] = ()
    constant: int = 0
    tainted: bool = False


Project = Mapping[str, Asset]

BASE: Project = {
    "raw.s": Asset(Kind.SOURCE),
    "raw.t": Asset(Kind.SOURCE),
    "staging.a": Asset(Kind.TABLE, ("raw.s",), 10),
    "staging.v": Asset(Kind.VIEW, ("raw.t",), 200),
    "marts.m": Asset(Kind.TABLE, ("staging.a", "staging.v"), 3_000),
    "marts.w": Asset(Kind.VIEW, ("marts.m", "staging.v"), 40_000),
}


def edited(project: Project, address: str, **changes: Any) -> Project:
    return {**project, address: replace(project[address], **changes)}


def without(project: Project, address: str) -> Project:
    return {a: asset for a, asset in project.items() if a != address}


def graph_of(project: Project) -> Graph:
    nodes: dict[Address, Any] = {}
    for name, asset in project.items():
        address, place = Address(name), Place(f"assets/{name.replace('.', '/')}.sql", 1)
        if asset.kind is Kind.SOURCE:
            nodes[address] = SourceNode(address, TableSource(*split(address)), SHAPE, None, True, place, Properties())
        else:
            body, recipe = body_of(asset), recipe_of(asset)
            inputs = tuple(sorted(map(Address, asset.inputs)))
            nodes[address] = Node(address, asset.kind, recipe, inputs, body, place, Digest("h1:f"), Properties())
    return Graph(nodes, digest("graph", dumps({a: node.kind.value for a, node in nodes.items()}), tree_of(project)))


def body_of(asset: Asset) -> SqlBody:
    text, references = f"select {asset.constant}", []
    for name in asset.inputs:
        start = len(text) + len(" + (select x from ")
        text += f" + (select x from {name})"
        references.append(Reference(start, start + len(name), Address(name), "i"))
    return SqlBody(f"{text} as x", tuple(references))


def recipe_of(asset: Asset) -> Recipe:
    rows = [reading(Address(a), Aspect.ROWS) for a in asset.inputs]
    columns = [reading(Address(a), Aspect.COLUMN, "x") for a in asset.inputs]
    x = term("sum", asset.constant, *rows, *columns, tainted=asset.tainted)
    empty = Term(digest("one row"))
    return Recipe(asset.kind.value, empty, empty, (ColumnRecipe("x", "BIGINT", x),))


def files_of(project: Project) -> tuple[tuple[File, ...], Callable[[str], bytes]]:
    contents = {f"assets/{name.replace('.', '/')}.sql": repr(asset).encode() for name, asset in project.items()}
    files = tuple(File(path, content_digest([data]), len(data)) for path, data in contents.items())
    return files, contents.__getitem__


def tree_of(project: Project) -> Digest:
    return tree_digest(files_of(project)[0])


def with_schedules(graph: Graph, addresses: Iterable[str]) -> Graph:
    """Return the graph in which these wait for a time of day."""
    waiting = {Address(a): replace(graph.nodes[Address(a)], properties=Properties(cron="0 6 * * *")) for a in addresses}
    return Graph({**graph.nodes, **waiting}, graph.digest)


def recording_of(environment: str) -> Recording | None:
    """Return what the releases of prod are signed with; None of others, which are not protected."""
    return Recording(FakeSigner(), "shop", "1") if environment == "prod" else None


@dataclass
class Stage:
    """A session of one holder on ``store`` and ``engine``. ``ticks`` is the clock, shared by all sessions."""

    store: StateStore
    engine: Engine
    lease: Lease
    ticks: Any = field(default_factory=lambda: itertools.count(1))
    root: str = "/"

    def clock(self) -> str:
        seconds = next(self.ticks)
        return f"2026-01-01T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"

    def nonce(self) -> str:
        return f"nonce-{next(self.ticks)}"

    def recover(self) -> tuple[Recovery, ...]:
        return recover(store=self.store, engine=self.engine, lease=self.lease, clock=self.clock)

    def apply(
        self, project: Project, environment: str = "dev", *, refresh: Iterable[str] = (), beside: str | None = "prod"
    ) -> Move | None:
        """Build what is lacking and publish it, as ``run`` would."""
        with self.store.reading() as state:
            snapshot = take_snapshot(state, environment=environment, beside=beside, engine=ENGINE)
            builds = self._builds(project, snapshot, frozenset(refresh))
        shown = snapshot.shown
        intended = Intended(
            environment=environment,
            engine=ENGINE,
            expects=shown.record.serial if shown else 0,
            pointers={a: Pointer(b.id, b.kind, SHAPE) for a, b in builds.items()},
            kind=MoveKind.APPLY,
            by="me",
            bare=environment == "prod",
            tree=tree_of(project),
            beside=snapshot.beside.record.serial if snapshot.beside else 0,
        )
        files, read = files_of(project)
        with self.store.reading() as state:
            keeps = keep_tree(files, read, reading=state)
        return self.publish(intended, keeps=keeps)

    def publish(self, intended: Intended, **more: Any) -> Move | None:
        """Publish; what prod shows is recorded and signed, as that of a protected environment."""
        signed = recording_of(intended.environment)
        return publish(
            intended,
            store=self.store,
            engine=self.engine,
            lease=self.lease,
            clock=self.clock,
            nonce=self.nonce,
            root=self.root,
            recording=(lambda: signed) if signed else None,
            **more,
        )

    def promotion(
        self,
        project: Project,
        source: str = "dev",
        target: str = "prod",
        properties: PropertyChanges | None = None,
        scheduled: Iterable[str] = (),
        **more: Any,
    ) -> PromotionPlan:
        given = {"commit": "c0ffee", "is_ancestor": True, **more}
        code = Code(with_schedules(graph_of(project), scheduled), tree_of(project), **given)
        with self.store.reading() as state:
            ours = take_snapshot(state, environment=source, beside=None, engine=ENGINE)
            theirs = take_snapshot(state, environment=target, beside=None, engine=ENGINE)
            moves = read_moves(state, target, after=ours.shown.record.beside if ours.shown else 0)
            rolled_back = rollback_shown(state, target, theirs.shown.record.serial) if theirs.shown else None
            return plan_promotion(
                source=ours, target=theirs, code=code, engine=ENGINE, by="me", bare=target == "prod", moves=moves,
                rolled_back=rolled_back, properties=properties,
            )  # fmt: skip

    def promote(self, project: Project, **more: Any) -> Move | None:
        planned = self.promotion(project, **more)
        return self.publish(planned.intended) if planned.intended else None

    def rollback_plan(self, environment: str = "prod", to: int | None = None, **more: Any) -> RollbackPlan:
        with self.store.reading() as state:
            snapshot = take_snapshot(state, environment=environment, beside=None, engine=ENGINE)
            moves = read_moves(state, environment)
            return plan_rollback(snapshot=snapshot, moves=moves, by="me", to=to, **more)

    def rollback(self, environment: str = "prod", to: int | None = None) -> Move | None:
        planned = self.rollback_plan(environment, to)
        return self.publish(planned.intended) if planned.intended else None

    def collect(self, *drop: str, retain: int = RETAIN) -> CollectionPlan:
        return collect(
            store=self.store,
            engine=self.engine,
            engine_name=ENGINE,
            lease=self.lease,
            clock=self.clock,
            nonce=self.nonce,
            root=self.root,
            by="me",
            retain=lambda name: retain,
            environments_to_drop=drop,
        )

    def _builds(self, project: Project, snapshot: Snapshot, refresh: frozenset[str]) -> Mapping[Address, Build]:
        found: dict[Address, Build] = {}
        for address, node in graph_of(project).nodes.items():
            made: Build | None = None
            if isinstance(node, SourceNode):
                latest = snapshot.captures.get(address)
                captured = snapshot.build(latest.build) if latest else None
                if captured is not None and captured.status is BuildStatus.SEALED and address not in refresh:
                    made = captured
                else:
                    made = self._capture(node, latest.number + 1 if latest else 1)
            elif isinstance(node, Node):
                made = self._found_or_made(node, found, snapshot)
            assert made is not None
            found[address] = made
        return found

    def _found_or_made(self, node: Node, inputs: Mapping[Address, Build], snapshot: Snapshot) -> Build:
        reads: dict[Read, Digest] = {}

        def seen(read: Read) -> Digest | None:
            version = inputs[read.address].versions.of(read.aspect, read.column)
            assert version is not None
            reads[read] = version
            return version

        plain = plain_versions(node.recipe, seen)
        assert plain is not None
        key = build_key(node.recipe.kind, SHAPE, plain)
        own = snapshot.shown.pointers.get(node.address) if snapshot.shown else None
        candidates = [snapshot.build(own.build)] if own else []
        for candidate in [*candidates, *snapshot.find(key)]:
            if candidate is None or candidate.status is not BuildStatus.SEALED:
                continue
            if candidate.key == key and candidate.recipe == node.recipe.digest():
                return candidate
        identity = build_id(key, self.nonce())
        build = self._record(identity, key, node.address, node.kind, plain)
        assert isinstance(node.body, SqlBody)
        build = replace(
            build,
            recipe=node.recipe.digest(),
            versions=published_versions(node.recipe, plain, identity),
            reads=reads,
            inputs={a: inputs[a].id for a in node.inputs},
            relation="" if node.kind is Kind.VIEW else build.relation,
            body=node.body if node.kind is Kind.VIEW else None,
        )
        texts = {a: self._as_input(a, inputs) for a in node.inputs}
        return self._make(build, SelectInput(bound(node.body, texts)), node.recipe)

    def _as_input(self, address: Address, builds: Mapping[Address, Build]) -> str:
        build = builds[address]
        if build.body is None:
            return self.engine.relation(build.relation)
        return inlined(bound(build.body, {r.address: self._as_input(r.address, builds) for r in build.body.references}))

    def _capture(self, node: SourceNode, number: int) -> Build:
        token = digest("capture", node.address, number)
        versions = source_versions(token, SHAPE)
        key = build_key("source", SHAPE, versions)
        identity = build_id(key, self.nonce())
        build = self._record(identity, key, node.address, Kind.SOURCE, versions)
        capture = Capture(token, number, exact=False, build=identity)
        return self._make(
            replace(build, location=node.location, capture=capture), CaptureInput(node.location, ""), None
        )

    def _record(self, identity: Digest, key: Digest, address: Address, kind: Kind, versions: Versions) -> Build:
        return Build(
            id=identity,
            key=key,
            address=address,
            kind=kind,
            engine=ENGINE,
            shape=SHAPE,
            recipe=Digest(""),
            versions=versions,
            reads={},
            inputs={},
            relation=physical_name(address, identity),
            status=BuildStatus.BUILDING,
            created_at=self.clock(),
            fence=self.lease.fence,
        )

    def _make(self, build: Build, source: SelectInput | CaptureInput, recipe: Recipe | None) -> Build:
        """The three writes of a build: the state learns of it, the engine makes it, the state seals it."""
        pin = Entry(Collection.PINS, pin_key(build.id, resource=self.lease.resource, fence=self.lease.fence), "apply")
        entries = [pin, Entry(Collection.BUILDS, build.id, dumps(build_to_json(build)))]
        if recipe is not None:
            entries.append(Entry(Collection.RECIPES, recipe.digest(), dumps(recipe_to_json(recipe))))
        self.store.commit(Batch(tuple(entries), lease=self.lease))
        if build.relation:
            job = BuildJob(build.id, build.address, build.relation, SHAPE, source, self.lease.fence)
            self.engine.build([job])
        sealed = replace(build, status=BuildStatus.SEALED, rows=1, bytes=8 if build.relation else 0)
        entries = [
            Entry(Collection.BUILDS, build.id, dumps(build_to_json(sealed))),
            Entry(Collection.KEYS, f"{build.key}/{build.id}", ""),
        ]
        if build.capture is not None:
            entries.append(Entry(Collection.CAPTURES, f"{ENGINE}/{build.address}", dumps(build.capture)))
        self.store.commit(Batch(tuple(entries), lease=self.lease))
        return sealed


def shown_values(engine: Engine, store: StateStore, environment: str) -> dict[str, int]:
    """Return what the engine shows in an environment: every view that its pointers speak of, by address."""
    with store.reading() as state:
        pointers = read_pointers(state, environment)
    found = {}
    for address, pointer in pointers.items():
        if pointer.kind is not Kind.SOURCE:
            schema, name = split(address)
            schema = environment_schema(schema, environment, bare=environment == "prod")
            found[str(address)] = int(engine.query(f'select x from "{schema}"."{name}"').rows[0][0])
    return found


def faults_in_records(state: Reading) -> list[str]:
    """Return what is wrong with the signed records of prod: each of its moves has one, and nothing else has."""
    serials = [move.serial for move in read_moves(state, "prod")]
    records = [key for key, _ in state.scan(Collection.RECORDS)]
    if records != [move_key("prod", serial) for serial in serials]:
        return [f"moves of prod are {serials}, records {records}"]
    introduced = [event.body["key"] for event in state.events() if event.kind == "signer"]
    if introduced != [loads(text)["key"] for _, text in state.scan(Collection.SIGNERS)] or (serials and not introduced):
        return [f"signers are told of otherwise than once: {introduced}"]
    findings, found = verify(state, "prod", serials, check=is_signed, pinned=())
    told = [*findings, *(finding for one in found for finding in one.findings)]
    return [f"{one.code} {one.summary}" for one in told]


def faults(engine: Engine, store: StateStore) -> list[str]:
    """Return every way in which state and engine disagree; nothing where all is well."""
    found: list[str] = []
    with store.reading() as state:
        builds = StoredBuilds(state)
        built = engine.built()
        markers = engine.markers()
        records = read_environments(state)
        if list(state.scan(Collection.INTENTS)):
            found.append("an intent is open")
        expected_views: set[tuple[str, str]] = set()
        for name, record in records.items():
            marker = markers.get(name)
            if marker is None or (marker.serial, marker.intent) != (record.serial, record.intent):
                found.append(f"{name}: the marker is {marker}, the record {record}")
            pointers = read_pointers(state, name)
            found += [f"{name}: closure breaks at {b}" for b in broken_reads(pointers, pointers, builds.get)]
            bindings = Bindings(pointers, builds.get, engine, "/")
            for address, pointer in pointers.items():
                build = builds.get(pointer.build)
                if build is None or build.status is not BuildStatus.SEALED:
                    found.append(f"{name}: {address} points to {build and build.status}")
                elif build.relation and built.get(build.id) != build.relation:
                    found.append(f"{name}: the table of {address} is gone")
                elif pointer.kind is not Kind.SOURCE:
                    schema, view = split(address)
                    schema = environment_schema(schema, name, bare=record.bare)
                    expected_views.add((schema, view))
                    ours = engine.query(bindings.shown(address)).rows
                    if engine.query(f'select * from "{schema}"."{view}"').rows != ours:
                        found.append(f"{name}: {address} shows something else than it is bound to")
        schemas = {f"{s}{e}" for s in ("staging", "marts") for e in ("", "__dev", "__dev_2")}
        if set(engine.shown(schemas)) != expected_views:
            found.append(f"views: {set(engine.shown(schemas)) ^ expected_views}")
        known = dict(state.scan(Collection.BUILDS))
        found += [f"{i} is unknown to the state" for i in built if i not in known]
        for key, text in known.items():
            if loads(text)["status"] == BuildStatus.BUILDING:
                found.append(f"{key} is unfinished")
        found += faults_in_records(state)
    unknown = {name for name, marker in markers.items() if name not in records and marker.serial}
    if unknown:
        found.append(f"markers without record: {unknown}")
    return found
