"""The words of the gate: what was found of a change, who has to agree and who did, what was decided.

Every command and every form of a report tells findings with these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headgate.core.gate import POLICY_ADDRESS, Level, Topic, Verdict, finding_key
from headgate.core.listing import listed
from headgate.words.figures import counted
from headgate.words.layout import aligned, harmless, styled, wrapped

if TYPE_CHECKING:
    from headgate.core.address import Address
    from headgate.core.gate import Approval, Decision, Finding

_FINDINGS_MAX = 20
"""So many are told one by one; ``is_verbose`` tells them all."""

_LEVELS = (Level.BLOCK, Level.APPROVE, Level.SHOW)
_STYLES = {"blocked": "red", "waits": "yellow", "agreed": "green", "shown": "dim"}
_COLOURS = {Verdict.PASS: "green", Verdict.WAITING: "yellow", Verdict.BLOCKED: "red"}


def level_text(finding: Finding, decision: Decision) -> str:
    """Return what a finding does to the release, in a word."""
    if finding.level is Level.BLOCK:
        return "blocked"
    if finding.level is Level.SHOW:
        return "shown"
    return "waits" if is_waiting(finding, decision) else "agreed"


def is_waiting(finding: Finding, decision: Decision) -> bool:
    """Tell whether somebody still has to agree to a finding."""
    return any(finding in found for found in decision.waiting.values())


def finding_text(finding: Finding) -> str:
    """Return what a finding says, and why it was to be expected where somebody said so."""
    return f"{finding.told} (expected: {finding.expected})" if finding.expected else finding.told


def findings_in_order(decision: Decision) -> list[Finding]:
    """Return all findings, each once: what stops it first, then what waits, what was agreed to, what is only shown."""
    found = dict.fromkeys(decision.findings)
    return sorted(found, key=lambda one: (_LEVELS.index(one.level), not is_waiting(one, decision), not one.expected))


def rows_of_findings(decision: Decision, *, is_verbose: bool = False) -> list[tuple[str, ...]]:
    """Return a row for each finding: what it does, the asset, what it says, who has to agree or where it stands.

    The gravest come first. What is only shown, and nobody expected, is counted; ``is_verbose`` tells it all.
    """
    found = findings_in_order(decision)
    grave = [one for one in found if one.level is not Level.SHOW or one.expected]
    told = found if is_verbose else grave[:_FINDINGS_MAX]
    rows = [_row(one, decision) for one in told]
    if is_verbose:
        return rows
    if len(grave) > len(told):
        rows.append(("and", counted(len(grave) - len(told), "more finding"), "", ""))
    if shown := len(found) - len(grave):
        rows.append((styled("shown", "dim"), counted(shown, "more finding"), "within what the policy allows", ""))
    return rows


def lines_of_findings(decision: Decision, *, width: int, is_verbose: bool = False) -> list[str]:
    """Return what was found as lines; none of nothing."""
    return aligned(rows_of_findings(decision, is_verbose=is_verbose), width=width)


def _row(finding: Finding, decision: Decision) -> tuple[str, ...]:
    word = level_text(finding, decision)
    who = str(finding.place or "")
    if word == "waits":
        who = f"owner: {finding.owner}" if finding.owner else "no owner"
    cells = (finding.address, finding_text(finding), who)
    return (styled(word, _STYLES[word]), *map(harmless, cells))


def verdict_word(decision: Decision) -> str:
    """Return the decision in one or two words."""
    if decision.overridden:
        return "Overridden"
    return {Verdict.PASS: "Passes", Verdict.WAITING: "Needs approval", Verdict.BLOCKED: "Blocked"}[decision.verdict]


def verdict_text(decision: Decision) -> str:
    """Return why the decision is what it is, in one sentence."""
    if decision.overridden:
        return f"The gate said {decision.verdict.value}, and was opened: {decision.overridden}"
    blocking, waiting = len(decision.at(Level.BLOCK)), sum(map(len, decision.waiting.values()))
    told = []
    if blocking:
        told.append(f"{counted(blocking, 'finding')} {'stops' if blocking == 1 else 'stop'} it")
    if waiting:
        told.append(f"{counted(waiting, 'finding')} {'waits' if waiting == 1 else 'wait'} for {owners_text(decision)}")
    if told:
        return f"{', and '.join(told)}."
    if decision.verdict is not Verdict.PASS:
        return "What it needs is not known."
    agreed = len(decision.at(Level.APPROVE))
    if agreed and decision.approvals:
        return f"{counted(agreed, 'finding')} {'was' if agreed == 1 else 'were'} agreed to; nothing stops it."
    return "Nothing stops it."


def owners_text(decision: Decision) -> str:
    """Return who has to agree."""
    return listed([owner or "nobody, as there is no owner" for owner in decision.waiting])


def lines_of_verdict(decision: Decision, *, width: int) -> list[str]:
    """Return the decision and why, as one sentence."""
    told = wrapped(harmless(verdict_text(decision)), width)
    head = styled(verdict_word(decision), _COLOURS[decision.verdict], "bold")
    return [f"{head}: {told[0][:1].lower()}{told[0][1:]}", *told[1:]]


def lines_of_gate(decision: Decision, *, width: int, is_verbose: bool = False) -> list[str]:
    """Return what the gate is known to say before anything is measured: what was found, and what it would need.

    Nothing where there is nothing to tell.
    """
    unmeasured = [one for one in decision.findings if one.topic is Topic.EVIDENCE and one.address != POLICY_ADDRESS]
    unknown = {one.address for one in unmeasured if one.level is Level.BLOCK}
    found = replace(decision, findings=tuple(one for one in decision.findings if one not in unmeasured))
    lines = lines_of_findings(found, width=width, is_verbose=is_verbose)
    needs = [f"{owner or 'somebody'} to agree" for owner in decision.waiting]
    needs += [f"{counted(len(unknown), 'asset')} to be compared, which promote does"] if unknown else []
    needs += ["mending: it is blocked"] if found.at(Level.BLOCK) else []
    if not lines and not needs:
        return []
    return ["", *lines, f"needed gates: {listed(needs)}" if needs else "needed gates: none"]


def agreed_text(approvals: Sequence[Approval]) -> str:
    """Return who agreed, and whether it was to a change of their own; empty where nobody had to."""
    if not approvals:
        return ""
    told = [f"{one.by} to {counted(len(one.amounts), 'finding')}{_own(one)}" for one in approvals]
    return f"Agreed: {listed(told)}."


def approvers_text(approvals: Sequence[Approval]) -> str:
    """Return who agreed, each once."""
    names = dict.fromkeys(f"{one.by} (own change)" if one.is_own else one.by for one in approvals)
    return listed(tuple(names))


def standing_text(decision: Decision, source: str, target: str) -> str:
    """Return in one line how a change stands before the gate, as far as it is known, and what to do next."""
    unknown = {one.address for one in decision.at(Level.BLOCK) if one.topic is Topic.EVIDENCE}
    stops = [one for one in decision.at(Level.BLOCK) if one.topic is not Topic.EVIDENCE]
    if stops:
        return f"{counted(len(stops), 'finding')} {'stops' if len(stops) == 1 else 'stop'} it: headgate plan {target}"
    if unknown:
        what = f"{counted(len(unknown), 'asset')} {'is' if len(unknown) == 1 else 'are'} to be compared"
        return f"{target} does not show it yet; {what}: headgate report {source}"
    if not decision.waiting:
        return f"the gate would open: headgate promote {source}"
    waiting = sum(map(len, decision.waiting.values()))
    told = [f"{counted(waiting, 'finding')} {'waits' if waiting == 1 else 'wait'} for {owners_text(decision)}"]
    told += [f"{one.by} agreed to {len(one.amounts):,}" for one in decision.approvals]
    return f"{', '.join(told)}: headgate approve {source} --to {target}"


def rows_of_asset(where: str, decision: Decision, address: Address) -> list[tuple[str, ...]]:
    """Return a row for each finding about an asset that was more than shown: where, what it does, who it was up to."""
    rows: list[tuple[str, ...]] = []
    for one in findings_in_order(decision):
        if one.address == address and (one.level is not Level.SHOW or one.expected):
            word = level_text(one, decision)
            agreed = [approval for approval in decision.approvals if finding_key(one) in approval.amounts]
            who = approvers_text(agreed) if word == "agreed" else f"owner: {one.owner}" if word == "waits" else ""
            rows.append((where, word, harmless(finding_text(one)), harmless(who)))
    return rows


def _own(approval: Approval) -> str:
    return " of their own change" if approval.is_own else ""


def decision_to_words(decision: Decision) -> dict[str, Any]:
    """Return what is printed of a decision with ``--json``."""
    from headgate.core.gate import decision_to_json

    return {**decision_to_json(decision), "word": decision.word}
