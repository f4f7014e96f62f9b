"""Publish: one move of one environment, in three steps that may be cut off at any instant.

1. State: the intent is written, if everything is still as it was read.
2. Engine, one transaction: the views and the marker. This commit is the move.
3. State: pointers, record, event; the intent goes.

Whoever comes after a crash reads the marker: it shows the intent, or it does not (``recover``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.errors import (
    Diverged,
    Refused,
    StalePlan,
)
from headgate.core.events import log_head
from headgate.core.json_form import dumps
from headgate.core.listing import listed
from headgate.core.plan import Action, Plan
from headgate.core.ports.engine import Engine, Marker, Publication
from headgate.core.ports.store import Batch, Clock, Entry, Expectation, Lease, NewEvent, Nonce, Reading, StateStore
from headgate.core.records import (
    BuildStatus,
    Capture,
    Collection,
    EnvironmentRecord,
    Intent,
    LogHead,
    Move,
    MoveKind,
    PointerChange,
)
from headgate.core.snapshot import Shown
from headgate.release.aside import Moving, moving
from headgate.release.bindings import Bindings, Difference, Naming, difference, fold_name
from headgate.release.closure import broken_reads
from headgate.release.intended import Intended, pointer_changes
from headgate.release.intents import commit, open_intent
from headgate.release.place import check_place
from headgate.release.record import Recording, recorded
from headgate.release.stored import StoredBuilds, StoredPointers, read_environment, read_pointers
from headgate.release.switch import finish, switch


@dataclass(frozen=True, slots=True)
class _Head:
    """The environment as it stands: its record and stored form, its pointers, what would change; the end of the log."""

    record: EnvironmentRecord | None
    text: str | None
    pointers: StoredPointers
    changes: Mapping[Address, PointerChange]
    log: LogHead | None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A move ready to be made: its changes with the texts of their builds, and the engine's part."""

    difference: Difference
    builds: Mapping[str, str]
    tables: tuple[str, ...]
    sources: Mapping[Address, Capture]
    moving: Moving


def publish(
    move_plan: Intended,
    *,
    store: StateStore,
    engine: Engine,
    lease: Lease,
    clock: Clock,
    nonce: Nonce,
    root: str,
    keeps: Iterable[Entry] = (),
    recording: Callable[[], Recording] | None = None,
) -> Move | None:
    """Make the environment show what is intended and return the move; None where it does already, and nothing moved.

    ``keeps`` are entries (source code, see ``source_code``) that are written together with the intent. With
    ``recording``, which is called where something moves, it gets a signed record, as every release must. Raises
    ``StalePlan`` where the environment has moved, ``Refused`` where a rule forbids it, ``EnvironmentFailed`` where the
    engine could not: then the environment shows what it showed before. Whoever has lost the right to record what the
    engine shows already is told so by ``LeaseLost`` or ``Refused``. Cost: views in number of what changes.
    """
    with store.reading() as reading:
        head = _read_head(move_plan, reading)
        is_same = not head.changes and not move_plan.properties
        is_same = is_same and (head.record is None or head.record.bare == move_plan.bare)
        prepared = None if is_same else _prepare(move_plan, head, reading, engine, root)
    if prepared is None:
        _rest(move_plan, head, store, lease)
        return None
    intent = _intent(move_plan, head, prepared, lease, at=clock(), identity=nonce())
    events: tuple[NewEvent, ...] = ()
    if recording is not None:
        intent, introduction, events = recorded(recording(), intent, head.pointers.texts, store=store, log=head.log)
        keeps = (*keeps, *introduction)
    before = engine.markers().get(move_plan.environment)
    _check_marker(before, intent, head, store.identity())
    open_intent(intent, store=store, lease=lease, record=head.text, builds=prepared.builds, keeps=keeps, events=events)
    publication = Publication(
        environment=move_plan.environment,
        before=before,
        after=Marker(store.identity(), intent.move.serial, lease.fence, intent.id),
        replace=prepared.difference.replace,
        drop=prepared.difference.drop,
        tables=prepared.tables,
        aside=prepared.moving.aside,
        back=prepared.moving.back,
        log=head.log,
    )
    switch(publication, intent, store=store, engine=engine, lease=lease)
    finish(intent, store=store, lease=lease)
    return intent.move


