"""Recovery: the first act of every new holder of a lease. What a crash left half done is finished or taken back.

The state decides what was intended, the engine's marker whether it happened. A second recovery finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json, build_to_json
from headgate.core.errors import Diverged
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.engine import Engine, Marker, Publication
from headgate.core.ports.store import Batch, Clock, Entry, Expectation, Lease, NewEvent, Reading, StateStore
from headgate.core.records import Build, BuildStatus, Collection, EnvironmentRecord, Intent, load_key
from headgate.release.intents import abandon_intent, commit, finish_intent
from headgate.release.pins import is_dead, read_pins
from headgate.release.stored import read_environments, read_intents
from headgate.release.verdict import Verdict, verdict_of

_ENGINE = "engine/"
_ENVIRONMENT = "environment/"


class RecoveryKind(StrEnum):
    """What recovery did."""

    FINISHED = "finished"  # the engine had made the move: the state says so now
    ABANDONED = "abandoned"  # the engine had not: the intent is gone
    SEALED = "sealed"  # the engine had made the builds: they can be used
    DROPPED = "dropped"  # it had not: their records are gone


@dataclass(frozen=True, slots=True)
class Recovery:
    """One thing that was found half done: a move of ``environment`` to ``serial``, or builds of ``addresses``."""

    kind: RecoveryKind
    environment: str = ""
    serial: int = 0
    addresses: tuple[Address, ...] = ()


def recover(
    *,
    store: StateStore,
    engine: Engine,
    lease: Lease,
    clock: Clock,
    engine_name: str | None = None,
) -> tuple[Recovery, ...]:
    """Leave state and engine in agreement, and say what was done for it.

    ``engine_name`` is the engine's name in the repository where the lease does not say it. Raises ``Diverged`` where
    the two do not belong together; then nothing was written. Cost where nothing is to be done: three small scans of the
    state, two queries of the engine.
    """
    scope = _scope(lease, engine_name)
    with store.reading() as reading:
        found = _soundness(reading, engine, store.identity(), scope)
    if found.owner is None:
        engine.adopt(store.identity())
    done: list[Recovery] = []
    for name, intent in sorted(found.intents.items()):
        verdict, marker = found.verdicts[name], found.markers.get(name)
        done.append(_settle(intent, verdict, marker, store=store, engine=engine, lease=lease))
    done.extend(_recover_builds(store, engine, lease, clock, scope))
    return tuple(done)


@dataclass(frozen=True, slots=True)
class _Soundness:
    """What became of the last move of every environment that the lease covers; ``owner`` is the warehouse's state."""

    owner: str | None
    intents: Mapping[str, Intent]
    markers: Mapping[str, Marker]
    verdicts: Mapping[str, Verdict]


def _soundness(reading: Reading, engine: Engine, state: str, scope: _Scope) -> _Soundness:
    records = {n: r for n, r in read_environments(reading).items() if scope.has_environment(n, r.engine)}
    intents = {n: i for n, (i, _) in read_intents(reading).items() if scope.has_environment(n, i.engine)}
    owner = engine.state()
    _check_identity(owner, state, reading, scope)
    markers = {n: m for n, m in engine.markers().items() if owner and scope.environment in (None, n)}
    verdicts = {
        name: _sound_verdict(name, records.get(name), intents.get(name), markers.get(name), state)
        for name in sorted(records.keys() | intents.keys() | markers.keys())
    }
    return _Soundness(owner, intents, markers, verdicts)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the lease covers: a whole engine, or one environment. None means any."""

    engine: str | None
    environment: str | None

    def has_environment(self, name: str, engine: str) -> bool:
        return self.environment in (None, name) and self.engine in (None, engine)


def _scope(lease: Lease, engine_name: str | None) -> _Scope:
    if lease.resource.startswith(_ENGINE):
        return _Scope(engine_name or lease.resource.removeprefix(_ENGINE), None)
    return _Scope(engine_name, lease.resource.removeprefix(_ENVIRONMENT))


def _check_identity(owner: str | None, state: str, reading: Reading, scope: _Scope) -> None:
    """Raise ``Diverged`` where the warehouse belongs to another state, or is a new file to a state that knows one."""
    if owner == state:
        return
    if owner is not None:
        raise foreign_warehouse()
    known = any(scope.engine in (None, r.engine) for r in read_environments(reading).values())
    known = known or any(scope.engine in (None, i.engine) for i, _ in read_intents(reading).values())
    known = known or any(scope.engine in (None, loads(t)["engine"]) for _, t in reading.scan(Collection.BUILDS))
    if known:
        raise Diverged(
            "the warehouse is a new file, but the state knows tables in it",
            code="HG520",
            hint="Put the warehouse file back; or have it all built again: headgate doctor",
        )


def foreign_warehouse() -> Diverged:
    """Return the error of a warehouse that belongs to another state, be that one lost or not."""
    return Diverged(
        "the warehouse belongs to another state than this one: each keeps the other's tables for leftovers",
        code="HG520",
        hint="Put back the state file that was made with this warehouse, or name another warehouse.\n"
        "Look: headgate doctor",
    )


def _sound_verdict(
    name: str, record: EnvironmentRecord | None, intent: Intent | None, marker: Marker | None, state: str
) -> Verdict:
    """Return what became of an environment's intent; raise ``Diverged`` where the marker fits neither answer."""
    found = verdict_of(record, intent, marker, state)
    serial, shown = record.serial if record else 0, marker.serial if marker else 0
    match found:
        case Verdict.AT_REST | Verdict.HAPPENED | Verdict.DID_NOT:
            return found
        case Verdict.OTHER_STATE:
            how = "was moved in the warehouse by another state"
        case Verdict.STATE_IS_OLDER:
            how = f"is at {shown} in the warehouse and at {serial} in the state, which is an older copy"
        case Verdict.WAREHOUSE_IS_OLDER:
            how = f"is at {serial} in the state and at {shown} in the warehouse, which is an older copy"
        case Verdict.OTHER_MOVE:
            how = f"reached {serial} in the state by another move than in the warehouse"
    raise Diverged(
        f"{name} {how}",
        code="HG520",
        hint="Nothing was changed. Put back the file (warehouse or state) that belongs to the other one.\n"
        "What can be repaired: headgate doctor",
    )


