"""Which data is older than it may be, told by the clock where nothing new came."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.app.measured.measuring import NO_VERDICT, Shown, Tests, Verdict, known_verdict, measured

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.plan import Plan


def too_old(session: Session, plan: Plan, *, present: str, wait_seconds: float) -> Verdict:
    """Return which data is older at ``present`` than it may be, of what the environment of a plan shows.

    No warehouse is asked, except for the newest time of a protected column, which is not kept: under the lease.
    """
    from headgate.core.checks import Outcome
    from headgate.core.promises import FRESHNESS
    from headgate.release.stored import read_pointers

    asked = {a: tuple(t for t in tests if t.kind == FRESHNESS) for a, tests in plan.tests.items()}
    tests = Tests({address: found for address, found in asked.items() if found}, (), protected=plan.protected)
    if not tests:
        return NO_VERDICT
    with session.reading() as reading:
        shown = Shown(read_pointers(reading, plan.environment))
        told = known_verdict(session, reading, tests, shown, engine=plan.engine, present=present)
    results = dict(told.results)
    unknown = {result.check.address for result in told.of(Outcome.UNKNOWN)}
    hidden = {a: found for a, found in tests.of_assets.items() if a in unknown and a in plan.protected}
    if hidden:
        tests = replace(tests, of_assets=hidden)
        with session.holding(plan.environment, f"run {plan.environment}", wait_seconds=wait_seconds) as held:
            results |= measured(session, held, tests, shown, engine=plan.engine, present=present).results
    old = (Outcome.WARN, Outcome.FAIL)
    found_old = {a: tuple(one for one in found if one.outcome in old) for a, found in results.items()}
    return Verdict({address: found for address, found in found_old.items() if found})
