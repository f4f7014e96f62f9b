"""`headgate apply`: what was made, and what the environment shows now."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import demand_answer, with_repository
from headgate.cli.terminal import Terminal
from headgate.core.checks import Outcome, not_run
from headgate.core.declarations import NOT_SHOWN
from headgate.core.plan import Action
from headgate.words.apply import after_failure, announcement, lines_of_failure, next_text, result_text
from headgate.words.checks import checks_text, checks_to_json, lines_of_set_aside, lines_of_warnings, not_run_text
from headgate.words.figures import seconds_text

if TYPE_CHECKING:
    from headgate.app.apply import Applied
    from headgate.app.measured.measuring import Verdict
    from headgate.app.plan import Planned
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.diagnostic import Diagnostic

INTERRUPTED = 130


def run(options: Namespace, terminal: Terminal) -> int:
    """Show the plan, ask, carry it out, tell what came of it."""
    from headgate.app.environments import refuse_protected

    session, repository = with_repository(options, terminal)
    with session:
        if options.plan:
            return _apply_saved(session, options, terminal)
        environment = "dev" if options.environment is None else options.environment
        refuse_protected(session, environment)
        return _apply_working_tree(session, repository, environment, options, terminal)


def _apply_saved(session: Session, options: Namespace, terminal: Terminal) -> int:
    from headgate.app.environments import refuse_protected
    from headgate.app.plan import saved
    from headgate.core.errors import StalePlan, UsageError

    if options.select or options.refresh is not None or options.since or options.now:
        raise UsageError("a saved plan is carried out as it is: leave --select, --refresh, --since and --now out")
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

    session.settle(environment, wait_seconds=options.wait)
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
    from headgate.words.plan import lines_of_plan

    demand_answer(terminal)
    if terminal.says_yes:
        if planned.is_new:
            terminal.say(announcement(planned))
        return True
    for line in lines_of_plan(planned, width=terminal.error_width):
        terminal.complain(line)
    terminal.complain()
    new = f"{planned.plan.environment} is new. " if planned.is_new else ""
    return terminal.ask(f"{new}Build what is lacking and show it in {planned.plan.environment}?")


def _declined(terminal: Terminal) -> int:
    terminal.complain("Nothing was done.")
    return 1


def _tell_nothing(planned: Planned, options: Namespace, terminal: Terminal) -> int:
    from headgate.words.plan import nothing_to_do

    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(
            terminal, "apply", {"environment": planned.plan.environment, "is_empty": True, "made": []}
        )
    terminal.write(f"{nothing_to_do(planned)} ({seconds_text(perf_counter() - options.started)})")
    return 0


def _carry_out(session: Session, planned: Planned, options: Namespace, terminal: Terminal) -> int:
    if planned.plan.is_empty:
        if planned.is_behind:
            from headgate.app.apply import stand_beside

            stand_beside(session, planned, wait_seconds=options.wait)
        return _tell_nothing(planned, options, terminal)
    from headgate.app.apply import apply
    from headgate.cli.progress import Progress
    from headgate.words.diagnostics import lines_of_one

    def warn(warning: Diagnostic) -> None:
        for line in lines_of_one(warning):
            terminal.say(line)

    with Progress(terminal, planned.plan) as progress:
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
        size = session.warehouse_bytes(applied.plan.engine)
        terminal.write(result_text(planned, applied, warehouse_bytes=size))
        tell_checks(applied.verdict, terminal)
        if told := not_run_text(not_run(planned.warnings)):
            terminal.say(told)
        if session.beside(applied.plan.environment):
            terminal.say(next_text(applied))
    else:
        _tell_failure(applied, terminal)
    return status_of(applied)


def tell_checks(verdict: Verdict, terminal: Terminal) -> None:
    """Tell how many checks passed, and which warn."""
    for line in lines_of_warnings(verdict):
        terminal.complain(line)
    for line in lines_of_set_aside(verdict):
        terminal.say(line)
    if told := checks_text(verdict.of(*Outcome)):
        terminal.say(told)


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
        "cut_off": list(outcome.cut_off),
        "reused": [s.address for s in plan.doing(Action.REUSE, Action.KEEP) if s.kind not in NOT_SHOWN],
        "failed": [failure.address for failure in outcome.failures],
        "not_started": list(outcome.not_started),
        "seconds": round(applied.seconds, 3),
        "switch_seconds": round(applied.switch_seconds, 4),
        "bytes": applied.bytes,
        "properties": {address: list(names) for address, names in plan.properties.items()},
        "checks": checks_to_json(applied.verdict.of(*Outcome)),
    }


def _tell_failure(applied: Applied, terminal: Terminal) -> None:
    for line in lines_of_failure(applied):
        terminal.complain(line)
    terminal.say(f"Next: {after_failure(applied)}")