def check_beforehand(plan: Plan, shown: Shown | None, *, bare: bool, reading: Reading, engine: Engine) -> None:
    """Raise ``Refused`` where publishing the plan would be refused whatever it builds: then nothing need be built.

    ``shown`` is what the environment shows now. Cost: one scan of the environments' records; one query of the engine
    where the plan shows names that are new.
    """
    check_place(reading, plan.environment, engine=plan.engine, bare=bare)
    _check_free(_new_names(plan, shown, bare=bare), engine)


def _new_names(plan: Plan, shown: Shown | None, *, bare: bool) -> list[tuple[str, str]]:
    """Return the names of views that the plan shows and that the environment has none of, sorted."""
    before = {a: p.kind for a, p in shown.pointers.items()} if shown else {}
    was = Naming(plan.environment, shown.record.bare if shown else bare)
    becomes = Naming(plan.environment, bare)
    is_renamed = was != becomes
    after = dict(before) if is_renamed else {}
    for step in plan.steps:
        if step.action is Action.REMOVE:
            after.pop(step.address, None)
        elif is_renamed or before.get(step.address, Kind.SOURCE) in NOT_SHOWN:
            after[step.address] = step.kind
    names = [becomes.name(address) for address, kind in after.items() if kind not in NOT_SHOWN]
    if not names:
        return []
    ours = {fold_name(was.name(a)) for a, kind in before.items() if kind not in NOT_SHOWN}
    return sorted(name for name in names if fold_name(name) not in ours)


def _read_head(intended: Intended, reading: Reading) -> _Head:
    """Return the environment as it stands; raise ``StalePlan`` where it has moved since the intended was derived."""
    record, text = read_environment(reading, intended.environment)
    serial = record.serial if record else 0
    if serial != intended.expects:
        raise StalePlan(
            [
                Diagnostic(
                    "HG502",
                    f"{intended.environment} has moved since: it was at {intended.expects} and is at {serial}",
                    hint=f"Plan again: headgate plan {intended.environment}",
                )
            ]
        )
    check_place(reading, intended.environment, engine=intended.engine, bare=intended.bare)
    pointers = read_pointers(reading, intended.environment)
    return _Head(record, text, pointers, pointer_changes(pointers, intended.pointers), log_head(reading))


def _prepare(intended: Intended, head: _Head, reading: Reading, engine: Engine, root: str) -> _Prepared:
    """Return what is to be switched; raise ``Refused`` where builds are missing, closure breaks or names are taken."""
    builds = StoredBuilds(reading)
    builds.fetch([pointer.build for pointer in intended.pointers.values()])
    texts = _sealed_builds(head.changes, builds)
    _check_closure(intended, head.changes, builds)
    was = Naming(intended.environment, head.record.bare if head.record else intended.bare)
    becomes = Naming(intended.environment, intended.bare)
    before = Bindings(head.pointers, builds.get, engine, root)
    after = Bindings(intended.pointers, builds.get, engine, root)
    found = difference(before, after, head.changes, was=was, becomes=becomes)
    aside = _moving(intended, head, found, becomes, engine)
    moved = {r for c in head.changes.values() if c.after and (r := after.relation_of(c.after))}
    sources = {
        address: build.capture
        for address, pointer in intended.pointers.items()
        if pointer.kind is Kind.SOURCE and (build := after.build(address)).capture is not None
    }
    return _Prepared(found, texts, tuple(sorted(moved.union(found.relations))), sources, aside)


