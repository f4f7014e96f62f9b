"""Functions that dbt and its most used package give to SQL, as the SQL that they become on DuckDB.

Only calls with constants are known: what they give depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headgate.project.dbt.marks import Call

_TYPES = {
    "bigint": "bigint", "boolean": "boolean", "float": "float", "int": "int", "numeric": "numeric(28,6)",
    "string": "text", "timestamp": "timestamp",
}  # fmt: skip
_NO_VALUE = "_dbt_utils_surrogate_key_null_"


def sql_of(call: Call) -> str | None:
    """Return the SQL that a call becomes; None where it is not known.

    >>> sql_of(Call("dbt.date_trunc", ("day", "ordered_at"), {}))
    "date_trunc('day', ordered_at)"
    """
    known = _FUNCTIONS.get(call.name)
    if known is None:
        return None
    try:
        return known(*call.arguments, **call.keywords)
    except (TypeError, ValueError, AttributeError):
        return None  # other arguments than it has: dbt would refuse them, too


def _dateadd(datepart: str, interval: Any, from_date_or_timestamp: str) -> str:
    """Return a date and so many parts; a quarter and a week are counted in months and days."""
    factor, unit = {"quarter": (3, "month"), "week": (7, "day")}.get(datepart.lower(), (1, datepart.lower()))
    number = f"cast({interval} as bigint)" + (f" * {factor}" if factor > 1 else "")
    return f"({from_date_or_timestamp} + {number} * interval 1 {unit})"


def _datediff(first_date: str, second_date: str, datepart: str) -> str:
    if datepart.lower() == "week":
        raise ValueError(datepart)  # dbt counts weeks in a way of its own
    return f"date_diff('{datepart}', {first_date}::timestamp, {second_date}::timestamp)"


def _surrogate_key(field_list: list[str]) -> str:
    """Return the hash of some columns: each as text, with a text of its own for no value."""
    if isinstance(field_list, str) or not field_list:
        raise ValueError(field_list)
    parts = [f"coalesce(cast({name} as text), '{_NO_VALUE}')" for name in field_list]
    return "md5(cast(" + " || '-' || ".join(parts) + " as text))"


def _split_part(string_text: str, delimiter_text: str, part_number: int) -> str:
    return f"string_split({string_text}, {delimiter_text})[{part_number}]"


_FUNCTIONS: Mapping[str, Callable[..., str]] = {
    **{f"dbt.type_{name}": (lambda text=text: text) for name, text in _TYPES.items()},
    "dbt.any_value": lambda expression: f"any_value({expression})",
    "dbt.bool_or": lambda expression: f"bool_or({expression})",
    "dbt.cast_bool_to_text": lambda field: f"cast({field} as text)",
    "dbt.concat": " || ".join,
    "dbt.current_timestamp": lambda: "now()",
    "dbt.date_trunc": lambda datepart, date: f"date_trunc('{datepart}', {date})",
    "dbt.dateadd": _dateadd,
    "dbt.datediff": _datediff,
    "dbt.except": lambda: "except",
    "dbt.hash": lambda field: f"md5(cast({field} as text))",
    "dbt.intersect": lambda: "intersect",
    "dbt.length": lambda expression: f"length({expression})",
    "dbt.position": lambda substring_text, string_text: f"position({substring_text} in {string_text})",
    "dbt.replace": lambda field, old_chars, new_chars: f"replace({field}, {old_chars}, {new_chars})",
    "dbt.safe_cast": lambda field, type: f"cast({field} as {type})",  # noqa: A006
    "dbt.split_part": _split_part,
    "dbt_utils.generate_surrogate_key": _surrogate_key,
}
