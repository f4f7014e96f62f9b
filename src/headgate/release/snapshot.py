"""The snapshot that a plan is made from: look-ups into one moment of the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.ports.store import Reading
from headgate.core.recipe import Recipe, recipe_from_json
from headgate.core.records import Build, BuildStatus, Capture, Collection
from headgate.core.snapshot import Shown, Snapshot
from headgate.release.stored import StoredBuilds, read_environment, read_pointers
from headgate.release.unshown import is_newest_load


def take_snapshot(reading: Reading, *, environment: str, beside: str | None, engine: str) -> Snapshot:
    """Return ``environment``, and ``beside``, as ``reading`` has them; it must stay open while the snapshot is used.

    Cost: one scan for each of the two and one for the captures; all else when it is asked for.
    """
    shown = _shown(reading, environment)
    other = _shown(reading, beside) if beside and beside != environment else None

    def expected() -> Iterator[Digest]:
        return (pointer.build for side in (shown, other) if side for pointer in side.pointers.values())

    builds = StoredBuilds(reading, expected)
    recipes: dict[Digest, Recipe | None] = {}

    def find(key: Digest) -> tuple[Build, ...]:
        prefix = f"{key}/"
        ids = [Digest(entry[len(prefix) :]) for entry, _ in reading.scan(Collection.KEYS, prefix)]
        builds.fetch(ids)
        found = [build for build in map(builds.get, ids) if build is not None and _is_usable(build, engine)]
        return tuple(sorted(found, key=lambda build: (build.created_at, build.id), reverse=True))

    def recipe(identity: Digest) -> Recipe | None:
        if identity not in recipes:
            text = reading.get(Collection.RECIPES, [identity]).get(identity)
            recipes[identity] = None if text is None else recipe_from_json(loads(text))
        return recipes[identity]

    def timed(address: Address) -> Build | None:
        pointers = [side.pointers[address] for side in (shown, other) if side and address in side.pointers]
        found = [build for build in (builds.get(pointer.build) for pointer in pointers) if build is not None]
        return max(found, key=lambda build: (build.created_at, build.id), default=None)

    return Snapshot(
        name=environment,
        shown=shown,
        beside=other,
        captures=_captures(reading, engine),
        build=builds.get,
        find=find,
        recipe=recipe,
        timed=timed,
        is_newest_load=partial(is_newest_load, reading),
        fetch=builds.fetch,
    )


def _shown(reading: Reading, environment: str) -> Shown | None:
    record, _ = read_environment(reading, environment)
    return None if record is None else Shown(record, read_pointers(reading, environment))


def _is_usable(build: Build, engine: str) -> bool:
    return build.status is BuildStatus.SEALED and build.engine == engine


def _captures(reading: Reading, engine: str) -> Mapping[Address, Capture]:
    prefix = f"{engine}/"
    return {
        Address(key[len(prefix) :]): Capture(**loads(text)) for key, text in reading.scan(Collection.CAPTURES, prefix)
    }
