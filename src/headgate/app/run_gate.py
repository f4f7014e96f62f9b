"""The gate in front of new data: what a run made beside what is shown, by the numbers of rows alone.

Rows come and change with every load, so nothing else is compared, and nothing is scanned: a table with no row where
there were some, or with half of them gone, is no load but a fault upstream. What is shown stays, and somebody hears.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.core.declarations import NOT_COMPARED, Kind
from headgate.core.diagnostic import Diagnostic
from headgate.core.gate import Finding, Level

if TYPE_CHECKING:
    from headgate.core.declarations import Config
    from headgate.core.plan import Plan
    from headgate.core.ports.store import Reading
    from headgate.core.records import Move
    from headgate.run.outcome import Outcome

_LEFT_OUT = NOT_COMPARED | {Kind.VIEW}
"""Kinds without rows of their own, captures and what is not shown: what reads those is looked at."""


def held_back(reading: Reading, plan: Plan, outcome: Outcome, move: Move, now: Config) -> tuple[Finding, ...]:
    """Return what the released policy does not let through of what a run made. Cost: a look-up."""
    from headgate.app.altered import released_config
    from headgate.core.errors import EnvironmentFailed
    from headgate.evidence.decide import weighed
    from headgate.evidence.findings import Touched, findings_of_rows
    from headgate.release.stored import StoredBuilds

    # A run after one that was held back reuses what that made: it is new to readers all the same.
    steps = [
        one
        for one in plan.steps
        if one.kind not in _LEFT_OUT
        and one.replaces
        and one.address in outcome.builds
        and outcome.builds[one.address].id != one.replaces
    ]
    builds = StoredBuilds(reading)
    builds.fetch(step.replaces for step in steps if step.replaces)
    found: list[Finding] = []
    for step in steps:
        before, after = builds.get(step.replaces) if step.replaces else None, outcome.builds[step.address]
        if before is not None:
            found += findings_of_rows(Touched(step.address, step.owner, place=step.place), before.rows, after.rows)
    if not found:
        return ()
    try:
        policy = released_config(reading, move, now).policy
    except EnvironmentFailed:
        policy = now.policy
    return tuple(one for one in weighed(found, policy, is_run=True) if one.level is not Level.SHOW)


def with_held_back(outcome: Outcome, found: tuple[Finding, ...], environment: str) -> Outcome:
    """Return the outcome with a failure for each finding: then nothing is published."""
    from headgate.run.outcome import Failure

    hint = f"Mend the source and run again; or, if it is right: headgate run {environment} --override REASON"
    failures = tuple(Failure(one.address, Diagnostic("HG715", one.told, one.place, hint)) for one in found)
    return replace(outcome, failures=(*outcome.failures, *failures)) if failures else outcome
