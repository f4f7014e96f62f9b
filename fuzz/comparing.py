"""Comparisons held against a look at every column: what versions or digests leave out must be equal.

Two builds of one address are compared by a key of chance, up the ladder and then with nothing left out. Both give the
same numbers, or the ladder believed what is not so.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.common_columns import common_columns
from headgate.core.comparison import ColumnDifference, Comparison
from headgate.core.declarations import Kind
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import digest
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.recipe import Shape
from headgate.core.records import Build, BuildStatus
from headgate.core.versions import Versions
from headgate.evidence.compare import Asks, Pair, compare, content_of
from headgate.evidence.wishes import Wish
from headgate.plugins.engines.compare_texts import Ask, counted
from headgate.plugins.engines.duckdb_compares import WORDS, is_unique
from headgate.plugins.engines.fingerprint_texts import Hashing, fingerprint


@dataclass(frozen=True)
class Told:
    """A table with its columns, and the versions under which it counts."""

    table: str
    shape: Shape
    versions: Versions


def wrong_comparison(before: Told, after: Told, ask: Ask, hashing: Hashing, chance: random.Random) -> str:
    """Return how the ladder's numbers are other ones than those of a look at every column; empty where they are not."""
    names = [new.name for _, new in common_columns(before.shape, after.shape).both]
    key = tuple(chance.sample(names, min(len(names), chance.choice((0, 1, 1, 2)))))
    sides = Side(before.table, before.shape), Side(after.table, after.shape)

    def looked(pairing: Pairing, _sample: int = 0) -> Counted:
        return counted(ask, pairing, WORDS, lambda side: is_unique(ask, pairing, side), 0)

    def digested(side: Side, by: tuple[str, ...], beside: Fingerprint | None) -> Fingerprint | None:
        return fingerprint(ask, side, by, WORDS, hashing, lambda _: False, beside)

    asks = Asks(lambda _: (before.table, after.table), digested, looked)
    found = compare(_pair(before, after, key, ask), {}, asks).comparison
    whole = looked(Pairing(*sides, key, tuple(name for name in names if name not in key)))
    if (ours := _numbers(found)) == (theirs := _numbers(whole)):
        return ""
    return f"by {key} the ladder ({found.rung.value}) says {ours}, a look says {theirs} {found.incomplete}"


def _pair(before: Told, after: Told, key: tuple[str, ...], ask: Ask) -> Pair:
    older, newer = (_build(one, int(ask(f"select count(*) from {one.table}")[0][0])) for one in (before, after))
    contents = tuple(content_of(one, lambda address: digest("none", address)) for one in (older, newer))
    wish = Wish((key,) if key else ())
    both = contents[0], contents[1]
    return Pair(older.address, older, newer, before.shape, after.shape, both, wish, protected=frozenset())


def _build(told: Told, rows: int) -> Build:
    identity = digest("table", told.table)
    return Build(
        id=identity, key=identity, address=Address("m.compared"), kind=Kind.TABLE, engine="local", shape=told.shape,
        recipe=identity, versions=told.versions, reads={}, inputs={}, relation=told.table, status=BuildStatus.SEALED,
        created_at="2026-01-01T00:00:00Z", rows=rows,
    )  # fmt: skip


def _numbers(found: Comparison | Counted) -> tuple[int, int, int, int, int, Mapping[str, int]]:
    """Return how many rows there are on both sides, added, removed and changed, and changed by column where any is."""
    columns: tuple[ColumnDifference, ...] = found.columns
    changed = {column.name: column.changed for column in columns if column.changed}
    return found.rows_before, found.rows_after, found.added, found.removed, found.changed, changed
