"""What the state remembers: builds, pointers, captures, moves, intents. Frozen, each with its stored JSON form.

Times are UTC in ISO 8601 with seconds or finer (``2026-11-21T02:06:11Z``); durations are seconds; sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.declarations import FileSource, Kind, TableSource
from headgate.core.graph import SqlBody
from headgate.core.hashing import Digest
from headgate.core.loading import Load, load_from_json
from headgate.core.recipe import ASPECTS, Column, Read, Shape
from headgate.core.versions import Versions

if TYPE_CHECKING:
    from headgate.core.python import PythonBody


class Collection(StrEnum):
    """The collections of a state store, with the keys of their entries."""

    BUILDS = "builds"  # build id -> Build
    KEYS = "keys"  # "<build key>/<build id>" -> "" for every build that may be looked up
    PINS = "pins"  # "<build id>/<holder>" -> why
    POINTERS = "pointers"  # "<environment>/<address>" -> Pointer
    ENVIRONMENTS = "environments"  # environment -> EnvironmentRecord
    MOVES = "moves"  # "<environment>/<serial, ten digits>" -> Move
    INTENTS = "intents"  # environment -> Intent
    CAPTURES = "captures"  # "<engine>/<source address>" -> Capture, the latest
    TREES = "trees"  # tree digest -> the files of a repository by path
    BLOBS = "blobs"  # content digest -> a file's bytes, compressed, base 64
    RECIPES = "recipes"  # recipe digest -> Recipe
    LOADS = "loads"  # "<physical table>/<number, ten digits>/<build id>" -> ""
    RUNS = "runs"  # "<environment>/<number, ten digits>" -> RunRecord


class BuildStatus(StrEnum):
    """``BUILDING`` until the engine has committed it and the state knows; ``DOOMED`` once gc means to drop it.

    ``LOST`` once doctor found that its table is gone or altered: whoever points to it has it built again.
    """

    BUILDING = "building"
    SEALED = "sealed"
    DOOMED = "doomed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Capture:
    """One reading of a source. ``number`` grows with each; ``exact``: the token is that of the content itself."""

    token: Digest
    number: int
    exact: bool
    build: Digest


@dataclass(frozen=True, slots=True)
class Build:
    """One immutable result of a recipe on given inputs.

    ``versions`` are the published ones. ``reads`` are the published versions of everything its terms read, as they were
    when it was built: closure compares them. ``body`` is there for views, which are bound again at each publish;
    ``location`` for captures of sources. ``relation`` is the physical table in the schema ``headgate``, empty for
    views. ``printed`` is what a Python asset printed while it was made. ``load`` is there for incrementals and
    snapshots, whose builds share physical tables. ``code`` is there for what new data alone does not make anew: the
    versions of its recipe and of the code of all that it reads, ``rows`` and each ``column NAME``. With a
    ``schedule`` (cron) it shows the data of its last time, whatever its inputs show by now.
    """

    id: Digest
    key: Digest
    address: Address
    kind: Kind
    engine: str
    shape: Shape
    recipe: Digest
    versions: Versions
    reads: Mapping[Read, Digest]
    inputs: Mapping[Address, Digest]
    relation: str
    status: BuildStatus
    created_at: str
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    body: SqlBody | None = None
    location: FileSource | TableSource | None = None
    capture: Capture | None = None
    fence: int = 0
    printed: str = ""
    load: Load | None = None
    code: Mapping[str, Digest] = field(default_factory=dict)
    schedule: str = ""

    @property
    def is_from_files(self) -> bool:
        """Tell whether it was read from files.

        Those are looked at again after the engine has committed, before it is sealed: so recovery drops such a build
        where it is unsealed, although the engine has it.
        """
        return self.kind is Kind.SEED or isinstance(self.location, FileSource)


def pin_key(build: Digest, *, resource: str, fence: int) -> str:
    """Return the key of the pin that the holder of a lease sets on ``build``: it names the lease and its fence."""
    return f"{build}/{resource}#{fence}"


@dataclass(frozen=True, slots=True)
class Pointer:
    """What an environment shows under an address. ``shape`` is the order of columns that its view has."""

    build: Digest
    kind: Kind
    shape: Shape


@dataclass(frozen=True, slots=True)
class SetAside:
    """A table or view of somebody else that has the name ``aside`` while a view of ours has its own."""

    schema: str
    name: str
    aside: str


@dataclass(frozen=True, slots=True)
class EnvironmentRecord:
    """One environment's head: the serial of its last move, and ``prod``'s serial when it was last applied beside it.

    ``bare`` tells whether its schemas stand without suffix; ``intent`` is what the last move wrote into the engine's
    marker; ``graph`` the digest of the graph that it shows whole, empty where it does not. ``aside`` are the tables of
    others in whose place it shows views.
    """

    name: str
    engine: str
    serial: int
    beside: int = 0
    bare: bool = False
    intent: str = ""
    graph: Digest = Digest("")
    aside: tuple[SetAside, ...] = ()


class MoveKind(StrEnum):
    """What moved the pointers."""

    APPLY = "apply"
    RUN = "run"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    EXPIRE = "expire"  # the environment shows nothing any more
    REPAIR = "repair"  # doctor brought state and engine together again


@dataclass(frozen=True, slots=True)
class PointerChange:
    """One pointer before and after a move; None where there was or will be none."""

    before: Pointer | None
    after: Pointer | None


@dataclass(frozen=True, slots=True)
class Move:
    """The record of one move of an environment's pointers; of a protected environment it is a release.

    ``serial`` is the environment's number after it. ``tree`` identifies the stored source code, ``commit`` the commit
    (empty outside of git), ``dirty`` the paths that differed from it. ``source`` is the environment promoted from;
    ``restores`` the serial that a rollback or a repair shows again. ``sources`` are the captures that the environment
    then shows. ``adopted`` are tables of others that it set aside, ``returned`` those that it gave their names back.
    """

    environment: str
    serial: int
    kind: MoveKind
    at: str
    by: str
    changes: Mapping[Address, PointerChange]
    plan: Digest
    tree: Digest
    commit: str = ""
    dirty: tuple[str, ...] = ()
    source: str = ""
    restores: int = 0
    sources: Mapping[Address, Capture] | None = None
    decision: str = "pass"
    adopted: tuple[SetAside, ...] = ()
    returned: tuple[SetAside, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Tell whether it is a repair that moved no pointer: it counts, but there is nothing in it to go back from."""
        return self.kind is MoveKind.REPAIR and not self.changes


