"""The gate in front of new data: what a run made beside what is shown, by the numbers of rows.

Rows come and change with every load, so nothing else is compared, and nothing is scanned: a table with no row where
there were some, or with half of them gone, is no load but a fault upstream. What is shown stays, and somebody hears.
Distributions are looked at where the policy says how far they may move. Keys are what data tests say of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.core.declarations import NOT_COMPARED, Kind
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import EnvironmentFailed
from headgate.core.gate import Finding, Level, Topic
from headgate.core.hashing import Digest

if TYPE_CHECKING:
    from headgate.app.session import Held, Session
    from headgate.core.comparison import Drift
    from headgate.core.plan import Plan, Step
    from headgate.core.policy import Policy
    from headgate.core.ports.store import Reading
    from headgate.core.progress import RunEvent
    from headgate.core.protection import Protected
    from headgate.core.records import Build
    from headgate.run.outcome import Outcome

_LEFT_OUT = NOT_COMPARED | {Kind.VIEW}
"""Kinds without rows of their own, captures and what is not shown: what reads those is looked at."""


def held_back(
    session: Session,
    held: Held,
    plan: Plan,
    outcome: Outcome,
    *,
    report: Callable[[RunEvent], None] = lambda _: None,
) -> tuple[Finding, ...]:
    """Return what the released policy does not let through of what a run made; where that is lost, all of it.

    Cost: a look-up; a profile of each new build of which the policy watches a distribution.
    """
    from headgate.evidence.decide import weighed
    from headgate.evidence.findings import Touched, findings_of_drifts, findings_of_rows

    with held.store.reading() as reading:
        pairs = _pairs(reading, plan, outcome)
        if not pairs:
            return ()
        try:
            policy = _policy(session, reading, plan)
        except EnvironmentFailed as lost:
            told = f"nobody can tell what the gate asks of it: {lost}"
            about = Finding(Topic.EVIDENCE, pairs[0][0].address, Level.BLOCK, told, amount=1.0)
            return tuple(replace(about, address=one.address, owner=one.owner, place=one.place) for one, _, _ in pairs)
    drifts = _drifts(held, [(before, after) for _, before, after in pairs], policy, plan.protected, report=report)
    found: list[Finding] = []
    for step, before, after in pairs:
        touched = Touched(step.address, step.owner, place=step.place, is_of_data=True)
        found += (*findings_of_rows(touched, before.rows, after.rows), *findings_of_drifts(touched, drifts[after.id]))
    return tuple(one for one in weighed(found, policy) if one.level is not Level.SHOW)


def _pairs(reading: Reading, plan: Plan, outcome: Outcome) -> list[tuple[Step, Build, Build]]:
    """Return what readers would see otherwise: each step with the build that is shown and the one that would be.

    A run after one that was held back reuses what that made: it is new to readers all the same.
    """
    from headgate.release.stored import StoredBuilds

    steps = [one for one in plan.steps if one.kind not in _LEFT_OUT and one.replaces and one.address in outcome.builds]
    builds = StoredBuilds(reading)
    builds.fetch(step.replaces for step in steps if step.replaces)
    found = ((step, builds.get(step.replaces or Digest("")), outcome.builds[step.address]) for step in steps)
    return [(step, before, after) for step, before, after in found if before is not None and before.id != after.id]


def _policy(session: Session, reading: Reading, plan: Plan) -> Policy:
    """Return the policy that was released last; raise ``EnvironmentFailed`` where nobody can tell."""
    from headgate.app.released_settings import released_config
    from headgate.release.history import newest_move_of_code

    move = newest_move_of_code(reading, plan.environment, plan.serial)
    if move is None:
        raise EnvironmentFailed(f"the state holds no release of {plan.environment}")
    return released_config(reading, move, session.config).policy


def _drifts(
    held: Held,
    pairs: list[tuple[Build, Build]],
    policy: Policy,
    protected: Protected,
    *,
    report: Callable[[RunEvent], None],
) -> Mapping[Digest, tuple[Drift, ...]]:
    """Return how far the columns moved that the policy watches, by the new build.

    Of protected columns counts alone are kept and told, on both sides: a run uses the code that was released.
    Cost: nothing where it watches none.
    """
    from headgate.app.measured.profiling import profiled
    from headgate.evidence.drift import drifts

    watched = {
        after.id: frozenset(c.name for c in after.shape if policy.watches(Topic.DRIFT, after.address, c.name))
        for _, after in pairs
    }
    wanted = [pair for pair in pairs if watched[pair[1].id]]
    found: dict[Digest, tuple[Drift, ...]] = {after.id: () for _, after in pairs}
    if not wanted:
        return found
    like = {after.id: (before.id,) for before, after in wanted}
    hidden = {one.id: protected.get(one.address, frozenset[str]()) for pair in wanted for one in pair}
    profiles = profiled(held, [one for pair in wanted for one in pair], protected=hidden, like=like, report=report)
    for before, after in wanted:
        moved = drifts(profiles[before.id], profiles[after.id])
        found[after.id] = tuple(one for one in moved if one.column in watched[after.id])
    return found


def with_held_back(outcome: Outcome, found: tuple[Finding, ...], environment: str) -> Outcome:
    """Return the outcome with a failure for each finding: then nothing is published."""
    from headgate.run.outcome import Failure

    hint = f"Mend the source and run again; or, if it is right: headgate run {environment} --override REASON"
    failures = tuple(Failure(one.address, Diagnostic("HG715", one.told, one.place, hint)) for one in found)
    return replace(outcome, failures=(*outcome.failures, *failures)) if failures else outcome
