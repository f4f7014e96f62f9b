"""Repair: remedies are carried out under the lease, each in steps that may be cut off at any instant.

What an environment shows is mended by a move like any other: intent, the engine's transaction, record. Then builds are
marked, in one batch; then the engine drops what belongs to nobody. Cut off anywhere, the next command settles an open
move, and the next doctor finds what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from headgate.core.address import Address
from headgate.core.build_forms import build_to_json
from headgate.core.declarations import Kind
from headgate.core.errors import StatementFailed
from headgate.core.events import log_head
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps
from headgate.core.ports.engine import Engine, Marker, Publication, Standing
from headgate.core.ports.store import Batch, Clock, Entry, Expectation, Lease, NewEvent, Nonce, StateStore
from headgate.core.records import (
    Build,
    BuildStatus,
    Capture,
    Collection,
    Intent,
    LogHead,
    Move,
    MoveKind,
    Pointer,
    pointer_to_json,
)
from headgate.release.bindings import Bindings
from headgate.release.doctor.findings import LeftView, LogGap, Orphan, OrphanKind
from headgate.release.doctor.known import Due, Known, due_of, read_known
from headgate.release.doctor.look import Diagnosis, look
from headgate.release.doctor.remedies import Remedies, Showing, remedies_of
from headgate.release.intended import identity_of_changes, pointer_changes
from headgate.release.intents import abandon_intent, commit, finish_intent, open_intent
from headgate.release.log import noted
from headgate.release.record import Recording, recorded
from headgate.release.recover import recover
from headgate.release.stored import read_environment
from headgate.release.switch import finish, switch
from headgate.release.verdict import Verdict

_ROUNDS_MAX = 4
"""What one round has mended may show what was hidden by it."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done, and what is found afterwards.

    ``shown`` counts, for each move, the views that were made again; ``noted`` the places of the log that are now known
    to be altered; ``dropped`` names what went out of the engine, views and tables and rows of ``headgate.builds``.
    """

    moves: tuple[Move, ...]
    shown: tuple[int, ...]
    lost: tuple[Address, ...]
    found: tuple[Address, ...]
    noted: int
    dropped: tuple[str, ...]
    after: Diagnosis


@dataclass(frozen=True, slots=True)
class Surgery:
    """Whoever repairs: the holder of a lease on an engine, with all that writing needs.

    ``recording`` says with what the moves of an environment are recorded and signed; None for those that are not.
    """

    store: StateStore
    engine: Engine
    lease: Lease
    clock: Clock
    nonce: Nonce
    root: str
    by: str
    engine_name: str
    recording: Callable[[str], Recording | None] = field(default=lambda _: None)

    def look(self) -> Diagnosis:
        """Return what is found now."""
        with self.store.reading() as reading:
            state = self.store.identity()
            return look(reading, self.engine, state=state, engine_name=self.engine_name, root=self.root)

    def due(self, known: Known, environment: str) -> Due:
        """Return what an environment should show by some knowledge."""
        return due_of(known, environment, self.engine, self.root)


def repair(surgery: Surgery) -> Repaired:
    """Do all that can be done about what is found, and return it with what is found then.

    Raises what a publication does. Cost: that of some looks, and of showing again what is replaced.
    """
    done = _Done()
    for _ in range(_ROUNDS_MAX):
        _settle(surgery)
        diagnosis = surgery.look()
        if not _treated(diagnosis, surgery, done):
            break
    return Repaired(
        moves=tuple(move for move, _ in done.made),
        shown=tuple(count for _, count in done.made),
        lost=tuple(dict.fromkeys(done.lost)),
        found=tuple(dict.fromkeys(done.found)),
        noted=done.noted,
        dropped=tuple(dict.fromkeys(done.dropped)),
        after=surgery.look(),
    )


@dataclass(slots=True)
class _Done:
    """What was done so far."""

    made: list[tuple[Move, int]] = field(default_factory=list)
    lost: list[Address] = field(default_factory=list)
    found: list[Address] = field(default_factory=list)
    noted: int = 0
    dropped: list[str] = field(default_factory=list)


def _treated(diagnosis: Diagnosis, surgery: Surgery, done: _Done) -> bool:
    """Do what can be done about one diagnosis; tell whether there was anything."""
    gaps = [fault for finding in diagnosis.findings if isinstance(finding, LogGap) for fault in finding.faults]
    if gaps:
        event = noted(gaps, at=surgery.clock(), by=surgery.by)
        commit(surgery.store, Batch(events=(event,), lease=surgery.lease))
    remedies = remedies_of(diagnosis, surgery.due)
    known = diagnosis.known.without([damage.build for damage in remedies.lost])
    done.made += [_show(showing, known, diagnosis.markers, surgery) for showing in remedies.showings]
    _mark(remedies, diagnosis.known, surgery)
    if remedies.drop:
        surgery.engine.drop(remedies.drop)
    done.lost += [damage.address for damage in remedies.lost]
    done.found += [again.address for again in remedies.found]
    done.noted += len(gaps)
    done.dropped += _names_dropped(diagnosis)
    return bool(gaps or remedies.showings or remedies.lost or remedies.found or remedies.drop)


def _names_dropped(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the names of what is dropped for good: left views and orphans."""
    yield from (f"{found.schema}.{found.name}" for found in diagnosis.findings if isinstance(found, LeftView))
    for found in diagnosis.findings:
        if isinstance(found, Orphan) and found.kind is not OrphanKind.OTHER:
            is_row = found.kind is OrphanKind.ROW
            yield f"the row {found.build[:11]} of headgate.builds" if is_row else f"headgate.{found.relation}"


