"""What is measured of an environment's builds before it shows them: under the lease, and kept with the builds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from headgate.core.checks import Outcome, Result
from headgate.core.diagnostic import Diagnostic

if TYPE_CHECKING:
    from headgate.app.session import Held, Session
    from headgate.core.address import Address
    from headgate.core.checks import Sample
    from headgate.core.graph import Graph, QueryNode
    from headgate.core.hashing import Digest
    from headgate.core.measures import Answer, Measure, Newest
    from headgate.core.measures import Shown as FailingMeasure
    from headgate.core.plan import Plan
    from headgate.core.ports.engine import Engine
    from headgate.core.ports.measuring import Measured, Unanswered
    from headgate.core.ports.store import Reading
    from headgate.core.progress import RunEvent
    from headgate.core.promises import DeclaredTest
    from headgate.core.protection import Protected
    from headgate.core.records import Build, Pointer
    from headgate.core.snapshot import Shown as Environment
    from headgate.evidence.measure import Asking, Known, Subject
    from headgate.run.outcome import Outcome as Made


@dataclass(frozen=True, slots=True)
class Shown:
    """What an environment is going to show, and what it and the one beside it show now, by address."""

    pointers: Mapping[Address, Pointer]
    now: tuple[Mapping[Address, Pointer], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of all checks, by asset."""

    results: Mapping[Address, tuple[Result, ...]] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Result, ...]:
        """Return what forbids that anybody sees it: failures, and what could not be measured, unless it only warns."""
        return tuple(r for r in self.of(Outcome.FAIL, Outcome.UNKNOWN) if r.is_failed)

    @property
    def warned(self) -> tuple[Result, ...]:
        """Return what is told and stops nothing."""
        failed = {id(result) for result in self.failed}
        found = self.of(Outcome.WARN, Outcome.UNKNOWN, Outcome.ABSENT)
        return tuple(result for result in found if id(result) not in failed)

    def of(self, *outcomes: Outcome) -> tuple[Result, ...]:
        """Return the results with one of these outcomes, in the order of the graph."""
        return tuple(r for results in self.results.values() for r in results if r.outcome in outcomes)


NO_VERDICT = Verdict()
"""That of no check."""


@dataclass(frozen=True, slots=True)
class Tests:
    """The declared tests of assets and sources, and those that are queries.

    ``protected`` are the columns whose values are not shown.
    """

    of_assets: Mapping[Address, tuple[DeclaredTest, ...]] = field(default_factory=dict)
    queries: tuple[QueryNode, ...] = ()
    protected: Protected = field(kw_only=True)

    def __bool__(self) -> bool:
        return bool(self.of_assets or self.queries)


NO_TESTS = Tests(protected={})
"""Those of what declares none."""


def tests_of(graph: Graph) -> Tests:
    """Return all tests of a graph."""
    from headgate.core.graph import tests_in

    return Tests(tests_in(graph), graph.queries, protected=graph.protected)


def measured(
    session: Session,
    held: Held,
    tests: Tests,
    shown: Shown,
    *,
    engine: str,
    report: Callable[[RunEvent], None] = lambda _: None,
    present: str = "",
) -> Verdict:
    """Find out what the tests of the assets ask of the builds that shall be shown, as far as it is not known.

    ``present`` is the instant that ages are told by, that of the clock where it is empty.
    Ctrl-C ends what the engine computes; what was found is kept. Cost: a look-up where everything is known.
    """
    if not tests:
        return NO_VERDICT
    from headgate.app.interrupting import interruptible
    from headgate.core.measures import Newest
    from headgate.evidence.measure import keeping, measure
    from headgate.release.bindings import Bindings
    from headgate.sql.bind import bound, inlined

    def ask(table: Measured, measures: Sequence[Measure]) -> Mapping[Measure, Answer | Unanswered]:
        told: dict[Measure, Answer | Unanswered] = {
            one: interruptible(partial(told_by, held.engine, one), held.engine.interrupt)
            for one in measures
            if isinstance(one, Newest) and one.is_query
        }
        rest = [one for one in measures if one not in told]
        return {**told, **interruptible(lambda: held.engine.measure(table, rest), held.engine.interrupt)}

    def show(table: Measured, measure: FailingMeasure, limit: int) -> Sample:
        return interruptible(lambda: held.engine.failing(table, measure, limit), held.engine.interrupt)

    with (
        held.store.reading() as reading,
        _asked(session, reading, tests, shown, engine, present) as (asked, known, build_of),
    ):
        bindings = Bindings(shown.pointers, build_of, held.engine, held.root, reads_captures=True)
        queries = {query.address: query for query in tests.queries}

        def relation_of(address: Address) -> str:
            query = queries.get(address)
            if query is None:
                return inlined(bindings.shown(address))
            return inlined(bound(query.body, {one: inlined(bindings.shown(one)) for one in query.inputs}))

        return _verdict(
            measure(
                asked,
                known,
                ask=ask,
                relation_of=relation_of,
                keep=keeping(held.store, held.lease),
                report=report,
                show=show,
            )
        )


