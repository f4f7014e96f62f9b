"""Drift: how far the distributions of two builds lie apart, from their profiles alone. Pure; about 1 ms a column.

Every figure is an *effect size*, which does not grow with the number of rows, beside a *floor*: what chance alone may
give where nothing changed, and at least the smallest effect that somebody wants to hear of. A test that asks "is it
different?" finds a hundredth of a deviation in 100,000 rows; one with a fixed threshold takes 200 rows for another
distribution. Both conditions together do neither.

The floors assume no family of distributions. They are made so that of a hundred tables without a change at most one is
called changed, however many columns it has (Bonferroni); `docs/explanation/drift.md` has what simulations say.

Values that changed places between the rows leave every distribution as it was: that is found by the comparison of rows.
What is told here never quotes a value of the data, so that it may be said of protected columns too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul, sub
from typing import TypeAlias

from headgate.core.address import fold
from headgate.core.comparison import Drift
from headgate.core.profiles import LEVELS, TOP_MAX, ColumnProfile, Profile
from headgate.core.shares import share_text

ALARMS_MAX = 0.01
"""At most so many of the tables without a change are called changed."""

VALUES_MIN = 20
"""Fewer values than that on either side say nothing about a distribution."""

_EXPECTED_MIN = 5
"""Values of which a side should have fewer rows than that are counted together (Cochran 1954)."""

_NORMAL_IQR = 1.349
"""The distance between the quartiles of a normal distribution, in deviations."""

_LARGEST = 1e150
"""Squares of larger numbers are none that can be counted with: where there are some, figures are not compared."""

_ROUNDING = 1e-12
"""A deviation that small beside the mean is what is left of rounding."""


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest effects that count: of distances and moves, and of shares of rows (NULL, new values)."""

    distance: float = 0.1
    share: float = 0.01


SMALLEST = Smallest()
"""A tenth of a deviation, and a hundredth of the rows."""

Question: TypeAlias = Callable[["Chance"], Drift]
"""Gives the drift once it is known how sure the answer has to be."""


class Chance:
    """How rarely one question may be answered wrongly, and what follows from that."""

    def __init__(self, share: float) -> None:
        from statistics import NormalDist

        self.share = share
        self.deviations = -NormalDist().inv_cdf(share / 2)

    @property
    def logarithm(self) -> float:
        """``ln(2 / share)``, of exponential bounds."""
        return math.log(2 / self.share)

    def student(self, freedom: int) -> float:
        """Return the quantile of Student's t (Abramowitz and Stegun 1964, 26.7.5, to the second term)."""
        z = self.deviations
        return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)

    def chi_square(self, freedom: int) -> float:
        """Return the quantile of the chi-square distribution (Wilson and Hilferty 1931)."""
        spread = 2 / (9 * freedom)
        return float(freedom * (1 - spread + self.deviations * math.sqrt(spread)) ** 3)


@dataclass(frozen=True, slots=True)
class Side:
    """One column of one of the two builds: its profile, and how many rows there are."""

    profile: ColumnProfile
    rows: int

    @property
    def values(self) -> int:
        """How many values there are: not NULL, and no NaN."""
        return self.rows - self.profile.nulls - self.profile.nan

    @property
    def seen(self) -> int:
        """How many values quantiles and frequent values come from."""
        return min(self.values, self.profile.sampled or self.values)

    @property
    def body(self) -> tuple[float, ...]:
        """The quantiles without the least and the greatest value, which chance moves most."""
        return self.profile.quantiles[1:-1]


def drifts(before: Profile, after: Profile, *, smallest: Smallest = SMALLEST) -> tuple[Drift, ...]:
    """Return how far each column moved, by each measure that fits it, beyond its floor or not.

    Columns are found by name and come in the order of ``after``; one that is on one side alone is left out.
    """
    older = {fold(name): column for name, column in before.columns.items()}
    questions: list[Question] = []
    for name, column in after.columns.items():
        if (known := older.get(fold(name))) is not None:
            questions += _questions(name, Side(known, before.rows), Side(column, after.rows), smallest)
    chance = Chance(ALARMS_MAX / max(1, len(questions)))
    return tuple(question(chance) for question in questions)


