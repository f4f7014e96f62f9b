"""What is declared to be unique in an asset: by that its rows are told from each other."""

from __future__ import annotations

from collections.abc import Iterator

from headgate.core.address import fold
from headgate.core.declarations import Properties
from headgate.core.loading import VALID_FROM
from headgate.core.promises import ConstraintKind


def keys_of(properties: Properties) -> tuple[tuple[str, ...], ...]:
    """Return each key once, the surest first: one that may be NULL comes behind one that may not."""
    return tuple(dict.fromkeys(_keys(properties)))


def _keys(properties: Properties) -> Iterator[tuple[str, ...]]:
    """Yield the columns of each key, some more than once."""
    constraints = properties.constraints
    yield from (one.columns for one in constraints if one.kind is ConstraintKind.PRIMARY_KEY and one.columns)
    yield from (one.columns for one in constraints if one.kind is ConstraintKind.UNIQUE and one.columns)
    loading = properties.loading
    if loading is not None and loading.merging is not None:
        yield loading.merging.key
    if loading is not None and loading.tracking is not None:
        yield (*loading.tracking.key, VALID_FROM)
    tests = [test for test in properties.tests if test.is_enabled and not test.where]
    filled = {fold(test.column) for test in tests if test.kind == "not_null"}
    unique = [(test.column,) for test in tests if test.kind == "unique" and test.column]
    yield from (key for key in unique if fold(key[0]) in filled)
    for test in tests:
        listed = test.arguments.get("columns" if test.kind == "unique" else "combination_of_columns")
        if "unique" in test.kind and isinstance(listed, (list, tuple)) and listed:
            yield tuple(map(str, listed))
    yield from unique
