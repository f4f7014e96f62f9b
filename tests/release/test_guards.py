"""What moves between reading and writing is noticed: each condition of a batch alone, and what a batch takes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from memory_state import MemoryStore
from memory_world import World
from release_stage import BASE, LEASE, Asset, Stage, edited, faults

from headgate.core.declarations import Kind
from headgate.core.errors import Refused, StalePlan, StatementFailed
from headgate.core.json_form import dumps, loads
from headgate.core.ports.store import Batch, Entry
from headgate.core.records import Collection, pin_key
from headgate.release.recover import RecoveryKind

CHANGED = {**edited(BASE, "staging.a", constant=11), "marts.n": Asset(Kind.TABLE, ("staging.v",), 7)}
NEW_POINTER, OLD_POINTER = "dev/marts.n", "dev/staging.a"


@pytest.fixture
def released() -> World:
    world = World()
    stage = world.session()
    stage.apply(BASE)
    stage.promote(BASE)
    return world


def _opens(batch: Batch) -> bool:
    return any(e.collection == Collection.INTENTS and e.value is not None for e in batch.entries)


def _finishes(batch: Batch) -> bool:
    return any(e.collection == Collection.MOVES for e in batch.entries)


def _dooms(batch: Batch) -> bool:
    return any(e.collection == Collection.BUILDS and e.value and '"doomed"' in e.value for e in batch.entries)


def _before(stage: Stage, is_it: Callable[[Batch], bool], move: Callable[[], object]) -> None:
    """Have something move after the batch was put together, and before it is written."""
    commit = stage.store.commit

    def late(batch: Batch) -> None:
        if is_it(batch):
            stage.store.commit = commit  # type: ignore[method-assign]
            move()
        commit(batch)

    stage.store.commit = late  # type: ignore[method-assign]


def _stop_in_the_engine(stage: Stage, environment: str) -> str:
    """End an apply between its intent and the engine's transaction; return the intent as it is stored."""
    publish = stage.engine.publish

    def ended(publication: Any) -> None:
        raise KeyboardInterrupt

    stage.engine.publish = ended  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        stage.apply(BASE, environment)
    stage.engine.publish = publish  # type: ignore[method-assign]
    with stage.store.reading() as state:
        return state.get(Collection.INTENTS, [environment])[environment]


# Opening a move


def test_an_intent_is_not_written_over_another(released: World) -> None:
    """Whose intent goes has no other trace: nobody could tell from the marker what the engine was to show."""
    stage = released.session()
    other = _stop_in_the_engine(stage, "dev-2")
    stage = released.session()
    before = dict(stage.engine.markers())
    key = (Collection.INTENTS, "dev")
    _before(stage, _opens, lambda: released.disk.entries.update_all({key: other}))
    with pytest.raises(StalePlan, match=r"HG502.*intents/dev"):
        stage.apply(CHANGED)
    assert released.disk.entries[key] == other
    assert stage.engine.markers() == before


# Finishing a move


def _changed(key: tuple[str, str]) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.disk.entries[key] += " "

    return change


def _appears(world: World) -> None:
    world.disk.entries[Collection.POINTERS, NEW_POINTER] = world.disk.entries[Collection.POINTERS, OLD_POINTER]


def _goes(world: World) -> None:
    del world.disk.entries[Collection.POINTERS, OLD_POINTER]


@pytest.mark.parametrize(
    ("entry", "move"),
    [
        ("intents/dev", _changed((Collection.INTENTS, "dev"))),
        ("environments/dev", _changed((Collection.ENVIRONMENTS, "dev"))),
        (f"pointers/{OLD_POINTER}", _changed((Collection.POINTERS, OLD_POINTER))),
        (f"pointers/{OLD_POINTER}", _goes),
        (f"pointers/{NEW_POINTER}", _appears),
    ],
    ids=["the intent", "the record", "a pointer", "a pointer that goes", "a pointer that appears"],
)
def test_a_move_is_recorded_over_what_was_read_only(entry: str, move: Callable[[World], None], released: World) -> None:
    stage = released.session()
    found: list[dict[tuple[str, str], str]] = []

    def meanwhile() -> None:
        move(released)
        found.append(dict(released.disk.entries))

    _before(stage, _finishes, meanwhile)
    with pytest.raises(Refused, match=f"HG502 the warehouse shows release 2 of dev.*{entry}"):
        stage.apply(CHANGED)
    assert dict(released.disk.entries) == found[0], "nothing was written over what had moved"


def test_what_the_apply_held_is_let_go_with_its_move(released: World) -> None:
    """Pins of a holder who works on would keep for good what it has published once."""
    stage = released.session()
    with stage.store.reading() as state:
        build, _ = next(iter(state.scan(Collection.BUILDS)))
    others = {f"{build}/environment/other#3", pin_key(build, resource=LEASE, fence=stage.lease.fence + 1)}
    stage.store.commit(Batch(tuple(Entry(Collection.PINS, key, "") for key in others)))
    held: list[set[str]] = []
    _before(stage, _finishes, lambda: held.append(_pins(released)))
    assert stage.apply(CHANGED) is not None
    assert held[0] > others
    assert _pins(released) == others


def test_what_the_apply_held_is_let_go_with_a_move_that_failed(released: World) -> None:
    stage = released.session()

    def refused(publication: Any) -> None:
        raise StatementFailed("no", job="staging.a")

    stage.engine.publish = refused  # type: ignore[method-assign]
    with pytest.raises(StatementFailed):
        stage.apply(CHANGED)
    assert _pins(released) == set()
    assert Collection.INTENTS not in {collection for collection, _ in released.disk.entries}


def test_a_recorded_move_lets_go_what_the_dead_held(released: World) -> None:
    stage = released.session()
    _before(stage, _finishes, _end)
    with pytest.raises(KeyboardInterrupt):
        stage.apply(CHANGED)
    assert _pins(released)
    released.disk.end_processes()
    store = MemoryStore(released.disk)
    lease = store.acquire(LEASE, holder="next", purpose="test", at="")
    stage = Stage(store, released.warehouse.open(), lease, released.ticks)
    assert [done.kind for done in stage.recover()] == [RecoveryKind.FINISHED]
    assert _pins(released) == set()
    assert faults(stage.engine, stage.store) == []


def _end() -> None:
    raise KeyboardInterrupt


def _pins(world: World) -> set[str]:
    return {key for collection, key in world.disk.entries if collection == Collection.PINS}


# Collecting


@pytest.mark.parametrize("collection", [Collection.ENVIRONMENTS, Collection.INTENTS])
def test_nothing_is_doomed_by_what_environments_showed_before(collection: Collection, released: World) -> None:
    """A build that is doomed is found by nobody: what a move has come back to meanwhile is not to be among them."""
    stage = released.session()
    stage.apply(CHANGED)
    stage.apply(BASE)
    _stop_in_the_engine(stage, "dev-2")
    key = (collection, "dev-2" if collection is Collection.INTENTS else "dev")

    def move() -> None:
        released.disk.entries[key] = dumps(loads(released.disk.entries[key]) | {"graph": "h1:other"})

    tables = dict(stage.engine.built())
    _before(stage, _dooms, move)
    with pytest.raises(StalePlan, match=f"HG502.*{key[0]}/{key[1]}"):
        stage.collect(retain=0)
    texts = [text for (name, _), text in released.disk.entries.items() if name == Collection.BUILDS]
    assert not any('"doomed"' in text for text in texts)
    assert stage.engine.built() == tables
