"""`headgate approve`: an owner agrees to what a change does to data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.app.gate.approvals import identity_of, keep_approvals, own_approvals
from headgate.core.address import fold

if TYPE_CHECKING:
    from headgate.app.gate.deciding import Review
    from headgate.app.releasing.promotion import Promotion
    from headgate.app.session import Session
    from headgate.core.errors import Refused
    from headgate.core.gate import Approval
    from headgate.core.progress import RunEvent


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the gate says of a promotion, and what who is at work would agree to."""

    review: Review
    own: tuple[Approval, ...] = ()


def waiting_for_you(
    session: Session, promotion: Promotion, *, report: Callable[[RunEvent], None] = lambda _: None
) -> Waiting:
    """Return what waits for the user: nothing where they have agreed to it before, and others have to.

    Raises ``Refused`` where all that waits is for others to agree to, and they have agreed to nothing.
    """
    from headgate.app.gate.deciding import considered

    review = considered(session, promotion, report=report)
    own = own_approvals(session, review.decision, review.policy, promotion.plan.target)
    if review.decision.waiting and not own and not _has_agreed(review, identity := identity_of(session.root)):
        raise _not_yours(review, identity)
    return Waiting(review, own)


def approve(session: Session, heard: Waiting, *, note: str = "") -> Waiting:
    """Write down that the user agrees, and return what the gate says then."""
    own = tuple(replace(one, note=note) for one in heard.own)
    keep_approvals(session.store(), own)
    return Waiting(heard.review.heard(own))


def _has_agreed(review: Review, identity: Sequence[str]) -> bool:
    """Tell whether one of those who agreed, and whose agreement holds, has one of these names."""
    names = frozenset(map(fold, identity))
    return any(not names.isdisjoint(map(fold, one.identity)) for one in review.decision.approvals)


def _not_yours(review: Review, identity: Sequence[str]) -> Refused:
    from headgate.app.gate.deciding import refusals
    from headgate.core.diagnostic import Diagnostic
    from headgate.core.errors import Refused

    authors = frozenset(map(fold, review.case.authors))
    why, hint = "you are none of the owners", "headgate.toml says who they are: [owners.NAME] members = [...]"
    if not authors.isdisjoint(map(fold, identity)):
        waiting = (one for ones in review.decision.waiting.values() for one in ones)
        is_left = all(map(review.is_left_to_authors, waiting))
        why, hint = "you made this change", "" if is_left else "Somebody else has to."
    fault = Diagnostic("HG713", f"you ({', '.join(identity)}) cannot agree to it: {why}", hint=hint)
    return Refused([fault, *(one for one in refusals(review) if one.code == "HG711")])
