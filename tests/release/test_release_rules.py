"""One rule at a time, on an engine and a state in memory: what is shown, what is refused, what is written."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from memory_state import Disk, MemoryStore
from memory_world import World
from release_stage import (
    BASE,
    ENGINE,
    LEASE,
    Asset,
    Project,
    Stage,
    edited,
    faults,
    files_of,
    tree_of,
    without,
)

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.errors import Diverged, EngineFailed, LeaseLost, Refused, StalePlan, StatementFailed
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.store import Batch, Entry
from headgate.core.records import Build, Collection, MoveKind
from headgate.release.collect import plan_collection
from headgate.release.history import read_moves
from headgate.release.intended import Intended
from headgate.release.recover import RecoveryKind
from headgate.release.snapshot import take_snapshot
from headgate.release.source_code import keep_tree
from headgate.release.stored import read_environment, read_pointers
from tests.release.kept_code import kept_files


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def released(world: World) -> World:
    stage = world.session()
    stage.apply(BASE)
    stage.promote(BASE)
    return world


def codes(diagnostics: Any) -> list[str]:
    return [d.code for d in diagnostics]


def entries(world: World) -> dict[tuple[str, str], str]:
    return dict(world.disk.entries)


EDITED = edited(BASE, "staging.a", constant=11)


def test_a_publish_shows_what_the_pointers_say(released: World) -> None:
    assert released.shown("dev") == {
        "staging.a": 1_000_010,
        "staging.v": 2_000_200,
        "marts.m": 3_003_210,
        "marts.w": 5_043_410,
    }
    assert released.shown("prod") == released.shown("dev")
    stage = released.session()
    assert stage.engine.shown({"staging", "staging__dev"}) == [
        ("staging", "a"), ("staging", "v"), ("staging__dev", "a"), ("staging__dev", "v")
    ]  # fmt: skip


def test_a_move_that_changes_nothing_writes_nothing(released: World) -> None:
    stage = released.session()
    stage.apply(BASE)
    before = entries(released), len(released.disk.events)
    assert stage.apply(BASE) is None
    assert stage.promotion(BASE).is_empty
    assert stage.promotion(BASE).diagnostics == ()
    assert (entries(released), len(released.disk.events)) == before


def test_other_properties_are_a_move_of_no_pointer(released: World) -> None:
    changed = {Address("marts.m"): ("cron", "lookback")}
    stage = released.session()
    before = released.shown("prod")
    planned = stage.promotion(BASE, properties=changed)
    assert (planned.is_empty, planned.moved, planned.properties) == (False, (), changed)
    move = stage.publish(planned.intended)
    assert (move.changes, move.properties, released.shown("prod")) == ({}, changed, before)
    with stage.store.reading() as state:
        assert read_moves(state, "prod")[-1] == move
    # The way back is the code of before, with the same tables; without other properties there is none to go.
    assert stage.rollback_plan().intended is None
    back = stage.rollback_plan(properties=changed)
    assert stage.publish(back.intended).restores == move.serial - 1


def test_a_schedule_that_is_added_is_promoted_with_builds_of_which_no_code_was_noted(released: World) -> None:
    stage = released.session()
    planned = stage.promotion(BASE, scheduled=("staging.a", "marts.m"), properties={Address("marts.m"): ("cron",)})
    assert (planned.diagnostics, planned.moved, planned.intended.scheduled) == ((), (), {"staging.a", "marts.m"})
    released.warehouse.run("update raw.s set x = 5000000")
    stage.apply(BASE, refresh=("raw.s",))
    planned = stage.promotion(BASE, scheduled=("staging.a", "marts.m"))
    assert {item.address for item in planned.moved} == {"raw.s", "staging.a", "marts.m", "marts.w"}
    stage.apply(EDITED)
    planned = stage.promotion(BASE, scheduled=("staging.a",))
    assert [fault.code for fault in planned.diagnostics] == ["HG511"]


def test_what_waits_for_its_schedule_in_the_code_shown_is_left_out_of_closure(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    with stage.store.reading() as state:
        mixed = dict(read_pointers(state, "prod"))
        mixed[Address("staging.a")] = read_pointers(state, "dev")[Address("staging.a")]
    intended = Intended("prod", ENGINE, 1, mixed, MoveKind.RUN, "me", bare=True, scheduled=frozenset({"marts.m"}))
    assert stage.publish(intended) is not None


def test_an_apply_that_moves_nothing_still_stands_beside_the_present_release(released: World) -> None:
    stage = released.session()
    with stage.store.reading() as state:
        assert read_environment(state, "dev")[0].beside == 0
    assert stage.apply(BASE) is None
    with stage.store.reading() as state:
        assert read_environment(state, "dev")[0].beside == 1


def test_only_views_whose_text_changes_are_replaced(released: World) -> None:
    stage = released.session()
    seen: list[Any] = []
    publish = stage.engine.publish
    stage.engine.publish = lambda publication: (seen.append(publication), publish(publication))[1]  # type: ignore
    stage.apply(edited(BASE, "marts.m", constant=4_000))
    names = [(view.schema, view.name) for view in seen[0].replace]
    assert names == [("marts__dev", "m"), ("marts__dev", "w")]
    assert seen[0].drop == ()
    stage.apply(BASE, refresh=["raw.t"])
    assert ("staging__dev", "v") not in [(view.schema, view.name) for view in seen[1].replace]


def test_what_is_removed_or_renamed_by_case_only_is_right(released: World) -> None:
    stage = released.session()
    stage.apply(without(BASE, "marts.w"))
    assert "marts.w" not in released.shown("dev")
    renamed = {**without(BASE, "marts.w"), "marts.W": BASE["marts.w"]}
    stage.apply(BASE)
    stage.apply(renamed)
    assert released.shown("dev")["marts.W"] == 5_043_410
    assert set(stage.engine.shown({"marts__dev"})) == {("marts__dev", "m"), ("marts__dev", "W")}


def test_a_change_of_bare_schemas_moves_every_view(released: World) -> None:
    stage = released.session()
    with stage.store.reading() as state:
        pointers = dict(read_pointers(state, "prod"))
        serial = read_environment(state, "prod")[0].serial
    move = stage.publish(Intended("prod", ENGINE, serial, pointers, MoveKind.PROMOTE, "me", bare=False))
    assert move is not None
    assert move.changes == {}
    assert stage.engine.shown({"staging", "marts"}) == []
    assert len(stage.engine.shown({"staging__prod", "marts__prod"})) == 4


def test_two_environments_never_share_a_schema(released: World) -> None:
    stage = released.session()
    stage.apply(BASE, "dev-2")
    with pytest.raises(Refused, match="HG507"):
        stage.apply(BASE, "dev_2")
    with stage.store.reading() as state:
        pointers = dict(read_pointers(state, "dev"))
    with pytest.raises(Refused, match="HG507"):
        stage.publish(Intended("other", ENGINE, 0, pointers, MoveKind.APPLY, "me", bare=True))


def test_a_table_of_somebody_else_is_not_replaced(world: World) -> None:
    world.warehouse.run("create table staging__dev.a (x)")
    with pytest.raises(Refused, match=r"HG510.*staging__dev.a"):
        world.session().apply(BASE)
    assert Collection.INTENTS not in {collection for collection, _ in world.disk.entries}


def test_a_view_of_somebody_else_is_not_replaced_either(world: World) -> None:
    world.warehouse.run("create view staging__dev.a as select 1 as x")
    with pytest.raises(Refused, match=r"HG510.*staging__dev.a"):
        world.session().apply(BASE)
    stage = world.session()
    assert stage.engine.query("select x from staging__dev.a").rows == ((1,),)


def test_closure_is_checked_at_every_publish(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    with stage.store.reading() as state:
        mixed = dict(read_pointers(state, "prod"))
        mixed[Address("staging.a")] = read_pointers(state, "dev")[Address("staging.a")]
    with pytest.raises(Refused, match=r"HG505.*marts.m on staging.a"):
        stage.publish(Intended("prod", ENGINE, 1, mixed, MoveKind.PROMOTE, "me", bare=True))


def test_a_stale_serial_and_a_lost_lease_are_refused(released: World) -> None:
    stage = released.session()
    with pytest.raises(StalePlan, match="HG502"):
        stage.publish(Intended("dev", ENGINE, 7, {}, MoveKind.APPLY, "me"))
    released.session()
    with pytest.raises(Refused, match="HG503"):
        stage.publish(Intended("dev", ENGINE, 1, {}, MoveKind.APPLY, "me"))


def test_what_the_engine_refuses_leaves_everything_as_it_was(released: World) -> None:
    stage = released.session()
    before = released.shown("dev")
    released.warehouse.run("drop table raw.t")
    with pytest.raises(StatementFailed):
        released.session().apply(edited(BASE, "staging.v", constant=7))
    assert Collection.INTENTS not in {collection for collection, _ in released.disk.entries}
    released.warehouse.run("create table raw.t (x)")
    released.warehouse.run("insert into raw.t values (2000000)")
    assert released.shown("dev") == before
    assert faults(stage.engine, stage.store) == []


def test_a_publish_whose_answer_is_lost_is_asked_of_the_marker(released: World) -> None:
    stage = released.session()
    publish = stage.engine.publish

    def answered_too_late(publication: Any) -> None:
        publish(publication)
        raise EngineFailed("connection lost")

    stage.engine.publish = answered_too_late  # type: ignore[method-assign]
    assert stage.apply(EDITED) is not None
    assert faults(stage.engine, stage.store) == []


def test_a_lost_table_is_named(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    with stage.store.reading() as state:
        build = stage.engine.built()[read_pointers(state, "dev")[Address("marts.m")].build]
    released.warehouse.run("drop view marts__dev.m")
    released.warehouse.run(f"drop table headgate.{build}")
    stage.engine.drop({i: r for i, r in stage.engine.built().items() if r == build})
    with pytest.raises(Exception, match="lost tables") as caught:
        stage.promote(EDITED)
    assert caught.value.code == "HG508"


# Recovery


def test_recovery_tells_files_apart_that_do_not_belong_together(released: World) -> None:
    old_disk = released.disk.copy()
    released.session().apply(EDITED)
    newer = released.disk
    with pytest.raises(Diverged, match="state, which is an older copy") as caught:
        _with(released, old_disk).session()
    assert caught.value.code == "HG520"
    other = World()
    other.session().apply(BASE)
    with pytest.raises(Diverged, match="new file"):
        _with(World(), newer).session()
    with pytest.raises(Diverged, match="another state"):
        _with(other, newer.copy("state-2")).session()
    with pytest.raises(Diverged, match="warehouse, which is an older copy"):
        _with(other, newer.copy()).session()


def _with(world: World, disk: Disk) -> World:
    """The same warehouse beside another state."""
    mixed = object.__new__(World)
    mixed.warehouse, mixed.disk, mixed.ticks = world.warehouse, disk, world.ticks
    return mixed


def test_the_same_serial_by_another_history_is_seen(released: World) -> None:
    old_disk = released.disk.copy()
    released.session().apply(EDITED)
    twin = World()
    stage = twin.session()
    stage.apply(BASE)
    stage.promote(BASE)
    mixed = _with(released, old_disk.copy())
    record = loads(old_disk.entries[Collection.ENVIRONMENTS, "dev"])
    record["serial"] = 2
    mixed.disk.entries[Collection.ENVIRONMENTS, "dev"] = str(record).replace("'", '"').replace("False", "false")
    with pytest.raises(Diverged, match="another move"):
        mixed.session()


def test_pins_of_the_dead_are_taken_back_and_those_of_the_living_stay(released: World) -> None:
    stage = released.session()
    build = next(iter(stage.engine.built()))
    pins = [f"{build}/{LEASE}#1", f"{build}/someone", f"{build}/environment/x#1"]
    stage.store.commit(Batch(tuple(Entry(Collection.PINS, pin, "") for pin in pins)))
    released.session()
    assert [key for c, key in released.disk.entries if c == Collection.PINS] == [f"{build}/environment/x#1"]


@pytest.mark.parametrize("environment", ["dev", "dev-2"])
def test_an_author_who_was_overtaken_cannot_publish_late(released: World, environment: str) -> None:
    """It stood still between its intent and the engine's transaction; meanwhile the next holder has taken that back."""
    stage = released.session()
    before = released.shown(environment)
    publish = stage.engine.publish

    def much_later(publication: Any) -> None:
        released.session()
        publish(publication)

    stage.engine.publish = much_later  # type: ignore[method-assign]
    with pytest.raises(LeaseLost, match="HG503"):
        stage.apply(EDITED, environment)
    assert released.shown(environment) == before
    stage = released.session()
    assert faults(stage.engine, stage.store) == []
    assert stage.apply(EDITED, environment) is not None
    assert faults(stage.engine, stage.store) == []


