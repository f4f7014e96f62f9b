"""Random sequences of commands with crashes between and inside them, held against what ought to be shown."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from memory_state import Crash, Disk, MemoryStore
from release_stage import BASE, LEASE, RETAIN, Project, Stage, edited, faults, shown_values, without

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.errors import Refused
from headgate.core.events import verify_events
from headgate.core.records import Collection, MoveKind, Pointer
from headgate.release.history import read_moves
from headgate.release.stored import read_environments, read_pointers
from tests.fakes.engine import FakeWarehouse

EDITS: tuple[Callable[[Project], Project], ...] = (
    lambda p: edited(p, "staging.a", constant=p["staging.a"].constant + 1),
    lambda p: edited(p, "staging.v", constant=p["staging.v"].constant + 1),
    lambda p: edited(p, "marts.m", constant=p["marts.m"].constant + 1),
    lambda p: edited(p, "marts.m", tainted=not p["marts.m"].tainted),
    lambda p: without(p, "marts.w") if "marts.w" in p else {**p, "marts.w": BASE["marts.w"]},
    lambda p: edited(p, "marts.m", kind=Kind.VIEW if p["marts.m"].kind is Kind.TABLE else Kind.TABLE),
    lambda p: BASE,
)
ENVIRONMENTS = ("dev", "dev-2")


def crashes(most: int) -> st.SearchStrategy[int | None]:
    """Mostly none, else at one of the first calls."""
    return st.sampled_from([None] * 8 + list(range(most)))


class Releases(RuleBasedStateMachine):
    """``applied`` is the code last applied to each environment, ``pointers`` what was shown at each serial."""

    @initialize()
    def begin(self) -> None:
        self.warehouse = FakeWarehouse()
        for name in ("s", "t"):
            self.warehouse.run(f"create table raw.{name} (x)")
            self.warehouse.run(f"insert into raw.{name} values (0)")
        self.disk = Disk()
        self.ticks = itertools.count(1)
        self.project: Project = BASE
        self.applied: dict[str, Project] = {}
        self.live = {"raw.s": 0, "raw.t": 0}
        self.pointers: dict[tuple[str, int], Mapping[Address, Pointer]] = {}
        self.stage = self.session()
        self.apply("dev", (), None)
        self.promote("dev", None)

    def session(self, fail_at: Callable[[str], None] = lambda point: None) -> Stage:
        self.disk.end_processes()
        store = MemoryStore(self.disk, fail_at)
        lease = store.acquire(LEASE, holder="me", purpose="test", at="")
        stage = Stage(store, self.warehouse.open(fail_at), lease, self.ticks)
        stage.recover()
        return stage

    def attempt(self, act: Callable[[Stage], Any], crash: int | None) -> None:
        """Carry a command out, or end the process at its ``crash``-th call; then a new process comes."""
        before = self.shown()
        count = itertools.count()

        def fail_at(point: str) -> None:
            if crash is not None and armed and next(count) == crash:
                raise Crash(point)

        armed = False
        stage = self.session(fail_at)
        armed = True
        try:
            act(stage)
        except (Crash, Refused):
            armed = False
            self.stage = self.session()
            after = self.shown()
            assert self.session().recover() == ()
            assert sum(before.get(name) != values for name, values in after.items()) <= 1
        else:
            armed = False
            self.stage = self.session()

    def shown(self) -> dict[str, dict[str, int]]:
        stage = self.session()
        with stage.store.reading() as state:
            names = list(read_environments(state))
        return {name: shown_values(stage.engine, stage.store, name) for name in names}

    @rule(edit=st.sampled_from(EDITS))
    def edit(self, edit: Callable[[Project], Project]) -> None:
        self.project = edit(self.project)

    @rule(source=st.sampled_from(["s", "t"]))
    def load(self, source: str) -> None:
        self.live[f"raw.{source}"] += 1_000_000
        self.warehouse.run(f"update raw.{source} set x = {self.live[f'raw.{source}']}")

    @rule(
        environment=st.sampled_from(ENVIRONMENTS),
        refresh=st.sampled_from([(), (), (), ("raw.s",), ("raw.s", "raw.t")]),
        crash=crashes(6),
    )
    def apply(self, environment: str, refresh: tuple[str, ...], crash: int | None) -> None:
        project = self.project
        self.attempt(lambda stage: stage.apply(project, environment, refresh=refresh), crash)
        self.applied[environment] = project

    @rule(environment=st.sampled_from(["dev", "dev", "dev-2"]), crash=crashes(4))
    def promote(self, environment: str, crash: int | None) -> None:
        project = self.applied.get(environment)
        if project is not None:
            self.attempt(lambda stage: stage.promote(project, source=environment), crash)

    @rule(
        edit=st.sampled_from(EDITS),
        environment=st.sampled_from(ENVIRONMENTS),
        refresh=st.sampled_from([(), ("raw.s",)]),
    )
    def release(self, edit: Callable[[Project], Project], environment: str, refresh: tuple[str, ...]) -> None:
        self.edit(edit)
        self.apply(environment, refresh, None)
        self.promote(environment, None)

    @rule(
        environment=st.sampled_from([*ENVIRONMENTS, "prod", "prod"]),
        back=st.sampled_from([None, None, 1, 2, 3]),
        crash=crashes(4),
    )
    def rollback(self, environment: str, back: int | None, crash: int | None) -> None:
        with self.stage.store.reading() as state:
            record = read_environments(state).get(environment)
        to = None if back is None or record is None else record.serial - back
        self.attempt(lambda stage: stage.rollback(environment, to), crash)

    @rule(drop=st.sampled_from([None, None, *ENVIRONMENTS]), crash=crashes(6))
    def collect(self, drop: str | None, crash: int | None) -> None:
        if drop not in self.applied:
            drop = None
        self.attempt(lambda stage: stage.collect(*([drop] if drop else [])), crash)

    @invariant()
    def state_and_engine_agree(self) -> None:
        if hasattr(self, "stage"):
            assert faults(self.stage.engine, self.stage.store) == []
            with self.stage.store.reading() as state:
                assert verify_events(state) is None

    @invariant()
    def a_serial_stands_for_one_set_of_pointers(self) -> None:
        """What a rollback says it restores is what was there, and nothing changes without a move."""
        if not hasattr(self, "stage"):
            return
        with self.stage.store.reading() as state:
            for name, record in read_environments(state).items():
                shown = dict(read_pointers(state, name))
                assert self.pointers.setdefault((name, record.serial), shown) == shown
                last = read_moves(state, name, after=record.serial - 1)[0]
                before = self.pointers.get((name, last.restores))
                if last.kind is MoveKind.ROLLBACK and before is not None:
                    assert shown == before

    @invariant()
    def every_environment_shows_one_consistent_evaluation(self) -> None:
        """``w = m + v + c`` holds inside each environment, whatever was promoted from where."""
        if not hasattr(self, "stage"):
            return
        for values in self.shown().values():
            if values:
                assert set(values) >= {"staging.a", "staging.v", "marts.m"}
                live_part = values["staging.v"] // 1_000_000 * 1_000_000
                assert live_part == self.live["raw.t"]

    @invariant()
    def nothing_retained_is_gone(self) -> None:
        if not hasattr(self, "stage"):
            return
        built = self.stage.engine.built()
        with self.stage.store.reading() as state:
            now = datetime.fromisoformat(self.stage.clock())
            for name in read_environments(state):
                moves = read_moves(state, name)
                expired = max((m.serial for m in moves if m.kind is MoveKind.EXPIRE), default=0)
                needed = [p.build for p in read_pointers(state, name).values()]
                for move in moves:
                    if move.serial > expired and datetime.fromisoformat(move.at) >= now - timedelta(seconds=RETAIN):
                        needed += [c.before.build for c in move.changes.values() if c.before]
                texts = state.get(Collection.BUILDS, needed)
                assert set(needed) == set(texts)
                for build, text in texts.items():
                    assert '"relation":""' in text or build in built


TestReleases = pytest.mark.slow(Releases.TestCase)
TestReleases.settings = settings(
    max_examples=10,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
