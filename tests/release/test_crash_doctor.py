"""A crash at every call of a repair: the next command settles it, the next doctor does the rest."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from memory_state import Crash, MemoryStore
from release_stage import BASE, ENGINE, Stage, edited, faults, recording_of
from test_crash_protocol import FIRST, SECOND, World, prepared

from headgate.core.address import Address
from headgate.core.errors import Diverged
from headgate.core.events import verify_events
from headgate.release.doctor.repair import Repaired, Surgery, repair
from headgate.release.stored import read_pointers

V1 = edited(BASE, "staging.a", constant=11)


def surgery(stage: Stage) -> Surgery:
    return Surgery(
        stage.store, stage.engine, stage.lease, stage.clock, stage.nonce, stage.root, "me", ENGINE, recording_of
    )


def doctor(stage: Stage) -> Repaired:
    return repair(surgery(stage))


def relation(stage: Stage, environment: str, address: str) -> str:
    with stage.store.reading() as state:
        return stage.engine.built()[read_pointers(state, environment)[Address(address)].build]


def edit_views(stage: Stage) -> None:
    run = stage.engine.warehouse.run  # type: ignore[attr-defined]
    run("drop view marts.m")
    run("drop view staging__dev.v")
    run("create view staging__dev.v as select 7 as x")


def lose_tables(stage: Stage) -> None:
    run = stage.engine.warehouse.run  # type: ignore[attr-defined]
    for address in ("staging.a", "raw.t"):
        run(f'drop table headgate."{relation(stage, "prod", address)}"')


def litter(stage: Stage) -> None:
    run = stage.engine.warehouse.run  # type: ignore[attr-defined]
    run('create table headgate."m__x__0123456789abcdef" (x)')
    run('create table headgate."lost" (x)')
    run("insert into headgate.builds values ('h1:00', 'a.b', 'lost', 0, 0, 1)")


def everything(stage: Stage) -> None:
    edit_views(stage)
    lose_tables(stage)
    litter(stage)


def forget_the_warehouse(stage: Stage) -> None:
    """As a new file would be: nothing of Headgate's is there, the sources are."""
    run = stage.engine.warehouse.run  # type: ignore[attr-defined]
    names = run("select type, name from sqlite_master where name not like 'raw.%' order by type desc").fetchall()
    for kind, name in names:
        stage.engine.warehouse.connection.execute(f'drop {kind} "{name}"')  # type: ignore[attr-defined]


def put_back_an_older_warehouse(stage: Stage) -> None:
    """As it was before the last release: a build of that is lost."""
    older = prepared(*FIRST)
    older.warehouse.connection.backup(stage.engine.warehouse.connection)  # type: ignore[attr-defined]


DAMAGES: dict[str, Callable[[Stage], Any]] = {
    "views": edit_views,
    "tables": lose_tables,
    "leftovers": litter,
    "everything": everything,
    "a new warehouse": forget_the_warehouse,
    "an older warehouse": put_back_an_older_warehouse,
}


def harmed(damage: Callable[[Stage], Any]) -> World:
    world = prepared(*SECOND)
    damage(world.session())
    return world


def until(world: World, number: int) -> bool:
    """Repair, and end at the ``number``-th call; tell whether there were so many."""
    count = itertools.count()

    def fail_at(point: str) -> None:
        if next(count) == number:
            raise Crash(point)

    stage = world.session(fail_at)
    try:
        with suppress(Diverged):
            stage.recover()
        doctor(stage)
    except Crash:
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGES)
def test_a_crash_at_every_point_of_a_repair(name: str) -> None:
    number = 0
    while until(world := harmed(DAMAGES[name]), number):
        number += 1
        stage = world.session()
        with suppress(Diverged):  # files that do not belong together are doctor's alone
            stage.recover()
        done = doctor(stage)
        assert done.after.findings == (), (name, number)
        assert doctor(world.session()).moves == ()
        mended(world)
    assert number > 10
    assert doctor(world.session()).after.findings == ()
    mended(world)


def mended(world: World) -> None:
    """What was lost is built again, and promoted; then nothing is amiss."""
    stage = world.session()
    stage.apply(V1)
    stage.promote(V1)
    assert faults(stage.engine, stage.store) == []
    assert doctor(stage).after.findings == ()
    with stage.store.reading() as state:
        assert verify_events(state) is None


def test_a_repair_without_damage_does_nothing() -> None:
    world = prepared(*SECOND)
    stage = world.session()
    before = world.disk.moment
    done = doctor(stage)
    assert (done.moves, done.lost, done.found, done.dropped, done.after.findings) == ((), (), (), (), ())
    assert world.disk.moment.entries == before.entries
    assert MemoryStore(world.disk).identity()
