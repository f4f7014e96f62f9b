"""`headgate promote`, and `headgate plan prod`: what a release would change, and what it did."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import demand_answer, with_repository
from headgate.cli.progress import Progress
from headgate.cli.terminal import Terminal
from headgate.core.checks import Outcome
from headgate.core.gate import Level, Topic
from headgate.words.checks import checks_to_json, lines_of_warnings, not_run_text
from headgate.words.figures import counted
from headgate.words.gate import agreed_text, decision_to_words, lines_of_findings, lines_of_gate, lines_of_verdict
from headgate.words.promote import (
    left_text,
    lines_of_live,
    lines_of_promotion,
    nothing_text,
    promise_text,
    result_text,
)

if TYPE_CHECKING:
    from headgate.app.gate.deciding import Review
    from headgate.app.promote import Promoted
    from headgate.app.releasing.promotion import Promotion
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.gate import Decision


def run(options: Namespace, terminal: Terminal) -> int:
    """Say what would change, ask, switch, say what was done."""
    from headgate.app.promote import promote
    from headgate.app.releasing.promotion import plan_promotion, target_of

    session, repository = with_repository(options, terminal)
    with session:
        session.settle(target_of(session, options.source, options.to), wait_seconds=options.wait)
        promotion = plan_promotion(session, repository, source=options.source, to=options.to, adopts=options.adopt)
        _warn(promotion, terminal)
        if promotion.plan.is_empty:
            # What dev shows beside the commit cannot be released: somebody who meant to release it must hear of it.
            status = 1 if promotion.differs else 0
            if terminal.is_json:
                return _json(promotion, None, 0.0, terminal, status=status)
            _tell_nothing(promotion, terminal)
            return status
        if left := left_text(promotion):
            terminal.say(left)
        if not terminal.says_yes and not options.override:
            _refuse_known(session, promotion)
        demand_answer(terminal)
        agreed = None if terminal.says_yes else _asked(session, promotion, options, terminal)
        if agreed is None and not terminal.says_yes:
            terminal.complain("Nothing was done.")
            return 1
        with Progress(terminal) as progress:
            done = promote(
                session, repository, promotion, wait_seconds=options.wait, agreed=agreed,
                overridden=options.override or "", report=progress.report,
            )  # fmt: skip
        if terminal.is_json:
            return _json(done.promotion, done.move, done.switch_seconds, terminal, done=done)
        _tell_decision(done, terminal, is_new=terminal.says_yes)
        terminal.write(result_text(done.promotion, done.switch_seconds))
        for line in lines_of_warnings(done.verdict):
            terminal.complain(line)
        for told in filter(None, (not_run_text(promotion.not_run), *(done.review.report.unmet if done.review else ()))):
            terminal.complain(told)
        return 0


def _refuse_known(session: Session, promotion: Promotion) -> None:
    """Raise ``Refused`` for what is known to be blocked, before anybody is asked and anything measured."""
    from headgate.app.gate.deciding import known_review, refusals
    from headgate.core.errors import Refused

    faults = [fault for fault in refusals(known_review(session, promotion)) if fault.code in ("HG701", "HG710")]
    if faults:
        raise Refused(faults)


def _asked(session: Session, promotion: Promotion, options: Namespace, terminal: Terminal) -> Decision | None:
    """Return the decision that somebody saw and said yes to; None where they did not.

    Raises ``Refused`` where no yes of theirs would open the gate.
    """
    from headgate.app.gate.approvals import own_approvals
    from headgate.app.gate.deciding import considered, refusals
    from headgate.core.errors import Refused

    with Progress(terminal) as progress:
        review = considered(session, promotion, wait_seconds=options.wait, report=progress.report)
    for line in (*lines_of_findings(review.told, width=terminal.error_width), *lines_of_live(promotion)):
        terminal.complain(line)
    if not options.override:
        own = own_approvals(session, review.decision, review.policy, promotion.plan.target)
        if faults := refusals(review.heard(own)):
            raise Refused(faults)
        if own:
            terminal.complain(f"You agree to {counted(sum(len(one.amounts) for one in own), 'finding')} with it.")
    return review.decision if terminal.ask(f"{promise_text(promotion)} Go on?") else None


def _tell_decision(done: Promoted, terminal: Terminal, *, is_new: bool) -> None:
    """Tell what was found, where nobody has seen it yet, and who agreed."""
    if done.review is None:
        return
    decision = done.review.told
    if is_new:
        for line in (*lines_of_findings(decision, width=terminal.error_width), *lines_of_live(done.promotion)):
            terminal.say(line)
    if decision.overridden:
        for line in lines_of_verdict(decision, width=terminal.error_width):
            terminal.complain(line)
    elif told := agreed_text(decision.approvals):
        terminal.complain(told)


def show_promotion(
    session: Session, repository: Repository, target: str, options: Namespace, terminal: Terminal
) -> int:
    """Show what promoting dev to ``target`` would do; for ``headgate plan prod``."""
    from headgate.app.gate.deciding import known_review
    from headgate.app.releasing.promotion import plan_promotion
    from headgate.core.errors import UsageError

    if options.select or options.refresh is not None or options.out:
        raise UsageError(f"{target} is protected: a promotion takes over all of dev, and is not saved")
    promotion = plan_promotion(session, repository, source="dev", to=target)
    status = 10 if options.exit_code and not promotion.plan.is_empty else 0
    review = None if promotion.plan.is_empty else known_review(session, promotion)
    if terminal.is_json:
        _json(promotion, None, 0.0, terminal, command="plan", status=status, review=review)
        return status
    _warn(promotion, terminal)
    if promotion.plan.is_empty:
        _tell_nothing(promotion, terminal)
        return status
    for line in lines_of_promotion(
        promotion, project=session.config.name, width=terminal.width, is_verbose=options.verbose
    ):
        terminal.write(line)
    if review is not None:
        for line in lines_of_gate(review.told, width=terminal.width, is_verbose=options.verbose):
            terminal.write(line)
        for line in lines_of_live(promotion):
            terminal.write(line)
    if told := not_run_text(promotion.not_run):
        terminal.write(told)
    terminal.say()
    terminal.say(f"Next: {_next(session, target, review)}")
    return status


def _next(session: Session, target: str, review: Review | None) -> str:
    """Return what to go on with: what is blocked is mended, what waits for others is agreed to, else it is promoted."""
    from headgate.app.gate.approvals import own_approvals

    where = "dev" if len(session.protected()) == 1 else f"dev --to {target}"
    if review is None or review.decision.opens:
        return f"headgate promote {where}"
    if any(one.topic is not Topic.EVIDENCE for one in review.decision.at(Level.BLOCK)):
        return "mend what stops it, then headgate apply dev"
    own = own_approvals(session, review.decision, review.policy, target)
    return f"headgate {'approve' if review.heard(own).decision.waiting else 'promote'} {where}"


def _tell_nothing(promotion: Promotion, terminal: Terminal) -> None:
    text, way_on = nothing_text(promotion)
    terminal.write(text)
    if way_on:
        terminal.say(f"Next: {way_on}")


def _warn(promotion: Promotion, terminal: Terminal) -> None:
    from headgate.words.diagnostics import lines_of

    if not terminal.is_json:
        for line in lines_of(promotion.plan.diagnostics):
            terminal.complain(line)


def _json(
    promotion: Promotion,
    move: Any,
    seconds: float,
    terminal: Terminal,
    *,
    command: str = "promote",
    status: int = 0,
    done: Promoted | None = None,
    review: Review | None = None,
) -> int:
    from headgate.cli.envelope import print_envelope
    from headgate.core.json_form import plain

    plan = promotion.plan
    heard = done.review if done else review
    body = {
        "source": plan.source, "target": plan.target, "serial": move.serial if move else plan.serial,
        "commit": promotion.commit, "is_empty": plan.is_empty, "is_done": move is not None,
        "moved": plain(plan.moved), "removed": plain(plan.removed), "kept": list(plan.kept),
        "switch_seconds": round(seconds, 4), "becomes_bare": plan.becomes_bare, "adopted": list(promotion.adopted),
        "properties": plain(plan.properties), "other_code": list(plan.other_code), "other_data": list(plan.other_data),
        "checks": checks_to_json(done.verdict.of(*Outcome)) if done else [],
        "decision": decision_to_words(heard.told) if heard else None,
    }  # fmt: skip
    return print_envelope(terminal, command, body, status=status, diagnostics=plan.diagnostics)
