"""`headgate ci`: a request is tested, planned, built in an environment of its own, measured and decided.

Each step takes what came of those before it and says what came of itself. What stops one is kept as faults, so that it
can be told where people look for it: below the request.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.app.ci.attempt import Attempt, Base
from headgate.core.address import environment_like
from headgate.core.diagnostic import Diagnostic, Severity, has_errors
from headgate.core.errors import CodeFailed, EnvironmentFailed, HeadgateError, Refused, StalePlan, StatementFailed
from headgate.core.surroundings import Surroundings

if TYPE_CHECKING:
    from headgate.app.apply import Applied
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.plan import Plan
    from headgate.core.progress import RunEvent
    from headgate.project.git import GitState

FAULTY, FAILED, INTERRUPTED = 1, 3, 130
"""Statuses of the command: a fault or a closed gate, the engine or another machine, Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told of what meanwhile: lines of text, warnings.

    ``watching`` gives who hears of a plan's events; without a plan, of what is measured.
    """

    tell: Callable[[str], None]
    warn: Callable[[Diagnostic], None]
    watching: Callable[[Plan | None], AbstractContextManager[Callable[[RunEvent], None]]]


def attempt(
    root: Path, where: Surroundings, audience: Audience, *, threads: int = 0, wait_seconds: float = 0
) -> Attempt:
    """Return what comes of the project at ``root``, a request as it is checked out; no fault of it is raised."""
    from headgate.app.repository import open_repository
    from headgate.app.session import now

    made = Attempt(where, environment_like(root.resolve().name) or "project", now())
    if where.is_fork:
        from headgate.app.ci.fork import checked_only

        return _kept(made, lambda made: checked_only(root, made))
    try:
        session, repository = open_repository(root)
    except HeadgateError as error:
        return replace(made, **_stopped(error))
    session.tell = audience.tell
    with session:
        work = _Work(session, repository, audience, threads, wait_seconds)
        made = _kept(made, work.begin)
        for step in (work.test, work.plan, work.apply, work.decide):
            if made.status and made.applied is None:
                break
            made = _kept(made, step)
    return made


def base_of(git: GitState, where: Surroundings) -> Base:
    """Return what the checked-out commit stands on: of a request its base branch, else the default branch."""
    branch = where.base_branch or where.default_branch or git.default_branch()
    tip = git.tip(branch) if branch else ""
    commit = git.merge_base(git.commit, tip) if git.commit and tip else ""
    return Base(branch, commit, bool(commit) and commit != tip)


def environment_for(where: Surroundings, branch: str) -> str:
    """Return where a change is built: ``pr-12`` of a request, ``ci-NAME`` of a branch.

    >>> environment_for(Surroundings(number=12), "faster"), environment_for(Surroundings(), "Faster/Marts")
    ('pr-12', 'ci-faster-marts')
    """
    if where.is_request:
        return f"pr-{where.number}"
    return environment_like(where.branch or branch, "ci-") or "ci"


def _kept(made: Attempt, step: Callable[[Attempt], Attempt]) -> Attempt:
    """Return what a step makes of it; where it fails, what was there, and why."""
    try:
        return step(made)
    except HeadgateError as error:
        return replace(made, **_stopped(error))


def _stopped(error: HeadgateError) -> dict[str, Any]:
    """Return the faults and the status of what stopped a step."""
    if isinstance(error, Refused):
        return {"faults": error.diagnostics, "status": FAULTY}
    if isinstance(error, EnvironmentFailed):
        is_theirs = isinstance(error, StatementFailed | CodeFailed)
        return {
            "faults": (Diagnostic(error.code, str(error), hint=error.hint),),
            "status": FAULTY if is_theirs else FAILED,
        }
    raise error


@dataclass(frozen=True, slots=True)
class _Work:
    """The steps, and what they need."""

    session: Session
    repository: Repository
    audience: Audience
    threads: int
    wait_seconds: float

    def begin(self, made: Attempt) -> Attempt:
        """Note what is built, on what, and where."""
        git = self.repository.git
        environment = environment_for(made.where, git.branch())
        project, base = self.session.config.name, base_of(git, made.where)
        made = replace(made, project=project, environment=environment, commit=git.commit, base=base)
        if fault := self._fault_in_checkout(made):
            return replace(made, faults=(fault,), status=FAULTY)
        return made

    def _fault_in_checkout(self, made: Attempt) -> Diagnostic | None:
        """Return why what is checked out is not the request: what is said of it would be said of something else."""
        git, head = self.repository.git, made.where.head
        if not made.where.is_request:
            return None
        if git.commit != head and not git.is_ancestor(head, git.commit):
            is_cut = git.is_shallow
            summary = (
                f"the commit {head[:7]} of the request is not known to be part of {git.commit[:7] or 'this folder'}"
            )
            hint = "Check out the request, with its whole history: fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)."
            return Diagnostic("HG571", summary, hint=hint, detail="The history here is cut off." if is_cut else "")
        if dirty := self.repository.dirty:
            names = ", ".join(dirty[:3]) + (f" and {len(dirty) - 3} more" if len(dirty) > 3 else "")
            hint = "A step before this one has written them. What is built has to be what is committed."
            return Diagnostic("HG571", f"{names} differ from the commit {git.commit[:7]}", hint=hint)
        return None

    def test(self, made: Attempt) -> Attempt:
        """Try all unit tests out; where a file that may hold some has faults, those of the repository stop it."""
        from headgate.app.check import check
        from headgate.app.test import test

        tested = test(self.session, self.repository, "")
        if has_errors(tested.diagnostics):
            found = check(self.session, self.repository).diagnostics
            faults = tuple(one for one in found if one.severity is Severity.ERROR)
            warnings = tuple(one for one in tested.diagnostics if one.severity is not Severity.ERROR)
            return replace(made, tested=replace(tested, diagnostics=warnings), faults=faults, status=FAULTY)
        return replace(made, tested=tested, status=0 if tested.is_good else FAULTY)

    def plan(self, made: Attempt) -> Attempt:
        """Plan what the environment lacks."""
        from headgate.app.ci.deciding import target_beside
        from headgate.app.environments import refuse_protected
        from headgate.app.plan import Request, plan_for_apply

        refuse_protected(self.session, made.environment)
        target_beside(self.session, made.environment)  # before anything is built
        self.session.settle(made.environment, wait_seconds=self.wait_seconds)
        return replace(made, planned=plan_for_apply(self.session, self.repository, Request(made.environment)))

    def apply(self, made: Attempt) -> Attempt:
        """Build it, measure it, and let the environment show it; what somebody moved meanwhile is planned once more."""
        try:
            return self._applied(made)
        except StalePlan:
            return self._applied(self.plan(made))

    def _applied(self, made: Attempt) -> Attempt:
        from headgate.app.apply import apply, stand_beside

        planned = made.planned
        assert planned is not None
        if planned.plan.is_empty:
            if planned.is_behind:
                stand_beside(self.session, planned, wait_seconds=self.wait_seconds)
            return made
        with self.audience.watching(planned.plan) as report:
            applied = apply(
                self.session,
                planned,
                report=report,
                warn=self.audience.warn,
                threads=self.threads,
                wait_seconds=self.wait_seconds,
            )
        return replace(made, planned=planned, applied=applied, status=_status_of(applied))

    def decide(self, made: Attempt) -> Attempt:
        """Have the gate decide on what was measured; what failed to be built has nothing to decide on."""
        from headgate.app.ci.deciding import decided

        if made.applied is not None and any(f.diagnostic.code not in OF_CHECKS for f in made.applied.outcome.failures):
            return made
        with self.audience.watching(None) as hear:
            report = decided(self.session, self.repository, made, wait_seconds=self.wait_seconds, report=hear)
        return replace(made, report=report, status=made.status or (0 if report.decision.opens else FAULTY))


OF_CHECKS = ("HG701", "HG702")
"""The codes of failures that are results of checks."""


def _status_of(applied: Applied) -> int:
    outcome = applied.outcome
    if outcome.is_complete:
        return 0
    if outcome.is_interrupted:
        return INTERRUPTED
    return FAILED if outcome.failures and all(f.diagnostic.code == "HG600" for f in outcome.failures) else FAULTY
