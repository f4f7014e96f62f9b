"""Carrying a plan out: what it reuses is pinned, what it lacks is made, each as soon as its inputs are there.

The order of writes: the state learns of every build (``BUILDING``, pinned), then the engine makes it with a row in its
own transaction, then the state seals it. A crash in between is decided by the engine's row (``release.recover``).
Nothing is published here.
"""

from __future__ import annotations

from collections.abc import Callable

from headgate.core.errors import Conflict
from headgate.core.plan import Action, Plan
from headgate.core.ports.engine import Engine
from headgate.core.ports.python import PythonRunner
from headgate.core.ports.store import Clock, Lease, Nonce, StateStore
from headgate.core.progress import Began, Finished, RunEvent
from headgate.run.cut_off import Equate, Prior, nothing_equal
from headgate.run.draft import Frame
from headgate.run.guard import check_tables
from headgate.run.later_loads import Forget, later_loads, nothing_forgotten, with_room
from headgate.run.ledger import Ledger
from headgate.run.load import with_storages
from headgate.run.outcome import Outcome
from headgate.run.prepare import Prepared, prepare
from headgate.run.schedule import Schedule
from headgate.run.staleness import stale

__all__ = ["Outcome", "carry_out"]


def carry_out(
    plan: Plan,
    *,
    store: StateStore,
    engine: Engine,
    lease: Lease,
    clock: Clock,
    nonce: Nonce,
    root: str,
    report: Callable[[RunEvent], None],
    threads: int = 0,
    runner: PythonRunner | None = None,
    forget: Forget = nothing_forgotten,
    equate: Equate = nothing_equal,
) -> Outcome:
    """Return the builds of the plan's result, made where they were lacking; the failures among them are in the outcome.

    Raises ``StalePlan`` where an entry has moved, ``Refused`` where a source table has other columns, both before
    anything is made, and ``LeaseLost`` where the lease is lost meanwhile. ``threads`` bounds how many builds run at
    once; 0 is what the engine can do. ``runner`` calls the functions of Python assets. An interruption ends running
    statements and calls and returns what is finished; a second one goes through. ``report`` is called from this thread
    alone. ``forget`` takes loads out that stand where one of the plan has to go on. ``equate`` finds what came out
    equal to what it replaces: what reads only that is not made.
    """
    frame = Frame(plan.engine, lease.fence, clock())
    with store.reading() as reading:
        prepared = prepare(plan, reading, frame=frame, nonce=nonce)
        prior = Prior(plan, prepared.tasks, reading)
        later = later_loads(prepared.tasks, reading)
    check_tables(plan, engine)
    if later:
        prepared = with_room(prepared, later, forget)
    prepared = with_storages(prepared, plan, engine)
    ledger = Ledger(store, lease)
    _begin(plan, prepared, ledger)
    report(_beginning(prepared))
    for address in prepared.found:
        build = prepared.builds[address]
        report(Finished(address, build.rows, 0.0, build.bytes, is_reused=True))
    count = min(threads or engine.capabilities.parallel_builds, engine.capabilities.parallel_builds)
    schedule = Schedule(
        plan,
        prepared,
        ledger=ledger,
        engine=engine,
        root=root,
        report=report,
        threads=max(count, 1),
        runner=runner,
        prior=prior,
        equate=equate,
    )
    return schedule.run()


def _begin(plan: Plan, prepared: Prepared, ledger: Ledger) -> None:
    try:
        ledger.begin(
            [task.build for task in prepared.tasks],
            shared=prepared.shared,
            expects=prepared.expects,
            recipes=prepared.recipes,
            purpose=f"apply {plan.environment}",
        )
    except Conflict as conflict:
        # The state moved between reading and writing: the lease does not cover what other environments hold.
        pinned = {*prepared.found, *(step.address for step in plan.doing(Action.REUSE))}
        held = [a for a in sorted(pinned) if conflict.entry.endswith(prepared.builds[a].id)]
        shown = [step.address for step in plan.steps if conflict.entry.endswith(f"/{step.address}")]
        raise stale(plan, held or shown) from conflict


def _beginning(prepared: Prepared) -> Began:
    seconds = [task.step.seconds for task in prepared.tasks if task.build.relation]
    known = [second for second in seconds if second is not None]
    expected = sum(known) if len(known) == len(seconds) else None
    return Began(len(prepared.tasks), len(prepared.shared), expected)
