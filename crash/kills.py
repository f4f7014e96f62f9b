"""Kill a command at every call of store and engine, at statements, inside of them, and at random instants.

On PostgreSQL the server is crashed and connections are cut at such points as well: the command may bear it or say that
it cannot go on. After each kill everything is checked as it lies there; then the next command runs, and it is checked
again; then the same command must do the rest, once, and have nothing more to do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from crash.check import Head, check
from crash.process import POINT, Command, Ended, Hangs, headgate
from crash.projects import URL
from crash.warehouses import read_state
from crash.worlds import Worlds

WRITING = {
    "open_sqlite_store", "open_duckdb", "open_postgres_store", "open_postgres", "acquire", "commit", "release", "close",
    "adopt", "fence", "build", "drop", "publish", "begin_load", "load_part", "end_load", "take_out_loads",
}  # fmt: skip
"""The calls that may write. (Reading the first time makes the state file: that is before the next call.)"""

HARMS = ("server", "connections")
"""What is harmed beside the process itself: the server is killed, all connections to the database are cut."""

UNTOUCHED_TRIED = 4
"""Where a kill left the files as they were, byte by byte, the rest of the run is known; one in so many is run."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A command in a world. ``again`` finishes what was begun; ``idle`` are commands that then have nothing to do.

    ``is_exact`` tells whether the command leads to the same contents however often it is begun; a variant of an earlier
    scenario is killed at the calls that write only.
    """

    name: str
    world: str
    command: tuple[str, ...]
    again: tuple[str, ...]
    idle: tuple[tuple[str, ...], ...]
    is_exact: bool = True
    is_variant: bool = False


_STATUS, _SQL = ("status",), ("sql", "dev", "select version from staging.stamp")
_PLAN = ("plan", "dev", "--exit-code")
_APPLY, _PROMOTE, _GC = ("apply", "dev", "--yes"), ("promote", "dev", "--yes"), ("gc", "--yes")
_RUN = ("run", "prod")
_ADOPT = (*_PROMOTE, "--adopt")
_ROLLBACK, _DROP = ("rollback", "prod", "--to", "1", "--yes"), ("gc", "--drop-environment", "pr-1", "--yes")

SCENARIOS = (
    Scenario("first apply", "new", _APPLY, _APPLY, (_PLAN,)),
    Scenario("apply", "edited", _APPLY, _APPLY, (_PLAN,)),
    Scenario(
        "refresh", "edited", ("apply", "dev", "--refresh", "--yes"), _APPLY, (_PLAN,), is_exact=False, is_variant=True
    ),
    Scenario("promote", "applied", _PROMOTE, _PROMOTE, (("plan", "prod", "--exit-code"), _PROMOTE)),
    Scenario("rollback", "promoted", _ROLLBACK, _ROLLBACK, (_ROLLBACK, _PLAN)),
    Scenario("adopt", "taken", _ADOPT, _ADOPT, (("plan", "prod", "--exit-code"), _PROMOTE), is_variant=True),
    Scenario("give back", "adopted", _ROLLBACK, _ROLLBACK, (_ROLLBACK, _PLAN), is_variant=True),
    Scenario("run", "reloaded", _RUN, _RUN, (_RUN,)),
    Scenario("run after a rollback", "undone", _RUN, _RUN, (_RUN,), is_variant=True),
    Scenario("gc", "littered", _GC, _GC, (_GC, ("plan", "pr-1", "--exit-code"))),
    Scenario("gc --drop-environment", "littered", _DROP, _DROP, (_GC, _PLAN), is_variant=True),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """The scenario without a kill: what was shown before and after, how many builds are left, its calls and time."""

    old: Mapping[str, Head]
    new: Mapping[str, Head]
    builds: int
    calls: tuple[tuple[str, float], ...]
    statements: tuple[tuple[str, float], ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Kill:
    """One run to be: ``spec`` for the launcher, or ``seconds`` after which the parent kills. ``then`` comes next.

    Where there is ``harm`` (one of ``HARMS``), that is done in place of the kill, ``seconds`` after the point.
    """

    scenario: Scenario
    told: str
    spec: dict[str, Any] | None
    seconds: float
    then: tuple[str, ...]
    harm: str = ""


@dataclass(slots=True)
class Tally:
    """What a campaign has done so far."""

    runs: int = 0
    kills: int = 0
    old: int = 0
    new: int = 0
    faults: list[str] = field(default_factory=list)


def measure(scenario: Scenario, worlds: Worlds) -> Reference:
    """Run the scenario three times without a kill, twice under the launcher that counts."""
    counted: dict[str, tuple[tuple[str, float], ...]] = {}
    for level in ("call", "statement"):
        world = worlds.copy(scenario.world)
        told = world.with_suffix(".count")
        _must(headgate(world, *scenario.command, spec={"level": level, "count": str(told)}))
        lines = [line.partition(" ")[2].rpartition(" ") for line in told.read_text().splitlines()]
        counted[level] = tuple((name, float(seconds)) for name, _, seconds in lines)
        worlds.remove(world)
    world = worlds.copy(scenario.world)
    old = check(world, is_settled=True)
    ended = _must(headgate(world, *scenario.command))
    new = check(world, is_settled=True)
    for checked in (old, new):
        if checked.faults:
            raise RuntimeError(f"{scenario.name}, without any kill: {checked.faults}")
    if (old.heads, old.builds) == (new.heads, new.builds):
        raise RuntimeError(f"{scenario.name} leaves all as it was: there is nothing to be killed in")
    for idle in scenario.idle:
        _must(headgate(world, *idle))
    worlds.remove(world)
    return Reference(old.heads, new.heads, new.builds, counted["call"], counted["statement"], ended.seconds)


def at_every_call(scenario: Scenario, reference: Reference, chance: random.Random) -> Iterator[Kill]:
    """Yield a kill before each call, and after each that writes: after the others it is before the next one."""
    for number, (name, _) in enumerate(reference.calls):
        is_writing = name.rpartition(".")[2] in WRITING
        for when in ("before", "after") if is_writing else () if scenario.is_variant else ("before",):
            spec = {"level": "call", "kill": number, "when": when}
            yield Kill(scenario, f"{when} call {number}, {name}", spec, 0.0, _next(scenario, chance))


def at_random(references: Mapping[Scenario, Reference], count: int, chance: random.Random) -> Iterator[Kill]:
    """Yield kills: a third at statements, a third inside of slow calls, a third at any instant of the process."""
    scenarios = list(references)
    for number in range(count):
        scenario = scenarios[number % len(scenarios)]
        reference, then = references[scenario], _next(scenario, chance)
        kind = number // len(scenarios) % 3
        if kind == 0:
            point = chance.randrange(len(reference.statements))
            when = chance.choice(("before", "after"))
            told = f"{when} statement {point}, {reference.statements[point][0]}"
            yield Kill(scenario, told, {"level": "statement", "kill": point, "when": when}, 0.0, then)
        elif kind == 1:
            slow = sorted(range(len(reference.statements)), key=lambda n: -reference.statements[n][1])
            point = chance.choice(slow[: max(len(slow) // 4, 1)])
            name, seconds = reference.statements[point]
            delay = chance.uniform(0, 1.2 * seconds)
            told = f"{delay * 1000:.2f} ms into statement {point}, {name}"
            yield Kill(scenario, told, {"level": "statement", "kill": point, "when": delay}, 0.0, then)
        else:
            instant = chance.uniform(0.2, 1.0) * reference.seconds
            yield Kill(scenario, f"at {instant * 1000:.0f} ms", None, instant, then)


def with_harm(references: Mapping[Scenario, Reference], count: int, chance: random.Random) -> Iterator[Kill]:
    """Yield harm done to the server and to connections, in turn: at calls that write, at statements, inside of both."""
    scenarios = list(references)
    for number in range(count):
        scenario = scenarios[number % len(scenarios)]
        reference, then = references[scenario], _next(scenario, chance)
        harm = HARMS[number // len(scenarios) % len(HARMS)]
        level = chance.choice(("call", "statement"))
        points = reference.calls if level == "call" else reference.statements
        writing = [n for n, (name, _) in enumerate(points) if level != "call" or name.rpartition(".")[2] in WRITING]
        point = chance.choice(writing)
        name, seconds = points[point]
        when = chance.choice(("before", "after", chance.uniform(0, 1.2 * seconds)))
        spec = {"level": level, "kill": point, "when": when, "tell": POINT}
        told = f"{harm}, {when if isinstance(when, str) else f'{when * 1000:.2f} ms into'} {level} {point}, {name}"
        yield Kill(scenario, told, spec, 0.0 if isinstance(when, str) else when, then, harm)


def carry_out(
    kills: Sequence[Kill],
    references: Mapping[Scenario, Reference],
    places: Sequence[Worlds],
    report: Callable[[Tally], None],
) -> Tally:
    """Make all kills, one at a time in each of the places; return the figures."""
    tally = Tally()
    free: SimpleQueue[Worlds] = SimpleQueue()
    for worlds in places:
        free.put(worlds)
    with ThreadPoolExecutor(len(places)) as pool:
        found = pool.map(partial(_one, references=references, free=free), enumerate(kills))
        for kill, (was_killed, side, faults) in zip(kills, found, strict=True):
            tally.runs += 1
            tally.kills += was_killed
            tally.old += side == "old"
            tally.new += side == "new"
            name = " ".join(kill.scenario.command)
            tally.faults += [f"{name}, killed {kill.told}, then {' '.join(kill.then)}: {fault}" for fault in faults]
            report(tally)
    return tally


def _one(
    numbered: tuple[int, Kill], *, references: Mapping[Scenario, Reference], free: SimpleQueue[Worlds]
) -> tuple[bool, str, list[str]]:
    """Return whether it was killed, which side was seen afterwards, and the faults."""
    number, kill = numbered
    worlds = free.get()
    try:
        world = worlds.copy(kill.scenario.world)
        try:
            is_known = worlds.databases is None and number % UNTOUCHED_TRIED
            known = files_of(worlds.get(kill.scenario.world)) if is_known else None
            return _played(kill, references[kill.scenario], world, worlds, known)
        finally:
            worlds.remove(world)
    except (Hangs, RuntimeError) as fault:
        return True, "", [str(fault)]
    except Exception as fault:
        return True, "", [f"{type(fault).__name__}: {fault}"]
    finally:
        free.put(worlds)


def files_of(world: Path) -> dict[str, bytes]:
    """Return the files of warehouse and state; an empty log is as good as none."""
    found = {p.name: p.read_bytes() for p in world.glob("warehouse.*") if not p.name.endswith(("-shm", ".lock"))}
    return {name: content for name, content in found.items() if content}


def _played(
    kill: Kill, reference: Reference, world: Path, worlds: Worlds, known: Mapping[str, bytes] | None
) -> tuple[bool, str, list[str]]:
    killed, is_killed = _killed(kill, world, worlds)
    may_fail = kill.harm and killed.status in (1, 3)
    faults = [killed.told()] if killed.is_rude or not (killed.is_killed or killed.status == 0 or may_fail) else []
    if files_of(world) == known:
        return is_killed, "old", faults
    after_kill = check(world, is_settled=False)
    faults += [f"after the kill: {fault}" for fault in after_kill.faults]
    side = _side(kill, reference, after_kill.heads)
    faults += [] if side else [f"after the kill it shows neither the old nor the new: {after_kill.heads}"]
    if kill.then != kill.scenario.again:
        faults += _next_one(kill, reference, world)
    faults += _finished(kill, reference, world)
    return is_killed, side, faults


def _next_one(kill: Kill, reference: Reference, world: Path) -> Iterator[str]:
    """Run another command than the one that was killed; yield where it leaves neither the old nor the new."""
    then = headgate(world, *kill.then, *_patience(kill.then, world))
    if then.status:
        yield then.told()
    found = check(world, is_settled=kill.then == _GC)
    yield from (f"after the next command: {fault}" for fault in found.faults)
    if not _side(kill, reference, found.heads):
        yield f"the next command left {found.heads}"


def _killed(kill: Kill, world: Path, worlds: Worlds) -> tuple[Ended, bool]:
    """Return how the command ended, and whether it was killed or harm was done."""
    command = Command(world, *kill.scenario.command, spec=kill.spec)
    if kill.harm and worlds.databases:
        databases, url = worlds.databases, (world / URL).read_text()
        harm = databases.crash if kill.harm == "server" else partial(databases.cut, url)
        was_harmed = command.harm_after(kill.seconds, harm)
        return command.end(), was_harmed
    if kill.spec is None:
        command.kill_after(kill.seconds)
    ended = command.end()
    return ended, ended.is_killed


def _finished(kill: Kill, reference: Reference, world: Path) -> Iterator[str]:
    """Run what finishes the command; yield where that fails, does too much, or leaves something to do."""
    again = headgate(world, *kill.scenario.again, *_patience(kill.scenario.again, world))
    if again.status:
        yield again.told()
    whole = check(world, is_settled=True)
    yield from (f"after the same command: {fault}" for fault in whole.faults)
    if kill.scenario.is_exact and whole.heads != reference.new:
        yield f"the same command led to {whole.heads}, must be {reference.new}"
    if kill.scenario.command[0] == "gc" and whole.builds != reference.builds:
        yield f"{whole.builds} builds are left, must be {reference.builds}"
    for idle in kill.scenario.idle:
        ended = headgate(world, *idle)
        if ended.status:
            yield f"something is left to do: {ended.told()}"
    state = read_state(world)
    serials = {name: record["serial"] for name, record in state.all("environments").items()}
    if serials != {name: head.serial for name, head in whole.heads.items()}:
        yield f"what should do nothing led from {whole.heads} to {serials}"


def _patience(command: tuple[str, ...], world: Path) -> tuple[str, ...]:
    """Return the words that make a command wait: on PostgreSQL a killed process holds its leases for some seconds."""
    is_changing = command[0] in ("apply", "promote", "rollback", "run", "gc")
    return ("--wait", "60s") if is_changing and (world / URL).exists() else ()


def _side(kill: Kill, reference: Reference, heads: Mapping[str, Head]) -> str:
    """Return ``old`` or ``new``, whichever it shows whole; nothing where it is neither."""
    if dict(heads) == dict(reference.old) or not any(
        head.serial for head in (*heads.values(), *reference.old.values())
    ):
        return "old"
    if dict(heads) == dict(reference.new):
        return "new"
    if not kill.scenario.is_exact:
        return (
            "new" if {n: h.serial for n, h in heads.items()} == {n: h.serial for n, h in reference.new.items()} else ""
        )
    return ""


def _next(scenario: Scenario, chance: random.Random) -> tuple[str, ...]:
    """Return the next command: mostly the same again, else one that looks or one that cleans up."""
    others = [_STATUS, _GC] if scenario.world == "new" else [_STATUS, _GC, _SQL]
    return chance.choice(others) if chance.random() < 0.3 else scenario.again


def _must(ended: Ended) -> Ended:
    if ended.status:
        raise RuntimeError(ended.told())
    return ended