def told_by(engine: Engine, newest: Newest) -> Answer | Unanswered:
    """Return the newest time that a query of the user's own gives, None over no row; it cannot write."""
    from headgate.core.errors import EngineFailed
    from headgate.core.ports.measuring import Unanswered

    try:
        rows = engine.query(newest.expression.text, limit=1).rows
    except EngineFailed as error:
        return Unanswered(str(error))
    return None if not rows or rows[0][0] is None else str(rows[0][0])


def measured_plan(
    session: Session,
    plan: Plan,
    builds: Mapping[Address, Build],
    held: Held,
    before: Environment | None,
    *,
    report: Callable[[RunEvent], None],
    present: str,
) -> Verdict:
    """Return what comes of the checks of all that will be shown; ``present`` as in ``measured``."""
    from headgate.app.environments import snapshot_of
    from headgate.release.intended import pointers_after

    if not plan.tests and not plan.queries:
        return NO_VERDICT
    with held.store.reading() as reading:
        beside = snapshot_of(session, reading, plan.environment, engine=plan.engine).beside
        now = tuple(dict(side.pointers) for side in (before, beside) if side is not None)
    shown = Shown(pointers_after(plan, builds, shown=before), now)
    tests = Tests(plan.tests, plan.queries, protected=plan.protected)
    return measured(session, held, tests, shown, engine=plan.engine, report=report, present=present)


def with_faults(outcome: Made, verdict: Verdict) -> Made:
    """Return the outcome with a failure for each check that failed: then nothing is published."""
    from headgate.run.outcome import Failure

    failures = tuple(Failure(address, fault) for address, fault in faults_of(verdict))
    return replace(outcome, failures=(*outcome.failures, *failures)) if failures else outcome


def known_verdict(
    session: Session, reading: Reading, tests: Tests, shown: Shown, *, engine: str, present: str = ""
) -> Verdict:
    """Return what is known to come of the tests; no warehouse is opened. What was not measured is unknown.

    ``present`` as in ``measured``.
    """
    if not tests:
        return NO_VERDICT
    from headgate.evidence.measure import known_results

    with _asked(session, reading, tests, shown, engine, present) as (asked, known, _):
        return _verdict(known_results(asked, known))


def _verdict(results: Mapping[Address, tuple[Result, ...]]) -> Verdict:
    """Return results by the asset that declares the tests: those that set rows aside are measured before that."""
    found: dict[Address, tuple[Result, ...]] = {}
    for told in results.values():
        for one in told:
            found[one.check.address] = (*found.get(one.check.address, ()), one)
    return Verdict(found)


