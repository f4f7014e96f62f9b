"""`headgate rollback`: what is shown again, and what that leaves as it is."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import demand_answer, with_config
from headgate.cli.terminal import Terminal
from headgate.cli.words import age_text, counted, duration_text, milliseconds_text

if TYPE_CHECKING:
    from headgate.app.rollback import Rollback, RolledBack


def run(options: Namespace, terminal: Terminal) -> int:
    """Say what would change, ask, switch, say what was done."""
    from headgate.app.rollback import plan_rollback, rollback

    session = with_config(options, terminal)
    with session:
        session.settle(options.environment)
        promised = plan_rollback(session, options.environment, to=options.to)
        name, release = promised.plan.environment, promised.plan.restores
        if promised.plan.intended is None:
            if terminal.is_json:
                return _json(promised, None, terminal)
            terminal.write(f"{name} shows what release {release} showed: nothing to do.")
            return 0
        demand_answer(terminal)
        if not terminal.says_yes and not terminal.ask(f"{_promise(promised)} Go on?"):
            terminal.complain("Nothing was done.")
            return 1
        done = rollback(session, promised, wait_seconds=options.wait)
        if terminal.is_json:
            return _json(done.rollback, done, terminal)
        terminal.write(f"{name} now shows release {release}. Switched in {milliseconds_text(done.switch_seconds)}.")
        for line in _afterwards(done, is_protected=session.environment(name).protected):
            terminal.say(line)
        return 0


def _promise(promised: Rollback) -> str:
    from headgate.app.session import age_seconds

    restored = promised.restored
    facts = [counted(promised.changed, "asset")]
    if restored is not None:
        age = age_text(age_seconds(restored.at))
        facts += [" ".join(part for part in (restored.commit[:7], f"of {restored.by}", age) if part)]
    facts += ["the same source data" if promised.is_same_data else "with the source data of then"]
    return f"{promised.plan.environment} will show release {promised.plan.restores} again ({', '.join(facts)})."


def _afterwards(done: RolledBack, *, is_protected: bool) -> list[str]:
    promised = done.rollback
    retain = promised.retain_seconds
    kept = f"is kept for {duration_text(retain)}" if retain else "goes with the next gc"
    way = "Back" if promised.is_forward else "Forward"
    lines = [f"Release {promised.left} {kept}. {way} again: headgate rollback {promised.plan.environment}"]
    if is_protected and not promised.is_forward:
        lines.append("The repository still holds its change: the next promote says so and asks.")
    return lines


def _json(promised: Rollback, done: RolledBack | None, terminal: Terminal) -> int:
    from headgate.cli.envelope import print_envelope
    from headgate.core.json_form import plain

    body = {
        "environment": promised.plan.environment,
        "restores": promised.plan.restores,
        "serial": done.move.serial if done and done.move else promised.plan.serial,
        "is_done": done is not None and done.move is not None,
        "changes": plain(promised.plan.changes),
        "switch_seconds": round(done.switch_seconds, 4) if done else 0.0,
    }
    return print_envelope(terminal, "rollback", body, diagnostics=promised.plan.diagnostics)
