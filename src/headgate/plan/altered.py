"""What a run would alter of what was loaded before, and must not: it brings data, and nobody is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headgate.core.address import Address, fold
from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import Graph, Node, SourceNode
from headgate.core.listing import listed
from headgate.core.plan import Plan, Step
from headgate.core.python import PythonBody
from headgate.core.recipe import Aspect, Read
from headgate.core.records import Build, BuildStatus, Pointer
from headgate.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class _Input:
    """What became of the columns of sources that a load reads, directly or not: those of other types, those called so.

    On the way there are ``opaque`` queries and ``functions``, which read all columns of their inputs.
    """

    retyped: tuple[str, ...]
    new: tuple[str, ...]
    opaque: tuple[Address, ...]
    functions: tuple[Address, ...]


def altered_faults(plan: Plan, snapshot: Snapshot, graph: Graph, *, way: str) -> Iterator[Diagnostic]:
    """Yield a fault for each incremental or snapshot that would begin anew, or change or lose columns.

    The code is that of the release, so a source has other columns by now. ``way`` are the commands that bring such a
    change. Cost: a look-up for each load; where one is altered, a walk of all that it reads.
    """
    pointers = snapshot.shown.pointers if snapshot.shown is not None else {}
    for step in plan.steps:
        pointer = pointers.get(step.address)
        shown = snapshot.build(pointer.build) if pointer is not None else None
        if shown is None or shown.load is None or shown.kind is not step.kind or shown.status is not BuildStatus.SEALED:
            continue
        if told := _altered(step, shown):
            found = _input_of(step.address, pointers, graph)
            because = f", as {listed(causes)}" if (causes := (*found.retyped, *found.new)) else ""
            hint = f"{_advice(found)}\n{_afterwards(step, way)}"
            yield Diagnostic("HG410", f"{told}{because}: a run leaves what was loaded as it is", step.place, hint)


def _altered(step: Step, shown: Build) -> str:
    """Return what would become of a load that is shown; empty where it is gone on with, or kept."""
    if step.load is None:
        return ""
    if step.load.base is None:
        return f"{step.address} would be loaded from its beginning"
    before = {column.name: column.type for column in shown.shape}
    types = [f"{c.name} from {before[c.name]} to {c.type}" for c in step.shape if before.get(c.name, c.type) != c.type]
    lost = [name for name in before if name not in {column.name for column in step.shape}]
    told = [f"{verb} {listed(names)}" for verb, names in (("change", types), ("lose", lost)) if names]
    return f"{step.address} would {' and '.join(told)}" if told else ""


def _advice(found: _Input) -> str:
    """Return how such a load is made to go on whatever comes in."""
    if found.retyped or found.new:
        if whole := listed((*found.opaque, *found.functions)):
            return f"{whole}: every column of its inputs counts. Let it read a view that names and casts them."
        if found.retyped:
            return "Cast such a column in the query to one type."
        return "Name the columns in the query, each with `as`."
    return "Its sources have the same columns: a variable of its template is another one, or the Headgate that runs."


def _afterwards(step: Step, way: str) -> str:
    loading = step.node.properties.loading if isinstance(step.node, Node) else None
    if loading is None or not loading.keeps_history:
        return f"With `history: keep` in its header what was loaded stays, else all is loaded anew by: {way}"
    if step.load is not None and step.load.base is not None:
        return f"What was loaded is changed by: {way}"
    return f"All is loaded anew by: {way}"


def _input_of(address: Address, pointers: Mapping[Address, Pointer], graph: Graph) -> _Input:
    opaque: list[Address] = []
    functions: list[Address] = []
    reads: set[Read] = set()
    waiting = [address]
    seen = {address}
    while waiting:
        node = graph.nodes.get(waiting.pop())
        if not isinstance(node, Node):
            continue
        if isinstance(node.body, PythonBody):
            functions.append(node.address)
        elif node.recipe.opaque:
            opaque.append(node.address)
        reads |= node.recipe.reads()
        waiting += [one for one in node.inputs if one not in seen]
        seen.update(node.inputs)
    columns = sorted((read.address, read.column) for read in reads if read.aspect is Aspect.COLUMN)
    retyped, new = [], []
    for source, column in columns:
        found, pointer = graph.nodes.get(source), pointers.get(source)
        if not isinstance(found, SourceNode) or pointer is None:
            continue
        was = next((one for one in pointer.shape if fold(one.name) == fold(column)), None)
        now = next((one.type for one in found.shape if one.name == column), "")
        if was is None:
            new.append(f"{source}.{column} is new")
        elif now not in ("", was.type):
            retyped.append(f"{source}.{column} was {was.type} and is {now}")
        elif was.name != column:
            new.append(f"{source}.{column} was {was.name}")
    return _Input(tuple(retyped), tuple(new), tuple(sorted(opaque)), tuple(sorted(functions)))
