"""What the released code would make of the data that a change was made of, to lay the two beside each other.

Nothing of it is ever shown. Captures of sources are the change's own, and so is what holds what earlier inputs brought,
where its code is the same; all else is made by the released recipes, or is there already. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from headgate.core.address import Address
from headgate.core.declarations import FileSource, TableSource
from headgate.core.graph import Graph, Node, SourceNode
from headgate.core.plan import Action, Cause, Origin, Plan, Step
from headgate.core.records import Build
from headgate.core.snapshot import Snapshot
from headgate.plan.assets import plan_asset
from headgate.plan.ground import Ground, ground_of
from headgate.plan.loads import LOADED
from headgate.plan.occasion import Occasion
from headgate.plan.outcome import LIVE, Outcome, of_build
from headgate.plan.sources import is_capture_of


@dataclass(frozen=True, slots=True)
class Changed:
    """The change: its builds by address, and where it reads its sources from."""

    builds: Mapping[Address, Build]
    sources: Mapping[Address, FileSource | TableSource]


@dataclass(frozen=True, slots=True)
class IsolatedPlan:
    """``plan`` makes what lacks; of addresses that cannot be told apart ``why`` says why, and they are not in it."""

    plan: Plan
    why: Mapping[Address, str] = field(default_factory=dict)


def plan_isolated(
    graph: Graph,
    snapshot: Snapshot,
    changed: Changed,
    wanted: Iterable[Address],
    origin: Origin,
    *,
    project: str,
    engine: str,
) -> IsolatedPlan:
    """Return what makes the ``wanted`` addresses by ``graph``, the released one, of the data of the change.

    The plan is for no environment: nobody can publish it. Cost: as ``make_plan``, for what they read.
    """
    ways = {address: _needed(graph, address) for address in wanted}
    needed = frozenset().union(*ways.values())
    due = frozenset(address for address in needed if graph.nodes[address].properties.cron)
    ground = ground_of(
        replace(snapshot, shown=None, beside=None),
        engine=engine,
        is_protected=True,
        nodes=graph.nodes,
        occasion=Occasion("", due=due),
    )
    outcomes: dict[Address, Outcome] = {}
    faults: dict[Address, str] = {}
    for address, node in graph.nodes.items():  # inputs come first
        if address not in needed:
            continue
        found = next((faults[one] for one in node.inputs if one in faults), None) or _outcome(
            node, outcomes, ground, changed
        )
        if isinstance(found, str):
            faults[address] = found
        else:
            outcomes[address] = found
    possible = frozenset().union(*(way for address, way in ways.items() if address not in faults))
    steps = tuple(one.step for address, one in outcomes.items() if one.step is not None and address in possible)
    plan = Plan(
        project=project,
        environment=f"{snapshot.name}, aside",  # no environment can be called so
        engine=engine,
        serial=0,
        entries={},
        steps=steps,
        reaches=(),
        origin=origin,
        protected=graph.protected,
    )
    return IsolatedPlan(plan, {address: faults[address] for address in ways if address in faults})


def _needed(graph: Graph, address: Address) -> frozenset[Address]:
    """Return an address with all that it reads, directly or not; none where the graph does not have it."""
    found = {address} & graph.nodes.keys()
    waiting = list(found)
    while waiting:
        fresh = set(graph.nodes[waiting.pop()].inputs) - found
        found |= fresh
        waiting.extend(fresh)
    return frozenset(found)


def _outcome(node: object, inputs: Mapping[Address, Outcome], ground: Ground, changed: Changed) -> Outcome | str:
    """Return what becomes of one address, or why it cannot be told apart."""
    if isinstance(node, SourceNode):
        return _of_source(node, ground, changed)
    if not isinstance(node, Node):
        raise AssertionError("nothing reads an exposure")
    build = changed.builds.get(node.address)
    if node.properties.cron or node.kind in LOADED:
        if build is not None and build.kind is node.kind and build.code == ground.codes.of(node):
            return _given(node, build)
        if node.kind in LOADED:
            what = "its code, or that of what it reads, is another one"
            return f"{node.address} holds what earlier data brought, and {what}"
    return plan_asset(node, inputs, ground)


def _of_source(node: SourceNode, ground: Ground, changed: Changed) -> Outcome | str:
    if not node.is_captured:
        return LIVE
    build, place = changed.builds.get(node.address), changed.sources.get(node.address)
    if build is None or place is None:
        return f"the change does not read {node.address}, and the released code does"
    if _place(place) != _place(node.location):
        return f"the change reads {node.address} from another place"
    if not is_capture_of(build, node) or ground.sealed(build.id) is None:
        return f"{node.address} has other columns than the released code knows"
    return _given(node, build)


def _place(location: FileSource | TableSource) -> FileSource | TableSource:
    """Return where a source is, whatever stands there now."""
    return replace(location, files=()) if isinstance(location, FileSource) else location


def _given(node: Node | SourceNode, build: Build) -> Outcome:
    """Return the outcome of an address of which the change's own build is taken."""
    step = Step(
        address=node.address,
        kind=node.kind,
        action=Action.REUSE,
        cause=Cause.SHARED,
        shape=build.shape,
        inputs=node.inputs,
        key=build.key,
        build=build.id,
        capture=build.capture,
        place=node.place,
        owner=node.properties.owner,
    )
    return of_build(step, build)
