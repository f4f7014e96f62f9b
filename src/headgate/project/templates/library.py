"""The macros of ``macros/``: which there are, what is wrong with them, and their trees where a template calls one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads, plain
from headgate.core.template import place_of
from headgate.project.templates.limits import FAULTS_MAX
from headgate.project.templates.memory import Memory
from headgate.project.templates.values import instead
from headgate.project.templates.vocabulary import CLOSED, GIVEN
from headgate.project.text import Text

if TYPE_CHECKING:
    from headgate.project.templates.reading import Tree

_KIND = "macros"


@dataclass(frozen=True, slots=True)
class MacroFile:
    """A file of macros, by content."""

    source: Text
    digest: Digest


@dataclass(slots=True)
class Library:
    """The file of each macro by name, and all that is wrong with files. Trees are read when they are asked for."""

    files: dict[str, MacroFile] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _trees: dict[str, Tree] = field(default_factory=dict)

    def digests(self) -> Mapping[str, Digest]:
        """Return the digest of the file of each macro."""
        return {name: file.digest for name, file in self.files.items()}

    def tree(self, file: MacroFile) -> Tree:
        """Return the tree of a file that can be read."""
        found = self._trees.get(file.source.path)
        if found is None:
            from headgate.project.templates.reading import read_template

            found = self._trees[file.source.path] = read_template(file.source)
        return found


def library_of(files: Sequence[MacroFile], memory: Memory, *, made_by: str, project: str) -> Library:
    """Return the macros of all files, in the order of their paths. A file that is known is not read again."""
    library = Library()
    keys = [f"{made_by}/{file.digest}" for file in files]
    known = memory.get(_KIND, keys)
    learned: dict[str, str] = {}
    lacking: list[tuple[MacroFile, list[tuple[str, int]]]] = []
    for file, key in zip(files, keys, strict=True):
        if key not in known:
            learned[key] = dumps(_index(file))
        index = loads(known.get(key) or learned[key])
        library.diagnostics += (_stored(one, file.source) for one in index["faults"])
        for name, at in index["macros"]:
            _add(library, name, at, file)
        lacking.append((file, index["lacking"]))
    memory.put(_KIND, learned)
    known_names = (*GIVEN, *library.files, project)
    for file, names in lacking:
        library.diagnostics += islice(_unknown(file.source, names, known_names), FAULTS_MAX)
    return library


def _index(file: MacroFile) -> dict[str, Any]:
    """Return what a file holds, as a function of its text alone."""
    from headgate.project.templates.checking import faults_in, macros_in, names_lacking
    from headgate.project.templates.reading import Unreadable, read_template

    try:
        tree = read_template(file.source)
    except Unreadable as fault:
        return {"macros": [], "faults": [plain(fault.diagnostic(file.source))], "lacking": []}
    faults = [plain(one) for one in islice(faults_in(tree), FAULTS_MAX)]
    return {"macros": macros_in(tree), "faults": faults, "lacking": names_lacking(tree)}


def _stored(body: dict[str, Any], source: Text) -> Diagnostic:
    place = Place(**body["place"])
    told = Diagnostic(**{**body, "place": place, "severity": Severity(body["severity"])})
    return replace(told, place=replace(place, path=source.path))


def _add(library: Library, name: str, at: int, file: MacroFile) -> None:
    place = place_of(file.source.text, file.source.path, at, len(name))
    excerpt = file.source.excerpt(place)
    if name in GIVEN:
        summary = f"the macro {name} has the name of what every template is given"
        library.diagnostics.append(Diagnostic("HG225", summary, place, "Rename it.", excerpt=excerpt))
    elif name in library.files:
        first = library.files[name].source.path
        detail = f"The other: {first}" if first != file.source.path else ""
        summary = f"there are two macros {name}"
        library.diagnostics.append(Diagnostic("HG225", summary, place, "Rename one of them.", detail, excerpt))
    else:
        library.files[name] = file


def _unknown(source: Text, names: Sequence[tuple[str, int]], known: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield a warning for each name of a file that means nothing: a template that comes there is refused."""
    for name, at in names:
        if name in known:
            continue
        code, summary, hint = "HG221", f"unknown name {name[:60]}", instead(name[:60], known)
        if name in CLOSED:
            code, summary, hint = "HG222", f"{name} is not given to templates", CLOSED[name]
        place = place_of(source.text, source.path, at, len(name))
        yield Diagnostic(code, summary, place, hint, "", source.excerpt(place), Severity.WARNING)