def test_an_author_who_was_overtaken_after_the_release_has_published(released: World) -> None:
    """It stood still after the engine's transaction; meanwhile the next holder has recorded the move."""
    stage = released.session()
    _after_the_engine(stage, released.session)
    assert stage.apply(EDITED) is not None
    assert released.shown("dev")["staging.a"] == 1_000_011
    assert faults(stage.engine, released.session().store) == []


def test_a_lost_answer_is_asked_of_the_records_once_the_marker_has_moved_on(released: World) -> None:
    stage = released.session()

    def overtaken() -> None:
        released.session().apply(BASE)
        raise EngineFailed("connection lost")

    _after_the_engine(stage, overtaken)
    move = stage.apply(EDITED)
    assert move is not None
    assert move.serial == 2
    assert released.shown("dev")["staging.a"] == 1_000_010
    assert faults(stage.engine, released.session().store) == []


def test_an_author_who_lost_the_lease_after_the_release_says_what_is_shown(released: World) -> None:
    stage = released.session()

    def overtaken() -> None:
        released.disk.end_processes()
        MemoryStore(released.disk).acquire(LEASE, holder="next", purpose="test", at="")

    _after_the_engine(stage, overtaken)
    with pytest.raises(LeaseLost, match="HG503 the warehouse shows release 2 of dev, but it is not recorded") as caught:
        stage.apply(EDITED)
    assert "Nothing was published" not in caught.value.diagnostics[0].hint
    assert released.shown("dev")["staging.a"] == 1_000_011
    assert faults(stage.engine, released.session().store) == []


