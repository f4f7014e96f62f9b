"""What incrementals and snapshots have to hold, as small and as plain as it can be said: dicts and loops over hours.

Nothing here is taken from the product: a grain is a label that each hour has, data is a list of rows, and what an
environment shows is a value that moves copy. It says nothing of storages, keys or versions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
FOREVER = datetime(9999, 1, 1)  # noqa: DTZ001


class Row(NamedTuple):
    """A row of the source; ``at`` is UTC where the column is an instant, else what the wall clock showed."""

    id: int
    at: datetime
    v: int
    gone: bool


Data = tuple[Row, ...]


@dataclass(frozen=True)
class Settings:
    """How the world of one sequence is made."""

    grain: str
    zone: str
    is_instant: bool
    lookback: int
    start: datetime
    deletes: str
    closes_missing: bool
    by_timestamp: bool


def label(settings: Settings, at: datetime) -> str:
    """Return the grain that a moment of the column falls into."""
    wall = at.replace(tzinfo=UTC).astimezone(ZoneInfo(settings.zone)) if settings.is_instant else at
    if settings.grain == "hour":
        return f"{at:%Y-%m-%d %H}"  # no zone here is off by half an hour
    return f"{wall:%Y-%m-%d}" if settings.grain == "day" else f"{wall:%Y-%m}"


def complete(settings: Settings, now: datetime) -> list[str]:
    """Return the grains that are over at ``now`` (UTC), from the start on, in order: hour by hour."""
    if settings.is_instant:
        local = settings.start.replace(tzinfo=ZoneInfo(settings.zone))
        hour, end = local.astimezone(UTC).replace(tzinfo=None), now
    else:
        wall = now.replace(tzinfo=UTC).astimezone(ZoneInfo(settings.zone)).replace(tzinfo=None)
        hour, end = settings.start, wall
    found: dict[str, bool] = {}
    first = label(settings, hour)
    while hour <= end:
        found[label(settings, hour)] = True
        hour += HOUR
    del found[label(settings, end)]  # it is not over
    return [one for one in found if one >= first]


@dataclass(frozen=True)
class Made:
    """What one asset shows: by which code, from which data, and what came of it.

    ``content`` is, by kind: rows by label; rows by key; a tuple of states with their times. ``line`` are the loads that
    it came about by, itself included, as numbers that are given once.
    """

    code: int
    read: Data
    content: Any
    covered: frozenset[str] = frozenset()
    line: frozenset[int] = field(default=frozenset(), compare=False)
    number: int = field(default=0, compare=False)


NUMBERS = count(1)
TIMED = ("inc", "both")
"""The assets that are loaded by time."""


def _after(base: Made | None, made: Made) -> Made:
    number = next(NUMBERS)
    return replace(made, number=number, line=(base.line if base else frozenset()) | {number})


@dataclass(frozen=True)
class Shown:
    """What an environment shows, asset by asset, and which data it has read."""

    assets: dict[str, Made] = field(default_factory=dict)
    read: Data = ()


def load(
    name: str, settings: Settings, base: Made | None, code: int, data: Data, now: datetime, *, is_run: bool
) -> Made:
    """Return the asset after one load; ``base`` is what it goes on with."""
    is_new = base is None or base.read != data
    if name in TIMED:
        made = _by_time(name, settings, base, code, data, now, is_new=is_new, is_due=is_run or is_new)
        if (
            base
            and (made.content, made.covered) == (base.content, base.covered)
            and not _wanted(settings, base, now, is_new=is_new, is_due=is_run or is_new)
        ):
            return replace(base, code=code, read=data)  # nothing came in: it stands for the new data, too
        return _after(base, made)
    if not is_new and base is not None:
        return base
    if name == "key":
        return _after(base, _by_key(settings, base, code, data))
    return _after(base, _history(settings, base, code, data, now))


def _bases(own: Made | None, beside: Made | None, code: int) -> list[Made]:
    """Return what may be gone on with: one's own, unless what came in beside since then is not in it."""
    found = [made for made in (own, beside) if made and made.code == code]
    is_behind = len(found) == 2 and found[1].number not in found[0].line
    return found[1:] if is_behind else found


