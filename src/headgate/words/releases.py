"""The words of a release: one row, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.records import MoveKind
from headgate.words.figures import counted, time_text
from headgate.words.gate import approvers_text

if TYPE_CHECKING:
    from headgate.app.releases import Release, Releases


def none_text(found: Releases) -> str:
    """Return what is said where there are none."""
    return f"{found.environment} has no releases yet."


def row_of(release: Release) -> tuple[str, ...]:
    """Return its number, time, who made it, commit, what it did, and whether it is what is shown."""
    move = release.move
    code = move.commit[:7] or "-"
    if move.dirty:
        code += "+"
    return (str(move.serial), time_text(move.at), move.by, code, _what(release), "shown" if release.is_shown else "")


def _what(release: Release) -> str:
    move = release.move
    parts = [counted(len(release.changes), "asset")] if release.changes or not move.properties else []
    parts += [f"properties of {counted(len(move.properties), 'asset')}"] if move.properties else []
    changed = ", ".join(parts)
    match move.kind:
        case MoveKind.PROMOTE:
            return f"promote {move.source}: {changed}{_decided(release)}"
        case MoveKind.ROLLBACK:
            return f"rollback to {move.restores}: {changed}"
        case MoveKind.EXPIRE:
            return "dropped"
        case MoveKind.REPAIR:
            return f"repair: as {move.restores}, {changed}" if release.changes else "repair"
        case MoveKind.RUN:
            return f"run: {changed}{_decided(release)}"
        case MoveKind.APPLY:
            return f"apply: {changed}"


def _decided(release: Release) -> str:
    """Return who agreed, or why the gate was opened; nothing where it passed."""
    decision = release.decision
    if decision is None:
        return ""
    if decision.overridden:
        return f"; gate opened: {decision.overridden}"
    return f"; agreed: {approvers_text(decision.approvals)}"
