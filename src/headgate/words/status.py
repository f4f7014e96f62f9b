"""The words of a status: what an environment shows, since when, and who is at work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.runs import RunStatus
from headgate.words.figures import age_text, bytes_text, counted, time_text

if TYPE_CHECKING:
    from headgate.app.status import DiskUse, EnvironmentStatus

_WAS = {RunStatus.FAILED: "failed", RunStatus.INTERRUPTED: "was interrupted", RunStatus.RUNNING: "was cut off"}

ASSET_NUMBERS = frozenset({2, 3})
"""Which cells of an asset's row are numbers."""


def row_of(one: EnvironmentStatus) -> tuple[str, ...]:
    """Return its name, what it shows since when, and how much that is."""
    from headgate.app.ages import age_seconds

    if one.last is None:
        return (one.name, "shows nothing yet", "")
    if not one.assets:
        return (one.name, f"was dropped {age_text(age_seconds(one.last.at))}", "")
    if one.differs == 0:
        return (one.name, f"equals {one.beside}", "")
    release = f"release {one.serial}" if one.is_protected else f"move {one.last.serial}"
    if one.is_protected and one.serial != one.last.serial:
        release += f" again, since {one.last.serial}"
    code = (one.last.commit[:7] or "without a commit") + (" and changed files" if one.last.dirty else "")
    facts = " · ".join((release, code, one.last.by, age_text(age_seconds(one.last.at))))
    return (one.name, facts, _content(one))


def _content(one: EnvironmentStatus) -> str:
    parts = [counted(one.assets, "asset")]
    if one.read_at:
        parts.append(f"newest data read {time_text(one.read_at)}")
    if one.differs:
        parts.append(f"{counted(one.differs, 'differs', 'differ')} from {one.beside}")
    return ", ".join(parts)


def notes_of(one: EnvironmentStatus) -> list[str]:
    """Return who is changing it, or that somebody was cut off, and whether its last run came to nothing."""
    from headgate.app.ages import age_seconds, since

    notes: list[str] = []
    if one.lease is not None:
        told = ", ".join(part for part in (one.lease.purpose, since(one.lease.since)) if part)
        notes.append(f"{one.name}: its warehouse is being changed by {one.lease.holder} ({told})")
    elif one.is_unsettled:
        notes.append(f"{one.name}: a command was cut off while it published; the next one settles that")
    notes += _of_gate(one)
    run = one.last_run
    if run is not None and run.status in _WAS and not (run.status is RunStatus.RUNNING and one.lease is not None):
        was = f"{_WAS[run.status]} {age_text(age_seconds(run.ended_at or run.started_at))}".rstrip()
        notes.append(f"{one.name}: its last run, {run.number}, {was}: headgate runs {one.name} {run.number}")
    return notes


def _of_gate(one: EnvironmentStatus) -> list[str]:
    """Return who let through what is shown, who agreed to what is not yet, and what a change waits for."""
    from headgate.app.ages import age_seconds
    from headgate.words.gate import approvers_text, standing_text

    notes: list[str] = []
    decision = one.decision
    if decision is not None and decision.overridden:
        notes.append(f"{one.name}: the gate was opened for release {one.decided}: {decision.overridden}")
    elif decision is not None and decision.approvals:
        notes.append(f"{one.name}: release {one.decided} was agreed to by {approvers_text(decision.approvals)}")
    for approval in one.approvals:
        what = f"{counted(len(approval.amounts), 'finding')} of a change that is not released"
        notes.append(f"{one.name}: {approval.by} agreed to {what}, {age_text(age_seconds(approval.at))}")
    if one.waits is not None:
        notes.append(f"{one.name}: {standing_text(one.waits, one.name, one.beside)}")
    return notes


def disk_text(use: DiskUse) -> str:
    """Return how large a warehouse is, and what could be dropped."""
    size = f"{use.path} holds {bytes_text(use.bytes)}"
    if not use.garbage:
        return f"{size}."
    builds = counted(use.garbage, "build")
    return f"{size}; nobody can come back to {builds} of it ({bytes_text(use.garbage_bytes)}): headgate gc"


def asset_rows(one: EnvironmentStatus) -> list[tuple[str, ...]]:
    """Return a row for each address that it shows: kind, rows, size, when it was built, build."""
    from headgate.core.declarations import Kind
    from headgate.core.hashing import short

    rows: list[tuple[str, ...]] = []
    for shown in one.shows:
        build = shown.build
        if build is None:
            rows.append((shown.address, shown.kind.value, "its build is gone", "", "", ""))
            continue
        is_view = shown.kind is Kind.VIEW
        rows.append(
            (
                shown.address,
                shown.kind.value,
                "" if is_view else counted(build.rows, "row"),
                "" if is_view else bytes_text(build.bytes),
                time_text(build.created_at),
                short(build.id),
            )
        )
    return rows
