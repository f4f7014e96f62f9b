"""`headgate gc`: what would go, and what went."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import demand_answer, with_config
from headgate.cli.terminal import Terminal
from headgate.words.gc import rows_of, what_text
from headgate.words.layout import aligned

if TYPE_CHECKING:
    from headgate.app.gc import Collected


def run(options: Namespace, terminal: Terminal) -> int:
    """Say what would go, ask, drop it, say what went."""
    from headgate.app.gc import gc, plan_gc

    drop = tuple(options.drop_environment)
    with with_config(options, terminal) as session:
        session.settle(drop[0] if drop else next(iter(session.protected()), "dev"), wait_seconds=options.wait)
        planned = plan_gc(session, drop=drop, engine=options.engine)
        if planned.plan.is_empty or options.dry_run:
            return _tell(planned, terminal, is_done=False, options=options)
        demand_answer(terminal)
        if not terminal.says_yes:
            for line in aligned(rows_of(planned), width=terminal.error_width):
                terminal.complain(line)
            if not terminal.ask(f"Drop {what_text(planned)}?"):
                terminal.complain("Nothing was done.")
                return 1
        done = gc(session, drop=drop, engine=options.engine, wait_seconds=options.wait)
    return _tell(done, terminal, is_done=True, options=options)


def _tell(collected: Collected, terminal: Terminal, *, is_done: bool, options: Namespace) -> int:
    plan = collected.plan
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope
        from headgate.core.json_form import plain

        body = {
            "is_done": is_done, "engine": collected.engine, "garbage": plain(plan.garbage),
            "environments": list(plan.environments), "records": plan.records, "bytes": plan.bytes,
        }  # fmt: skip
        return print_envelope(terminal, "gc", body)
    if plan.is_empty:
        terminal.write("Nothing to drop.")
    elif is_done:
        terminal.write(f"Dropped {what_text(collected)}.")
    else:
        for line in aligned(rows_of(collected), width=terminal.width):
            terminal.write(line)
        given = [f" --engine {options.engine}"] if options.engine else []
        given += [f" --drop-environment {name}" for name in options.drop_environment]
        terminal.say(f"{what_text(collected)} would go. Next: headgate gc{''.join(given)}")
    return 0
