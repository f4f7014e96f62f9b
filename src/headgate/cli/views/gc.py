"""`headgate gc`: what would go, and what went."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import demand_answer, with_config
from headgate.cli.terminal import Terminal, aligned
from headgate.cli.words import bytes_text, counted

if TYPE_CHECKING:
    from headgate.app.gc import Collected

_SHORT_MAX = 20


def run(options: Namespace, terminal: Terminal) -> int:
    """Say what would go, ask, drop it, say what went."""
    from headgate.app.gc import gc, plan_gc

    drop = tuple(options.drop_environment)
    with with_config(options, terminal) as session:
        session.settle(drop[0] if drop else next(iter(session.protected()), "dev"))
        planned = plan_gc(session, drop=drop, engine=options.engine)
        if planned.plan.is_empty or options.dry_run:
            return _tell(planned, terminal, is_done=False, options=options)
        demand_answer(terminal)
        if not terminal.says_yes:
            for line in _lines(planned, terminal.error_width):
                terminal.complain(line)
            if not terminal.ask(f"Drop {_what(planned)}?"):
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
        terminal.write(f"Dropped {_what(collected)}.")
    else:
        for line in _lines(collected, terminal.width):
            terminal.write(line)
        given = [f" --engine {options.engine}"] if options.engine else []
        given += [f" --drop-environment {name}" for name in options.drop_environment]
        terminal.say(f"{_what(collected)} would go. Next: headgate gc{''.join(given)}")
    return 0


def _lines(collected: Collected, width: int) -> list[str]:
    from headgate.core.hashing import short

    plan = collected.plan
    rows = [("environment", name, "") for name in plan.environments]
    rows += [
        ("build", item.address or item.relation, f"{short(item.build)}, {bytes_text(item.bytes)}")
        for item in plan.garbage[:_SHORT_MAX]
    ]
    lines = aligned(rows, width=width)
    more = len(plan.garbage) - _SHORT_MAX
    return [*lines, f"  and {more:,} more"] if more > 0 else lines


def _what(collected: Collected) -> str:
    plan = collected.plan
    parts = [counted(len(plan.environments), "environment")] if plan.environments else []
    parts += [f"{counted(len(plan.garbage), 'build')} ({bytes_text(plan.bytes)})"] if plan.garbage else []
    parts += [counted(plan.records, "record")] if plan.records and not plan.garbage else []
    return " and ".join(parts)