def _questions(name: str, before: Side, after: Side, smallest: Smallest) -> Iterator[Question]:
    if min(before.rows, after.rows) < VALUES_MIN:
        return
    yield _share(name, "NULL", before.profile.nulls, after.profile.nulls, (before, after), smallest.share)
    if before.profile.nan or after.profile.nan:
        yield _share(name, "no number", before.profile.nan, after.profile.nan, (before, after), smallest.share)
    if min(before.seen, after.seen) < VALUES_MIN:
        return
    if _is_time(before) == _is_time(after) and _has_quantiles(before) and _has_quantiles(after):
        yield _moved(name, before, after, smallest.distance)
    if _has_figures(before) and _has_figures(after):
        yield _mean(name, before, after, smallest.distance)
        if _has_one_sign(before, after):
            yield _sum(name, before, after, smallest.distance)
    if _is_counted(before) and _is_counted(after) and (before.profile.top or after.profile.top):
        yield _frequencies(name, before, after, smallest.distance)
        yield _lost(name, "new values", after, before, smallest.share)
        yield _lost(name, "vanished values", before, after, smallest.share)


def _is_time(side: Side) -> bool:
    """Tell whether the quantiles are those of times: those have no mean."""
    return side.profile.mean is None


def _has_quantiles(side: Side) -> bool:
    quantiles = side.profile.quantiles
    return bool(quantiles) and max(abs(quantiles[0]), abs(quantiles[-1])) < _LARGEST


def _has_figures(side: Side) -> bool:
    return _has_quantiles(side) and side.profile.mean is not None and side.profile.deviation is not None


def _has_one_sign(before: Side, after: Side) -> bool:
    """Tell whether a sum means something: no value is below zero, or none above."""
    quantiles = before.profile.quantiles, after.profile.quantiles
    return all(one and one[0] >= 0 for one in quantiles) or all(one and one[-1] <= 0 for one in quantiles)


def _is_counted(side: Side) -> bool:
    """Tell whether frequent values were looked for: of texts and the like, and of numbers with few values."""
    return bool(side.profile.top) or not side.profile.quantiles


def _share(name: str, what: str, old: int, new: int, sides: tuple[Side, Side], smallest: float) -> Question:
    """Ask how far the share of rows moved that are ``what``. Floor: Bernstein's inequality (1924), for any share."""
    n, m = (side.rows for side in sides)
    before, after = old / n, new / m

    def answer(chance: Chance) -> Drift:
        share, logarithm = (old + new) / (n + m), chance.logarithm
        variance = share * (1 - share) * (1 / n + 1 / m)
        floor = math.sqrt(2 * variance * logarithm) + logarithm / (3 * min(n, m))
        told = f"{what} in {_percent(after)} of the rows, before in {_percent(before)}"
        return Drift(name, f"share of {what}", abs(after - before), max(smallest, floor), told, _way(before, after))

    return answer


def _moved(name: str, before: Side, after: Side, smallest: float) -> Question:
    """Ask for the Wasserstein distance, the mean way that values moved, over the spread of the older side.

    The spread is the deviation of all but the outermost values, or the quartiles' distance over 1.349 where that is
    less: then tails are heavy, and a deviation is made by few rows (Silverman 1986, 3.4.2). Floor: without a change the
    distance is about ``sqrt(1/n + 1/m)`` times the area under a Brownian bridge over F; that area's mean is
    ``sqrt(2/pi)`` times the integral of ``sqrt(F (1 - F))`` (del Barrio, Gine and Matran 1999), and it exceeds that by
    no more than a normal variable with the deviation of the values would (Borell 1975, Tsirelson and others 1976). Both
    together as if they were independent is enough, by simulation; quantiles know F in steps, which comes on top.
    """
    old, new = before.body, after.body
    distance = math.fsum(abs(y - x) for x, y in zip(old, new, strict=True)) / len(old)
    spread = _spread(old) or _spread(new) or distance
    way = _way(math.fsum(old), math.fsum(new))

    def answer(chance: Chance) -> Drift:
        n, m = before.seen, after.seen
        certain = chance.student(min(n, m) - 1)
        noise = max(math.hypot(math.sqrt(2 / math.pi) * _bridge(one), certain * _deviation(one)) for one in (old, new))
        step = max(_widest(old), _widest(new)) / LEVELS
        floor = (math.sqrt(1 / n + 1 / m) * noise + step) / spread if spread else 0.0
        effect = distance / spread if spread else 0.0
        told = f"values moved by {_number(effect)} of their spread on average"
        return Drift(name, "Wasserstein distance", effect, max(smallest, floor), told, way)

    return answer


