"""Planning a few changed nodes of an environment that shows all others as they are. Pure.

It gives the steps that ``make_plan`` gives, without those that only keep what is shown. That rests on one argument: the
outcome of a node follows from the node, from what is recorded under its address and from the outcomes of its inputs.
Where an environment shows a graph whole, a plan for that graph keeps every pointer; so in a plan for a graph that
differs in some nodes, everything else is kept that reads neither them nor anything that moves because of them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.graph import AnyNode, ExposureNode, Graph, Node
from headgate.core.hashing import Digest
from headgate.core.plan import Action, Cause, Origin, Plan, Step
from headgate.core.snapshot import Snapshot
from headgate.plan.assets import plan_asset
from headgate.plan.ground import Ground, ground_of
from headgate.plan.impact import reaches_of
from headgate.plan.loads import LOADED
from headgate.plan.outcome import LIVE, Outcome, of_build


@dataclass(frozen=True, slots=True)
class Part:
    """A graph of which only some nodes are looked at: ``changed`` differ from the graph that the environment shows.

    ``place`` is an address's place in the graph's order, ``node`` gives a node (None for a source), ``readers`` who
    reads it directly, ``is_live`` tells whether it is a source without a capture.
    """

    digest: Digest
    changed: frozenset[Address]
    place: Callable[[Address], int]
    node: Callable[[Address], AnyNode | None]
    readers: Callable[[Address], Iterable[Address]]
    is_live: Callable[[Address], bool]


def make_short_plan(part: Part, snapshot: Snapshot, origin: Origin, *, project: str, engine: str) -> Plan | None:
    """Return the plan without the steps that keep what is shown; None where something that is kept cannot be shown.

    Cost: what is changed and what moves because of it.
    """
    ground = ground_of(snapshot, engine=engine, is_protected=False)
    outcomes = _Outcomes(part, ground)
    exposures: dict[Address, AnyNode] = {}
    try:
        for address in _in_order(part, outcomes, ground):
            node = part.node(address)
            if isinstance(node, Node) and (node.kind in LOADED or node.properties.cron):
                return None  # what becomes of it depends on the code of all that it reads
            if isinstance(node, Node):
                outcomes.planned[address] = plan_asset(node, outcomes, ground)
            elif isinstance(node, ExposureNode):
                exposures[address] = node
    except _Unsound:
        return None
    steps = {a: o.step for a, o in outcomes.planned.items() if o.step is not None and o.step.action is not Action.KEEP}
    return Plan(
        project=project,
        environment=snapshot.name,
        engine=engine,
        serial=snapshot.shown.record.serial if snapshot.shown else 0,
        entries={},
        steps=tuple(steps.values()),
        reaches=reaches_of(Graph(exposures, part.digest), steps),
        origin=origin,
        beside=(snapshot.beside.record.name, snapshot.beside.record.serial) if snapshot.beside else None,
        graph=part.digest,
    )


def _in_order(part: Part, outcomes: _Outcomes, ground: Ground) -> Iterator[Address]:
    """Yield what is changed and what reads something that moved, inputs first; each is planned before the next."""
    waiting = [(part.place(address), address) for address in part.changed]
    seen = set(part.changed)
    heapq.heapify(waiting)
    while waiting:
        _, address = heapq.heappop(waiting)
        yield address
        outcome = outcomes.planned.get(address)
        own = ground.pointers.get(address)
        if outcome is None or (outcome.build is not None and own is not None and outcome.build == own.build):
            continue
        for reader in part.readers(address):
            if reader not in seen:
                seen.add(reader)
                heapq.heappush(waiting, (part.place(reader), reader))


class _Unsound(Exception):
    """What should be kept cannot be shown, so that it has to be planned as well."""


class _Outcomes(Mapping[Address, Outcome]):
    """The outcomes that were planned, and of all else that it is kept."""

    def __init__(self, part: Part, ground: Ground) -> None:
        self.planned: dict[Address, Outcome] = {}
        self._part = part
        self._ground = ground
        self._kept: dict[Address, Outcome] = {}

    def __getitem__(self, address: Address) -> Outcome:
        found = self.planned.get(address) or self._kept.get(address)
        if found is None:
            found = self._kept[address] = self._keeping(address)
        return found

    def __iter__(self) -> Iterator[Address]:
        return iter({**self.planned, **self._kept})

    def __len__(self) -> int:
        return len({*self.planned, *self._kept})

    def _keeping(self, address: Address) -> Outcome:
        if self._part.is_live(address):
            return LIVE
        standing = self._ground.standing(address)
        if standing.own is None or standing.present is None:
            raise _Unsound
        kind: Kind = standing.own.kind
        return of_build(Step(address, kind, Action.KEEP, Cause.NONE, standing.own.shape), standing.present)