def test_what_changes_between_the_release_and_its_record_makes_no_plan_stale(released: World) -> None:
    """A stale plan is made again and carried out: that would be done twice."""
    stage = released.session()
    commit = stage.store.commit

    def altered(batch: Batch) -> None:
        stage.store.commit = commit  # type: ignore[method-assign]
        released.disk.entries[Collection.INTENTS, "dev"] += " "
        commit(batch)

    _after_the_engine(stage, lambda: setattr(stage.store, "commit", altered))
    with pytest.raises(Refused, match="HG502 the warehouse shows release 2 of dev, but it is not recorded") as caught:
        stage.apply(EDITED)
    assert not isinstance(caught.value, StalePlan)
    assert faults(stage.engine, released.session().store) == []


def _after_the_engine(stage: Stage, meanwhile: Callable[[], object]) -> None:
    """Have something happen right after the engine's transaction."""
    publish = stage.engine.publish

    def published(publication: Any) -> None:
        publish(publication)
        meanwhile()

    stage.engine.publish = published  # type: ignore[method-assign]


def test_what_was_read_from_files_and_not_sealed_is_dropped(released: World) -> None:
    """Nobody has looked whether the files changed while they were read; a build of tables is sealed."""
    stage = released.session()
    with stage.store.reading() as state:
        shown = {a: p.build for a, p in read_pointers(state, "dev").items() if a in ("staging.a", "raw.s")}
    before: dict[str, tuple[int, int]] = {}
    for address, build in shown.items():
        body = loads(released.disk.entries[Collection.BUILDS, build])
        before[address] = (body["rows"], body["bytes"])
        body |= {"status": "building", "rows": 0, "bytes": 0}
        if address == "raw.s":
            body["location"] = {"pattern": "s.csv", "format": "csv", "files": [], "options": {}}
        released.disk.entries[Collection.BUILDS, build] = dumps(body)
        released.disk.entries[Collection.PINS, f"{build}/{LEASE}#1"] = "apply"
    released.disk.end_processes()
    store = MemoryStore(released.disk)
    lease = store.acquire(LEASE, holder="next", purpose="test", at="")
    done = Stage(store, released.warehouse.open(), lease, released.ticks).recover()
    assert [(d.kind, d.addresses) for d in done] == [
        (RecoveryKind.SEALED, ("staging.a",)),
        (RecoveryKind.DROPPED, ("raw.s",)),
    ]
    assert shown[Address("raw.s")] not in released.warehouse.open().built()
    sealed = loads(released.disk.entries[Collection.BUILDS, shown[Address("staging.a")]])
    assert (sealed["rows"], sealed["bytes"]) == before["staging.a"] != (0, 0), "as its own seal would have said"


