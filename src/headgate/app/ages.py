"""How long ago recorded times are."""

from __future__ import annotations

import time


def since(at: str) -> str:
    """Return how long ago a recorded time is: ``since 12 s``; nothing where it is unknown."""
    seconds = age_seconds(at)
    return "" if seconds is None else f"since {seconds:.0f} s"


def age_seconds(at: str) -> float | None:
    """Return the seconds that have passed since a recorded time; None where it is none."""
    from datetime import datetime

    try:
        return max(0.0, time.time() - datetime.fromisoformat(at).timestamp())
    except ValueError:
        return None