@dataclass(frozen=True, slots=True)
class Intent:
    """A move that is being carried out: written before the engine's transaction, erased after it.

    ``id`` goes into the engine's marker. ``expects`` is the serial before the move; ``engine``, ``beside``, ``bare``
    and ``graph`` are those of the environment's record after it.
    """

    id: str
    expects: int
    fence: int
    move: Move
    beside: int = 0
    engine: str = ""
    bare: bool = False
    graph: Digest = Digest("")
    aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the log. ``hash`` = H(previous hash, number, kind, body); the first one's previous hash is empty."""

    number: int
    kind: str
    body: Mapping[str, Any]
    previous: str
    hash: Digest


@dataclass(frozen=True, slots=True)
class LogHead:
    """The last event of a log at some moment. An engine keeps a copy, so that events cut off at the end are missed."""

    number: int
    hash: Digest


def build_to_json(build: Build) -> dict[str, Any]:
    """Return the stored form of a build."""
    from headgate.core.json_form import plain

    body: dict[str, Any] = {
        name: plain(getattr(build, name))
        for name in (
            "id", "key", "address", "kind", "engine", "recipe", "relation", "status", "created_at",
            "rows", "bytes", "seconds", "fence",
        )
    }  # fmt: skip
    body["shape"] = shape_to_json(build.shape)
    body["versions"] = [build.versions.rows, build.versions.order, dict(build.versions.columns)]
    body["reads"] = [[r.address, r.aspect.value, r.column, version] for r, version in build.reads.items()]
    body["inputs"] = dict(build.inputs)
    if build.body is not None:
        body["body"] = sql_body_to_json(build.body)
    if build.location is not None:
        body["location"] = location_to_json(build.location)
    if build.capture is not None:
        body["capture"] = plain(build.capture)
    if build.printed:
        body["printed"] = build.printed
    if build.load is not None:
        body["load"] = plain(build.load)
    if build.code:
        body["code"] = dict(build.code)
    if build.schedule:
        body["schedule"] = build.schedule
    return body


