"""Written rows into tables of a scratch database, with every fault at its own place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headgate.core.address import fold
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.errors import StatementFailed
from headgate.core.ports.scratch import Given, Scratch
from headgate.core.recipe import Column, Shape
from headgate.core.unit_tests import Cell, Row, RowFormat, WrittenRows
from headgate.trial.csv_rows import csv_rows
from headgate.trial.fits import loss

FAULTS_MAX = 20
_NAMED_MAX = 12
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")
_RAW = "written rows"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows read: the columns that they name, each with the first place where it is named, and the rows.

    Of rows that are SQL there are the columns alone; the rows stand in the table ``_RAW``.
    """

    columns: tuple[Cell, ...]
    rows: tuple[Row, ...] = ()
    is_query: bool = False


def read(written: WrittenRows, scratch: Scratch) -> Rows | Diagnostic:
    """Return the rows that somebody wrote; or why they cannot be read."""
    place = written.place or Place("")
    if written.format is RowFormat.CSV:
        found = csv_rows(written.text, place, written.indent)
        return found.fault or Rows(found.columns, found.rows)
    if written.format is RowFormat.SQL:
        return _queried(written, place, scratch)
    columns: dict[str, Cell] = {}
    for row in written.rows:
        for cell in row:
            columns.setdefault(fold(cell.column), cell)
    return Rows(tuple(columns.values()), written.rows)


def _queried(written: WrittenRows, place: Place, scratch: Scratch) -> Rows | Diagnostic:
    if not written.text.strip():
        return Rows(())
    text = written.text.rstrip().removesuffix(";")
    try:
        shape = scratch.table_of_values(_RAW, text)
    except StatementFailed as error:
        if written.indent >= 0 and error.line:
            place = Place(place.path, place.line + error.line - 1, written.indent + error.column, 1)
        return Diagnostic("HG342", f"the query of rows is refused: {error}", place)
    return Rows(tuple(Cell(column.name, None, place) for column in shape), is_query=True)


def fill(name: str, shape: Shape, found: Rows, scratch: Scratch, *, whose: str) -> list[Diagnostic]:
    """Make the table ``name`` with the columns of ``shape`` and rows that were read; return all that is wrong.

    ``whose`` are the columns: the address of an input, or of the tested asset.
    """
    faults = list(_unknown(found, shape, whose))
    if found.is_query and not faults:
        try:
            scratch.table_of_table(name, _RAW, shape)
        except StatementFailed as error:
            place = found.columns[0].place if found.columns else None
            return [Diagnostic("HG341", f"a row does not fit into {whose}: {error}", place)]
        return []
    if found.is_query:
        return faults
    named = {fold(cell.column) for cell in found.columns}
    columns = [column for column in shape if fold(column.name) in named]
    cells = _by_column(found.rows, columns)
    faults += _losses(columns, cells)
    given = [_given(column, own) for column, own in zip(columns, cells, strict=True)]
    misfits = scratch.table(name, shape, given, len(found.rows))
    numbers = {column.name: number for number, column in enumerate(columns)}
    for misfit in misfits:
        cell = cells[numbers[misfit.column]][misfit.row]
        if cell is not None:
            faults.append(_misfit(cell, columns[numbers[misfit.column]], misfit.reason))
    return faults[:FAULTS_MAX]


def _unknown(found: Rows, shape: Shape, whose: str) -> Iterator[Diagnostic]:
    known = {fold(column.name): column.name for column in shape}
    for row in (found.columns, *found.rows):
        names: set[str] = set()
        for cell in row:
            folded = fold(cell.column)
            if folded in names:
                summary = f"{cell.column} stands twice in one row"
                yield Diagnostic(
                    "HG342", summary, cell.name_place or cell.place, "Upper and lower case name the same column."
                )
            names.add(folded)
    for cell in found.columns:
        if fold(cell.column) not in known:
            near = nearest(cell.column, known.values())
            listed = list(near) or list(known.values())[:_NAMED_MAX]
            hint = f"{whose} has {', '.join(listed)}." + (f" Did you mean {near[0]}?" if near else "")
            summary = f"unknown column {cell.column or 'without a name'}"
            yield Diagnostic("HG203", summary, cell.name_place or cell.place, hint)


def _by_column(rows: Sequence[Row], columns: Sequence[Column]) -> list[list[Cell | None]]:
    """Return the cells of each column, None where a row leaves the column out."""
    cells: list[list[Cell | None]] = [[None] * len(rows) for _ in columns]
    numbers = {fold(column.name): number for number, column in enumerate(columns)}
    for at, row in enumerate(rows):
        for cell in row:
            number = numbers.get(fold(cell.column))
            if number is not None:
                cells[number][at] = cell
    return cells


def _losses(columns: Sequence[Column], cells: Sequence[Sequence[Cell | None]]) -> Iterator[Diagnostic]:
    for column, own in zip(columns, cells, strict=True):
        for cell in own:
            if cell is None or not isinstance(cell.value, str):
                continue
            if told := loss(cell.value, column.type):
                yield _misfit(cell, column, told)


def _misfit(cell: Cell, column: Column, reason: str) -> Diagnostic:
    shown = json.dumps(cell.plain, default=str) if cell.is_nested else str(cell.value)
    summary = f"{shown[:60]} does not fit into {column.name}, which is {column.type}"
    # What the engine says of an enumeration speaks of how it holds one.
    return Diagnostic("HG341", summary, cell.place, detail="" if column.type.startswith("ENUM") else reason)


def _given(column: Column, cells: Sequence[Cell | None]) -> Given:
    values = [None if cell is None else _text(cell, column) for cell in cells]
    if not any(cell is not None and cell.is_nested for cell in cells):
        return Given(column, values)
    is_read = is_nested(column.type)
    return Given(column, values, tuple(is_read and cell is not None and cell.is_nested for cell in cells))


def is_nested(kind: str) -> bool:
    """Tell whether values of a type are made of others."""
    return kind.endswith("]") or kind.startswith(_NESTED)


def _text(cell: Cell, column: Column) -> str | None:
    """Return the text of a value: JSON of a list or a mapping, its parts as they were written where they are read."""
    if not cell.is_nested:
        return cell.value if isinstance(cell.value, str) else None
    return json.dumps(cell.value if is_nested(column.type) else cell.plain, ensure_ascii=False)
