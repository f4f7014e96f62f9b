"""Lineage: what steers the rows, the order and each column of an asset, and how. In the words of OpenLineage.

A node of lineage is a ``Read``: one column of an asset, its rows (which there are), or their order. An edge says that
one node of an input steers an output.

A column is steered by its own edges and by those of its asset's rows: which rows there are decides what stands in it.
The order of rows changes no value; where a query reads it, the edge says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from headgate.core.address import Address, fold
from headgate.core.graph import AnyNode, ExposureNode, Node
from headgate.core.loading import VALID_FROM, VALID_TO, Loading
from headgate.core.recipe import ASPECTS, Aspect, Read, Recipe, Term


class Subtype(StrEnum):
    """How an input reaches an output. The first nine are OpenLineage's; the others are what it has no word for.

    ``ROWS`` and ``ORDER``: no value is read, it counts which rows the input has, or how they follow each other.
    ``OPAQUE``: that it is read is all that is known; it may reach the output in any way.
    """

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    FILTER = "FILTER"
    JOIN = "JOIN"
    GROUP_BY = "GROUP_BY"
    SORT = "SORT"
    WINDOW = "WINDOW"
    CONDITIONAL = "CONDITIONAL"
    ROWS = "ROWS"
    ORDER = "ORDER"
    OPAQUE = "OPAQUE"

    @property
    def words(self) -> str:
        """The subtype as people read it.

        >>> Subtype.GROUP_BY.words
        'group by'
        """
        return self.value.lower().replace("_", " ")


DIRECT = (Subtype.IDENTITY, Subtype.TRANSFORMATION, Subtype.AGGREGATION)
"""Subtypes by which a value goes into the output, from the weakest to the strongest."""

CARRYING = frozenset((*DIRECT, Subtype.OPAQUE))
"""Subtypes by which a value may go into the output."""

_STRENGTH = {subtype: strength for strength, subtype in enumerate(DIRECT)}


_BY_ROWS = {Subtype.ROWS: Subtype.FILTER, Subtype.ORDER: Subtype.SORT}
"""What a value does that steers something by its rows, or by their order, alone."""


class Step(NamedTuple):
    """One step of a path. ``masking``: nobody can tell the input's value from the output's, as after a hash."""

    subtype: Subtype
    masking: bool = False


class Edge(NamedTuple):
    """An input that steers an output, and how."""

    read: Read
    subtype: Subtype
    masking: bool = False


@dataclass(frozen=True, slots=True)
class AssetLineage:
    """What steers one asset: each column beyond the rows, the rows, and their order beyond that; sorted.

    What is opaque stands with the columns even where it stands with the rows: its values may be in them. ``opaque``
    says why it was not understood, else it is empty: then everything is steered by all that is read.
    """

    columns: Mapping[str, tuple[Edge, ...]]
    rows: tuple[Edge, ...] = ()
    order: tuple[Edge, ...] = ()
    opaque: str = ""

    def of(self, node: Read) -> tuple[Edge, ...]:
        """Return what steers one of its nodes; a column's own edges come first. Nothing for a column that it has not.

        >>> AssetLineage({"n": ()}).of(Read(Address("s.t"), Aspect.COLUMN, "n"))
        ()
        """
        if node.aspect is Aspect.ORDER:
            return self.order
        if node.aspect is Aspect.ROWS:
            return self.rows
        if node.column not in self.columns:
            return ()
        return tuple(dict.fromkeys((*self.columns[node.column], *self.rows)))


def followed(step: Step, further: Edge) -> Edge:
    """Return the edge of a path: ``further`` leads to something that reaches the output by ``step``.

    Of direct steps the strongest counts; through an indirect one everything is indirect, and what steers the rows or
    the order of something that is read for nothing else is a filter or a sort. What is indirect already stays what it
    is. What is masked once stays masked as long as it is direct.

    >>> followed(Step(Subtype.AGGREGATION), Edge(Read(Address("s.t"), Aspect.COLUMN, "a"), Subtype.IDENTITY)).subtype
    <Subtype.AGGREGATION: 'AGGREGATION'>
    """
    if step.subtype is Subtype.OPAQUE:
        return Edge(further.read, Subtype.OPAQUE)
    if further.subtype not in _STRENGTH and (further.subtype is not Subtype.OPAQUE or step.subtype in _STRENGTH):
        return further
    if step.subtype not in _STRENGTH:
        return Edge(further.read, _BY_ROWS.get(step.subtype, step.subtype))
    strongest = max(step.subtype, further.subtype, key=_STRENGTH.__getitem__)
    return Edge(further.read, strongest, step.masking or further.masking)


def lineage_of_reads(node: AnyNode) -> AssetLineage:
    """Return the lineage of a node as far as it can be told without its text.

    A source or a seed is a beginning. An exposure shows columns of what it uses under their own names. Of anything
    else it is known what its terms read, and not how: opaque.
    """
    if isinstance(node, ExposureNode):
        return _lineage_of_exposure(node)
    if isinstance(node, Node):
        return _lineage_of_recipe(node.recipe)
    return AssetLineage({column.name: () for column in node.shape})


def loaded_lineage(query: AssetLineage, loading: Loading) -> AssetLineage:
    """Return the lineage of what is loaded, from that of its query: which rows are there is up to more columns.

    The column of times and the flag of what is gone filter rows, a key groups them, and a snapshot has a row for each
    change of what it watches; its times are those of ``updated_at`` where there is one. Nothing promises an order.
    """
    columns = {fold(name): edges for name, edges in query.columns.items()}
    rows = set(query.rows)
    for subtype, names in _steering(loading, columns):
        rows |= {followed(Step(subtype), edge) for name in names for edge in columns[fold(name)]}
    found = dict(query.columns)
    if loading.tracking is not None:
        times = columns.get(fold(loading.tracking.updated_at), ())
        found[VALID_FROM] = times
        found[VALID_TO] = tuple(followed(Step(Subtype.TRANSFORMATION), edge) for edge in times)
    own = {name: in_order(set(edges) - rows) for name, edges in found.items()}
    return AssetLineage(own, in_order(rows), (), query.opaque)


def _steering(loading: Loading, columns: Iterable[str]) -> Iterator[tuple[Subtype, Iterable[str]]]:
    """Yield the columns of a query that decide which rows are there."""
    if loading.timing is not None:
        yield Subtype.FILTER, (loading.timing.column,)
    if loading.merging is not None:
        yield Subtype.GROUP_BY, loading.merging.key
        yield Subtype.FILTER, filter(None, (loading.merging.flag,))
    if loading.tracking is not None:
        key = {fold(name) for name in loading.tracking.key}
        yield Subtype.GROUP_BY, key
        updated_at = filter(None, (loading.tracking.updated_at,))
        yield Subtype.FILTER, (*updated_at,) or loading.tracking.checked or [c for c in columns if c not in key]


def type_of(subtype: Subtype) -> str:
    """Return OpenLineage's type of a subtype; ``OPAQUE`` has none of them.

    >>> type_of(Subtype.AGGREGATION), type_of(Subtype.SORT)
    ('DIRECT', 'INDIRECT')
    """
    if subtype is Subtype.OPAQUE:
        return "OPAQUE"
    return "DIRECT" if subtype in _STRENGTH else "INDIRECT"


def in_strength(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps without repetitions, in the order in which ``Subtype`` lists them."""
    return tuple(sorted(set(steps), key=lambda step: (_SUBTYPES[step.subtype], step.masking)))


