"""What the repository says of comparing an asset: its key, how near numbers have to be, on which data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from headgate.core.address import fold
from headgate.core.comparison import EXACT, Tolerance
from headgate.core.declarations import Properties
from headgate.core.loading import VALID_FROM
from headgate.core.promises import ConstraintKind
from headgate.core.recipe import Shape

NO_KEY = "no key is declared"
"""Why rows are compared as a bag where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished of a comparison: ``keys`` are the declared ones, the surest first; ``tolerances`` by column.

    ``is_isolated``: what the code does is to be told apart from what new data does.
    """

    keys: tuple[tuple[str, ...], ...] = ()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    is_isolated: bool = False

    def key_in(self, before: Shape, after: Shape) -> tuple[tuple[str, ...], str]:
        """Return the first key that both sides have, by the newer one's names; where there is none, why."""
        names = {fold(column.name): column.name for column in after}
        older = {fold(column.name) for column in before}
        for key in self.keys:
            folded = [fold(name) for name in key]
            if all(name in names and name in older for name in folded):
                return tuple(names[name] for name in folded), ""
        if not self.keys:
            return (), NO_KEY
        lacking = [name for name in self.keys[0] if fold(name) not in older or fold(name) not in names]
        side = "before" if fold(lacking[0]) not in older else "now"
        return (), f"the key {', '.join(self.keys[0])} is not on both sides: {', '.join(lacking)} is missing {side}"


NO_WISH = Wish()
"""That of an asset of which nothing is said."""


def wish_of(properties: Properties) -> Wish:
    """Return what an asset's properties say."""
    keys = tuple(dict.fromkeys(_keys(properties)))
    near = {fold(c.name): c.tolerance for c in properties.columns if c.tolerance != EXACT}
    return Wish(keys, near, properties.is_isolated)


def _keys(properties: Properties) -> Iterator[tuple[str, ...]]:
    """Yield what is declared to be unique, the surest first: a key that may be NULL comes behind one that may not."""
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
