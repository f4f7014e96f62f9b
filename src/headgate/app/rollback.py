"""`headgate rollback`: an environment shows again what it showed before. Nothing is computed or copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.app.session import user
from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.diagnostic import Diagnostic, has_errors
from headgate.core.errors import Refused
from headgate.core.intervals import Intervals, minus
from headgate.core.records import MoveKind

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.store import Reading
    from headgate.core.properties import Told
    from headgate.core.records import Move
    from headgate.core.snapshot import Snapshot
    from headgate.release.rollback import RollbackPlan


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback would do; numbers count what readers see.

    ``restored`` is the record of the release shown again, ``left`` the number of the one shown until then. ``head`` is
    the environment's record that it was decided on. ``is_of_data``: nothing but runs is undone. ``lacks`` are the
    intervals that incrementals would not hold any more.
    """

    plan: RollbackPlan
    restored: Move | None
    left: int
    changed: int
    is_same_data: bool
    retain_seconds: int
    head: str | None
    is_of_data: bool = False
    lacks: Mapping[Address, Intervals] = field(default_factory=dict)

    @property
    def is_forward(self) -> bool:
        """Tell whether it undoes a rollback: a later release is shown again."""
        return self.plan.restores > self.left


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was done: the move is None where the environment showed it already."""

    rollback: Rollback
    move: Move | None
    switch_seconds: float


def plan_rollback(session: Session, environment: str, *, to: int | None) -> Rollback:
    """Return what going back to release ``to`` (by default the one before) does; raise ``Refused`` where it cannot."""
    with session.reading() as reading:
        session.recorded(reading, environment)
        return _planned(session, reading, environment, to)


def rollback(session: Session, promised: Rollback, *, wait_seconds: float = 0) -> RolledBack:
    """Do it: decided again under the lease, if anything moved; raise ``Refused`` where it is not what was promised."""
    from headgate.release.stored import read_environment

    environment, to = promised.plan.environment, promised.plan.restores
    with session.holding(environment, f"roll back {environment}", wait_seconds=wait_seconds) as held:
        with held.store.reading() as reading:
            is_same = read_environment(reading, environment)[1] == promised.head
            again = promised if is_same else _planned(session, reading, environment, to)
        if again.plan.serial != promised.plan.serial:
            text = f"{environment} has moved since you were asked: it is at {again.plan.serial} by now"
            raise Refused([Diagnostic("HG502", text, hint=f"Look: headgate releases {environment}")])
        if again.plan.intended is None:
            return RolledBack(again, None, 0.0)
        return RolledBack(again, *held.publish(again.plan.intended))


def _planned(session: Session, reading: Reading, environment: str, to: int | None) -> Rollback:
    from headgate.core.properties import property_changes, with_schedule
    from headgate.release.history import read_move, read_moves, release_at, serial_before
    from headgate.release.rollback import plan_rollback as planned
    from headgate.release.snapshot import take_snapshot
    from headgate.release.stored import read_environment

    engine = session.environment(environment).engine
    snapshot = take_snapshot(reading, environment=environment, beside=None, engine=engine)
    serial = snapshot.shown.record.serial if snapshot.shown else 0
    target = serial_before(reading, environment, serial) if to is None else to
    # A number that is none of its moves is told by all of them.
    moves = read_moves(reading, environment, after=target - 1 if 0 < target <= serial else 0)
    before, after = (_told(session, reading, environment, one) for one in (serial, target))
    plan = planned(
        snapshot=snapshot,
        properties=property_changes(before, after),
        scheduled=with_schedule(after),
        moves=moves,
        by=user(),
        to=target,
        release=release_at(reading, environment, target),
    )
    if has_errors(plan.diagnostics):
        raise Refused(plan.diagnostics)
    kinds = {a: (change.before or change.after).kind for a, change in plan.changes.items()}  # type: ignore[union-attr]
    return Rollback(
        plan=plan,
        restored=read_move(reading, environment, plan.restores),
        left=release_at(reading, environment, serial),
        changed=sum(kind not in NOT_SHOWN for kind in kinds.values()),
        is_same_data=all(kind not in NOT_SHOWN for kind in kinds.values()),
        retain_seconds=session.retain_seconds(environment),
        head=read_environment(reading, environment)[1],
        is_of_data=all(move.kind is MoveKind.RUN for move in moves if move.serial > target),
        lacks=_lacking(plan, snapshot),
    )


def _told(session: Session, reading: Reading, environment: str, serial: int) -> Told:
    """Return what the code declares that the environment showed at ``serial``."""
    from headgate.app.releasing.code import told_if_known
    from headgate.release.history import move_of_code

    move = move_of_code(reading, environment, serial) if serial else None
    return told_if_known(session, reading, move) if move is not None else {}


def _lacking(plan: RollbackPlan, snapshot: Snapshot) -> Mapping[Address, Intervals]:
    found: dict[Address, Intervals] = {}
    for address, change in plan.changes.items():
        if change.before is None or change.after is None or change.before.kind is not Kind.INCREMENTAL:
            continue
        now, then = snapshot.build(change.before.build), snapshot.build(change.after.build)
        if now and then and now.load and then.load and (gone := minus(now.load.covered, then.load.covered)):
            found[address] = gone
    return found
