"""Analysing SQL and files in this process: parse, bind, and the stored form of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.app.linking.ground import LateBinder
from headgate.core.address import Address
from headgate.core.build_forms import sql_body_from_json, sql_body_to_json
from headgate.core.clocks import Clocks
from headgate.core.declarations import AssetDeclaration, FileSource, SourceDeclaration
from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.core.errors import CodeFailed
from headgate.core.json_form import plain
from headgate.core.limits import Limits
from headgate.core.recipe import ASPECTS, Read, Shape, recipe_from_json, recipe_to_json
from headgate.project.analyser import Analysed, Job, Named, Names

if TYPE_CHECKING:
    from headgate.app.linking.ground import Ground
    from headgate.core.graph import SqlBody
    from headgate.core.ports.engine import Binder
    from headgate.core.python import PythonBody
    from headgate.sql.tree import Query

TREES_KEPT = 500
"""So many texts are parsed once: their trees, about 50 kB each, are kept between reading names and analysing."""

TREES_KEPT_OF_MORE = 100
"""Of more texts only these: the others are parsed twice, a tenth of the work, so that memory stays bounded."""


PROBE_LIMITS = Limits(seconds=60, bytes=2 * 10**9)
"""What a function may use that is called on empty tables: mostly the import of its libraries."""


class LocalAnalyser:
    """Analyses in this process, at once. The binder and sqlglot are imported when first needed."""

    def __init__(self, root: Path, ground: Ground) -> None:
        self._root = root
        self._ground = ground
        self._settings = ground.settings
        self._binder = LateBinder(ground, root)
        self._answers: list[tuple[Address, Analysed]] = []
        self._parsed: dict[Address, Query] = {}

    def names(self, assets: Sequence[AssetDeclaration]) -> Mapping[Address, Names]:
        """Parse each text; cost about 0.7 ms for a query of 30 lines."""
        found = {}
        kept = TREES_KEPT if len(assets) <= TREES_KEPT else TREES_KEPT_OF_MORE
        for asset in assets:
            found[asset.address], query = names_of(asset, self._ground.dialect)
            if query is not None and len(self._parsed) < kept:
                self._parsed[asset.address] = query
        return found

    def start(self, job: Job) -> None:
        """Analyse at once; the answer waits in ``finished``."""
        self._answers.append((job.asset.address, self._analysed(job)))

    def _analysed(self, job: Job) -> Analysed:
        query = self._parsed.pop(job.asset.address, None)
        return analysed(job, query, self._settings, self._ground.dialect, self.binder())

    def finished(self) -> Iterable[tuple[Address, Analysed]]:
        """Return all answers that wait."""
        answers, self._answers = self._answers, []
        return answers

    def seed(self, asset: AssetDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Look at all rows of a seed."""
        bound = self.binder().seed_columns(str(self._root / asset.file.path))
        place = Place(asset.file.path, bound.line, bound.column)
        return bound.shape, _faults("HG105", bound.error, place)

    def files(self, source: SourceDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Look at the contents of files."""
        if not isinstance(source.location, FileSource):
            raise TypeError("a table of the engine has no files")
        bound = self.binder().file_columns(source.location, str(self._root))
        return bound.shape, _faults("HG321", bound.error, source.place)

    def python(
        self, asset: AssetDeclaration, body: PythonBody, inputs: Mapping[Address, Shape]
    ) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Call a function on empty tables, and look at what it returns. Cost: a process, and its imports."""
        from headgate.app.session import open_runner
        from headgate.project.python.link import unknown_columns

        binder = self.binder()
        runner = open_runner(self._root, PROBE_LIMITS)
        call = runner.start(replace(body, limits=Limits()), {
            one.parameter: binder.empty(inputs[one.address]) for one in body.inputs
        })  # fmt: skip
        try:
            bound = binder.stream_columns(call.result())
        except CodeFailed as error:
            from headgate.run.call import detail_of_call, line_of

            error.printed = call.printed()
            if error.code == "HG603":
                error.detail = ""  # what a call may use when it is looked at is fixed: more of it is no way on
            place = Place(error.path, error.line) if error.path else None
            excerpt = line_of(str(self._root), place) if place else ""
            return (), (unknown_columns(asset, detail_of_call(error), place=place, excerpt=excerpt),)
        finally:
            call.close()
        return bound.shape, (unknown_columns(asset, bound.error),) if bound.error else ()

    def binder(self) -> Binder:
        """Return the binder; made when first asked for."""
        return self._binder.get()

    def close(self) -> None:
        """Let go of the binder."""
        self._binder.close()


def _faults(code: str, told: str, place: Place) -> tuple[Diagnostic, ...]:
    """Return the fault that is told, if one is: its first line says what is wrong, the others what to do."""
    summary, _, hint = told.partition("\n")
    return (Diagnostic(code, summary, place, hint),) if told else ()


def names_of(asset: AssetDeclaration, dialect: str) -> tuple[Names, Query | None]:
    """Return what one text names, and its tree where it can be read."""
    from headgate.sql.refusals import refusals
    from headgate.sql.tree import Unreadable, line_at, parse, place_at, relations

    try:
        query = parse(asset.text, asset.file.path, dialect)
    except Unreadable as fault:
        return Names((), _at_home(asset, (fault.diagnostic,))), None
    if refused := refusals(query):
        return Names((), _at_home(asset, refused)), None
    named = []
    for table in relations(query):
        place = place_at(asset.text, asset.file.path, table.start, table.end - table.start)
        excerpt = line_at(asset.text, table.start)
        (unknown,) = _at_home(asset, (Diagnostic("HG202", "unknown table", place, excerpt=excerpt),))
        named.append(Named(table.schema, table.name, unknown))
    return Names(tuple(named)), query


def _at_home(asset: AssetDeclaration, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics about a text at the places of its file: those of the template, where one gave the text."""
    if asset.template is None:
        return tuple(diagnostics)
    from headgate.core.template import told_in_template

    return tuple(told_in_template(one, asset.template, asset.text) for one in diagnostics)


def _body_at_home(asset: AssetDeclaration, body: SqlBody) -> SqlBody:
    """Return a body whose columns stand on lines of the file."""
    if asset.template is None:
        return body
    lines = asset.template.lines(asset.text)
    return replace(body, lines=tuple(lines[line - 1] if line else 0 for line in body.lines), template=asset.template)


def analysed(job: Job, query: Query | None, settings: str, dialect: str, binder: Binder) -> Analysed:
    """Return what one text means; it is parsed again where its tree was not kept."""
    from headgate.sql.analyse import analyse
    from headgate.sql.tree import parse

    query = query or parse(job.asset.text, job.asset.file.path, dialect)
    found = analyse(
        query, kind=job.asset.kind.of_recipe, inputs=job.inputs, settings=settings, bind=binder.bind,
        volatile=job.volatile, time_column=job.time_column,
    )  # fmt: skip
    clocks = found.clocks
    if clocks is not None:
        (warning,) = _at_home(job.asset, (clocks.warning,))
        clocks = replace(clocks, warning=warning)
    return Analysed(found.recipe, _body_at_home(job.asset, found.body), _at_home(job.asset, found.diagnostics), clocks)


def analysed_to(answer: Analysed) -> dict[str, Any]:
    """Return the stored form of an answer."""
    recipe = None if answer.recipe is None else recipe_to_json(answer.recipe)
    body = {
        "recipe": recipe,
        "body": sql_body_to_json(answer.body),
        "diagnostics": [plain(d) for d in answer.diagnostics],
    }
    if answer.clocks is not None:
        body["clocks"] = plain(answer.clocks)
    return body


def analysed_from(body: dict[str, Any]) -> Analysed:
    """Return the answer of a stored form."""
    recipe = None if body["recipe"] is None else recipe_from_json(body["recipe"])
    faults = tuple(_diagnostic_from(fault) for fault in body["diagnostics"])
    clocks = _clocks_from(body["clocks"]) if "clocks" in body else None
    return Analysed(recipe, sql_body_from_json(body["body"]), faults, clocks)


def _clocks_from(body: dict[str, Any]) -> Clocks:
    time, compared = (
        tuple(Read(Address(address), ASPECTS[aspect], column) for address, aspect, column in body[name])
        for name in ("time", "compared")
    )
    return Clocks(time, compared, _diagnostic_from(body["warning"]))


def _diagnostic_from(body: dict[str, Any]) -> Diagnostic:
    place = None if body["place"] is None else Place(**body["place"])
    return Diagnostic(**{**body, "place": place, "severity": Severity(body["severity"])})
