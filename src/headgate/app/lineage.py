"""`headgate lineage`: what steers a column, an asset's rows, or all of it; or what they steer; across assets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from headgate.app.linking.lineages import Lineages, Neighbours
from headgate.app.naming import asset_and_column_named
from headgate.app.repository import Repository, linked_now
from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused
from headgate.core.lineage import CARRYING, DIRECT, AssetLineage, Edge, Step, followed, in_strength
from headgate.core.recipe import Aspect, Read

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.graph import Graph


_Walker: TypeAlias = Callable[[Read], Neighbours]


@dataclass(frozen=True, slots=True)
class Question:
    """What to follow: an asset or one column of it, up or down, so many steps (0: all), direct edges alone or all."""

    name: str
    is_downstream: bool = False
    depth: int = 0
    is_direct_only: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """All that was reached from the nodes of one asset.

    ``column`` is empty where the whole asset is meant. ``neighbours`` are those of each node that was walked from:
    what steers it, or downstream what it steers. ``combined`` says of each node that was reached how it and the asked
    asset hang together along all paths; ``kinds`` what each asset is, ``columns`` which it has, ``opaque`` why one is
    not understood.
    """

    address: Address
    column: str
    is_downstream: bool
    neighbours: Mapping[Read, Neighbours]
    combined: Mapping[Read, tuple[Step, ...]]
    kinds: Mapping[Address, Kind]
    columns: Mapping[Address, tuple[str, ...]]
    opaque: Mapping[Address, str]


def lineage(session: Session, repository: Repository, question: Question) -> Walk:
    """Return what was asked for; raise ``Refused`` with the nearest names where there is no such asset or column.

    Cost: linking the repository, which the cache shortens, and the lineage of each asset on the way.
    """
    graph, lineages = _opened(session, repository)
    return _walked(graph, lineages, question)


def lineage_events(session: Session, repository: Repository, question: Question) -> list[dict[str, Any]]:
    """Return events of OpenLineage, one for each asset of the walk with all its columns, inputs before readers."""
    from headgate.app.openlineage import datasets, events
    from headgate.app.session import now

    graph, lineages = _opened(session, repository)
    walk = _walked(graph, lineages, question)
    found = events(datasets(graph, lineages, walk.kinds), namespace=session.config.name, at=now())
    lineages.keep()
    return found


def _opened(session: Session, repository: Repository) -> tuple[Graph, Lineages]:
    engine = next(iter(session.config.engines))
    with session.reading() as reading:
        graph, _ = linked_now(session, repository, reading, engine=engine)
    return graph, Lineages(graph, repository.analyses, session.cache, session.config.engines[engine].kind)


def _walked(graph: Graph, lineages: Lineages, question: Question) -> Walk:
    address, column = asset_and_column_named(graph, question.name)
    asked = _nodes(address, column, lineages.of(address))
    step: _Walker = lineages.downstream if question.is_downstream else lineages.upstream
    if not question.is_downstream and column:
        step = _with_order(lineages, asked[0])
    neighbours = _reached(asked, _wanted(step, question), question.depth or len(graph.nodes))
    reached = dict.fromkeys([*(n.address for n in asked), *(t.address for found in neighbours.values() for t in found)])
    known = {a: lineages.of(a) for a in reached}
    lineages.keep()
    return Walk(
        address,
        asked[0].column if column else "",
        question.is_downstream,
        neighbours,
        _combined(asked, neighbours, is_downstream=question.is_downstream),
        {a: graph.nodes[a].kind for a in reached},
        {a: tuple(found.columns) for a, found in known.items()},
        {a: found.opaque for a, found in known.items() if found.opaque},
    )


def _nodes(address: Address, column: str, found: AssetLineage) -> list[Read]:
    if not column:
        columns = [Read(address, Aspect.COLUMN, name) for name in found.columns]
        return [*columns, Read(address, Aspect.ROWS), Read(address, Aspect.ORDER)]
    for name in (column, *found.columns):
        if name in found.columns and name.casefold() == column.casefold():
            return [Read(address, Aspect.COLUMN, name)]
    near = nearest(column, found.columns)
    known = ", ".join([*near, *(n for n in found.columns if n not in near)][: 3 if near else 8])
    hint = f"{address} has {known or 'no columns'}." + (f" Did you mean {near[0]}?" if near else "")
    raise Refused([Diagnostic("HG403", f"{address} has no column {column}", hint=hint)])


def _with_order(lineages: Lineages, asked: Read) -> _Walker:
    """Return the step upstream; from the column that was asked for the order it stands in counts as well."""

    def step(node: Read) -> Neighbours:
        found = lineages.upstream(node)
        if node == asked:
            for read, steps in lineages.upstream(Read(node.address, Aspect.ORDER)).items():
                found[read] = (*found.get(read, ()), *steps)
        return found

    return step


def _wanted(step: _Walker, question: Question) -> _Walker:
    if not question.is_direct_only:
        return step

    def direct(node: Read) -> Neighbours:
        kept = {read: tuple(s for s in steps if s.subtype in CARRYING) for read, steps in step(node).items()}
        return {read: steps for read, steps in kept.items() if steps}

    return direct


def _reached(asked: Iterable[Read], step: _Walker, depth: int) -> dict[Read, Neighbours]:
    """Return the neighbours of everything that is fewer than ``depth`` steps away, breadth first."""
    found: dict[Read, Neighbours] = {}
    pending = deque((node, 0) for node in asked)
    while pending:
        node, distance = pending.popleft()
        if node not in found and distance < depth:
            found[node] = step(node)
            pending.extend((further, distance + 1) for further in found[node])
    return found


def _combined(
    asked: Iterable[Read], neighbours: Mapping[Read, Neighbours], *, is_downstream: bool
) -> dict[Read, tuple[Step, ...]]:
    """Return how each node and those that were asked for hang together, along every path; sorted steps."""
    begin = Step(DIRECT[0])
    found: dict[Read, set[Step]] = {}
    pending = [(node, begin) for node in asked]
    seen = set(pending)
    while pending:
        node, so_far = pending.pop()
        for further, steps in neighbours.get(node, {}).items():
            for step in steps:
                nearer, farther = (step, so_far) if is_downstream else (so_far, step)
                edge = followed(nearer, Edge(further, farther.subtype, farther.masking))
                state = (further, Step(edge.subtype, edge.masking))
                found.setdefault(further, set()).add(state[1])
                if state not in seen:
                    seen.add(state)
                    pending.append(state)
    return {node: in_strength(steps) for node, steps in found.items()}
