"""Profiles: what the rows of one build look like, column by column. Measured once, and kept with the build.

Distributions are kept as quantiles and most frequent values, so that two builds can be laid beside each other, drawn
and tested for drift without a scan of the older one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LEVELS = 200
"""Quantiles are taken at 0, 1/200, 2/200, ... 1: so many steps, one value more."""

TOP_MAX = 50
"""So many most frequent values are kept of a column."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What the values of one column look like; NULL counts in ``nulls`` alone.

    ``distinct`` may be an estimate. ``least`` and ``greatest`` are exact texts. Numbers have ``mean``, ``deviation``
    (of a sample, n - 1) and ``sum``; numbers, dates and times have ``quantiles`` (of times: seconds since 1970 in UTC).
    ``top`` are the most frequent values as texts with their number of rows, most frequent first, ties by text; not
    taken of numbers with many values. ``nan`` counts NaN and infinities, of times too: all figures leave them out.
    ``sampled``: ``quantiles`` and ``top`` come from so many values, and frequencies are scaled up; 0: from all of them.
    ``is_refused``: the engine could not find the figures; only ``nulls`` says something.
    """

    type: str
    nulls: int
    distinct: int
    least: str | None = None
    greatest: str | None = None
    mean: float | None = None
    deviation: float | None = None
    sum: float | None = None
    quantiles: tuple[float, ...] = ()
    top: tuple[tuple[str, int], ...] = ()
    nan: int = 0
    sampled: int = 0
    is_refused: bool = False

    @property
    def counts(self) -> ColumnProfile:
        """What is kept and told of a protected column: how many, and no figure that may be the value of one row."""
        nan, sampled, is_refused = self.nan, self.sampled, self.is_refused
        return ColumnProfile(self.type, self.nulls, self.distinct, nan=nan, sampled=sampled, is_refused=is_refused)


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rows of a build look like: how many there are, and each column by name."""

    rows: int
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)
