"""`headgate approve`: what waits for you, and that you agree to it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.cli.opening import demand_answer, with_repository
from headgate.cli.progress import Progress
from headgate.cli.terminal import Terminal
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused
from headgate.words.gate import agreed_text, decision_to_words, lines_of_findings, lines_of_verdict
from headgate.words.promote import nothing_text

if TYPE_CHECKING:
    from headgate.app.approve import Waiting
    from headgate.app.releasing.promotion import Promotion
    from headgate.app.repository import Repository


def run(options: Namespace, terminal: Terminal) -> int:
    """Show what waits, ask, write down who agreed."""
    from headgate.app.approve import approve, waiting_for_you
    from headgate.app.releasing.promotion import plan_shown

    session, repository = with_repository(options, terminal)
    with session:
        promotion = plan_shown(session, repository, source=options.source, to=options.to)
        if promotion.plan.is_empty:
            raise _nothing(promotion)
        for line in _of_another_commit(promotion, repository):
            terminal.say(line)
        with Progress(terminal) as progress:
            heard = waiting_for_you(session, promotion, report=progress.report)
        decision = heard.review.decision
        if not terminal.is_json:
            for line in lines_of_findings(heard.review.told, width=terminal.width):
                terminal.write(line)
        if not heard.own:
            if decision.waiting:
                terminal.say("You have agreed to this change, and that stands.")
            return _ended(heard, repository, terminal)
        demand_answer(terminal)
        count = sum(len(one.amounts) for one in heard.own)
        what = "this" if count == 1 else f"these {count}"
        if not terminal.says_yes and not terminal.ask(f"Do you agree to {what}?"):
            terminal.complain("Nothing was done.")
            return 1
        return _ended(approve(session, heard, note=options.note), repository, terminal)


def _nothing(promotion: Promotion) -> Refused:
    """Return why there is nothing to agree to, in the words of `promote`."""
    told, way_on = nothing_text(promotion, verb="approve")
    told = told.removesuffix(": nothing to do.").removesuffix(".")
    hint = f"Next: {way_on}" if way_on else f"Look: headgate plan {promotion.plan.target}"
    return Refused([Diagnostic("HG713", f"there is nothing to agree to: {told}", hint=hint)])


def _of_another_commit(promotion: Promotion, repository: Repository) -> Iterator[str]:
    """Yield what whoever agrees has to know where they stand elsewhere than the code that they agree to."""
    git = repository.git
    if promotion.commit != git.commit:
        told = (
            f"commit {promotion.commit[:7]}, which is"
            if promotion.commit
            else "files that no commit had then, and that are"
        )
        yield f"{promotion.plan.source} shows {told} not checked out. This is about what it shows."
        if not git.knows(promotion.commit):
            yield "Who made that is not known here: whoever did agrees for nobody else all the same."


def _ended(heard: Waiting, repository: Repository, terminal: Terminal) -> int:
    decision = heard.review.told
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "approve", {"decision": decision_to_words(decision)})
    if told := agreed_text(decision.approvals):
        terminal.write(told)
    for line in lines_of_verdict(decision, width=terminal.width):
        terminal.write(line)
    if decision.opens:
        report = heard.review.report
        commit = report.commit[:7] or "the commit that has it"
        where = "" if report.commit == repository.git.commit else f", where {commit} is checked out"
        terminal.say(f"Next: headgate promote {report.source}{where}")
    return 0