def test_a_build_that_is_doomed_while_it_is_published_makes_the_plan_stale(released: World) -> None:
    stage = released.session()
    with stage.store.reading() as state:
        pointers = dict(read_pointers(state, "dev"))
    build = pointers[Address("marts.m")].build
    commit = stage.store.commit

    def overtaken(batch: Batch) -> None:
        text = released.disk.entries[Collection.BUILDS, build]
        released.disk.entries[Collection.BUILDS, build] = text.replace('"sealed"', '"doomed"')
        commit(batch)

    stage.store.commit = overtaken  # type: ignore[method-assign]
    with pytest.raises(StalePlan, match="HG502"):
        stage.publish(Intended("dev-2", ENGINE, 0, pointers, MoveKind.APPLY, "me"))
    assert "dev-2" not in stage.engine.markers()


# Promotion


def test_production_keeps_its_newer_data(released: World) -> None:
    """At 11 the sources of prod are read again; at noon a change from before that is promoted: it may not undo it."""
    stage = released.session()
    stage.apply(EDITED)
    released.warehouse.run("update raw.t set x = 9000000")
    stage.apply(BASE, "dev-2", refresh=["raw.t"])
    stage.promote(BASE, source="dev-2")
    planned = stage.promotion(EDITED)
    assert planned.intended is None
    assert codes(planned.diagnostics) == ["HG513"]
    assert "marts.m" in planned.diagnostics[0].summary
    assert "headgate apply dev" in planned.diagnostics[0].hint
    stage.apply(EDITED)
    assert stage.promote(EDITED) is not None
    assert released.shown("prod")["marts.m"] == 1_000_011 + 9_000_200 + 3_000


