"""The SQL that builds a table: the user's text over physical relations, views inlined with captured sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.graph import Node, SqlBody
from headgate.core.plan import Plan, Step
from headgate.core.recipe import Shape
from headgate.core.records import Build
from headgate.sql.bind import Relations, bound, inlined, reordered, shown_table


def input_relations(
    plan: Plan, builds: Mapping[Address, Build], readers: Iterable[Step], *, engine: Relations
) -> Mapping[Address, str]:
    """Return the SQL text that stands for each input of ``readers`` inside their SQL.

    A table is its physical relation; a view is its own bound text, recursively. Where a shared build has its columns in
    another order than the repository gives them (their order is not part of a key), a projection puts them right, since
    ``select *`` and positional UNION see it.
    """
    wanted = inputs_through_views(plan, readers)
    texts: dict[Address, str] = {}
    for step in plan.steps:
        if step.address not in wanted or step.address not in builds:
            continue
        build = builds[step.address]
        if step.kind is not Kind.VIEW:
            texts[step.address] = reordered(shown_table(build, engine), build.shape, step.shape)
        elif isinstance(step.node, Node) and isinstance(step.node.body, SqlBody):
            texts[step.address] = _inlined_view(step.node.body, texts, step.node.recipe.shape, step.shape)
        elif build.body is not None:
            texts[step.address] = _inlined_view(build.body, texts, build.shape, step.shape)
    return texts


def _inlined_view(body: SqlBody, texts: Mapping[Address, str], shape: Shape, wanted: Shape) -> str:
    return reordered(inlined(bound(body, texts)), shape, wanted)


def inputs_through_views(plan: Plan, readers: Iterable[Step]) -> set[Address]:
    """Return what the readers read, and through views what those read."""
    wanted = {address for step in readers for address in step.inputs}
    for step in reversed(plan.steps):
        if step.address in wanted and step.kind is Kind.VIEW:
            wanted.update(step.inputs)
    return wanted