def build_from_json(body: Mapping[str, Any]) -> Build:
    """Return the build of a stored form."""
    rows, order, columns = body["versions"]
    return Build(
        id=Digest(body["id"]),
        key=Digest(body["key"]),
        address=Address(body["address"]),
        kind=Kind(body["kind"]),
        engine=body["engine"],
        shape=shape_from_json(body["shape"]),
        recipe=Digest(body["recipe"]),
        versions=Versions(rows, order, columns),
        reads={Read(Address(a), ASPECTS[aspect], column): version for a, aspect, column, version in body["reads"]},
        inputs=body["inputs"],
        relation=body["relation"],
        status=BuildStatus(body["status"]),
        created_at=body["created_at"],
        rows=body["rows"],
        bytes=body["bytes"],
        seconds=body["seconds"],
        body=sql_body_from_json(body["body"]) if "body" in body else None,
        location=location_from_json(body["location"]) if "location" in body else None,
        capture=Capture(**body["capture"]) if "capture" in body else None,
        fence=body["fence"],
        printed=body.get("printed", ""),
        load=load_from_json(body["load"]) if "load" in body else None,
        code=body.get("code", {}),
        schedule=body.get("schedule", ""),
    )


def load_key(build: Build) -> str:
    """Return the key of a build's load in its collection; keys of one storage sort as its loads do."""
    if build.load is None:
        raise AssertionError(f"{build.address} is not loaded")
    return f"{build.relation}/{build.load.number:010d}/{build.id}"


def shape_to_json(shape: Shape) -> list[list[str]]:
    """Return a shape as pairs of name and type."""
    return [[c.name, c.type] for c in shape]


def shape_from_json(body: list[list[str]]) -> Shape:
    """Return the shape of its stored form."""
    return tuple(_column(name, type_) for name, type_ in body)


_column = lru_cache(maxsize=100_000)(Column)
"""Columns of the same name and type are many in a project: making each once takes a fifth of the time."""


def sql_body_to_json(body: SqlBody) -> dict[str, Any]:
    """Return the stored form of a SQL text and its references."""
    references = [[r.start, r.end, r.address, r.alias, int(r.is_column)] for r in body.references]
    told: dict[str, Any] = {"text": body.text, "line": body.line, "references": references, "lines": list(body.lines)}
    if body.parameters:
        told["parameters"] = [[p.begin, p.end, p.name] for p in body.parameters]
    if body.template is not None:
        told["template"] = [body.template.text, [list(run) for run in body.template.runs]]
    return told


def sql_body_from_json(body: Mapping[str, Any]) -> SqlBody:
    """Return the SQL text and references of a stored form."""
    from headgate.core.graph import Parameter, Reference

    references = tuple(Reference(s, e, a, alias, bool(column)) for s, e, a, alias, column in body["references"])
    template = None
    if "template" in body:
        from headgate.core.template import Template, runs_from_json

        template = Template(body["template"][0], runs_from_json(body["template"][1]))
    parameters = tuple(Parameter(*one) for one in body.get("parameters", ()))
    return SqlBody(body["text"], references, body["line"], tuple(body.get("lines", ())), template, parameters)


def python_body_from_json(body: Mapping[str, Any]) -> PythonBody:
    """Return the function of its stored form, which is its plain one."""
    from headgate.core.limits import Limits
    from headgate.core.python import Form, PythonBody, PythonInput

    inputs = tuple(
        PythonInput(one["parameter"], Address(one["address"]), Form(one["form"]), tuple(one["columns"]))
        for one in body["inputs"]
    )
    return PythonBody(
        path=body["path"],
        function=body["function"],
        inputs=inputs,
        modules=tuple((path, digest) for path, digest in body["modules"]),
        variables=tuple(body["variables"]),
        is_networked=body["is_networked"],
        limits=Limits(**body["limits"]),
        line=body["line"],
    )


def location_to_json(location: FileSource | TableSource) -> dict[str, Any]:
    """Return the stored form of where a source's data is."""
    from headgate.core.json_form import plain

    return dict(plain(location))


