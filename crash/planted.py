"""Bugs that are planted from outside, to see that the campaigns find them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from crash import kills, races
from crash.process import PLANTED
from crash.worlds import Worlds

RUNS_MAX = 60
AT_ONCE = 2
SCENARIOS = ("apply", "rollback")
INSIDE = tuple(number / 10 for number in range(1, 10))
LEASES = "every lease is granted"


def forget_the_intent() -> None:
    """Let the switch happen without the state having been told before."""
    from headgate.release import publish

    setattr(publish, "open_intent", lambda *_, **__: None)  # noqa: B010 - mypy: it is not exported


def tear_the_switch() -> None:
    """Make every statement of a switch a transaction of its own."""
    from headgate.plugins.engines import duckdb

    @contextmanager
    def torn(_: object) -> Iterator[None]:
        yield

    setattr(duckdb, "transaction", torn)  # noqa: B010 - mypy: it is not exported


def seal_early() -> None:
    """Let builds be found before the engine has made them."""
    from headgate.run.ledger import Ledger

    begin = Ledger.begin

    def sealing(ledger: Ledger, builds: Any, **named: Any) -> None:
        begin(ledger, builds, **named)
        ledger.seal([_sealed(build) for build in builds])

    setattr(Ledger, "begin", sealing)  # noqa: B010 - mypy knows what a method is, and that this is none


def skip_recovery() -> None:
    """Leave what a crash left half done."""
    from headgate.release import recover

    def nothing(*, store: Any, engine: Any, **_: Any) -> tuple[()]:
        if engine.state() is None:
            engine.adopt(store.identity())
        return ()

    recover.recover = nothing


def grant_every_lease() -> None:
    """Let two commands change the warehouse at once."""
    from headgate.plugins.stores import sqlite

    class Free:
        def free(self) -> None:
            return

    setattr(sqlite, "try_lock", lambda _: Free())  # noqa: B010


def collect_what_is_retained() -> None:
    """Drop what a rollback needs."""
    from headgate.release import collect

    collect._replaced = lambda *_, **__: set()


BUGS: Mapping[str, Callable[[], None]] = {
    "the intent is forgotten": forget_the_intent,
    "the switch is torn": tear_the_switch,
    "builds are sealed early": seal_early,
    "recovery is skipped": skip_recovery,
    LEASES: grant_every_lease,
    "gc drops what is retained": collect_what_is_retained,
}


def hunt(
    name: str, worlds: Worlds, chance: random.Random, *, scenarios: Sequence[str] = SCENARIOS, at: str = ""
) -> tuple[int, str]:
    """Play with a bug until it is found; return how many runs that took, and the first fault, empty if none.

    Kills are those of ``scenarios`` whose points are called by a text with ``at`` in it.
    """
    if name == LEASES:
        return _raced(name, worlds, chance)
    references = {s: kills.measure(s, worlds) for s in kills.SCENARIOS if s.name in scenarios}
    every = [kill for s, reference in references.items() for kill in _worthwhile(s, reference, chance)]
    killing = [kill for kill in every if at in kill.told]
    chance.shuffle(killing)
    return _killed(name, killing[:RUNS_MAX], references, worlds)


def _raced(name: str, worlds: Worlds, chance: random.Random) -> tuple[int, str]:
    pair = races.PAIRS[0]
    outcomes = races.outcomes(pair, worlds)
    count = races.MEETINGS_MIN
    with _planted(name):
        faults = races.race(pair, count, worlds, chance, lambda _: None, known=outcomes).faults
    return count, faults[0] if faults else ""


def _killed(
    name: str, killing: Sequence[kills.Kill], references: Mapping[kills.Scenario, kills.Reference], worlds: Worlds
) -> tuple[int, str]:
    with _planted(name):
        for number in range(0, len(killing), AT_ONCE):
            some = killing[number : number + AT_ONCE]
            if faults := kills.carry_out(some, references, [worlds] * AT_ONCE, lambda _: None).faults:
                return number + len(some), faults[0]
    return len(killing), ""


@contextmanager
def _planted(name: str) -> Iterator[None]:
    PLANTED.append(name)
    try:
        yield
    finally:
        PLANTED.clear()


def _worthwhile(scenario: kills.Scenario, reference: kills.Reference, chance: random.Random) -> Iterator[kills.Kill]:
    """Yield kills at calls that write, after some statements, and inside of switches."""
    for kill in kills.at_every_call(scenario, reference, chance):
        if kill.told.rpartition(".")[2] in kills.WRITING:
            yield kill
    for number in chance.sample(range(len(reference.statements)), min(30, len(reference.statements))):
        spec = {"level": "statement", "kill": number, "when": "after"}
        yield kills.Kill(
            scenario, f"after statement {number}", spec, 0.0, chance.choice((scenario.again, ("gc", "--yes")))
        )
    for number, (call, seconds) in enumerate(reference.calls):
        for part in INSIDE if call.endswith(".publish") else ():
            spec = {"level": "call", "kill": number, "when": part * seconds}
            yield kills.Kill(scenario, f"{part:.0%} into call {number}, {call}", spec, 0.0, scenario.again)


def _sealed(build: Any) -> Any:
    from dataclasses import replace

    from headgate.core.records import BuildStatus

    return replace(build, status=BuildStatus.SEALED)
