"""A walk along lineage as the lines of a tree: what is nearest first, each subtree once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.lineage import CARRYING, Step, Subtype, in_strength
from headgate.core.recipe import Aspect, Read

if TYPE_CHECKING:
    from headgate.app.lineage import Walk
    from headgate.app.linking.lineages import Neighbours
    from headgate.core.address import Address

_OPAQUE = Step(Subtype.OPAQUE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the branch that is drawn before it, what it stands for, how it hangs on the line that it belongs to.

    ``is_repeated``: what would stand below it stands below an earlier line.
    """

    branch: str
    label: str
    words: tuple[str, ...] = ()
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """A line to be: ``nodes`` are those that it stands for, several where all of an asset hangs on in one way."""

    label: str
    steps: tuple[Step, ...]
    nodes: tuple[Read, ...]
    neighbours: Neighbours


def tree(walk: Walk) -> Iterator[Line]:
    """Yield the lines of the tree, the asked asset or column first."""
    drawing = _Drawing(walk)
    yield Line("", f"{walk.address}.{walk.column}" if walk.column else walk.address)
    shown: set[tuple[Read, ...]] = set()
    pending = [("", drawing.first())]
    while pending:
        indent, items = pending[-1]
        if not items:
            pending.pop()
            continue
        item, is_last = items.pop(0), not items
        below = drawing.items(item.neighbours)
        is_repeated = bool(below) and item.nodes in shown
        shown.add(item.nodes)
        words = tuple(_words(step) for step in item.steps)
        yield Line(f"{indent}{'└─' if is_last else '├─'} ", item.label, words, is_repeated)
        if below and not is_repeated:
            pending.append((f"{indent}{'   ' if is_last else '│  '}", below))


class _Drawing:
    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    def first(self) -> list[_Item]:
        """Return the lines below the first one. Of a whole asset upstream they are its columns, its rows, its order."""
        walk = self._walk
        if not walk.combined:
            return []
        asked = [node for node in walk.neighbours if node.address == walk.address]
        if walk.column:
            return self.items(walk.neighbours.get(Read(walk.address, Aspect.COLUMN, walk.column), {}))
        if walk.is_downstream:
            # Whatever reads its order reads its rows as well, and is told for that.
            return self.items(_merged(walk.neighbours[node] for node in asked if node.aspect is not Aspect.ORDER))
        rows = walk.neighbours.get(Read(walk.address, Aspect.ROWS), {})
        found: list[_Item] = []
        for node in asked:
            below = walk.neighbours[node]
            if node.aspect is Aspect.COLUMN:
                found.append(_Item(node.column, (), (node,), _without(below, rows)))
            elif self.items(below):
                found.append(_Item(f"its {node.aspect.value}", (), (node,), below))
        return found

    def items(self, found: Neighbours) -> list[_Item]:
        """Return the lines for the neighbours of one line: direct ones first, then by address and column."""
        items: list[_Item] = []
        by_address: dict[Address, Neighbours] = {}
        for node, steps in found.items():
            by_address.setdefault(node.address, {})[node] = steps
        for address, nodes in by_address.items():
            kinds = {step for steps in nodes.values() for step in steps}
            if len(nodes) > 1 and kinds == {_OPAQUE} and self._is_whole(address, nodes):
                items.append(self._item(f"{address}.*", tuple(nodes), kinds))
            else:
                items += [self._item(self._label(n), (n,), nodes[n]) for n in nodes if self._is_shown(n, nodes)]
        return sorted(items, key=_sort_key)

    def _item(self, label: str, nodes: tuple[Read, ...], steps: Iterable[Step]) -> _Item:
        below = _merged(self._walk.neighbours.get(node, {}) for node in nodes)
        return _Item(label, in_strength(steps), nodes, below)

    def _is_whole(self, address: Address, nodes: Iterable[Read]) -> bool:
        """Tell whether these are all columns of an asset, or, downstream, what is done to its rows."""
        columns = {node.column for node in nodes if node.aspect is Aspect.COLUMN}
        has_rows = any(node.aspect is Aspect.ROWS for node in nodes)
        return columns == set(self._walk.columns[address]) or (self._walk.is_downstream and has_rows)

    def _label(self, node: Read) -> str:
        if node.aspect is Aspect.COLUMN:
            return f"{node.address}.{node.column}"
        if not self._walk.is_downstream:
            return node.address
        return f"{node.address}.*" if node.aspect is Aspect.ROWS else f"{node.address} (its order)"

    def _is_shown(self, node: Read, beside: Neighbours) -> bool:
        """Tell whether a line says more than those of the same asset: a column comes with the rows that it stands in.

        An order that follows no column is nothing that somebody could change.
        """
        if node.aspect is Aspect.COLUMN or self._walk.is_downstream:
            return True
        if node.aspect is Aspect.ROWS:
            return not any(other.aspect is Aspect.COLUMN for other in beside)
        below, seen = [node], {node}
        while below:
            found = self._walk.neighbours.get(below.pop(), {})
            if any(further.aspect is not Aspect.ORDER for further in found):
                return True
            below += [further for further in found if further not in seen]
            seen.update(found)
        return False


def _merged(several: Iterable[Neighbours]) -> Neighbours:
    found: Neighbours = {}
    for neighbours in several:
        for node, steps in neighbours.items():
            found[node] = tuple(dict.fromkeys((*found.get(node, ()), *steps)))
    return found


def _without(found: Neighbours, others: Neighbours) -> Neighbours:
    """Return what hangs on in other ways than ``others``, and whatever is opaque: its values may go on."""
    kept = {
        node: tuple(step for step in steps if step == _OPAQUE or step not in others.get(node, ()))
        for node, steps in found.items()
    }
    return {node: steps for node, steps in kept.items() if steps}


def _words(step: Step) -> str:
    return f"{step.subtype.words} (masked)" if step.masking else step.subtype.words


def _sort_key(item: _Item) -> tuple[bool, str]:
    return (not any(step.subtype in CARRYING for step in item.steps), item.label)
