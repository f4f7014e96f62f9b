"""Linking with everything it needs: SQL, the binder, the cache, and a second process for large cold projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.declarations import AssetDeclaration, Declarations, FileSource, SourceDeclaration
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads
from headgate.core.recipe import Shape, recipe_from_json, recipe_to_json
from headgate.core.records import shape_from_json, shape_to_json, sql_body_from_json, sql_body_to_json
from headgate.project.link import Analysed, Job, Linked, Named, Names, link

if TYPE_CHECKING:
    from headgate.core.ports.engine import Binder
    from headgate.plugins.stores.cache import Cache
    from headgate.sql.tree import Query

ANALYSER = 1
"""The number of the analyser. Raise it when the same text gets another recipe: cached answers are then made anew."""

TREES_KEPT = 1000
"""How many trees are kept between reading names and analysing, about 50 kB each; the others are parsed twice."""


def linked(
    root: Path,
    declarations: Declarations,
    *,
    cache: Cache,
    recorded: Mapping[Address, Shape],
    allow: Sequence[Path] = (),
) -> Linked:
    """Return the graph of a repository. Only what the cache does not know is parsed and bound."""
    from headgate.plugins.engines.duckdb_settings import settings_identity

    settings = settings_identity()
    analyser = CachingAnalyser(LocalAnalyser(root, allow, settings), cache, settings)
    try:
        return link(declarations, analyser, recorded=recorded, settings=settings)
    finally:
        analyser.close()


class LocalAnalyser:
    """Analyses in this process, at once. The binder and sqlglot are imported when first needed."""

    def __init__(self, root: Path, allow: Sequence[Path], settings: str) -> None:
        self._root = root
        self._allow = allow
        self._settings = settings
        self._binder: Binder | None = None
        self._answers: list[tuple[Address, Analysed]] = []
        self._parsed: dict[Address, Query] = {}

    def names(self, assets: Sequence[AssetDeclaration]) -> Mapping[Address, Names]:
        """Parse each text; cost about 0.7 ms for a query of 30 lines."""
        found = {}
        for asset in assets:
            found[asset.address], query = names_of(asset)
            if query is not None and len(self._parsed) < TREES_KEPT:
                self._parsed[asset.address] = query
        return found

    def start(self, job: Job) -> None:
        """Analyse at once; the answer waits in ``finished``."""
        self._answers.append(
            (job.asset.address, analysed(job, self._parsed.pop(job.asset.address, None), self._settings, self.binder()))
        )

    def finished(self) -> Iterable[tuple[Address, Analysed]]:
        """Return all answers that wait."""
        answers, self._answers = self._answers, []
        return answers

    def seed(self, asset: AssetDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Look at all rows of a seed."""
        bound = self.binder().seed_columns(str(self._root / asset.file.path))
        place = Place(asset.file.path, bound.line, bound.column)
        return bound.shape, (Diagnostic("HG105", bound.error, place),) if bound.error else ()

    def files(self, source: SourceDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Look at the contents of files, or take what is declared where all types are."""
        if not isinstance(source.location, FileSource):
            raise TypeError("a table of the engine has no files")
        bound = self.binder().file_columns(source.location, str(self._root))
        return bound.shape, (Diagnostic("HG321", bound.error, source.place),) if bound.error else ()

    def binder(self) -> Binder:
        """Return the binder; made when first asked for."""
        if self._binder is None:
            from headgate.plugins.engines.duckdb_binder import open_binder

            self._binder = open_binder(self._root, self._allow)
        return self._binder

    def close(self) -> None:
        """Let go of the binder."""
        if self._binder is not None:
            self._binder.close()


class CachingAnalyser:
    """Asks the cache first, keyed by content; passes on what it does not know, and keeps the answers without faults."""

    def __init__(self, inner: LocalAnalyser, cache: Cache, settings: str) -> None:
        self._inner = inner
        self._cache = cache
        self._settings = settings
        self._keys: dict[Address, str] = {}
        self._answers: list[tuple[Address, Analysed]] = []
        self._new: dict[str, str] = {}

    def names(self, assets: Sequence[AssetDeclaration]) -> Mapping[Address, Names]:
        """Return what each text names, from the cache where it is known."""
        keys = {asset.address: f"{ANALYSER}/{asset.file.digest}" for asset in assets}
        known = self._cache.get("names", keys.values())
        found: dict[Address, Names] = {}
        missing: list[AssetDeclaration] = []
        for asset in assets:
            text = known.get(keys[asset.address])
            if text is None:
                missing.append(asset)
            else:
                found[asset.address] = _names_from(loads(text), asset.file.path)
        fresh = self._inner.names(missing) if missing else {}
        self._cache.put(
            "names",
            {keys[a]: dumps(_names_to(n)) for a, n in fresh.items() if not n.diagnostics},
        )
        found.update(fresh)
        return found

    def start(self, job: Job) -> None:
        """Answer from the cache, or pass on."""
        key = analysis_key(job, self._settings)
        text = self._cache.get("analysis", (key,)).get(key)
        if text is None:
            self._keys[job.asset.address] = key
            self._inner.start(job)
        else:
            self._answers.append((job.asset.address, _analysed_from(loads(text))))

    def finished(self) -> Iterable[tuple[Address, Analysed]]:
        """Return what waits; ask the inner one where nothing does."""
        answers, self._answers = self._answers, []
        if answers:
            return answers
        answers = list(self._inner.finished())
        for address, answer in answers:
            if answer.recipe is not None:
                self._new[self._keys[address]] = dumps(_analysed_to(answer))
        return answers

    def seed(self, asset: AssetDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Return the columns of a seed, looked at once per content."""
        key = f"{ANALYSER}/{asset.file.digest}"
        known = self._cache.get("seed", (key,)).get(key)
        if known is not None:
            return shape_from_json(loads(known)), ()
        shape, faults = self._inner.seed(asset)
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
        key = digest("file columns", ANALYSER, location.format, options, contents)
        known = self._cache.get("files", (key,)).get(key)
        if known is not None:
            return shape_from_json(loads(known)), ()
        shape, faults = self._inner.files(source)
        if not faults:
            self._cache.put("files", {key: dumps(shape_to_json(shape))})
        return shape, faults

    def close(self) -> None:
        """Keep what is new, and let go of everything."""
        self._cache.put("analysis", self._new)
        self._inner.close()


def analysis_key(job: Job, settings: str) -> str:
    """Return what an analysis depends on: the text, the kind, the inputs' columns, the engine's settings."""
    inputs = tuple((a, tuple((c.name, c.type) for c in shape)) for a, shape in sorted(job.inputs.items()))
    return digest("analysis", ANALYSER, job.asset.file.digest, job.asset.kind.value, settings, inputs)


def names_of(asset: AssetDeclaration) -> tuple[Names, Query | None]:
    """Return what one text names, and its tree where it can be read."""
    from headgate.sql.tree import Unreadable, line_at, parse, place_at, relations

    try:
        query = parse(asset.text, asset.file.path)
    except Unreadable as fault:
        return Names((), (fault.diagnostic,)), None
    named = []
    for table in relations(query):
        place = place_at(asset.text, asset.file.path, table.start, table.end - table.start)
        excerpt = line_at(asset.text, table.start)
        named.append(Named(table.schema, table.name, Diagnostic("HG202", "unknown table", place, excerpt=excerpt)))
    return Names(tuple(named)), query


def analysed(job: Job, query: Query | None, settings: str, binder: Binder) -> Analysed:
    """Return what one text means; it is parsed again where its tree was not kept."""
    from headgate.sql.analyse import analyse
    from headgate.sql.tree import parse

    query = query or parse(job.asset.text, job.asset.file.path)
    found = analyse(query, kind=job.asset.kind.value, inputs=job.inputs, settings=settings, bind=binder.bind)
    return Analysed(found.recipe, found.body, found.diagnostics)


def _names_to(names: Names) -> list[list[Any]]:
    return [
        [n.schema, n.name, p.line, p.column, p.length, n.unknown.excerpt]
        for n in names.relations
        if (p := n.unknown.place) is not None
    ]


def _names_from(body: list[list[Any]], path: str) -> Names:
    return Names(
        tuple(
            Named(
                schema, name, Diagnostic("HG202", "unknown table", Place(path, line, column, length), excerpt=excerpt)
            )
            for schema, name, line, column, length, excerpt in body
        )
    )


def _analysed_to(answer: Analysed) -> dict[str, Any]:
    assert answer.recipe is not None
    return {"recipe": recipe_to_json(answer.recipe), "body": sql_body_to_json(answer.body)}


def _analysed_from(body: dict[str, Any]) -> Analysed:
    return Analysed(recipe_from_json(body["recipe"]), sql_body_from_json(body["body"]))
