"""Running an environment from Python, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.api.shown import Shown
from headgate.core.address import Address
from headgate.core.checks import Outcome
from headgate.core.declarations import Kind
from headgate.core.errors import EngineFailed, Refused, StalePlan
from headgate.core.progress import Finished, RunEvent
from headgate.core.runs import RunStep
from headgate.words.apply import row_of_finished
from headgate.words.checks import checks_text
from headgate.words.run import result_text

if TYPE_CHECKING:
    from headgate.app import run as app_run
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.checks import Result


@dataclass(frozen=True, slots=True, repr=False)
class Ran(Shown):
    """What a run did: ``release`` is what the environment shows now, ``number`` counts its runs.

    Not ``is_done``: there was nothing to take in. ``steps`` say what became of each address that something was done
    for, ``skipped`` why others were left; ``text`` is all of it in words. ``checks`` are the results of the data tests.

    >>> import headgate
    >>> project = headgate.open()
    >>> ran = project.run("prod")
    >>> ran.environment, ran.is_done
    ('prod', False)
    """

    environment: str
    number: int
    release: int
    is_done: bool
    steps: Mapping[Address, RunStep]
    skipped: Mapping[Address, str]
    text: str
    checks: tuple[Result, ...] = ()

    def _lines(self) -> list[str]:
        return [*self.text.splitlines(), *filter(None, [checks_text(self.checks)])]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph

        return tuple(paragraph(line) for line in self._lines())


def run_now(
    session: Session,
    repository: Repository,
    request: app_run.RunRequest,
    *,
    report: Callable[[str], None] | None,
    threads: int,
    wait_seconds: float,
) -> Ran:
    """Run an environment; raise what failed, with nothing published then."""
    from headgate.app.run import plan_run, run

    session.settle(request.environment, wait_seconds=wait_seconds)
    planned = plan_run(session, repository, request)
    try:
        done = run(session, planned, report=_lines_to(report, planned), threads=threads, wait_seconds=wait_seconds)
    except StalePlan:  # nobody agreed to that very plan: once more
        planned = plan_run(session, repository, request)
        done = run(session, planned, report=_lines_to(report, planned), threads=threads, wait_seconds=wait_seconds)
    if done.outcome is not None and not done.outcome.is_complete:
        raise _failure(done)
    record = done.record
    release = record.serial or record.release
    return Ran(
        record.environment,
        record.number,
        release,
        bool(record.serial),
        record.steps,
        record.skipped,
        result_text(done),
        done.verdict.of(*Outcome),
    )


def _lines_to(report: Callable[[str], None] | None, planned: app_run.PlannedRun) -> Callable[[RunEvent], None]:
    kinds: dict[Address, Kind] = {step.address: step.kind for step in planned.plan.steps} if planned.plan else {}

    def tell(event: RunEvent) -> None:
        if report is not None and isinstance(event, Finished):
            report("  ".join(filter(None, row_of_finished(event, kinds.get(event.address)))))

    return tell


def _failure(done: app_run.Ran) -> BaseException:
    """Return what to raise: the user's own faults, else the engine's, else that somebody interrupted it."""
    outcome = done.outcome
    if outcome is None or outcome.is_interrupted:
        return KeyboardInterrupt()
    failures = [replace(f.diagnostic, summary=f"{f.address}: {f.diagnostic.summary}") for f in outcome.failures]
    if all(failure.code == "HG600" for failure in failures):
        return EngineFailed("\n".join(map(str, failures)))
    return Refused(failures)
