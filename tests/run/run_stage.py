"""A stage for runs: a warehouse, a state in memory, and plans made by hand from a few lines of SQL."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json, build_to_json
from headgate.core.declarations import File, FileSource, Kind, Properties, TableSource
from headgate.core.diagnostic import Place
from headgate.core.errors import Conflict
from headgate.core.graph import Node, Reference, SeedBody, SourceNode, SqlBody
from headgate.core.hashing import Digest, content_digest, digest
from headgate.core.json_form import dumps, loads
from headgate.core.plan import Action, Cause, Origin, Plan, Step
from headgate.core.ports.store import Batch, Lease
from headgate.core.recipe import Aspect, Column, ColumnRecipe, Read, Recipe, Shape, reading, term
from headgate.core.records import Build, BuildStatus, Capture, Collection, Pointer, pointer_to_json
from headgate.core.versions import Versions, build_key, plain_versions, source_key, source_versions
from headgate.plugins.engines.duckdb import DuckEngine, open_duckdb
from headgate.run.carry_out import Outcome, carry_out
from headgate.run.cut_off import Equate, nothing_equal


class Killed(BaseException):
    """The process ends here."""


@dataclass
class MemoryReading:
    entries: Mapping[tuple[str, str], str]

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:
        return {k: self.entries[collection, k] for k in keys if (collection, k) in self.entries}

    def scan(self, collection: str, prefix: str = "") -> Iterable[tuple[str, str]]:
        return [(k, v) for (c, k), v in sorted(self.entries.items()) if c == collection and k.startswith(prefix)]

    def __enter__(self) -> MemoryReading:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@dataclass
class MemoryStore:
    """Entries, conditions and the fence of one lease: all that a run touches of a store."""

    entries: dict[tuple[str, str], str] = field(default_factory=dict)
    fence: int = 0
    batches: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    fail_at: Callable[[str], None] = lambda point: None

    def identity(self) -> str:
        return "memory"

    def reading(self) -> MemoryReading:
        self.fail_at("reading")
        return MemoryReading(dict(self.entries))

    def commit(self, batch: Batch) -> None:
        self.fail_at("commit:before")
        with self.lock:
            if batch.lease is not None and batch.lease.fence != self.fence:
                raise Conflict(f"lease:{batch.lease.resource}")
            for e in batch.expects:
                if self.entries.get((e.collection, e.key)) != e.value:
                    raise Conflict(f"{e.collection}/{e.key}")
            for entry in batch.entries:
                if entry.value is None:
                    self.entries.pop((entry.collection, entry.key), None)
                else:
                    self.entries[entry.collection, entry.key] = entry.value
            self.batches += 1
        self.fail_at("commit:after")

    def acquire(self) -> Lease:
        self.fence += 1
        return Lease("engine/local", self.fence, "me", "apply", "2026-01-01T00:00:00Z")


class WatchedEngine:
    """A real engine that calls ``fail_at`` before and after each call that writes."""

    def __init__(self, engine: DuckEngine, fail_at: Callable[[str], None]) -> None:
        self.inner = engine
        self.fail_at = fail_at
        self.groups: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in ("build", "drop", "columns"):
            return found

        def call(*args: Any) -> Any:
            if name == "build":
                self.groups.append([job.address for job in args[0]])
            self.fail_at(f"{name}:before")
            result = found(*args)
            self.fail_at(f"{name}:after")
            return result

        return call


@dataclass(frozen=True)
class Asset:
    """``sql`` names its inputs by address. Columns are BIGINT unless typed (``"x:VARCHAR"``)."""

    address: str
    kind: Kind
    columns: tuple[str, ...]
    sql: str = ""
    tainted: frozenset[str] = frozenset()
    location: FileSource | TableSource | None = None
    path: str = ""
    seconds: float | None = None

    @property
    def shape(self) -> Shape:
        return tuple(Column(n, t or "BIGINT") for n, _, t in (c.partition(":") for c in self.columns))


def table(address: str, columns: str, sql: str, *, tainted: str = "", seconds: float | None = None) -> Asset:
    tainted_columns = frozenset(tainted.split())
    return Asset(address, Kind.TABLE, tuple(columns.split()), sql, tainted_columns, seconds=seconds)


def view(address: str, columns: str, sql: str) -> Asset:
    return Asset(address, Kind.VIEW, tuple(columns.split()), sql)


def source(address: str, columns: str) -> Asset:
    schema, _, name = address.partition(".")
    return Asset(address, Kind.SOURCE, tuple(columns.split()), location=TableSource(schema, name))


class Stage:
    """One warehouse, one state, one environment ``dev``."""

    def __init__(self, root: Path, setup: Iterable[str] = (), *, adopt: bool = True) -> None:
        self.root = root
        self.store = MemoryStore()
        self.fail_at: Callable[[str], None] = lambda point: None
        self.events: list[Any] = []
        self.numbers = itertools.count()
        connection = duckdb.connect(str(root / "warehouse.duckdb"))
        for statement in setup:
            connection.execute(statement)
        connection.close()
        self.open()
        if adopt:
            self.engine.inner.adopt("memory")

    def open(self) -> None:
        inner = open_duckdb(self.root / "warehouse.duckdb", read_only=False, root=self.root)
        self.engine = WatchedEngine(inner, self._fail)
        self.store.fail_at = self._fail

    def _fail(self, point: str) -> None:
        self.fail_at(point)

    def reopen(self) -> None:
        self.engine.inner.close()
        self.open()

    def apply(self, assets: Iterable[Asset], *, publish: bool = True, **more: Any) -> Outcome:
        outcome = self.carry_out(self.plan(assets), **more)
        if publish and outcome.is_complete:
            self.publish(outcome)
        return outcome

    def carry_out(
        self,
        plan: Plan,
        *,
        lease: Lease | None = None,
        threads: int = 0,
        report: Any = None,
        equate: Equate = nothing_equal,
    ) -> Outcome:
        return carry_out(
            plan,
            store=self.store,  # type: ignore[arg-type]
            engine=self.engine,  # type: ignore[arg-type]
            lease=lease or self.store.acquire(),
            clock=lambda: "2026-01-01T00:00:00Z",
            nonce=lambda: str(next(self.numbers)),
            root=str(self.root),
            report=report or self.events.append,
            threads=threads,
            equate=equate,
        )

    def publish(self, outcome: Outcome) -> None:
        for address, build in outcome.builds.items():
            pointer = Pointer(build.id, build.kind, build.shape)
            self.store.entries[Collection.POINTERS, f"dev/{address}"] = dumps(pointer_to_json(pointer))

    def builds(self) -> dict[Digest, Build]:
        found = MemoryReading(self.store.entries).scan(Collection.BUILDS)
        return {Digest(key): build_from_json(loads(text)) for key, text in found}

    def recover(self) -> None:
        """What a new holder does first: seal what the engine has, drop what was not checked, erase the rest."""
        there = self.engine.inner.built()
        builds = self.builds()
        for build in builds.values():
            if build.status is not BuildStatus.BUILDING:
                continue
            del self.store.entries[Collection.BUILDS, build.id]
            if build.id in there and not build.is_from_files:
                sealed = build_to_json(build) | {"status": "sealed"}
                self.store.entries[Collection.BUILDS, build.id] = dumps(sealed)
                self.store.entries[Collection.KEYS, f"{build.key}/{build.id}"] = ""
                if build.capture:
                    key = f"{build.engine}/{build.address}"
                    self.store.entries[Collection.CAPTURES, key] = dumps(build.capture)
            elif build.id in there:
                self.engine.inner.drop({build.id: build.relation})
        for key in [key for key in self.store.entries if key[0] == Collection.PINS]:
            del self.store.entries[key]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.engine.inner.query(sql).rows]

    def rows_of(self, build: Build) -> list[tuple[Any, ...]]:
        names = ", ".join(f'"{c.name}"' for c in build.shape)
        return sorted(self.rows(f'select {names} from headgate."{build.relation}"'))

    def plan(self, assets: Iterable[Asset]) -> Plan:
        """A small planner: keys where they are known, builds found by key, pointers that stand."""
        assets = list(assets)
        known = {a.address for a in assets}
        state = MemoryReading(self.store.entries)
        seen: dict[str, Any] = {}
        steps = [self._step(asset, known, seen, state) for asset in assets]
        entries = {Address(k[4:]): loads(v)["build"] for k, v in state.scan(Collection.POINTERS, "dev/")}
        origin = Origin(Digest("h1:tree"), ())
        return Plan("p", "dev", "local", 0, entries, tuple(steps), (), origin)

    def _step(self, asset: Asset, known: set[str], seen: dict[str, Any], state: MemoryReading) -> Step:
        address = Address(asset.address)
        node = self.node(asset, known)
        capture = None
        if isinstance(node, SourceNode):
            text = self.store.entries.get((Collection.CAPTURES, f"local/{address}"))
            token = node.token or (loads(text)["token"] if text else digest("capture", address, 1))
            capture = Capture(token, 1, node.token is not None, Digest(""))
            versions = source_versions(token, asset.shape)
            key = source_key(node.location, asset.shape, versions)
            seen[address] = lambda read: versions.of(read.aspect, read.column)
        else:
            plain = plain_versions(node.recipe, lambda read: seen[read.address](read))
            key = None if plain is None else build_key(node.recipe.kind, asset.shape, plain)
            seen[address] = (lambda read: None) if plain is None else stable_reads_of(node.recipe, plain)
        found = self._found(key, state)
        pointer = self.store.entries.get((Collection.POINTERS, f"dev/{address}"))
        shown = loads(pointer)["build"] if pointer else None
        action = Action.CAPTURE if asset.kind is Kind.SOURCE else Action.BUILD
        if found is not None:
            action = Action.KEEP if found.id == shown else Action.REUSE
            published = found.versions
            seen[address] = lambda read: published.of(read.aspect, read.column)
        return Step(
            address,
            asset.kind,
            action,
            Cause.NEW,
            asset.shape,
            inputs=node.inputs,
            key=key,
            build=found.id if found else None,
            replaces=shown,
            node=node,
            capture=capture,
            seconds=asset.seconds,
            place=node.place,
        )

    def _found(self, key: Digest | None, state: MemoryReading) -> Build | None:
        ids = [k.rpartition("/")[2] for k, _ in state.scan(Collection.KEYS, f"{key}/")] if key else []
        builds = [build_from_json(loads(text)) for text in state.get(Collection.BUILDS, ids).values()]
        return max(builds, key=lambda b: b.id, default=None)

    def node(self, asset: Asset, known: set[str]) -> Node | SourceNode:
        address = Address(asset.address)
        place = Place(f"assets/{asset.address.replace('.', '/')}.sql", 1)
        if asset.location is not None:
            token = None
            if isinstance(asset.location, FileSource):
                token = digest("files", tuple((f.path, f.digest) for f in asset.location.files))
            return SourceNode(address, asset.location, asset.shape, token, True, place, Properties())
        if asset.kind is Kind.SEED:
            content = (self.root / asset.path).read_bytes()
            body: SeedBody | SqlBody = SeedBody(asset.path, content_digest([content]))
            inputs: tuple[Address, ...] = ()
        else:
            body = body_of(asset.sql, known)
            inputs = tuple(sorted({r.address for r in body.references}))
        recipe = recipe_of(asset, inputs, asset.path and body.digest)  # type: ignore[union-attr]
        return Node(address, asset.kind, recipe, inputs, body, place, Digest("h1:file"), Properties())


def stable_reads_of(recipe: Recipe, plain: Versions) -> Callable[[Read], Digest | None]:
    """Return the published versions of a build that does not exist yet: tainted aspects have none."""

    tainted = {c.name for c in recipe.columns if c.term.tainted}

    def seen(read: Read) -> Digest | None:
        if read.aspect is Aspect.ROWS:
            return None if recipe.rows.tainted else plain.rows
        if read.aspect is Aspect.ORDER:
            return None if recipe.order.tainted else plain.order
        return None if read.column in tainted else plain.columns.get(read.column)

    return seen


_NAME = re.compile(r"\b([a-z]\w*\.[a-z]\w*)\b(\s+as\s+\w+)?")


def body_of(sql: str, known: set[str]) -> SqlBody:
    references = tuple(
        Reference(m.start(1), m.end(1), Address(m[1]), "" if m[2] else m[1].partition(".")[2])
        for m in _NAME.finditer(sql)
        if m[1] in known
    )
    return SqlBody(sql, references)


def recipe_of(asset: Asset, inputs: tuple[Address, ...], content: str) -> Recipe:
    """Everything reads all rows of the inputs and, of a tainted input's columns, those that the text names."""
    reads = [reading(address, Aspect.ROWS) for address in inputs]
    text = digest("text", _NAME.sub("", asset.sql), content)
    rows = term("rows", text, *reads)
    read = [*reads, *(reading(address, Aspect.COLUMN, "n") for address in inputs)]
    columns = tuple(
        ColumnRecipe(c.name, c.type, term("col", c.name, text, *read, tainted=c.name in asset.tainted))
        for c in asset.shape
    )
    return Recipe(asset.kind.value, rows, term("order"), columns)


def file_source(root: Path, address: str, columns: str, path: str) -> Asset:
    content = (root / path).read_bytes()
    files = (File(path, content_digest([content]), len(content)),)
    return Asset(address, Kind.SOURCE, tuple(columns.split()), location=FileSource(path, "csv", files))


__all__ = ["Asset", "Killed", "Read", "Stage", "file_source", "source", "table", "view"]
