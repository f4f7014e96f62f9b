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
