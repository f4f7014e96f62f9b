"""What early cut-off promises: equal inputs spare their readers, right tables, and nothing lost when it is killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from run_stage import Asset, Killed, Stage, source, table, view

from headgate.core.hashing import digest
from headgate.core.plan import Action, Step
from headgate.core.progress import CutOff
from headgate.core.records import Build, Collection
from headgate.core.versions import Versions
from headgate.run.outcome import Outcome

RAW = "create schema raw; create table raw.t as select range::bigint as n, (range % 3)::bigint as g from range(10)"
LONG = 1.0


def chain(
    first: str = "select n, g from raw.t where n > 2", second: str = "select n * 2 as n from raw.t"
) -> list[Asset]:
    """``s.a`` and ``s.z`` feed ``m.d``; ``m.b`` and ``m.v`` (a view) read ``s.a`` alone."""
    return [
        source("raw.t", "n g"),
        table("s.a", "n g", first, seconds=LONG),
        table("s.z", "n", second, seconds=LONG),
        table("m.b", "n", "select n + 1 as n from s.a", seconds=LONG),
        view("m.v", "n", "select n from s.a"),
        table("m.d", "n", "select b.n from m.b as b join s.z as z on b.n = z.n", seconds=LONG),
        table("m.e", "n", "select n from m.v", seconds=LONG),
    ]


SAME = "select n, g from raw.t where n >= 3"
"""What gives the same rows, by another text."""

OTHER_G = "select n, g + 1 as g from raw.t where n > 2"
"""What gives the same rows but for one column."""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, [RAW])


class Looking:
    """Finds equal columns by asking the warehouse, with ``n`` as the key."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.looked_at: list[str] = []

    def __call__(self, step: Step, new: Build, old: Build) -> Versions | None:
        self.looked_at.append(step.address)

        def values(build: Build, name: str) -> list[tuple[object, ...]]:
            return sorted(self.stage.rows(f'select n, {name} from headgate."{build.relation}"'))

        equal = {c.name for c in new.shape if values(new, c.name) == values(old, c.name)}
        if "n" not in equal:
            return None
        rows = new.versions.rows
        columns = {
            name: old.versions.columns[name] if name in equal else digest("of rows", version, rows)
            for name, version in new.versions.columns.items()
        }
        return Versions(old.versions.rows, digest("of rows", new.versions.order, rows), columns)


def again(stage: Stage, assets: list[Asset], **more: object) -> tuple[Outcome, Looking]:
    looking = Looking(stage)
    stage.engine.groups.clear()
    return stage.apply(assets, equate=looking, **more), looking


def built(stage: Stage) -> list[str]:
    return [address for group in stage.engine.groups for address in group]


def assert_closed(outcome: Outcome) -> None:
    for build in outcome.builds.values():
        for read, version in build.reads.items():
            assert outcome.builds[read.address].versions.of(read.aspect, read.column) == version, (build.address, read)


def test_what_reads_an_equal_table_stays_as_it_is(stage: Stage) -> None:
    before = stage.apply(chain())
    outcome, looking = again(stage, chain(first=SAME))
    assert looking.looked_at == ["s.a"]
    assert built(stage) == ["s.a"]
    assert outcome.made == ("s.a",)
    assert set(outcome.cut_off) == {"m.b", "m.v", "m.d", "m.e"}
    for address in outcome.cut_off:
        assert outcome.builds[address].id == before.builds[address].id
    assert outcome.builds["s.a"].equals == before.builds["s.a"].id
    assert {e.address for e in stage.events if isinstance(e, CutOff)} == set(outcome.cut_off)
    assert_closed(outcome)


def test_the_plan_after_it_is_empty(stage: Stage) -> None:
    stage.apply(chain())
    again(stage, chain(first=SAME))
    assert {step.action for step in stage.plan(chain(first=SAME)).steps} == {Action.KEEP}


def test_what_reads_another_column_stays_too(stage: Stage) -> None:
    before = stage.apply(chain())
    outcome, _ = again(stage, chain(first=OTHER_G))
    assert built(stage) == ["s.a"]
    assert outcome.builds["m.d"].id == before.builds["m.d"].id
    mine, theirs = outcome.builds["s.a"].versions, before.builds["s.a"].versions
    assert (mine.rows, mine.columns["n"]) == (theirs.rows, theirs.columns["n"])
    assert mine.columns["g"] != theirs.columns["g"]
    assert_closed(outcome)


