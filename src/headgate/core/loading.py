"""How data comes into an asset that is not made anew each time: by intervals of time, by key, or as a history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from headgate.core.hashing import Digest
from headgate.core.intervals import Interval, Intervals


class Grain(StrEnum):
    """The units in which time passes for an asset; weeks begin on Monday (ISO 8601)."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Timing:
    """Rows belong to intervals of ``grain`` by the time in ``column``.

    ``zone`` is where days begin. ``lookback`` counts the newest of the loaded grains, which are loaded again
    whenever there is new input. ``start`` is the first moment of the first grain; without it the first load takes all
    that there is. ``batch`` is how many grains one statement loads at most; 0: as many as are missing.
    """

    column: str
    grain: Grain = Grain.DAY
    zone: str = "UTC"
    lookback: int = 0
    start: str = ""
    batch: int = 0


class Deletion(StrEnum):
    """What tells that a row is gone."""

    NEVER = "never"
    MISSING = "missing"  # the query no longer gives its key
    FLAGGED = "flagged"  # a column of the query says so


@dataclass(frozen=True, slots=True)
class Merging:
    """A row replaces the one with the same ``key``; NULL counts as a value there.

    ``flag`` is the column that is true where a row is gone, with ``Deletion.FLAGGED``.
    """

    key: tuple[str, ...]
    deletion: Deletion = Deletion.NEVER
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Tracking:
    """Every state of a row is kept with the time from which and until which it was so.

    This is a slowly changing dimension of type 2 (Kimball, The Data Warehouse Toolkit, chapter 5). A row is
    another one where ``updated_at`` grew or, without it, where one of ``checked`` differs (none named: any column but
    the key). ``closes_missing``: a key that the query no longer gives ends.
    """

    key: tuple[str, ...]
    updated_at: str = ""
    checked: tuple[str, ...] = ()
    closes_missing: bool = False


VALID_FROM, VALID_TO = "valid_from", "valid_to"
"""The columns that a snapshot has beside those of its query; ``valid_to`` is NULL for what is so now."""


@dataclass(frozen=True, slots=True)
class Loading:
    """What is declared of an incremental (``timing``, ``merging`` or both) or of a snapshot (``tracking`` alone).

    ``keeps_history``: a changed recipe holds for what comes from then on, and what is there stays.
    """

    timing: Timing | None = None
    merging: Merging | None = None
    tracking: Tracking | None = None
    keeps_history: bool = False


class Fork(NamedTuple):
    """A load of another table: the rows that it shows were copied, and loads went on from there."""

    relation: str
    number: int


@dataclass(frozen=True, slots=True)
class Load:
    """What a build of such an asset holds: the rows of its table that are visible at ``number``.

    ``base`` is the build that it continues, None where it began anew. ``covered`` are the intervals that have been
    loaded so far, ``loaded`` those that this load took. ``is_part``: it was asked to hold only the newest rows, those
    from ``since`` on. ``axis`` is what the moments of its intervals are counted on. ``forks`` are the loads that it
    goes on from in other tables. ``is_draft``: some of its rows were loaded by its code while that was in no commit.

    Records from before the last three were kept have none of them: such a copy goes on from its base alone, such a
    part begins with what it covers, and all code counts as committed.
    """

    number: int
    base: Digest | None
    covered: Intervals
    loaded: Intervals
    is_part: bool = False
    axis: str = ""
    since: str = ""
    forks: tuple[Fork, ...] = ()
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a step loads: ``parts``, each in a transaction of its own; none for what is loaded as a whole.

    ``base`` is the build that it continues; ``copies``: into a table of its own, as others go on from that build, or
    its columns differ. ``now`` is the present of the plan, in UTC. ``covered`` is what is covered afterwards. ``lost``
    is what was covered before and begins earlier than the asset does now. The others are those of ``Load``.
    """

    parts: Intervals
    covered: Intervals
    base: Digest | None
    copies: bool
    now: str
    is_part: bool = False
    axis: str = ""
    since: str = ""
    is_draft: bool = False
    lost: Intervals = ()


def load_from_json(body: Mapping[str, Any]) -> Load:
    """Return the load of its stored form, which is its plain one."""
    return Load(
        number=body["number"],
        base=body["base"],
        covered=_intervals(body["covered"]),
        loaded=_intervals(body["loaded"]),
        is_part=body["is_part"],
        axis=body["axis"],
        since=body.get("since", ""),
        forks=tuple(Fork(relation, number) for relation, number in body.get("forks", ())),
        is_draft=body.get("is_draft", False),
    )


def load_plan_from_json(body: Mapping[str, Any]) -> LoadPlan:
    """Return the plan of a load of its stored form, which is its plain one."""
    told = {name: _intervals(body.get(name, ())) for name in ("parts", "covered", "lost")}
    return LoadPlan(**{**body, **told})


def _intervals(body: Iterable[Sequence[str]]) -> Intervals:
    return tuple(Interval(start, end) for start, end in body)
