"""Measures in PostgreSQL: one pass over the table for all that can share it, as every statement reads all of its rows.

Keys, and what is compared with another table, have statements of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from headgate.core.measures import Answer, Measure, Rows
from headgate.core.ports.measuring import Measured
from headgate.plugins.engines.measure_texts import (
    OverRows,
    Words,
    aggregate,
    alone,
    answer_of,
    condition,
    exact,
    source,
)

Ask: TypeAlias = Callable[[str], "tuple[Any, ...]"]
"""Gives the one row of a SELECT."""

TOGETHER_MAX = 500
"""PostgreSQL knows no SELECT of more than 1,664 items."""

WORDS = Words(
    matches=lambda column, pattern: f"({column} ~ {pattern})",
    text="text",
    row_hash="hashtextextended(cast(measured as text), 0)",
    is_text=lambda type_: type_.removesuffix("[]") in ("json", "xml", "point", "polygon"),
)


def groups(measures: Sequence[Measure]) -> Sequence[Sequence[Measure]]:
    """Return the measures in groups of those that are found together."""
    shared = [measure for measure in measures if _is_shared(measure)]
    rest = [[measure] for measure in measures if not _is_shared(measure)]
    return [*(shared[n : n + TOGETHER_MAX] for n in range(0, len(shared), TOGETHER_MAX)), *rest]


def answers(ask: Ask, group: Sequence[Measure], table: Measured) -> Mapping[Measure, Answer]:
    """Return the answers to the measures of one group."""
    if not _is_shared(group[0]):
        return {group[0]: answer_of(ask(alone(group[0], table, WORDS))[0])}
    items = [_filtered(measure, table) for measure in group if isinstance(measure, OverRows)]
    row = ask(f"select {', '.join(items)} from {source(table)}")
    return dict(zip(group, map(answer_of, row), strict=True))


def _is_shared(measure: Measure) -> bool:
    is_over_rows = isinstance(measure, OverRows)
    return is_over_rows and not (isinstance(measure, Rows) and measure.of)


def _filtered(measure: OverRows, table: Measured) -> str:
    told = condition(measure, table, WORDS)
    found = aggregate(measure, table, WORDS) + (f" filter (where {told})" if told else "")
    return exact(measure, found, WORDS)