def _settle(surgery: Surgery) -> None:
    """Settle what was cut off. Where the warehouse is older, what was intended then has certainly not happened."""
    store, engine, lease = surgery.store, surgery.engine, surgery.lease
    owner = engine.state()
    if owner not in (None, store.identity()):
        return
    with store.reading() as reading:
        known = read_known(reading, state=store.identity(), engine=surgery.engine_name)
    verdicts = known.verdicts(engine.markers() if owner else {})
    if any(verdict in (Verdict.STATE_IS_OLDER, Verdict.OTHER_MOVE) for verdict in verdicts.values()):
        return
    if owner is None:
        engine.adopt(store.identity())
    if all(verdict.is_sound for verdict in verdicts.values()):
        recover(store=store, engine=engine, lease=lease, clock=surgery.clock)
        return
    for name, intent in known.intents.items():
        if not verdicts[name].is_sound:
            abandon_intent(intent, store=store, lease=lease)
        elif verdicts[name] is Verdict.HAPPENED:
            finish_intent(intent, store=store, lease=lease)


def _show(showing: Showing, known: Known, markers: Mapping[str, Marker], surgery: Surgery) -> tuple[Move, int]:
    """Make the move that mends an environment; return it, and how many views were made again.

    A view that the engine refuses, since the source that it reads is gone, is left out: it stays a finding.
    """
    name = showing.environment
    due = surgery.due(replace(known, pointers={**known.pointers, name: showing.pointers}), name)
    standings = surgery.engine.inventory([due.views[address] for address in showing.replace]).views
    again = [
        address
        for address in showing.replace
        if standings[due.views[address].schema, due.views[address].name] in (Standing.ABSENT, Standing.OTHER)
    ]
    while True:
        try:
            return _shown(replace(showing, replace=tuple(again)), due, known, markers, surgery), len(again)
        except StatementFailed as refused:
            names = {f"{due.views[address].schema}.{due.views[address].name}": address for address in again}
            if refused.job not in names:
                raise
            again.remove(names[refused.job])


