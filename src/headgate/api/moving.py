"""Promoting and rolling back from Python: planned, unless it was, and done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.api.moves import Promotion, Released, Rollback
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused
from headgate.words.promote import nothing_text, result_text
from headgate.words.rollback import afterwards
from headgate.words.rollback import nothing_text as nothing_to_roll_back
from headgate.words.rollback import result_text as rolled_back_text

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session


def promote_now(
    session: Session, repository: Repository, wanted: Promotion | str, *, to: str | None, wait_seconds: float
) -> Released:
    """Promote as planned, or what the environment named shows now; raise ``Refused`` where that is in no commit."""
    from headgate.app.promote import promote
    from headgate.app.releasing.promotion import plan_promotion, target_of

    if isinstance(wanted, Promotion):
        planned = wanted._promotion  # one package
        session.settle(wanted.target)
    else:
        session.settle(target_of(session, wanted, to), wait_seconds=wait_seconds)
        planned = plan_promotion(session, repository, source=wanted, to=to)
    target, serial = planned.plan.target, planned.plan.serial
    if planned.plan.is_empty:
        text, way_on = nothing_text(planned)
        if way_on:
            raise Refused([Diagnostic("HG511", text, hint=f"Next: {way_on}")])
        return Released(target, serial, is_done=False, seconds=0.0, text=text)
    done = promote(session, repository, planned, wait_seconds=wait_seconds)
    release = done.move.serial if done.move else serial
    text = result_text(done.promotion, done.switch_seconds)
    return Released(target, release, done.move is not None, done.switch_seconds, text)


def rollback_now(session: Session, wanted: Rollback | str, *, to: int | None, wait_seconds: float) -> Released:
    """Roll back as planned, or to the release named, by default the one before."""
    from headgate.app.rollback import plan_rollback, rollback

    if isinstance(wanted, Rollback):
        planned = wanted._rollback  # one package
        session.settle(wanted.environment)
    else:
        session.settle(wanted, wait_seconds=wait_seconds if to else 0)
        planned = plan_rollback(session, wanted, to=to)
    name = planned.plan.environment
    if planned.plan.intended is None:
        return Released(name, planned.plan.restores, is_done=False, seconds=0.0, text=nothing_to_roll_back(planned))
    done = rollback(session, planned, wait_seconds=wait_seconds)
    told = (rolled_back_text(done), *afterwards(done, is_protected=session.is_protected(name)))
    return Released(name, planned.plan.restores, done.move is not None, done.switch_seconds, "\n".join(told))
