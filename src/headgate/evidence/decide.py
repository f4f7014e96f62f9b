"""The gate decides: findings, a policy, what was expected and who agreed come in, a decision goes out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from headgate.core.expected import ExpectedChange
from headgate.core.gate import Approval, Decision, Finding, Level, Verdict
from headgate.core.hashing import Digest
from headgate.core.policy import Policy
from headgate.evidence.agree import is_agreed


@dataclass(frozen=True, slots=True)
class Case:
    """What is decided on beside the findings.

    ``policy`` is that of what is released now; ``change`` the digest of how recipes differ from it, ``release`` its
    serial. ``authors`` are the names of those who made the change; ``today`` is a date.
    """

    policy: Policy
    change: Digest
    release: int
    environment: str
    today: str
    authors: tuple[str, ...] = ()
    expected: tuple[ExpectedChange, ...] = ()


def weighed(findings: Iterable[Finding], policy: Policy) -> tuple[Finding, ...]:
    """Return findings with the level that the policy gives them: what is within its budget is only shown.

    What new data alone brought is held to what holds of a run.
    """
    return tuple(replace(one, level=_level(one, policy)) for one in findings)


def decide(
    findings: Sequence[Finding], case: Case, approvals: Iterable[Approval] = (), *, overridden: str = ""
) -> Decision:
    """Return what the gate says of weighed findings.

    An approval counts where it is of this change, beside this release and under this policy, covers a finding as large
    as it is, and comes from somebody who may agree. What is expected is shown; what is blocked stays so.
    """
    policy = case.policy
    found = tuple(_as_expected(finding, case) for finding in findings)
    valid = tuple(approval for approval in approvals if _is_of(approval, case))
    waiting: dict[str, list[Finding]] = {}
    used: dict[int, Approval] = {}
    for finding in found:
        if finding.level is not Level.APPROVE:
            continue
        approval = is_agreed(finding, valid, policy=policy, authors=case.authors)
        if approval is None:
            waiting.setdefault(finding.owner, []).append(finding)
        else:
            used[id(approval)] = approval
    is_blocked = any(finding.level is Level.BLOCK for finding in found)
    return Decision(
        verdict=Verdict.BLOCKED if is_blocked else Verdict.WAITING if waiting else Verdict.PASS,
        findings=found,
        policy=policy.digest,
        change=case.change,
        release=case.release,
        waiting={owner: tuple(ones) for owner, ones in waiting.items()},
        approvals=tuple(used.values()),
        authors=case.authors,
        overridden=overridden,
    )


def _level(finding: Finding, policy: Policy) -> Level:
    rule_of = policy.run_rule if finding.is_of_data else policy.rule
    rule = rule_of(finding.topic, finding.address, finding.column)
    return rule.level if finding.amount > rule.budget else Level.SHOW


def _as_expected(finding: Finding, case: Case) -> Finding:
    if finding.level is not Level.APPROVE:
        return finding
    for one in case.expected:
        if not one.is_past(case.today) and one.covers(finding):
            level = Level.SHOW if case.policy.is_lowering else finding.level
            return replace(finding, level=level, expected=one.why)
    return finding


def _is_of(approval: Approval, case: Case) -> bool:
    return (approval.environment, approval.release, approval.change, approval.policy) == (
        case.environment, case.release, case.change, case.policy.digest
    )  # fmt: skip
