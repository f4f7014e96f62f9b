"""`headgate approve`: what waits for you, and that you agree to it."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import demand_answer, with_repository
from headgate.cli.progress import Progress
from headgate.cli.terminal import Terminal
from headgate.words.gate import agreed_text, decision_to_words, lines_of_findings, lines_of_verdict

if TYPE_CHECKING:
    from headgate.app.approve import Waiting


def run(options: Namespace, terminal: Terminal) -> int:
    """Show what waits, ask, write down who agreed."""
    from headgate.app.approve import approve, waiting_for_you

    session, repository = with_repository(options, terminal)
    with session:
        with Progress(terminal) as progress:
            heard = waiting_for_you(session, repository, source=options.source, to=options.to, report=progress.report)
        decision = heard.review.decision
        if not terminal.is_json:
            for line in lines_of_findings(heard.review.told, width=terminal.width):
                terminal.write(line)
        if not heard.own:
            if decision.waiting:
                terminal.say("You have agreed to this change, and that stands.")
            return _ended(heard, terminal)
        demand_answer(terminal)
        count = sum(len(one.amounts) for one in heard.own)
        what = "this" if count == 1 else f"these {count}"
        if not terminal.says_yes and not terminal.ask(f"Do you agree to {what}?"):
            terminal.complain("Nothing was done.")
            return 1
        return _ended(approve(session, heard, note=options.note), terminal)


def _ended(heard: Waiting, terminal: Terminal) -> int:
    decision = heard.review.told
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "approve", {"decision": decision_to_words(decision)})
    if told := agreed_text(decision.approvals):
        terminal.write(told)
    for line in lines_of_verdict(decision, width=terminal.width):
        terminal.write(line)
    if decision.opens:
        terminal.say(f"Next: headgate promote {heard.review.report.source}")
    return 0
