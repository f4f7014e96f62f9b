"""What a plan would take over from the history of a table, and cannot, as columns have types of another kind now."""

from __future__ import annotations

from collections.abc import Iterator

from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import Node
from headgate.core.plan import Plan
from headgate.core.retyping import never_casts, unfit
from headgate.core.snapshot import Snapshot


def retyped_faults(plan: Plan, snapshot: Snapshot) -> Iterator[Diagnostic]:
    """Yield a fault for each column that is kept with a type that none of its values can have."""
    for step in plan.steps:
        if step.load is None or step.load.base is None or not step.load.copies or not isinstance(step.node, Node):
            continue
        base = snapshot.build(step.load.base)
        before = {column.name: column.type for column in base.shape} if base is not None else {}
        for column in step.node.recipe.shape:
            was = before.get(column.name, "")
            if never_casts(was, column.type):
                told = f"what {step.address} keeps of its column {column.name} ({was}) does not fit {column.type}"
                yield unfit(told, step.place)