def test_what_is_untouched_by_the_change_keeps_productions_build(released: World) -> None:
    stage = released.session()
    project = {**BASE, "marts.n": Asset(Kind.TABLE, ("staging.v",), 7)}
    stage.apply(project)
    released.warehouse.run("update raw.s set x = 5000000")
    stage.apply(BASE, "dev-2", refresh=["raw.s"])
    stage.promote(BASE, source="dev-2")
    assert stage.promote(project) is not None
    assert released.shown("prod")["staging.a"] == 5_000_010
    assert released.shown("prod")["marts.n"] == 2_000_207


def test_newer_data_moves_with_a_promotion(released: World) -> None:
    stage = released.session()
    released.warehouse.run("update raw.s set x = 5000000")
    stage.apply(BASE, refresh=["raw.s"])
    planned = stage.promotion(BASE)
    assert {p.address: p.reason for p in planned.moved}[Address("raw.s")] == "newer data"
    assert stage.promote(BASE) is not None
    assert released.shown("prod")["staging.a"] == 5_000_010


def test_code_that_dev_does_not_show_is_not_promoted(released: World) -> None:
    stage = released.session()
    planned = stage.promotion(EDITED)
    assert codes(planned.diagnostics) == ["HG511"]
    assert planned.diagnostics[0].hint == "Build it first: headgate apply dev"
    planned = stage.promotion(EDITED, is_clean=False)
    assert "Commit" in planned.diagnostics[0].hint
    stage.apply(EDITED)
    assert codes(stage.promotion(BASE, is_clean=False).diagnostics) == []
    assert stage.promotion(EDITED).intended is not None


