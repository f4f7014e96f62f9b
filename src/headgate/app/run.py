"""`headgate run`: new data into an environment, with the code that it was released with. All at once, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headgate.app.measured.measuring import NO_VERDICT, Verdict, measured_plan, with_faults
from headgate.app.session import now, user
from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused, StalePlan, UsageError
from headgate.core.plan import Action, Origin, Plan
from headgate.core.records import MoveKind
from headgate.core.runs import RunRecord, RunStatus, RunStep

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.running.new_input import NewInput
    from headgate.app.session import Held, Session
    from headgate.core.graph import Graph
    from headgate.core.intervals import Interval
    from headgate.core.ports.store import Reading
    from headgate.core.progress import RunEvent
    from headgate.core.records import Move
    from headgate.core.snapshot import Shown, Snapshot
    from headgate.run.outcome import Outcome


NO_NEW_INPUT = "no new input"
"""Why most is left as it is."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is to be run. ``now`` is an instant to take for the present, empty for the clock's.

    ``addresses`` are those to load again on purpose between ``since`` and ``until``, as wall clocks of their zones
    show; none of them: all that have times. ``overridden`` is the reason to show what the gate would hold back.
    """

    environment: str
    now: str = ""
    addresses: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    overridden: str = ""

    @property
    def is_restating(self) -> bool:
        """Tell whether something is loaded again on purpose."""
        return bool(self.since or self.until)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """What a run would do: ``plan`` is None where there is nothing to take in and nothing was looked at for that.

    ``skipped`` says of addresses why nothing is done for them; ``move`` is the release whose code is used; ``due`` are
    the addresses whose schedule has come, with the time at which what they show was made, ``count`` how many the
    environment shows where nothing was looked at.
    """

    request: RunRequest
    move: Move
    plan: Plan | None
    skipped: Mapping[Address, str] = field(default_factory=dict)
    due: Mapping[Address, str] = field(default_factory=dict)
    count: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return self.plan is None or self.plan.is_empty


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run; ``outcome`` and ``move`` are None where nothing was to be done, or it failed.

    ``verdict`` is what came of the checks of all that would be shown.
    """

    planned: PlannedRun
    record: RunRecord
    outcome: Outcome | None
    move: Move | None
    switch_seconds: float = 0.0
    verdict: Verdict = NO_VERDICT


def plan_run(session: Session, repository: Repository, request: RunRequest) -> PlannedRun:
    """Return what a run takes in; raise ``Refused`` where the environment shows nothing yet.

    Raises ``UsageError`` for addresses without a span.
    """
    from headgate.app.environments import snapshot_of
    from headgate.app.given_times import span
    from headgate.app.releasing.code import released
    from headgate.app.running.facts import remember

    span(request.since, request.until)  # before anything is read
    if request.addresses and not request.is_restating:
        raise UsageError("a run takes in all that is new and due: with addresses, say with --since what to load again")
    request = replace(request, now=request.now or now())
    environment = session.environment(request.environment)
    with session.reading() as reading:
        session.recorded(reading, request.environment)
        snapshot = snapshot_of(session, reading, request.environment, engine=environment.engine)
        move = _released_move(reading, request.environment, snapshot.shown)
        idle = _if_nothing_is_new(session, repository, reading, request, snapshot, move)
        if idle is not None:
            return idle
        with released(session, repository, reading, move) as code, recorded_failure(session, request, move):
            graph = _linked(session, code, reading, snapshot, engine=environment.engine)
            graph = _hiding(session, code, reading, snapshot, graph)
            origin = replace(code.origin, commit=move.commit, dirty=move.dirty)
            remember(session, graph)
        found = _new_input(session, reading, graph, snapshot, now=request.now, engine=environment.engine)
        made = _make(session, graph, snapshot, origin, request, found, engine=environment.engine)
        with recorded_failure(session, request, move):
            _refuse_alterations(session, made, snapshot, graph)
    skipped = _skipped(made, found, graph)
    return PlannedRun(request, move, made, skipped, found.due)


def _linked(session: Session, code: Repository, reading: Reading, snapshot: Snapshot, *, engine: str) -> Graph:
    """Return the graph of the released code and the files of now; raise ``Refused`` where these do not fit it."""
    from headgate.app.repository import linked_now
    from headgate.app.running.arrived import blaming_unfit_files, refuse_unfit_files

    refuse_unfit_files(session, code, snapshot, engine=engine)
    with blaming_unfit_files(session, code, snapshot, engine=engine):
        graph, _ = linked_now(session, code, reading, engine=engine)
    return graph


