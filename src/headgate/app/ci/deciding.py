"""What is decided on in a job: the report of a change, from what its environment was measured to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from headgate.core.checks import Outcome, not_run
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused
from headgate.core.gate import PASSED, Decision, Finding, Level, Topic, Verdict
from headgate.core.plan import Action
from headgate.core.report import AssetReport, Report
from headgate.project.walk import CONFIG_FILE

if TYPE_CHECKING:
    from headgate.app.ci.attempt import Attempt
    from headgate.app.measured.measuring import Verdict as Measured
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.plan import Step
    from headgate.core.progress import RunEvent
    from headgate.core.protection import Protected

_UNTOUCHED = (Action.KEEP, Action.REUSE)


def decided(
    session: Session,
    repository: Repository,
    made: Attempt,
    *,
    wait_seconds: float = 0,
    report: Callable[[RunEvent], None] = lambda _: None,
) -> Report:
    """Return what the gate says of promoting what was built; what lacks for that is measured.

    Where nothing is to be promoted, as by hand from files that no commit has, or where a check failed so that nothing
    was shown, the checks decide alone; so they do where nothing was ever released. Raises ``Refused`` where a promotion
    is refused for another reason, and where it is not known what the request stands beside.
    """
    from headgate.app.gate.deciding import considered
    from headgate.app.releasing.promotion import plan_promotion

    target = target_beside(session, made.environment)
    if made.status or target is None or repository.dirty:
        return _by_checks(session, repository, made)
    promotion = plan_promotion(session, repository, source=made.environment, to=target)
    if promotion.plan.intended is None:
        return _by_checks(session, repository, made)
    return considered(session, promotion, wait_seconds=wait_seconds, report=report).report


def target_beside(session: Session, environment: str) -> str | None:
    """Return the protected environment to which a request would be promoted; None where nothing is released at all.

    Raises ``Refused`` where something is and the request stands beside something else: nobody would decide on what it
    does there.
    """
    target, released = session.beside(environment), session.released()
    if target in released or not released:
        return target
    name, engine = next((name, one.record.engine) for name, one in released.items())
    summary = f"nobody can tell what the request does to {name}, which is protected and lives in the engine {engine}"
    hint = f"Build it there: {environment} lives in {session.environment(environment).engine} by headgate.toml."
    raise Refused([Diagnostic("HG572", summary, Place(CONFIG_FILE), hint)])


def _by_checks(session: Session, repository: Repository, made: Attempt) -> Report:
    """Return the report of what was planned and built: a check that fails blocks."""
    planned = made.planned
    assert planned is not None
    plan, measured = planned.plan, _measured(session, repository, made)
    findings = tuple(
        Finding(Topic.CHECK, r.check.address, Level.BLOCK, f"{r.check.name}: {r.told}", amount=1.0, rows=r.failures)
        for r in measured.failed
    )
    decision = Decision(Verdict.BLOCKED, findings, PASSED.policy, PASSED.change, 0) if findings else PASSED
    target, release = plan.beside or ("", 0)
    touched = [step for step in plan.steps if step.action not in _UNTOUCHED]
    return Report(
        project=made.project,
        source=plan.environment,
        target=target,
        release=release,
        commit=made.commit,
        at=made.at,
        decision=decision,
        assets=tuple(_asset(step, measured, findings, plan.protected) for step in touched),
        untouched=planned.shows - len(touched),
        not_run=not_run(planned.warnings),
    )


def _measured(session: Session, repository: Repository, made: Attempt) -> Measured:
    """Return what came of the checks: of this apply, else, where there was nothing to build, of earlier ones."""
    from headgate.app.measured.measuring import Shown, known_verdict, tests_of
    from headgate.app.repository import linked_now
    from headgate.release.stored import read_pointers

    if made.applied is not None:
        return made.applied.verdict
    engine = session.environment(made.environment).engine
    with session.reading() as reading:
        graph, _ = linked_now(session, repository, reading, engine=engine)
        shown = Shown(read_pointers(reading, made.environment))
        return known_verdict(session, reading, tests_of(graph), shown, engine=engine)


def _asset(step: Step, measured: Measured, findings: tuple[Finding, ...], protected: Protected) -> AssetReport:
    checks = tuple(one for one in measured.of(*Outcome) if one.check.address == step.address)
    found = tuple(one for one in findings if one.address == step.address)
    hidden = protected.get(step.address, frozenset())
    return AssetReport(
        step.address, step.action.value, owner=step.owner, checks=checks, findings=found, protected=hidden
    )
