"""How rarely drift is told where there is none, and how small a change is found: ``python -m bench.drift``.

Tables with a column of each kind are drawn twice from the same data, with replacement, a thousand times for each number
of rows: an alarm is a false one. Then one side is changed, by so much, and counted is how often that is found. Prints
the tables of docs/explanation/drift.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.drift_samples import KINDS, Array, column_profile, populations, profile, sampled
from headgate.core.profiles import Profile
from headgate.evidence.drift import SMALLEST, Smallest, drifts

SIZES = ((50, 50), (200, 200), (1_000, 1_000), (10_000, 10_000), (100_000, 100_000), (50, 5_000), (10_000, 1_000))
"""Rows of the two sides."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """What came of drawing a table twice so many times: tables with an alarm, and columns with one."""

    runs: int
    tables: int
    columns: Mapping[str, int]


def false_alarms(runs: int, rows: tuple[int, int], seed: int, smallest: Smallest = SMALLEST) -> Alarms:
    """Return how often two samples of the same data are called different."""
    data, chance = populations(seed), np.random.default_rng(seed + 1)
    tables = 0
    columns: Counter[str] = Counter()
    for _ in range(runs):
        before, after = (profile(sampled(data, chance, count)) for count in rows)
        found = {one.column for one in drifts(before, after, smallest=smallest) if one.is_beyond}
        tables += bool(found)
        columns.update(found)
    return Alarms(runs, tables, columns)


Change = Callable[[Array, np.random.Generator], Array]


def _some(share: float, change: Callable[[Array], Array]) -> Change:
    return lambda values, chance: np.where(chance.random(len(values)) < share, change(values), values)


CHANGES: Sequence[tuple[str, str, Change]] = (
    ("shift by 0.01 deviations", "normal", lambda values, _: values + 0.15),
    ("shift by 0.1 deviations", "normal", lambda values, _: values + 1.5),
    ("shift by 0.2 deviations", "normal", lambda values, _: values + 3),
    ("shift by 0.5 deviations", "normal", lambda values, _: values + 7.5),
    ("1.5 times the deviation", "normal", lambda values, _: 100 + 1.5 * (values - 100)),
    ("1 % of the rows times 100", "normal", _some(0.01, lambda values: values * 100)),
    ("1 % of the rows times 100", "lognormal", _some(0.01, lambda values: values * 100)),
    ("all times 1.2", "lognormal", lambda values, _: values * 1.2),
    ("all times 1.2", "Pareto", lambda values, _: values * 1.2),
    ("5 % of the rows zero", "lognormal", _some(0.05, np.zeros_like)),
    ("5 % of the rows NULL", "normal", _some(0.05, lambda values: np.full_like(values, np.nan))),
    ("a new value in 2 % of the rows", "states", _some(0.02, lambda values: np.full_like(values, 99))),
    ("10 % of the rows another value", "states", _some(0.1, lambda values: np.full_like(values, 2))),
    ("7 days later", "times", lambda values, _: values + 7 * 86_400),
    ("30 days later", "times", lambda values, _: values + 30 * 86_400),
)
"""What is done to the newer side: what it is called, to which kind of data, and how."""


def found(runs: int, rows: int, kind: str, change: Change, seed: int) -> float:
    """Return the share of tables in which a change of one column is found, beside all other columns unchanged."""
    data, chance = populations(seed), np.random.default_rng(seed + 2)
    others = profile(sampled(data, chance, rows)).columns
    hits = 0
    for _ in range(runs):
        before, after = (sampled({kind: data[kind]}, chance, rows)[kind] for _ in range(2))
        sides = (column_profile(one, KINDS[kind][0]) for one in (before, change(after, chance)))
        told = drifts(*(Profile(rows, {**others, kind: one}) for one in sides), smallest=SMALLEST)
        hits += any(one.is_beyond and one.column == kind for one in told)
    return hits / runs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.drift", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="tables that are drawn twice, for each number of rows")
    parser.add_argument("--power-runs", type=int, default=100, help="the same of changed tables")
    parser.add_argument("--rows", type=int, default=100_000, help="leave out tables with more rows")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    is_held = True
    print(f"| Rows | Tables with an alarm, of {options.runs:,} | Columns with one, of {options.runs * len(KINDS):,} |")
    print("|---|--:|--:|")
    for rows in (one for one in SIZES if max(one) <= options.rows):
        alarms = false_alarms(options.runs, rows, options.seed)
        is_held = is_held and alarms.tables <= 0.01 * options.runs
        told = " and ".join(f"{count:,}" for count in dict.fromkeys(rows))
        print(f"| {told} | {alarms.tables} | {sum(alarms.columns.values())} |", flush=True)
    sizes = [rows for rows, other in SIZES if rows == other and rows <= options.rows]
    print("\n| Change | Data |" + "".join(f" {rows:,} |" for rows in sizes) + "\n|---|---|" + "--:|" * len(sizes))
    for name, kind, change in CHANGES:
        shares = (found(options.power_runs, rows, kind, change, options.seed) for rows in sizes)
        print(f"| {name} | {kind} |" + "".join(f" {share:.0%} |" for share in shares), flush=True)
    return 0 if is_held else 1


if __name__ == "__main__":
    sys.exit(main())
