"""What the gate heard before a release, and what it said: enough to have it decide again, and no value of the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from headgate.core.diagnostic import Place
from headgate.core.expected import Bound, ExpectedChange
from headgate.core.gate import Decision, Finding, Level, Topic, decision_from_json, decision_to_json
from headgate.core.hashing import Digest
from headgate.core.json_form import plain
from headgate.core.policy import Policy, Section


@dataclass(frozen=True, slots=True)
class Hearing:
    """A decision, and all that it was made of beside its own findings, approvals and authors.

    ``policy`` is the one by which it was made, ``expected`` what was declared to come. ``today`` is a date.
    """

    decision: Decision
    policy: Policy
    environment: str
    today: str
    expected: tuple[ExpectedChange, ...] = ()


def without_words(decision: Decision) -> Decision:
    """Return a decision whose findings are figures alone: words may hold values of the data."""
    return replace(
        decision,
        findings=tuple(map(_figures, decision.findings)),
        waiting={owner: tuple(map(_figures, ones)) for owner, ones in decision.waiting.items()},
    )


def as_found(decision: Decision) -> tuple[Finding, ...]:
    """Return the findings of a decision as they were before any policy: only shown, and expected by nobody."""
    return tuple(replace(one, level=Level.SHOW, expected="") for one in decision.findings)


def hearing_to_json(hearing: Hearing) -> dict[str, Any]:
    """Return the stored form."""
    body: dict[str, Any] = dict(plain(hearing))
    return {**body, "decision": decision_to_json(without_words(hearing.decision))}


def hearing_from_json(body: Mapping[str, Any]) -> Hearing:
    """Return the hearing of a stored form."""
    return Hearing(
        decision=decision_from_json(body["decision"]),
        policy=_policy(body["policy"]),
        environment=body["environment"],
        today=body["today"],
        expected=tuple(map(_expected, body["expected"])),
    )


def _figures(finding: Finding) -> Finding:
    return replace(finding, told="", place=None)


def _policy(body: Mapping[str, Any]) -> Policy:
    return Policy(
        sections=tuple(map(_section, body["sections"])),
        runs=tuple(map(_section, body["runs"])),
        owners={name: tuple(members) for name, members in body["owners"].items()},
        owner=body["owner"],
        is_lowering=body["is_lowering"],
    )


def _section(body: Mapping[str, Any]) -> Section:
    levels = {Topic(topic): Level(level) for topic, level in body["levels"].items()}
    return Section(body["pattern"], levels, {Topic(topic): budget for topic, budget in body["budgets"].items()})


def _expected(body: Mapping[str, Any]) -> ExpectedChange:
    bounds = tuple(Bound(**{**one, "topic": Topic(one["topic"])}) for one in body["bounds"])
    place = Place(**body["place"])
    return ExpectedChange(body["path"], Digest(body["digest"]), body["why"], body["until"], bounds, place)
