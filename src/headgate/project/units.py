"""Amounts as people write them: ``7 days``, ``2 GB``."""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"\s*([0-9]{1,6})\s*([a-z]+)\s*")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
DURATIONS = {
    **{unit: seconds for name, seconds in _SECONDS.items() for unit in (name, name + "s")},
    "s": 1,
    "sec": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "d": 86400,
    "w": 7 * 86400,
}
SIZES = {"mb": 10**6, "mib": 2**20, "gb": 10**9, "gib": 2**30, "tb": 10**12, "tib": 2**40}


def seconds_of(text: str) -> int | None:
    """Return the seconds of a duration such as ``7 days`` or ``12 hours``; None where it is none.

    >>> seconds_of("12 hours")
    43200
    """
    return _amount(text, DURATIONS)


def bytes_of(text: str) -> int | None:
    """Return the bytes of a size such as ``500 MB`` or ``2 GiB``; None where it is none.

    >>> bytes_of("500 MB")
    500000000
    """
    return _amount(text, SIZES)


def _amount(text: str, units: dict[str, int]) -> int | None:
    found = _AMOUNT.fullmatch(text.lower())
    if found is None or found[2] not in units:
        return None
    return int(found[1]) * units[found[2]]