def in_order(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return the edges sorted: by address, columns before rows and order, each column's direct edges first."""
    return tuple(sorted(edges, key=_sort_key))


def lineage_to_json(lineage: AssetLineage) -> dict[str, Any]:
    """Return the stored form. Reads are a table of ``[address, aspect, column]`` that the edges point into."""
    table: dict[Read, int] = {}

    def encode(edges: tuple[Edge, ...]) -> list[list[Any]]:
        return [[table.setdefault(e.read, len(table)), e.subtype.value, int(e.masking)] for e in edges]

    return {
        "columns": [[name, encode(edges)] for name, edges in lineage.columns.items()],
        "rows": encode(lineage.rows),
        "order": encode(lineage.order),
        "opaque": lineage.opaque,
        "reads": [[read.address, read.aspect.value, read.column] for read in table],
    }


def lineage_from_json(body: Mapping[str, Any]) -> AssetLineage:
    """Return the lineage of a stored form."""
    table = [Read(Address(a), ASPECTS[aspect], column) for a, aspect, column in body["reads"]]

    def decode(edges: Iterable[list[Any]]) -> tuple[Edge, ...]:
        return tuple(Edge(table[number], Subtype(subtype), bool(masking)) for number, subtype, masking in edges)

    columns = {name: decode(edges) for name, edges in body["columns"]}
    return AssetLineage(columns, decode(body["rows"]), decode(body["order"]), body["opaque"])


def _lineage_of_exposure(node: ExposureNode) -> AssetLineage:
    """Return the lineage of what is read side by side: the rows of one table steer no column of another one."""
    columns: dict[str, tuple[Edge, ...]] = {}
    common: list[Edge] = []
    for address, names in node.uses.items():
        whole = (Edge(Read(address, Aspect.ROWS), Subtype.ROWS), Edge(Read(address, Aspect.ORDER), Subtype.ORDER))
        is_alone = len(node.uses) == 1 or not names
        common += whole if is_alone else ()
        for name in names:
            edge = Edge(Read(address, Aspect.COLUMN, name), Subtype.IDENTITY)
            columns[name] = (*columns.get(name, ()), edge, *(() if is_alone else whole))
    rows = in_order(edge for edge in common if edge.subtype is Subtype.ROWS)
    return AssetLineage(columns, rows, in_order(edge for edge in common if edge.subtype is Subtype.ORDER))


def _lineage_of_recipe(recipe: Recipe) -> AssetLineage:
    def edges(item: Term) -> tuple[Edge, ...]:
        return in_order(Edge(read, Subtype.OPAQUE) for read in item.reads)

    columns = {column.name: edges(column.term) for column in recipe.columns}
    rows = edges(recipe.rows)
    return AssetLineage(columns, rows, in_order(set(edges(recipe.order)) - set(rows)), recipe.opaque)


_ASPECTS = {Aspect.COLUMN: 0, Aspect.ROWS: 1, Aspect.ORDER: 2}
_SUBTYPES = {subtype: number for number, subtype in enumerate(Subtype)}


def _sort_key(edge: Edge) -> tuple[Any, ...]:
    read = edge.read
    return (read.address, _ASPECTS[read.aspect], read.column, _SUBTYPES[edge.subtype], edge.masking)