def _settle(
    intent: Intent, verdict: Verdict, marker: Marker | None, *, store: StateStore, engine: Engine, lease: Lease
) -> Recovery:
    """Finish or abandon an intent. Before the latter the fence rises, so that its author cannot publish it late.

    An environment that was never shown gets a marker of serial 0 for that.
    """
    move = intent.move
    if verdict is Verdict.HAPPENED:
        finish_intent(intent, store=store, lease=lease)
        return Recovery(RecoveryKind.FINISHED, move.environment, move.serial, tuple(move.changes))
    if marker is None:
        first = Marker(store.identity(), 0, lease.fence, "")
        engine.publish(Publication(move.environment, before=None, after=first, replace=(), drop=(), tables=()))
    elif marker.fence < lease.fence:
        engine.fence(move.environment, marker, lease.fence)
    abandon_intent(intent, store=store, lease=lease)
    return Recovery(RecoveryKind.ABANDONED, move.environment, move.serial, tuple(move.changes))


def _recover_builds(
    store: StateStore, engine: Engine, lease: Lease, clock: Clock, scope: _Scope
) -> tuple[Recovery, ...]:
    """Seal or drop what earlier holders were building, and take their pins back.

    Every unfinished build is pinned by who makes it, so pins lead to all of them without a scan of the builds.
    """
    with store.reading() as reading:
        pins = [(key, build) for key, build, holder in read_pins(reading) if is_dead(holder, lease)]
        texts = reading.get(Collection.BUILDS, dict.fromkeys(build for _, build in pins))
        builds = {Digest(i): build_from_json(loads(text)) for i, text in texts.items()}
        foreign = {i for i, b in builds.items() if not _is_ours(b, lease, scope)}
        unfinished = {i: b for i, b in builds.items() if i not in foreign and b.status is BuildStatus.BUILDING}
        latest = _latest_captures(reading, unfinished)
    unpins = [Entry(Collection.PINS, key, None) for key, build in pins if build not in foreign]
    if not unpins:
        return ()
    built = engine.built_rows(unfinished) if unfinished else {}
    # What was read from files is sealed only after the files were looked at again, which nobody can do any more.
    made = {i: b for i, b in unfinished.items() if i in built and not b.is_from_files}
    lost = {i: b for i, b in unfinished.items() if i not in made}
    if lost:
        # What a load has made so far stays in its storage, unseen: the next attempt goes on with it.
        engine.drop({i: b.relation for i, b in lost.items() if b.relation and b.load is None})
    made = {i: replace(b, rows=built[i].rows, bytes=built[i].bytes) for i, b in made.items()}
    entries = [*_seals(made, latest), *(Entry(Collection.BUILDS, i, None) for i in lost), *unpins]
    expects = tuple(Expectation(Collection.BUILDS, i, texts[i]) for i in unfinished)
    events = (NewEvent("recover", {"at": clock(), "by": lease.holder, "sealed": len(made), "dropped": len(lost)}),)
    commit(store, Batch(tuple(entries), expects, events if unfinished else (), lease))
    found = [(RecoveryKind.SEALED, made), (RecoveryKind.DROPPED, lost)]
    return tuple(Recovery(kind, addresses=tuple(b.address for b in group.values())) for kind, group in found if group)


def _is_ours(build: Build, lease: Lease, scope: _Scope) -> bool:
    """Tell whether an earlier holder of this lease is answerable for a pinned build."""
    return scope.engine in (None, build.engine) and (
        build.status is not BuildStatus.BUILDING or build.fence < lease.fence
    )


def _latest_captures(reading: Reading, builds: Mapping[Digest, Build]) -> Mapping[str, int]:
    keys = [f"{b.engine}/{b.address}" for b in builds.values() if b.capture]
    return {key: loads(text)["number"] for key, text in reading.get(Collection.CAPTURES, keys).items()}


def _seals(made: Mapping[Digest, Build], latest: Mapping[str, int]) -> list[Entry]:
    """Return what a finished build's own seal would have written."""
    entries: list[Entry] = []
    for identity, build in made.items():
        sealed = replace(build, status=BuildStatus.SEALED)
        entries.append(Entry(Collection.BUILDS, identity, dumps(build_to_json(sealed))))
        entries.append(Entry(Collection.KEYS, f"{build.key}/{identity}", ""))
        if build.load is not None:
            entries.append(Entry(Collection.LOADS, load_key(build), ""))
        key = f"{build.engine}/{build.address}"
        if build.capture is not None and build.capture.number >= latest.get(key, 0):
            entries.append(Entry(Collection.CAPTURES, key, dumps(build.capture)))
    return entries