def test_one_changed_input_is_enough_to_be_made(stage: Stage) -> None:
    """``m.d`` is made from the ``m.b`` that stays, and from the ``s.z`` that came out otherwise."""
    stage.apply(chain())
    outcome, looking = again(stage, chain(first=SAME, second="select n * 4 as n from raw.t"))
    assert sorted(looking.looked_at) == ["s.a", "s.z"]
    assert sorted(built(stage)) == ["m.d", "s.a", "s.z"]
    assert set(outcome.cut_off) == {"m.b", "m.v", "m.e"}
    assert stage.rows_of(outcome.builds["m.d"]) == [(4,), (8,)]
    assert_closed(outcome)


def test_where_nothing_is_equal_all_is_made(stage: Stage) -> None:
    stage.apply(chain())
    outcome, _ = again(stage, chain(first="select n, g from raw.t where n > 3"))
    assert outcome.cut_off == ()
    assert {"s.a", "m.b", "m.d", "m.e"} <= set(built(stage))
    assert_closed(outcome)


def test_small_readers_are_made_sooner_than_looked_at(stage: Stage) -> None:
    def small(first: str) -> list[Asset]:
        return [replace(asset, seconds=0.001) for asset in chain(first=first)]

    stage.apply(small("select n, g from raw.t where n > 2"))
    outcome, looking = again(stage, small(SAME))
    assert looking.looked_at == []
    assert set(outcome.made) == {"s.a", "m.b", "m.v", "m.d", "m.e"}


def test_what_waits_for_a_failure_is_not_cut_off(stage: Stage) -> None:
    stage.apply(chain())
    outcome, _ = again(stage, chain(first=SAME, second="select error('no')::bigint as n from raw.t"))
    assert [failure.address for failure in outcome.failures] == ["s.z"]
    assert outcome.not_started == ("m.d",)
    assert set(outcome.cut_off) == {"m.b", "m.v", "m.e"}
    assert "m.d" not in outcome.builds


def test_a_tainted_table_that_came_out_equal_spares_its_readers(stage: Stage) -> None:
    def tainted(first: str) -> list[Asset]:
        first_table = table("s.a", "n g", first, tainted="n", seconds=LONG)
        return [source("raw.t", "n g"), first_table, table("m.b", "n", "select n from s.a", seconds=LONG)]

    before = stage.apply(tainted("select n, g from raw.t"))
    outcome, _ = again(stage, tainted("select n, g from raw.t where true"))
    assert outcome.cut_off == ("m.b",)
    assert outcome.builds["m.b"].id == before.builds["m.b"].id
    assert_closed(outcome)


def test_what_is_shown_beside_counts_where_nothing_is_shown_here(stage: Stage) -> None:
    before = stage.apply(chain())
    moved = {k: v for k, v in stage.store.entries.items() if k[0] == Collection.POINTERS}
    for (collection, key), text in moved.items():
        del stage.store.entries[collection, key]
        stage.store.entries[collection, key.replace("dev/", "prod/")] = text
    plan = replace(stage.plan(chain(first=SAME)), beside=("prod", 1))
    outcome = stage.carry_out(plan, equate=Looking(stage))
    assert outcome.made == ("s.a",)
    assert outcome.builds["m.d"].id == before.builds["m.d"].id


@pytest.mark.slow
def test_killed_anywhere_nothing_is_lost(tmp_path: Path) -> None:
    """Killed at each write, recovered and applied again, it ends with right tables that fit together."""
    points = 0
    while True:
        root = tmp_path / str(points)
        root.mkdir()
        stage = Stage(root, [RAW])
        stage.apply(chain())
        countdown = [points]

        def fail(point: str, countdown: list[int] = countdown) -> None:
            if countdown[0] == 0:
                countdown[0] = -1
                raise Killed(point)
            countdown[0] -= 1

        stage.fail_at = fail
        try:
            again(stage, chain(first=SAME, second="select n * 4 as n from raw.t"))
        except Killed:
            pass
        else:
            if countdown[0] >= 0:
                assert points > 10
                return
        stage.fail_at = lambda point: None
        stage.reopen()
        stage.recover()
        outcome, _ = again(stage, chain(first=SAME, second="select n * 4 as n from raw.t"))
        assert outcome.is_complete
        assert stage.rows_of(outcome.builds["m.d"]) == [(4,), (8,)]
        assert stage.rows_of(outcome.builds["s.a"]) == [(n, n % 3) for n in range(3, 10)]
        assert_closed(outcome)
        stage.engine.inner.close()
        points += 1
