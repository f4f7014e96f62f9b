"""The campaign of loads: sequences in several processes, on DuckDB and on a PostgreSQL server of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from fuzz.campaigns import found_in, tell_progress
from fuzz.planted_loads import LOAD_NAMES, planted_in_loads

AT_ONCE = 20
"""Sequences of one test, at most: after each the time is looked at."""

HUNTED_MAX = 400
"""Sequences at most for a bug that is planted in loads."""


def play(first: int, count: int, *, jobs: int, seconds: float, is_postgres: bool) -> tuple[int, list[str]]:
    """Play ``count`` sequences; return how many were played until the time was over, and the stories of wrong ones."""
    until = time.monotonic() + seconds
    each = min(AT_ONCE, count)
    seeds = range(first, first + -(-count // each))
    parts = [seeds[n::jobs] for n in range(jobs) if seeds[n::jobs]]
    played, stories = 0, []
    with ProcessPoolExecutor(len(parts), multiprocessing.get_context("spawn")) as pool:
        for done, wrong in pool.map(partial(_part, each=each, until=until, is_postgres=is_postgres), parts):
            played += done
            stories += wrong
    return played, stories


def hunted(name: str, seeds: range) -> int | None:
    """Plant a bug and play until it is found; return how many cases or sequences that took, None where it is not."""
    return _sequences_until_found(name, seeds[:HUNTED_MAX]) if name in LOAD_NAMES else found_in(name, seeds)


def _sequences_until_found(name: str, seeds: range) -> int | None:
    for played, number in enumerate(seeds[::AT_ONCE], start=1):
        with planted_in_loads(name):
            wrong = _part(range(number, number + 1), each=AT_ONCE, until=float("inf"), is_postgres=False)[1]
        if wrong:
            return played * AT_ONCE
    return None


def _part(seeds: range, *, each: int, until: float, is_postgres: bool) -> tuple[int, list[str]]:
    played, stories = 0, []
    with _machine(is_postgres=is_postgres) as machine:
        for number in seeds:
            if time.monotonic() > until:
                break
            try:
                run_state_machine_as_test(seed(number)(machine), settings=_settings(each))
            except BaseExceptionGroup as group:
                stories += [f"seed {number}: {error}" for error in group.exceptions]
            except Exception as error:
                notes = "\n".join(getattr(error, "__notes__", ()))
                stories.append(f"seed {number}: {error}\n{notes}")
            played += each
            tell_progress(played, len(stories), every=5 * AT_ONCE)
    return played, stories


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )


@contextmanager
def _machine(*, is_postgres: bool) -> Iterator[type]:
    from fuzz.loading import Loads

    if not is_postgres:
        yield type("InDuckDB", (Loads,), {})
        return
    from tests.postgres.server import Server

    server = Server()
    try:
        yield type("InPostgres", (Loads,), {"url": lambda _: server.database().url})
    finally:
        server.close()