def _sealed_builds(changes: Mapping[Address, PointerChange], builds: StoredBuilds) -> Mapping[str, str]:
    """Return the stored forms of the builds that are pointed to anew; raise ``StalePlan`` where one is not sealed."""
    texts: dict[str, str] = {}
    gone: list[Address] = []
    for address, change in changes.items():
        if change.after is None:
            continue
        build = change.after.build
        text = builds.text(build)
        if text is None or builds.status(build) is not BuildStatus.SEALED:
            gone.append(address)
        else:
            texts[build] = text
    if gone:
        summary = f"builds that should be shown are gone: {listed(gone)}"
        raise StalePlan([Diagnostic("HG508", summary, hint="Plan and apply again; they will be built.")])
    return texts


def _check_closure(intended: Intended, changes: Mapping[Address, PointerChange], builds: StoredBuilds) -> None:
    """Refuse pointers of which one was built on something else than what is shown; unchanged ones hold already."""
    checked = {
        address: pointer
        for address, pointer in intended.pointers.items()
        if address in changes or not changes.keys().isdisjoint(builds.sources(pointer.build))
    }
    broken = broken_reads(checked, intended.pointers, builds.get, intended.scheduled)
    pairs = list(dict.fromkeys((b.reader, b.read.address) for b in broken))
    if pairs:
        told = listed([Address(f"{reader} on {read}") for reader, read in pairs])
        summary = f"{intended.environment} would show tables built on something else than it shows: {told}"
        raise Refused([Diagnostic("HG505", summary, hint="Plan and apply again without --select.")])


def taken_beside(
    plan: Plan, beside: Shown | None, *, environment: str, bare: bool, engine: Engine
) -> Diagnostic | None:
    """Return a warning with all names that a promotion of the plan to another environment would find taken.

    ``beside`` is what that ``environment`` shows now. Cost: a query of the engine where it shows none of these names.
    """
    naming = Naming(environment, bare)
    steps = (s for s in plan.steps if s.action is not Action.REMOVE and s.kind not in NOT_SHOWN)
    known = {a for a, p in beside.pointers.items() if p.kind not in NOT_SHOWN} if beside else frozenset()
    taken = _taken(sorted(naming.name(s.address) for s in steps if s.address not in known), engine)
    if not taken:
        return None
    summary = f"{environment} cannot show these assets, somebody else has tables of these names: {listed(taken)}"
    hint = f"Rename the assets, or promote with --adopt, which sets those tables aside in {environment}."
    return Diagnostic("HG510", summary, hint=hint, detail=_all_of(taken), severity=Severity.WARNING)


def _moving(intended: Intended, head: _Head, found: Difference, becomes: Naming, engine: Engine) -> Moving:
    """Return what is set aside and given back; raise ``Refused`` for names in the way that nobody allowed to move."""
    current = head.record.aside if head.record else ()
    wanted = current if intended.aside is None else intended.aside
    if not found.new and set(current) <= set(wanted):
        return Moving(after=current)
    schemas = {schema for schema, _ in found.new} | {one.schema for one in current}
    there = {fold_name(name): name for name in engine.shown(schemas)}
    # Under the name as its owner wrote it, which is the one that it gets back.
    taken = [there[fold_name(name)] for name in found.new if fold_name(name) in there]
    known = {fold_name((one.schema, one.name)) for one in wanted}
    strange = [Address(".".join(n)) for n in found.new if fold_name(n) in there and fold_name(n) not in known]
    if strange and not intended.adopts:
        raise Refused([_in_the_way(strange, intended)])
    shown = {fold_name(becomes.name(a)) for a, p in intended.pointers.items() if p.kind not in NOT_SHOWN}
    return moving(current=current, wanted=wanted, taken=taken, there=there, shown=shown)


def _in_the_way(taken: Sequence[Address], intended: Intended) -> Diagnostic:
    summary = f"the engine has tables or views of somebody else under these names: {listed(taken)}"
    hint = _MAKE_ROOM if intended.kind is not MoveKind.PROMOTE else _ADOPT.format(intended.source)
    return Diagnostic("HG510", summary, hint=hint, detail=_all_of(taken))