def _by_time(
    name: str,
    settings: Settings,
    base: Made | None,
    code: int,
    data: Data,
    now: datetime,
    *,
    is_new: bool,
    is_due: bool,
) -> Made:
    return reloaded(name, settings, base, code, data, _wanted(settings, base, now, is_new=is_new, is_due=is_due))


def _wanted(settings: Settings, base: Made | None, now: datetime, *, is_new: bool, is_due: bool) -> set[str]:
    """Return the grains that a load takes: what is due and, with new input, the newest that were loaded."""
    covered = base.covered if base else frozenset()
    over = complete(settings, now)
    wanted = {one for one in over if one not in covered} if is_due else set()
    known = [one for one in over if one in covered]
    return wanted | (set(known[-settings.lookback :]) if is_new and settings.lookback else set())


def reloaded(name: str, settings: Settings, base: Made | None, code: int, data: Data, wanted: set[str]) -> Made:
    """Return the asset with these grains taken from the data anew."""
    if name == "both":
        return _newest_by_key(settings, base, code, data, wanted)
    content = dict(base.content) if base else {}
    for one in wanted:
        content[one] = tuple(sorted((r.id, r.at, r.v * code) for r in data if label(settings, r.at) == one))
    return Made(code, data, content, (base.covered if base else frozenset()) | wanted)


def _newest_by_key(settings: Settings, base: Made | None, code: int, data: Data, wanted: set[str]) -> Made:
    """Return the rows by key: the latest of each, of those in the grains and of those that are not asked for anew.

    A row that is gone leaves nothing behind, so where rows may be gone all grains after the first are asked for.
    """
    covered = base.covered if base else frozenset()
    if settings.deletes == "flag" and wanted:
        wanted = {one for one in wanted | covered if one >= min(wanted)}
    content = dict(base.content) if base else {}
    for row in sorted((keyed(row) for row in data), key=lambda row: row.at):
        old = content.get(row.id)
        if label(settings, row.at) not in wanted:
            continue
        if old and label(settings, old[0]) not in wanted and old[0] > row.at:
            continue
        if settings.deletes == "flag" and row.gone:
            content.pop(row.id, None)
        else:
            content[row.id] = (row.at, row.v * code)
    return Made(code, data, content, covered | wanted)


def keyed(row: Row) -> Row:
    """Return a row of the source as the query of the asset by key and time gives it: several have one key."""
    return row._replace(id=row.id % 3, at=row.at + timedelta(seconds=row.id))


def _by_key(settings: Settings, base: Made | None, code: int, data: Data) -> Made:
    content = dict(base.content) if base else {}
    for row in data:
        if settings.deletes == "flag" and row.gone:
            content.pop(row.id, None)
        else:
            content[row.id] = (row.at, row.v * code)
    if settings.deletes == "missing":
        content = {key: value for key, value in content.items() if key in {row.id for row in data}}
    return Made(code, data, content)


def _history(settings: Settings, base: Made | None, code: int, data: Data, now: datetime) -> Made:
    states = list(base.content) if base else []
    given = {row.id: row for row in data}
    current = {state[0]: state for state in states if state[4] is None}

    def close(old: Any, until: datetime) -> None:
        states.remove(old)
        states.append((*old[:4], max(until, old[3])))

    for key, row in given.items():
        since = row.at if settings.by_timestamp else now
        old = current.get(key)
        if old is not None:
            is_other = row.at > old[1] if settings.by_timestamp else (row.at, row.v * code) != old[1:3]
            if not is_other:
                continue
            close(old, since)
        begins = max([since, *(state[4] for state in states if state[0] == key)])  # no two states at once
        states.append((key, row.at, row.v * code, begins, None))
    if settings.closes_missing:
        for key, old in current.items():
            if key not in given:
                close(old, now)
    return Made(code, data, tuple(states))


