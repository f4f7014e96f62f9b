"""The same on a real state, with the release floor's own recovery."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from run_stage import Killed, Stage, source, table, view

from headgate.core.ports.store import StateStore
from headgate.core.records import BuildStatus, Collection
from headgate.plugins.stores.sqlite import open_sqlite_store
from headgate.release.recover import recover
from headgate.run.carry_out import Outcome, carry_out

RAW = ["create schema raw", "create table raw.t as select range::bigint as n from range(10)"]
ASSETS = [
    source("raw.t", "n"),
    table("m.a", "n", "select n from raw.t", tainted="n"),
    view("m.v", "n", "select n from m.a"),
    table("m.b", "n", "select n + 1 as n from m.v", seconds=1.0),
]
NUMBERS = itertools.count()


def at_once(stage: Stage, state: Path, **more: Any) -> Outcome:
    """Open the state, recover, plan, carry out, let go."""
    store = open_sqlite_store(state, nonce=lambda: f"s{next(NUMBERS)}")
    if stage.engine.inner.state() is None:
        stage.engine.inner.adopt(store.identity())
    lease = store.acquire("engine/local", holder="me", purpose="apply", at="2026-01-01T00:00:00Z")
    common = {"store": store, "engine": stage.engine, "lease": lease, "clock": lambda: "2026-01-01T00:00:00Z"}
    try:
        recover(**common)
        stage.store.entries = entries(store)
        common |= {"nonce": lambda: str(next(NUMBERS)), "root": str(stage.root), "report": stage.events.append}
        return carry_out(stage.plan(ASSETS), **common)
    finally:
        stage.store.entries = entries(store)
        store.close()


def entries(store: StateStore) -> dict[tuple[str, str], str]:
    with store.reading() as reading:
        return {(collection, key): text for collection in Collection for key, text in reading.scan(collection)}


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5, 6])
def test_killed_and_resumed(tmp_path: Path, call: int) -> None:
    stage = Stage(tmp_path, RAW, adopt=False)
    calls = itertools.count(1)

    def die(point: str) -> None:
        if point.startswith("build") and next(calls) >= call:
            raise Killed(point)

    stage.fail_at = die
    with pytest.raises(Killed):
        at_once(stage, tmp_path / "state.db")
    stage.fail_at = lambda point: None
    outcome = at_once(stage, tmp_path / "state.db")
    assert outcome.is_complete
    builds = stage.builds()
    assert all(b.status is BuildStatus.SEALED for b in builds.values())
    assert {b.id for b in builds.values() if b.relation} == set(stage.engine.inner.built())
    assert len({b.key for b in builds.values()}) == len(builds) == len(ASSETS)
    assert stage.rows_of(outcome.builds["m.b"]) == [(n + 1,) for n in range(10)]
