"""The SQL of a model: names instead of ``ref`` and ``source``; what is Jinja beyond that stays, and is told.

Formatting and comments stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.core.address import fold, split
from headgate.core.diagnostic import Place
from headgate.project.dbt.functions import sql_of
from headgate.project.dbt.marks import Call, Inside, Mark, block_end, call_of, line_at, marks_of, needs_of
from headgate.project.dbt.names import Names, Read
from headgate.project.dbt.notes import Note, by_hand, told
from headgate.project.dbt.values import Values
from headgate.project.templates.relations import relation_of
from headgate.project.templates.vocabulary import CLOSED, GIVEN, OF_BLOCKS

_CONFIG = re.compile(r"(?:do\s+)?config\s*\(")
_NAMED = re.compile(
    r"""\b(ref|source)\s*\(\s*(['"])([^'"]+)\2\s*(?:,\s*(['"])([^'"]+)\4\s*)?"""
    r"""(?:,\s*(?:v|version)\s*=\s*(['"]?)([\w.]+)\6\s*)?\)"""
)
_INCREMENTAL = re.compile(r"is_incremental\(\s*\)")
_ALIAS = re.compile(r'\s*(as\s+)?("|[^\W\d]\w*)', re.IGNORECASE)
_AFTER_TABLES = frozenset(
    "anti as asof cross except fetch for full group having inner intersect join lateral left limit natural offset on "
    "order outer pivot positional qualify right sample select semi set tablesample union unpivot using where "
    "window with".split()
)
"""Words that may follow a table and are no alias of it."""


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A SQL file of a dbt project: its marks, and the configurations that it states itself."""

    path: str
    text: str
    marks: tuple[Mark, ...]
    config: Mapping[str, Any]
    config_line: int
    notes: tuple[Note, ...]
    settled: frozenset[int] = frozenset()
    """Where the marks begin whose configurations are known."""


@dataclass(frozen=True, slots=True)
class Converted:
    """The SQL without a header. ``is_template``: Jinja is left in it. ``cut`` are lines that were for loads alone."""

    text: str
    is_template: bool
    notes: tuple[Note, ...]
    cut: tuple[tuple[int, int], ...] = ()


def read_sql(path: str, text: str, values: Values | None = None) -> SqlFile:
    """Return a file with its marks and what its ``config(...)`` says; ``values`` fills in what is no constant there."""
    marks = marks_of(text)
    config: dict[str, Any] = {}
    line, notes = 0, []
    settled: set[int] = set()
    for mark in marks:
        match = _CONFIG.match(mark.inner) if mark.opening != "{#" else None
        if match is None:
            continue
        call, place = call_of(mark), Place(path, line_at(text, mark.start))
        said = _stated(call) if call else _filled(mark.inner[match.end() :], values)
        if said is None:
            notes.append(
                by_hand(place, "config(...) needs more than variables", "Write what it means into the header.")
            )
            continue
        if call is None:
            notes.append(told(place, "config(...) was filled in once, with the variables of dbt_project.yml"))
        config |= said
        settled.add(mark.start)
        line = line or place.line
    return SqlFile(path, text, marks, config, line, tuple(notes), frozenset(settled))


def _filled(arguments: str, values: Values | None) -> dict[str, Any] | None:
    """Return what the arguments of ``config`` mean, ``)`` included; None where that is unknown."""
    found = values.of("{{ dict(" + arguments + " }}") if values else None
    return found if isinstance(found, dict) else None


def _stated(call: Call) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for argument in call.arguments:
        said |= argument if isinstance(argument, dict) else {}
    return said | dict(call.keywords)


def convert(file: SqlFile, names: Names, macros: frozenset[str], *, schema: str = "") -> Converted:
    """Return the text as Headgate reads it, in an asset of ``schema``; ``macros`` are those of the project."""
    work = _Conversion(file, names, schema)
    work.cut_loads()
    work.replace_calls()
    work.rename_in_marks()
    rest = [mark for mark in file.marks if id(mark) not in work.done and mark.opening != "{#"]
    if not rest:
        work.replace_comments()
    text = work.text().lstrip("\n")
    notes = [*file.notes, *work.notes]
    if rest:
        notes += _missing(file, text, macros | {names.project})
    return Converted(text, bool(rest), tuple(notes), tuple(work.cut))


class _Conversion:
    def __init__(self, file: SqlFile, names: Names, schema: str) -> None:
        self.file = file
        self.names = names
        self._schema = schema
        self._unknown: set[int] = set()
        self.done: set[int] = set()
        self.notes: list[Note] = []
        self.cut: list[tuple[int, int]] = []
        self._changes: list[tuple[int, int, str]] = []

    def text(self) -> str:
        """Return the text with all changes."""
        after, at = [], 0
        for start, end, text in sorted(self._changes):
            if start >= at:
                after.append(self.file.text[at:start] + text)
                at = end
        return "".join(after) + self.file.text[at:]

    def cut_loads(self) -> None:
        """Take out what holds for an incremental load alone: every build here is a full one."""
        marks = self.file.marks
        for number, mark in enumerate(marks):
            match = re.fullmatch(r"if\s+(.*)", mark.inner, re.DOTALL) if mark.word == "if" else None
            if id(mark) in self.done or not match or not _INCREMENTAL.fullmatch(match[1].strip()):
                continue
            found = block_end(marks, number)
            if found is None:
                continue
            end, otherwise = found
            self._take_out(mark.start, marks[otherwise or end].end)
            inside = [*range(number, (otherwise or end) + 1)]
            if otherwise is not None:
                self._take_out(marks[end].start, marks[end].end)
                inside.append(end)
            self.done.update(id(marks[n]) for n in inside)
            text = self.file.text
            self.cut.append((line_at(text, mark.start), line_at(text, marks[otherwise or end].end - 1)))

    def replace_calls(self) -> None:
        """Put names where ``ref`` and ``source`` stand alone in a mark, and take ``config`` out."""
        for mark in self.file.marks:
            if mark.start in self.file.settled and id(mark) not in self.done:
                self._take_out(mark.start, mark.end)
                self.done.add(id(mark))
            call = None if id(mark) in self.done or mark.inside in (Inside.TEXT, Inside.NAME) else call_of(mark)
            if call is None:
                continue
            if call.name in ("ref", "source"):
                read = self._read(call)
                if read is None:
                    self._unknown.add(id(mark))
                    self._tell_unknown(mark, call)
                else:
                    self._write(mark, relation_of(read.address).text + self._alias(mark, read))
            elif (sql := sql_of(call)) is not None:
                self._write(mark, sql)

    def rename_in_marks(self) -> None:
        """Write names that mean the same here, where ``ref`` and ``source`` stand among other Jinja."""
        for mark in self.file.marks:
            if id(mark) in self.done | self._unknown or mark.opening == "{#" or mark.inner == "raw":
                continue
            inner = self.file.text[mark.start : mark.end]
            for match in _NAMED.finditer(inner):
                texts = (match[3], match[5]) if match[5] else (match[3],)
                call = Call(match[1], texts, {"v": match[7]} if match[7] else {})
                read = self._read(call)
                if read is None:
                    self._tell_unknown(mark, call)
                    continue
                written = self.names.written(call, read, self._schema)
                start = mark.start + match.start()
                if written != match.group():
                    self._changes.append((start, start + len(match.group()), written))

    def replace_comments(self) -> None:
        """Write comments of Jinja as comments of SQL."""
        for mark in self.file.marks:
            if mark.opening != "{#" or id(mark) in self.done:
                continue
            inner = mark.inner.replace("*/", "* /").replace("/*", "/ *").replace("{{", "{ {").replace("{%", "{ %")
            if mark.inside is Inside.NOTHING:
                written = f"/* {inner} */" if "\n" not in mark.inner else f"/*{self._inner(mark, inner)}*/"
            elif mark.inside is Inside.LINE_COMMENT and "\n" in inner:
                written = ""
            else:
                written = inner
            self._changes.append((mark.start, mark.end, written))

    def _inner(self, mark: Mark, inner: str) -> str:
        """Return the text of a comment with the white space that stood around it."""
        whole = self.file.text[mark.start + 2 : mark.end - 2].strip("-+")
        return f"{whole[: len(whole) - len(whole.lstrip())]}{inner}{whole[len(whole.rstrip()) :]}"

    def _write(self, mark: Mark, text: str) -> None:
        """Put a text where a mark stands: a word of its own, as dbt's text in quotes or brackets would be."""
        before, after = self.file.text[: mark.start][-1:], self.file.text[mark.end :][:1]
        text = f"{' ' if _is_of_word(before) else ''}{text}{' ' if _is_of_word(after) else ''}"
        self._changes.append((mark.start, mark.end, text))
        self.done.add(id(mark))

    def _read(self, call: Call) -> Read | None:
        if call.name == "source":
            return self.names.source(call.arguments)
        return self.names.ref(call.arguments, call.keywords)

    def _tell_unknown(self, mark: Mark, call: Call) -> None:
        place = Place(self.file.path, line_at(self.file.text, mark.start))
        named = ", ".join(repr(argument) for argument in call.arguments)
        hint = "Write the address of what it shall read, as schema.name."
        self.notes.append(by_hand(place, f"{call.name}({named}) is not imported", hint))

    def _alias(self, mark: Mark, read: Read) -> str:
        """Return an alias where the SQL calls a table by a name that it has no more."""
        if fold(read.identifier) == fold(split(read.address)[1]) or mark.inside is not Inside.NOTHING:
            return ""
        following = _ALIAS.match(self.file.text, mark.end)
        if following and (following[1] or following[2].lower() not in _AFTER_TABLES):
            return ""
        name = re.escape(read.identifier)
        is_named = re.search(rf'(?<![\w."])"?{name}"?\s*\.', self.file.text, re.IGNORECASE)
        plain = re.fullmatch(r"[^\W\d]\w*", read.identifier)
        return f" as {read.identifier if plain else chr(34) + read.identifier + chr(34)}" if is_named else ""

    def _take_out(self, start: int, end: int) -> None:
        """Take characters out; the lines with them where nothing else stands there."""
        text = self.file.text
        begin = text.rfind("\n", 0, start) + 1
        after = text.find("\n", end)
        after = len(text) if after < 0 else after
        if not text[begin:start].strip() and not text[end:after].strip():
            start, end = begin, min(after + 1, len(text))
        self._changes.append((start, end, ""))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_OF_DBT = frozenset({"adapter", "api", "graph", "model", "modules"})


def _missing(file: SqlFile, text: str, macros: frozenset[str]) -> Iterator[Note]:
    """Yield a note for each thing that a template needs and is not given."""
    lines = {named.name: named.line for named in needs_of(file.text)[0]}
    needs, fault = needs_of(text)
    if fault:
        yield by_hand(Place(file.path), f"its Jinja cannot be read: {fault}", "Write it as plain SQL.")
    for named in needs:
        base, dot, _ = named.name.partition(".")
        if base in GIVEN or base in OF_BLOCKS or base in macros:
            continue
        place = Place(file.path, lines.get(named.name, 1))
        of_package = f"Write what {named.name} gives into the file, or copy that macro into macros/."
        text_ = f"it needs {named.name}" + (", of a package or of dbt itself" if dot else "")
        yield by_hand(place, text_, of_package if dot and base not in _OF_DBT else CLOSED.get(base, of_package))
