"""Texts that an engine would cut down to fit into a column: a test has to say what it means. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_TIME = re.compile(r"[ T]\d+:\d+(:\d+(\.\d+)?)?")
_MIDNIGHT = re.compile(r"[ T]0+:0+(:0+(\.0+)?)?")
_ZONE = re.compile(r":\d+(?:\.\d+)?\s*(Z|UTC|[-+]\d{2}(?::?\d{2})?)$", re.IGNORECASE)
_UTC = re.compile(r"Z|UTC|[-+]00(:?00)?", re.IGNORECASE)


def loss(text: str, kind: str) -> str:
    """Return what of a text would be lost in a column of a type; nothing where it is taken as it is, or refused.

    >>> loss("2.5", "INTEGER"), loss("2.50", "DECIMAL(9,1)"), loss("2024-01-01 10:00", "DATE")
    ('it is no whole number', '', 'it holds a time, and a DATE has none')
    """
    if _WHOLE.fullmatch(kind):
        number = _number(text)
        return "it is no whole number" if number is not None and _digits_behind(number) else ""
    if scale := _DECIMAL.fullmatch(kind):
        number = _number(text)
        is_cut = number is not None and _digits_behind(number) > int(scale[2])
        return f"it has more than {scale[2]} digits behind the point" if is_cut else ""
    if kind == "DATE":
        time = _TIME.search(text)
        return "it holds a time, and a DATE has none" if time and not _MIDNIGHT.fullmatch(time[0]) else ""
    if kind.startswith("TIMESTAMP") and "ZONE" not in kind:
        zone = _ZONE.search(text)
        return f"it holds a time zone, and a {kind} has none" if zone and not _UTC.fullmatch(zone[1]) else ""
    return ""


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _digits_behind(number: Decimal) -> int:
    """Return how many digits stand behind the point, the zeros at the end left out; nothing is rounded for that."""
    _, digits, exponent = number.as_tuple()
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return max(0, -int(exponent) - zeros) if any(digits) else 0