def location_from_json(body: Mapping[str, Any]) -> FileSource | TableSource:
    """Return where a source's data is, of its stored form."""
    from headgate.core.declarations import File

    if "schema" in body:
        return TableSource(body["schema"], body["name"])
    return FileSource(body["pattern"], body["format"], tuple(File(**f) for f in body["files"]), body["options"])


def pointer_to_json(pointer: Pointer) -> dict[str, Any]:
    """Return the stored form of a pointer."""
    return {"build": pointer.build, "kind": pointer.kind.value, "shape": shape_to_json(pointer.shape)}


def pointer_from_json(body: Mapping[str, Any]) -> Pointer:
    """Return the pointer of a stored form."""
    return Pointer(body["build"], Kind(body["kind"]), shape_from_json(body["shape"]))


def move_to_json(move: Move) -> dict[str, Any]:
    """Return the stored form of a move."""
    from headgate.core.json_form import plain

    body: dict[str, Any] = {
        name: plain(getattr(move, name))
        for name in (
            "environment", "serial", "kind", "at", "by", "plan", "tree", "commit", "dirty", "source", "restores",
            "sources", "decision",
        )
    }  # fmt: skip
    for name in ("adopted", "returned"):
        if getattr(move, name):
            body[name] = plain(getattr(move, name))
    body["changes"] = {
        address: [
            pointer_to_json(change.before) if change.before else None,
            pointer_to_json(change.after) if change.after else None,
        ]
        for address, change in move.changes.items()
    }
    return body


class StoredChanges(Mapping[Address, PointerChange]):
    """The changes of a stored move, each decoded when somebody looks at it: a history is mostly read for its heads."""

    def __init__(self, forms: Mapping[Address, Any]) -> None:
        self._forms = forms
        self._decoded: dict[Address, PointerChange] = {}

    def __getitem__(self, address: Address) -> PointerChange:
        found = self._decoded.get(address)
        if found is None:
            before, after = (pointer_from_json(form) if form else None for form in self._forms[address])
            found = self._decoded[address] = PointerChange(before, after)
        return found

    def __iter__(self) -> Iterator[Address]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)


def move_from_json(body: Mapping[str, Any]) -> Move:
    """Return the move of a stored form."""
    sources = body["sources"]
    return Move(
        environment=body["environment"],
        serial=body["serial"],
        kind=MoveKind(body["kind"]),
        at=body["at"],
        by=body["by"],
        changes=StoredChanges(body["changes"]),
        plan=body["plan"],
        tree=body["tree"],
        commit=body["commit"],
        dirty=tuple(body["dirty"]),
        source=body["source"],
        restores=body["restores"],
        sources=None if sources is None else {Address(a): Capture(**c) for a, c in sources.items()},
        decision=body["decision"],
        adopted=_set_aside(body.get("adopted", ())),
        returned=_set_aside(body.get("returned", ())),
    )


def environment_from_json(body: Mapping[str, Any]) -> EnvironmentRecord:
    """Return the record of an environment of its stored form, which is its plain one."""
    return EnvironmentRecord(**{**body, "aside": _set_aside(body.get("aside", ()))})


def _set_aside(body: Iterable[Mapping[str, str]]) -> tuple[SetAside, ...]:
    return tuple(SetAside(**one) for one in body)


def intent_to_json(intent: Intent) -> dict[str, Any]:
    """Return the stored form of an intent."""
    return {
        "id": intent.id,
        "expects": intent.expects,
        "fence": intent.fence,
        "beside": intent.beside,
        "engine": intent.engine,
        "bare": intent.bare,
        "graph": intent.graph,
        "aside": [{"schema": one.schema, "name": one.name, "aside": one.aside} for one in intent.aside],
        "move": move_to_json(intent.move),
    }


def intent_from_json(body: Mapping[str, Any]) -> Intent:
    """Return the intent of a stored form."""
    return Intent(
        id=body["id"],
        expects=body["expects"],
        fence=body["fence"],
        move=move_from_json(body["move"]),
        beside=body["beside"],
        engine=body["engine"],
        bare=body["bare"],
        graph=body["graph"],
        aside=_set_aside(body.get("aside", ())),
    )
