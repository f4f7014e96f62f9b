"""Pieces into ``Declarations``: what files say alone, put together and held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold, make_address, parse_address
from headgate.core.declarations import (
    AssetDeclaration,
    ExposureDeclaration,
    File,
    FileSource,
    Group,
    KeptEntry,
    Kind,
    Properties,
    QueryTest,
    SourceDeclaration,
    TableSource,
)
from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.project.agree import agreed
from headgate.project.data_files import Matched
from headgate.project.kinds import kind_of
from headgate.project.lookup import Lookup, Noted, folder_of
from headgate.project.merge_loading import Loaded, merged_loading
from headgate.project.merge_promises import (
    merged_groups,
    merged_queries,
    merged_unit_tests,
    of_group,
    warn_of_unused,
    with_promises,
)
from headgate.project.misspelt import as_meant
from headgate.project.pieces import (
    ExposureStatement,
    Piece,
    Stated,
    StatedFiles,
    StatedTable,
    Statement,
)
from headgate.project.text import Text

if TYPE_CHECKING:
    from headgate.core.python import PythonDeclaration
    from headgate.core.unit_tests import UnitTest
    from headgate.project.templates.filled import Filled
    from headgate.project.templates.project import Templates

EXPOSURES_SCHEMA = "exposures"
"""The schema of exposures whose file stands in no folder of a schema."""

_OWN_SCHEMA = "headgate"


_OF_HEADERS = ("HG110", "HG112")


@dataclass(frozen=True, slots=True)
class Merged:
    """Everything that the pieces declare."""

    assets: tuple[AssetDeclaration, ...]
    sources: tuple[SourceDeclaration, ...]
    exposures: tuple[ExposureDeclaration, ...]
    groups: tuple[Group, ...]
    unit_tests: tuple[UnitTest, ...]
    kept: tuple[KeptEntry, ...]
    diagnostics: tuple[Diagnostic, ...]
    queries: tuple[QueryTest, ...] = ()


def merge(
    pieces: Sequence[Piece],
    files: Mapping[str, File],
    match: Callable[[str], Matched],
    code: Callable[[Piece], PythonDeclaration],
    templates: Templates | None,
) -> Merged:
    """Return what ``pieces``, in the order of their paths, declare together.

    ``match`` looks up files of sources; ``code`` says what stands behind a function, given as a piece of its own;
    ``templates`` fills in those texts that are some; None where none can be.
    """
    work = _Merge(pieces, files, match, code)
    work.name_assets()
    work.name_sources()
    work.attach()
    if templates:
        work.fill_in(templates)
    assets, sources, exposures = tuple(work.assets()), tuple(work.sources()), tuple(work.exposures())
    unit_tests = merged_unit_tests(pieces, work.lookup, work.noted)
    queries = merged_queries(pieces, files, work.noted, work.filled_queries)
    warn_of_unused(work.unused, work.noted)
    return Merged(
        assets,
        sources,
        exposures,
        tuple(work.groups.values()),
        unit_tests,
        tuple(entry for piece in pieces for entry in piece.kept),
        tuple(work.noted.diagnostics),
        queries,
    )


class _Merge:
    def __init__(
        self,
        pieces: Sequence[Piece],
        files: Mapping[str, File],
        match: Callable[[str], Matched],
        code: Callable[[Piece], PythonDeclaration],
    ) -> None:
        by_path = {piece.path: piece for piece in pieces}
        self.noted = Noted(by_path)
        self.lookup = Lookup(by_path, self.noted)
        self.groups = merged_groups(pieces, self.noted)
        self._pieces = pieces
        self._files = files
        self._match = match
        self._code = code
        self._said: dict[Address, list[Statement]] = {}
        self._filled: Mapping[Address, Filled] = {}
        self.filled_queries: dict[str, Filled] = {}
        self.unused = [one for piece in pieces for one in piece.unused]

    def name_assets(self) -> None:
        """Give every asset its address; the second of two that are the same to an engine is refused."""
        for piece, place in self._asset_pieces():
            address = make_address(piece.schema, piece.name)
            if self.lookup.add(address, place):
                self.lookup.own[address] = piece
                self._said[address] = [piece.header] if piece.header else []

    def _asset_pieces(self) -> Iterable[tuple[Piece, Place]]:
        """Yield every piece that is one asset, and where it begins; a function is a piece of its own."""
        for piece in self._pieces:
            if piece.name:
                yield piece, Place(piece.path, 1, 1)
            for function in piece.functions:
                own = replace(piece, name=function.name, header=function.statement, functions=(function,))
                yield own, function.place

    def name_sources(self) -> None:
        """Give every table of a source its address."""
        for piece in self._pieces:
            for source in piece.sources:
                address = make_address(source.schema, source.statement.name)
                if self.lookup.add(address, source.statement.place):
                    self.lookup.source_of[address] = source

    def attach(self) -> None:
        """Give what property files say to the assets that they name."""
        for piece in self._pieces:
            for statement in piece.statements:
                name = Stated(statement.name, statement.place)
                address = self.lookup.asset(name, piece.path, section=statement.section)
                if address is not None:
                    self._said[address].append(statement)
            for named in piece.contracted:
                self.lookup.demand(named, piece.path)

    def fill_in(self, templates: Templates) -> None:
        """Fill in the texts that are templates; what they say with ``config(...)`` counts as their headers do."""
        from headgate.project.templates.configured import declared_of, statements_of
        from headgate.project.templates.project import Wanted
        from headgate.project.templates.world import Subject

        wanted = [
            Wanted(Subject(address, declared_of(said)), Text(piece.path, piece.text), self._files[piece.path].digest)
            for address, piece in sorted(self.lookup.own.items())
            if templates.is_one(piece, said := self._said[address])
        ]
        queries = {
            piece.path: Wanted(
                Subject(Address(f"tests.{piece.query.test.name}")),
                Text(piece.path, piece.text),
                self._files[piece.path].digest,
            )
            for piece in self._pieces
            if piece.query is not None and templates.is_query(piece)
        }
        self._filled = templates.fill([*wanted, *queries.values()], self.lookup.own, self.lookup.source_of)
        self.filled_queries = {path: self._filled[one.subject.address] for path, one in queries.items()}
        self.noted.diagnostics += (d for one in self.filled_queries.values() for d in one.diagnostics)
        self.noted.diagnostics += templates.diagnostics
        for one in wanted:
            filled = self._filled[one.subject.address]
            said, check, faults = statements_of(filled, one.source)
            self._said[one.subject.address] += said
            self.unused += check.unused
            self.noted.diagnostics += (*filled.diagnostics, *faults)

    def assets(self) -> Iterable[AssetDeclaration]:
        """Yield every table, view and seed, by address."""
        for address, piece in sorted(self.lookup.own.items()):
            is_seed = piece.path.endswith(".csv")
            start = piece.functions[0].place if piece.functions else Place(piece.path, 1, 1)
            statements = self._said[address]
            if piece.header and piece.header.name and piece.header.name not in (address, piece.name):
                hint = "The path of a file is its name: leave `name` out of the header."
                self.noted.fault("HG306", f"the header names {piece.header.name}", piece.header.place, hint)
            properties = agreed(address, statements, start, self.noted.fault)
            properties = self._promised(properties, address, statements)
            kind = kind_of(
                address, properties.kind, statements, of_file=Kind.SEED if is_seed else Kind.TABLE,
                is_python=bool(piece.functions), fault=self.noted.fault,
            )  # fmt: skip
            said = next((s.kind.place for s in statements if s.kind), start)
            is_refused = properties.kind not in (None, kind)  # and that was told
            meant = as_meant(kind, statements, self.noted.insist)
            loaded = Loaded() if is_refused else merged_loading(address, kind, meant, said, self.noted.fault)
            properties = replace(properties, loading=loaded.loading, cron=loaded.cron)
            if not properties.owner and not _is_header_unread(piece):
                hint = "it in a property file" if is_seed else "its header"
                hint = f"Add `owner: TEAM` to {hint}; alerts and approvals go there."
                hint = 'Add owner="TEAM" to its decorator; alerts and approvals go there.' if piece.functions else hint
                self.noted.diagnostics.append(
                    Diagnostic("HG310", f"{address} has no owner", start, hint, severity=Severity.WARNING)
                )
            python = self._code(piece) if piece.functions else None
            filled, file = self._filled.get(address), self._files[piece.path]
            if filled is None:
                yield AssetDeclaration(address, kind, file, piece.text, properties, python, places=loaded.places)
            else:
                from headgate.core.template import Template

                origin = Template(piece.text, filled.runs)
                yield AssetDeclaration(
                    address, kind, file, filled.text, properties,
                    template=origin, is_faulty=filled.is_faulty, places=loaded.places,
                )  # fmt: skip

    def sources(self) -> Iterable[SourceDeclaration]:
        """Yield every source, by address; files are looked up."""
        for address, source in sorted(self.lookup.source_of.items()):
            statement, stated = source.statement, source.location
            if isinstance(stated, StatedTable):
                location: FileSource | TableSource = self._table(address, stated)
            else:
                location = self._data(stated)
            properties = agreed(address, [replace(statement, kind=None)], statement.place, self.noted.fault)
            properties = self._promised(properties, address, [statement])
            cron = merged_loading(address, Kind.SOURCE, [statement], statement.place, self.noted.fault).cron
            properties = replace(properties, cron=cron)
            yield SourceDeclaration(address, location, properties, statement.place)

    def _promised(self, properties: Properties, address: Address, statements: Sequence[Statement]) -> Properties:
        """Return properties with tests, constraints and the owner of their group."""
        properties = with_promises(properties, address, statements, self.lookup, self.noted)
        return of_group(properties, statements, self.groups, self.noted)

    def _table(self, address: Address, stated: StatedTable) -> TableSource:
        named = f"{stated.schema}.{stated.name}"
        own = self.lookup.own.get(self.lookup.known(named) or address)
        if fold(stated.schema) == _OWN_SCHEMA:
            self.noted.fault(
                "HG325", f"{named} is one of Headgate's own tables", stated.place, "Read the asset instead."
            )
        elif own is not None:
            hint = f"Read {named} itself, or say with `schema:` where the data is."
            self.noted.fault("HG325", f"source {address} would read what {own.path} makes", stated.place, hint)
        elif not stated.schema.isprintable() or not stated.name.isprintable():
            self.noted.fault("HG325", "the name of the table cannot be shown", stated.place)
        return TableSource(stated.schema, stated.name)

    def _data(self, stated: StatedFiles) -> FileSource:
        found = self._match(stated.pattern)
        if found.fault:
            self.noted.fault(found.code, found.fault, stated.place, found.hint)
        elif not stated.format:
            hint = "Add `format: csv`, `format: json` or `format: parquet`."
            self.noted.fault(
                "HG324", f"the format of {stated.pattern} cannot be told from its name", stated.place, hint
            )
        options = dict(stated.options)
        if ".tsv" in stated.pattern.lower() and not options.keys() & {"delim", "delimiter", "sep"}:
            options["delim"] = "\t"
        return FileSource(stated.pattern, stated.format or "csv", found.files, options)

    def exposures(self) -> Iterable[ExposureDeclaration]:
        """Yield every exposure, in the order of the files."""
        for piece in self._pieces:
            for exposure in piece.exposures:
                address = self._exposure_address(exposure, piece.path)
                if address is None or not self.lookup.add(address, exposure.statement.place):
                    continue
                place = exposure.statement.place
                properties = agreed(address, [replace(exposure.statement, kind=None)], place, self.noted.fault)
                uses = tuple(use for stated in exposure.uses if (use := self.lookup.use(stated, piece.path)))
                yield ExposureDeclaration(address, uses, properties, place)

    def _exposure_address(self, exposure: ExposureStatement, path: str) -> Address | None:
        name = exposure.statement.name
        try:
            if "." in name:
                return parse_address(name)
            return make_address(folder_of(path) or EXPOSURES_SCHEMA, name)
        except ValueError as error:
            self.noted.fault("HG107", str(error), exposure.statement.place, "Rename it; `label:` may be any text.")
            return None


def _is_header_unread(piece: Piece) -> bool:
    """Tell whether a file has a header that could not be read: what it says is not known, and that was told."""
    return piece.header is None and any(one.code in _OF_HEADERS for one in piece.diagnostics)
