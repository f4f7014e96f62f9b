"""A build beside the one that it would replace: what differs, how far that was looked at, and what was not done.

Everything is seen from the older side: *added* rows stand only in the newer one. A comparison climbs a ladder and stops
on the first rung that answers: the same content by construction, equal by hash, row by row by a key, else as bags of
rows. What could not be finished says so in ``incomplete`` and never counts as equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.recipe import Shape


class Rung(StrEnum):
    """How the answer was found; the values are what people read."""

    NEW = "nothing to compare with"
    SAME = "identical by construction"
    EQUAL = "equal by hash"
    KEYED = "compared by key"
    BAG = "compared as a bag of rows"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """By how much numbers may differ and still count as equal: ``absolute`` plus ``relative`` of the older value."""

    absolute: float = 0.0
    relative: float = 0.0


EXACT = Tolerance()
"""That of values which have to be equal."""


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """One column over the rows that both sides have: how many changed, and how many beyond the tolerance.

    ``greatest`` is the greatest absolute difference of numbers; None of anything else.
    """

    name: str
    changed: int
    beyond: int
    tolerance: Tolerance = EXACT
    greatest: float | None = None


@dataclass(frozen=True, slots=True)
class Retyped:
    """A column that has another type."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShapeDifference:
    """How the columns differ. Names are compared as engines do, without regard to case."""

    added: Shape = ()
    removed: Shape = ()
    retyped: tuple[Retyped, ...] = ()
    is_reordered: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped or self.is_reordered)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What one side's keys are like: rows with a NULL in the key, keys that stand in several rows, and those rows."""

    nulls: int = 0
    repeated: int = 0
    rows_repeated: int = 0


NO_FAULTS = KeyFacts()
"""Those of keys that say which row they are."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs, as texts by column; None is NULL.

    ``before`` is empty where it was added, ``after`` where it was removed; else ``columns`` are those that changed.
    Of a value of more than 1,000 characters some rows to look at have the beginning, with a mark that says so.
    """

    before: tuple[str | None, ...]
    after: tuple[str | None, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Differences:
    """Some of the rows that differ, the same ones each time, under their columns: the key first."""

    columns: tuple[str, ...] = ()
    rows: tuple[Difference, ...] = ()


NO_DIFFERENCES = Differences()
"""Those of rows at which nobody looked."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a distribution moved: an effect size beside what chance alone would give for so many rows.

    ``measure`` names the effect ("Wasserstein distance"), ``effect`` its size without unit, ``floor`` what it has to
    exceed to count. ``told`` says it in a few words. ``way`` is its direction, ``up`` or ``down``, empty where it has
    none.
    """

    column: str
    measure: str
    effect: float
    floor: float
    told: str
    way: str = ""

    @property
    def is_beyond(self) -> bool:
        """Tell whether it counts."""
        return self.effect > self.floor


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of laying one build beside another.

    ``before`` and ``after`` are the ids of builds, empty where it is about other tables. ``removed`` and ``added``
    count rows; of a table that is brought back after it was lost, ``rows_before`` alone is known. By key, ``changed``
    counts rows of which some compared column differs beyond its tolerance; rows whose key does not say which row they
    are (a NULL in it, or several rows of one key) are compared as a bag, among the added and removed. ``proven`` are
    columns that need no look: their versions are equal. ``moved`` are sources that moved on between the two builds:
    then a difference need not come from the code. ``unkeyed`` says why there is no key to compare by. ``incomplete``
    says what was not done, and why.

    With ``data`` the comparison is about the code alone: its older side is what the code that is shown makes of the
    data that the newer side was made of, and ``data`` lays the build that is shown beside that. ``unisolated`` says
    why that was asked for, and is not so.
    """

    address: Address
    before: Digest = Digest("")
    after: Digest = Digest("")
    rung: Rung = Rung.NEW
    rows_before: int = 0
    rows_after: int = 0
    key: tuple[str, ...] = ()
    keys_before: KeyFacts = KeyFacts()
    keys_after: KeyFacts = KeyFacts()
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: tuple[ColumnDifference, ...] = ()
    proven: tuple[str, ...] = ()
    shape: ShapeDifference = field(default_factory=ShapeDifference)
    differences: Differences = Differences()
    drifts: tuple[Drift, ...] = ()
    moved: tuple[Address, ...] = ()
    unkeyed: str = ""
    incomplete: str = ""
    data: Comparison | None = None
    unisolated: str = ""

    @property
    def rows_both(self) -> int:
        """How many rows both sides have, changed or not: what a column changes in is a share of those."""
        return max(0, self.rows_before - self.removed)

    @property
    def is_equal(self) -> bool:
        """Tell whether both sides are known to hold the same rows in the same columns, exactly; ``data``, too."""
        if self.incomplete or self.shape or self.rung in (Rung.NEW, Rung.INCOMPLETE):
            return False
        if self.data is not None and not self.data.is_equal:
            return False
        return not (self.added or self.removed or self.changed or any(column.changed for column in self.columns))
