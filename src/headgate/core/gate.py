"""The gate: what a change was found to do, how grave a policy holds that to be, who has to agree, and who did.

A *finding* is one fact about one address. The policy gives it a level. What is blocked stays so; what needs approval
waits for an owner of the asset; what is shown stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headgate.core.address import Address
from headgate.core.diagnostic import Place
from headgate.core.hashing import Digest
from headgate.core.json_form import plain


class Level(StrEnum):
    """What a finding does to a release."""

    SHOW = "show"
    APPROVE = "approve"
    BLOCK = "block"


class Topic(StrEnum):
    """What a finding is about; the values are the words of a policy."""

    CHECK = "check"  # a check failed
    CONTRACT = "contract"  # a promised column is gone or of another type, a promised key is broken
    EVIDENCE = "evidence"  # something was not measured, or not to its end, or against another release
    EMPTY = "empty"  # no row, where there were some
    REMOVED = "rows_removed"
    ADDED = "rows_added"
    CHANGED = "rows_changed"
    COUNT = "row_count"  # the number of rows, up or down
    DRIFT = "drift"
    COLUMN_ADDED = "columns_added"
    COLUMN_REMOVED = "columns_removed"
    COLUMN_RETYPED = "columns_retyped"
    COLUMN_REORDERED = "columns_reordered"  # the same ones, in another order
    COLUMN_UNPROTECTED = "columns_unprotected"  # its values were shown to nobody
    ASSET_REMOVED = "assets_removed"
    CONSUMER = "consumer"  # it reaches readers of another owner
    UNSTABLE = "unstable"  # a build that need not come out the same twice
    POLICY = "policy"  # the change alters the gate itself
    KEY = "key"  # keys that stand twice, or hold NULL, where they did not


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about an address, with its level.

    ``amount`` measures it: a share of rows between 0 and 1, or an effect size; 1 of what has no measure and is simply
    so, 0 of what only warns. A greater amount is worse, and one within the budget of the policy is shown. ``rows`` is
    how many. ``told`` says it to people, without the address. ``expected`` is why it was to be expected, empty where
    nobody said so.

    ``aspect`` says which of several findings about one address or column it is (``NULL``, ``repeated``). ``parts`` are
    what is told in one sentence and agreed to one by one, each with its amount: the direction of a number of rows, the
    measures of a drift, what a consumer reads. ``is_of_data``: new data alone brought it, and it is weighed as in runs.
    """

    topic: Topic
    address: Address
    level: Level
    told: str
    column: str = ""
    amount: float = 0.0
    rows: int = 0
    owner: str = ""
    expected: str = ""
    place: Place | None = None
    aspect: str = ""
    parts: Mapping[str, float] = field(default_factory=dict, hash=False)
    is_of_data: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """That an owner agrees to findings of a change: those, of this change, under this policy, and to nothing worse.

    ``change`` is the digest of how recipes differ between the release and what would replace it, ``policy`` that of the
    policy, ``release`` the serial of the release that evidence was measured beside. ``identity`` are the names that
    ``by`` is known under, an e-mail address among them, and ``owners`` those for whom they agreed. ``is_own``: by the
    author, where nobody else is known who could agree. ``amounts`` gives the greatest amount that is agreed to, by what
    a finding is about as one text (``finding_key``), ``parts`` that of each of its parts.
    """

    environment: str
    release: int
    change: Digest
    policy: Digest
    by: str
    identity: tuple[str, ...]
    at: str
    owners: tuple[str, ...] = ()
    amounts: Mapping[str, float] = field(default_factory=dict)
    is_own: bool = False
    note: str = ""
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def covers(self, finding: Finding) -> bool:
        """Tell whether it is about a finding as large as it is, in all of its parts."""
        key = finding_key(finding)
        agreed = self.parts.get(key, {})
        is_as_large = all(name in agreed and amount <= agreed[name] for name, amount in finding.parts.items())
        return key in self.amounts and finding.amount <= self.amounts[key] and is_as_large


APPROVED, OVERRIDDEN = "approved", "overridden"
"""What a release records where somebody had to agree, and where somebody opened the gate in an emergency."""

