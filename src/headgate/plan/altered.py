"""What a run would alter of what was loaded before, and must not: it brings data, and nobody is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import Graph, SourceNode
from headgate.core.listing import listed
from headgate.core.plan import Plan, Step
from headgate.core.records import Build, BuildStatus
from headgate.core.snapshot import Snapshot


def altered_faults(plan: Plan, snapshot: Snapshot, graph: Graph, *, way: str) -> Iterator[Diagnostic]:
    """Yield a fault for each incremental or snapshot that would begin anew, or have columns of other types.

    The code is that of the release, so a source has columns of other types by now. ``way`` are the commands that bring
    such a change. Cost: a look-up for each load.
    """
    pointers = snapshot.shown.pointers if snapshot.shown is not None else {}
    retyped = list(_retyped_sources(snapshot, graph))
    because = f", as {listed(retyped)}" if retyped else ""
    for step in plan.steps:
        pointer = pointers.get(step.address)
        shown = snapshot.build(pointer.build) if pointer is not None else None
        if shown is None or shown.load is None or shown.kind is not step.kind or shown.status is not BuildStatus.SEALED:
            continue
        told = _altered(step, shown)
        if told:
            hint = f"Cast such a column in the query to one type. All is loaded anew by: {way}"
            yield Diagnostic("HG410", f"{told}{because}: a run leaves what was loaded as it is", step.place, hint)


def _altered(step: Step, shown: Build) -> str:
    """Return what would become of a load that is shown; empty where it is gone on with, or kept."""
    if step.load is None:
        return ""
    if step.load.base is None:
        return f"{step.address} would be loaded from its beginning"
    before = {column.name: column.type for column in shown.shape}
    types = [f"{c.name} from {before[c.name]} to {c.type}" for c in step.shape if before.get(c.name, c.type) != c.type]
    return f"{step.address} would change {listed(types)}" if types else ""


def _retyped_sources(snapshot: Snapshot, graph: Graph) -> Iterator[str]:
    pointers = snapshot.shown.pointers if snapshot.shown is not None else {}
    for address, node in graph.nodes.items():
        pointer = pointers.get(address)
        if not isinstance(node, SourceNode) or pointer is None:
            continue
        before = {column.name: column.type for column in pointer.shape}
        for column in node.shape:
            was = before.get(column.name, column.type)
            if was != column.type:
                yield f"{address}.{column.name} was {was} and is {column.type}"
