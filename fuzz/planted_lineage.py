"""Bugs to plant in lineage: each lets it leave out one part of what steers. The fuzzer must find every one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from headgate.core.lineage import AssetLineage, Edge
from headgate.core.recipe import Aspect, Read
from headgate.sql.steps import RULES, Parts, Stepped, steps

FORGOTTEN: dict[str, tuple[str, slice]] = {
    "lineage forgets filters": ("filter", slice(1, 2)),
    "lineage forgets the conditions of joins": ("join", slice(3, 4)),
    "lineage forgets the keys of groups": ("group", slice(1, 2)),
    "lineage forgets what DISTINCT compares": ("rows distinct", slice(1, None)),
    "lineage forgets the order before LIMIT": ("limit", slice(1, 2)),
    "lineage forgets the conditions of CASE": ("when", slice(1)),
    "lineage forgets the subject of CASE": ("case", slice(1)),
    "lineage forgets the partition of windows": ("window", slice(3, 4)),
    "lineage forgets the order of windows": ("window", slice(4, 5)),
    "lineage forgets FILTER of aggregates": ("aggregate", slice(2, 3)),
    "lineage forgets the rows of a subquery": ("value of query", slice(1)),
    "lineage forgets EXISTS": ("exists", slice(1)),
    "lineage forgets what IN compares with": ("in query", slice(1, None)),
    "lineage forgets what UNNEST multiplies by": ("unnest", slice(1, None)),
    "lineage forgets the right side of UNION": ("union column", slice(1, None)),
    "lineage forgets what EXCEPT ALL compares": ("rows except all", slice(1, None)),
    "lineage forgets the order inside of aggregates": ("ordered", slice(1, None)),
    "lineage forgets the keys of DISTINCT ON": ("distinct on", slice(1, None)),
    "lineage forgets which row DISTINCT ON keeps": ("first of", slice(1, None)),
    "lineage forgets what a lambda takes from around it": ("lambda", slice(1, None)),
}
"""The tag of a kind of term, and which of its parts are forgotten."""

_ROWS = "lineage forgets that rows steer columns"
LINEAGE_NAMES = (*FORGOTTEN, _ROWS)


@contextlib.contextmanager
def planted_in_lineage(name: str) -> Iterator[None]:
    """Plant one bug while the block runs."""
    if name == _ROWS:
        with patch.object(AssetLineage, "of", _of_without_rows):
            yield
        return
    tag, forgotten = FORGOTTEN[name]
    known = RULES[tag]

    def rule(parts: Parts) -> Iterator[Stepped]:
        gone = {id(part) for part in parts[forgotten]}
        with patch.dict(RULES, {tag: known}):
            found = list(steps(tag, parts))
        yield from ((part, step) for part, step in found if id(part) not in gone)

    with patch.dict(RULES, {tag: rule}):
        yield


def _of_without_rows(lineage: AssetLineage, node: Read) -> tuple[Edge, ...]:
    if node.aspect is Aspect.COLUMN:
        return lineage.columns.get(node.column, ())
    return lineage.rows if node.aspect is Aspect.ROWS else lineage.order