def _hiding(session: Session, code: Repository, reading: Reading, snapshot: Snapshot, graph: Graph) -> Graph:
    """Return the graph with what the release beside it protects as well; of a protected environment it is whole."""
    from headgate.app.releasing.unprotecting import hidden_beside

    if snapshot.beside is None:
        return graph
    hidden = hidden_beside(session, reading, code, graph, snapshot.beside, engine=snapshot.beside.record.engine)
    return replace(graph, protected=hidden)


def _if_nothing_is_new(
    session: Session,
    repository: Repository,
    reading: Reading,
    request: RunRequest,
    snapshot: Snapshot,
    move: Move,
) -> PlannedRun | None:
    """Return the run of nothing where that can be told without linking anything; else None.

    The environment shows a whole graph, the data files make the same one now, no source table has to be looked at, no
    interval is over that was not loaded, no test asks how old data is, and nothing came in beside since. Cost: a stat
    for each data file.
    """
    from headgate.app.plan import goes_by_what_is_beside, is_behind
    from headgate.app.repository import known_graph
    from headgate.app.running.facts import is_time_due, remembered
    from headgate.app.running.schedules import due_at

    shown = snapshot.shown
    if shown is None or not shown.record.graph or request.is_restating:
        return None
    facts = remembered(session, shown.record.graph)
    if facts is None or facts.has_tables or facts.asks_for_age or is_time_due(facts, snapshot, request.now):
        return None
    if is_behind(snapshot) and goes_by_what_is_beside(session, reading, shown):
        return None
    graph = known_graph(session, repository, reading, engine=shown.record.engine, tree=move.tree)
    if graph != shown.record.graph:
        return None
    due, waiting = due_at(reading, facts.schedules, snapshot, now=request.now)
    if due:  # its inputs may have moved on while it waited
        return None
    return PlannedRun(request, move, None, waiting, due, len(shown.pointers) - len(waiting))


@contextmanager
def recorded_failure(session: Session, request: RunRequest, move: Move) -> Iterator[None]:
    """Leave a record where what came in cannot even be planned."""
    from headgate.app.running.records import begun, told_of

    try:
        yield
    except Refused as error:
        record = replace(_begins(request, move, RunStatus.FAILED), ended_at=now())
        begun(session.store(), replace(record, **told_of(error.diagnostics)))
        raise


def _released_move(reading: Reading, environment: str, shown: Shown | None) -> Move:
    """Return the move whose code the environment shows: of a rollback or a run, the one that brought it."""
    from headgate.release.history import move_of_code

    found = move_of_code(reading, environment, shown.record.serial if shown else 0)
    if found is None or shown is None or not shown.pointers:
        hint = "A run goes on with what was applied, or promoted: headgate apply dev && headgate promote dev"
        raise Refused([Diagnostic("HG514", f"{environment} shows nothing yet", hint=hint)])
    return found


def _new_input(
    session: Session, reading: Reading, graph: Graph, snapshot: Snapshot, *, now: str, engine: str
) -> NewInput:
    from headgate.app.running.new_input import look

    return look(session, reading, graph, snapshot, now=now, engine=engine)


def _make(
    session: Session,
    graph: Graph,
    snapshot: Snapshot,
    origin: Origin,
    request: RunRequest,
    found: NewInput,
    *,
    engine: str,
) -> Plan:
    from headgate.app.plan import asks_for_commit
    from headgate.plan.make import make_plan
    from headgate.plan.occasion import Occasion

    restated = _restated(graph, request)
    occasion = Occasion(
        request.now,
        is_run=True,
        due=frozenset(found.due) | restated.keys(),
        watermarks=found.watermarks,
        restated=restated,
        is_draft=asks_for_commit(session, request.environment, origin),
    )
    return make_plan(
        graph,
        snapshot,
        origin,
        project=session.config.name,
        engine=engine,
        refresh=found.refresh,
        is_protected=session.is_protected(request.environment),
        occasion=occasion,
    )


