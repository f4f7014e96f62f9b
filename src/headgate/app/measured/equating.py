"""What a run learns of equal content: a table that came out as the one it replaces spares what reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from headgate.core.errors import EngineFailed

if TYPE_CHECKING:
    from headgate.app.session import Held
    from headgate.core.evidence import Evidence
    from headgate.core.fingerprints import Fingerprint
    from headgate.core.hashing import Digest
    from headgate.core.plan import Step
    from headgate.core.records import Build
    from headgate.core.versions import Versions


class Equating:
    """Finds out what new builds have in common with those that they replace, and remembers it. For several threads.

    ``keep`` writes down what was found, so that the older side costs nothing next time.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._found: dict[Digest, dict[Digest, Fingerprint]] = {}
        self._guard = Lock()

    def equate(self, step: Step, new: Build, old: Build) -> Versions | None:
        """Return the versions under which ``new`` counts beside ``old``; None where nothing is equal, or known.

        Cost: a pass over the new table, over its keys alone where they are others; and one over the old one where
        nobody has made one.
        """
        from headgate.evidence.equal import equal_versions
        from headgate.evidence.wishes import NO_WISH, wish_of

        wish = wish_of(step.node.properties) if step.node is not None else NO_WISH
        key, _ = wish.key_in(old.shape, new.shape)
        try:
            before = self._known(old, key) or self._look(old, key)
            found = self._look(new, key, before)
        except EngineFailed:
            return None  # then everything is made that was planned
        if before is not None:
            self._remember(old, key, before)
        if before is None or found is None:
            return None
        versions = equal_versions(new.versions, old.versions, found=found, before=before)
        self._remember(new if versions is None else replace(new, versions=versions), key, found)
        return versions

    def keep(self) -> None:
        """Keep all that was found with the builds, under the lease."""
        if not self._found:
            return
        from headgate.evidence.measure import keeping

        known = self._evidence(self._found)
        keeping(self._held.store, self._held.lease)(
            {b: replace(one, fingerprints={**one.fingerprints, **self._found[b]}) for b, one in known.items()}
        )

    def _look(self, build: Build, key: tuple[str, ...], beside: Fingerprint | None = None) -> Fingerprint | None:
        from headgate.core.ports.comparing import Side

        engine = self._held.engine
        return engine.fingerprint(Side(engine.relation(build.relation), build.shape, is_table=True), key, beside)

    def _known(self, build: Build, key: tuple[str, ...]) -> Fingerprint | None:
        return self._evidence([build.id])[build.id].fingerprints.get(_about(build, key))

    def _remember(self, build: Build, key: tuple[str, ...], found: Fingerprint) -> None:
        with self._guard:
            self._found.setdefault(build.id, {})[_about(build, key)] = found

    def _evidence(self, builds: Iterable[Digest]) -> Mapping[Digest, Evidence]:
        from headgate.core.evidence import evidence_from_text
        from headgate.core.records import Collection

        wanted = tuple(builds)
        with self._held.store.reading() as reading:
            texts = reading.get(Collection.EVIDENCE, wanted)
        return {build: evidence_from_text(texts.get(build)) for build in wanted}


def _about(build: Build, key: tuple[str, ...]) -> Digest:
    """Return the key under which the fingerprint of a table is kept."""
    from headgate.core.hashing import digest
    from headgate.evidence.compare import content_of, fingerprint_key

    content = content_of(build, lambda address: digest("none", address))
    return fingerprint_key(digest("in order", content, build.versions.order), key)
