"""Macros of a dbt project: files of ``macros/`` as Headgate reads them, without what only dbt can carry out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from headgate.core.diagnostic import Place
from headgate.project.dbt.functions import sql_of
from headgate.project.dbt.marks import Mark, call_of, line_at, marks_of, needs_of
from headgate.project.dbt.notes import Note, left_out

_OF_DBT = ("data_test", "docs", "materialization", "snapshot", "test")
_OF_TESTS = ("data_test", "test")
_TEST = re.compile(r"(?:data_)?test\s+(\w+)\s*\(")
_DEFINED = re.compile(r"macro\s+(\w+)\s*\(")
_RETURN = re.compile(r"return\s*\((.*)\)", re.DOTALL)
_DISPATCH = re.compile(r"adapter\s*\.\s*dispatch\s*\(\s*(['\"])(\w+)\1\s*(?:,[^()]*)?\)")
_OVERRIDES = {
    "generate_schema_name": "the schema of an asset is its own here, in every environment",
    "generate_alias_name": "the name of an asset is its own here, in every environment",
    "generate_database_name": "an environment says its engine here",
}
_WORDS = {"data_test": "test"}


@dataclass(frozen=True, slots=True)
class Macros:
    """The files by path relative to ``macros/``, the names of all macros in them, what is told.

    ``generic_tests`` are the data tests among them as texts, by name.
    """

    files: Mapping[str, str]
    names: frozenset[str]
    notes: tuple[Note, ...]
    generic_tests: Mapping[str, str] = field(default_factory=dict)


def convert_macros(files: Mapping[str, tuple[str, str]]) -> Macros:
    """Return the macros; ``files`` are, by target path, the path in the dbt project and the text."""
    defined = {name for _, text in files.values() for name, _ in _definitions(marks_of(text), text)}
    made: dict[str, str] = {}
    notes: list[Note] = []
    names: set[str] = set()
    tests: dict[str, str] = {}
    for target, (path, text) in files.items():
        kept, said = _without_dbt(path, text)
        tests.update(generic_tests_in(text))
        notes += said
        resolved = _resolved(kept, defined)
        found = [name for name, _ in _definitions(marks_of(resolved), resolved)]
        if not found:
            continue
        fault = needs_of(resolved)[1]
        if fault:
            notes.append(left_out(Place(path), f"its Jinja cannot be read: {fault}"))
            continue
        made[target] = resolved
        names.update(found)
    return Macros(made, frozenset(names), tuple(notes), tests)


def generic_tests_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield the data tests that a text of dbt's defines: the name and the block of each."""
    marks = marks_of(text)
    for number, mark in enumerate(marks):
        if mark.word in _OF_TESTS and (match := _TEST.match(mark.inner)):
            end = next((m.end for m in marks[number:] if m.word in ("endtest", "enddata_test")), len(text))
            yield match[1], text[mark.start : end] + "\n"


def _definitions(marks: tuple[Mark, ...], text: str) -> Iterator[tuple[str, int]]:
    """Yield the macros that a text defines, each with its line."""
    for mark in marks:
        if mark.word == "macro" and (match := _DEFINED.match(mark.inner)):
            yield match[1], line_at(text, mark.start)


def _without_dbt(path: str, text: str) -> tuple[str, list[Note]]:
    """Return a file without the blocks that only dbt can carry out, and what is told of them."""
    notes: list[Note] = []
    cuts: list[tuple[int, int]] = []
    marks = marks_of(text)
    for number, mark in enumerate(marks):
        place = Place(path, line_at(text, mark.start))
        name = _DEFINED.match(mark.inner) if mark.word == "macro" else None
        word = mark.word
        if name and name[1] in _OVERRIDES:
            notes.append(left_out(place, f"macro {name[1]}: {_OVERRIDES[name[1]]}"))
        elif word in _OF_DBT:
            what = " ".join(re.split(r"[\s(,]+", mark.inner)[:2])
            kept_in = "; its text is kept in tests/generic/" if word in _OF_TESTS else ""
            notes.append(left_out(place, f"{what}: only dbt can carry it out{kept_in}"))
        else:
            continue
        end = next((m for m in marks[number:] if m.word == f"end{_WORDS.get(word, word)}"), None)
        cuts.append((mark.start, end.end if end else len(text)))
    kept, at = [], 0
    for start, end_ in cuts:
        kept.append(text[at:start])
        at = max(at, end_)
    return "".join(kept) + text[at:], notes


def _resolved(text: str, defined: set[str]) -> str:
    """Return the text with the macro that holds for DuckDB wherever dbt would look for one by the kind of engine.

    ``return(x)`` as all that a mark holds is ``x``: what a macro gives here is its text.
    """

    def chosen(match: re.Match[str]) -> str:
        names = (f"duckdb__{match[2]}", f"default__{match[2]}")
        return next((name for name in names if name in defined), match.group())

    after, at = [], 0
    for mark in marks_of(text):
        call = call_of(mark) if mark.opening == "{{" else None
        if call is not None and (sql := sql_of(call)) is not None:
            after.append(text[at : mark.start] + sql)
            at = mark.end
        if mark.opening != "{{" or "dispatch" not in mark.inner:
            continue
        given = _RETURN.fullmatch(mark.inner)
        inner = _DISPATCH.sub(chosen, given[1] if given else mark.inner)
        after.append(f"{text[at : mark.start]}{{{{ {inner.strip()} }}}}")
        at = mark.end
    return "".join(after) + text[at:]
