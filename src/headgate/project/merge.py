"""Pieces into ``Declarations``: what files say alone, put together and held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from headgate.core.address import Address, fold, make_address, parse_address
from headgate.core.declarations import (
    AssetDeclaration,
    ExposureDeclaration,
    File,
    FileSource,
    Kind,
    SourceDeclaration,
    TableSource,
    Use,
)
from headgate.core.diagnostic import Diagnostic, Place, Severity, nearest
from headgate.core.python import PythonDeclaration
from headgate.core.template import Template
from headgate.project.agree import agreed
from headgate.project.data_files import Matched
from headgate.project.pieces import (
    ExposureStatement,
    Piece,
    SourceStatement,
    StatedFiles,
    StatedTable,
    StatedUse,
    Statement,
)
from headgate.project.templates.configured import declared_of, statements_of
from headgate.project.templates.filled import Filled
from headgate.project.templates.project import Templates, Wanted
from headgate.project.templates.world import Subject
from headgate.project.text import Text

EXPOSURES_SCHEMA = "exposures"
"""The schema of exposures whose file stands in no folder of a schema."""

_OWN_SCHEMA = "headgate"


@dataclass(frozen=True, slots=True)
class Merged:
    """Everything that the pieces declare."""

    assets: tuple[AssetDeclaration, ...]
    sources: tuple[SourceDeclaration, ...]
    exposures: tuple[ExposureDeclaration, ...]
    diagnostics: tuple[Diagnostic, ...]


def merge(
    pieces: Sequence[Piece],
    files: Mapping[str, File],
    match: Callable[[str], Matched],
    code: Callable[[Piece], PythonDeclaration],
    templates: Templates,
) -> Merged:
    """Return what ``pieces``, in the order of their paths, declare together.

    ``match`` looks up files of sources; ``code`` says what stands behind a function, given as a piece of its own;
    ``templates`` fills in those texts that are some.
    """
    work = _Merge(pieces, files, match, code)
    work.name_assets()
    work.name_sources()
    work.attach()
    work.fill_in(templates)
    return Merged(tuple(work.assets()), tuple(work.sources()), tuple(work.exposures()), tuple(work.diagnostics))


class _Merge:
    def __init__(
        self,
        pieces: Sequence[Piece],
        files: Mapping[str, File],
        match: Callable[[str], Matched],
        code: Callable[[Piece], PythonDeclaration],
    ) -> None:
        self._pieces = pieces
        self._by_path = {piece.path: piece for piece in pieces}
        self._files = files
        self._match = match
        self._code = code
        self._texts: dict[str, Text] = {}
        self._declared: dict[str, tuple[Address, Place]] = {}
        self._own: dict[Address, Piece] = {}
        self._source_of: dict[Address, SourceStatement] = {}
        self._said: dict[Address, list[Statement]] = {}
        self._of_name: dict[str, list[Address]] = {}
        self._filled: Mapping[Address, Filled] = {}
        self.diagnostics: list[Diagnostic] = [fault for piece in pieces for fault in piece.diagnostics]

    def name_assets(self) -> None:
        """Give every asset its address; the second of two that are the same to an engine is refused."""
        for piece, place in self._asset_pieces():
            address = make_address(piece.schema, piece.name)
            if self._is_new(address, place):
                self._own[address] = piece
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
                if self._is_new(address, source.statement.place):
                    self._source_of[address] = source

    def _is_new(self, address: Address, place: Place) -> bool:
        known = self._declared.setdefault(fold(address), (address, place))
        if known[1] is place:
            self._of_name.setdefault(fold(address.partition(".")[2]), []).append(address)
            return True
        summary = f"{address} is declared twice"
        if known[0] != address:
            summary = f"{address} and {known[0]} are the same to an engine"
        self._fault("HG301", summary, place, "Rename one of them, or take it out.", detail=f"The other: {known[1]}")
        return False

    def attach(self) -> None:
        """Give what property files say to the assets that they name."""
        for piece in self._pieces:
            for statement in piece.statements:
                address = self._meant(statement, piece.path)
                if address is not None:
                    self._said[address].append(statement)

    def _meant(self, statement: Statement, path: str) -> Address | None:
        """Return the asset that an entry is about: of its folder's schema, else the only one of that name."""
        if "." in statement.name:
            known = self._declared.get(fold(statement.name))
            found = [known[0]] if known else []
        else:
            found = list(self._of_name.get(fold(statement.name), ()))
            own = [a for a in found if fold(a.partition(".")[0]) == fold(folder_of(path))]
            found = own or found
        found = [a for a in found if a in self._own and self._is_of_section(a, statement.section)]
        if len(found) == 1:
            return found[0]
        if found:
            self._ambiguous(statement.name, found, statement.place)
        elif not self._was_refused(statement.name, path):
            what = "seed" if statement.section == "seeds" else "asset"
            near = nearest(statement.name, [*self._own, *(a.partition(".")[2] for a in self._own)])
            written = statement.name if "." in statement.name else f"{folder_of(path) or 'SCHEMA'}.{statement.name}"
            hint = f"Did you mean {near[0]}?" if near else f"Its file would be assets/{written.replace('.', '/')}.sql."
            self._fault("HG307", f"there is no {what} {statement.name}", statement.place, hint)
        return None

    def _is_of_section(self, address: Address, section: str) -> bool:
        return section != "seeds" or self._own[address].path.endswith(".csv")

    def _was_refused(self, name: str, path: str) -> bool:
        """Tell whether a file of that name was refused already, so that no second fault follows from it."""
        stems = {name.replace(".", "/")} if "." in name else {f"{folder_of(path)}/{name}"}
        ends = (".sql", ".csv", ".py")
        return any(f"assets/{stem}{end}" in self._by_path for stem in stems for end in ends)

    def _ambiguous(self, name: str, found: Sequence[Address], place: Place) -> None:
        summary = f"{name} may be {', '.join(sorted(found)[:-1])} or {sorted(found)[-1]}"
        self._fault("HG311", summary, place, f"Write the schema as well: {sorted(found)[0]}.")

    def fill_in(self, templates: Templates) -> None:
        """Fill in the texts that are templates; what they say with ``config(...)`` counts as their headers do."""
        wanted = [
            Wanted(Subject(address, declared_of(said)), Text(piece.path, piece.text), self._files[piece.path].digest)
            for address, piece in sorted(self._own.items())
            if templates.is_one(piece, said := self._said[address])
        ]
        self._filled = templates.fill(wanted, self._own, self._source_of)
        self.diagnostics += templates.diagnostics
        for one in wanted:
            filled = self._filled[one.subject.address]
            said, faults = statements_of(filled, one.source)
            self._said[one.subject.address] += said
            self.diagnostics += (*filled.diagnostics, *faults)

    def assets(self) -> Iterable[AssetDeclaration]:
        """Yield every table, view and seed, by address."""
        for address, piece in sorted(self._own.items()):
            is_seed = piece.path.endswith(".csv")
            start = piece.functions[0].place if piece.functions else Place(piece.path, 1, 1)
            statements = self._said[address]
            if piece.header and piece.header.name and piece.header.name not in (address, piece.name):
                hint = "The path of a file is its name: leave `name` out of the header."
                self._fault("HG306", f"the header names {piece.header.name}", piece.header.place, hint)
            properties = agreed(address, statements, start, self._fault)
            kind = properties.kind or (Kind.SEED if is_seed else Kind.TABLE)
            if (kind is Kind.SEED) is not is_seed:
                stated = next(s.kind for s in statements if s.kind)
                what = "a CSV file is a seed" if is_seed else "only a CSV file is a seed"
                self._fault("HG309", f"{address} cannot be a {kind.value}: {what}", stated.place, "Leave `kind` out.")
                kind = Kind.SEED if is_seed else Kind.TABLE
            if piece.functions and kind is not Kind.TABLE:
                stated = next(s.kind for s in statements if s.kind)
                self._fault("HG309", f"{address} cannot be a {kind.value}: a function makes a table", stated.place)
                kind = Kind.TABLE
            if not properties.owner:
                hint = "it in a property file" if is_seed else "its header"
                hint = f"Add `owner: TEAM` to {hint}; alerts and approvals go there."
                hint = 'Add owner="TEAM" to its decorator; alerts and approvals go there.' if piece.functions else hint
                self.diagnostics.append(
                    Diagnostic("HG310", f"{address} has no owner", start, hint, severity=Severity.WARNING)
                )
            python = self._code(piece) if piece.functions else None
            filled, file = self._filled.get(address), self._files[piece.path]
            if filled is None:
                yield AssetDeclaration(address, kind, file, piece.text, properties, python)
            else:
                origin = Template(piece.text, filled.runs)
                yield AssetDeclaration(
                    address, kind, file, filled.text, properties, template=origin, is_faulty=filled.is_faulty
                )

    def sources(self) -> Iterable[SourceDeclaration]:
        """Yield every source, by address; files are looked up."""
        for address, source in sorted(self._source_of.items()):
            statement, stated = source.statement, source.location
            if isinstance(stated, StatedTable):
                location: FileSource | TableSource = self._table(address, stated)
            else:
                location = self._data(stated)
            properties = agreed(address, [statement], statement.place, self._fault)
            if properties.kind is not None:
                properties = replace(properties, kind=None)
            yield SourceDeclaration(address, location, properties, statement.place)

    def _table(self, address: Address, stated: StatedTable) -> TableSource:
        own = self._own.get(self._declared.get(fold(f"{stated.schema}.{stated.name}"), (address, None))[0])
        named = f"{stated.schema}.{stated.name}"
        if fold(stated.schema) == _OWN_SCHEMA:
            self._fault("HG325", f"{named} is one of Headgate's own tables", stated.place, "Read the asset instead.")
        elif own is not None:
            hint = f"Read {named} itself, or say with `schema:` where the data is."
            self._fault("HG325", f"source {address} would read what {own.path} makes", stated.place, hint)
        elif not stated.schema.isprintable() or not stated.name.isprintable():
            self._fault("HG325", "the name of the table cannot be shown", stated.place)
        return TableSource(stated.schema, stated.name)

    def _data(self, stated: StatedFiles) -> FileSource:
        found = self._match(stated.pattern)
        if found.fault:
            self._fault(found.code, found.fault, stated.place, found.hint)
        elif not stated.format:
            hint = "Add `format: csv`, `format: json` or `format: parquet`."
            self._fault("HG324", f"the format of {stated.pattern} cannot be told from its name", stated.place, hint)
        options = dict(stated.options)
        if ".tsv" in stated.pattern.lower() and not options.keys() & {"delim", "delimiter", "sep"}:
            options["delim"] = "\t"
        return FileSource(stated.pattern, stated.format or "csv", found.files, options)

    def exposures(self) -> Iterable[ExposureDeclaration]:
        """Yield every exposure, in the order of the files."""
        for piece in self._pieces:
            for exposure in piece.exposures:
                address = self._exposure_address(exposure, piece.path)
                if address is None or not self._is_new(address, exposure.statement.place):
                    continue
                place = exposure.statement.place
                properties = agreed(address, [replace(exposure.statement, kind=None)], place, self._fault)
                uses = tuple(use for stated in exposure.uses if (use := self._use(stated, piece.path)))
                yield ExposureDeclaration(address, uses, properties, place)

    def _exposure_address(self, exposure: ExposureStatement, path: str) -> Address | None:
        name = exposure.statement.name
        try:
            if "." in name:
                return parse_address(name)
            return make_address(folder_of(path) or EXPOSURES_SCHEMA, name)
        except ValueError as error:
            self._fault("HG107", str(error), exposure.statement.place, "Rename it; `label:` may be any text.")
            return None

    def _use(self, stated: StatedUse, path: str) -> Use | None:
        """Return a use with its address; a full name that nobody declares is left to linking."""
        if "." in stated.name:
            known = self._declared.get(fold(stated.name))
            try:
                return Use(known[0] if known else parse_address(stated.name), stated.columns, stated.place)
            except ValueError as error:
                self._fault("HG309", str(error), stated.place, "Write SCHEMA.NAME.")
                return None
        found = [a for a in self._of_name.get(fold(stated.name), ()) if a in self._own or a in self._source_of]
        own = [a for a in found if fold(a.partition(".")[0]) == fold(folder_of(path))]
        found = own or found
        if len(found) == 1:
            return Use(found[0], stated.columns, stated.place)
        if found:
            self._ambiguous(stated.name, found, stated.place)
        else:
            near = nearest(stated.name, (a.partition(".")[2] for a in (*self._own, *self._source_of)))
            hint = f"Did you mean {near[0]}?" if near else "It names an asset or a source as SCHEMA.NAME."
            self._fault("HG202", f"unknown asset {stated.name}", stated.place, hint)
        return None

    def _fault(self, code: str, summary: str, place: Place, hint: str = "", *, detail: str = "") -> None:
        text = self._texts.get(place.path)
        if text is None:
            text = self._texts[place.path] = Text(place.path, self._by_path[place.path].text)
        self.diagnostics.append(Diagnostic(code, summary, place, hint, detail, text.excerpt(place)))


def folder_of(path: str) -> str:
    """Return the schema that the folder of a file stands for; empty for one directly in ``assets/``."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""
