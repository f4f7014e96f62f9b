"""What a change does: how a recipe differs, through which inputs it comes, which outputs and exposures it reaches.

All of it compares versions. What has no version yet counts as changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from headgate.core.address import Address
from headgate.core.graph import ExposureNode, Graph, Node
from headgate.core.hashing import Digest
from headgate.core.plan import Difference, Influence, Reach, Step
from headgate.core.recipe import Aspect, Read, Recipe, Shape, Term
from headgate.core.records import Build
from headgate.core.versions import OpenVersions, Versions


def affected_of(shape: Shape, now: Versions | OpenVersions, baseline: Build | None) -> tuple[tuple[str, ...], bool]:
    """Return the columns whose values may differ from those of ``baseline``, in order, and whether its rows may.

    Without a baseline everything may.
    """
    if baseline is None:
        return tuple(column.name for column in shape), True
    before = baseline.versions
    columns = tuple(c.name for c in shape if _moved(now.of(Aspect.COLUMN, c.name), before.columns.get(c.name)))
    return columns, _moved(now.of(Aspect.ROWS), before.rows)


def shape_difference(shape: Shape, baseline: Build | None) -> Difference | None:
    """Return which columns came, went or changed their type since ``baseline``; None where none did."""
    if baseline is None:
        return None
    now, before = {c.name: c.type for c in shape}, {c.name: c.type for c in baseline.shape}
    difference = Difference(
        columns_added=tuple(sorted(now.keys() - before.keys())),
        columns_removed=tuple(sorted(before.keys() - now.keys())),
        columns_retyped=tuple(sorted(name for name in now.keys() & before.keys() if now[name] != before[name])),
    )
    return None if difference == Difference() else difference


def difference_of(node: Node, affected: Iterable[str], baseline: Build, recipe: Recipe | None) -> Difference:
    """Return how the recipe of ``node`` differs from ``recipe``, the one that made ``baseline``.

    Where that one is no longer recorded, the columns whose versions differ count as changed, and so do the rows.
    """
    shapes = shape_difference(node.recipe.shape, baseline) or Difference()
    told = {*shapes.columns_added, *shapes.columns_retyped}
    if recipe is None:
        changed, rows, order = {*affected} - told, True, False
    else:
        before = {column.name: column.term for column in recipe.columns}
        changed = {c.name for c in node.recipe.columns if _differs(c.term, before.get(c.name))} - told
        rows, order = _differs(node.recipe.rows, recipe.rows), _differs(node.recipe.order, recipe.order)
    return Difference(
        columns_added=shapes.columns_added,
        columns_removed=shapes.columns_removed,
        columns_changed=tuple(sorted(changed)),
        columns_retyped=shapes.columns_retyped,
        rows=rows,
        order=order,
        kind=node.kind is not baseline.kind,
    )


def follows_types(recipe: Recipe, before: Recipe, retyped: Callable[[Address], frozenset[str]]) -> bool:
    """Tell whether ``recipe`` differs from ``before`` in types alone, each of a column that reads one of another type.

    ``retyped`` gives the columns of an input whose type is another one now. A type is part of a recipe, so that of two
    recipes of one text the terms differ; what a term is apart from its type is not recorded, so an edit of such a
    column in the same plan is not told from it.
    """
    if recipe.kind != before.kind or _differs(recipe.rows, before.rows) or _differs(recipe.order, before.order):
        return False
    recorded = {column.name: column for column in before.columns}
    if recorded.keys() != {column.name for column in recipe.columns}:
        return False
    for column in recipe.columns:
        was = recorded[column.name]
        if not _differs(column.term, was.term):
            continue
        if column.type == was.type or column.term.reads != was.term.reads:
            return False
        if not any(read.aspect is Aspect.COLUMN and read.column in retyped(read.address) for read in was.term.reads):
            return False
    return True


def influences_of(
    recipe: Recipe,
    seen: Callable[[Read], Digest | None],
    baseline: Build,
    retyped: Callable[[Address], frozenset[str]],
) -> tuple[Influence, ...]:
    """Return, by address, what ``recipe`` reads that has another version than when ``baseline`` was made.

    What ``baseline`` did not read is not told: there the recipe itself changed. ``retyped`` gives the columns of an
    input whose type is another one now.
    """
    moved: dict[Read, bool] = {}

    def is_moved(read: Read) -> bool:
        if read not in moved:
            moved[read] = read in baseline.reads and _moved(seen(read), baseline.reads[read])
        return moved[read]

    steering = {read for term in (recipe.rows, recipe.order) for read in term.reads if is_moved(read)}
    values = {read for column in recipe.columns for read in column.term.reads if is_moved(read)}
    return tuple(
        Influence(
            address,
            columns=_columns(values, address),
            steering=_columns(steering, address),
            rows=any(r.address == address and r.aspect is Aspect.ROWS for r in steering | values),
            order=any(r.address == address and r.aspect is Aspect.ORDER for r in steering | values),
            retyped=tuple(sorted(retyped(address).intersection(_columns(steering | values, address)))),
        )
        for address in sorted({read.address for read in steering | values})
    )


def is_destructive(node: Node, baseline: Build | None) -> bool:
    """Tell whether something that can be read now can then not be read, or not in the same way."""
    if baseline is None:
        return False
    if node.kind is not baseline.kind:
        return True
    types = {column.name: column.type for column in node.recipe.columns}
    return any(types.get(column.name) != column.type for column in baseline.shape)


def reaches_of(graph: Graph, steps: Mapping[Address, Step]) -> tuple[Reach, ...]:
    """Return the exposures that read a column that may change, or of which the rows may. Cost: one pass over uses."""
    return tuple(
        reach
        for node in graph.nodes.values()
        if isinstance(node, ExposureNode) and (reach := _reach(node, steps)) is not None
    )


def _reach(node: ExposureNode, steps: Mapping[Address, Step]) -> Reach | None:
    columns: dict[Address, tuple[str, ...]] = {}
    rows = False
    for address, used in sorted(node.uses.items()):
        step = steps.get(address)
        if step is None:
            continue
        rows = rows or step.rows_affected
        if hit := tuple(name for name in step.affected if name in used):
            columns[address] = hit
    return Reach(node.address, node.properties.owner, columns, rows) if columns or rows else None


def _columns(reads: Iterable[Read], address: Address) -> tuple[str, ...]:
    return tuple(sorted(r.column for r in reads if r.address == address and r.aspect is Aspect.COLUMN))


def _moved(now: Digest | None, before: Digest | None) -> bool:
    return now is None or now != before


def _differs(now: Term, before: Term | None) -> bool:
    return before is None or (now.hash, now.reads) != (before.hash, before.reads)
