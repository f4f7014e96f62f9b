"""Names that files write, looked up in all that is declared; what they do not find becomes a diagnostic with a hint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from headgate.core.address import Address, fold, parse_address, split
from headgate.core.declarations import Use
from headgate.core.diagnostic import Diagnostic, Place, Severity, nearest
from headgate.project.pieces import Piece, SourceStatement, Stated, StatedUse
from headgate.project.text import Text


class Noted:
    """Diagnostics about several files, each with the line that it is about."""

    def __init__(self, pieces: Mapping[str, Piece]) -> None:
        self.diagnostics: list[Diagnostic] = [fault for piece in pieces.values() for fault in piece.diagnostics]
        self._pieces = pieces
        self._texts: dict[str, Text] = {}

    def fault(self, code: str, summary: str, place: Place, hint: str = "", *, detail: str = "") -> None:
        """Note an error."""
        self._note(code, summary, place, hint, detail, Severity.ERROR)

    def warn(self, code: str, summary: str, place: Place, hint: str = "", *, detail: str = "") -> None:
        """Note a warning."""
        self._note(code, summary, place, hint, detail, Severity.WARNING)

    def insist(self, code: str, place: Place) -> None:
        """Make a warning that was noted at a place an error."""
        self.diagnostics = [
            replace(one, severity=Severity.ERROR) if (one.code, one.place) == (code, place) else one
            for one in self.diagnostics
        ]

    def _note(self, code: str, summary: str, place: Place, hint: str, detail: str, severity: Severity) -> None:
        text = self._texts.get(place.path)
        if text is None:
            text = self._texts[place.path] = Text(place.path, self._pieces[place.path].text)
        line = summary.replace("\n", " ")
        self.diagnostics.append(Diagnostic(code, line, place, hint, detail, text.excerpt(place), severity))


class Lookup:
    """All addresses of a repository. ``own`` are those of its assets, ``source_of`` those of sources."""

    def __init__(self, pieces: Mapping[str, Piece], noted: Noted) -> None:
        self.own: dict[Address, Piece] = {}
        self.source_of: dict[Address, SourceStatement] = {}
        self._pieces = pieces
        self._noted = noted
        self._declared: dict[str, tuple[Address, Place]] = {}
        self._of_name: dict[str, list[Address]] = {}

    def add(self, address: Address, place: Place) -> bool:
        """Note an address; False, and a fault, where an engine would take it for another one."""
        known = self._declared.setdefault(fold(address), (address, place))
        if known[1] is place:
            self._of_name.setdefault(fold(address.partition(".")[2]), []).append(address)
            return True
        summary = f"{address} is declared twice"
        if known[0] != address:
            summary = f"{address} and {known[0]} are the same to an engine"
        detail = f"The other: {known[1]}"
        self._noted.fault("HG301", summary, place, "Rename one of them, or take it out.", detail=detail)
        return False

    def known(self, name: str) -> Address | None:
        """Return the address that a full name means, however it is written."""
        found = self._declared.get(fold(name))
        return found[0] if found else None

    def asset(self, name: Stated, path: str, *, section: str = "") -> Address | None:
        """Return the asset that an entry is about: of its folder's schema, else the only one of that name."""
        if "." in name.value:
            address = self.known(name.value)
            found = [address] if address else []
        else:
            found = self._of_folder(self._of_name.get(fold(name.value), ()), path)
        found = [a for a in found if a in self.own and (section != "seeds" or self.own[a].path.endswith(".csv"))]
        if len(found) == 1:
            return found[0]
        if found:
            self._ambiguous(name.value, found, name.place)
        elif not self._was_refused(name.value, path):
            self._unknown_asset(name, path, "seed" if section == "seeds" else "asset")
        return None

    def demand(self, name: Stated, path: str) -> None:
        """Note a fault where a name is not the whole address of an asset."""
        if self.known(name.value) in self.own:
            return
        whole = self._of_folder(self._of_name.get(fold(name.value), ()), path)
        if whole:
            hint = f"Write the schema as well: {whole[0]}."
            self._noted.fault("HG307", f"there is no asset {name.value}", name.place, hint)
        elif not self._was_refused(name.value, path):
            self._unknown_asset(name, path, "asset")

    def _unknown_asset(self, name: Stated, path: str, what: str) -> None:
        near = nearest(name.value, [*self.own, *(a.partition(".")[2] for a in self.own)])
        written = name.value if "." in name.value else f"{folder_of(path) or 'SCHEMA'}.{name.value}"
        hint = f"Did you mean {near[0]}?" if near else f"Its file would be assets/{written.replace('.', '/')}.sql."
        self._noted.fault("HG307", f"there is no {what} {name.value}", name.place, hint)

    @staticmethod
    def _of_folder(found: Sequence[Address], path: str) -> list[Address]:
        own = [a for a in found if fold(a.partition(".")[0]) == fold(folder_of(path))]
        return own or list(found)

    def _was_refused(self, name: str, path: str) -> bool:
        """Tell whether a file of that name was refused already, so that no second fault follows from it."""
        stem = name.replace(".", "/") if "." in name else f"{folder_of(path)}/{name}"
        return any(f"assets/{stem}{end}" in self._pieces for end in (".sql", ".csv", ".py"))

    def _ambiguous(self, name: str, found: Sequence[Address], place: Place) -> None:
        *others, last = sorted(found)
        told = f"{', '.join(others)} or {last}"
        self._noted.fault("HG311", f"{name} may be {told}", place, f"Write the schema as well: {told}.")

    def use(self, stated: StatedUse, path: str) -> Use | None:
        """Return a use with its address; a full name that nobody declares is left to linking."""
        if "." in stated.name and not stated.is_ref:
            try:
                return Use(self.known(stated.name) or parse_address(stated.name), stated.columns, stated.place)
            except ValueError as error:
                self._noted.fault("HG309", str(error), stated.place, "Write SCHEMA.NAME.")
                return None
        address = self.data(stated, path)
        return Use(address, stated.columns, stated.place) if address else None

    def data(self, stated: StatedUse, path: str, *, of_constraint: bool = False) -> Address | None:
        """Return the asset or source that a name means; of a constraint it is a warning where there is none."""
        found = self._data(stated, path)
        if len(found) == 1:
            return found[0]
        if found:
            self._ambiguous(stated.name, found, stated.place)
        else:
            note = self._noted.warn if of_constraint else self._noted.fault
            source = self._source_called(stated)
            hint = self._source_instead(source) if source else self._near(stated)
            note("HG202", f"unknown asset {source or stated.name}", stated.place, hint)
        return None

    def _data(self, stated: StatedUse, path: str) -> list[Address]:
        """Return the assets and sources that a name may mean; of ``ref`` the assets alone."""
        if self._source_called(stated):
            return []
        whole = self.known(_whole(stated))
        if stated.before and whole not in self.own:  # of ref('package', 'name') the package says nothing
            whole = None
        named = [whole] if whole else self._of_name.get(fold(stated.name), ())
        found = [a for a in named if a in self.own or (a in self.source_of and not stated.is_ref)]
        return self._of_folder(found, path)

    def _source_called(self, stated: StatedUse) -> Address | None:
        """Return the source that a call of ``ref`` names with its schema, where no asset is called so."""
        whole = self.known(_whole(stated)) if stated.is_ref else None
        return whole if whole in self.source_of and whole not in self.own else None

    @staticmethod
    def _source_instead(source: Address) -> str:
        schema, table = split(source)
        return f"{source} is a source, which ref never names: write source('{schema}', '{table}')."

    def _near(self, stated: StatedUse) -> str:
        name = stated.name
        if stated.is_ref and (sources := [a for a in self._of_name.get(fold(name), ()) if a in self.source_of]):
            return self._source_instead(sources[0])
        known: Iterable[str] = (*self.own, *(() if stated.is_ref else self.source_of))
        near = nearest(name, known if "." in name else (a.partition(".")[2] for a in known))
        return f"Did you mean {near[0]}?" if near else "It names an asset or a source as SCHEMA.NAME."


def _whole(stated: StatedUse) -> str:
    return f"{stated.before}.{stated.name}" if stated.before else stated.name


def folder_of(path: str) -> str:
    """Return the schema that the folder of a file stands for; empty for one directly in ``assets/``."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""