def _restated(graph: Graph, request: RunRequest) -> Mapping[Address, Interval]:
    """Return the intervals to load again: of what was asked for, and of all that reads it and has times."""
    from headgate.app.given_times import nothing_between, span
    from headgate.core.graph import Node
    from headgate.plan.loads import restated
    from headgate.plan.select import selected

    if not request.is_restating:
        return {}
    selected(graph, request.addresses, option="")  # names nothing has are told as they were given
    readers = tuple(f"{a.removesuffix('+')}+" for a in request.addresses)
    wanted = selected(graph, readers) if readers else graph.nodes.keys()
    asked = span(request.since, request.until)
    found = {}
    for address in wanted:
        node = graph.nodes.get(address)
        if isinstance(node, Node) and node.properties.loading is not None and node.properties.loading.timing:
            found[address] = node
    if not found:
        hint = "--since and --until load intervals again of incrementals with a time_column."
        raise Refused([Diagnostic("HG406", "nothing that was asked for has times", hint=hint)])
    if not any(restated(node, asked, request.now) for node in found.values()):
        timings = {a: loading.timing for a, node in found.items() if (loading := node.properties.loading)}
        starts = {address: timing.start for address, timing in timings.items() if timing}
        raise Refused([nothing_between(asked, starts)])
    return dict.fromkeys(found, asked)


def _refuse_alterations(session: Session, plan: Plan, snapshot: Snapshot, graph: Graph) -> None:
    from headgate.app.running.arrived import way_of_other_columns
    from headgate.plan.altered import altered_faults

    way = way_of_other_columns(session, snapshot.name)
    if faults := tuple(altered_faults(plan, snapshot, graph, way=way)):
        raise Refused(faults)


def _skipped(plan: Plan, found: NewInput, graph: Graph) -> Mapping[Address, str]:
    """Return why nothing is done, for each address that is kept."""
    kept = {step.address for step in plan.doing(Action.KEEP, Action.RESHAPE) if step.kind is not Kind.VIEW}
    return {address: found.waiting.get(address, NO_NEW_INPUT) for address in graph.nodes if address in kept}


def run(
    session: Session,
    planned: PlannedRun,
    *,
    report: Callable[[RunEvent], None],
    threads: int = 0,
    wait_seconds: float = 0,
) -> Ran:
    """Take in what was planned, publish it in one move, and record it.

    Raises ``LeaseHeld`` where somebody else changes the warehouse and ``StalePlan`` where the environment has moved.
    """
    from headgate.app.running.overdue import too_old
    from headgate.app.running.records import begun, ended, recorded_end
    from headgate.app.running.schedules import looked_at

    if planned.plan is None or planned.plan.is_empty:
        idle = replace(_begins(planned.request, planned.move, RunStatus.NOTHING), ended_at=now(), **_left(planned))
        looked = looked_at(planned.request.environment, planned.due, planned.request.now)
        aged = NO_VERDICT
        if planned.plan is not None:
            aged = too_old(session, planned.plan, present=planned.request.now, wait_seconds=wait_seconds)
        return Ran(planned, begun(session.store(), idle, keeps=looked), None, None, verdict=aged)
    with session.holding(
        planned.request.environment, f"run {planned.request.environment}", wait_seconds=wait_seconds
    ) as held:
        shown = _check(session, planned.plan, held)
        record = begun(held.store, _begins(planned.request, planned.move, RunStatus.RUNNING), held.lease)
        with recorded_end(held.store, record):
            outcome = _carried_out(session, planned, planned.plan, held, report=report, threads=threads)
            move, seconds, verdict, decision = None, 0.0, NO_VERDICT, ""
            if outcome.is_complete:
                verdict = measured_plan(
                    session, planned.plan, outcome.builds, held, shown, report=report, present=planned.request.now
                )
                outcome, decision = _guarded(session, planned, with_faults(outcome, verdict), held, report=report)
            if outcome.is_complete:
                move, seconds = _publish(planned, verdict, outcome, held, shown, decision=decision)
        record = replace(record, steps=_steps(planned.plan, outcome), **_left(planned))
        made = {a: outcome.builds[a].created_at if a in outcome.builds else at for a, at in planned.due.items()}
        looked = looked_at(record.environment, made, record.now) if outcome.is_complete else ()
        record = ended(held.store, record, outcome, move, lease=held.lease, keeps=looked)
    return Ran(planned, record, outcome, move, seconds, verdict)


def _begins(request: RunRequest, move: Move, status: RunStatus) -> RunRecord:
    """Return the record as it begins, without its number."""
    return RunRecord(request.environment, 0, move.serial, move.tree, request.now, now(), user(), status)


def _check(session: Session, plan: Plan, held: Held) -> Shown | None:
    from headgate.app.environments import snapshot_of
    from headgate.plan.stale import stale_entries

    with held.store.reading() as reading:
        snapshot = snapshot_of(session, reading, plan.environment, engine=plan.engine)
        if moved := stale_entries(plan, snapshot):
            raise StalePlan(moved)
        return None if snapshot.shown is None else replace(snapshot.shown, pointers=dict(snapshot.shown.pointers))


