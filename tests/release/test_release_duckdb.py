"""The protocol on real files: DuckDB beside SQLite, crashed at every call, and read while it switches."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from memory_state import Crash
from release_stage import BASE, LEASE, Stage, edited, faults, shown_values

from headgate.core.events import verify_events
from headgate.plugins.engines.duckdb import open_duckdb
from headgate.plugins.stores.sqlite import open_sqlite_store
from headgate.release.stored import read_environments

pytestmark = pytest.mark.slow

EDITED = edited(edited(BASE, "staging.a", constant=11), "staging.v", constant=201)
WRITES = {"build", "drop", "publish", "fence", "adopt", "commit"}
TICKS = itertools.count(1)


class Watched:
    """A store or an engine that calls ``fail_at`` before and after each call that writes."""

    def __init__(self, inner: Any, fail_at: Callable[[str], None]) -> None:
        self._inner = inner
        self._fail_at = fail_at

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in WRITES:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._fail_at(f"{name}:before")
            result = found(*args, **kwargs)
            self._fail_at(f"{name}:after")
            return result

        return call


@contextmanager
def session(folder: Path, fail_at: Callable[[str], None] = lambda point: None) -> Iterator[Stage]:
    """One process; what it leaves open when it crashes, the system closes."""
    store = open_sqlite_store(folder / "warehouse.state.db", nonce=lambda: f"state-{next(TICKS)}")
    engine = open_duckdb(folder / "warehouse.duckdb", read_only=False, root=folder, wait_seconds=0)
    try:
        lease = store.acquire(LEASE, holder="me", purpose="test", at="")
        yield Stage(Watched(store, fail_at), Watched(engine, fail_at), lease, TICKS)  # type: ignore[arg-type]
    finally:
        engine.close()
        store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "world"
    path.mkdir()
    with duckdb.connect(str(path / "warehouse.duckdb")) as connection:
        connection.execute("create schema raw; create table raw.s as select 1000000::bigint as x")
        connection.execute("create table raw.t as select 2000000::bigint as x")
    with session(path) as stage:
        stage.recover()
        stage.apply(BASE)
        stage.promote(BASE)
    with session(path) as stage:
        stage.recover()
        stage.apply(EDITED)
    return path


def shown(stage: Stage) -> dict[str, dict[str, int]]:
    with stage.store.reading() as state:
        names = list(read_environments(state))
    return {name: shown_values(stage.engine, stage.store, name) for name in names}


ACTS: dict[str, Callable[[Stage], Any]] = {
    "apply": lambda s: s.apply(edited(EDITED, "marts.m", constant=4_000)),
    "promote": lambda s: s.promote(EDITED),
    "gc": lambda s: s.collect("dev", retain=0),
}


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS)
def test_a_crash_at_every_write_leaves_old_or_new(folder: Path, tmp_path: Path, act: str) -> None:
    copies = (tmp_path / f"copy-{number}" for number in itertools.count())
    points: list[str] = []
    with session(shutil.copytree(folder, next(copies)), points.append) as stage:
        stage.recover()
        old = shown(stage)
        points.clear()
        ACTS[act](stage)
        new = shown(stage)
    assert {"commit:before", "commit:after", "publish:before", "publish:after"} <= set(points)
    seen = []
    for crash in range(len(points)):
        copy = shutil.copytree(folder, next(copies))
        crash_during(copy, ACTS[act], crash)
        with session(copy) as stage:
            stage.recover()
            assert faults(stage.engine, stage.store) == [], (crash, points[crash])
            seen.append(shown(stage))
            assert stage.recover() == ()
            with stage.store.reading() as state:
                assert verify_events(state) is None
    assert all(each in (old, new) for each in seen)
    assert old in seen
    assert new in seen
    assert seen == sorted(seen, key=lambda each: each == new), "once it shows the new it never shows the old again"


def crash_during(folder: Path, act: Callable[[Stage], Any], crash: int) -> None:
    count = itertools.count()
    armed: list[bool] = []

    def fail_at(point: str) -> None:
        if armed and next(count) == crash:
            raise Crash(point)

    with session(folder, fail_at) as stage:
        stage.recover()
        armed.append(True)
        with pytest.raises(Crash):
            act(stage)


def test_readers_see_whole_releases_and_both_of_them(folder: Path) -> None:
    names = ["staging.a", "staging.v", "marts.m", "marts.w"]
    question = "select " + ", ".join(f"(select x from {name})" for name in names)
    answers: set[tuple[int, ...]] = set()
    stop = threading.Event()
    with session(folder) as stage:
        stage.recover()
        old = tuple(shown_values(stage.engine, stage.store, "prod")[name] for name in names)
        new = tuple(shown_values(stage.engine, stage.store, "dev")[name] for name in names)

        def read() -> None:
            while not stop.is_set():
                answers.add(tuple(stage.engine.query(question).rows[0]))

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            stage.promote(EDITED)
            for _ in range(15):
                assert stage.rollback() is not None
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert answers == {old, new}
