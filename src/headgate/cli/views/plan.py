"""`headgate plan`: what matters first, why, and what to do next."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from headgate.app.plan import Planned, Request
from headgate.cli.terminal import Terminal
from headgate.core.plan import Plan
from headgate.words.figures import seconds_text
from headgate.words.plan import lines_of_plan, notes_of_empty, nothing_to_do, switched_in, told_step

CHANGES = 10
"""The exit status of ``--exit-code`` where there are changes."""


def run(options: Namespace, terminal: Terminal) -> int:
    """Show a plan; with ``--show`` a saved one, for a protected environment a promotion; with ``--watch`` again."""
    if not options.watch:
        return _plan(options, terminal)
    from headgate.cli.watching import watch
    from headgate.core.errors import UsageError

    if options.show or options.out or options.exit_code:
        raise UsageError("--watch shows the working tree's plan: leave --show, --out and --exit-code out")
    return watch(_plan, options, terminal)


def _plan(options: Namespace, terminal: Terminal) -> int:
    from headgate.cli.opening import with_repository

    session, repository = with_repository(options, terminal)
    with session:
        if options.show:
            from headgate.app.plan import saved

            return _show(saved(Path(options.show), session), options, terminal)
        environment = "dev" if options.environment is None else options.environment
        if session.is_protected(environment):
            from headgate.cli.views.promote import show_promotion

            return show_promotion(session, repository, environment, options, terminal)
        from headgate.app.plan import plan, save

        is_whole = bool(options.out or options.verbose or terminal.is_json)
        request = replace(request_of(options, environment), is_whole=is_whole)
        planned = plan(session, repository, request)
        if options.out:
            if not planned.plan.steps:  # an empty plan in short: saved whole
                planned = plan(session, repository, Request(environment, ("*",)))
            save(planned, repository.root, Path(options.out))
        return _show(planned, options, terminal)


def request_of(options: Namespace, environment: str) -> Request:
    """Return what the options ask for."""
    from headgate.app.given_times import begin, present
    from headgate.app.session import now
    from headgate.cli.argument_values import before

    refresh = None if options.refresh is None else tuple(options.refresh)
    given = present(options.now or "")
    since = begin(before(options.since, given or now()), given) if options.since else ""
    return Request(environment, tuple(options.select), refresh, now=given, since=since)


def _show(planned: Planned, options: Namespace, terminal: Terminal) -> int:
    status = CHANGES if options.exit_code and not planned.plan.is_empty else 0
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(
            terminal, "plan", result_of(planned), status=status, diagnostics=(*planned.stale, *planned.warnings)
        )
    if planned.stale:
        from headgate.words.diagnostics import lines_of

        for line in lines_of(planned.stale):
            terminal.complain(line)
        terminal.complain()
    if planned.plan.is_empty:
        elapsed = seconds_text(perf_counter() - options.started)
        terminal.write(f"{nothing_to_do(planned)} ({elapsed})")
        for line in notes_of_empty(planned):
            terminal.say(line)
        return status
    for line in lines_of_plan(planned, width=terminal.width, is_verbose=options.verbose):
        terminal.write(line)
    if not planned.stale:
        terminal.say()
        terminal.say(f"Next: {next_command(planned.plan, options)}")
    return status


def next_command(plan: Plan, options: Namespace) -> str:
    """Return the command that carries the plan out."""
    if options.show or options.out:
        return f"headgate apply --plan {options.show or options.out}"
    words = ["headgate apply", plan.environment, *(f"--select {name}" for name in options.select)]
    if options.refresh is not None:
        words.append(" ".join(["--refresh", *options.refresh]))
    return " ".join(words)


def result_of(planned: Planned) -> dict[str, Any]:
    """Return a plan as ``--json`` shows it: what it does, without the texts that carry it out."""
    from headgate.core.json_form import plain

    plan = planned.plan
    switched = switched_in(planned)
    steps = []
    for step in plan.steps:
        body = {
            name: plain(getattr(step, name))
            for name in (
                "address", "kind", "action", "cause", "affected", "rows_affected", "is_destructive", "is_selected",
                "added", "proof", "rows", "seconds", "owner", "difference", "influences", "build", "replaces",
            )
        }  # fmt: skip
        told = told_step(step, switched)
        steps.append({**body, "word": told.word, "reason": told.reason, "effect": told.effect})
    return {
        "project": plan.project, "environment": plan.environment, "engine": plan.engine, "serial": plan.serial,
        "is_empty": plan.is_empty, "is_new": planned.is_new, "is_stale": bool(planned.stale),
        "beside": plain(plan.beside), "commit": plan.origin.commit, "dirty": list(plan.origin.dirty),
        "steps": steps, "reaches": plain(plan.reaches), "captured": dict(planned.captured),
        "becomes_bare": plan.becomes_bare, "properties": plain(plan.properties),
        "needs": plain(planned.needs),
    }  # fmt: skip
