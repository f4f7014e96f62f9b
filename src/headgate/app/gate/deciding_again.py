"""Whether the gate says of a release by now what it said then: on the evidence and by the policy that were signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.core.checks import Outcome
from headgate.core.diagnostic import Diagnostic

if TYPE_CHECKING:
    from headgate.core.gate import Decision
    from headgate.core.grounds import Grounds
    from headgate.core.hearing import Hearing
    from headgate.release.verify import Verified


def decided_otherwise(one: Verified) -> Iterator[Diagnostic]:
    """Yield where the gate, asked again, says something else than the record of a release, or what nothing allows."""
    grounds, predicate = one.grounds, one.predicate or {}
    if grounds is None:
        return
    name = f"release {one.serial} of {one.environment}"
    for told in (*_of_checks(grounds), *_of_gate(grounds, str(predicate.get("decision")))):
        yield Diagnostic("HG734", f"{name}: {told}")


def _of_checks(grounds: Grounds) -> Iterator[str]:
    is_open = grounds.hearing is not None and bool(grounds.hearing.decision.overridden)
    if not is_open and (failed := grounds.names(Outcome.FAIL)):
        yield f"{failed[0]} failed, and nothing opened the gate"


def _of_gate(grounds: Grounds, word: str) -> Iterator[str]:
    if grounds.hearing is None:
        return
    then, again = grounds.hearing.decision, decided_again(grounds.hearing)
    if again.policy != then.policy:
        yield "its policy is not the one that was decided by"
    if again.verdict is not then.verdict:
        yield f"the gate says {again.verdict.value}, and said {then.verdict.value}"
    elif not again.opens:
        yield f"the gate says {again.verdict.value}: it should not have been released"
    elif again.word != word:
        yield f"the gate says {again.word}, and its move says {word}"
    elif again.findings != then.findings or again.approvals != then.approvals:
        yield "the gate weighs what was found otherwise than it did"


def decided_again(hearing: Hearing) -> Decision:
    """Return what the gate says of what it heard then: by its real rules, on figures alone."""
    from headgate.core.hearing import as_found, without_words
    from headgate.evidence.decide import Case, decide, weighed

    then, policy = without_words(hearing.decision), hearing.policy
    case = Case(policy, then.change, then.release, hearing.environment, hearing.today, then.authors, hearing.expected)
    findings = weighed(as_found(then), policy)
    return without_words(decide(findings, case, then.approvals, overridden=then.overridden))
