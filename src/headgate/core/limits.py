"""What the repository's code may use of the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a call may use: seconds from its start, bytes of memory of its own. 0: as headgate.toml says."""

    seconds: int = 0
    bytes: int = 0


NO_LIMITS = Limits()
"""What is said where nothing is said."""


@dataclass(frozen=True, slots=True)
class CostLimit:
    """What a comparison of two builds may cost: rows of the larger side, seconds of the engine. None: whatever it is.

    What would cost more is not compared, and said to be incomplete.
    """

    rows: int | None = None
    seconds: float | None = None


NO_COST_LIMIT = CostLimit()
"""That of who did not set any."""
