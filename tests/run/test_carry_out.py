"""What carrying a plan out promises: right tables, failures that stay where they belong, and resuming."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from run_stage import Asset, Stage, file_source, source, table, view

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.errors import EngineFailed, LeaseLost, Refused, StalePlan
from headgate.core.ports.engine import BuildJob, BuildResult
from headgate.core.progress import Failed, Finished, Interrupted, Skipped, Started
from headgate.core.records import BuildStatus, Collection
from headgate.run import schedule

RAW = "create schema raw; create table raw.t as select range::bigint as n, (range % 3)::bigint as g from range(10)"
T = source("raw.t", "n g")
DIAMOND = [
    T,
    table("s.a", "n", "select n from raw.t where n > 2"),
    table("m.b", "n", "select n + 1 as n from s.a"),
    table("m.c", "n", "select n * 2 as n from s.a"),
    table("m.d", "n", "select b.n from m.b as b join m.c as c on b.n = c.n"),
]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, [RAW])


def test_diamond(stage: Stage) -> None:
    outcome = stage.apply(DIAMOND)
    assert outcome.is_complete
    assert set(outcome.builds) == {a.address for a in DIAMOND}
    assert stage.rows_of(outcome.builds["m.d"]) == [(6,), (8,), (10,)]
    builds = stage.builds()
    assert all(b.status is BuildStatus.SEALED for b in builds.values())
    assert set(stage.engine.inner.built()) == set(builds)
    assert outcome.builds["m.d"].inputs == {a: outcome.builds[a].id for a in ("m.b", "m.c")}
    seen = outcome.builds["s.a"].reads
    assert {(r.address, v) for r, v in seen.items() if r.aspect == "rows"} == {
        ("raw.t", outcome.builds["raw.t"].versions.rows)
    }


def test_again_nothing_is_built(stage: Stage) -> None:
    first = stage.apply(DIAMOND)
    stage.engine.groups.clear()
    second = stage.apply(DIAMOND)
    assert stage.engine.groups == []
    assert {a: b.id for a, b in second.builds.items()} == {a: b.id for a, b in first.builds.items()}


def test_a_failure_stops_only_what_depends_on_it(stage: Stage) -> None:
    broken = [*DIAMOND]
    broken[2] = table("m.b", "n", "select n + 1 as n,\n  error('no') as x\nfrom s.a")
    outcome = stage.apply([*broken, table("m.e", "n", "select n from m.d"), table("m.f", "n", "select n from m.c")])
    assert [f.address for f in outcome.failures] == ["m.b"]
    assert outcome.not_started == ("m.d", "m.e")
    assert "m.f" in outcome.builds
    assert "m.b" not in outcome.builds
    assert [e for e in stage.events if isinstance(e, Skipped)] == [Skipped("m.d", "m.b"), Skipped("m.e", "m.b")]
    left = stage.builds()
    assert all(b.status is BuildStatus.SEALED for b in left.values())
    assert set(left) == set(stage.engine.inner.built())


def test_the_next_apply_resumes(stage: Stage) -> None:
    broken = [*DIAMOND]
    broken[2] = table("m.b", "n", "select error('no')::bigint as n from s.a")
    first = stage.apply(broken)
    stage.engine.groups.clear()
    second = stage.apply(DIAMOND)
    assert second.is_complete
    assert sorted(address for group in stage.engine.groups for address in group) == ["m.b", "m.d"]
    assert second.builds["m.c"].id == first.builds["m.c"].id


def test_the_same_plan_again_takes_what_was_made(stage: Stage) -> None:
    plan = stage.plan(DIAMOND)
    first = stage.carry_out(plan)
    stage.engine.groups.clear()
    stage.events.clear()
    second = stage.carry_out(plan)
    assert stage.engine.groups == []
    assert {b.id for b in first.builds.values()} == {b.id for b in second.builds.values()}
    assert all(e.is_reused for e in stage.events if isinstance(e, Finished))


def test_the_place_of_a_refused_statement(stage: Stage) -> None:
    wide = view("s.v", "n g", "select n,\n  g\nfrom raw.t\n-- end")
    bad = table("m.x", "n", "select n\nfrom s.v as v\nwhere sum(n) > 1")
    (failure,) = stage.apply([T, wide, bad]).failures
    assert failure.diagnostic.code == "HG601"
    assert str(failure.diagnostic.place) == "assets/m/x.sql:3"
    assert failure.diagnostic.excerpt == "where sum(n) > 1"
    assert "aggregate" in failure.diagnostic.detail.lower()
    assert failure.diagnostic.detail.startswith("DuckDB: ")


def test_small_ones_share_a_transaction_and_only_the_guilty_fails(stage: Stage) -> None:
    some = [table(f"m.x{i}", "n", f"select n + {i} as n from raw.t") for i in range(20)]
    some[7] = table("m.x7", "n", "select error('no')::bigint as n from raw.t")
    some[11] = table("m.x11", "n", "select n from m.x7")
    outcome = stage.apply([T, *some])
    assert [f.address for f in outcome.failures] == ["m.x7"]
    assert outcome.not_started == ("m.x11",)
    assert len(outcome.made) == 19
    assert max(len(group) for group in stage.engine.groups) >= 18


def test_many_failures_in_a_group(stage: Stage) -> None:
    some = [table(f"m.x{i}", "n", f"select error('no {i}')::bigint as n from raw.t") for i in range(8)]
    outcome = stage.apply([T, *some, table("m.y", "n", "select n from raw.t")])
    assert len(outcome.failures) == 8
    assert set(outcome.made) == {"raw.t", "m.y"}


def test_large_ones_go_alone(stage: Stage) -> None:
    some = [table(f"m.x{i}", "n", f"select n + {i} as n from raw.t", seconds=5.0) for i in range(3)]
    stage.apply([T, *some])
    assert [len(group) for group in stage.engine.groups] == [1, 1, 1, 1]


def test_what_may_make_many_rows_of_few_goes_alone(stage: Stage) -> None:
    many = "select count(*)::bigint as n from range(100) as r"
    some = [
        table("m.small", "n", "select n from raw.t"),
        table("m.ranged", "n", many, seconds=0.0),
        view("m.pairs", "n", "select a.n from raw.t as a cross join raw.t as b"),
        table("m.through", "n", "select n from m.pairs"),
        table("m.known", "n", "select a.n from raw.t as a, raw.t as b", seconds=0.001),
    ]
    outcome = stage.apply([T, *some])
    assert outcome.is_complete
    groups = [sorted(group) for group in stage.engine.groups]
    assert sorted(groups) == [["m.known", "m.small"], ["m.ranged"], ["m.through"], ["raw.t"]]


def test_only_what_runs_is_told_as_started(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.6)
    some = [table(f"m.x{i}", "n", "select n from raw.t", seconds=0.001) for i in range(3)]
    build = stage.engine.inner.build

    def dragging(jobs: Sequence[BuildJob], begun: Callable[[Address], None]) -> tuple[BuildResult, ...]:
        def drag(address: Address) -> None:
            begun(address)
            deadline = time.monotonic() + (30 if address == "m.x1" else 0)
            while Started(address) not in stage.events and time.monotonic() < deadline:
                time.sleep(0.01)

        return build(jobs, drag)

    stage.engine.inner.build = dragging  # type: ignore[method-assign, assignment]
    stage.apply([T, *some])
    assert [sorted(group) for group in stage.engine.groups] == [["raw.t"], ["m.x0", "m.x1", "m.x2"]]
    assert [e.address for e in stage.events if isinstance(e, Started)] == ["raw.t", "m.x1"]


def test_tainted_chain(stage: Stage) -> None:
    chain = [
        T,
        table("m.a", "n", "select n from raw.t", tainted="n"),
        table("m.b", "n", "select n from m.a"),
        table("m.c", "n", "select n from m.b"),
    ]
    plan = stage.plan(chain)
    assert [step.key is None for step in plan.steps] == [False, False, True, True]
    first = stage.carry_out(plan)
    assert first.is_complete
    stage.publish(first)
    second = stage.apply(chain)
    assert {b.id for b in second.builds.values()} == {b.id for b in first.builds.values()}
    again = stage.plan(chain)
    assert again.is_empty


def test_tainted_chain_is_less_than_the_plan(stage: Stage) -> None:
    chain = [T, table("m.a", "n", "select n from raw.t", tainted="n"), table("m.b", "n", "select n from m.a")]
    plan = stage.plan(chain)
    first = stage.carry_out(plan)
    stage.engine.groups.clear()
    second = stage.carry_out(plan)
    assert stage.engine.groups == []
    assert second.builds["m.b"].id == first.builds["m.b"].id


def test_view_over_view_over_source(stage: Stage) -> None:
    assets = [
        T,
        view("s.v", "n", "select n from raw.t where n > 5 -- last"),
        view("s.w", "n", "select n + 1 as n from s.v"),
        table("m.x", "n", "select w.n from s.w as w join s.v as v on w.n = v.n"),
    ]
    outcome = stage.apply(assets)
    assert stage.rows_of(outcome.builds["m.x"]) == [(7,), (8,), (9,)]
    assert outcome.builds["s.w"].relation == ""
    assert outcome.builds["s.w"].body is not None
    built = stage.engine.inner.built()
    assert outcome.builds["s.w"].id not in built
    assert not [e for e in stage.events if isinstance(e, (Started, Finished)) and e.address in ("s.v", "s.w")]


def test_a_view_is_not_sealed_before_what_it_reads(stage: Stage) -> None:
    assets = [T, table("m.x", "n", "select error('no')::bigint as n from raw.t"), view("m.v", "n", "select n from m.x")]
    outcome = stage.apply(assets)
    assert outcome.not_started == ("m.v",)
    assert not [b for b in stage.builds().values() if b.address == "m.v"]


def test_shared_build_with_other_order_of_columns(stage: Stage) -> None:
    first = stage.apply([T, table("s.a", "n g", "select n, g from raw.t")])
    plan = stage.plan([T, table("s.a", "n g", "select n, g from raw.t"), table("m.x", "g n", "select * from s.a")])
    turned = list(plan.steps)
    turned[1] = replace(turned[1], shape=tuple(reversed(turned[1].shape)))
    outcome = stage.carry_out(replace(plan, steps=tuple(turned)))
    assert outcome.builds["s.a"].id == first.builds["s.a"].id
    assert not outcome.failures
    assert stage.rows_of(outcome.builds["m.x"])[0] == (0, 0)


def test_stale_pointer(stage: Stage) -> None:
    plan = stage.plan(DIAMOND)
    stage.publish(stage.carry_out(plan))
    stage.engine.groups.clear()
    with pytest.raises(StalePlan, match=r"HG502.*m\.b"):
        stage.carry_out(plan)
    assert stage.engine.groups == []


def test_entry_that_moves_between_reading_and_writing(stage: Stage) -> None:
    first = stage.carry_out(stage.plan(DIAMOND))
    plan = stage.plan(DIAMOND)

    def move(point: str) -> None:
        if point == "commit:before":
            stage.store.entries[Collection.POINTERS, "dev/m.c"] = "{}"

    stage.fail_at = move
    with pytest.raises(StalePlan, match=r"moved: m\.c\b"):
        stage.carry_out(plan)

    def doom(point: str) -> None:
        if point == "commit:before":
            stage.store.entries[Collection.BUILDS, first.builds["m.b"].id] = "{}"

    del stage.store.entries[Collection.POINTERS, "dev/m.c"]
    stage.fail_at = doom
    with pytest.raises(StalePlan, match=r"moved: m\.b\b"):
        stage.carry_out(plan)


def test_reused_build_that_is_gone(stage: Stage) -> None:
    first = stage.carry_out(stage.plan(DIAMOND))
    plan = stage.plan(DIAMOND)
    del stage.store.entries[Collection.BUILDS, first.builds["m.b"].id]
    with pytest.raises(StalePlan, match=r"m\.b"):
        stage.carry_out(plan)


def test_reused_builds_are_pinned_before_anything_is_built(stage: Stage) -> None:
    first = stage.carry_out(stage.plan(DIAMOND))
    stage.recover()
    plan = stage.plan([*DIAMOND, table("m.e", "n", "select n from m.d")])
    pins: list[set[str]] = []
    stage.fail_at = lambda point: (
        pins.append({k for c, k in stage.store.entries if c == Collection.PINS}) if point == "build:before" else None
    )
    outcome = stage.carry_out(plan)
    wanted = {f"{b.id}/engine/local#{stage.store.fence}" for b in outcome.builds.values()}
    assert pins == [wanted]
    assert {b.id for b in first.builds.values()} < {b.id for b in outcome.builds.values()}


def test_lost_lease_before_anything(stage: Stage) -> None:
    old = stage.store.acquire()
    stage.store.acquire()
    with pytest.raises(LeaseLost, match="HG503"):
        stage.carry_out(stage.plan(DIAMOND), lease=old)
    assert stage.engine.groups == []
    assert stage.builds() == {}


def test_lost_lease_in_between(stage: Stage) -> None:
    def lose(point: str) -> None:
        if point == "build:after":
            stage.store.fence += 1

    some = [table(f"m.x{i}", "n", f"select n + {i} as n from raw.t", seconds=9.0) for i in range(30)]
    stage.fail_at = lose
    with pytest.raises(LeaseLost):
        stage.carry_out(stage.plan([T, *some]))
    assert len(stage.engine.groups) < 10
    assert not [b for b in stage.builds().values() if b.status is BuildStatus.SEALED]


def test_source_table_with_other_columns(stage: Stage) -> None:
    wrong = source("raw.t", "n g:VARCHAR h")
    with pytest.raises(Refused, match=r"HG452.*h is gone, g is BIGINT, was VARCHAR"):
        stage.apply([wrong, source("raw.u", "n")])
    assert stage.builds() == {}


def test_source_table_that_is_gone(stage: Stage) -> None:
    with pytest.raises(Refused) as refused:
        stage.apply([source("raw.none", "n")])
    (fault,) = refused.value.diagnostics
    assert (fault.code, fault.summary) == ("HG452", "the source table raw.none is gone")
    assert "reads them anew" not in fault.hint  # a plan goes by the columns that it knows


def test_file_source_and_seed(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("n,g\n1,2\n3,4\n")
    (tmp_path / "s.csv").write_text("n\n5\n")
    stage = Stage(tmp_path)
    seed = Asset("s.seed", Kind.SEED, ("n",), path="s.csv")
    both = table("m.x", "n", "select n from raw.f union all select n from s.seed")
    assets = [file_source(tmp_path, "raw.f", "n g", "f.csv"), seed, both]
    outcome = stage.apply(assets)
    assert outcome.is_complete
    assert stage.rows_of(outcome.builds["m.x"]) == [(1,), (3,), (5,)]


@pytest.mark.parametrize("point", ["build:before", "build:after"])
def test_file_that_changes_while_it_is_read(tmp_path: Path, point: str) -> None:
    (tmp_path / "f.csv").write_text("n,g\n1,2\n3,4\n")
    (tmp_path / "f2.csv").write_text("n,g\n1,2\n")
    stage = Stage(tmp_path)
    files = [file_source(tmp_path, "raw.f", "n g", "f.csv"), file_source(tmp_path, "raw.f2", "n g", "f2.csv")]
    assets = [*files, table("m.x", "n", "select n from raw.f"), table("m.y", "n", "select n from raw.f2")]
    plan = stage.plan(assets)
    once = [point]

    def write(now: str) -> None:
        if once and now == once[0]:
            once.clear()
            (tmp_path / "f.csv").write_text("n,g\n1,2\n3,5\n")

    stage.fail_at = write
    outcome = stage.carry_out(plan)
    assert [(f.address, f.diagnostic.code) for f in outcome.failures] == [("raw.f", "HG451")]
    assert "while it was read" in outcome.failures[0].diagnostic.summary
    assert outcome.not_started == ("m.x",)
    assert set(outcome.made) == {"raw.f2", "m.y"}
    assert set(stage.engine.inner.built()) == set(stage.builds())


def test_file_that_changed_since_the_plan(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("n,g\n1,2\n")
    stage = Stage(tmp_path)
    plan = stage.plan([file_source(tmp_path, "raw.f", "n g", "f.csv")])
    (tmp_path / "f.csv").write_text("n,g\n1,3\n")
    (failure,) = stage.carry_out(plan).failures
    assert "since the plan was made" in failure.diagnostic.summary
    (tmp_path / "f.csv").unlink()
    (failure,) = stage.carry_out(plan).failures
    assert "cannot be read" in failure.diagnostic.summary
    assert stage.engine.groups == []


def test_interruption_keeps_what_is_finished(stage: Stage) -> None:
    long = "select count(*)::bigint as n from range(100000) as a, range(100000) as b, raw.t where a.range * b.range = n"
    assets = [T, table("m.quick", "n", "select n from raw.t", seconds=1.0), table("m.long", "n", long, seconds=9.0)]
    assets.append(table("m.after", "n", "select n from m.long"))

    def report(event: object) -> None:
        stage.events.append(event)
        if event == Finished("m.quick", 10, getattr(event, "seconds", 0), getattr(event, "bytes", 0)):
            raise KeyboardInterrupt

    outcome = stage.carry_out(stage.plan(assets), report=report, threads=2)
    assert outcome.is_interrupted
    assert set(outcome.made) == {"raw.t", "m.quick"}
    assert set(outcome.not_started) == {"m.long", "m.after"}
    assert outcome.failures == ()
    assert Interrupted() in stage.events
    stage.recover()
    assert set(stage.engine.inner.built()) == set(stage.builds())


def test_a_fault_in_the_engine_is_a_failure_of_the_step(stage: Stage) -> None:
    def fail(point: str) -> None:
        if point == "build:before" and stage.engine.groups[-1] == ["m.b"]:
            raise EngineFailed("out of memory")

    stage.fail_at = fail
    slow = [table(a.address, "n", a.sql, seconds=1.0) if a.kind is Kind.TABLE else a for a in DIAMOND]
    outcome = stage.apply(slow)
    assert [(f.address, f.diagnostic.code) for f in outcome.failures] == [("m.b", "HG600")]
    assert "m.c" in outcome.builds
    assert any(isinstance(e, Failed) for e in stage.events)


def test_events_come_from_one_thread(stage: Stage) -> None:
    threads: set[int] = set()
    some = [table(f"m.x{i}", "n", f"select n + {i} as n from raw.t", seconds=0.5) for i in range(12)]
    stage.carry_out(stage.plan([T, *some]), report=lambda event: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_sigint_ends_a_running_statement(stage: Stage) -> None:
    long = "select count(*)::bigint as n from range(100000) as a, range(100000) as b, raw.t where a.range * b.range = n"

    def interrupt(point: str) -> None:
        if point == "build:before" and stage.engine.groups[-1] == ["m.long"]:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    stage.fail_at = interrupt
    outcome = stage.carry_out(stage.plan([T, table("m.long", "n", long, seconds=9.0)]))
    assert outcome.is_interrupted
    assert outcome.made == ("raw.t",)
    assert outcome.not_started == ("m.long",)


def test_a_second_interruption_goes_through(stage: Stage) -> None:
    def report(event: object) -> None:
        if isinstance(event, (Interrupted, Finished)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.carry_out(stage.plan(DIAMOND), report=report)
    stage.engine.inner.interrupt()


@pytest.mark.slow
def test_random_projects_equal_sequential_statements(tmp_path: Path) -> None:
    stage = Stage(tmp_path, [RAW])
    plain = duckdb.connect()
    plain.execute(RAW)
    plain.execute("create schema s")
    pick = random.Random(7)
    for batch in range(10):
        assets = [T]
        for part in range(20):
            assets += random_project(f"s.x{batch}_{part}", pick)
        for asset in assets[1:]:
            plain.execute(f"create table {asset.address} as {asset.sql}")
        outcome = stage.carry_out(stage.plan(assets))
        assert outcome.is_complete
        for asset in assets[1:]:
            build = outcome.builds[asset.address]
            if build.relation:
                expected = plain.execute(f"select n from {asset.address}").fetchall()
                assert stage.rows_of(build) == expected, asset


def random_project(name: str, pick: random.Random) -> list[Asset]:
    """Two to eight tables and views, each over one to three earlier ones; some claim to be large."""
    assets = [T]
    for number in range(pick.randint(2, 8)):
        inputs = pick.sample([a.address for a in assets], min(len(assets), pick.randint(1, 3)))
        joined = " cross join ".join(f"(select max(n) as n from {a} as q) as p{k}" for k, a in enumerate(inputs))
        total = " + ".join(f"p{k}.n" for k in range(len(inputs)))
        sql = f"select ({total} + {number})::bigint as n from {joined}"
        seconds = pick.choice([None, 0.001, 5.0])
        is_view = pick.random() < 0.3
        address = f"{name}_{number}"
        assets.append(view(address, "n", sql) if is_view else table(address, "n", sql, seconds=seconds))
    return assets[1:]