def _mean(name: str, before: Side, after: Side, smallest: float) -> Question:
    """Ask how far the mean moved, in deviations of the older side: few rows can move it that no quantile shows.

    Floor: Student's t. Where tails are heavy a deviation is as uncertain as its mean, and in their ratio both go
    together (Efron 1969); of two sides of unequal size the greater of two estimates counts.
    """
    b, a = _Mean.of_values(before), _Mean.of_values(after)
    scale = b.deviation or a.deviation

    def answer(chance: Chance) -> Drift:
        effect = abs(a.mean - b.mean) / scale if scale else 0.0
        floor = chance.student(min(b.count, a.count) - 1) * _error(b, a) / scale if scale else 0.0
        told = f"mean {_number(b.mean)} before, {_number(a.mean)} after"
        return Drift(name, "mean", effect, max(smallest, floor), told, _way(b.mean, a.mean))

    return answer


def _sum(name: str, before: Side, after: Side, smallest: float) -> Question:
    """Ask by which share the sum moved, of the larger one and for equally many rows; NULL adds nothing.

    It finds what a deviation hides: a hundredth of the rows times a hundred. Floor as that of means.
    """
    b, a = _Mean.of_rows(before), _Mean.of_rows(after)
    larger = max(abs(b.mean), abs(a.mean))

    def answer(chance: Chance) -> Drift:
        effect = abs(a.mean - b.mean) / larger if larger else 0.0
        floor = chance.student(min(b.count, a.count) - 1) * _error(b, a) / larger if larger else 0.0
        told = f"sum per row {_number(b.mean)} before, {_number(a.mean)} after"
        return Drift(name, "sum per row", effect, max(smallest, floor), told, _way(b.mean, a.mean))

    return answer


@dataclass(frozen=True, slots=True)
class _Mean:
    """A mean over so many values, with their deviation."""

    mean: float
    deviation: float
    count: int

    @classmethod
    def of_values(cls, side: Side) -> _Mean:
        mean, deviation = side.profile.mean or 0.0, side.profile.deviation or 0.0
        return cls(mean, deviation if deviation > _ROUNDING * abs(mean) else 0.0, side.values)

    @classmethod
    def of_rows(cls, side: Side) -> _Mean:
        """Return the mean over all rows, those without a value counted as zero."""
        values = cls.of_values(side)
        share = side.values / side.rows
        variance = share * (values.deviation**2 + (1 - share) * values.mean**2)
        return cls(share * values.mean, math.sqrt(variance), side.rows)


def _error(before: _Mean, after: _Mean) -> float:
    """Return the standard error of the difference of two means: the greater one of Welch's and of the pooled one."""
    n, m = before.count, after.count
    welch = before.deviation**2 / n + after.deviation**2 / m
    pooled = (n * before.deviation**2 + m * after.deviation**2) / (n + m) * (1 / n + 1 / m)
    return math.sqrt(max(welch, pooled))


def _frequencies(name: str, before: Side, after: Side, smallest: float) -> Question:
    """Ask for the Jensen-Shannon distance over the frequent values and all others together; between 0 and 1.

    Floor: the divergence in bits is at most half of the triangular discrimination (Topsoe 2000), and that is at most
    the chi-square statistic over the rows of the smaller side.
    """
    n, m = before.seen, after.seen
    shares = _shares(before, after)
    divergence = math.fsum(_bits(p, (p + q) / 2) + _bits(q, (p + q) / 2) for p, q in shares) / 2
    changed = math.fsum(abs(p - q) for p, q in shares) / 2

    def answer(chance: Chance) -> Drift:
        freedom = len(shares) - 1
        floor = math.sqrt(chance.chi_square(freedom) / (2 * min(n, m))) if freedom else 0.0
        told = f"{_percent(changed)} of the rows would need another value to be distributed as before"
        return Drift(name, "Jensen-Shannon distance", math.sqrt(max(0.0, divergence)), max(smallest, floor), told)

    return answer


