"""Fingerprints: digests of what a relation holds. Equal ones prove equal content; different ones prove nothing.

Equal sums of single columns prove nothing either, as values that are swapped between rows keep all of them. So the
digest of a column is over its values together with the key of their rows, where the key is unique and never NULL;
beside them is one over whole rows. Each is two sums over 64-bit hashes of rows, which do not depend on their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.core.address import fold
from headgate.core.comparison import NO_FAULTS, KeyFacts
from headgate.core.hashing import Digest


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What was found in one pass over a relation.

    ``method`` names the engine, its version and the way: digests are compared under one method only. ``columns`` has
    the digest of the key under the empty name, and that of each column with the key by folded name; of a column whose
    type cannot be digested that is empty, and nobody knows whether it is equal. ``columns`` is empty where the key
    does not say which row is which. ``whole`` is over whole rows, empty where there is none; ``beginning`` is over
    those that the engine gives first: it tells early of many tables that they are other ones, and proves nothing.
    ``order`` is over the keys, or the whole rows, with their places in the table; empty where that was not asked for or
    rows have none. Names and full types are inside of digests.
    """

    method: str
    rows: int
    key: tuple[str, ...] = ()
    keys: KeyFacts = NO_FAULTS
    columns: Mapping[str, Digest] = field(default_factory=dict)
    whole: Digest = Digest("")
    order: Digest = Digest("")
    beginning: Digest = Digest("")


def are_equal(before: Fingerprint, after: Fingerprint) -> bool:
    """Tell whether two fingerprints prove that the relations hold the same rows. Both are of all columns."""
    if before.method != after.method or before.rows != after.rows:
        return False
    if before.whole and before.whole == after.whole:
        return True
    is_keyed = bool(before.columns) and before.key == after.key
    return is_keyed and before.columns == after.columns and all(before.columns.values())


def equal_columns(before: Fingerprint, after: Fingerprint) -> frozenset[str]:
    """Return the folded names of columns that are proven to have the same values under the same keys; "" is the key.

    Nothing, unless both sides have the same keys.
    """
    if (
        before.method != after.method
        or before.rows != after.rows
        or tuple(map(fold, before.key)) != tuple(map(fold, after.key))
    ):
        return frozenset()
    found = frozenset(name for name, one in before.columns.items() if one and after.columns.get(name) == one)
    return found if "" in found else frozenset()
