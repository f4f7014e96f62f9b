"""`headgate run`: what comes in, what was taken in, and what failed."""

from __future__ import annotations

import signal
import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import demand_answer, with_repository
from headgate.cli.terminal import Terminal
from headgate.words.run import after_failure, lines_of_failure, lines_of_run, nothing_text, question_of, result_text

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.run import PlannedRun, Ran, RunRequest
    from headgate.app.session import Session

INTERRUPTED = 130


def run(options: Namespace, terminal: Terminal) -> int:
    """Take in what is new and due; ask before intervals are loaded again on purpose."""
    if options.watch:
        return _watch(options, terminal)
    session, repository = with_repository(options, terminal)
    with session:
        return _run(session, repository, request_of(options), options, terminal)


def _watch(options: Namespace, terminal: Terminal) -> int:
    """Run again and again until somebody ends it; what goes wrong is told, and the next look may find it mended."""
    from headgate.core.errors import UsageError

    if options.address or options.since or options.until or options.now:
        raise UsageError("--watch runs what is new and due: leave the addresses, --since, --until and --now out")
    signal.signal(signal.SIGTERM, _ended)
    try:
        while True:
            try:
                _look(options, terminal)
            except (BrokenPipeError, KeyboardInterrupt):
                raise
            except Exception as error:
                from headgate.cli.failures import tell

                tell(error, "run", terminal, [])
            sys.stdout.flush()
            time.sleep(options.every)
    except KeyboardInterrupt:
        terminal.say("Ended. What was begun and not published is kept for the next run.")
        return 0


def _ended(_number: int, _frame: object) -> None:
    """End as Ctrl-C does: running statements are ended, what is finished is kept."""
    raise KeyboardInterrupt


def _look(options: Namespace, terminal: Terminal) -> None:
    """Run once, unless there is nothing to do: a look alone is no run, and leaves no record."""
    from headgate.app.run import plan_run

    session, repository = with_repository(options, terminal)
    with session:
        request = request_of(options)
        session.settle(request.environment, wait_seconds=options.wait)
        planned = plan_run(session, repository, request)
        if planned.is_empty and not planned.due:
            return
        if _carry_out(session, planned, options, terminal) == INTERRUPTED:
            raise KeyboardInterrupt


def request_of(options: Namespace) -> RunRequest:
    """Return what the command line asks for."""
    from headgate.app.given_times import present
    from headgate.app.run import RunRequest

    return RunRequest(
        environment=options.environment or "prod",
        now=present(options.now or ""),
        addresses=tuple(options.address),
        since=options.since or "",
        until=options.until or "",
        overridden=options.override or "",
    )


def _run(session: Session, repository: Repository, request: RunRequest, options: Namespace, terminal: Terminal) -> int:
    from headgate.app.run import plan_run
    from headgate.core.errors import StalePlan

    session.settle(request.environment, wait_seconds=options.wait)
    planned = plan_run(session, repository, request)
    if request.is_restating and not planned.is_empty and not _is_agreed(planned, terminal):
        terminal.complain("Nothing was done.")
        return 1
    try:
        return _carry_out(session, planned, options, terminal)
    except StalePlan:
        if request.is_restating and not terminal.says_yes:
            raise
    # Nobody agreed to that very plan, so somebody who moved the environment meanwhile is no reason to stop: once more.
    return _carry_out(session, plan_run(session, repository, request), options, terminal)


def _carry_out(session: Session, planned: PlannedRun, options: Namespace, terminal: Terminal) -> int:
    from headgate.app.run import run

    if planned.plan is None or planned.is_empty:
        ran = run(session, planned, report=lambda _event: None)
        return _told(ran, terminal)
    from headgate.cli.progress import Progress

    with Progress(terminal, planned.plan) as progress:
        ran = run(session, planned, report=progress.report, threads=options.threads, wait_seconds=options.wait)
    return _told(ran, terminal)


def _is_agreed(planned: PlannedRun, terminal: Terminal) -> bool:
    """Show what is loaded again, and ask."""
    demand_answer(terminal)
    for line in lines_of_run(planned, width=terminal.error_width):
        terminal.complain(line)
    return terminal.says_yes or terminal.ask(question_of(planned))


def _told(ran: Ran, terminal: Terminal) -> int:
    status = status_of(ran)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope
        from headgate.core.checks import Outcome
        from headgate.core.runs import run_to_json
        from headgate.words.checks import checks_to_json

        failures = tuple(failure.diagnostic for failure in ran.outcome.failures) if ran.outcome else ()
        body = {**run_to_json(ran.record), "checks": checks_to_json(ran.verdict.of(*Outcome))}
        return print_envelope(terminal, "run", body, status=status, diagnostics=failures)
    if ran.outcome is None:
        from headgate.words.checks import lines_of_failed, lines_of_warnings

        terminal.write(nothing_text(ran))
        for line in (*lines_of_failed(ran.verdict), *lines_of_warnings(ran.verdict)):
            terminal.complain(line)
    elif ran.outcome.is_complete:
        from headgate.cli.views.apply import tell_checks

        terminal.write(result_text(ran))
        tell_checks(ran.verdict, terminal)
        if ran.move is not None:
            terminal.say(f"Back again: headgate rollback {ran.record.environment}")
    else:
        for line in lines_of_failure(ran):
            terminal.complain(line)
        terminal.say(after_failure(ran))
    return status


def status_of(ran: Ran) -> int:
    """Return 0; 1 where something of the user failed, or is too old; 3 where only the engine did; 130 interrupted."""
    outcome = ran.outcome
    if outcome is None or outcome.is_complete:
        return int(outcome is None and bool(ran.verdict.failed))
    if outcome.is_interrupted:
        return INTERRUPTED
    return 3 if outcome.failures and all(f.diagnostic.code == "HG600" for f in outcome.failures) else 1
