"""Remedies: what would be done about findings, decided before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.ports.engine import Standing
from headgate.core.records import Pointer
from headgate.release.doctor.findings import (
    Finding,
    FoundAgain,
    LeftView,
    Orphan,
    OrphanKind,
    TableDamage,
    ViewDrift,
)
from headgate.release.doctor.known import Due, Known
from headgate.release.doctor.look import Diagnosis


@dataclass(frozen=True, slots=True)
class Showing:
    """An environment shall show ``pointers``, as it did after its move ``restores``.

    ``replace`` are addresses whose views are made again, ``drop`` views that go. ``is_whole``: nothing that it points
    to is lost.
    """

    environment: str
    pointers: Mapping[Address, Pointer]
    restores: int
    replace: tuple[Address, ...]
    drop: tuple[tuple[str, str], ...]
    is_whole: bool


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
    lost = tuple(f for f in findings if isinstance(f, TableDamage))
    found = tuple(f for f in findings if isinstance(f, FoundAgain))
    gone = {damage.build for damage in lost}
    known = diagnosis.known.without(gone)
    touched = {n for n, pointers in known.pointers.items() if not gone.isdisjoint(p.build for p in pointers.values())}
    touched |= {f.environment for f in findings if isinstance(f, (LeftView, ViewDrift))}
    showings = [_showing(name, diagnosis, known, due(known, name)) for name in sorted(touched)]
    rows = {damage.build: "" for damage in lost if damage.build in diagnosis.inventory.builds}
    return Remedies(tuple(s for s in showings if s is not None), lost, found, {**rows, **_dropped(findings)})


def _showing(environment: str, diagnosis: Diagnosis, known: Known, due: Due) -> Showing | None:
    """Return what is done about the views of an environment; None where nothing can be."""
    ours = [f for f in diagnosis.findings if isinstance(f, (LeftView, ViewDrift)) and f.environment == environment]
    left = [(f.schema, f.name) for f in ours if isinstance(f, LeftView)]
    movable = {f.address: f for f in ours if isinstance(f, ViewDrift) and f.standing is not Standing.TABLE}
    drop = [(f.schema, f.name) for a, f in movable.items() if a not in due.views and f.standing is Standing.OTHER]
    replace = tuple(address for address in movable if address in due.views)
    pointers = known.pointers[environment]
    is_whole = all(known.is_usable(pointer.build) for pointer in pointers.values())
    if is_whole and not (replace or drop or left):
        return None
    return Showing(environment, pointers, known.records[environment].serial, replace, (*drop, *left), is_whole)


def _dropped(findings: tuple[Finding, ...]) -> Mapping[Digest, str]:
    """Return what goes out of the engine. A table without a row goes under its own name."""
    dropped: dict[Digest, str] = {}
    for orphan in findings:
        if isinstance(orphan, Orphan):
            is_row = orphan.kind is OrphanKind.ROW
            dropped[orphan.build or Digest(orphan.relation)] = "" if is_row else orphan.relation
    return dropped
