"""`headgate promote`: a protected environment takes over what another one has proven. Nothing is computed or copied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.app.gate.grounds import grounds_of
from headgate.app.measured.measuring import NO_VERDICT, Verdict
from headgate.app.releasing.promotion import Promotion, heads_of, plan_promotion
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.app.gate.deciding import Review
    from headgate.app.gate.gathering import Gathered
    from headgate.app.repository import Repository
    from headgate.app.session import Held, Session
    from headgate.core.gate import Approval, Decision
    from headgate.core.ports.store import Entry
    from headgate.core.progress import RunEvent
    from headgate.core.records import Move
    from headgate.release.intended import Intended


@dataclass(frozen=True, slots=True)
class Promoted:
    """What was done: the move is None where the target showed it already. ``verdict`` is what came of the checks.

    ``review`` is what the gate said, and on what; None where nothing moved.
    """

    promotion: Promotion
    move: Move | None
    switch_seconds: float
    verdict: Verdict = NO_VERDICT
    review: Review | None = None


def promote(
    session: Session,
    repository: Repository,
    promotion: Promotion,
    *,
    wait_seconds: float = 0,
    agreed: Decision | None = None,
    overridden: str = "",
    report: Callable[[RunEvent], None] = lambda _: None,
) -> Promoted:
    """Make the release: measured and decided again under the lease, then switched in one transaction.

    Who calls it says yes to what waits for them: to what ``agreed`` had, which they were shown, or to all of it.
    ``overridden`` is the reason to open the gate whatever it says. Raises ``Refused`` where what was shown is not what
    would happen by now, and where the gate does not open.
    """
    from headgate.app.gate.gathering import gathered

    source, target = promotion.plan.source, promotion.plan.target
    with session.holding(target, f"promote {source} to {target}", wait_seconds=wait_seconds) as held:
        with held.store.reading() as reading:
            is_same = heads_of(reading, source, target) == promotion.heads
        again = promotion if is_same else plan_promotion(session, repository, source=source, to=target)
        if promotion.adopted and not is_same and again.plan.intended is not None:
            again = replace(again, plan=replace(again.plan, intended=replace(again.plan.intended, adopts=True)))
        if again.plan.intended is None:
            return Promoted(again, None, 0.0)
        _check_same(promotion, again)
        found = gathered(session, held, again, report=report)
        review = _decided(session, held, again, found, agreed=agreed, overridden=overridden)
        intended, keeps = _recorded(again, review, held)
        move, seconds = held.publish(intended, keeps, grounds_of(found.verdict, review.hearing))
        return Promoted(again, move, seconds, found.verdict, review)


def _decided(
    session: Session, held: Held, promotion: Promotion, found: Gathered, *, agreed: Decision | None, overridden: str
) -> Review:
    """Return what opens the gate, with what is agreed to now written down; raise ``Refused`` where nothing does."""
    from headgate.app.gate.approvals import keep_approvals, note_override, own_approvals
    from headgate.app.gate.deciding import refusals, reviewed
    from headgate.release.log import demand_log

    with held.store.reading() as reading:
        demand_log(reading, held.engine.log())
        review = reviewed(session, reading, promotion, found, overridden=overridden)
    if overridden:
        note_override(held.store, review.report, lease=held.lease)
        return review
    own: tuple[Approval, ...] = ()
    if review.decision.waiting:
        own = own_approvals(session, agreed or review.decision, review.policy, promotion.plan.target)
        review = review.heard(own)
    if faults := refusals(review):
        raise Refused(faults)
    used = [one for one in own if one in review.decision.approvals]
    keep_approvals(held.store, used, lease=held.lease)
    return review


def _recorded(promotion: Promotion, review: Review, held: Held) -> tuple[Intended, tuple[Entry, ...]]:
    """Return the move with its decision, and what is written with it: the code, and the decision as it may be told.

    Everybody who may approve reads the state: no value of a protected column is in it.
    """
    from headgate.core.gate import decision_to_json
    from headgate.core.json_form import dumps
    from headgate.core.ports.store import Entry
    from headgate.core.records import Collection
    from headgate.release.history import move_key
    from headgate.release.source_code import keep_tree

    if promotion.plan.intended is None:
        raise AssertionError("nothing is promoted")
    with held.store.reading() as reading:
        keeps = keep_tree(promotion.files, promotion.contents.__getitem__, reading=reading)
    key = move_key(promotion.plan.target, promotion.release)
    entry = Entry(Collection.DECISIONS, key, dumps(decision_to_json(review.told)))
    return replace(promotion.plan.intended, decision=review.decision.word), (*keeps, entry)


def _check_same(promised: Promotion, again: Promotion) -> None:
    if promised.plan.intended is None or again.plan.intended is None:
        return
    if promised.plan.intended.plan != again.plan.intended.plan or promised.plan.serial != again.plan.serial:
        target = again.plan.target
        raise Refused(
            [
                Diagnostic(
                    "HG502",
                    f"{target} or {again.plan.source} has moved since you were asked",
                    hint=f"Look, and promote again: headgate promote {again.plan.source}",
                )
            ]
        )
