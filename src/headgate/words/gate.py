"""The words of the gate: what was found of a change, what it waits for, who agreed, what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headgate.core.gate import Level, Topic
from headgate.core.listing import listed
from headgate.words.figures import counted
from headgate.words.layout import aligned, styled

if TYPE_CHECKING:
    from headgate.core.gate import Approval, Decision, Finding

_ROWS_MAX = 20
_LEVELS = {Level.BLOCK: ("blocked", "red"), Level.APPROVE: ("approve", "yellow"), Level.SHOW: ("shown", "dim")}


def rows_of(decision: Decision, *, is_verbose: bool = False) -> list[tuple[str, ...]]:
    """Return a row for each finding that stops something, the gravest first; of what is only shown their number."""
    grave = [one for level in (Level.BLOCK, Level.APPROVE) for one in decision.at(level)]
    grave += [one for one in decision.at(Level.SHOW) if one.expected]
    shown = [one for one in decision.at(Level.SHOW) if not one.expected]
    told = [*grave, *shown] if is_verbose else grave[:_ROWS_MAX]
    rows = [_row(one) for one in told]
    if len(grave) > len(told):
        rows.append(("", f"and {len(grave) - len(told):,} more", "--verbose lists them"))
    if shown and not is_verbose:
        rows.append(("shown", counted(len(shown), "more finding"), "within what the policy allows"))
    return rows


def lines_of_findings(decision: Decision, *, width: int, is_verbose: bool = False) -> list[str]:
    """Return what was found as lines; none of nothing."""
    return aligned(rows_of(decision, is_verbose=is_verbose), width=width)


def lines_of_gate(decision: Decision, *, width: int, is_verbose: bool = False) -> list[str]:
    """Return what the gate is known to say before anything is measured: what was found, and what it would need.

    Nothing where there is nothing to tell.
    """
    unknown = {one.address for one in decision.at(Level.BLOCK) if one.topic is Topic.EVIDENCE}
    found = replace(decision, findings=tuple(one for one in decision.findings if one.topic is not Topic.EVIDENCE))
    lines = lines_of_findings(found, width=width, is_verbose=is_verbose)
    needs = [f"{owner or 'somebody'} to agree" for owner in decision.waiting]
    needs += [f"{counted(len(unknown), 'asset')} to be compared, which promote does"] if unknown else []
    needs += ["mending: it is blocked"] if found.at(Level.BLOCK) else []
    if not lines and not needs:
        return []
    return ["", *lines, f"needed gates: {listed(needs)}" if needs else "needed gates: none"]


def _row(finding: Finding) -> tuple[str, ...]:
    word, style = _LEVELS[finding.level]
    if finding.expected:
        word, style = "expected", "dim"
    owner = f"owner {finding.owner}" if finding.owner and finding.level is Level.APPROVE else ""
    return (styled(word, style), finding.address, finding.told, finding.expected or owner)


def agreed_text(approvals: Sequence[Approval]) -> str:
    """Return who agreed, and whether it was to a change of their own; empty where nobody had to."""
    if not approvals:
        return ""
    told = [f"{one.by} to {counted(len(one.amounts), 'finding')}{_own(one)}" for one in approvals]
    return f"Agreed: {listed(told)}."


def _own(approval: Approval) -> str:
    return " of their own change" if approval.is_own else ""


def gate_text(decision: Decision) -> str:
    """Return in one line what the gate says."""
    if decision.overridden:
        return f"The gate said {decision.verdict.value}, and was opened: {decision.overridden}"
    if decision.waiting:
        owners = [owner or "somebody" for owner in decision.waiting]
        return f"The gate waits for {listed(owners)} to agree."
    return f"The gate says: {decision.word}."


def decision_to_words(decision: Decision) -> dict[str, Any]:
    """Return what is printed of a decision with ``--json``."""
    from headgate.core.gate import decision_to_json

    return {**decision_to_json(decision), "word": decision.word}
