"""The words of a collection: what would go, and how much that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.words.figures import bytes_text, counted

if TYPE_CHECKING:
    from headgate.app.gc import Collected

_SHORT_MAX = 20


def rows_of(collected: Collected) -> list[tuple[str, ...]]:
    """Return a row for each environment and each build that goes."""
    from headgate.core.hashing import short

    plan = collected.plan
    rows: list[tuple[str, ...]] = [("environment", name, "") for name in plan.environments]
    rows += [
        ("build", item.address or item.relation, f"{short(item.build)}, {bytes_text(item.bytes)}")
        for item in plan.garbage[:_SHORT_MAX]
    ]
    more = len(plan.garbage) - _SHORT_MAX
    return [*rows, ("build", f"and {more:,} more", "")] if more > 0 else rows


def what_text(collected: Collected) -> str:
    """Return how much goes."""
    plan = collected.plan
    parts = [counted(len(plan.environments), "environment")] if plan.environments else []
    parts += [f"{counted(len(plan.garbage), 'build')} ({bytes_text(plan.bytes)})"] if plan.garbage else []
    parts += [counted(plan.records, "record")] if plan.records and not plan.garbage else []
    return " and ".join(parts)
