"""Who may agree to a finding: an owner of the asset, and never the author for others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from headgate.core.address import fold
from headgate.core.gate import Approval, Decision, Finding, Topic, finding_key
from headgate.core.policy import Policy


class Standing(Enum):
    """What somebody's agreement to a finding is worth."""

    NONE = "none"
    OWN = "own"
    """It counts, and is recorded as one's own: nobody else is known who could agree."""
    OTHER = "other"
    """It counts: they may agree, and the change is not their own."""


def standing(finding: Finding, identity: Iterable[str], *, policy: Policy, authors: Iterable[str]) -> Standing:
    """Return what the agreement of a person with these names is worth; ``authors`` are those of the change.

    Before ``headgate.toml`` says who the owners are, nobody can be told from anybody: whoever releases agrees. An owner
    who is alone and the author agrees to their own change, which is recorded as such.

    >>> team = Policy(owners={"ops": ("ada", "ben")})
    >>> late = Finding(Topic.COUNT, "m.a", "approve", "", owner="ops")
    >>> [standing(late, [name], policy=team, authors=["ada"]).value for name in ("ada", "ben", "eve")]
    ['none', 'other', 'none']
    """
    person, made = frozenset(map(fold, identity)), frozenset(map(fold, authors))
    able = able_to_agree(finding, policy)
    is_author = not person.isdisjoint(made)
    if not policy.owners or not able or not (is_author or person.isdisjoint(able)):
        return Standing.OWN if is_author else Standing.OTHER
    return Standing.OWN if able <= person else Standing.NONE


def able_to_agree(finding: Finding, policy: Policy) -> frozenset[str]:
    """Return the names of those who may agree to a finding, folded; none where that is nobody in particular."""
    if finding.owner:
        return policy.members(finding.owner)
    if finding.topic is Topic.POLICY:
        return frozenset(name for owner in policy.owners for name in policy.members(owner))
    return frozenset()


def is_left_to_authors(finding: Finding, *, policy: Policy, authors: Iterable[str]) -> bool:
    """Tell whether all who may agree to a finding made the change, several people: then none of them may.

    A user name and an e-mail address that begins with it are taken for one person.

    >>> team = Policy(owners={"ops": ("ada", "ben@x.org"), "crm": ("ada", "ada@x.org")})
    >>> ones = [Finding(Topic.COUNT, "m.a", "approve", "", owner=owner) for owner in ("ops", "crm")]
    >>> [is_left_to_authors(one, policy=team, authors=["ada", "ada@x.org", "ben@x.org"]) for one in ones]
    [True, False]
    """
    able = able_to_agree(finding, policy)
    people = {name.partition("@")[0] for name in able}
    return len(people) > 1 and able <= frozenset(map(fold, authors))


def is_agreed(
    finding: Finding, approvals: Iterable[Approval], *, policy: Policy, authors: Iterable[str]
) -> Approval | None:
    """Return the approval that covers a finding as large as it is, of somebody who may agree; None where none does."""
    for approval in approvals:
        worth = standing(finding, approval.identity, policy=policy, authors=authors)
        if worth is not Standing.NONE and approval.covers(finding):
            return approval
    return None


def agreed_before(
    finding: Finding, approvals: Sequence[Approval], *, policy: Policy, authors: Iterable[str]
) -> Approval | None:
    """Return the last approval of somebody who may agree to a finding, whatever it is worth by now; None without one.

    ``approvals`` are those beside the release, of this change as it was and of others, oldest first.
    """
    names = tuple(authors)
    for approval in reversed(approvals):
        if standing(finding, approval.identity, policy=policy, authors=names) is not Standing.NONE:
            return approval
    return None


def since_text(finding: Finding, approval: Approval) -> str:
    """Return what a finding that waits is beside an earlier approval.

    >>> fewer = Finding(Topic.COUNT, "m.a", "approve", "", amount=0.3)
    >>> agreed = Approval("prod", 1, "c", "p", "ada", ("ada",), "", amounts={finding_key(fewer): 0.2})
    >>> since_text(fewer, agreed), since_text(Finding(Topic.ADDED, "m.a", "approve", ""), agreed)
    ('worse than what ada agreed to', 'new since ada agreed')
    """
    if finding_key(finding) not in approval.amounts:
        return f"new since {approval.by} agreed"
    if approval.covers(finding):
        return f"no worse than what {approval.by} agreed to, of another change"
    return f"worse than what {approval.by} agreed to"


def approvals_of(
    decision: Decision, *, environment: str, by: str, identity: tuple[str, ...], policy: Policy, at: str, note: str = ""
) -> tuple[Approval, ...]:
    """Return a person's agreement to all that waits and that they may agree to; that to their own change apart."""
    found: dict[Standing, list[Finding]] = {}
    for waiting in decision.waiting.values():
        for finding in waiting:
            worth = standing(finding, identity, policy=policy, authors=decision.authors)
            found.setdefault(worth, []).append(finding)
    return tuple(
        Approval(
            environment=environment,
            release=decision.release,
            change=decision.change,
            policy=decision.policy,
            by=by,
            identity=identity,
            at=at,
            owners=tuple(dict.fromkeys(finding.owner for finding in found[worth] if finding.owner)),
            amounts=_amounts(found[worth]),
            is_own=worth is Standing.OWN,
            note=note,
            parts=_parts(found[worth]),
        )
        for worth in (Standing.OTHER, Standing.OWN)
        if worth in found
    )


def _amounts(findings: Iterable[Finding]) -> Mapping[str, float]:
    amounts: dict[str, float] = {}
    for finding in findings:
        key = finding_key(finding)
        amounts[key] = max(finding.amount, amounts.get(key, 0.0))
    return amounts


def _parts(findings: Iterable[Finding]) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for finding in findings:
        for name, amount in finding.parts.items():
            known = found.setdefault(finding_key(finding), {})
            known[name] = max(amount, known.get(name, 0.0))
    return found