def _carried_out(
    session: Session,
    planned: PlannedRun,
    plan: Plan,
    held: Held,
    *,
    report: Callable[[RunEvent], None],
    threads: int,
) -> Outcome:
    from headgate.app.building import carried_out
    from headgate.app.releasing.code import released
    from headgate.app.repository import Repository

    with (
        held.store.reading() as reading,
        released(session, Repository(session.root, memory=session.cache), reading, planned.move) as code,
    ):
        return carried_out(session, plan, held, report=report, root=code.root, threads=threads)


def _guarded(
    session: Session, planned: PlannedRun, outcome: Outcome, held: Held, *, report: Callable[[RunEvent], None]
) -> tuple[Outcome, str]:
    """Return the outcome with what the gate holds back, and what was decided; who opens it is written down."""
    from headgate.app.gate.loads import held_back, with_held_back
    from headgate.core.gate import OVERRIDDEN, Verdict
    from headgate.core.ports.store import Batch, NewEvent

    plan, reason = planned.plan, planned.request.overridden
    if plan is None or not outcome.is_complete:
        return outcome, Verdict.PASS.value
    found = held_back(session, held, plan, outcome, report=report)
    if not found or not reason:
        return with_held_back(outcome, found, plan.environment), Verdict.PASS.value
    told = [f"{one.address}: {one.told}" for one in found]
    body = {"at": now(), "by": user(), "environment": plan.environment, "reason": reason, "findings": told}
    held.store.commit(Batch(events=(NewEvent("override", body),), lease=held.lease))
    return outcome, OVERRIDDEN


def _publish(
    planned: PlannedRun,
    verdict: Verdict,
    outcome: Outcome,
    held: Held,
    shown: Shown | None,
    *,
    decision: str,
) -> tuple[Move | None, float]:
    from headgate.app.gate.grounds import grounds_of
    from headgate.core.hashing import digest
    from headgate.core.json_form import dumps
    from headgate.plan.stored import plan_to_json
    from headgate.release.intended import intended_for_plan

    plan = planned.plan
    if plan is None:
        raise AssertionError("a run of nothing publishes nothing")
    record = shown.record if shown else None
    intended = intended_for_plan(
        plan,
        outcome.builds,
        shown=shown,
        by=user(),
        bare=bool(record and record.bare),  # its names change by a release alone
        identity=digest("plan", dumps(plan_to_json(plan))),
    )
    intended = replace(
        intended,
        kind=MoveKind.RUN,
        source=planned.move.source,
        beside=record.beside if record else 0,
        graph=plan.graph,
        decision=decision,
    )
    return held.publish(intended, grounds=grounds_of(verdict))


def _left(planned: PlannedRun) -> dict[str, Any]:
    """Return what a record says of what was left: those that wait, with why; of those without new input how many."""
    waiting = {address: why for address, why in planned.skipped.items() if why != NO_NEW_INPUT}
    return {"skipped": waiting, "idle": planned.count or len(planned.skipped) - len(waiting)}


def _steps(plan: Plan, outcome: Outcome) -> Mapping[Address, RunStep]:
    """Return what became of each address that the run was about."""
    from headgate.app.running.records import told_of
    from headgate.plan.explain import effect_of, reason_of

    failed: dict[Address, list[Diagnostic]] = {}
    for failure in outcome.failures:
        failed.setdefault(failure.address, []).append(failure.diagnostic)
    words = {Action.CAPTURE: "captured", Action.LOAD: "loaded", Action.BUILD: "built"}
    found: dict[Address, RunStep] = {}
    for step in plan.steps:
        if step.address in failed:
            why = told_of(failed[step.address])
            found[step.address] = RunStep("failed", why["error"], detail=why["detail"])
        elif step.address in outcome.cut_off:
            found[step.address] = RunStep(
                "as before", "what it reads came out equal", outcome.builds[step.address].rows
            )
        elif step.action in words and step.address in outcome.builds:
            build = outcome.builds[step.address]
            told = ", ".join(part for part in (reason_of(step), effect_of(step) if step.load else "") if part)
            found[step.address] = RunStep(words[step.action], told, build.rows, build.bytes, build.seconds)
        elif step.action in words:
            found[step.address] = RunStep("not started")
    return found
