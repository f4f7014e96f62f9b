"""Killed at every call of store and engine: after recovery nothing is lost, doubled or sealed without a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_stage import Asset, Killed, Stage, file_source, source, table, view

from headgate.core.declarations import Kind
from headgate.core.records import BuildStatus

RAW = "create schema raw; create table raw.t as select range::bigint as n, (range % 3)::bigint as g from range(10)"


def project(root: Path) -> list[Asset]:
    return [
        source("raw.t", "n g"),
        file_source(root, "raw.f", "n", "f.csv"),
        Asset("s.seed", Kind.SEED, ("n",), path="s.csv"),
        table("m.a", "n", "select n from raw.t", tainted="n"),
        table("m.b", "n", "select n from m.a", seconds=1.0),
        view("m.v", "n", "select n from m.b"),
        table("m.c", "n", "select n from m.v", seconds=1.0),
        table("m.bad", "n", "select error('no')::bigint as n from raw.f"),
        table("m.d", "n", "select n from s.seed union all select n from raw.f"),
    ]


def make_stage(root: Path) -> Stage:
    root.mkdir()
    (root / "f.csv").write_text("n\n1\n")
    (root / "s.csv").write_text("n\n2\n")
    return Stage(root, [RAW])


def good(root: Path) -> list[Asset]:
    return [a for a in project(root) if a.address != "m.bad"]


@pytest.mark.slow
def test_killed_at_every_call(tmp_path: Path) -> None:
    killed = 0
    for number in range(1, 200):
        root = tmp_path / str(number)
        stage = make_stage(root)
        calls = 0

        def die(point: str, number: int = number) -> None:
            nonlocal calls
            calls += 1
            if calls >= number:
                raise Killed(point)

        stage.fail_at = die
        try:
            stage.carry_out(stage.plan(project(root)))
        except Killed:
            killed += 1
        else:
            break
        stage.fail_at = lambda point: None
        stage.reopen()
        stage.recover()
        check(stage)
        stage.engine.groups.clear()
        before = {b.key for b in stage.builds().values() if not b.is_from_files}
        outcome = stage.apply(good(root))
        assert outcome.is_complete
        check(stage)
        assert not before & {outcome.builds[a].key for group in stage.engine.groups for a in group}
        keys = [b.key for b in stage.builds().values()]
        assert len(keys) == len(set(keys)), f"doubled after a kill at call {number}"
        assert stage.plan(good(root)).is_empty
        stage.engine.inner.close()
    assert killed > 15


def check(stage: Stage) -> None:
    there = stage.engine.inner.built()
    builds = stage.builds()
    sealed = {i for i, b in builds.items() if b.status is BuildStatus.SEALED and b.relation}
    assert sealed <= set(there)
    assert set(there) <= set(builds)


@pytest.mark.parametrize("point", ["build:before", "build:after", "commit:before", "commit:after"])
def test_a_bug_ends_the_run_and_leaves_no_thread_at_work(tmp_path: Path, point: str) -> None:
    stage = make_stage(tmp_path / "x")

    def fail(now: str) -> None:
        if now == point:
            raise ZeroDivisionError

    stage.fail_at = fail
    with pytest.raises(ZeroDivisionError):
        stage.carry_out(stage.plan(project(stage.root)))
    stage.fail_at = lambda now: None
    stage.recover()
    check(stage)
