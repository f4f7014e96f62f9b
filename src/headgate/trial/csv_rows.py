"""Rows as CSV, each value with its place; an empty value is NULL, and ``""`` the empty text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.unit_tests import Cell, Row

_VALUE = re.compile(r'[ \t]*"((?:[^"]|"")*)"[ \t]*|([^,"\n]*)')


@dataclass(frozen=True, slots=True)
class CsvRows:
    """The columns that the first line names, and the rows below it; or what is wrong."""

    columns: tuple[Cell, ...] = ()
    rows: tuple[Row, ...] = ()
    fault: Diagnostic | None = None


def csv_rows(text: str, place: Place, indent: int) -> CsvRows:
    """Return the rows of a text that begins at a place; lines that are empty do not count.

    ``indent`` is how far its lines stand to the right; -1 where all that is known is where the text begins.
    """
    try:
        lines = list(_lines(text, place, indent))
    except _Unreadable as error:
        hint = 'The first line names the columns; quotes stand around a whole value, as in "a, b".'
        return CsvRows(fault=Diagnostic("HG342", f"the CSV cannot be read: {error.told}", error.place, hint))
    if not lines:
        return CsvRows()
    head, body = lines[0], lines[1:]
    for line in body:
        if len(line) != len(head):
            told = f"this line has {len(line)} values, and the first one names {len(head)} columns"
            return CsvRows(fault=Diagnostic("HG342", told, line[0][1], 'An empty value is NULL: "a,,c".'))
    columns = tuple(Cell((name or "").strip(), None, at) for name, at in head)
    rows = (tuple(Cell(one.column, value, at) for one, (value, at) in zip(columns, line, strict=True)) for line in body)
    return CsvRows(columns, tuple(rows))


class _Unreadable(Exception):
    def __init__(self, told: str, place: Place) -> None:
        super().__init__(told)
        self.told = told
        self.place = place


def _lines(text: str, place: Place, indent: int) -> Iterator[Sequence[tuple[str | None, Place]]]:
    at, line, begin = 0, 0, 0
    values: list[tuple[str | None, Place]] = []
    while at < len(text):
        if not values and text[at] == "\n":
            at, line, begin = at + 1, line + 1, at + 1
            continue
        found = _VALUE.match(text, at)
        if found is None:
            raise AssertionError("an empty value matches everywhere")
        quoted, plain = found.groups()
        lead = len(found[0]) - len(found[0].lstrip(" \t"))
        where = _place(place, indent, line, at - begin + lead, len(found[0].strip()))
        values.append((quoted.replace('""', '"') if quoted is not None else plain.strip() or None, where))
        breaks = found[0].count("\n")
        if breaks:
            line, begin = line + breaks, at + found[0].rindex("\n") + 1
        at = found.end()
        end = text[at : at + 1]
        if end not in {"", ",", "\n"}:
            raise _Unreadable("a quote stands inside of a value", where)
        at += 1
        if end == "," and at == len(text):
            values.append((None, where))
        if end != ",":
            yield values
            values = []
            line, begin = line + 1, at
    if values:
        yield values


def _place(place: Place, indent: int, line: int, column: int, length: int) -> Place:
    if indent < 0:
        return place
    return Place(place.path, place.line + line, indent + column + 1, length)
