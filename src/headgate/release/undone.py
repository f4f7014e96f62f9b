"""Whether a promotion would undo what somebody else has released. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.records import Move, MoveKind
from headgate.core.snapshot import Shown, Snapshot
from headgate.release.choose import Code


def _last(moves: Sequence[Move]) -> Move | None:
    """Return the last move that somebody decided on; None where there is none."""
    return next((move for move in reversed(moves) if not move.is_idle), None)


def _unknown_history(name: str, target: Snapshot, moves: Sequence[Move]) -> list[Diagnostic]:
    """Return a warning where the target shows somebody else's release, and neither git nor an apply tells its code."""
    last = _last(moves)
    if last is None or (last.kind is MoveKind.PROMOTE and last.source == name):
        return []
    text = f"{target.name} shows {last.serial} by {last.by}, which {name} did not make: this may undo it"
    hint = f"Look: headgate releases {target.name}. In git it would be known."
    return [Diagnostic("HG516", text, hint=hint, severity=Severity.WARNING)]


def _moved_on(name: str, rollback: Move) -> Diagnostic:
    shown_again = f"release {rollback.restores}" if rollback.restores else "nothing"
    return Diagnostic(
        "HG515",
        f"{name} was rolled back to {shown_again} by {rollback.by}; this moves it on again",
        hint="Promote only if what was wrong is mended.",
        severity=Severity.WARNING,
    )


def faults_of_undoing(
    shown: Shown,
    name: str,
    target: Snapshot,
    code: Code,
    moves: Sequence[Move],
    *,
    is_beside: bool,
    rolled_back: Move | None,
) -> list[Diagnostic]:
    """Return why this promotion would undo somebody's release, or a rollback; an empty target has no release."""
    faults = [_moved_on(target.name, rolled_back)] if rolled_back is not None else []
    if target.shown is None or not target.shown.pointers:
        return faults
    if code.commit and code.is_ancestor is False:
        faults.append(
            Diagnostic(
                "HG516",
                f"{target.name} shows a release whose commit is not part of {code.commit[:7]}: it would be undone",
                hint="Merge the branch that was released (git fetch, if it is not here), then: "
                f"headgate apply {name} && headgate promote {name}",
            )
        )
    elif not is_beside and (not code.commit or code.is_ancestor is None):
        faults += _unknown_history(name, target, moves)
    elif not code.commit or code.is_ancestor is None:
        later = [move for move in moves if move.serial > shown.record.beside]
        is_own = all(move.is_idle or (move.kind is MoveKind.PROMOTE and move.source == name) for move in later)
        if len(later) != target.shown.record.serial - shown.record.beside or not is_own:
            faults.append(
                Diagnostic(
                    "HG516",
                    f"{target.name} has moved since {name} was applied: from {shown.record.beside} "
                    f"to {target.shown.record.serial}",
                    hint=f"Apply beside it as it is now: headgate apply {name} && headgate promote {name}",
                )
            )
    return faults
