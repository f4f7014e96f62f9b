"""`headgate show`: one asset, what it reads, who reads it, and its build in each environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.app.naming import address_named, asset_named
from headgate.app.repository import Repository, linked_now
from headgate.app.session import now
from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.checks import Outcome
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Severity
from headgate.core.errors import Refused, UsageError
from headgate.core.graph import tests_of_node
from headgate.core.intervals import Intervals
from headgate.core.json_form import loads
from headgate.core.quarantine import unchecked_of
from headgate.core.records import Build, Collection, pointer_from_json

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.checks import Result
    from headgate.core.gate import Decision
    from headgate.core.graph import AnyNode, Graph
    from headgate.core.ports.store import Reading
    from headgate.core.promises import DeclaredTest


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """One output column."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How an asset stands in one environment, by the code that was released there.

    ``covered`` are the intervals that were loaded, ``is_part``: on purpose not from the beginning. ``cron`` and
    ``next_tick`` (an instant) are those of its schedule. ``differs`` are the properties that the released code has
    otherwise than the working tree, with its values. These three are told of a protected environment, and of one that
    has the code of the working tree.
    """

    environment: str
    covered: Intervals = ()
    is_part: bool = False
    cron: str = ""
    next_tick: str = ""
    differs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssetShown:
    """One asset of the working tree; ``builds`` are those that environments show, by environment.

    ``checks`` are the results of its data tests on those builds, as far as they were measured, and of an environment
    those alone that its code declares as well, where that is known. ``decisions`` are what the gate decided of what is
    released, and is known to say of what would be, each with where.
    """

    node: AnyNode
    columns: tuple[ColumnShown, ...]
    readers: tuple[Address, ...]
    builds: tuple[tuple[str, Build], ...]
    standings: tuple[Standing, ...] = ()
    checks: tuple[tuple[str, tuple[Result, ...]], ...] = ()
    decisions: tuple[tuple[str, Decision], ...] = ()


def show(session: Session, repository: Repository, name: str) -> AssetShown:
    """Return what is known of an asset; raise ``Refused`` with the nearest names where there is none."""
    engine = next(iter(session.config.engines))
    with session.reading() as reading:
        graph, _ = linked_now(session, repository, reading, engine=engine)
        address = asset_named(graph, name)
        builds = _builds(reading, address)
        node = graph.nodes[address]
        standings = tuple(_standing(session, repository, reading, node, name, build) for name, build in builds)
        checks = tuple(
            (environment, _results(session, repository, reading, graph, address, environment))
            for environment, _ in builds
        )
        decided = tuple(_decided(session, reading, address, graph, [name for name, _ in builds]))
    waits = tuple(_waiting(session, repository, dict(builds)))
    return AssetShown(node, _columns(node), graph.readers()[address], builds, standings, checks, (*decided, *waits))


def _decided(
    session: Session, reading: Reading, address: Address, graph: Graph, environments: list[str]
) -> Iterator[tuple[str, Decision]]:
    """Yield what the gate decided of the releases that show an asset, without values of protected columns."""
    from headgate.app.gate.candidate import decision_shown
    from headgate.core.redacted import redacted
    from headgate.core.report import AssetReport, Report
    from headgate.release.history import read_moves

    asset = AssetReport(address, "", protected=graph.protected.get(address, frozenset()))
    for name in environments:
        if name not in session.protected():
            continue
        serial, decision = decision_shown(reading, read_moves(reading, name))
        if decision is not None:
            report = Report("", "", name, serial, "", "", decision, (asset,))
            yield f"release {serial} of {name}", redacted(report).decision


def _waiting(session: Session, repository: Repository, builds: Mapping[str, Build]) -> Iterator[tuple[str, Decision]]:
    """Yield what the gate is known to say of environments that show another build, from the code of now.

    Cost: that of planning a promotion, for each of them.
    """
    from headgate.app.gate.candidate import candidate
    from headgate.release.history import move_of_code
    from headgate.release.stored import read_environment

    for name, build in builds.items():
        with session.reading() as reading:
            beside = _beside(session, name)
            record, _ = read_environment(reading, name)
            move = move_of_code(reading, name, record.serial) if record else None
        if beside not in builds or builds[beside].id == build.id or move is None or move.tree != repository.tree:
            continue
        decision = candidate(session, repository, name)
        if decision is not None:
            yield f"{name} to {beside}", decision


def _beside(session: Session, environment: str) -> str:
    """Return the protected environment beside which an unprotected one stands; empty where there is none."""
    if environment in session.protected():
        return ""
    try:
        return session.beside(environment) or ""
    except Refused:
        return ""  # an environment that has no settings any more


def _results(
    session: Session, repository: Repository, reading: Reading, graph: Graph, address: Address, environment: str
) -> tuple[Result, ...]:
    """Return what is known to come of an asset's data tests on what an environment shows; nothing is measured.

    Those that set rows aside were measured before that. What the environment's own code does not declare is left out.
    """
    nodes = {one: graph.nodes[one] for one in (address, unchecked_of(address)) if one in graph.nodes}
    declared = {one: told for one, node in nodes.items() if (told := tests_of_node(node))}
    if not declared:
        return ()
    from headgate.app.measured.measuring import Shown, Tests, known_verdict
    from headgate.release.stored import read_pointers

    shown, engine = Shown(read_pointers(reading, environment)), session.environment(environment).engine
    tests = Tests(declared, protected=graph.protected)
    results = known_verdict(session, reading, tests, shown, engine=engine).of(*Outcome)
    is_declared = _declared_in(session, repository, reading, graph.nodes[address], environment)
    return tuple(one for one in results if is_declared(one.check.test))


def _declared_in(
    session: Session, repository: Repository, reading: Reading, node: AnyNode, environment: str
) -> Callable[[DeclaredTest], bool]:
    """Return what tells of a data test of the working tree whether the code of an environment declares it as well.

    Where nobody knows that code any more it holds of all. Cost: a look into the cache.
    """
    from headgate.app.releasing.code import told_if_known, told_of_repository
    from headgate.core.promises import QUARANTINE, test_of_freshness
    from headgate.core.properties import told_of_test
    from headgate.release.history import move_of_code
    from headgate.release.stored import read_environment

    record, _ = read_environment(reading, environment)
    move = move_of_code(reading, environment, record.serial) if record is not None else None
    there = told_if_known(session, reading, move) if move is not None and move.tree != repository.tree else {}
    if not there:
        return lambda _: True
    said, here = there.get(node.address, {}), told_of_repository(session, repository).get(node.address, {})
    declared = frozenset(said.get("data_tests", "").split("\n"))
    is_as_fresh, ages = said.get("freshness") == here.get("freshness"), test_of_freshness(node.properties.freshness)

    def holds(test: DeclaredTest) -> bool:
        if test.kind == QUARANTINE:  # counted wherever rows are set aside, declared or not
            return any('"is_quarantining":true' in one for one in declared)
        return told_of_test(test) in declared or (is_as_fresh and test in ages)

    return holds


def _standing(
    session: Session, repository: Repository, reading: Reading, node: AnyNode, environment: str, build: Build
) -> Standing:
    """Return how a node stands in an environment. Cost: a look into the cache, which knows what trees declare."""
    from headgate.app.releasing.code import told_if_known, told_of_repository
    from headgate.core.schedule import next_tick
    from headgate.release.history import move_of_code
    from headgate.release.stored import read_environment

    covered, is_part = (build.load.covered, build.load.is_part) if build.load is not None else ((), False)
    record, _ = read_environment(reading, environment)
    move = move_of_code(reading, environment, record.serial) if record is not None else None
    if move is None or (environment not in session.protected() and move.tree != repository.tree):
        return Standing(environment, covered, is_part)
    released = told_if_known(session, reading, move).get(node.address, {})
    here = told_of_repository(session, repository).get(node.address, {})
    names = sorted({*released, *here}) if released and released.get("kind") == here.get("kind") else []
    cron = released.get("cron", "")
    return Standing(
        environment,
        covered,
        is_part,
        cron,
        next_tick(cron, released.get("time_zone", "UTC"), now()) if cron else "",
        {name: released.get(name, "") for name in names if released.get(name) != here.get(name)},
    )


def sql_of(repository: Repository, name: str) -> tuple[Address, str]:
    """Return an asset's address and its SQL, as it is read and built: what its template gives, where it is one.

    Faults of other files do not matter. Raises ``Refused`` for those of its template, ``UsageError`` where it has none.
    """
    declared = repository.declarations
    assets = {asset.address: asset for asset in declared.assets}
    sources = [source.address for source in declared.sources]
    address = address_named([*assets, *sources, *(exposure.address for exposure in declared.exposures)], name)
    asset = assets.get(address)
    if asset is None or asset.kind is Kind.SEED or asset.python is not None:
        raise UsageError(f"{address} has no SQL: only tables and views that are SQL files have")
    if asset.is_faulty:
        path = asset.file.path
        told = [one for one in declared.diagnostics if one.place is not None and one.place.path == path]
        raise Refused([one for one in told if one.severity is Severity.ERROR])
    return address, asset.text


def _columns(node: AnyNode) -> tuple[ColumnShown, ...]:
    recipe = getattr(node, "recipe", None)
    shape = recipe.shape if recipe else getattr(node, "shape", ())
    told = {column.name.casefold(): column.description for column in node.properties.columns}
    return tuple(ColumnShown(c.name, c.type, told.get(c.name.casefold(), "")) for c in shape)


def _builds(reading: Reading, address: Address) -> tuple[tuple[str, Build], ...]:
    names = [name for name, _ in reading.scan(Collection.ENVIRONMENTS)]
    texts = reading.get(Collection.POINTERS, [f"{name}/{address}" for name in names])
    pointers = {key.partition("/")[0]: pointer_from_json(loads(text)) for key, text in texts.items()}
    builds = reading.get(Collection.BUILDS, {pointer.build for pointer in pointers.values()})
    return tuple(
        (name, build_from_json(loads(builds[pointer.build])))
        for name, pointer in sorted(pointers.items())
        if pointer.build in builds
    )
