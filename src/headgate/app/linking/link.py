"""Linking with everything it needs: SQL, the binder, the cache, and a second process for large cold projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.app.linking.analyser_number import ANALYSER
from headgate.app.linking.analysing import LocalAnalyser, analysed_from, analysed_to
from headgate.app.linking.ground import Ground
from headgate.core.address import Address, fold
from headgate.core.declarations import AssetDeclaration, Declarations, FileSource, SourceDeclaration
from headgate.core.diagnostic import Diagnostic, Place, has_errors, in_order
from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads
from headgate.core.recipe import Shape, shape_from_json, shape_to_json
from headgate.project.analyser import Analysed, Job, Named, Names, PartedRows, Parting
from headgate.project.link import Linked, link

if TYPE_CHECKING:
    from headgate.app.linking.pool import PooledAnalyser
    from headgate.core.python import PythonBody
    from headgate.plugins.stores.cache import Cache

POOL_FROM = 150
"""So many unknown texts are worth the start of worker processes (about 0.3 s)."""

_KEPT_AT_ONCE = 500
"""So many new answers, 2 kB each, are written together: what an interrupted command has analysed is not lost."""


def linked(
    root: Path,
    declarations: Declarations,
    *,
    cache: Cache,
    recorded: Mapping[Address, Shape],
    ground: Ground,
) -> tuple[Linked, Mapping[Address, str]]:
    """Return the graph of a repository, and the keys of the analyses in the cache.

    Only what the cache does not know is parsed and bound.
    """
    with closing(CachingAnalyser(root, ground, cache)) as analyser:
        found = link(declarations, analyser, recorded=recorded, settings=ground.settings, dialect=ground.dialect)
    found = _with_test_faults(found, declarations.generic_tests, root, ground, cache)
    if found.graph is not None:
        from headgate.app.linking.protecting import with_protection

        found = replace(found, graph=with_protection(found.graph, analyser.keys, cache, ground.dialect))
    return found, analyser.keys


def _with_test_faults(found: Linked, generic_tests: frozenset[str], root: Path, ground: Ground, cache: Cache) -> Linked:
    """Return what was linked with all that is wrong with declared tests; errors among that leave no graph."""
    from headgate.app.linking.checks import faults_of_tests
    from headgate.app.linking.conditions import Conditions

    with closing(Conditions(root, ground, cache)) as conditions:
        faults = faults_of_tests(found.nodes, conditions, generic_tests)
    if not faults:
        return found
    return replace(
        found,
        graph=None if has_errors(faults) else found.graph,
        diagnostics=in_order((*found.diagnostics, *faults)),
    )


class CachingAnalyser:
    """Asks the cache first, keyed by content; passes on what it does not know, and keeps the answers without faults.

    ``keys`` are those of everything that was started.
    """

    def __init__(self, root: Path, ground: Ground, cache: Cache) -> None:
        self._local = LocalAnalyser(root, ground)
        self._pool: PooledAnalyser | None = None
        self._pooled: frozenset[Address] = frozenset()
        self._place = (root, ground)
        self._cache = cache
        self._settings = ground.settings
        self._ground = ground.name
        self.dialect = ground.dialect
        self.keys: dict[Address, str] = {}
        self._answers: list[tuple[Address, Analysed]] = []
        self._new: dict[str, str] = {}

    def names(self, assets: Sequence[AssetDeclaration]) -> Mapping[Address, Names]:
        """Return what each text names, from the cache where it is known."""
        keys = {asset.address: f"{ANALYSER}/{self._ground}{asset.digest}" for asset in assets}
        known = self._cache.get("names", keys.values())
        found: dict[Address, Names] = {}
        missing: list[AssetDeclaration] = []
        for asset in assets:
            text = known.get(keys[asset.address])
            if text is None:
                missing.append(asset)
            else:
                found[asset.address] = _names_from(loads(text), asset.file.path)
        fresh = self._fresh_names(missing)
        self._cache.put(
            "names",
            {keys[a]: dumps(_names_to(n)) for a, n in fresh.items() if not n.diagnostics},
        )
        found.update(fresh)
        return found

    def _fresh_names(self, assets: Sequence[AssetDeclaration]) -> Mapping[Address, Names]:
        if len(assets) < POOL_FROM:
            return self._local.names(assets) if assets else {}
        from headgate.app.linking.pool import PooledAnalyser

        self._pool = PooledAnalyser(*self._place)
        self._pooled = frozenset(asset.address for asset in assets)
        return self._pool.names(assets)

    def start(self, job: Job) -> None:
        """Answer from the cache, or pass on."""
        key = self.keys[job.asset.address] = analysis_key(job, self._settings + self._ground)
        text = self._cache.get("analysis", (key,)).get(key)
        if text is None:
            if self._pool is not None and job.asset.address in self._pooled:
                self._pool.start(job)
            else:
                self._local.start(job)
        else:
            self._answers.append((job.asset.address, analysed_from(loads(text))))

    def finished(self) -> Iterable[tuple[Address, Analysed]]:
        """Return what waits; wait for the pool where nothing does."""
        answers, self._answers = self._answers, []
        if answers:
            return answers
        for address, answer in self._local.finished():
            self._keep(address, answer, dumps(analysed_to(answer)))
            answers.append((address, answer))
        if not answers and self._pool is not None:
            for address, text in self._pool.finished():
                answer = analysed_from(loads(text))
                self._keep(address, answer, text)
                answers.append((address, answer))
        return answers

    def _keep(self, address: Address, answer: Analysed, text: str) -> None:
        if answer.recipe is not None:
            self._new[self.keys[address]] = text
        if len(self._new) >= _KEPT_AT_ONCE:
            self._cache.put("analysis", self._new)
            self._new = {}

    def seed(self, asset: AssetDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Return the columns of a seed, looked at once per content."""
        key = f"{ANALYSER}/{self._ground}{asset.file.digest}"
        known = self._cache.get("seed", (key,)).get(key)
        if known is not None:
            return shape_from_json(loads(known)), ()
        shape, faults = self._local.seed(asset)
        if not faults:
            self._cache.put("seed", {key: dumps(shape_to_json(shape))})
        return shape, faults

    def files(self, source: SourceDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Return the columns of files, looked at once per content."""
        location = source.location
        if not isinstance(location, FileSource):
            raise TypeError("a table of the engine has no files")
        contents = tuple((f.path, f.digest) for f in location.files)
        options = tuple(sorted(location.options.items()))
        key = digest("file columns", ANALYSER, self._ground, location.format, options, contents)
        known = self._cache.get("files", (key,)).get(key)
        if known is not None:
            return shape_from_json(loads(known)), ()
        shape, faults = self._local.files(source)
        if not faults:
            self._cache.put("files", {key: dumps(shape_to_json(shape))})
        return shape, faults

    def python(
        self, asset: AssetDeclaration, body: PythonBody, inputs: Mapping[Address, Shape]
    ) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Return the columns that a function gives on empty tables; it is called once for its code and its inputs."""
        from headgate.project.python.link import python_key

        key = self._ground + python_key(asset, inputs)
        known = self._cache.get("python", (key,)).get(key)
        if known is not None:
            return shape_from_json(loads(known)), ()
        shape, faults = self._local.python(asset, body, inputs)
        if not faults:
            self._cache.put("python", {key: dumps(shape_to_json(shape))})
        return shape, faults

    def part(self, parting: Parting) -> PartedRows:
        """Return the queries that tell the rows of an asset apart; what their tests say is looked up in the cache."""
        from headgate.app.linking.conditions import Conditions
        from headgate.app.linking.parting import parted_rows

        with closing(Conditions(*self._place, self._cache)) as conditions:
            return parted_rows(parting, conditions, self._place[1].words_of_measures())

    def close(self) -> None:
        """Keep what is new, and let go of everything."""
        self._cache.put("analysis", self._new)
        self._local.close()
        if self._pool is not None:
            self._pool.close()


def analysis_key(job: Job, settings: str) -> str:
    """Return what an analysis depends on: text, kind, inputs' columns, what is of times, engine and settings."""
    inputs = tuple((a, tuple((c.name, c.type) for c in shape)) for a, shape in sorted(job.inputs.items()))
    return digest(
        "analysis", ANALYSER, job.asset.digest, job.asset.kind.value, settings, inputs, tuple(sorted(job.volatile)),
        fold(job.time_column),
    )  # fmt: skip


def _names_to(names: Names) -> list[list[Any]]:
    return [
        [n.schema, n.name, p.line, p.column, p.length, n.unknown.excerpt, n.unknown.detail]
        for n in names.relations
        if (p := n.unknown.place) is not None
    ]


def _names_from(body: list[list[Any]], path: str) -> Names:
    return Names(
        tuple(
            Named(
                schema,
                name,
                Diagnostic("HG202", "unknown table", Place(path, line, column, length), detail=detail, excerpt=excerpt),
            )
            for schema, name, line, column, length, excerpt, detail in body
        )
    )
