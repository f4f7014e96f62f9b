"""`python -m crash`: kill, race and read Headgate on real files, and print a table of what it found (README.md)."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from crash import kills, planted, races, readers
from crash.databases import Databases
from crash.worlds import Worlds

CAMPAIGNS = ("calls", "random", "harm", "races", "threads", "processes", "planted")
PLACES = ("duckdb", "postgres")
NAMES = tuple(scenario.name for scenario in kills.SCENARIOS)
AT_ONCE = {"duckdb": 2, "postgres": 4}
"""How many kills are played at once. On PostgreSQL the next command waits some seconds for one that was killed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    campaign: str
    runs: int
    what: str
    faults: tuple[str, ...]
    seconds: float


def main(arguments: list[str]) -> int:
    """Run the campaigns; return 1 where a fault was found."""
    parser = argparse.ArgumentParser(prog="python -m crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="random kills, beside those at every call (500)")
    parser.add_argument("--harms", type=int, default=500, help="servers crashed and connections cut, PostgreSQL (500)")
    parser.add_argument("--races", type=int, default=100, help="starts of every pair of commands (100)")
    parser.add_argument("--seconds", type=float, default=20, help="how long readers read, each time (20)")
    parser.add_argument("--every", type=int, default=1, help="of all calls, kill at every N-th only (1)")
    parser.add_argument("--only", choices=CAMPAIGNS, action="append", help="this campaign; may be repeated")
    parser.add_argument("--scenario", choices=NAMES, action="append", help="kill in this one alone; may be repeated")
    parser.add_argument("--on", choices=PLACES, action="append", help="state and warehouse are here; both by default")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier run")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    lines: list[Line] = []
    for place in options.on or PLACES:
        with tempfile.TemporaryDirectory(prefix="crash-") as folder, _places(place, Path(folder)) as places:
            lines += run(options, place, places, random.Random(seed))
    return tell(lines)


@contextmanager
def _places(place: str, folder: Path) -> Iterator[list[Worlds]]:
    """Give the worlds for those who work at the same time: on PostgreSQL each has a server, for it is crashed."""
    if place == "duckdb":
        yield [Worlds(folder)] * AT_ONCE[place]
        return
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(Databases())) for _ in range(AT_ONCE[place])]
        yield [Worlds(folder / str(number), one) for number, one in enumerate(databases)]


def run(options: argparse.Namespace, place: str, places: list[Worlds], chance: random.Random) -> list[Line]:
    """Run what was asked for, in one place."""
    wanted = set(options.only or CAMPAIGNS) - ({"harm"} if place == "duckdb" else {"threads", "planted"})
    lines = list(_all_killed(options, wanted, places, chance))
    if "races" in wanted and options.races:
        lines += [_raced(pair, max(int(options.races * pair.share), 1), places[0], chance) for pair in races.PAIRS]
    if "threads" in wanted and options.seconds:
        lines.append(_read("threads", lambda: readers.threads(places[0], options.seconds)))
    if "processes" in wanted and options.seconds:
        for name, course in readers.COURSES.items():
            lines.append(_read(f"processes, {name}", partial(readers.processes, places[0], options.seconds, course)))
    if "planted" in wanted:
        lines += [_hunted(name, places[0], chance) for name in planted.BUGS]
    return [replace(line, campaign=f"{place}: {line.campaign}") for line in lines]


def _all_killed(
    options: argparse.Namespace, wanted: set[str], places: list[Worlds], chance: random.Random
) -> Iterator[Line]:
    if not {"calls", "random", "harm"} & wanted:
        return
    began = time.monotonic()
    wished = options.scenario or NAMES
    references = {s: kills.measure(s, places[0]) for s in kills.SCENARIOS if s.name in wished}
    print(f"measured in {time.monotonic() - began:.0f} s", file=sys.stderr)
    if "calls" in wanted:
        for scenario, reference in references.items():
            planned = list(kills.at_every_call(scenario, reference, chance))[:: options.every]
            yield _killed(f"kill {scenario.name}", planned, references, places, len(reference.calls))
    if "random" in wanted and options.kills:
        planned = list(kills.at_random(references, options.kills, chance))
        yield _killed("kill at random", planned, references, places, 0)
    if "harm" in wanted and options.harms:
        planned = list(kills.with_harm(references, options.harms, chance))
        yield _killed("crash and cut", planned, references, places, 0)


def _killed(
    name: str,
    planned: list[kills.Kill],
    references: dict[kills.Scenario, kills.Reference],
    places: list[Worlds],
    calls: int,
) -> Line:
    began = time.monotonic()
    tally = kills.carry_out(planned, references, places, _shown(name, len(planned)))
    at = f"{calls} calls, " if calls else ""
    what = f"{at}{tally.kills:,} killed; old {tally.old}, new {tally.new}"
    return Line(name, tally.runs, what, tuple(tally.faults), time.monotonic() - began)


def _raced(pair: races.Pair, count: int, worlds: Worlds, chance: random.Random) -> Line:
    began = time.monotonic()
    tally = races.race(pair, count, worlds, chance, _shown(pair.name, count))
    what = f"both {tally.both}, lease held {tally.held}, stale {tally.stale}, refused otherwise {tally.other}"
    return Line(f"race {pair.name}", tally.runs, what, tuple(tally.faults), time.monotonic() - began)


def _read(name: str, read: Callable[[], readers.Tally]) -> Line:
    began = time.monotonic()
    tally = read()
    sides = " and ".join(f"{times:,}" for times in tally.seen.values())
    what = f"{tally.moves} moves; sides seen {sides} times"
    return Line(f"read in {name}", tally.reads, what, tuple(tally.faults), time.monotonic() - began)


def _hunted(name: str, worlds: Worlds, chance: random.Random) -> Line:
    began = time.monotonic()
    runs, found = planted.hunt(name, worlds, chance)
    missed = () if found else (f"the planted bug was not found: {name}",)
    return Line(f"planted {name}", runs, f"found: {found[:90]}", missed, time.monotonic() - began)


def _shown(name: str, count: int) -> Callable[[kills.Tally | races.Tally], None]:
    def show(tally: kills.Tally | races.Tally) -> None:
        if tally.runs % 20 == 0 or tally.runs == count:
            print(f"  {name}: {tally.runs} of {count}, faults {len(tally.faults)}", file=sys.stderr, flush=True)

    return show


def tell(lines: list[Line]) -> int:
    """Print the table, and the first faults of each campaign."""
    width = max((len(line.campaign) for line in lines), default=0)
    print(f"{'campaign':<{width}}  {'runs':>7}  {'faults':>6}  {'seconds':>7}  what")
    for line in lines:
        print(f"{line.campaign:<{width}}  {line.runs:>7,}  {len(line.faults):>6}  {line.seconds:>7.0f}  {line.what}")
    for line in lines:
        for fault in line.faults[:20]:
            print(f"FAULT {fault}")
    found = sum(len(line.faults) for line in lines)
    print(f"{found} faults, {sum(line.seconds for line in lines):.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
