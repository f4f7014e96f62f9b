"""Planning: repository and recorded state in, plan out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN
from headgate.core.graph import ExposureNode, Graph, Node, QueryNode, SourceNode, scheduled_in, tests_in
from headgate.core.hashing import Digest
from headgate.core.plan import Action, Cause, Origin, Plan, Step
from headgate.core.promises import DeclaredTest
from headgate.core.records import Pointer
from headgate.core.snapshot import Snapshot
from headgate.plan.assets import plan_asset
from headgate.plan.ground import Ground, ground_of
from headgate.plan.impact import reaches_of
from headgate.plan.narrow import STILL, chosen_addresses, held_step
from headgate.plan.occasion import NO_OCCASION, Occasion
from headgate.plan.outcome import Outcome
from headgate.plan.sources import plan_source


def make_plan(
    graph: Graph,
    snapshot: Snapshot,
    origin: Origin,
    *,
    project: str,
    engine: str,
    select: frozenset[Address] | None = None,
    refresh: frozenset[Address] = frozenset(),
    is_protected: bool = False,
    occasion: Occasion = NO_OCCASION,
) -> Plan:
    """Return what makes the snapshot's environment equal to ``graph``, with as few builds as is proven safe.

    Each address that is built or captured has one step, in the graph's order, then those that are no longer declared.
    ``refresh`` names source tables to capture again. A protected environment stands beside nothing. ``occasion`` says
    what is due of incrementals.

    With ``select``, this is planned: the addresses selected, what they read, directly or not, as far as it changed, and
    what would break otherwise: whatever in the environment reads a column or rows that so become others, and whatever
    lost its build. All other addresses keep their pointers, declared or not, and so does a source that is not selected
    itself: new data comes in where it is asked for. An exposure that is selected stands for what it reads.

    Cost: for a node with unchanged inputs one look-up and one digest; else one hash for each column.
    """
    ground = ground_of(snapshot, engine=engine, is_protected=is_protected, nodes=graph.nodes, occasion=occasion)
    outcomes = _walk(graph, ground, select=select, refresh=refresh)
    steps = {address: outcome.step for address, outcome in outcomes.items() if outcome.step is not None}
    all_steps = len(steps)
    if select is not None:
        chosen = chosen_addresses(graph, outcomes, ground, select | (refresh & graph.nodes.keys()))
        steps = _narrowed(graph, ground, steps, chosen)
    return Plan(
        project=project,
        environment=snapshot.name,
        engine=engine,
        serial=snapshot.shown.record.serial if snapshot.shown else 0,
        entries={address: ground.pointers[address].build for address in sorted(ground.pointers)},
        steps=tuple(steps.values()),
        reaches=reaches_of(graph, steps),
        origin=origin,
        beside=(snapshot.beside.record.name, snapshot.beside.record.serial) if snapshot.beside else None,
        graph=graph.digest if len(steps) == all_steps else Digest(""),
        scheduled=scheduled_in(graph),
        tests=_tests(graph, steps),
        queries=_queries(graph, steps),
        protected=graph.protected,
    )


def _tests(graph: Graph, steps: Mapping[Address, Step]) -> Mapping[Address, tuple[DeclaredTest, ...]]:
    """Return the tests of what is selected, and those of what is kept that look at it."""
    moved = {address for address, step in steps.items() if step.action not in STILL}
    found: dict[Address, tuple[DeclaredTest, ...]] = {}
    for address, tests in tests_in(graph).items():
        if address not in steps:
            continue
        looking = tuple(test for test in tests if not moved.isdisjoint(test.references.values()))
        chosen = tests if steps[address].is_selected else looking
        if chosen:
            found[address] = chosen
    return found


def _queries(graph: Graph, steps: Mapping[Address, Step]) -> tuple[QueryNode, ...]:
    """Return the tests that are queries; of a narrow plan those that read what it moves."""
    if all(step.is_selected for step in steps.values()):
        return graph.queries
    moved = {address for address, step in steps.items() if step.action not in STILL}
    return tuple(query for query in graph.queries if not moved.isdisjoint(query.inputs))


def _walk(
    graph: Graph, ground: Ground, *, select: frozenset[Address] | None, refresh: frozenset[Address]
) -> dict[Address, Outcome]:
    """Return the outcome of every address, as if all were selected but for the data of sources."""
    outcomes: dict[Address, Outcome] = {}
    for address, node in graph.nodes.items():
        if isinstance(node, Node):
            outcomes[address] = plan_asset(node, outcomes, ground)
        elif isinstance(node, SourceNode):
            is_held = select is not None and address not in select
            outcomes[address] = plan_source(node, ground, is_refreshed=address in refresh, is_held=is_held)
    for address in sorted(ground.pointers):
        outcome = outcomes.get(address)
        if outcome is None or outcome.step is None:
            outcomes[address] = Outcome(_removing(address, ground.pointers[address], graph), None, None)
    return outcomes


def _removing(address: Address, pointer: Pointer, graph: Graph) -> Step:
    """Return the step that takes an address out of the environment; of a source only the capture is let go."""
    node = graph.nodes.get(address)
    is_shown = pointer.kind not in NOT_SHOWN
    return Step(
        address=address,
        kind=pointer.kind,
        action=Action.REMOVE,
        cause=Cause.REMOVED,
        shape=pointer.shape,
        replaces=pointer.build,
        affected=tuple(column.name for column in pointer.shape) if is_shown else (),
        rows_affected=is_shown,
        is_destructive=is_shown,
        place=node.place if node and not isinstance(node, ExposureNode) else None,
        owner=node.properties.owner if node else "",
    )


def _narrowed(
    graph: Graph, ground: Ground, steps: Mapping[Address, Step], chosen: Mapping[Address, str]
) -> dict[Address, Step]:
    """Return the steps of the chosen addresses; the others keep what the environment shows, or are left out."""
    narrowed: dict[Address, Step] = {}
    for address, step in steps.items():
        if address in chosen:
            narrowed[address] = replace(step, added=chosen[address])
        elif (held := held_step(address, ground, graph.nodes.get(address))) is not None:
            narrowed[address] = held
    return narrowed
