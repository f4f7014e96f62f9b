"""A crash at every call that writes, before and after its effect: the next holder finds all old or all new."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from memory_state import Crash, Disk, MemoryStore
from release_stage import BASE, LEASE, Stage, edited, faults, shown_values, without

from headgate.core.events import verify_events
from headgate.core.records import Collection
from headgate.release.stored import read_environments
from tests.fakes.engine import FakeWarehouse

pytestmark = pytest.mark.slow


@dataclass
class World:
    """A warehouse and a state, as files; sessions come and go."""

    warehouse: FakeWarehouse
    disk: Disk
    ticks: Any

    def session(self, fail_at: Callable[[str], None] = lambda point: None) -> Stage:
        """A new process: it takes the lease, opens the engine and recovers."""
        self.disk.end_processes()
        store = MemoryStore(self.disk, fail_at)
        lease = store.acquire(LEASE, holder=f"me-{next(self.ticks)}", purpose="test", at="")
        return Stage(store, self.warehouse.open(fail_at), lease, self.ticks)

    def copy(self) -> World:
        warehouse = FakeWarehouse(shapes=dict(self.warehouse.shapes))
        self.warehouse.connection.backup(warehouse.connection)
        return World(warehouse, self.disk.copy(), copy(self.ticks))

    def shown(self) -> dict[str, dict[str, int]]:
        stage = self.session()
        with stage.store.reading() as state:
            names = list(read_environments(state))
        return {name: shown_values(stage.engine, stage.store, name) for name in names}


V1 = edited(BASE, "staging.a", constant=11)
V2 = edited(without(BASE, "marts.w"), "staging.v", constant=201)


def new_world() -> World:
    warehouse = FakeWarehouse()
    for name, value in (("s", 1), ("t", 2)):
        warehouse.run(f"create table raw.{name} (x)")
        warehouse.run(f"insert into raw.{name} values ({value * 1_000_000})")
    return World(warehouse, Disk(), itertools.count(1))


def prepared(*acts: Callable[[Stage], Any]) -> World:
    """Return a world in which the acts were done; that is done once, and copied."""
    return _done(acts).copy()


@cache
def _done(acts: tuple[Callable[[Stage], Any], ...]) -> World:
    world = new_world()
    for act in acts:
        stage = world.session()
        stage.recover()
        act(stage)
    return world


FIRST = (lambda s: s.apply(BASE), lambda s: s.promote(BASE))
SECOND = (*FIRST, lambda s: s.apply(V1), lambda s: s.promote(V1))
SCENES: dict[str, tuple[tuple[Callable[[Stage], Any], ...], Callable[[Stage], Any]]] = {
    "first apply": ((), lambda s: s.apply(BASE)),
    "apply": (FIRST, lambda s: s.apply(V2)),
    "apply with refresh": (FIRST, lambda s: s.apply(V1, refresh=["raw.s", "raw.t"])),
    "first promote": (FIRST[:1], lambda s: s.promote(BASE)),
    "promote": ((*FIRST, lambda s: s.apply(V2)), lambda s: s.promote(V2)),
    "rollback": (SECOND, lambda s: s.rollback()),
    "gc": ((*SECOND, lambda s: s.apply(V2)), lambda s: s.collect(retain=0)),
    "gc of an environment": ((*SECOND, lambda s: s.apply(V2)), lambda s: s.collect("dev", retain=0)),
}


def points_of(scene: str) -> list[str]:
    before, act = SCENES[scene]
    world = prepared(*before)
    points: list[str] = []
    stage = world.session(points.append)
    stage.recover()
    act(stage)
    return points


@pytest.mark.parametrize("scene", SCENES)
def test_a_crash_at_every_point_leaves_old_or_new(scene: str) -> None:
    before, act = SCENES[scene]
    world = prepared(*before)
    old = world.shown()
    stage = world.session()
    stage.recover()
    act(stage)
    new = world.shown()
    if not scene.startswith("gc") or "environment" in scene:
        assert old != new
    points = points_of(scene)
    outcomes = set()
    for number, point in enumerate(points):
        world = prepared(*before)
        crash_during(world, act, number)
        crashed = world.session()
        done = crashed.recover()
        assert faults(crashed.engine, crashed.store) == [], (scene, point)
        shown = world.shown()
        assert shown in (old, new, {**old, "dev": {}}), (scene, point)
        outcomes.add(shown == new)
        again = world.session()
        assert again.recover() == (), (scene, point, done)
        act(again)
        assert faults(again.engine, again.store) == [], (scene, point)
        with again.store.reading() as state:
            assert verify_events(state) is None
    assert outcomes == {True, False} or scene == "gc"


def crash_during(world: World, act: Callable[[Stage], Any], number: int) -> None:
    count = itertools.count()

    def fail_at(point: str) -> None:
        if next(count) == number:
            raise Crash(point)

    stage = world.session(fail_at)
    with pytest.raises(Crash):
        recovered_act(stage, act)


def recovered_act(stage: Stage, act: Callable[[Stage], Any]) -> None:
    stage.recover()
    act(stage)


@pytest.mark.parametrize("scene", ["apply", "promote", "rollback"])
def test_a_crash_in_recovery_is_recovered_from(scene: str) -> None:
    before, act = SCENES[scene]
    points = points_of(scene)
    total = 0
    for number, point in enumerate(points):
        if not point.startswith(("commit", "publish", "build")):
            continue
        second = 0
        while True:
            world = prepared(*before)
            crash_during(world, act, number)
            count = itertools.count()

            def fail_at(reached: str, count: Any = count, second: int = second) -> None:
                if next(count) == second:
                    raise Crash(reached)

            try:
                world.session(fail_at).recover()
            except Crash:
                total += 1
            else:
                break
            stage = world.session()
            stage.recover()
            assert faults(stage.engine, stage.store) == [], (scene, point, second)
            second += 1
    assert total > 50


def test_what_is_left_after_gc_is_needed() -> None:
    world = prepared(*SECOND)
    stage = world.session()
    stage.recover()
    stage.collect(retain=0)
    with stage.store.reading() as state:
        pointed = {key for key, _ in state.scan(Collection.BUILDS)}
    assert len(stage.engine.built()) < len(pointed)
    assert stage.collect(retain=0).is_empty