def taken_by_others(intended: Intended, shown: Shown | None, engine: Engine) -> tuple[Address, ...]:
    """Return the names that the move will show and that somebody else has now, sorted. Cost: one catalogue query."""
    was = Naming(intended.environment, shown.record.bare if shown else intended.bare)
    becomes = Naming(intended.environment, intended.bare)
    before = shown.pointers if shown else {}
    ours = {fold_name(was.name(a)) for a, pointer in before.items() if pointer.kind not in NOT_SHOWN}
    names = [becomes.name(a) for a, pointer in intended.pointers.items() if pointer.kind not in NOT_SHOWN]
    return tuple(_taken(sorted(name for name in names if fold_name(name) not in ours), engine))


def _check_free(names: Sequence[tuple[str, str]], engine: Engine) -> None:
    """Refuse to replace what is not Headgate's: ``names`` are those that nothing of ours has yet."""
    taken = _taken(names, engine)
    if taken:
        summary = f"the engine has tables or views of somebody else under these names: {listed(taken)}"
        raise Refused([Diagnostic("HG510", summary, hint=_MAKE_ROOM, detail=_all_of(taken))])


_ADOPT = "headgate promote {} --adopt sets them aside under other names; a rollback gives them back."
_MAKE_ROOM = "Rename the assets, or move those tables to another schema."
_NAMES_IN_SUMMARY = 5


def _taken(names: Sequence[tuple[str, str]], engine: Engine) -> list[Address]:
    """Return those of ``names`` that are there."""
    if not names:
        return []
    there = {fold_name(name) for name in engine.shown({schema for schema, _ in names})}
    return [Address(".".join(name)) for name in names if fold_name(name) in there]


def _all_of(taken: Sequence[Address]) -> str:
    """Return all names, one a line, where the summary has not room for them."""
    return "\n".join(taken) if len(taken) > _NAMES_IN_SUMMARY else ""


def _intent(intended: Intended, head: _Head, prepared: _Prepared, lease: Lease, *, at: str, identity: str) -> Intent:
    move = Move(
        environment=intended.environment,
        serial=intended.expects + 1,
        kind=intended.kind,
        at=at,
        by=intended.by,
        changes=head.changes,
        plan=intended.plan,
        tree=intended.tree,
        commit=intended.commit,
        dirty=intended.dirty,
        source=intended.source,
        restores=intended.restores,
        sources=prepared.sources,
        decision=intended.decision,
        adopted=prepared.moving.aside,
        returned=prepared.moving.back,
        properties=intended.properties,
    )
    return Intent(
        id=identity,
        expects=intended.expects,
        fence=lease.fence,
        move=move,
        beside=intended.beside,
        engine=intended.engine,
        bare=intended.bare,
        graph=intended.graph,
        aside=prepared.moving.after,
    )


def _check_marker(before: Marker | None, intent: Intent, head: _Head, state: str) -> None:
    """Raise ``Diverged`` where the engine's marker is not the one of the environment's last move."""
    expected = (state, intent.expects, head.record.intent if head.record else "")
    found = (before.state, before.serial, before.intent) if before else (state, 0, "")
    if found != expected or (before and before.fence > intent.fence):
        environment = intent.move.environment
        raise Diverged(
            f"the warehouse shows {environment} at {found[1]}, the state at {expected[1]}, by another history",
            code="HG520",
            hint="One of the two files is an older copy: put back the one that belongs to the other.",
        )


def _rest(intended: Intended, head: _Head, store: StateStore, lease: Lease) -> None:
    """Record what the environment stands beside now, where only that differs."""
    if head.record is None or intended.kind is not MoveKind.APPLY:
        return
    rested = replace(head.record, beside=intended.beside, graph=intended.graph)
    if rested != head.record:
        entry = Entry(Collection.ENVIRONMENTS, intended.environment, dumps(rested))
        expects = (Expectation(Collection.ENVIRONMENTS, intended.environment, head.text),)
        commit(store, Batch((entry,), expects, lease=lease))
