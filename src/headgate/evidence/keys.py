"""Under which key an answer is kept: the measure, and the versions of all that it looks at.

Two builds whose rows pair off, with equal values in the columns that are looked at, give equal answers (law of reuse,
`core/recipe.py`). So an edit of one column measures nothing again that looks at others, and an unchanged build nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from typing import TypeAlias

from headgate.core.address import Address, fold
from headgate.core.declarations import Kind
from headgate.core.hashing import Digest, Part, digest
from headgate.core.measures import Fragment, Measure, Orphans, Unequal, columns_of, digest_of, fragments_of, others_of
from headgate.core.recipe import Aspect, Shape
from headgate.core.records import Build
from headgate.sql.conditions import Understood

MEASURING = 2
"""The number of the way in which measures are found. Raise it when the same rows get another answer."""

PROFILING = 3
"""The number of the way in which columns are profiled. Raise it when the same values get another profile."""

Understand: TypeAlias = Callable[[Fragment, Shape], Understood]
"""Gives the columns that a fragment reads of a table with the columns of a shape."""


def key_of(measure: Measure, build: Build, others: Mapping[Address, Build], understood: Understand) -> Digest | None:
    """Return the key of the answer to a measure of ``build``; None where the same rows may give another one tomorrow.

    ``others`` are the builds of the assets that it looks at beside it.
    """
    if any(one.kind is Kind.VIEW for one in (build, *(others[other] for other in others_of(measure)))):
        return None  # what a view shows is made at each reading: of live sources, by the clock
    looked_at: dict[Address, set[str]] = {other: set() for other in others_of(measure)}
    own = set() if _is_of_other(measure) else set(columns_of(measure))
    if isinstance(measure, Orphans):
        looked_at[measure.to].update(measure.to_columns)
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
    return digest("evidence", MEASURING, build.engine, digest_of(measure), *versions)


def profile_keys(build: Build, protected: Set[str] = frozenset()) -> Mapping[str, Digest]:
    """Return for each column the key of its profile: where two are equal, so are the values, and how often each stands.

    Of ``protected`` columns, folded, only counts are kept: under keys of their own. Of a view there are no keys: what
    it shows is made at each reading.
    """
    if build.kind is Kind.VIEW:
        return {}
    rows, versions = build.versions.rows, build.versions.columns
    keys = {
        column.name: digest("profile", PROFILING, build.engine, column.type, rows, versions[column.name])
        for column in build.shape
    }
    return {name: digest("counts of", key) if fold(name) in protected else key for name, key in keys.items()}


def _is_of_other(measure: Measure) -> bool:
    """Tell whether the measured table itself does not count: how many rows another one has."""
    return bool(getattr(measure, "of", ""))


def _versions(build: Build, columns: set[str]) -> Iterator[Part]:
    """Yield the version of the rows, and the names and versions of columns: two of them may change places."""
    yield build.versions.rows
    for name in sorted(columns, key=fold):
        version = build.versions.of(Aspect.COLUMN, name)
        if version is None:
            raise AssertionError(f"the build of {build.address} has no column {name}")
        yield fold(name), version
