"""Moments of time as SQL text: literals for ``:start`` and ``:end``, and the condition that a row is in an interval."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.intervals import Interval
from headgate.sql.bind import quoted

EARLIEST = "0001-01-01T00:00:00"
"""What stands for an interval without a beginning: the first moment that DuckDB, PostgreSQL and Spark all know."""


def moment_literals(interval: Interval, type_: str) -> Mapping[str, str]:
    """Return the literals for ``:start`` and ``:end`` where the column of times has this type."""
    return {"start": _literal(interval.start or EARLIEST, type_), "end": _literal(interval.end, type_)}


def within(column: str, interval: Interval, type_: str) -> str:
    """Return the condition that a row's time is in an interval; a row without a time is in none."""
    name, end = quoted(column), _literal(interval.end, type_)
    if interval.start:
        return f"{name} >= {_literal(interval.start, type_)} and {name} < {end}"
    return f"{name} < {end}"


def instant_literal(instant: str) -> str:
    """Return the literal of an instant (ISO 8601, in UTC)."""
    return f"timestamptz '{instant.removesuffix('Z').replace('T', ' ')}+00'"


def _literal(moment: str, type_: str) -> str:
    text = moment.replace("T", " ")
    if type_.upper() == "DATE":
        return f"date '{text[:10]}'"
    if "WITH TIME ZONE" in type_.upper():
        return f"timestamptz '{text}+00'"
    return f"timestamp '{text}'"
