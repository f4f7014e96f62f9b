"""Campaigns: many cases one after the other, in one process; what was seen is added up."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

import duckdb

from fuzz.cases import Case
from fuzz.lineages import Traced
from fuzz.neutral import Neutral
from fuzz.planted import planted
from fuzz.planted_lineage import LINEAGE_NAMES, planted_in_lineage
from fuzz.world import Tally, Wrong, open_world
from headgate.plugins.engines.duckdb_binder import DuckBinder

SECONDS_MAX = 20.0
"""A statement that runs longer is interrupted, and its case given up."""

KINDS: dict[str, type[Case | Traced]] = {"edits": Case, "neutral": Neutral, "lineage": Traced}


@dataclass
class Seen:
    """The outcome of a campaign: figures, the stories of wrong cases, and cases at which the engine itself broke."""

    tally: Tally = field(default_factory=Tally)
    wrong: list[str] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        for item in fields(Tally):
            one, two = getattr(self.tally, item.name), getattr(other.tally, item.name)
            if isinstance(one, dict):
                for key, number in two.items():
                    one[key] = one.get(key, 0) + number
            else:
                setattr(self.tally, item.name, one + two)
        self.wrong += other.wrong
        self.broken += other.broken


def tell_progress(done: int, wrong: int, *, every: int = 500) -> None:
    """Say at times how far a campaign is; here and not in ``__main__``, which a spawned process does not import."""
    if done % every == 0:
        print(f"{done} cases, {wrong} wrong", file=sys.stderr, flush=True)


def campaign(
    kind: str, seeds: range, *, until: float = float("inf"), report: Callable[[int, int], None] | None = None
) -> Seen:
    """Play a case for each seed, until the monotonic clock shows ``until``. An engine that breaks is opened anew."""
    seen = Seen()
    left = list(reversed(seeds))
    while left and time.monotonic() < until:
        with _opened() as (connection, binder, watch):
            while left and time.monotonic() < until:
                seed = left.pop()
                watch.begin()
                try:
                    KINDS[kind](seed, connection, binder, seen.tally).run()
                except Wrong as fault:
                    seen.wrong.append(f"{kind} case {seed}: {fault}")
                except (duckdb.FatalException, duckdb.InternalException):
                    seen.broken.append(seed)
                    break
                if report is not None:
                    report(len(seeds) - len(left), len(seen.wrong))
    return seen


def found_in(name: str, seeds: range) -> int | None:
    """Plant a bug and play cases until one is wrong; return how many that took, None where none is."""
    is_of_lineage = name in LINEAGE_NAMES
    with planted_in_lineage(name) if is_of_lineage else planted(name), _opened() as (connection, binder, watch):
        for number, seed in enumerate(seeds, start=1):
            watch.begin()
            try:
                (Traced if is_of_lineage else Case)(seed, connection, binder, Tally()).run()
            except Wrong:
                return number
            except (duckdb.FatalException, duckdb.InternalException):
                return found_in(name, seeds[number:])
    return None


class _Watch:
    """Interrupts a connection whose case takes too long."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._began = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def begin(self) -> None:
        self._began = time.monotonic()

    def end(self) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.5):
            if time.monotonic() - self._began > SECONDS_MAX:
                self._connection.interrupt()


@contextmanager
def _opened() -> Iterator[tuple[duckdb.DuckDBPyConnection, DuckBinder, _Watch]]:
    with tempfile.TemporaryDirectory() as folder:
        connection, binder = open_world(Path(folder))
        watch = _Watch(connection)
        try:
            yield connection, binder, watch
        finally:
            watch.end()
            binder.close()
            connection.close()