def _shares(before: Side, after: Side) -> list[tuple[float, float]]:
    """Return the shares of values on both sides; those that are too rare to be compared are counted together.

    Where one side's list ends before a value, that value is taken to be as frequent there as that allows.
    """
    old, new = _counts(before), _counts(after)
    n, m = before.seen, after.seen
    unlisted = _unlisted_max(before), _unlisted_max(after)
    found: list[tuple[float, float]] = []
    for value in sorted(old.keys() | new.keys()):
        p, q = old.get(value), new.get(value)
        p = min(q or 0.0, unlisted[0]) if p is None else p
        q = min(p, unlisted[1]) if q is None else q
        if (p * n + q * m) / (n + m) * min(n, m) >= _EXPECTED_MIN:
            found.append((p, q))
    others = tuple(max(0.0, 1 - math.fsum(one[side] for one in found)) for side in (0, 1))
    is_rare = sum(others) / 2 * min(n, m) < _EXPECTED_MIN
    if is_rare and found:
        rarest = found.pop(found.index(min(found, key=sum)))
        others = (others[0] + rarest[0], others[1] + rarest[1])
    return [*found, (others[0], others[1])]


def _counts(side: Side) -> dict[str, float]:
    """Return the shares of the frequent values."""
    return {value: count / side.values for value, count in side.profile.top}


def _unlisted_max(side: Side) -> float:
    """Return the greatest share that a value can have which is not among the frequent ones."""
    counts = [count for _, count in side.profile.top]
    unlisted = side.values - sum(counts)
    if side.seen < side.values and unlisted <= len(counts):  # they were scaled, and rounded
        unlisted = 0
    least = counts[-1] if len(counts) >= TOP_MAX else side.values / side.seen
    return max(0.0, min(unlisted, least)) / side.values


def _lost(name: str, what: str, there: Side, gone: Side, smallest: float) -> Question:
    """Ask for the most frequent value of one side that the other one has not at all.

    Floor: so many rows have their value all on one side, by chance, with the probability that a coin falls on that side
    each time (the conditional test of Fisher), for any of the values.
    """
    counts, others = _counts(there), _counts(gone)
    is_known = _unlisted_max(gone) == 0.0
    lost = [share for value, share in counts.items() if value not in others] if is_known else []
    effect = max(lost, default=0.0)

    def answer(chance: Chance) -> Drift:
        n, m = gone.seen, there.seen
        rows = math.log(max(1, len(counts)) / chance.share) / math.log((n + m) / m)
        word = what.removesuffix("s") if len(lost) == 1 else what
        told = f"{len(lost)} {word}" + (f", one of them in {_percent(effect)} of the rows" if lost else "")
        return Drift(name, what, effect, max(smallest, rows / m), told)

    return answer


def _spread(body: Sequence[float]) -> float:
    """Return the spread that a move is measured in; 0 where (nearly) all values are one."""
    quartile = len(body) // 4
    deviation, robust = _deviation(body), (body[-1 - quartile] - body[quartile]) / _NORMAL_IQR
    return min(deviation, robust) if robust > 0 else deviation


def _deviation(body: Sequence[float]) -> float:
    mean = math.fsum(body) / len(body)
    deviation = math.dist(body, [mean] * len(body)) / math.sqrt(len(body))
    return deviation if deviation > _ROUNDING * abs(mean) else 0.0


def _bridge(body: Sequence[float]) -> float:
    """Return the integral of ``sqrt(F (1 - F))`` over the values."""
    return math.fsum(map(mul, _bridge_heights(len(body)), map(sub, body[1:], body)))


@cache
def _bridge_heights(count: int) -> tuple[float, ...]:
    """Return ``sqrt(F (1 - F))`` between so many quantiles."""
    shares = ((number + 0.5) / (count + 1) for number in range(1, count))
    return tuple(math.sqrt(share * (1 - share)) for share in shares)


def _widest(body: Sequence[float]) -> float:
    return float(max(map(sub, body[1:], body)))


def _way(before: float, after: float) -> str:
    return "up" if after > before else "down" if after < before else ""


def _bits(share: float, middle: float) -> float:
    return share * math.log2(share / middle) if share > 0 else 0.0


def _number(value: float) -> str:
    return f"{value:.4g}"


def _percent(share: float) -> str:
    return share_text(min(share, 1.0), 1)