def _shown(showing: Showing, due: Due, known: Known, markers: Mapping[str, Marker], surgery: Surgery) -> Move:
    store, lease, name = surgery.store, surgery.lease, showing.environment
    with store.reading() as reading:
        record, text = read_environment(reading, name)
        log = log_head(reading)
        changes = pointer_changes(known.pointers[name], showing.pointers)
        builds = reading.get(Collection.BUILDS, [c.after.build for c in changes.values() if c.after])
    if record is None:
        raise AssertionError(f"{name} has no record")
    marker = markers.get(name)
    move = _move(showing, known, serial=max(record.serial, marker.serial if marker else 0) + 1, surgery=surgery)
    intent = Intent(
        id=surgery.nonce(),
        expects=record.serial,
        fence=lease.fence,
        move=move,
        beside=record.beside,
        engine=record.engine,
        bare=record.bare,
        graph=record.graph if showing.is_whole and not move.changes else Digest(""),
        aside=showing.aside,
    )
    introduction: tuple[Entry, ...] = ()
    events: tuple[NewEvent, ...] = ()
    if (recording := surgery.recording(name)) is not None:
        texts = {address: dumps(pointer_to_json(pointer)) for address, pointer in known.pointers[name].items()}
        intent, introduction, events = recorded(recording, intent, texts, store=store, log=log)
    open_intent(intent, store=store, lease=lease, record=text, builds=builds, keeps=introduction, events=events)
    publication = _publication(showing, due, known, intent, marker, log=log, surgery=surgery)
    switch(publication, intent, store=store, engine=surgery.engine, lease=lease)
    finish(intent, store=store, lease=lease)
    return move


def _move(showing: Showing, known: Known, *, serial: int, surgery: Surgery) -> Move:
    """Return the move: its code is that of the release that is shown again."""
    name = showing.environment
    changes = pointer_changes(known.pointers[name], showing.pointers)
    restored = next((move for move in known.moves[name] if move.serial == showing.restores), None)
    return Move(
        environment=name,
        serial=serial,
        kind=MoveKind.REPAIR,
        at=surgery.clock(),
        by=surgery.by,
        changes=changes,
        plan=identity_of_changes("repair", changes),
        tree=restored.tree if restored else Digest(""),
        commit=restored.commit if restored else "",
        dirty=restored.dirty if restored else (),
        source=restored.source if restored else "",
        restores=showing.restores,
        sources=_captures(showing.pointers, known.builds.get),
        adopted=showing.moved,
    )


def _captures(
    pointers: Mapping[Address, Pointer], build: Callable[[Digest], Build | None]
) -> Mapping[Address, Capture]:
    found = ((a, build(pointer.build)) for a, pointer in pointers.items() if pointer.kind is Kind.SOURCE)
    return {address: one.capture for address, one in found if one is not None and one.capture is not None}


def _publication(
    showing: Showing,
    due: Due,
    known: Known,
    intent: Intent,
    marker: Marker | None,
    *,
    log: LogHead | None,
    surgery: Surgery,
) -> Publication:
    bindings = Bindings(showing.pointers, known.builds.get, surgery.engine, surgery.root)
    tables = {relation for address in showing.replace for relation in bindings.relations(address)}
    views = sorted((due.views[address] for address in showing.replace), key=lambda view: (view.schema, view.name))
    return Publication(
        environment=showing.environment,
        before=marker,
        after=Marker(surgery.store.identity(), intent.move.serial, surgery.lease.fence, intent.id),
        replace=tuple(views),
        drop=showing.drop,
        tables=tuple(sorted(tables)),
        aside=showing.moved,
        log=log,
    )


def _mark(remedies: Remedies, known: Known, surgery: Surgery) -> None:
    """Mark builds as lost, or as found, and write down what was done, and what will be dropped."""
    lost = [known.builds[damage.build] for damage in remedies.lost]
    found = [known.builds[again.build] for again in remedies.found]
    if not (lost or found or remedies.drop):
        return
    entries = [*(_marked(b, BuildStatus.LOST) for b in lost), *(_marked(b, BuildStatus.SEALED) for b in found)]
    with surgery.store.reading() as reading:
        texts = reading.get(Collection.BUILDS, [b.id for b in (*lost, *found)])
    expects = tuple(Expectation(Collection.BUILDS, identity, text) for identity, text in texts.items())
    body = {
        "at": surgery.clock(), "by": surgery.by, "engine": surgery.engine_name,
        "lost": sorted(b.id for b in lost), "found": sorted(b.id for b in found), "dropped": sorted(remedies.drop),
    }  # fmt: skip
    commit(surgery.store, Batch(tuple(entries), expects, (NewEvent("repair", body),), surgery.lease))


def _marked(build: Build, status: BuildStatus) -> Entry:
    return Entry(Collection.BUILDS, build.id, dumps(build_to_json(replace(build, status=status))))
