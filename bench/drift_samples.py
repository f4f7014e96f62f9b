"""Columns to try drift on: kinds of data, samples of them, and their profiles, made with NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from headgate.core.profiles import LEVELS, TOP_MAX, ColumnProfile, Profile

Array: TypeAlias = "np.ndarray[Any, Any]"
Make: TypeAlias = Callable[[np.random.Generator, int], Array]

POPULATION = 200_000
"""Rows of the data that samples are drawn from, with replacement."""


def _letters(chance: np.random.Generator, rows: int) -> Array:
    """Return categories with a long tail: the k-th is 1/k as frequent as the first (Zipf)."""
    shares = 1 / np.arange(1, 2_001)
    return chance.choice(2_000, rows, p=shares / shares.sum())


KINDS: Mapping[str, tuple[str, Make]] = {
    "normal": ("DOUBLE", lambda chance, rows: chance.normal(100, 15, rows)),
    "lognormal": ("DOUBLE", lambda chance, rows: chance.lognormal(3, 1, rows)),
    "Pareto": ("DOUBLE", lambda chance, rows: 1 + chance.pareto(1.5, rows)),
    "Cauchy": ("DOUBLE", lambda chance, rows: chance.standard_cauchy(rows)),
    "zero-inflated": (
        "DOUBLE", lambda chance, rows: np.where(chance.random(rows) < 0.9, 0.0, chance.lognormal(3, 1.5, rows)),
    ),
    "two humps": (
        "DOUBLE", lambda chance, rows: np.where(chance.random(rows) < 0.5, 0.0, 100.0) + chance.normal(0, 1, rows),
    ),
    "whole numbers": ("BIGINT", lambda chance, rows: chance.poisson(2, rows)),
    "wide numbers": ("BIGINT", lambda chance, rows: chance.geometric(0.001, rows)),
    "times": ("TIMESTAMP", lambda chance, rows: 1.7e9 + chance.exponential(8.64e6, rows)),
    "states": ("VARCHAR", lambda chance, rows: chance.choice(5, rows, p=[0.6, 0.3, 0.09, 0.009, 0.001])),
    "long tail": ("VARCHAR", _letters),
    "rare true": ("BOOLEAN", lambda chance, rows: chance.random(rows) < 0.002),
    "often NULL": (
        "DOUBLE", lambda chance, rows: np.where(chance.random(rows) < 0.3, np.nan, chance.normal(0, 1, rows)),
    ),
}  # fmt: skip
"""Kinds of data: their type, and what makes them. NaN stands for NULL, whole numbers for texts."""


def column_profile(values: Array, type_: str) -> ColumnProfile:
    """Return what an engine would say of these values."""
    if type_ in ("VARCHAR", "BOOLEAN"):
        return _counted(values, type_)
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    nulls = len(values) - len(known)
    if not len(known):
        return ColumnProfile(type_, nulls, 0)
    ordered = np.sort(known)
    places = np.maximum(1, -(-np.arange(LEVELS + 1) * len(ordered) // LEVELS)) - 1
    quantiles = tuple(map(float, ordered[places]))
    if type_ == "TIMESTAMP":
        return ColumnProfile(type_, nulls, len(known), quantiles=quantiles)
    top = _counted(values, type_).top if type_ == "BIGINT" else ()
    deviation = float(known.std(ddof=1)) if len(known) > 1 else None
    return ColumnProfile(
        type_, nulls, len(known), mean=float(known.mean()), deviation=deviation, sum=float(known.sum()),
        quantiles=quantiles, top=top if len(top) < TOP_MAX else (),
    )  # fmt: skip


def _counted(values: Array, type_: str) -> ColumnProfile:
    found, counts = np.unique(values, return_counts=True)
    texts = [str(value).lower() if type_ == "BOOLEAN" else str(value) for value in found]
    ordered = sorted(zip(texts, map(int, counts), strict=True), key=lambda one: (-one[1], one[0]))
    kept = ordered if len(ordered) <= TOP_MAX else [one for one in ordered[:TOP_MAX] if one[1] > 1]
    return ColumnProfile(type_, 0, len(found), top=tuple(kept))


@cache
def populations(seed: int) -> Mapping[str, Array]:
    """Return data of every kind."""
    chance = np.random.default_rng(seed)
    return {name: make(chance, POPULATION) for name, (_, make) in KINDS.items()}


def sampled(data: Mapping[str, Array], chance: np.random.Generator, rows: int) -> Mapping[str, Array]:
    """Return rows of every kind, drawn with replacement."""
    return {name: values[chance.integers(0, len(values), rows)] for name, values in data.items()}


def profile(columns: Mapping[str, Array]) -> Profile:
    """Return the profile of a table with these columns."""
    rows = len(next(iter(columns.values())))
    return Profile(rows, {name: column_profile(values, KINDS[name][0]) for name, values in columns.items()})
