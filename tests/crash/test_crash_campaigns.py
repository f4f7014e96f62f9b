"""The crash campaigns, made small; and that their checker finds what is wrong."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from crash import kills, planted, races, readers
from crash.check import check
from crash.databases import Databases
from crash.process import headgate
from crash.warehouses import writing
from crash.worlds import Worlds

pytestmark = pytest.mark.slow

PROMOTE, RUN = (next(s for s in kills.SCENARIOS if s.name == name) for name in ("promote", "run"))


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Worlds:
    """Copies of the worker's own, of templates that all workers share: their commands take half a minute."""
    own = tmp_path_factory.mktemp("crash")
    return Worlds(own, templates=None if worker_id == "master" else own.parent.parent / "crash-templates")


@pytest.fixture
def on_postgres(tmp_path: Path) -> Iterator[Worlds]:
    with closing(Databases()) as databases:
        yield Worlds(tmp_path, databases)


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


@pytest.mark.slow
def test_on_postgresql_the_old_or_the_new_is_left_and_seen(on_postgres: Worlds) -> None:
    """One test, since its worlds take half a minute to make: what is checked, killed, raced and read there."""
    the_checker_reads(on_postgres)
    a_kill_leaves_the_old_or_the_new(on_postgres)
    a_race_of_two_machines_gives_what_an_order_gives(on_postgres)
    demand_all_seen(readers.processes(on_postgres, 1.0, readers.COURSES["runs"]))


def the_checker_reads(on_postgres: Worlds) -> None:
    world = on_postgres.copy("released")
    found = check(world, is_settled=True)
    assert found.faults == ()
    assert {name: head.serial for name, head in found.heads.items()} == {"dev": 1, "prod": 1}
    with writing(world) as execute:
        execute("create or replace view staging.stamp as select 1 as version, 41::bigint as orders")
        execute("update headgate_state.entries set value = replace(value, 'sealed', 'building')")
    faults = check(world, is_settled=True).faults
    assert any("prod staging.stamp shows [(1, 41)]" in fault or "not sealed" in fault for fault in faults), faults
    assert any("unfinished builds are left" in fault for fault in faults), faults


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_checker_finds_damage(worlds: Worlds, damage: str) -> None:
    world = worlds.copy("released")
    harm, told = DAMAGES[damage]
    harm(world)
    faults = check(world, is_settled=True).faults
    assert any(told in fault for fault in faults), faults


def after_writing(
    references: Mapping[kills.Scenario, kills.Reference], chance: random.Random
) -> tuple[list[kills.Kill], list[kills.Kill]]:
    """Return the kills after calls that write, and those of them that come after a switch."""
    every = [kill for s, reference in references.items() for kill in kills.at_every_call(s, reference, chance)]
    writing = [kill for kill in every if kill.told.startswith("after")]
    return writing, [kill for kill in writing if "publish" in kill.told]


@pytest.mark.slow
def test_a_kill_leaves_the_old_or_the_new(worlds: Worlds) -> None:
    chance = random.Random(7)
    references = {PROMOTE: kills.measure(PROMOTE, worlds)}
    writing, switches = after_writing(references, chance)
    planned = [*switches, chance.choice(writing), *kills.at_random(references, 2, chance)]
    tally = kills.carry_out(planned, references, [worlds] * 2, lambda _: None)
    assert tally.faults == []
    assert tally.kills >= len(planned) - 2, "a kill at a random instant may come too late, the others never do"
    assert tally.old
    assert tally.new >= len(switches)


def a_kill_leaves_the_old_or_the_new(on_postgres: Worlds) -> None:
    chance = random.Random(7)
    references = {RUN: kills.measure(RUN, on_postgres)}
    _, switches = after_writing(references, chance)
    planned = [*switches, *kills.with_harm(references, len(kills.HARMS), chance)]
    tally = kills.carry_out(planned, references, [on_postgres], lambda _: None)
    assert tally.faults == []
    assert tally.kills == len(planned)
    assert tally.new >= len(switches)


def a_race_of_two_machines_gives_what_an_order_gives(on_postgres: Worlds) -> None:
    (pair,) = (pair for pair in races.PAIRS if pair.name == "a run and a promote")
    known = outcomes(pair, on_postgres)
    tally = races.race(pair, 2, on_postgres, random.Random(3), lambda _: None, known=known)
    assert tally.faults == []
    assert tally.both + tally.held + tally.stale + tally.other >= tally.runs


def outcomes(pair: races.Pair, worlds: Worlds) -> races.Outcomes:
    """Return what ``races.outcomes`` does, by fewer commands: an order begins with what one of the two does alone."""
    found, seconds = [], []
    for order in dict.fromkeys(((pair.first, pair.second), (pair.second, pair.first))):
        world = worlds.copy(pair.world)
        for command in order:
            seconds.append(headgate(world, *command).seconds)
            checked = check(world, is_settled=True)
            assert checked.faults == ()
            found.append(checked.heads)
        worlds.remove(world)
    return found, min(seconds) / 2


@pytest.mark.slow
@pytest.mark.parametrize("pair", races.PAIRS[1:4:2], ids=lambda pair: pair.name)
def test_a_race_gives_what_an_order_gives(worlds: Worlds, pair: races.Pair) -> None:
    tally = races.race(pair, 1, worlds, random.Random(3), lambda _: None, known=outcomes(pair, worlds))
    assert tally.faults == []
    assert tally.both + tally.held + tally.stale + tally.other >= tally.runs


@pytest.mark.slow
def test_readers_in_threads_see_whole_releases_and_both(worlds: Worlds) -> None:
    demand_all_seen(readers.threads(worlds, 1.0))


@pytest.mark.slow
@pytest.mark.parametrize("course", readers.COURSES)
def test_readers_in_a_process_see_whole_releases_and_all(worlds: Worlds, course: str) -> None:
    demand_all_seen(readers.processes(worlds, 1.0, readers.COURSES[course]))


def demand_all_seen(tally: readers.Tally) -> None:
    assert tally.faults == []
    assert len(tally.seen) == len(tally.rested) >= 2


@pytest.mark.slow
def test_a_torn_switch_is_found(worlds: Worlds) -> None:
    runs, found = planted.hunt("the switch is torn", worlds, random.Random(1), scenarios=("rollback",), at="% into")
    assert found, f"not found in {runs} runs"


def test_a_world_is_copied_whole(worlds: Worlds) -> None:
    world = worlds.copy("new")
    assert {p.name for p in world.iterdir()} >= {".git", "assets", "data", "headgate.toml", "warehouse.duckdb"}
    worlds.remove(world)
