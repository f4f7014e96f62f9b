"""`headgate apply`: make what a plan lacks, then let the environment show it, at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.app.building import carried_out
from headgate.app.environments import refuse_protected, snapshot_of
from headgate.app.measured.measuring import NO_VERDICT, Verdict, measured_plan, with_faults
from headgate.app.plan import Planned, misplaced
from headgate.app.session import user
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused, StalePlan
from headgate.core.plan import Plan
from headgate.core.progress import RunEvent

if TYPE_CHECKING:
    from pathlib import Path

    from headgate.app.session import Held, Session
    from headgate.core.address import Address
    from headgate.core.ports.store import Entry, Reading
    from headgate.core.records import Build, Move
    from headgate.core.snapshot import Shown
    from headgate.release.intended import Intended
    from headgate.run.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of an apply. ``move`` is None where something failed, so that nothing was published.

    ``seconds`` is the whole time under the lease, ``switch_seconds`` that of the publication alone; ``bytes`` what the
    new tables take. ``warnings`` were known before anything was built; ``verdict`` is what came of the checks.
    """

    plan: Plan
    outcome: Outcome
    move: Move | None
    seconds: float
    switch_seconds: float
    warnings: tuple[Diagnostic, ...] = ()
    verdict: Verdict = NO_VERDICT

    @property
    def bytes(self) -> int:
        """What the builds that were made take together."""
        return sum(self.outcome.builds[address].bytes for address in self.outcome.made)


def apply(
    session: Session,
    planned: Planned,
    *,
    report: Callable[[RunEvent], None],
    warn: Callable[[Diagnostic], None] | None = None,
    threads: int = 0,
    wait_seconds: float = 0,
) -> Applied:
    """Carry the plan out and publish its result; where anything failed the environment is as it was.

    Raises ``LeaseHeld`` where somebody else changes the warehouse, ``StalePlan`` where an entry of the plan has moved
    or the plan is for another project or engine. ``warn`` hears before any build what will stop a promotion.
    """
    plan = planned.plan
    refuse_protected(session, plan.environment)
    if elsewhere := misplaced(session, plan):
        raise StalePlan(elsewhere)
    with session.holding(plan.environment, f"apply {plan.environment}", wait_seconds=wait_seconds) as held:
        started = time.monotonic()
        shown = _check(session, plan, held)
        warnings = _looked_ahead(session, plan, held)
        if warn is not None:
            for warning in warnings:
                warn(warning)
        planned = _with_code(session, planned, held)
        outcome = carried_out(session, plan, held, report=report, threads=threads)
        verdict = NO_VERDICT
        if outcome.is_complete:
            verdict = measured_plan(session, plan, outcome.builds, held, shown, report=report, present=planned.now)
            outcome = with_faults(outcome, verdict)
        if not outcome.is_complete:
            return Applied(plan, outcome, None, time.monotonic() - started, 0.0, warnings, verdict)
        move, switch_seconds = _publish(session, planned, outcome.builds, held, shown)
        return Applied(plan, outcome, move, time.monotonic() - started, switch_seconds, warnings, verdict)


def stand_beside(session: Session, planned: Planned, *, wait_seconds: float = 0) -> None:
    """Record that the environment, which shows the working tree already, was planned beside the protected one as it is.

    Outside of git a promotion needs that. Raises ``StalePlan`` where the environment has moved since it was planned.
    """

    plan = replace(planned.plan, steps=())
    with session.holding(plan.environment, f"apply {plan.environment}", wait_seconds=wait_seconds) as held:
        with held.store.reading() as reading:
            found = snapshot_of(session, reading, plan.environment, engine=plan.engine).shown
            shown = None if found is None else replace(found, pointers=dict(found.pointers))
        if shown is None or shown.record.serial != plan.serial:
            text = f"{plan.environment} has moved since it was planned"
            raise StalePlan([Diagnostic("HG502", text, hint=f"Plan again: headgate plan {plan.environment}")])
        _publish(session, replace(planned, plan=plan), {}, held, shown)


