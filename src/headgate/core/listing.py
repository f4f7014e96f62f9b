"""Names in a sentence: so many are told, the others are counted."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], limit: int = 5) -> str:
    """Return names with commas; the others are counted.

    >>> listed(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
