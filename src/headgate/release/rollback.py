"""Rollback: an environment shows again what it showed after an earlier move. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, has_errors
from headgate.core.hashing import Digest
from headgate.core.properties import PropertyChanges
from headgate.core.records import BuildStatus, Move, MoveKind, PointerChange
from headgate.core.snapshot import Snapshot
from headgate.release.aside import aside_as_of
from headgate.release.history import pointers_as_of
from headgate.release.intended import Intended, identity_of_changes, pointer_changes

_TOLD_MAX = 5


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What a rollback would do: ``restores`` is the serial shown again. ``intended`` is None where it is refused."""

    environment: str
    serial: int
    restores: int
    changes: Mapping[Address, PointerChange]
    diagnostics: tuple[Diagnostic, ...]
    intended: Intended | None


def plan_rollback(
    *,
    snapshot: Snapshot,
    moves: Sequence[Move],
    by: str,
    to: int | None = None,
    release: int | None = None,
    properties: PropertyChanges | None = None,
    scheduled: frozenset[Address] = frozenset(),
) -> RollbackPlan:
    """Return the move back to the state after ``to``, by default to the one just before the last move.

    ``moves`` are those of the environment, oldest first: from ``to`` on, or all. A rollback of a rollback shows again
    what was left; ``release`` is then the move that ``to`` itself went back to, and the one that is named and recorded.
    ``properties`` become others with the code that is shown again, in which ``scheduled`` are those with a schedule.
    Its schemas are named as they are now: only a release gives or takes their suffix.
    Builds that are gone are named. Cost: linear in the changes of the moves undone.
    """
    serial = snapshot.shown.record.serial if snapshot.shown else 0
    target = serial - 1 if to is None else to
    restores = target if release is None else release
    aside = snapshot.shown.record.aside if snapshot.shown else ()
    fault = _fault_in_target(snapshot.name, serial, target, moves, has_aside=bool(aside))
    if fault is not None or snapshot.shown is None:
        return RollbackPlan(snapshot.name, serial, restores, {}, (fault,) if fault else (), None)
    pointers = pointers_as_of(target, snapshot.shown.pointers, moves)
    changes = pointer_changes(snapshot.shown.pointers, pointers)
    diagnostics = _lost_builds(snapshot, restores, changes)
    restored = next((move for move in moves if move.serial == target), None)
    intended = Intended(
        environment=snapshot.name,
        engine=snapshot.shown.record.engine,
        expects=serial,
        pointers=pointers,
        kind=MoveKind.ROLLBACK,
        by=by,
        bare=snapshot.shown.record.bare,
        plan=identity_of_changes("rollback", changes, properties),
        tree=restored.tree if restored else Digest(""),
        commit=restored.commit if restored else "",
        dirty=restored.dirty if restored else (),
        source=restored.source if restored else "",
        restores=restores,
        beside=snapshot.shown.record.beside,
        aside=aside_as_of(target, aside, moves),
        scheduled=scheduled,
        properties=properties or {},
    )
    is_possible = bool(changes or properties) and not has_errors(diagnostics)
    return RollbackPlan(snapshot.name, serial, restores, changes, diagnostics, intended if is_possible else None)


def _fault_in_target(
    name: str, serial: int, restores: int, moves: Sequence[Move], *, has_aside: bool
) -> Diagnostic | None:
    """Return why there is no way back to ``restores``, or None.

    Where tables of others were set aside (``has_aside``), the way leads back to before the first move: to them.
    """
    if serial == 0:
        hint = "There is nothing to go back to. Look: headgate status"
        return Diagnostic("HG530", f"{name} has shown nothing yet", hint=hint)
    if restores == serial:
        return Diagnostic("HG530", f"{name} shows {serial} already", hint=f"Look: headgate releases {name}")
    if restores == 0 and has_aside:
        return None
    if restores == 0:
        return Diagnostic(
            "HG530",
            f"{name} has made one move only, and showed nothing before it",
            hint=f"There is nothing to go back to. Look: headgate releases {name}",
        )
    known = {move.serial for move in moves}
    if restores < 0 or restores > serial or not known.issuperset(range(restores, serial + 1)):
        newest = f"The newest is {serial}. " if restores > serial else ""
        return Diagnostic("HG530", f"{name} has no move {restores}", hint=f"{newest}Look: headgate releases {name}")
    return None


def _lost_builds(snapshot: Snapshot, restores: int, changes: Mapping[Address, PointerChange]) -> tuple[Diagnostic, ...]:
    """Return one diagnostic that names the addresses whose builds cannot be shown any more."""
    lost: list[Address] = []
    is_capture_lost = False
    for address, change in changes.items():
        if change.after is None:
            continue
        build = snapshot.build(change.after.build)
        if build is None or build.status is not BuildStatus.SEALED:
            lost.append(address)
            is_capture_lost |= change.after.kind is Kind.SOURCE
    if not lost:
        return ()
    more = f" and {len(lost) - _TOLD_MAX} more" if len(lost) > _TOLD_MAX else ""
    return (
        Diagnostic(
            "HG531",
            f"release {restores} cannot be shown again: the builds of {', '.join(lost[:_TOLD_MAX])}{more} are gone",
            hint=_way_on(is_capture_lost=is_capture_lost),
        ),
    )


def _way_on(*, is_capture_lost: bool) -> str:
    if is_capture_lost:
        return (
            "The data of then is gone. For its code on the data of now: check out its commit, then apply and promote."
        )
    return "Check out its commit, then apply and promote: what is lacking is built again."
