"""Applying from Python: what the command does with a working tree or a plan; a failure is raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.api.plans import Applied
from headgate.app.apply import apply, stand_beside
from headgate.app.environments import refuse_protected
from headgate.app.plan import Planned, Request, plan_for_apply
from headgate.core.checks import Outcome
from headgate.core.errors import EngineFailed, Refused, StalePlan
from headgate.core.progress import CutOff, Finished, RunEvent
from headgate.words.apply import after_failure, left_as_it_was, result_text, row_of_cut_off, row_of_finished
from headgate.words.plan import nothing_to_do

if TYPE_CHECKING:
    from headgate.app import apply as app_apply
    from headgate.app.repository import Repository
    from headgate.app.session import Session

Report = Callable[[str], None]
"""Told a line for each table that is done."""


def apply_plan(
    session: Session, planned: Planned, *, report: Report | None, threads: int, wait_seconds: float
) -> Applied:
    """Carry the plan out; raise ``StalePlan`` where its ground has moved. What a crash left must be settled."""
    plan = planned.plan
    refuse_protected(session, plan.environment)
    if planned.stale:
        raise StalePlan(planned.stale)
    if plan.is_empty:
        if planned.is_behind:
            stand_beside(session, planned, wait_seconds=wait_seconds)
        return Applied(plan.environment, (), 0.0, nothing_to_do(planned))
    done = apply(session, planned, report=_lines_to(report, planned), threads=threads, wait_seconds=wait_seconds)
    if not done.outcome.is_complete:
        raise _failure(done)
    made = tuple(done.outcome.builds[address] for address in done.outcome.made)
    text = result_text(planned, done, warehouse_bytes=session.warehouse_bytes(plan.engine))
    return Applied(plan.environment, made, done.seconds, text, done.verdict.of(*Outcome))


def apply_tree(
    session: Session,
    repository: Repository,
    request: Request,
    *,
    report: Report | None,
    threads: int,
    wait_seconds: float,
) -> Applied:
    """Plan the working tree and carry that out; planned once more where somebody moved the environment meanwhile."""
    refuse_protected(session, request.environment)
    session.settle(request.environment, wait_seconds=wait_seconds)
    planned = plan_for_apply(session, repository, request)
    try:
        return apply_plan(session, planned, report=report, threads=threads, wait_seconds=wait_seconds)
    except StalePlan:
        planned = plan_for_apply(session, repository, request)
    return apply_plan(session, planned, report=report, threads=threads, wait_seconds=wait_seconds)


def _lines_to(report: Report | None, planned: Planned) -> Callable[[RunEvent], None]:
    if report is None:
        return lambda _: None
    kinds = {step.address: step.kind for step in planned.plan.steps}

    def tell(event: RunEvent) -> None:
        if isinstance(event, Finished):
            report("  ".join(filter(None, row_of_finished(event, kinds.get(event.address)))))
        elif isinstance(event, CutOff):
            report("  ".join(row_of_cut_off(event)))

    return tell


def _failure(done: app_apply.Applied) -> BaseException:
    """Return what to raise: the user's own faults, else the engine's, else that somebody interrupted it."""
    outcome = done.outcome
    failures = [replace(f.diagnostic, summary=f"{f.address}: {f.diagnostic.summary}") for f in outcome.failures]
    error: BaseException
    if outcome.is_interrupted:
        error = KeyboardInterrupt()
    elif all(failure.code == "HG600" for failure in failures):
        error = EngineFailed("\n".join(map(str, failures)))
    else:
        error = Refused(failures)
    for line in (*left_as_it_was(done), f"Next: {after_failure(done)}"):
        error.add_note(line.strip())
    return error
