"""What a run writes to the state: the first batch, seals, and what it takes back. Each is one batch under the lease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from headgate.core.build_forms import build_to_json
from headgate.core.errors import Conflict, lost_lease
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps
from headgate.core.ports.store import Batch, Entry, Expectation, Lease, StateStore
from headgate.core.recipe import Recipe, recipe_to_json
from headgate.core.records import Build, Collection, load_key, pin_key


class Ledger:
    """Writes the builds of one run under one lease."""

    def __init__(self, store: StateStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease

    def begin(
        self,
        builds: Sequence[Build],
        *,
        shared: Iterable[Digest],
        expects: tuple[Expectation, ...],
        recipes: Mapping[Digest, Recipe],
        purpose: str,
    ) -> None:
        """Pin what is reused and what will be made, and record the latter as ``BUILDING``, if ``expects`` still holds.

        Raises ``LeaseLost``, or ``Conflict`` naming the entry that has moved.
        """
        pinned = dict.fromkeys([*shared, *(build.id for build in builds)])
        entries = [Entry(Collection.PINS, self._pin(build), purpose) for build in pinned]
        entries += [_record(build) for build in builds]
        entries += [Entry(Collection.RECIPES, key, dumps(recipe_to_json(recipe))) for key, recipe in recipes.items()]
        self._commit(entries, expects)

    def seal(self, builds: Sequence[Build]) -> None:
        """Record finished builds; from now on they are found by key, and captures are the latest of their source."""
        entries: list[Entry] = []
        for build in builds:
            entries.append(_record(build))
            entries.append(Entry(Collection.KEYS, f"{build.key}/{build.id}", ""))
            if build.load is not None:
                entries.append(Entry(Collection.LOADS, load_key(build), ""))
            if build.capture is not None:
                entries.append(Entry(Collection.CAPTURES, f"{build.engine}/{build.address}", dumps(build.capture)))
        self._commit(entries, ())

    def take_back(self, builds: Sequence[Build]) -> None:
        """Erase the records and pins of builds that the engine certainly does not have."""
        entries: list[Entry] = []
        for build in builds:
            entries.append(Entry(Collection.BUILDS, build.id, None))
            entries.append(Entry(Collection.PINS, self._pin(build.id), None))
        self._commit(entries, ())

    def _pin(self, build: Digest) -> str:
        return pin_key(build, resource=self._lease.resource, fence=self._lease.fence)

    def _commit(self, entries: Sequence[Entry], expects: tuple[Expectation, ...]) -> None:
        if not entries and not expects:
            return
        try:
            self._store.commit(Batch(entries=tuple(entries), expects=expects, lease=self._lease))
        except Conflict as conflict:
            if conflict.entry.startswith("lease:"):
                raise lost_lease(self._lease.resource) from conflict
            raise


def _record(build: Build) -> Entry:
    return Entry(Collection.BUILDS, build.id, dumps(build_to_json(build)))
