"""Collection of garbage: builds that nobody can come back to are dropped, and what only they referred to goes too.

A build stays while an environment points to it, a move inside the time of retention replaced it, somebody pinned it,
an open intent means it, or it is the latest capture of its source. The others are doomed in the state first, so that
nobody finds them any more; then it is looked again who holds them; then the engine drops them; then their records go.
Cut off anywhere, the next collection goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json, build_to_json
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused
from headgate.core.evidence import profile_key
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.engine import Engine
from headgate.core.ports.store import Batch, Clock, Entry, Expectation, Lease, NewEvent, Nonce, Reading, StateStore
from headgate.core.records import Build, BuildStatus, Collection, LogHead, Move, MoveKind, load_key
from headgate.release.history import read_moves
from headgate.release.intended import Intended
from headgate.release.intents import commit
from headgate.release.log import log_faults
from headgate.release.pins import read_pins
from headgate.release.publish import publish
from headgate.release.source_code import blobs_of
from headgate.release.stored import read_environment, read_environments, read_intents, read_pointers

RUNS_KEPT = 100
"""So many records of runs stay of each environment, however old they are."""

Retain = Callable[[str], int]
"""Gives for an environment how many seconds a replaced build stays."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """One build that would go: ``bytes`` is what its table takes, as far as was recorded."""

    build: Digest
    address: Address
    relation: str
    bytes: int


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What a collection would do: builds to drop, environments to empty; ``records`` counts other entries that go."""

    garbage: tuple[Garbage, ...]
    environments: tuple[str, ...]
    records: int

    @property
    def bytes(self) -> int:
        """What the tables to be dropped take together."""
        return sum(item.bytes for item in self.garbage)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to collect."""
        return not self.garbage and not self.environments and not self.records


def plan_collection(
    reading: Reading, *, engine_name: str, now: str, retain: Retain, environments_to_drop: Iterable[str] = ()
) -> CollectionPlan:
    """Return what a collection would do at ``now``.

    Raises ``Refused`` where the log of events was altered, ``now`` is earlier than the last one, or an environment to
    drop is unknown. Cost: all records of the state are read once, the log twice.
    """
    dropped = _known_environments(reading, environments_to_drop, engine_name)
    _check_log(reading, now)
    rooted = _roots(reading, now=now, retain=retain, dropped=frozenset(dropped))
    builds = _builds_of(reading, engine_name)
    garbage = {i: b for i, (b, _) in builds.items() if i not in rooted}
    return CollectionPlan(
        garbage=tuple(Garbage(i, b.address, b.relation, b.bytes) for i, b in garbage.items()),
        environments=dropped,
        records=len(_unreferred(reading, gone=frozenset(garbage))) + len(_old_runs(reading, now=now, retain=retain)),
    )


def collect(
    *,
    store: StateStore,
    engine: Engine,
    engine_name: str,
    lease: Lease,
    clock: Clock,
    nonce: Nonce,
    root: str,
    by: str,
    retain: Retain,
    environments_to_drop: Iterable[str] = (),
) -> CollectionPlan:
    """Drop what nobody can come back to, and return what went. The holder of the lease must have recovered before.

    Cost: all records of the state are read twice; one transaction of the engine for all drops.
    """
    now = clock()
    with store.reading() as reading:
        dropped = _known_environments(reading, environments_to_drop, engine_name)
        _check_log(reading, now, engine.log())
    for name in dropped:
        expire(name, store=store, engine=engine, lease=lease, clock=clock, nonce=nonce, root=root, by=by)
    engine.take_out_loads()
    built = engine.built()
    _doom(store, lease, engine_name, now=now, retain=retain)
    garbage = _spare(store, lease, engine_name, built, now=now, retain=retain)
    with store.reading() as reading:
        known = {Digest(i) for i in reading.get(Collection.BUILDS, built)}
    # A build is recorded before the engine makes it, so a row without a record is what a lost state left behind.
    leftovers = {i: relation for i, relation in built.items() if i not in known}
    relations = {i: b.relation for i, (b, _) in garbage.items() if b.relation} | leftovers
    if relations:
        engine.drop(relations)
    records = _erase(store, lease, garbage, at=now, by=by, retain=retain)
    items = [Garbage(i, b.address, b.relation, b.bytes) for i, (b, _) in garbage.items()]
    items += [Garbage(i, Address(""), relation, 0) for i, relation in leftovers.items()]
    return CollectionPlan(tuple(items), dropped, records)


_Builds = Mapping[Digest, tuple[Build, str]]


def _known_environments(reading: Reading, names: Iterable[str], engine_name: str) -> tuple[str, ...]:
    """Return the names, each once; raise ``Refused`` where one is no environment of the engine."""
    known = [name for name, record in read_environments(reading).items() if record.engine == engine_name]
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        near = nearest(unknown[0], known)
        hint = f"Did you mean {near[0]}?" if near else "Look: headgate status"
        raise Refused(
            [
                Diagnostic("HG541", f"there is no environment {name} in the engine {engine_name}", hint=hint)
                for name in unknown
            ]
        )
    return wanted


def _check_log(reading: Reading, now: str, copy: LogHead | None = None) -> None:
    """Refuse to judge what is old by a history that was altered, or by a clock that is earlier than its last entry."""
    if faults := log_faults(reading, copy):
        summary = f"the log in the state was altered at {faults[0].where}: {faults[0].reason}"
        hint = "Put back the state file that belongs to the warehouse; or have the gap written down: "
        raise Refused([Diagnostic("HG545", summary, hint=f"{hint}headgate doctor --repair\nNothing was collected.")])
    last = ""
    for event in reading.events():
        last = str(event.body.get("at", last))
    if last and _instant(now) < _instant(last):
        summary = f"the clock says {now}, but the last recorded event is of {last}"
        raise Refused([Diagnostic("HG540", summary, hint="Set the clock right; nothing was collected.")])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def expire(
    name: str, *, store: StateStore, engine: Engine, lease: Lease, clock: Clock, nonce: Nonce, root: str, by: str
) -> None:
    """Leave an environment with nothing to show. Its record stays, so that its serial never begins anew.

    No table goes with it: what nobody shows any more is for the next collection.
    """
    with store.reading() as reading:
        record, _ = read_environment(reading, name)
    if record is None:
        return
    intended = Intended(
        environment=name, engine=record.engine, expects=record.serial, pointers={}, kind=MoveKind.EXPIRE, by=by
    )
    publish(intended, store=store, engine=engine, lease=lease, clock=clock, nonce=nonce, root=root)


def _roots(reading: Reading, *, now: str, retain: Retain, dropped: frozenset[str]) -> set[Digest]:
    """Return the builds that must stay. What views are bound to is pointed to beside them: environments are closed."""
    found: set[Digest] = set()
    for name in read_environments(reading):
        if name not in dropped:
            found.update(pointer.build for pointer in read_pointers(reading, name).values())
            found.update(_replaced(read_moves(reading, name), since=_instant(now) - timedelta(seconds=retain(name))))
    for intent, _ in read_intents(reading).values():
        for change in intent.move.changes.values():
            found.update(pointer.build for pointer in (change.before, change.after) if pointer)
    found.update(Digest(loads(text)["build"]) for _, text in reading.scan(Collection.CAPTURES))
    return found | _with_inputs(reading, {build for _, build, _ in read_pins(reading)})


def _replaced(moves: tuple[Move, ...], *, since: datetime) -> set[Digest]:
    """Return what moves replaced at ``since`` or later; what an expiry replaced was let go by name."""
    last = max((move.serial for move in moves if move.kind is MoveKind.EXPIRE), default=0)
    late = [move for move in moves if move.serial > last and _instant(move.at) >= since]
    return {change.before.build for move in late for change in move.changes.values() if change.before}


def _with_inputs(reading: Reading, builds: set[Digest]) -> set[Digest]:
    """Return builds with all that their views would be bound to."""
    found: set[Digest] = set()
    waiting = builds
    while waiting:
        found |= waiting
        texts = reading.get(Collection.BUILDS, waiting).values()
        views = [body for body in map(loads, texts) if not body["relation"]]
        waiting = {Digest(i) for body in views for i in body["inputs"].values()} - found
    return found


def _builds_of(reading: Reading, engine_name: str) -> _Builds:
    """Return every recorded build of the engine with its stored form."""
    found: dict[Digest, tuple[Build, str]] = {}
    for key, text in reading.scan(Collection.BUILDS):
        build = build_from_json(loads(text))
        if build.engine == engine_name:
            found[Digest(key)] = (build, text)
    return found


def _doom(store: StateStore, lease: Lease, engine_name: str, *, now: str, retain: Retain) -> None:
    """Mark what nobody holds, unless an environment moves meanwhile: from then on it is not found any more."""
    with store.reading() as reading:
        rooted = _roots(reading, now=now, retain=retain, dropped=frozenset())
        builds = _builds_of(reading, engine_name)
        doomed = {i: pair for i, pair in builds.items() if i not in rooted and pair[0].status is not BuildStatus.DOOMED}
        expects = [
            *(Expectation(Collection.ENVIRONMENTS, key, text) for key, text in reading.scan(Collection.ENVIRONMENTS)),
            *(Expectation(Collection.INTENTS, key, text) for key, text in reading.scan(Collection.INTENTS)),
        ]
    if doomed:
        entries = [_with_status(build, BuildStatus.DOOMED) for build, _ in doomed.values()]
        expects += [Expectation(Collection.BUILDS, i, text) for i, (_, text) in doomed.items()]
        commit(store, Batch(tuple(entries), tuple(expects), lease=lease))


def _spare(
    store: StateStore, lease: Lease, engine_name: str, built: Mapping[Digest, str], *, now: str, retain: Retain
) -> _Builds:
    """Return the doomed builds that nobody holds; those that somebody held before they were doomed are sealed again.

    Whoever pins expects the build to be sealed, so after this nobody can come to hold one. What an earlier collection
    has dropped already is not sealed again, whoever would hold it by now (a longer time of retention).
    """
    with store.reading() as reading:
        rooted = _roots(reading, now=now, retain=retain, dropped=frozenset())
        builds = _builds_of(reading, engine_name)
    doomed = {i: pair for i, pair in builds.items() if pair[0].status is BuildStatus.DOOMED}
    held = {i: pair for i, pair in doomed.items() if i in rooted and (i in built or not pair[0].relation)}
    if held:
        entries = [_with_status(build, BuildStatus.SEALED) for build, _ in held.values()]
        expects = [Expectation(Collection.BUILDS, i, text) for i, (_, text) in held.items()]
        commit(store, Batch(tuple(entries), tuple(expects), lease=lease))
    return {i: pair for i, pair in doomed.items() if i not in held}


def _with_status(build: Build, status: BuildStatus) -> Entry:
    return Entry(Collection.BUILDS, build.id, dumps(build_to_json(replace(build, status=status))))


def _erase(store: StateStore, lease: Lease, garbage: _Builds, *, at: str, by: str, retain: Retain) -> int:
    """Erase the records of dropped builds and what nothing refers to any more; return how many of the latter."""
    with store.reading() as reading:
        unreferred = _unreferred(reading, gone=frozenset(garbage)) + _old_runs(reading, now=at, retain=retain)
        keys = [f"{build.key}/{i}" for i, (build, _) in garbage.items()]
    entries = [
        *(Entry(Collection.BUILDS, i, None) for i in garbage),
        *(Entry(Collection.KEYS, key, None) for key in keys),
        *(Entry(Collection.EVIDENCE, key, None) for i in garbage for key in (i, profile_key(i))),
        *(Entry(Collection.LOADS, load_key(build), None) for build, _ in garbage.values() if build.load is not None),
        *unreferred,
    ]
    if entries:
        expects = tuple(Expectation(Collection.BUILDS, i, text) for i, (_, text) in garbage.items())
        size = sum(build.bytes for build, _ in garbage.values())
        event = NewEvent("collect", {"at": at, "by": by, "builds": len(garbage), "bytes": size})
        commit(store, Batch(tuple(entries), expects, (event,), lease))
    return len(unreferred)


def _old_runs(reading: Reading, *, now: str, retain: Retain) -> tuple[Entry, ...]:
    """Return the erasures of records of runs that are older than what is retained; the newest ones of each stay."""
    found: list[Entry] = []
    for name in read_environments(reading):
        runs = list(reading.scan(Collection.RUNS, f"{name}/"))[:-RUNS_KEPT]
        since = _instant(now) - timedelta(seconds=retain(name))
        found += [
            Entry(Collection.RUNS, key, None) for key, text in runs if _instant(loads(text)["started_at"]) < since
        ]
    return tuple(found)


def _unreferred(reading: Reading, *, gone: frozenset[Digest]) -> tuple[Entry, ...]:
    """Return the erasures of recipes, trees and blobs that no build, move or intent needs once ``gone`` are gone.

    None in a state with several engines: they share the code, and the lease covers one of them only, so a release of
    another may be about to refer to it.
    """
    if len({record.engine for record in read_environments(reading).values()}) > 1:
        return ()
    recipes = {loads(text)["recipe"] for key, text in reading.scan(Collection.BUILDS) if key not in gone}
    trees = {loads(text)["tree"] for _, text in reading.scan(Collection.MOVES)}
    trees.update(intent.move.tree for intent, _ in read_intents(reading).values())
    kept = [Digest(key) for key, _ in reading.scan(Collection.TREES) if key in trees]
    blobs = {blob for tree in kept for blob in blobs_of(reading, tree).values()}
    referred = ((Collection.RECIPES, recipes), (Collection.TREES, trees), (Collection.BLOBS, blobs))
    return tuple(
        Entry(collection, key, None)
        for collection, used in referred
        for key, _ in reading.scan(collection)
        if key not in used
    )
