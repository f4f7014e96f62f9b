"""Where keys stand in a TOML text: ``tomllib`` gives values without places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headgate.core.diagnostic import Place
from headgate.project.text import Text

Path = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_TABLE = re.compile(rf"[ \t]*\[{{1,2}}[ \t]*({_KEY})[ \t]*\]{{1,2}}")
_ASSIGNED = re.compile(rf"[ \t]*({_KEY})[ \t]*=[ \t]*(.*)")
_ONE = re.compile(_PART)
_LONG = ('"""', "'''")


class TomlPlaces:
    """The places of tables and keys of one text. Keys inside of inline tables are found at the table's own key."""

    def __init__(self, source: Text) -> None:
        self._source = source
        self._keys: dict[Path, Place] = {}
        self._values: dict[Path, Place] = {}
        self._on_line: dict[int, tuple[Path, Place]] = {}
        table: Path = ()
        inside = ""
        for number, line in enumerate(source.text.split("\n"), start=1):
            if inside:
                inside = "" if inside in line else inside
                continue
            if found := _TABLE.match(line):
                table = _parts(found[1])
                self._note(table, number, found.start(1), len(found[1]))
            elif found := _ASSIGNED.match(line):
                path = (*table, *_parts(found[1]))
                self._note(path, number, found.start(1), len(found[1]))
                value = _without_comment(found[2])
                self._values.setdefault(path, source.place(number, found.start(2) + 1, len(value)))
                inside = next((q for q in _LONG if found[2].count(q) == 1), "")

    def key(self, path: Sequence[str]) -> Place:
        """Return where a key, or the nearest thing around it, stands."""
        return self._nearest(self._keys, tuple(path))

    def value(self, path: Sequence[str]) -> Place:
        """Return where the value of a key stands."""
        return self._values.get(tuple(path)) or self.key(path)

    def stated_twice(self, line: int) -> tuple[Path, Place, Place] | None:
        """Return the key or table that stands on a line and further up as well, with its place here and the first."""
        path, place = self._on_line.get(line, ((), None))
        first = self._keys.get(path)
        return (path, place, first) if place and first and first.line < line else None

    def _note(self, path: Path, line: int, start: int, length: int) -> None:
        self._on_line[line] = path, self._source.place(line, start + 1, length)
        for end in range(1, len(path) + 1):
            self._keys.setdefault(path[:end], self._source.place(line, start + 1, length))

    def _nearest(self, places: Mapping[Path, Place], path: Path) -> Place:
        while path and path not in places:
            path = path[:-1]
        return places.get(path) or self._source.place()


def _parts(key: str) -> Path:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _ONE.findall(key))


def _without_comment(value: str) -> str:
    """Return a value without the comment behind it, unless a quote makes it doubtful what is a comment."""
    quoted = re.match(r"""("(?:[^"\\]|\\.)*"|'[^']*')""", value)
    return quoted[1] if quoted else value.partition("#")[0].rstrip()