POLICY_ADDRESS = Address("headgate.toml")
"""Stands for the policy itself. No asset can have it: the schema is Headgate's own."""


class Verdict(StrEnum):
    """What the gate says of a change."""

    PASS = "pass"  # noqa: S105
    WAITING = "needs approval"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate decided, on what, and under which policy.

    ``waiting`` gives the findings that nobody has agreed to yet, by the owner who has to; ``overridden`` is the reason
    for which somebody opened the gate in an emergency, whatever the verdict. ``authors`` are the names of those who
    made the change: none of them agrees to it for others.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    policy: Digest
    change: Digest
    release: int
    waiting: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    authors: tuple[str, ...] = ()
    overridden: str = ""

    @property
    def opens(self) -> bool:
        """Tell whether the change may be released."""
        return self.verdict is Verdict.PASS or bool(self.overridden)

    @property
    def word(self) -> str:
        """What a release records of it: ``pass``, ``approved``, ``overridden``; else the verdict."""
        if self.overridden:
            return OVERRIDDEN
        return APPROVED if self.verdict is Verdict.PASS and self.approvals else self.verdict.value

    def at(self, level: Level) -> tuple[Finding, ...]:
        """Return the findings of one level, in order."""
        return tuple(finding for finding in self.findings if finding.level is level)


@dataclass(frozen=True, slots=True)
class Need:
    """What a promotion will have to have, as far as a plan tells: an owner's agreement, or that something is mended.

    ``level`` says which of both. Not ``is_certain``: whether anything differs is only known once it is measured.
    """

    level: Level
    owner: str
    findings: tuple[Finding, ...]
    is_certain: bool = True


PASSED = Decision(Verdict.PASS, (), Digest(""), Digest(""), 0)
"""That of nothing that anybody would have to hear of."""


def finding_key(finding: Finding) -> str:
    """Return what a finding is about, as one text: what an approval is bound to beside its amount.

    >>> finding_key(Finding(Topic.CHANGED, Address("m.orders"), Level.APPROVE, "", column="price"))
    'rows_changed m.orders price'
    """
    of_data = _BY_DATA if finding.is_of_data else ""
    parts = (finding.topic.value, finding.address, finding.column, finding.aspect, of_data)
    return " ".join(part for part in parts if part)


_BY_DATA = "by data"
"""Stands in the key of what new data alone brought. It stood in place of the column before findings said so."""


def decision_to_json(decision: Decision) -> dict[str, Any]:
    """Return the stored form of a decision."""
    return dict(plain(decision))


def decision_from_json(body: Mapping[str, Any]) -> Decision:
    """Return the decision of a stored form."""
    return Decision(
        verdict=Verdict(body["verdict"]),
        findings=_findings(body["findings"]),
        policy=Digest(body["policy"]),
        change=Digest(body["change"]),
        release=body["release"],
        waiting={owner: _findings(found) for owner, found in body["waiting"].items()},
        approvals=tuple(approval_from_json(one) for one in body["approvals"]),
        authors=tuple(body["authors"]),
        overridden=body["overridden"],
    )


def approval_to_json(approval: Approval) -> dict[str, Any]:
    """Return the stored form of an approval."""
    return dict(plain(approval))


def approval_from_json(body: Mapping[str, Any]) -> Approval:
    """Return the approval of a stored form; what is not known of it is left out."""
    known = {name: body[name] for name in Approval.__slots__ if name in body}
    return Approval(**{**known, "identity": tuple(body["identity"]), "owners": tuple(body["owners"])})


def finding_from_json(body: Mapping[str, Any]) -> Finding:
    """Return the finding of a stored form."""
    place = body.get("place")
    if body["column"] == _BY_DATA:
        body = {**body, "column": "", "is_of_data": True}
    return Finding(
        **{
            **body,
            "topic": Topic(body["topic"]),
            "level": Level(body["level"]),
            "address": Address(body["address"]),
            "place": Place(**place) if place else None,
        }
    )


def _findings(body: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    return tuple(finding_from_json(one) for one in body)
