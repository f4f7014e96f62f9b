"""Loads that nobody shows: a run that failed leaves them. They must not make the next load of their table copy it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from headgate.core.build_forms import build_from_json, build_to_json
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.engine import Engine
from headgate.core.ports.store import Batch, Clock, Entry, Expectation, Lease, NewEvent, Reading, StateStore
from headgate.core.records import Build, BuildStatus, Collection, load_key
from headgate.release.intents import commit


def is_newest_load(reading: Reading, build: Build) -> bool:
    """Tell whether nobody holds a later load of a build's table.

    Cost: one scan; where there are later ones, those of pins, pointers, intents and moves for each.
    """
    if build.load is None:
        return False
    last = f"{build.relation}/{build.load.number:010d}/~"
    later = [key for key, _ in reading.scan(Collection.LOADS, f"{build.relation}/") if key > last]
    return not any(is_held(reading, Digest(key.rsplit("/", 1)[1])) for key in later)


def is_held(reading: Reading, build: Digest) -> bool:
    """Tell whether a build is shown, was shown and may be shown again, is meant by an intent, or is pinned.

    All moves that are recorded count, however old: what is too old to be shown again is for gc to tell.
    """
    if next(iter(reading.scan(Collection.PINS, f"{build}/")), None) is not None:
        return True
    shown = (Collection.POINTERS, Collection.INTENTS, Collection.MOVES)
    return any(build in text for collection in shown for _, text in reading.scan(collection))


def forget_loads(
    builds: Iterable[Digest], *, store: StateStore, engine: Engine, lease: Lease, clock: Clock, by: str
) -> frozenset[Digest]:
    """Take out those loads that nobody holds, and return which they were: their tables end with what came before.

    They are doomed in the state first, so that nobody comes to hold one; cut off after that, a collection goes on.
    Raises ``LeaseLost``. Cost: one scan of each table.
    """
    with store.reading() as reading:
        free = [build for build in builds if not is_held(reading, build)]
        texts = reading.get(Collection.BUILDS, free)
    found = {Digest(i): build_from_json(loads(text)) for i, text in texts.items()}
    if not found:
        return frozenset()
    doomed = {i: dumps(build_to_json(replace(build, status=BuildStatus.DOOMED))) for i, build in found.items()}
    expects = tuple(Expectation(Collection.BUILDS, i, text) for i, text in texts.items())
    commit(store, Batch(tuple(Entry(Collection.BUILDS, i, text) for i, text in doomed.items()), expects, lease=lease))
    engine.drop({i: build.relation for i, build in found.items()})
    entries = tuple(entry for build in found.values() for entry in _erasures(build))
    expects = tuple(Expectation(Collection.BUILDS, i, text) for i, text in doomed.items())
    size = sum(build.bytes for build in found.values())
    event = NewEvent("collect", {"at": clock(), "by": by, "builds": len(found), "bytes": size})
    commit(store, Batch(entries, expects, (event,), lease))
    return frozenset(found)


def _erasures(build: Build) -> tuple[Entry, ...]:
    return (
        Entry(Collection.BUILDS, build.id, None),
        Entry(Collection.KEYS, f"{build.key}/{build.id}", None),
        Entry(Collection.LOADS, load_key(build), None),
    )
