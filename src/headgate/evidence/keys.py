"""Under which key an answer is kept: the measure, and the versions of all that it looks at.

Two builds whose rows pair off, with equal values in the columns that are looked at, give equal answers (law of reuse,
`core/recipe.py`). So an edit of one column measures nothing again that looks at others, and an unchanged build nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from headgate.core.address import Address
from headgate.core.hashing import Digest, digest
from headgate.core.measures import Measure, Orphans, Unequal, columns_of, digest_of, fragments_of, others_of
from headgate.core.recipe import Aspect
from headgate.core.records import Build
from headgate.sql.conditions import Understood

Understand = Callable[..., Understood]
"""Gives the columns that a fragment reads of a table with the columns of a shape."""


def key_of(measure: Measure, build: Build, others: Mapping[Address, Build], understood: Understand) -> Digest | None:
    """Return the key of the answer to a measure of ``build``; None where the same rows may give another one tomorrow.

    ``others`` are the builds of the assets that it looks at beside it.
    """
    looked_at: dict[Address, set[str]] = {other: set() for other in others_of(measure)}
    own = set() if _is_of_other(measure) else set(columns_of(measure))
    if isinstance(measure, Orphans):
        looked_at[measure.to].add(measure.to_column)
    if isinstance(measure, Unequal):
        looked_at[measure.to].update(measure.columns)
    for fragment in fragments_of(measure):
        shape = others[fragment.of].shape if fragment.of else build.shape
        found = understood(fragment, shape)
        if found.is_volatile:
            return None
        (looked_at[fragment.of] if fragment.of else own).update(found.columns)
    versions = [] if _is_of_other(measure) else [tuple(_versions(build, own))]
    versions += [tuple(_versions(others[other], names)) for other, names in sorted(looked_at.items())]
    return digest("evidence", build.engine, digest_of(measure), *versions)


def _is_of_other(measure: Measure) -> bool:
    """Tell whether the measured table itself does not count: how many rows another one has."""
    return bool(getattr(measure, "of", ""))


def _versions(build: Build, columns: set[str]) -> Iterator[Digest]:
    yield build.versions.rows
    for name in sorted(columns):
        version = build.versions.of(Aspect.COLUMN, name)
        if version is None:
            raise AssertionError(f"the build of {build.address} has no column {name}")
        yield version
