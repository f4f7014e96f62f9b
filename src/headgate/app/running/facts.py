"""What decides whether a run has anything to do, by graph: remembered, so that a run of nothing links nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.declarations import TableSource
from headgate.core.graph import ExposureNode, Graph, Node, SourceNode, tests_of_node
from headgate.core.json_form import dumps, loads, plain
from headgate.core.loading import Grain, Timing
from headgate.core.promises import FRESHNESS

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.hashing import Digest
    from headgate.core.snapshot import Snapshot

_KIND = "run facts"
_KEPT = 20


@dataclass(frozen=True, slots=True)
class RunFacts:
    """``has_tables``: source tables are captured, which have to be looked at. ``schedules`` are expression and zone.

    ``timings`` are those of incrementals, with the type of the column of times. ``asks_for_age``: a test asks how old
    data is, which is told when nothing comes.
    """

    has_tables: bool
    schedules: Mapping[Address, tuple[str, str]] = field(default_factory=dict)
    timings: Mapping[Address, tuple[Timing, str]] = field(default_factory=dict)
    asks_for_age: bool = False


def facts_of(graph: Graph) -> RunFacts:
    """Return the facts of a graph. Cost: one pass over its nodes."""
    schedules: dict[Address, tuple[str, str]] = {}
    timings: dict[Address, tuple[Timing, str]] = {}
    has_tables = asks_for_age = False
    for address, node in graph.nodes.items():
        if isinstance(node, ExposureNode):
            continue
        asks_for_age |= any(test.kind == FRESHNESS for test in tests_of_node(node))
        loading = node.properties.loading
        timing = loading.timing if loading is not None else None
        if node.properties.cron:
            schedules[address] = node.properties.cron, timing.zone if timing else "UTC"
        if isinstance(node, SourceNode):
            has_tables |= node.is_captured and isinstance(node.location, TableSource)
        elif isinstance(node, Node) and timing is not None:
            type_ = next((c.type for c in node.recipe.columns if c.name == timing.column), "")
            timings[address] = timing, type_
    return RunFacts(has_tables, schedules, timings, asks_for_age)


def remember(session: Session, graph: Graph) -> RunFacts:
    """Return the facts of a graph, and keep them for the next run."""
    facts = facts_of(graph)
    session.cache.put(_KIND, {graph.digest: dumps(plain(facts))})
    session.cache.forget(_KIND, keep=_KEPT)
    return facts


def remembered(session: Session, graph: Digest) -> RunFacts | None:
    """Return the facts of a graph that was run before, or None."""
    text = session.cache.get(_KIND, (graph,)).get(graph)
    return None if text is None else _from_json(loads(text))


def is_time_due(facts: RunFacts, snapshot: Snapshot, now: str) -> bool:
    """Tell whether some incremental lacks an interval that is over. Cost: a look-up for each."""
    from headgate.core.calendar import calendar_of, due

    for address, (timing, type_) in facts.timings.items():
        pointer = snapshot.shown.pointers.get(address) if snapshot.shown else None
        build = snapshot.build(pointer.build) if pointer else None
        if build is None or build.load is None:
            return True
        if due(timing, calendar_of(timing, type_), build.load.covered, now=now, is_input_new=False):
            return True
    return False


def _from_json(body: Mapping[str, Any]) -> RunFacts:
    return RunFacts(
        has_tables=body["has_tables"],
        schedules={Address(a): (cron, zone) for a, (cron, zone) in body["schedules"].items()},
        timings={
            Address(a): (Timing(**{**timing, "grain": Grain(timing["grain"])}), type_)
            for a, (timing, type_) in body["timings"].items()
        },
        asks_for_age=body.get("asks_for_age", True),
    )
