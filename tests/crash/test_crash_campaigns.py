"""The crash campaigns, made small; and that their checker finds what is wrong."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from crash import kills, planted, races, readers
from crash.check import check
from crash.worlds import Worlds, copied

pytestmark = pytest.mark.slow

APPLY, PROMOTE = kills.SCENARIOS[1], kills.SCENARIOS[3]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(tmp_path_factory.mktemp("crash"))


def in_state(world: Path, sql: str) -> None:
    with sqlite3.connect(world / "warehouse.state.db") as connection:
        connection.execute(sql)
    connection.close()


def in_warehouse(world: Path, sql: str) -> None:
    with duckdb.connect(str(world / "warehouse.duckdb")) as connection:
        connection.execute(sql)


def drop_a_table(world: Path) -> None:
    with duckdb.connect(str(world / "warehouse.duckdb")) as connection:
        sql = "select table_name from duckdb_tables() where table_name like 'marts__stamp__%'"
        ((name,),) = connection.execute(sql).fetchall()
        connection.execute(f'drop table headgate."{name}"')


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "another answer": (
        lambda w: in_warehouse(w, "create or replace view staging.stamp as select 1 as version, 41::bigint as orders"),
        "prod staging.stamp shows [(1, 41)]",
    ),
    "other columns": (
        lambda w: in_warehouse(w, "create or replace view marts.stamp as select 1 as v, 205.0::double as total"),
        "prod marts.stamp has",
    ),
    "a view too many": (lambda w: in_warehouse(w, "create view marts.more as select 1 as x"), '"marts"."more"'),
    "a table that is gone": (drop_a_table, "tables without a row"),
    "an orphan": (lambda w: in_warehouse(w, "create table headgate.orphan as select 1 as x"), "orphan"),
    "a marker that is ahead": (
        lambda w: in_warehouse(w, "update headgate.environments set serial = 2 where environment = 'prod'"),
        "the marker of prod is (2,",
    ),
    "an event that is gone": (lambda w: in_state(w, "delete from events where number = 1"), "does not follow"),
    "a move that is gone": (lambda w: in_state(w, "delete from entries where collection = 'moves'"), "moves are []"),
    "a pointer that is gone": (
        lambda w: in_state(w, "delete from entries where collection = 'pointers' and key = 'prod/marts.stamp'"),
        "do not add up",
    ),
    "a pin that is left": (lambda w: in_state(w, "insert into entries values ('pins', 'x/y', '')"), "pins are left"),
    "a build that is unfinished": (
        lambda w: in_state(w, "update entries set value = replace(value, 'sealed', 'building') where key like '%'"),
        "unfinished builds are left",
    ),
}


def test_the_checker_finds_nothing_wrong_where_nothing_is(worlds: Worlds) -> None:
    found = check(worlds.get("released"), is_settled=True)
    assert found.faults == ()
    assert {name: head.serial for name, head in found.heads.items()} == {"dev": 1, "prod": 1}
    assert len(found.heads["prod"].content) == 64


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_checker_finds_damage(worlds: Worlds, tmp_path: Path, damage: str) -> None:
    world = copied(worlds.get("released"), tmp_path / "world")
    harm, told = DAMAGES[damage]
    harm(world)
    faults = check(world, is_settled=True).faults
    assert any(told in fault for fault in faults), faults


@pytest.mark.slow
def test_a_kill_leaves_the_old_or_the_new(worlds: Worlds) -> None:
    chance = random.Random(7)
    references = {scenario: kills.measure(scenario, worlds, worlds.folder) for scenario in (APPLY, PROMOTE)}
    every = [kill for s, reference in references.items() for kill in kills.at_every_call(s, reference, chance)]
    writing = [kill for kill in every if kill.told.startswith("after")]
    switches = [kill for kill in writing if "publish" in kill.told]
    planned = [*switches, *chance.sample(writing, 2), *kills.at_random(references, 4, chance)]
    tally = kills.carry_out(planned, references, worlds, lambda _: None)
    assert tally.faults == []
    assert tally.kills >= len(planned) - 2, "a kill at a random instant may come too late, the others never do"
    assert tally.old
    assert tally.new >= len(switches)


@pytest.mark.slow
@pytest.mark.parametrize("pair", races.PAIRS[:4], ids=lambda pair: pair.name)
def test_a_race_gives_what_an_order_gives(worlds: Worlds, pair: races.Pair) -> None:
    tally = races.race(pair, 1, worlds, random.Random(3), lambda _: None)
    assert tally.faults == []
    assert tally.both + tally.held + tally.stale + tally.other >= tally.runs


@pytest.mark.slow
@pytest.mark.parametrize("read", [readers.threads, readers.processes], ids=["threads", "processes"])
def test_readers_see_whole_releases_and_both(worlds: Worlds, read: Callable[[Worlds, float], readers.Tally]) -> None:
    tally = read(worlds, 1.0)
    assert tally.faults == []
    assert len(tally.seen) == 2


@pytest.mark.slow
def test_a_torn_switch_is_found(worlds: Worlds) -> None:
    runs, found = planted.hunt("the switch is torn", worlds, random.Random(1))
    assert found, f"not found in {runs} runs"


def test_a_world_is_copied_whole(worlds: Worlds, tmp_path: Path) -> None:
    world = copied(worlds.get("new"), tmp_path / "world")
    assert {p.name for p in world.iterdir()} >= {".git", "assets", "data", "headgate.toml", "warehouse.duckdb"}
    shutil.rmtree(world)