def _check(session: Session, plan: Plan, held: Held) -> Shown | None:
    """Return what the environment shows.

    Raises ``StalePlan`` where the plan rests on something else, ``Refused`` where its result could not be shown.
    """
    from headgate.plan.stale import stale_entries
    from headgate.release.publish import check_beforehand

    with held.store.reading() as reading:
        snapshot = snapshot_of(session, reading, plan.environment, engine=plan.engine)
        if moved := stale_entries(plan, snapshot):
            raise StalePlan(moved)
        shown = snapshot.shown
        bare = session.config.bare == plan.environment
        check_beforehand(plan, shown, bare=bare, reading=reading, engine=held.engine)
        return None if shown is None else replace(shown, pointers=dict(shown.pointers))


def _looked_ahead(session: Session, plan: Plan, held: Held) -> tuple[Diagnostic, ...]:
    """Return what would stop a promotion of the plan, however well it is built."""
    from headgate.release.publish import taken_beside

    beside = session.beside(plan.environment)
    if beside is None:
        return ()
    with held.store.reading() as reading:
        shown = snapshot_of(session, reading, plan.environment, engine=plan.engine).beside
        bare = session.config.bare == beside
        found = taken_beside(plan, shown, environment=beside, bare=bare, engine=held.engine)
    return (found,) if found else ()


def _with_code(session: Session, planned: Planned, held: Held) -> Planned:
    """Return the plan with the files that the state lacks: who edits them while tables are built disturbs nothing.

    Raises ``Refused`` where one is not what it was when it was planned.
    """
    files = dict(planned.files or {})
    read = reader(session.root, planned.files)

    def remembered(path: str) -> bytes:
        files[path] = read(path)
        return files[path]

    with held.store.reading() as reading:
        kept_source(planned.plan, remembered, reading)
    return replace(planned, files=files)


def _publish(
    session: Session, planned: Planned, builds: Mapping[Address, Build], held: Held, shown: Shown | None
) -> tuple[Move | None, float]:
    from headgate.core.hashing import digest
    from headgate.core.json_form import dumps
    from headgate.plan.stored import plan_to_json
    from headgate.release.intended import intended_for_plan

    plan = planned.plan
    intended = intended_for_plan(
        plan,
        builds,
        shown=shown,
        by=user(),
        bare=session.config.bare == plan.environment,
        identity=digest("plan", dumps(plan_to_json(plan))),
    )
    with held.store.reading() as reading:
        keeps = kept_source(plan, reader(session.root, planned.files), reading)
    return held.publish(_with_graph(intended, plan, builds), keeps)


def kept_source(plan: Plan, read: Callable[[str], bytes], reading: Reading) -> tuple[Entry, ...]:
    """Return the entries that keep the plan's source code in the state."""
    from headgate.release.source_code import keep_tree

    return keep_tree(plan.origin.files, read, reading=reading)


def reader(root: Path, files: Mapping[str, bytes] | None) -> Callable[[str], bytes]:
    """Return what gives a file's bytes: out of ``files``, else from the disk. It raises ``Refused`` for a lost one."""

    def read(path: str) -> bytes:
        if files and path in files:
            return files[path]
        try:
            return (root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            summary = f"{path} was moved or removed while the command ran"
            raise Refused([Diagnostic("HG451", summary, Place(path), hint="Run the command again.")]) from error

    return read


def _with_graph(intended: Intended, plan: Plan, builds: Mapping[Address, Build]) -> Intended:
    """Say that the environment shows the whole graph, unless addresses, or rows, were left out of the plan."""
    is_whole = all(step.is_selected for step in plan.steps)
    loaded = (builds[s.address].load for s in plan.steps if s.kind is Kind.INCREMENTAL and s.address in builds)
    is_whole = is_whole and not any(load is not None and load.is_part for load in loaded)
    return replace(intended, graph=plan.graph) if is_whole else intended