@contextmanager
def _asked(
    session: Session, reading: Reading, tests: Tests, shown: Shown, engine: str, present: str
) -> Iterator[tuple[list[Asking], Known, Callable[[Digest], Build | None]]]:
    """Give what is asked of each build, what is known of that, and what gives builds."""
    from headgate.app.linking.conditions import Conditions
    from headgate.app.linking.ground import ground_of
    from headgate.app.session import now
    from headgate.evidence.measure import asking, known_of
    from headgate.release.stored import StoredBuilds

    with closing(Conditions(session.root, ground_of(session, engine), session.cache)) as conditions:
        builds = StoredBuilds(reading)
        subjects = tuple(
            _with_protection(subject, tests, shown, builds.get)
            for subject in _subjects(tests, shown, builds.get, dialect=conditions.dialect, now=present or now())
        )
        asked = [asking(subject, conditions.understood) for subject in subjects]
        yield asked, known_of(subjects, reading), builds.get


def _with_protection(
    subject: Subject, tests: Tests, shown: Shown, build_of: Callable[[Digest], Build | None]
) -> Subject:
    """Return a subject that says which of its columns are protected, and whose values an engine may quote."""
    from headgate.core.declarations import Kind
    from headgate.core.protection import protected_read

    if not tests.protected:
        return subject
    queries = {query.address: query.inputs for query in tests.queries}

    def through(address: Address) -> Iterable[Address]:
        pointer = shown.pointers.get(address)
        build = build_of(pointer.build) if pointer is not None and pointer.kind is Kind.VIEW else None
        return queries.get(address, ()) if build is None else build.inputs

    address = subject.build.address
    return replace(
        subject,
        protected=tests.protected.get(address, frozenset()),
        quotable=protected_read((address, *subject.others), tests.protected, through),
    )


def _subjects(
    tests: Tests, shown: Shown, build_of: Callable[[Digest], Build | None], *, dialect: str, now: str
) -> Iterator[Subject]:
    from headgate.app.linking.checks import checks_of
    from headgate.core.declarations import Kind
    from headgate.core.measures import others_of
    from headgate.core.quarantine import parts_of
    from headgate.evidence.measure import Subject

    shapes = {address: pointer.shape for address, pointer in shown.pointers.items()}
    for address, declared in tests.of_assets.items():
        pointer = shown.pointers.get(address)
        build = build_of(pointer.build) if pointer else None
        if pointer is None or build is None:
            continue
        declaring = parts_of(address)[0] if pointer.kind is Kind.UNCHECKED else address
        checks = checks_of(declaring, declared, pointer.shape, shapes, dialect=dialect, now=now)
        if not checks.checks and not checks.unfit:
            continue
        named = {o for check in checks.checks for measure in check.compiled.measures for o in others_of(measure)}
        others = {o: found for o in named if (found := build_of(shown.pointers[o].build)) is not None}
        like = tuple(dict.fromkeys(side[address].build for side in shown.now if address in side))
        # It may have been made for another address: for a table that was renamed since.
        yield Subject(replace(build, address=address), checks.checks, others, like, checks.unfit)
    yield from _query_subjects(tests.queries, shown, build_of)


def _query_subjects(
    queries: Iterable[QueryNode], shown: Shown, build_of: Callable[[Digest], Build | None]
) -> Iterator[Subject]:
    if not queries:
        return
    from headgate.evidence.queries import subject_of

    def shown_build(address: Address) -> Build | None:
        return build_of(shown.pointers[address].build) if address in shown.pointers else None

    def like(address: Address) -> tuple[Digest, ...]:
        return tuple(dict.fromkeys(side[address].build for side in shown.now if address in side))

    for query in queries:
        if (subject := subject_of(query, shown_build, like)) is not None:
            yield subject


def faults_of(verdict: Verdict) -> Iterable[tuple[Address, Diagnostic]]:
    """Yield a fault for each check that failed, or could not be measured, with its asset."""
    for result in verdict.failed:
        yield result.check.address, fault_of(result)


def fault_of(result: Result) -> Diagnostic:
    """Return the fault that a check failed, or could not be measured."""
    check = result.check
    detail = f"The contract of {check.address} promises that." if check.test.is_promised else ""
    if result.outcome is Outcome.UNKNOWN:
        text = f"{check.name} could not be measured: {result.told}"
        return Diagnostic("HG702", text, check.test.place, detail=detail)
    return Diagnostic("HG701", f"{check.name}: {result.told}", check.test.place, detail=detail)
