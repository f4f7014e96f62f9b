"""Profiles as their noun defines them, of rows in memory: nothing is sampled, and every figure is exact."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from headgate.core.profiles import LEVELS, TOP_MAX, ColumnProfile
from headgate.plugins.engines.profile_texts import COUNTED_OUT, NUMBERS, Role, role_of

_TRUTHS = ("false", "true")


def column_profile_of(values: Sequence[Any], type_: str) -> ColumnProfile:
    """Return the profile of a column with these values."""
    role = role_of(type_)
    filled = [value for value in values if value is not None]
    finite = [v for v in filled if not isinstance(v, float) or math.isfinite(v)]
    numbers = [float(v) for v in finite] if role in NUMBERS else []
    times = [_seconds(v) for v in finite] if role is Role.TIME else []
    texts = [_TRUTHS[int(v)] if role is Role.TRUTH else str(v) for v in finite]
    least, greatest = (min(finite), max(finite)) if finite and role is not Role.OTHER else (None, None)
    total = math.fsum(numbers) if numbers else None
    return ColumnProfile(
        type=type_,
        nulls=len(values) - len(filled),
        distinct=len(set(finite)),
        least=None if least is None else texts[finite.index(least)],
        greatest=None if greatest is None else texts[finite.index(greatest)],
        mean=None if total is None else total / len(numbers),
        deviation=statistics.stdev(numbers) if len(numbers) > 1 else None,
        sum=total,
        quantiles=quantiles_of(numbers or times),
        top=_top(texts, role) if role in COUNTED_OUT else (),
        nan=len(filled) - len(finite),
    )


def quantiles_of(values: Sequence[float]) -> tuple[float, ...]:
    """Return the quantiles: at level q of n values that of place ``ceil(q n)``."""
    ordered = sorted(values)
    places = (max(1, math.ceil(level * len(ordered) / LEVELS)) for level in range(LEVELS + 1))
    return tuple(float(f"{ordered[place - 1]:.12g}") for place in places) if ordered else ()


def _top(texts: Sequence[str], role: Role) -> tuple[tuple[str, int], ...]:
    ordered = sorted(Counter(texts).items(), key=lambda one: (-one[1], one[0]))
    if len(ordered) <= TOP_MAX:
        return tuple(ordered)
    return () if role is Role.WHOLE else tuple(one for one in ordered[:TOP_MAX] if one[1] > 1)


def _seconds(value: str) -> float:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
