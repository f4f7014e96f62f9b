"""Moments of time as SQL text: literals for ``:start`` and ``:end``, and the condition that a row is in an interval."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.intervals import Interval
from headgate.sql.bind import quoted

EARLIEST = "0001-01-01T00:00:00"
"""What stands for an interval without a beginning: the first moment that DuckDB, PostgreSQL and Spark all know.

Not minus infinity: ``year(...)`` of it, and what has passed since, are NULL.
"""

_EARLIEST_NANOSECONDS = "1678-01-01T00:00:00"
"""The same where nanoseconds are counted: there are none before 1677."""


def moment_literals(interval: Interval, type_: str) -> Mapping[str, str]:
    """Return the literals for ``:start`` and ``:end`` where the column of times has this type.

    >>> moment_literals(Interval("", "2013-01-02T00:00:00"), "DATE")
    {'start': "date '0001-01-01'", 'end': "date '2013-01-02'"}
    """
    earliest = _EARLIEST_NANOSECONDS if literal_type(type_) == "timestamp_ns" else EARLIEST
    return {"start": _literal(interval.start or earliest, type_), "end": _literal(interval.end, type_)}


def literal_type(type_: str) -> str:
    """Return the type of the literals for a column of times of this type; that of a timestamp for any other.

    >>> literal_type("TIMESTAMP WITH TIME ZONE")
    'timestamptz'
    """
    if "WITH TIME ZONE" in type_.upper():
        return "timestamptz"
    return type_.lower() if type_.upper() in ("DATE", "TIMESTAMP_NS") else "timestamp"


def within(column: str, interval: Interval, type_: str, alias: str = "") -> str:
    """Return the condition that a row's time is in an interval; a row without a time is in none."""
    name, end = f"{alias}.{quoted(column)}" if alias else quoted(column), _literal(interval.end, type_)
    if interval.start:
        return f"{name} >= {_literal(interval.start, type_)} and {name} < {end}"
    return f"{name} < {end}"


def instant_literal(instant: str) -> str:
    """Return the literal of an instant (ISO 8601, in UTC)."""
    return f"timestamptz '{instant.removesuffix('Z').replace('T', ' ')}+00'"


def _literal(moment: str, type_: str) -> str:
    text, type_ = moment.replace("T", " "), literal_type(type_)
    if type_ == "date":
        text = text[:10]
    return f"{type_} '{text}{'+00' if type_ == 'timestamptz' else ''}'"
