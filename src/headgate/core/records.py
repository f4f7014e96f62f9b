"""What the state remembers: builds, pointers, captures, moves, intents. Frozen, each with its stored JSON form.

Times are UTC in ISO 8601 with seconds or finer (``2026-11-21T02:06:11Z``); durations are seconds; sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.declarations import FileSource, Kind, TableSource
from headgate.core.graph import SqlBody
from headgate.core.hashing import Digest
from headgate.core.loading import Load
from headgate.core.recipe import Read, Shape, shape_from_json, shape_to_json
from headgate.core.versions import Versions

if TYPE_CHECKING:
    from headgate.core.properties import PropertyChanges


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
    SCHEDULES = "schedules"  # "<environment>/<address>" -> when it was looked at, when what it showed was made
    EVIDENCE = "evidence"  # build id -> Evidence, "<build id>/profile" -> KeptProfile
    RUNS = "runs"  # "<environment>/<number, ten digits>" -> RunRecord
    APPROVALS = "approvals"  # "<environment>/<change>/<nonce>" -> Approval
    DECISIONS = "decisions"  # "<environment>/<serial, ten digits>" -> Decision
    RECORDS = "records"  # "<environment>/<serial, ten digits>" -> SignedRecord
    SIGNERS = "signers"  # key id -> SignerRecord


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
    """One reading of a source. ``number`` grows with each; ``exact``: the token is that of the content itself.

    ``watermark`` is the newest time among its rows just before it was read, where the source says when that is.
    """

    token: Digest
    number: int
    exact: bool
    build: Digest
    watermark: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """One immutable result of a recipe on given inputs.

    ``versions`` are the published ones. ``reads`` are the published versions of everything its terms read, as they were
    when it was built: closure compares them. ``body`` is there for views, which are bound again at each publish;
    ``location`` for captures of sources. ``relation`` is the physical table in the schema ``headgate``, empty for
    views. ``printed`` is what a Python asset printed while it was made. ``load`` is there for incrementals and
    snapshots, whose builds share physical tables. ``code`` are the versions of its recipe and of the code of all that
    it reads, ``rows`` and each ``column NAME``; none of sources, and of builds by a Headgate that noted them for few.
    ``equals`` is the build that it was found to equal by content, in part or whole: it counts under versions of that.
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
    equals: Digest = Digest("")

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
    ``properties`` are those that its code has otherwise than the code before: a move may change nothing else.
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
    properties: PropertyChanges = field(default_factory=dict)

    @property
    def is_idle(self) -> bool:
        """Tell whether it is a repair that moved no pointer: it counts, but there is nothing in it to go back from."""
        return self.kind is MoveKind.REPAIR and not self.changes


@dataclass(frozen=True, slots=True)
class Intent:
    """A move that is being carried out: written before the engine's transaction, erased after it.

    ``id`` goes into the engine's marker. ``expects`` is the serial before the move; ``engine``, ``beside``, ``bare``
    and ``graph`` are those of the environment's record after it. ``signed`` is the stored form of the signed record
    that goes with the move, empty where none does: it is made before anything happens, and comes or goes with it.
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
    signed: str = ""


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


def load_key(build: Build) -> str:
    """Return the key of a build's load in its collection; keys of one storage sort as its loads do."""
    if build.load is None:
        raise AssertionError(f"{build.address} is not loaded")
    return f"{build.relation}/{build.load.number:010d}/{build.id}"


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
    for name in ("adopted", "returned", "properties"):
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
        properties={Address(a): tuple(names) for a, names in body.get("properties", {}).items()},
    )


def environment_from_json(body: Mapping[str, Any]) -> EnvironmentRecord:
    """Return the record of an environment of its stored form, which is its plain one."""
    return EnvironmentRecord(**{**body, "aside": _set_aside(body.get("aside", ()))})


def _set_aside(body: Iterable[Mapping[str, str]]) -> tuple[SetAside, ...]:
    return tuple(SetAside(**one) for one in body)


def intent_to_json(intent: Intent) -> dict[str, Any]:
    """Return the stored form of an intent."""
    body = {
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
    return {**body, "signed": intent.signed} if intent.signed else body


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
        signed=body.get("signed", ""),
    )
