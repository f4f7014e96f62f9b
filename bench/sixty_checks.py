"""Sixty checks of the table of ``bench.wide``, declared once for Headgate, for SQL by hand and for other tools.

It imports nothing but the standard library: the Pythons of other tools' environments read it as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNT = 60
FILLED = (
    "id customer day loaded_at status country email zip amount share price active qty ref token score days category "
    "age note"
).split()
"""Columns without NULL, but for those of ``WHERE``."""

WHERE = {"age": "age >= 0", "note": "length(note) > 0"}
"""Columns of which some values are NULL, and where none may be."""

KEY = "id"
VALUES: Mapping[str, tuple[Any, ...]] = {
    "status": ("new", "paid", "sent", "back", "lost"),
    "country": ("DE", "FR", "US", "GB", "IT", "ES", "NL", "PL"),
    "active": (True, False),
}
RANGES: Mapping[str, tuple[Any, Any]] = {
    "amount": (0, 1000), "share": (0, 1), "age": (0, 120), "price": (0, 100), "qty": (0, 19), "score": (0, 1000),
    "days": (0, 364), "customer": (0, 999_999), "ref": (0, 1_000_000_006), "day": ("2020-01-01", "2024-12-31"),
    "id": (0, None), "loaded_at": ("2020-01-01", "2030-01-01"),
}  # fmt: skip
"""The least and the greatest value, both allowed; of ``day`` and ``loaded_at`` as texts."""

PATTERNS = {
    "email": "^[^@]+@[^@]+$", "zip": "^[0-9]{5}$", "token": "^[0-9a-f]{32}$", "category": "^c[0-9]+$",
    "country": "^[A-Z]{2}$", "note": "^note ",
}  # fmt: skip
ROWS_MIN = 1
FIGURES = "amount share age price qty score days customer".split()
FIGURE_BOUNDS = (0, 10**9)
"""Between them lie the mean and the deviation of each of ``FIGURES``."""

EXPRESSION = "price >= 0 or active"


def literal(value: Any) -> str:
    """Return a value as SQL."""
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def outside(name: str) -> str:
    """Return the condition, in SQL, of a value outside of its range."""
    signed = zip("<>", RANGES[name], strict=True)
    return " or ".join(f"{name} {sign} {literal(bound)}" for sign, bound in signed if bound is not None)
