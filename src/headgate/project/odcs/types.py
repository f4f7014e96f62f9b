"""Logical types of the standard, and the types of engines."""

from __future__ import annotations

import re

from headgate.core.column_types import Family, family_of

_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|INT[248]", re.IGNORECASE)
_LOGICAL = (
    ("array", re.compile(r".*\]|LIST\(.*\)", re.IGNORECASE | re.DOTALL)),
    ("object", re.compile(r"(STRUCT|MAP|UNION|ROW)\(.*\)|JSONB?", re.IGNORECASE | re.DOTALL)),
    ("timestamp", re.compile(r"(TIMESTAMP|DATETIME)(_\w+|TZ)?(\(\d\))?( WITH(OUT)? TIME ZONE)?", re.IGNORECASE)),
    ("time", re.compile(r"TIME(TZ)?(\(\d\))?( WITH(OUT)? TIME ZONE)?", re.IGNORECASE)),
    ("date", re.compile(r"DATE", re.IGNORECASE)),
    ("string", re.compile(r"UUID|STRING", re.IGNORECASE)),
)
_BY_FAMILY = {Family.NUMBER: "number", Family.TEXT: "string", Family.TRUTH: "boolean"}

DEFAULTS = {
    "string": {"duckdb": "varchar", "postgres": "text"},
    "date": {"duckdb": "date", "postgres": "date"},
    "timestamp": {"duckdb": "timestamp", "postgres": "timestamp"},
    "time": {"duckdb": "time", "postgres": "time"},
    "number": {"duckdb": "double", "postgres": "double precision"},
    "integer": {"duckdb": "bigint", "postgres": "bigint"},
    "boolean": {"duckdb": "boolean", "postgres": "boolean"},
}
"""The types that stand for a logical one where a contract says no physical one; of objects and arrays there is none."""


def logical_type(type_: str) -> str:
    """Return the logical type of an engine's; empty where the standard has none.

    >>> [logical_type(one) for one in ("DECIMAL(9,2)", "bigint", "VARCHAR[]", "timestamp with time zone", "BLOB")]
    ['number', 'integer', 'array', 'timestamp', '']
    """
    type_ = " ".join(type_.split())
    for name, pattern in _LOGICAL:
        if pattern.fullmatch(type_):
            return name
    family = family_of(type_)
    if family is Family.NUMBER and _WHOLE.fullmatch(type_):
        return "integer"
    return _BY_FAMILY.get(family, "")
