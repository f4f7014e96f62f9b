"""What a new build has in common with the one that it replaces, as versions: so that readers need not be made again.

The law of reuse (``core/recipe.py``): builds with equal row versions have rows that pair off such that columns with
equal versions have equal values in each pair. Fingerprints prove that of a new build and an old one; then the new one
takes the old one's versions. What is not proven equal must not be mistaken for what others call by the same version
together with the old rows, so it gets one that says which rows it was computed with.
"""

from __future__ import annotations

from headgate.core.address import fold
from headgate.core.common_columns import name_called
from headgate.core.fingerprints import Fingerprint, are_equal, equal_columns
from headgate.core.hashing import Digest, digest
from headgate.core.versions import Versions


def equal_versions(new: Versions, old: Versions, *, found: Fingerprint, before: Fingerprint) -> Versions | None:
    """Return the versions under which a new build counts beside an old one; None where nothing is proven to be equal.

    ``new`` and ``old`` are their own; the fingerprints, ``found`` and ``before``, are made by the same key. Equal keys
    pair the rows off; where whole rows were digested all is equal or nothing is.
    """
    if found.columns:
        equal = equal_columns(before, found)
    else:
        equal = frozenset(map(fold, old.columns)) if are_equal(before, found) else frozenset()
    if not equal:
        return None
    equal |= {fold(name) for name in found.key}
    rows = new.rows
    is_in_order = bool(found.order) and found.order == before.order
    theirs = {name: name_called(old.columns, name) for name in new.columns if fold(name) in equal}
    return Versions(
        old.rows,
        old.order if is_in_order else _apart(new.order, rows),
        {
            name: old.columns[was] if (was := theirs.get(name)) else _apart(version, rows)
            for name, version in new.columns.items()
        },
    )


def _apart(version: Digest, rows: Digest) -> Digest:
    """Return the version of what is of these rows, whatever version they count under."""
    return digest("of rows", version, rows)
