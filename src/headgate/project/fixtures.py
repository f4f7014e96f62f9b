"""Fixtures: files with rows of unit tests. A seed that a test names without rows gives its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.unit_tests import GivenRows, RowFormat, UnitTest, WrittenRows
from headgate.project.declare import TEXT_BYTES_MAX, too_large
from headgate.project.files import read_bytes
from headgate.project.text import decoded
from headgate.project.walk import DEPTH_MAX, Stat, is_inside, stat_of

_FOLDER = "tests/fixtures"
_FORMATS = {".csv": RowFormat.CSV, ".sql": RowFormat.SQL}


class Fixtures:
    """The fixtures of a repository. ``seeds`` are the files of its seeds."""

    def __init__(self, root: Path, seeds: Mapping[Address, str]) -> None:
        self._root = root
        self._seeds = seeds
        self._known: dict[str, list[str]] | None = None

    def filled(self, test: UnitTest) -> tuple[UnitTest, tuple[Diagnostic, ...]]:
        """Return a test whose rows stand in no other file, and why some could not be read."""
        faults: list[Diagnostic] = []
        given: list[GivenRows] = []
        for one in test.given:
            rows = one.rows
            if one.input is not None and one.input in self._seeds and not rows.is_written:
                place = Place(self._seeds[one.input], 1, 1)
                rows = replace(rows, format=RowFormat.CSV, place=place, fixture="", is_written=True)
                rows = self._read(rows, place.path, one.place, faults)
            given.append(replace(one, rows=self._rows(rows, faults)))
        return replace(test, given=tuple(given), expected=self._rows(test.expected, faults)), tuple(faults)

    def _rows(self, rows: WrittenRows, faults: list[Diagnostic]) -> WrittenRows:
        if not rows.fixture:
            return rows
        ends = [end for end, format_ in _FORMATS.items() if rows.format in (format_, RowFormat.DICT)]
        stem, end = os.path.splitext(rows.fixture)
        name = stem if end in _FORMATS else rows.fixture
        found = [path for path in self._files().get(name, ()) if path.endswith(tuple(ends))]
        if len(found) == 1:
            return self._read(rows, found[0], rows.place, faults)
        if found:
            faults.append(Diagnostic("HG342", f"the fixture {name} may be {' or '.join(found)}", rows.place))
            return rows
        near = nearest(name, self._files())
        hint = f"Did you mean {near[0]}?" if near else f"Its file would be tests/fixtures/{name}{ends[0]}."
        hint = "A fixture is named by its file's name alone." if "/" in name else hint
        faults.append(Diagnostic("HG342", f"there is no fixture {name}", rows.place, hint))
        return rows

    def _read(self, rows: WrittenRows, path: str, named: Place | None, faults: list[Diagnostic]) -> WrittenRows:
        full = self._root / path
        try:
            size = full.stat().st_size
            content = read_bytes(full) if size <= TEXT_BYTES_MAX else b""
        except OSError as error:
            faults.append(Diagnostic("HG101", f"{path} cannot be read: {error.strerror}", named))
            return rows
        if size > TEXT_BYTES_MAX:
            faults.append(replace(too_large(path, size, TEXT_BYTES_MAX), hint="A unit test needs a few rows."))
            return rows
        text = decoded(path, content)
        if isinstance(text, Diagnostic):
            faults.append(text)
            return rows
        format_ = _FORMATS[os.path.splitext(path)[1]]
        return replace(rows, format=format_, text=text.text, fixture="", place=Place(path, 1, 1), indent=0)

    def _files(self) -> Mapping[str, list[str]]:
        if self._known is None:
            self._known = {}
            for path in fixture_files(self._root):
                self._known.setdefault(os.path.splitext(os.path.basename(path))[0], []).append(path)
        return self._known


def fixture_files(root: Path) -> Mapping[str, Stat]:
    """Return the fixtures with their stats, sorted; what leads out of the repository is left out."""
    return dict(sorted(_found(root)))


def _found(root: Path) -> Iterator[tuple[str, Stat]]:
    top, inside = root / _FOLDER, os.path.realpath(root)
    for folder, folders, names in os.walk(top):  # links to folders are not followed
        beside = os.path.relpath(folder, root)
        folders[:] = [name for name in folders if not name.startswith(".") and beside.count(os.sep) < DEPTH_MAX]
        for name in names:
            full = os.path.join(folder, name)
            if not name.endswith(tuple(_FORMATS)) or not is_inside(os.path.realpath(full), inside):
                continue
            try:
                found = os.stat(full)
            except OSError:
                continue  # a link that leads nowhere
            if os.path.isfile(full):
                yield os.path.join(beside, name).replace(os.sep, "/"), stat_of(found)
