"""The work that is measured: N assets over ten raw tables, the same for every tool.

A tenth are staging over one raw table each; every other joins one to three earlier ones with a filter or a group-by.
All have six columns, and `id` is unique in each, so that no join multiplies rows. Everything follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property

RAW_TABLES = 10
COLUMNS = (
    ("id", "bigint"),
    ("grp", "bigint"),
    ("label", "varchar"),
    ("day", "date"),
    ("qty", "bigint"),
    ("score", "bigint"),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One SELECT. Its template holds `{0}`, `{1}`, ... for the inputs and `{salt}` for what an edit changes."""

    schema: str
    name: str
    inputs: tuple[str, ...]
    template: str

    @property
    def address(self) -> str:
        return f"{self.schema}.{self.name}"

    def sql(self, names: list[str], salt: int = 0) -> str:
        """Return its SELECT with inputs under `names`; another salt is another meaning with the same columns."""
        return self.template.replace("{salt}", str(salt + 1)).format(*names)


@dataclass(frozen=True)
class Workload:
    """N assets, inputs before readers."""

    assets: tuple[Asset, ...]
    rows: int

    @cached_property
    def leaves(self) -> tuple[Asset, ...]:
        """Those that nothing reads."""
        read = {name for asset in self.assets for name in asset.inputs}
        return tuple(asset for asset in self.assets if asset.address not in read)


def make_workload(size: int, rows: int, seed: int = 2013) -> Workload:
    """Return `size` assets; the same seed gives the same text."""
    chance = random.Random(seed)
    staging = max(1, size // 10)
    assets = [_staging(number) for number in range(staging)]
    for number in range(size - staging):
        count = min(chance.randint(1, 3), len(assets))
        inputs = chance.sample(assets, count)
        make = _filtered if chance.random() < 0.5 else _grouped
        assets.append(make(number, tuple(a.address for a in inputs), chance.randint(1, 50)))
    return Workload(tuple(assets), rows)


def raw_statements(rows: int) -> list[str]:
    """Return the statements that fill the raw tables."""
    statements = ["create schema if not exists raw"]
    statements += [
        f"create or replace table raw.t{n} as select i::bigint as id, (i % {n + 7})::bigint as grp, "
        f"'label ' || (i * {n + 3} % 97) as label, date '2024-01-01' + (i % 365)::integer as day, "
        f"(hash(i + {n}) % 1000)::bigint as qty, (i % 11)::bigint as score from range({rows}) as r(i)"
        for n in range(RAW_TABLES)
    ]
    return statements


def _staging(number: int) -> Asset:
    source = f"raw.t{number % RAW_TABLES}"
    template = (
        "select id, grp, upper(label) as label, day, qty * {salt} as qty, score + "
        f"{number} as score\nfrom {{0}}\nwhere qty >= {number % 5}\n"
    )
    return Asset("staging", f"s{number:05d}", (source,), template)


def _joined(count: int) -> tuple[str, str, str]:
    """Return the FROM clause over `count` inputs, and the aliases of the second and the third (or what stands in)."""
    clause = "from {0} as a\n"
    if count > 1:
        clause += "join {1} as b on a.id = b.id\n"
    if count > 2:
        clause += "left join {2} as c on a.id = c.id\n"
    return clause, "b" if count > 1 else "a", "c" if count > 2 else "a"


def _filtered(number: int, inputs: tuple[str, ...], bound: int) -> Asset:
    clause, second, third = _joined(len(inputs))
    template = (
        f"select a.id, a.grp, {second}.label, a.day,\n"
        f"  (a.qty + {second}.qty * {{salt}}) % 100003 as qty, coalesce({third}.score, 0) + 1 as score\n"
        f"{clause}where a.qty >= {bound}\n"
    )
    return Asset("marts", f"m{number:05d}", inputs, template)


def _grouped(number: int, inputs: tuple[str, ...], bound: int) -> Asset:
    clause, second, third = _joined(len(inputs))
    template = (
        f"select a.id % {900 + bound} as id, min(a.grp) as grp, max({second}.label) as label, max(a.day) as day,\n"
        f"  (sum(a.qty + {third}.qty * {{salt}}) % 100003)::bigint as qty, count(*) as score\n"
        f"{clause}group by a.id % {900 + bound}\n"
    )
    return Asset("marts", f"m{number:05d}", inputs, template)
