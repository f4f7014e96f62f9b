"""Families of column types, by the names that engines write: what a constant is compared with."""

from __future__ import annotations

import re
from enum import StrEnum


class Family(StrEnum):
    """What values of a type are compared as; of ``OTHER`` (dates, lists, ...) only the engine knows."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    OTHER = "other"


_FAMILIES = (
    (
        Family.NUMBER,
        r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|INT[248]?|FLOAT|REAL|DOUBLE( PRECISION)?|DECIMAL|NUMERIC)"
        r"(\([0-9, ]*\))?",
    ),
    (Family.TEXT, r"(VARCHAR|CHAR|TEXT|BPCHAR|CHARACTER( VARYING)?)(\([0-9]*\))?( COLLATE .*)?|NAME|ENUM\(.*\)"),
    (Family.TRUTH, r"BOOL(EAN)?"),
)
_PATTERNS = tuple((family, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for family, pattern in _FAMILIES)


def family_of(type_: str) -> Family:
    """Return the family of an engine's type.

    >>> family_of("DECIMAL(9,2)").value, family_of("character varying(20)").value, family_of("VARCHAR[]").value
    ('number', 'text', 'other')
    """
    return next((family for family, pattern in _PATTERNS if pattern.fullmatch(type_)), Family.OTHER)


_RANKS = (
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    ("FLOAT", "DOUBLE"),
    ("REAL", "DOUBLE PRECISION"),
)
"""Types of which each holds every value of those before it, exactly."""

_DIGITS = {
    "TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19,
    "UTINYINT": 3, "USMALLINT": 5, "UINTEGER": 10, "UBIGINT": 20,
}  # fmt: skip
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+),(\d+)\)")
_SIZED = re.compile(r"(VARCHAR|CHARACTER VARYING)(?:\((\d+)\))?")


def is_widened(before: str, after: str) -> bool:
    """Tell whether a type holds every value of another one and compares it alike; both as the engine writes them.

    >>> is_widened("INTEGER", "BIGINT"), is_widened("BIGINT", "INTEGER"), is_widened("INTEGER", "VARCHAR")
    (True, False, False)
    >>> is_widened("DECIMAL(9,2)", "DECIMAL(10,2)"), is_widened("DECIMAL(9,2)", "DECIMAL(9,3)")
    (True, False)
    >>> is_widened("character varying(5)", "text"), is_widened("SMALLINT", "DECIMAL(5,0)")
    (True, True)
    """
    before, after = before.upper(), after.upper()
    if any(before in ranks and after in ranks[ranks.index(before) + 1 :] for ranks in _RANKS):
        return True
    decimal, wider = _DECIMAL.fullmatch(before), _DECIMAL.fullmatch(after)
    if wider is not None:
        whole = int(wider[1]) - int(wider[2])
        if decimal is not None:
            return int(decimal[2]) <= int(wider[2]) and int(decimal[1]) - int(decimal[2]) <= whole
        return before in _DIGITS and _DIGITS[before] <= whole
    text, longer = _SIZED.fullmatch(before), _SIZED.fullmatch(after)
    if text is None or not text[2]:
        return text is not None and after == "TEXT"
    return after == "TEXT" or (longer is not None and (not longer[2] or int(longer[2]) > int(text[2])))
