"""What an engine is asked to do for tables that are loaded again and again: their *storages*.

A storage is a physical table with two columns more, ``_headgate_from`` and ``_headgate_to``. Load ``n`` shows the rows
with ``_headgate_from <= n < _headgate_to``. A load writes rows with its own number, which nobody shows before it is
published, and marks those that it replaces as ending with it; so whoever shows an earlier number sees what he saw, and
a rollback is another number. Loads of one storage follow each other; who goes on from an earlier one copies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.intervals import Interval, Intervals
from headgate.core.loading import Merging, Tracking
from headgate.core.recipe import Shape

FROM, TO = "_headgate_from", "_headgate_to"
"""The columns of a storage beside those of its asset."""

COPIED = 0
"""What stands in ``_headgate_from`` of rows that a storage began with: they are there before its first load."""

NO_END = 9_223_372_036_854_775_807
"""What stands in ``_headgate_to`` of a row that no load has replaced."""


@dataclass(frozen=True, slots=True)
class Visible:
    """The rows of a storage that are visible at load ``number``."""

    relation: str
    number: int


@dataclass(frozen=True, slots=True)
class LoadStart:
    """A load to begin, or to go on with where an attempt under the same ``key`` was cut off.

    ``base`` are the rows that it begins with, None for none; they stay in their storage unless ``copies``: then, and
    without a base, ``relation`` becomes the storage. Columns of ``shape`` that the base lacks are NULL in copied rows.
    ``fence`` is that of the lease: from now on nobody with another one makes parts of the load, or ends it.
    """

    key: Digest
    address: Address
    relation: str
    shape: Shape
    base: Visible | None
    base_shape: Shape
    copies: bool
    fence: int


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """A load on its way: its storage and number, the parts that were made already, and the fence of who began it last.

    The fence is None where nothing is to be loaded: what shows the same rows gets one more build.
    """

    storage: Visible
    done: Intervals
    fence: int | None


@dataclass(frozen=True, slots=True)
class Replacing:
    """What the part gives takes the place of all rows for which ``within`` holds, a condition on the rows."""

    within: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What the part gives takes the place of the rows with its keys.

    With ``time`` the rows have their times in that column, and of the rows of one key the latest stays: of those that
    the part gives, and against the one that is there. That one goes all the same where ``asked`` holds, a condition on
    a row called ``old``: its time is in what the load asks for anew.
    """

    merging: Merging
    time: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A history goes on: ``now`` is SQL text of the present, for what has no time of its own."""

    tracking: Tracking
    now: str


Change: TypeAlias = "Replacing | Merged | Tracked"
"""What a part does to the rows that are there."""


@dataclass(frozen=True, slots=True)
class LoadPart:
    """One statement's worth of a load: the rows of ``sql`` for which ``within`` holds (empty: all of them).

    ``interval`` names the part. The query must give exactly ``shape``, without ``valid_from`` and ``valid_to`` where
    the change is ``Tracked``.
    """

    address: Address
    interval: Interval
    sql: str
    shape: Shape
    within: str
    change: Change


@dataclass(frozen=True, slots=True)
class LoadEnd:
    """A load that is whole: it becomes a row of ``headgate.builds``, and the newest of its storage."""

    id: Digest
    address: Address
    shape: Shape
    fence: int
