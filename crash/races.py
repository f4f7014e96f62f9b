"""Two commands started together: what comes of it is what one after the other would give, and the loser is told.

On PostgreSQL every second race is that of two machines: the other command runs in a copy of the folder.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crash.check import Head, check
from crash.process import Command, Ended, Hangs, headgate
from crash.worlds import Worlds

_APPLY, _PROMOTE, _GC = ("apply", "dev", "--yes"), ("promote", "dev", "--yes"), ("gc", "--yes")
_ROLLBACK, _RUN = ("rollback", "prod", "--yes"), ("run", "prod")

HELD, STALE = "HG501", "HG502"

MEETINGS_MIN = 20
"""In so many races some loser must meet the lease: else leases are not kept, or the two never met."""

AGAIN_EVERY = 4
"""In every so many races the loser runs again."""


_Start = tuple[Path, tuple[str, ...]]
"""Where a command is started, and which."""

Outcomes = tuple[list[Mapping[str, Head]], float]
"""What an order of the two, or one of them alone, leads to; and the seconds by which one may start earlier."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two commands in a world; ``share`` tells how many of the campaign's starts the pair gets."""

    name: str
    world: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    share: float = 1.0


PAIRS = (
    Pair("two applies", "edited", _APPLY, _APPLY),
    Pair("an apply and a promote", "reloaded", _APPLY, _PROMOTE),
    Pair("a promote and a rollback", "ahead", _PROMOTE, _ROLLBACK),
    Pair("two runs", "reloaded", _RUN, _RUN, 0.5),
    Pair("a run and an apply", "reloaded", _RUN, _APPLY, 0.5),
    Pair("a run and a promote", "reloaded", _RUN, _PROMOTE, 0.5),
    Pair("gc and a promote", "littered", _GC, _PROMOTE),
    Pair("gc and an apply", "littered", _GC, ("apply", "pr-2", "--yes"), 0.25),
    Pair("applies to two environments", "edited", _APPLY, ("apply", "pr-2", "--yes"), 0.25),
)


@dataclass(slots=True)
class Tally:
    """What a campaign has done so far: how often both won, one found the lease held, one found its plan stale."""

    runs: int = 0
    both: int = 0
    held: int = 0
    stale: int = 0
    other: int = 0
    faults: list[str] = field(default_factory=list)


def race(
    pair: Pair,
    count: int,
    worlds: Worlds,
    chance: random.Random,
    report: Callable[[Tally], None],
    *,
    known: Outcomes | None = None,
) -> Tally:
    """Start the pair so often; return the figures."""
    tally = Tally()
    allowed, overlap = known or outcomes(pair, worlds)
    for number in range(count):
        head_start = chance.uniform(-overlap, overlap)
        world = worlds.copy(pair.world)
        beside = worlds.beside(world) if worlds.databases and number % 2 else world
        try:
            faults = _raced(pair, (world, beside), head_start, allowed, tally)
        except Hangs as hangs:
            faults = [str(hangs)]
        finally:
            worlds.remove(world)
        tally.runs += 1
        tally.faults += [f"{pair.name}, head start {head_start * 1000:.0f} ms: {fault}" for fault in faults]
        report(tally)
    if count >= MEETINGS_MIN and not tally.held:
        tally.faults.append(f"{pair.name}: in {count} races nobody found the lease held")
    return tally


def _raced(
    pair: Pair, at: tuple[Path, Path], head_start: float, allowed: list[Mapping[str, Head]], tally: Tally
) -> list[str]:
    world, beside = at
    ended = _together((world, pair.first), (beside, pair.second), head_start)
    faults = [one.told() for one in ended if one.is_rude or one.status not in (0, 1)]
    for one, other in (ended, ended[::-1]):
        if one.status == 1:
            faults += _loser(one, other, tally)
    tally.both += all(one.status == 0 for one in ended)
    if all(one.status == 1 for one in ended):
        faults.append(f"both lost: {ended[0].told()} / {ended[1].told()}")
    found = check(world, is_settled=True)
    faults += found.faults
    if found.heads not in allowed:
        faults.append(f"it shows {found.heads}, which no order of the two gives: {ended[0].told()} {ended[1].told()}")
    if tally.runs % AGAIN_EVERY == 0:
        faults += _afterwards(world, ended)
    return faults


def _together(first: _Start, second: _Start, head_start: float) -> tuple[Ended, Ended]:
    """Start both, the first one so many seconds earlier (later, where negative); return both."""
    if head_start < 0:
        late, early = _together(second, first, -head_start)
        return early, late
    one = Command(first[0], *first[1])
    time.sleep(head_start)
    two = Command(second[0], *second[1])
    return one.end(), two.end()


def _loser(one: Ended, other: Ended, tally: Tally) -> Iterator[str]:
    """Yield where a command that was refused does not say why: who holds the lease, or what has moved."""
    if HELD in one.err:
        tally.held += 1
        if f"process {other.pid}" not in one.err or "crash@" not in one.err:
            yield f"the holder is not named: {one.told()}"
    elif STALE in one.err:
        tally.stale += 1
    else:
        tally.other += 1
        if "HG" not in one.err:
            yield f"it does not say why: {one.told()}"


def _afterwards(world: Path, ended: tuple[Ended, Ended]) -> Iterator[str]:
    """Run again what lost to a lease; yield where it fails or doubles anything."""
    for one in ended:
        if one.status == 1 and HELD in one.err:
            again = headgate(world, *one.arguments)
            if again.is_rude or again.status not in (0, 1):
                yield again.told()
            yield from check(world, is_settled=True).faults


def outcomes(pair: Pair, worlds: Worlds) -> Outcomes:
    """Return what the commands alone and one after the other lead to, and how long the shorter one takes."""
    found: list[Mapping[str, Head]] = []
    seconds: list[float] = []
    for order in ((pair.first,), (pair.second,), (pair.first, pair.second), (pair.second, pair.first)):
        world = worlds.copy(pair.world)
        for command in order:
            ended = headgate(world, *command)
            seconds.append(ended.seconds)
        checked = check(world, is_settled=True)
        if checked.faults:
            raise RuntimeError(f"{pair.name}, one after the other: {checked.faults}")
        found.append(checked.heads)
        worlds.remove(world)
    return found, min(seconds) / 2