def test_a_reverted_edit_needs_no_new_release(released: World) -> None:
    """Dev shows an edit, the commit does not: production's own builds are what the commit says."""
    stage = released.session()
    stage.apply(EDITED)
    assert stage.promotion(BASE).is_empty


def test_a_release_of_somebody_else_is_not_undone(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    planned = stage.promotion(EDITED, is_ancestor=False)
    assert codes(planned.diagnostics) == ["HG516"]
    assert "headgate apply dev && headgate promote dev" in planned.diagnostics[0].hint


def test_outside_of_git_production_must_be_what_dev_was_planned_beside(released: World) -> None:
    stage = released.session()
    outside = {"commit": "", "is_ancestor": None}
    stage.apply(EDITED)
    assert stage.promotion(EDITED, **outside).intended is not None
    stage.apply(edited(BASE, "marts.w", constant=5), "dev-2")
    assert stage.promote(edited(BASE, "marts.w", constant=5), source="dev-2", **outside) is not None
    assert codes(stage.promotion(EDITED, **outside).diagnostics) == ["HG516"]
    stage.apply(EDITED)
    assert stage.promote(EDITED, **outside) is not None
    stage.apply(BASE, beside=None)
    third = edited(EDITED, "marts.m", constant=1)
    stage.apply(third)
    assert stage.promote(third, **outside) is not None


def test_a_promotion_after_a_rollback_says_so(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    stage.promote(EDITED)
    stage.rollback()
    planned = stage.promotion(EDITED)
    assert codes(planned.diagnostics) == ["HG515"]
    assert planned.intended is not None
    stage.apply(EDITED)
    assert codes(stage.promotion(EDITED).diagnostics) == ["HG515"], "who applies again has not mended anything yet"
    stage.rollback()  # forward again
    assert codes(stage.promotion(edited(EDITED, "marts.w", constant=9)).diagnostics) != ["HG515"]


def test_nothing_can_be_promoted_from_nothing(world: World) -> None:
    assert codes(world.session().promotion(BASE).diagnostics) == ["HG514"]


def test_tainted_tables_are_promoted_with_what_was_built_on_them(world: World) -> None:
    project = edited(BASE, "staging.a", tainted=True)
    stage = world.session()
    stage.apply(project)
    assert stage.promote(project) is not None
    assert world.shown("prod") == world.shown("dev")


# Rollback


def test_rollback_and_back_again(released: World) -> None:
    stage = released.session()
    old = released.shown("prod")
    stage.apply(EDITED)
    stage.promote(EDITED)
    new = released.shown("prod")
    stage = released.session()
    move = stage.rollback()
    assert move is not None
    assert (move.kind, move.restores, move.serial, move.tree) == (MoveKind.ROLLBACK, 1, 3, tree_of(BASE))
    assert released.shown("prod") == old
    stage = released.session()
    stage.rollback()
    assert released.shown("prod") == new
    stage = released.session()
    stage.rollback(to=1)
    assert released.shown("prod") == old


def test_rollback_takes_away_what_was_added_and_brings_back_what_was_removed(released: World) -> None:
    stage = released.session()
    project = {**without(BASE, "marts.w"), "marts.n": Asset(Kind.TABLE, ("staging.v",), 7)}
    stage.apply(project)
    stage.promote(project)
    assert set(released.shown("prod")) == {"staging.a", "staging.v", "marts.m", "marts.n"}
    stage.rollback()
    assert set(released.shown("prod")) == {"staging.a", "staging.v", "marts.m", "marts.w"}


@pytest.mark.parametrize("to", [1, 0, 5, -1])
def test_there_is_no_way_back_to_what_never_was(released: World, to: int) -> None:
    planned = released.session().rollback_plan(to=to)
    assert codes(planned.diagnostics) == ["HG530"]
    assert planned.intended is None


def test_collected_builds_are_named(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    stage.promote(EDITED)
    stage.collect(retain=0)
    planned = stage.rollback_plan()
    assert codes(planned.diagnostics) == ["HG531"]
    assert "marts.m, marts.w, staging.a" in planned.diagnostics[0].summary
    assert "is built again" in planned.diagnostics[0].hint


def test_collected_captures_are_not_said_to_come_back(released: World) -> None:
    stage = released.session()
    stage.apply(BASE, refresh=["raw.t"])
    stage.promote(BASE)
    stage.collect(retain=0)
    (told,) = stage.rollback_plan().diagnostics
    assert (told.code, "raw.t" in told.summary) == ("HG531", True)
    assert "data of then is gone" in told.hint


# Collection


def test_retention_keeps_what_a_move_replaced(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    stage.promote(EDITED)
    assert stage.collect(retain=10_000).is_empty
    with stage.store.reading() as state:
        planned = plan_collection(state, engine_name=ENGINE, now=stage.clock(), retain=lambda name: 0)
    assert planned.bytes == 16
    assert {g.address for g in planned.garbage} == {"staging.a", "marts.m", "marts.w"}
    done = stage.collect(retain=0)
    assert {g.build for g in done.garbage} == {g.build for g in planned.garbage}
    assert faults(stage.engine, stage.store) == []


def test_pins_and_open_intents_keep_builds(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    stage.apply(BASE)
    with stage.store.reading() as state:
        planned = plan_collection(state, engine_name=ENGINE, now=stage.clock(), retain=lambda name: 0)
        views = [g for g in planned.garbage if not g.relation]
    pin = Entry(Collection.PINS, f"{views[0].build}/environment/other#3", "")
    stage.store.commit(Batch((pin,)))
    done = stage.collect(retain=0)
    left = {g.build for g in planned.garbage} - {g.build for g in done.garbage}
    assert views[0].build in left
    assert len(left) == 2, "the view, and the table that it would be bound to"


def test_a_pin_that_comes_while_a_build_is_doomed_wins(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    stage.apply(BASE)
    with stage.store.reading() as state:
        planned = plan_collection(state, engine_name=ENGINE, now=stage.clock(), retain=lambda name: 0)
    table = next(g for g in planned.garbage if g.relation)
    commit = stage.store.commit

    def with_a_pin_before(batch: Batch) -> None:
        stage.store.commit = commit  # type: ignore[method-assign]
        commit(Batch((Entry(Collection.PINS, f"{table.build}/environment/other#3", ""),)))
        commit(batch)

    stage.store.commit = with_a_pin_before  # type: ignore[method-assign]
    done = stage.collect(retain=0)
    assert table.build not in {g.build for g in done.garbage}
    assert table.build in stage.engine.built()
    assert '"sealed"' in released.disk.entries[Collection.BUILDS, table.build]


def test_what_was_dropped_is_not_sealed_again(released: World) -> None:
    """A collection ended between drop and erasure; meanwhile the time of retention was made longer."""
    stage = released.session()
    stage.apply(EDITED)
    stage.apply(BASE)
    drop = stage.engine.drop

    def drop_and_end(relations: Any) -> None:
        drop(relations)
        raise KeyboardInterrupt

    stage.engine.drop = drop_and_end  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        stage.collect(retain=0)
    stage = released.session()
    stage.collect(retain=10_000)
    assert codes(stage.rollback_plan("dev").diagnostics) == ["HG531"]
    assert stage.apply(EDITED) is not None
    assert faults(stage.engine, stage.store) == []


def test_doomed_builds_are_not_found(released: World) -> None:
    stage = released.session()
    with stage.store.reading() as state:
        build = read_pointers(state, "dev")[Address("marts.m")].build
    text = released.disk.entries[Collection.BUILDS, build]
    released.disk.entries[Collection.BUILDS, build] = text.replace('"sealed"', '"doomed"')
    with stage.store.reading() as state:
        snapshot = take_snapshot(state, environment="dev", beside=None, engine=ENGINE)
        assert snapshot.find(Digest(loads(text)["key"])) == ()
        pointers = dict(read_pointers(state, "dev"))
    with pytest.raises(StalePlan, match="HG508"):
        stage.publish(Intended("dev-3", ENGINE, 0, pointers, MoveKind.APPLY, "me"))


def test_leftovers_of_a_lost_state_are_dropped(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    stage.apply(BASE)
    gone = [key for key in released.disk.entries if key[0] == Collection.BUILDS]
    with stage.store.reading() as state:
        kept = {p.build for p in read_pointers(state, "dev").values()}
    for key in gone:
        if key[1] not in kept:
            del released.disk.entries[key]
    stage.collect(retain=10_000)
    assert set(stage.engine.built()) <= kept


def test_an_environment_is_dropped_by_name_only(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    with pytest.raises(Refused, match="HG541"):
        stage.collect("dav")
    done = stage.collect("dev", retain=10_000)
    assert done.environments == ("dev",)
    assert stage.engine.shown({"staging__dev", "marts__dev"}) == []
    assert {g.address for g in done.garbage} >= {"staging.a", "marts.m"}
    assert stage.apply(EDITED) is not None
    assert faults(stage.engine, stage.store) == []


def test_a_clock_that_went_back_stops_the_collection(released: World) -> None:
    stage = released.session()
    stage.ticks = itertools.count(1)
    with pytest.raises(Refused, match="HG540"):
        stage.collect(retain=0)


# Source code, snapshots


def test_a_release_keeps_the_source_code_that_made_it(released: World) -> None:
    stage = released.session()
    stage.apply(EDITED)
    stage.apply(BASE)
    stage.collect(retain=0)
    with stage.store.reading() as state:
        for move in read_moves(state, "dev"):
            project: Project = EDITED if move.serial == 2 else BASE
            files, read = files_of(project)
            assert kept_files(state, move.tree) == {file.path: read(file.path) for file in files}
    files, read = files_of(edited(BASE, "marts.w", constant=1))
    with stage.store.reading() as state:
        entries = keep_tree(files, read, reading=state)
        assert [entry.collection for entry in entries] == [Collection.BLOBS, Collection.TREES]
        with pytest.raises(Refused, match="HG451"):
            keep_tree(files, lambda path: b"else", reading=state)
    stage.store.commit(Batch(entries))
    stage.collect(retain=0)
    with stage.store.reading() as state:
        assert keep_tree(files, read, reading=state) == entries


def test_a_snapshot_of_ten_thousand_pointers_decodes_what_is_asked_for(released: World) -> None:
    stage = released.session()
    text = next(v for (c, k), v in released.disk.entries.items() if c == Collection.POINTERS and k == "dev/marts.m")
    released.disk.entries.update_all({(Collection.POINTERS, f"dev/many.t{n:05}"): text for n in range(10_000)})
    with stage.store.reading() as state:
        asked: list[tuple[str, int]] = []
        get: Callable[..., Any] = state.get

        def counted(collection: str, keys: Any) -> Any:
            keys = list(keys)
            asked.append((collection, len(keys)))
            return get(collection, keys)

        state.get = counted  # type: ignore[method-assign]
        snapshot = take_snapshot(state, environment="dev", beside="prod", engine=ENGINE)
        assert snapshot.shown is not None
        assert len(snapshot.shown.pointers) == 10_006
        asked.clear()
        build = snapshot.build(snapshot.shown.pointers[Address("many.t00042")].build)
        assert isinstance(build, Build)
        assert snapshot.timed(Address("marts.m")) == build
        assert sum(count for _, count in asked) < 20
        assert snapshot.recipe(build.recipe) is not None
        assert snapshot.find(build.key)[0].id == build.id
        assert snapshot.captures[Address("raw.s")].number == 1


def test_recovery_reports_what_it_did(released: World) -> None:
    stage = released.session()
    commit, count = stage.store.commit, itertools.count()

    def until(batch: Batch) -> None:
        if any(e.collection == Collection.INTENTS and e.value is None for e in batch.entries):
            raise KeyboardInterrupt
        commit(batch)
        next(count)

    stage.store.commit = until  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        stage.apply(EDITED)
    released.disk.end_processes()
    store = MemoryStore(released.disk)
    lease = store.acquire(LEASE, holder="next", purpose="test", at="")
    done = Stage(store, released.warehouse.open(), lease, released.ticks).recover()
    assert [(d.kind, d.environment, d.serial) for d in done] == [(RecoveryKind.FINISHED, "dev", 2)]
    assert released.shown("dev")["staging.a"] == 1_000_011
