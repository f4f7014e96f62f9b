"""`headgate rollback`: what is shown again, and what that leaves as it is."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import demand_answer, with_config
from headgate.cli.terminal import Terminal
from headgate.words.rollback import afterwards, nothing_text, promise_text, result_text

if TYPE_CHECKING:
    from headgate.app.rollback import Rollback, RolledBack


def run(options: Namespace, terminal: Terminal) -> int:
    """Say what would change, ask, switch, say what was done."""
    from headgate.app.rollback import plan_rollback, rollback

    session = with_config(options, terminal)
    with session:
        # Without --to, what a rollback leads to is what is shown now, not what others show after a wait.
        session.settle(options.environment, wait_seconds=options.wait if options.to else 0)
        promised = plan_rollback(session, options.environment, to=options.to)
        name = promised.plan.environment
        if promised.plan.intended is None:
            if terminal.is_json:
                return _json(promised, None, terminal)
            terminal.write(nothing_text(promised))
            return 0
        demand_answer(terminal)
        if not terminal.says_yes and not terminal.ask(f"{promise_text(promised)} Go on?"):
            terminal.complain("Nothing was done.")
            return 1
        done = rollback(session, promised, wait_seconds=options.wait)
        if terminal.is_json:
            return _json(done.rollback, done, terminal)
        terminal.write(result_text(done))
        for line in afterwards(done, is_protected=session.is_protected(name)):
            terminal.say(line)
        return 0


def _json(promised: Rollback, done: RolledBack | None, terminal: Terminal) -> int:
    from headgate.cli.envelope import print_envelope
    from headgate.core.json_form import plain

    body = {
        "environment": promised.plan.environment,
        "restores": promised.plan.restores,
        "serial": done.move.serial if done and done.move else promised.plan.serial,
        "is_done": done is not None and done.move is not None,
        "changes": plain(promised.plan.changes),
        "properties": plain(promised.plan.intended.properties) if promised.plan.intended else {},
        "switch_seconds": round(done.switch_seconds, 4) if done else 0.0,
    }
    return print_envelope(terminal, "rollback", body, diagnostics=promised.plan.diagnostics)
