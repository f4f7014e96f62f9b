"""Columns of which the values are kept while their type becomes another one: what can never be, and how it is told."""

from __future__ import annotations

import re

from headgate.core.diagnostic import Diagnostic, Place

_FAMILIES = {
    "number or truth": r"\w*INT(EGER)?|DOUBLE( PRECISION)?|FLOAT|REAL|(DECIMAL|NUMERIC)(\(.*\))?|BOOLEAN",
    "time": r"DATE|TIME(STAMP)?(_\w+|TZ)?(\(\d\))?( WITH(OUT)? TIME ZONE)?|INTERVAL",
    "identifier": r"UUID",
    "list": r".*\]",
}


def never_casts(before: str, now: str) -> bool:
    """Tell whether no value of one type can be cast to another one, neither in DuckDB nor in PostgreSQL.

    Of types that are not known, texts and JSON among them, it is not said.

    >>> never_casts("DATE", "BIGINT"), never_casts("VARCHAR", "BIGINT"), never_casts("boolean", "numeric(9,2)")
    (True, False, False)
    """
    one, other = _family(before), _family(now)
    return bool(one and other) and one != other


def unfit(summary: str, place: Place | None) -> Diagnostic:
    """Return the diagnostic of a column that is kept and does not fit."""
    hint = "Cast it back to that type, give it another name, or take `history: keep` out to load everything anew."
    return Diagnostic("HG408", summary, place, hint)


def _family(type_: str) -> str:
    return next((name for name, form in _FAMILIES.items() if re.fullmatch(form, type_.upper())), "")
