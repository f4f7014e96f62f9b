"""The lineage of a query: a fold over the terms of its rows, its order and its columns.

There is no second reading of names here. What a term was made from is all that its value, or which rows there are, can
depend on; ``steps`` says of each part how. So lineage leaves out nothing that the recipe reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.core.address import Address
from headgate.core.lineage import AssetLineage, Step, Subtype, followed, in_order
from headgate.core.recipe import Shape
from headgate.sql.analyse import relation_of
from headgate.sql.edges import Circle, Edges, Fold
from headgate.sql.recursion import is_placeholder
from headgate.sql.tree import Query


def lineage_of_query(query: Query, inputs: Mapping[Address, Shape], names: Sequence[str]) -> AssetLineage | None:
    """Return what steers the columns of a query, which are called ``names``; None where it is not understood.

    The engine is not asked: the query is one that was analysed before. Cost: as reading it for its recipe.
    """
    relation = relation_of(query, inputs)
    if relation is None or len(relation.fields) != len(names):
        return None
    fold = Fold()
    try:
        rows = _indirect(fold.edges(relation.rows), Subtype.FILTER)
        order = _indirect(fold.edges(relation.order), Subtype.SORT)
        columns = [fold.edges(field.term) for field in relation.fields]
    except Circle:
        return None
    if any(is_placeholder(edge) for edges in (rows, order, *columns) for edge in edges):
        return None
    return AssetLineage(
        {name: in_order(edges - rows) for name, edges in zip(names, columns, strict=True)},
        in_order(rows),
        in_order(order - rows),
    )


def _indirect(edges: Edges, subtype: Subtype) -> Edges:
    """Return the edges of rows, or of an order. Nothing in them is direct, or there is a fault in ``steps``."""
    return frozenset(followed(Step(subtype), edge) for edge in edges)