def applied(settings: Settings, own: Shown, beside: Shown, codes: dict[str, int], data: Data, now: datetime) -> Shown:
    """Return what an environment shows after an apply beside a protected one."""
    assets = {}
    for name, code in codes.items():
        bases = _bases(own.assets.get(name), beside.assets.get(name), code)
        current = next((made for made in bases if made.read == data), None)
        base = bases[0] if bases else None
        assets[name] = current or load(name, settings, base, code, data, now, is_run=False)
    return Shown(assets, data)


def labels_between(settings: Settings, since: datetime, until: datetime) -> frozenset[str]:
    """Return the grains that lie between two times of the wall clock, as far as they touch that."""
    if settings.is_instant:
        zone = ZoneInfo(settings.zone)
        since, until = (t.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) for t in (since, until))
    hours = (until - since) // HOUR
    return frozenset(label(settings, since + number * HOUR) for number in range(hours))


def run(
    settings: Settings,
    shown: Shown,
    beside: Shown,
    data: Data,
    now: datetime,
    asked: frozenset[str] = frozenset(),
) -> Shown:
    """Return what an environment shows after a run: its own code on the data that is there.

    ``asked`` are grains that are loaded again on purpose.
    """
    assets = {}
    for name, made in shown.assets.items():
        bases = _bases(made, beside.assets.get(name), made.code)
        current = next((one for one in bases if one.read == data), None)
        is_due = name in TIMED and current and any(g not in current.covered for g in complete(settings, now))
        again = asked & set(complete(settings, now)) if name in TIMED else frozenset()
        if again:
            base = current or bases[0]
            wanted = set(again) | _wanted(settings, base, now, is_new=base.read != data, is_due=True)
            assets[name] = _after(base, reloaded(name, settings, base, made.code, data, wanted))
        elif current and not is_due:
            assets[name] = current
        else:
            assets[name] = load(name, settings, bases[0], made.code, data, now, is_run=True)
    return Shown(assets, data)


def promoted(own: Shown, other: Shown, codes: dict[str, int]) -> list[Shown]:
    """Return what a protected environment may show after it took over from ``other``; nothing where it cannot."""
    found = []
    for read in {own.read, other.read}:
        assets: dict[str, Made] = {}
        for name, code in codes.items():
            kept, taken = own.assets.get(name), other.assets.get(name)
            is_kept = kept is not None and (kept.code, kept.read) == (code, read)
            is_taken = taken is not None and (taken.code, taken.read) == (code, read) and _holds(taken, kept)
            if taken and is_taken and not (kept and is_kept and not _is_further(taken, kept)):
                assets[name] = taken
            elif kept and is_kept:
                assets[name] = kept
        if assets.keys() == codes.keys():
            found.append(Shown(assets, read))
    return found


def _holds(taken: Made, kept: Made | None) -> bool:
    """Tell whether nothing that came into what is shown now would be lost."""
    if kept is None:
        return True
    return kept.covered <= taken.covered and (kept.code != taken.code or kept.number in taken.line)


def _is_further(taken: Made, kept: Made) -> bool:
    """Tell whether what came into the one since then is all that tells them apart."""
    return kept.number in taken.line and taken.number not in kept.line


def is_counted(shown: Shown, sides: Iterable[Shown]) -> bool:
    """Tell whether one of the sides has all loads that would be shown: only there is the table that reads them all."""
    numbers = {name: made.number for name, made in shown.assets.items()}
    return any(numbers == {name: made.number for name, made in side.assets.items()} for side in sides)


def table_of(name: str, made: Made) -> list[tuple[Any, ...]]:
    """Return the rows that people read, sorted."""
    if name == "inc":
        return sorted(row for rows in made.content.values() for row in rows)
    if name in ("key", "both"):
        return sorted((key, *value) for key, value in made.content.items())
    return sorted(made.content, key=lambda s: (s[0], s[3], s[4] or FOREVER))
