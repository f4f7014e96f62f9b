"""`headgate apply`: what was made, and what the environment shows now."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import demand_answer, with_repository
from headgate.cli.terminal import Terminal
from headgate.cli.words import bytes_text, counted, made_text, milliseconds_text, seconds_text
from headgate.core.declarations import Kind
from headgate.core.plan import Action, Plan

if TYPE_CHECKING:
    from headgate.app.apply import Applied
    from headgate.app.plan import Planned
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.diagnostic import Diagnostic

INTERRUPTED = 130


def run(options: Namespace, terminal: Terminal) -> int:
    """Show the plan, ask, carry it out, tell what came of it."""
    from headgate.app.plan import refuse_protected

    session, repository = with_repository(options, terminal)
    with session:
        if options.plan:
            return _apply_saved(session, options, terminal)
        environment = "dev" if options.environment is None else options.environment
        refuse_protected(session, environment)
        return _apply_working_tree(session, repository, environment, options, terminal)


def _apply_saved(session: Session, options: Namespace, terminal: Terminal) -> int:
    from headgate.app.plan import refuse_protected, saved
    from headgate.core.errors import StalePlan, UsageError

    if options.select or options.refresh is not None:
        raise UsageError("a saved plan is carried out as it is: leave --select and --refresh out")
    planned = saved(Path(options.plan), session)
    if options.environment and options.environment != planned.plan.environment:
        raise UsageError(f"the plan is for {planned.plan.environment}, not for {options.environment}")
    refuse_protected(session, planned.plan.environment)
    if planned.stale:
        session.settle(planned.plan.environment)
        raise StalePlan(planned.stale)
    if not planned.plan.is_empty and not _is_agreed(planned, terminal):
        return _declined(terminal)
    return _carry_out(session, planned, options, terminal)


def _apply_working_tree(
    session: Session, repository: Repository, environment: str, options: Namespace, terminal: Terminal
) -> int:
    from headgate.app.plan import plan_for_apply
    from headgate.cli.views.plan import request_of
    from headgate.core.errors import StalePlan

    session.settle(environment)
    request = request_of(options, environment)
    planned = plan_for_apply(session, repository, request)
    if not planned.plan.is_empty and not _is_agreed(planned, terminal):
        return _declined(terminal)
    try:
        return _carry_out(session, planned, options, terminal)
    except StalePlan:
        if not terminal.says_yes:
            raise
    # Nobody was shown the plan, so somebody who moved the environment meanwhile is no reason to stop: once more.
    planned = plan_for_apply(session, repository, request)
    return _carry_out(session, planned, options, terminal)


def _is_agreed(planned: Planned, terminal: Terminal) -> bool:
    """Show the plan and ask; with ``--yes`` one line will do."""
    from headgate.cli.views.plan import lines_of_plan

    demand_answer(terminal)
    if terminal.says_yes:
        if planned.is_new:
            terminal.say(_announcement(planned))
        return True
    for line in lines_of_plan(planned, width=terminal.error_width):
        terminal.complain(line)
    terminal.complain()
    new = f"{planned.plan.environment} is new. " if planned.is_new else ""
    return terminal.ask(f"{new}Build what is lacking and show it in {planned.plan.environment}?")


def _announcement(planned: Planned) -> str:
    plan = planned.plan
    kinds = [s.kind for s in plan.doing(Action.BUILD)]
    views = kinds.count(Kind.VIEW)
    shared = sum(s.action is Action.REUSE and s.kind is not Kind.SOURCE for s in plan.steps)
    told = f"{shared} to share" if shared else "nothing to share yet"
    return f"{plan.environment} is new. {made_text(len(kinds) - views, views)}, {told}."


def _declined(terminal: Terminal) -> int:
    terminal.complain("Nothing was done.")
    return 1


def _tell_nothing(planned: Planned, options: Namespace, terminal: Terminal) -> int:
    from headgate.cli.views.plan import nothing_to_do

    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(
            terminal, "apply", {"environment": planned.plan.environment, "is_empty": True, "made": []}
        )
    terminal.write(f"{nothing_to_do(planned.plan)} ({seconds_text(perf_counter() - options.started)})")
    return 0


def _carry_out(session: Session, planned: Planned, options: Namespace, terminal: Terminal) -> int:
    if planned.plan.is_empty:
        if planned.is_behind:
            from headgate.app.apply import stand_beside

            stand_beside(session, planned, wait_seconds=options.wait)
        return _tell_nothing(planned, options, terminal)
    from headgate.app.apply import apply
    from headgate.cli.progress import Progress
    from headgate.cli.views.diagnostics import lines_of_one

    def warn(warning: Diagnostic) -> None:
        for line in lines_of_one(warning):
            terminal.say(line)

    with Progress(planned.plan, terminal) as progress:
        applied = apply(
            session,
            planned,
            report=progress.report,
            warn=warn,
            threads=options.threads,
            wait_seconds=options.wait,
        )
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        failures = (*(failure.diagnostic for failure in applied.outcome.failures), *applied.warnings)
        return print_envelope(terminal, "apply", result_of(applied), status=status_of(applied), diagnostics=failures)
    if applied.outcome.is_complete:
        _tell_success(session, planned, applied, terminal)
    else:
        _tell_failure(applied, terminal)
    return status_of(applied)


def status_of(applied: Applied) -> int:
    """Return 0; 1 where something of the user failed; 3 where only the engine did; 130 after an interruption."""
    outcome = applied.outcome
    if outcome.is_complete:
        return 0
    if outcome.is_interrupted:
        return INTERRUPTED
    return 3 if outcome.failures and all(f.diagnostic.code == "HG600" for f in outcome.failures) else 1


def result_of(applied: Applied) -> dict[str, Any]:
    """Return what ``--json`` shows."""
    outcome, plan = applied.outcome, applied.plan
    made = [
        {"address": address, "build": build.id, "kind": build.kind.value, "rows": build.rows, "seconds": build.seconds}
        for address in outcome.made
        if (build := outcome.builds[address])
    ]
    return {
        "environment": plan.environment,
        "is_empty": False,
        "serial": applied.move.serial if applied.move else plan.serial,
        "is_published": outcome.is_complete,
        "made": made,
        "reused": [s.address for s in plan.doing(Action.REUSE, Action.KEEP) if s.kind is not Kind.SOURCE],
        "failed": [failure.address for failure in outcome.failures],
        "not_started": list(outcome.not_started),
        "seconds": round(applied.seconds, 3),
        "switch_seconds": round(applied.switch_seconds, 4),
        "bytes": applied.bytes,
    }


def _tell_success(session: Session, planned: Planned, applied: Applied, terminal: Terminal) -> None:
    plan = applied.plan
    made = [a for a in applied.outcome.made if applied.outcome.builds[a].kind is not Kind.SOURCE]
    others = planned.shows - len(made)
    beside = session.beside(plan.environment)
    if planned.is_new and not others:
        size = bytes_text(session.warehouse_bytes(plan.engine))
        took = seconds_text(applied.seconds)
        terminal.write(f"{plan.environment}: {counted(len(made), 'asset')} in {took}, {size} in all.{_look(plan)}")
    else:
        kept = f", {others:,} {'shared' if _is_shared(plan) else 'as before'}" if others else ""
        removed = len(plan.doing(Action.REMOVE))
        gone = f", {removed:,} gone" if removed else ""
        switched = f"Published at once in {milliseconds_text(applied.switch_seconds)}."
        views = sum(applied.outcome.builds[a].kind is Kind.VIEW for a in made)
        new = made_text(len(made) - views, views, word="new")
        terminal.write(f"{plan.environment}: {new}{kept}{gone}. {switched}")
    if beside:
        terminal.say(f"Next: headgate promote {plan.environment}")


def _is_shared(plan: Plan) -> bool:
    return any(step.kind is not Kind.SOURCE for step in plan.doing(Action.REUSE))


def _look(plan: Plan) -> str:
    """Return a query over the last table that was made: nothing reads it, so it is what people look at."""
    read = {address for step in plan.steps for address in step.inputs}
    ends = [s.address for s in plan.doing(Action.BUILD) if s.kind is not Kind.SEED and s.address not in read]
    name = sorted(ends)[0] if ends else ""
    return f' Look: headgate sql {plan.environment} "select * from {name} limit 5"' if name else ""


def _tell_failure(applied: Applied, terminal: Terminal) -> None:
    from headgate.cli.terminal import styled
    from headgate.cli.views.diagnostics import excerpt_of

    outcome, name = applied.outcome, applied.plan.environment
    for failure in outcome.failures:
        diagnostic = failure.diagnostic
        terminal.complain(f"{styled('failed', 'red', 'bold')}  {failure.address}  {diagnostic.place or ''}".rstrip())
        for line in excerpt_of(diagnostic):
            terminal.complain(line)
        for line in [*diagnostic.detail.splitlines(), *diagnostic.hint.splitlines()]:
            terminal.complain(f"  {line}")
    waiting = len(outcome.not_started)
    stopped = (
        f"{counted(waiting, 'asset')} that {'reads' if waiting == 1 else 'read'} it {'was' if waiting == 1 else 'were'}"
    )
    if waiting and not outcome.is_interrupted:
        terminal.complain(f"  {stopped} not started.")
    finished = len(outcome.made)
    kept = f"; {counted(finished, 'finished build')} {'is' if finished == 1 else 'are'} kept" if finished else ""
    if outcome.is_interrupted:
        terminal.complain(f"Interrupted. Nothing was published; {name} is as it was.")
        terminal.say(f"Next: headgate apply {name} goes on{kept}.")
        return
    terminal.complain(f"Nothing was published; {name} is as it was.")
    terminal.say(f"Next: mend it and run headgate apply {name} again{kept}.")
