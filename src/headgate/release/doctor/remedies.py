"""Remedies: what would be done about findings, decided before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN
from headgate.core.hashing import Digest
from headgate.core.ports.engine import Standing
from headgate.core.records import Pointer, SetAside
from headgate.release.bindings import fold_name
from headgate.release.doctor.findings import (
    Finding,
    FoundAgain,
    LackingTables,
    LeftView,
    Orphan,
    OrphanKind,
    Restored,
    TableDamage,
    ViewDrift,
)
from headgate.release.doctor.known import Due, Known
from headgate.release.doctor.look import Diagnosis
from headgate.release.doctor.restored import target_of


@dataclass(frozen=True, slots=True)
class Showing:
    """An environment shall show ``pointers``, as it did after its move ``restores``.

    ``replace`` are addresses whose views are made again, ``drop`` views that go. ``is_whole``: nothing that it points
    to is lost. ``aside`` are the tables of others that shall stand aside, ``moved`` those of them that do not yet.
    """

    environment: str
    pointers: Mapping[Address, Pointer]
    restores: int
    replace: tuple[Address, ...]
    drop: tuple[tuple[str, str], ...]
    is_whole: bool
    aside: tuple[SetAside, ...] = ()
    moved: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class Remedies:
    """Everything that is done. ``lost`` and ``found`` are builds to mark; ``drop`` goes out of the engine.

    The keys of ``drop`` are ids of rows, its values tables, empty where only the row goes.
    """

    showings: tuple[Showing, ...]
    lost: tuple[TableDamage, ...]
    found: tuple[FoundAgain, ...]
    drop: Mapping[Digest, str]


def remedies_of(diagnosis: Diagnosis, due: Callable[[Known, str], Due]) -> Remedies:
    """Return what is done about a diagnosis; ``due`` gives what an environment should show by other knowledge."""
    findings = diagnosis.findings
    lacking = [damage for f in findings if isinstance(f, LackingTables) for damage in f.damages]
    lost = (*(f for f in findings if isinstance(f, TableDamage)), *lacking)
    found = tuple(f for f in findings if isinstance(f, FoundAgain))
    gone = {damage.build for damage in lost}
    known = diagnosis.known.without(gone)
    touched = {n for n, pointers in known.pointers.items() if not gone.isdisjoint(p.build for p in pointers.values())}
    touched |= {f.environment for f in findings if isinstance(f, (LeftView, ViewDrift))}
    older = {f.environment for f in findings if isinstance(f, Restored)}
    showings = [_showing(name, diagnosis, known, due(known, name)) for name in sorted(touched - older)]
    showings += [_restoring(name, diagnosis, known, due) for name in sorted(older)]
    rows = {damage.build: "" for damage in lost if damage.build in diagnosis.inventory.builds}
    return Remedies(tuple(s for s in showings if s is not None), lost, found, {**rows, **_dropped(findings)})


def _showing(environment: str, diagnosis: Diagnosis, known: Known, due: Due) -> Showing | None:
    """Return what is done about the views of an environment; None where nothing can be."""
    ours = [f for f in diagnosis.findings if isinstance(f, (LeftView, ViewDrift)) and f.environment == environment]
    left = [(f.schema, f.name) for f in ours if isinstance(f, LeftView)]
    movable = {f.address: f for f in ours if isinstance(f, ViewDrift) and f.standing is not Standing.TABLE}
    drop = [(f.schema, f.name) for a, f in movable.items() if a not in due.views and f.standing is Standing.OTHER]
    again = tuple(address for address in movable if address in due.views)
    pointers = known.pointers[environment]
    is_whole = all(known.is_usable(pointer.build) for pointer in pointers.values())
    if is_whole and not (again or drop or left):
        return None
    record = known.records[environment]
    return Showing(environment, pointers, record.serial, again, (*drop, *left), is_whole, aside=record.aside)


def _restoring(environment: str, diagnosis: Diagnosis, known: Known, due: Callable[[Known, str], Due]) -> Showing:
    """Return what is done about an environment whose warehouse is older: all its views are made again."""
    target = target_of(diagnosis.known, environment, diagnosis.markers.get(environment), diagnosis.inventory)
    shown = due(replace(known, pointers={**known.pointers, environment: target.pointers}), environment)
    naming = known.naming(environment)
    names = {naming.name(a) for a, p in {**target.was, **target.pointers}.items() if p.kind not in NOT_SHOWN}
    kept = {fold_name((view.schema, view.name)) for view in shown.views.values()}
    names |= {
        (f.schema, f.name) for f in diagnosis.findings if isinstance(f, LeftView) and f.environment == environment
    }
    return Showing(
        environment=environment,
        pointers=target.pointers,
        restores=target.restores,
        replace=tuple(sorted(shown.views)),
        drop=tuple(sorted(name for name in names if fold_name(name) not in kept)),
        is_whole=all(known.is_usable(pointer.build) for pointer in target.pointers.values()),
        aside=target.aside,
        moved=tuple(one for one in target.aside if one not in target.there),
    )


def _dropped(findings: tuple[Finding, ...]) -> Mapping[Digest, str]:
    """Return what goes out of the engine. A table without a row goes under its own name."""
    dropped: dict[Digest, str] = {}
    for orphan in findings:
        if isinstance(orphan, Orphan) and orphan.kind is not OrphanKind.OTHER:
            is_row = orphan.kind is OrphanKind.ROW
            dropped[orphan.build or Digest(orphan.relation)] = "" if is_row else orphan.relation
    return dropped
