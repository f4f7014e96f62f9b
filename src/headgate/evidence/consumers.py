"""Consumers: what reads assets from outside, a dashboard say, and what a change does to those who look at it. Pure.

A consumer reads what it was released to read, whatever the change says of it, and what the change adds to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.core.address import Address, fold
from headgate.core.diagnostic import Place
from headgate.core.gate import Finding, Level, Topic
from headgate.core.listing import listed
from headgate.core.properties import Uses

_TOLD_MAX = 3


@dataclass(frozen=True, slots=True)
class Consumer:
    """What reads assets from outside, a dashboard: its owner, and the columns that it uses by asset."""

    address: Address
    owner: str
    uses: Uses
    place: Place | None = None


def uses_joined(before: Uses, after: Uses) -> Uses:
    """Return what is read by either.

    >>> uses_joined({"m.a": ("x",), "m.b": ("x",)}, {"m.a": ("y",), "m.b": ()})
    {'m.a': ('x', 'y'), 'm.b': ()}
    """
    found = dict(before)
    for address, columns in after.items():
        known = found.get(address, columns)
        found[address] = tuple(dict.fromkeys((*known, *columns))) if known and columns else ()
    return found


def uses_lost(before: Uses, after: Uses) -> tuple[str, ...]:
    """Return what is not read any more, as people read it.

    >>> uses_lost({"m.a": ("x", "y"), "m.b": ("x",), "m.c": ()}, {"m.a": ("x",), "m.c": ("z",)})
    ('m.a (y)', 'm.b (x)', 'm.c but for z')
    """
    found: list[str] = []
    for address, columns in before.items():
        left = after.get(address)
        if left is None:
            found.append(f"{address} ({listed(columns)})" if columns else address)
        elif left and not columns:
            found.append(f"{address} but for {listed(left)}")
        elif left and (lost := [name for name in columns if fold(name) not in set(map(fold, left))]):
            found.append(f"{address} ({listed(lost)})")
    return tuple(found)


def findings_of_consumers(consumers: Iterable[Consumer], found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return which consumers are reached by what was found, weighed: what is only shown reaches nobody.

    One of the owner of the asset is told of, no more.
    """
    by_address: dict[Address, list[Finding]] = {}
    for one in found:
        if one.level is not Level.SHOW and one.topic in _REACHING:
            by_address.setdefault(one.address, []).append(one)
    reached = (_reached(consumer, by_address) for consumer in consumers)
    return tuple(finding for finding in reached if finding is not None)


_REACHING = frozenset(
    {
        Topic.EMPTY, Topic.REMOVED, Topic.ADDED, Topic.CHANGED, Topic.COUNT, Topic.DRIFT, Topic.COLUMN_REMOVED,
        Topic.COLUMN_RETYPED, Topic.CONTRACT, Topic.ASSET_REMOVED, Topic.UNSTABLE, Topic.KEY,
    }
)  # fmt: skip
"""Topics of what a reader notices."""

_OF_COLUMNS = frozenset(
    {Topic.CHANGED, Topic.DRIFT, Topic.COLUMN_REMOVED, Topic.COLUMN_RETYPED, Topic.CONTRACT, Topic.UNSTABLE}
)


def _reached(consumer: Consumer, found: Mapping[Address, list[Finding]]) -> Finding | None:
    columns: dict[Address, list[str]] = {}
    owners: set[str] = set()
    parts: list[str] = []
    for address, used in consumer.uses.items():
        names = frozenset(map(fold, used))
        hits = [f for f in found.get(address, ()) if f.topic not in _OF_COLUMNS or not names or fold(f.column) in names]
        if hits:
            columns[address] = list(dict.fromkeys(f.column for f in hits if f.topic in _OF_COLUMNS and f.column))
            owners |= {one.owner for one in hits}
            parts += [f"{address}.{f.column}" if f.topic in _OF_COLUMNS and f.column else address for f in hits]
    if not columns:
        return None
    told = listed([f"{a} ({listed(names, _TOLD_MAX)})" if names else a for a, names in columns.items()], _TOLD_MAX)
    is_of_others = bool(consumer.owner) and owners != {consumer.owner}
    return Finding(
        Topic.CONSUMER, consumer.address, Level.SHOW, f"reads what changes: {told}", amount=float(is_of_others),
        owner=consumer.owner, place=consumer.place, parts=dict.fromkeys(parts, 1.0),
    )  # fmt: skip
