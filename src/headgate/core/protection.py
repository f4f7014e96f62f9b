"""Protected columns: their values are shown to nobody who asks for a few rows, and neither are those made of them.

`protected: true` of a column protects it, and every column further down into which a value of it may go: by copy, by
change, by aggregate, or in a way that nobody knows. What only filters, joins, groups or counts by it shows none of its
values. `protected: false` of such a column says that nothing of it can be told there any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from typing import TypeAlias

from headgate.core.address import Address, fold
from headgate.core.checks import Sample
from headgate.core.comparison import Comparison, Difference, Differences
from headgate.core.graph import AnyNode
from headgate.core.lineage import CARRYING, AssetLineage, Edge, Subtype
from headgate.core.recipe import Aspect

HIDDEN = "(protected)"
"""What stands in the place of a value that is not shown."""

Protected: TypeAlias = Mapping[Address, frozenset[str]]
"""The protected columns of the assets that have some, folded."""


def protected_columns(
    nodes: Mapping[Address, AnyNode],
    lineage_of: Callable[[Address], AssetLineage],
    *,
    before: Protected | None = None,
    said: Callable[[AnyNode], Mapping[str, bool]] | None = None,
) -> Protected:
    """Return the protected columns of every node; ``nodes`` stand in topological order.

    ``before`` are those of nodes that these read and that are not among them; ``said`` gives what is declared of a
    node, where that is another thing than what it declares itself. Cost: one pass; ``lineage_of`` is asked
    of nothing but what reads an asset with a protected column.
    """
    found: dict[Address, frozenset[str]] = dict(before or {})
    for address, node in nodes.items():
        declared = (said or said_of)(node)
        columns = {name for name, is_protected in declared.items() if is_protected}
        if not found.keys().isdisjoint(node.inputs):
            columns |= inheriting(lineage_of(address), found) - declared.keys()
        if columns:
            found[address] = frozenset(columns)
    return found


def said_of(node: AnyNode) -> Mapping[str, bool]:
    """Return of which columns, folded, it is declared whether they are protected."""
    return {fold(c.name): c.is_protected for c in node.properties.columns if c.is_protected is not None}


def protection_said(told: Mapping[str, str]) -> Mapping[str, bool]:
    r"""Return the same of what is told of an asset that was released (``core/properties.py``).

    >>> protection_said({"protected": "mail True\nfull name False\n"})
    {'mail': True, 'full name': False}
    """
    lines = (line.rpartition(" ") for line in told.get("protected", "").split("\n") if line)
    return {name: text == "True" for name, _, text in lines}


def inheriting(lineage: AssetLineage, protected: Protected) -> Set[str]:
    """Return the columns, folded, into which a value of a protected column may go."""
    return {fold(name) for name, edges in lineage.columns.items() if any(_carries(edge, protected) for edge in edges)}


def _carries(edge: Edge, protected: Protected) -> bool:
    """Tell whether a value of a protected column may go along an edge.

    A hash of it does: whoever has a list of the values that there may be tells them apart.
    """
    columns = protected.get(edge.read.address, frozenset())
    is_count = edge.subtype is Subtype.AGGREGATION and edge.masking
    if edge.subtype not in CARRYING or is_count:
        return False
    return fold(edge.read.column) in columns if edge.read.aspect is Aspect.COLUMN else bool(columns)


def protected_read(
    reads: Iterable[Address], protected: Protected, through: Callable[[Address], Iterable[Address]]
) -> Address | None:
    """Return an asset with protected columns that a statement over ``reads`` looks at; None where there is none.

    An engine that refuses such a statement may quote any value that it looked at. ``through`` gives what is read in
    place of an address without rows of its own, a view; of a table nothing: what of a protected value has gone into
    that, lineage has told. Cost: a walk through views.
    """
    waiting = list(dict.fromkeys(reads))
    seen = set(waiting)
    for one in waiting:
        if protected.get(one):
            return one
        fresh = [further for further in through(one) if further not in seen]
        seen.update(fresh)
        waiting += fresh
    return None


def unquoted(of: Address) -> str:
    """Return what is told in place of an engine's words, which may quote a value of an asset's protected columns."""
    return f"words that may quote a protected value of {of} are not shown"


def without_protected(sample: Sample, protected: Set[str]) -> Sample:
    """Return a sample in which a mark stands for each value of a protected column, NULL among them.

    >>> without_protected(Sample(("id", "Mail"), (("1", "a@b.c"),)), {"mail"}).rows
    (('1', '(protected)'),)
    """
    hidden = tuple(fold(name) in protected for name in sample.columns)
    if not any(hidden):
        return sample
    rows = (tuple(HIDDEN if is_it else one for one, is_it in zip(row, hidden, strict=True)) for row in sample.rows)
    names = tuple(name for name, is_it in zip(sample.columns, hidden, strict=True) if is_it)
    return replace(sample, rows=tuple(rows), protected=names)


def comparison_without_protected(found: Comparison, protected: Set[str]) -> Comparison:
    """Return a comparison that tells of protected columns, folded, in how many rows they differ, and nothing else.

    By how much a value differs may be that value: where the other one is known, or 0. The words of drifts go, too.
    Whatever shows or keeps a comparison has it from here, however it was made.
    """
    if not protected:
        return found
    columns = (replace(one, greatest=None) if fold(one.name) in protected else one for one in found.columns)
    drifts = (replace(one, told="") if fold(one.column) in protected else one for one in found.drifts)
    return replace(
        found,
        columns=tuple(columns),
        differences=_differences_without(found.differences, protected),
        drifts=tuple(drifts),
        data=None if found.data is None else comparison_without_protected(found.data, protected),
    )


def _differences_without(found: Differences, protected: Set[str]) -> Differences:
    """Return rows that differ in which a mark stands for each value of a protected column, NULL among them."""
    hidden = tuple(fold(name) in protected for name in found.columns)
    if not any(hidden):
        return found

    def masked(row: tuple[str | None, ...]) -> tuple[str | None, ...]:
        return tuple(HIDDEN if is_it else one for one, is_it in zip(row, hidden, strict=False))

    return replace(found, rows=tuple(Difference(masked(r.before), masked(r.after), r.columns) for r in found.rows))
