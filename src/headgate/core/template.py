"""A text that a template gave, and where in the template each part of it comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, NamedTuple

from headgate.core.diagnostic import Diagnostic, Place

EXCERPT_CHARACTERS_MAX = 300


class Run(NamedTuple):
    """A run of the filled text: it begins at character ``start`` and comes from character ``origin`` of the template.

    With ``length`` 0 it was copied as it stands; else it is what a tag of that many characters gave, and ``note`` may
    say which macro gave it.
    """

    start: int
    origin: int
    length: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template's text as it stands in the file, and the runs of the text that it gave, in order."""

    text: str
    runs: tuple[Run, ...]
    _starts: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def run_at(self, offset: int) -> Run:
        """Return the run that holds a character of the filled text."""
        if not self._starts:
            self._starts.extend(run.start for run in self.runs)
        number = bisect_right(self._starts, offset) - 1
        return self.runs[number] if number >= 0 else Run(0, 0)

    def origin(self, offset: int) -> int:
        """Return the character of the template that a character of the filled text comes from."""
        run = self.run_at(offset)
        return min(run.origin + (0 if run.length else offset - run.start), len(self.text))

    def lines(self, filled: str) -> tuple[int, ...]:
        """Return, for each line of the filled text, the template's line that it begins on; both count from 1."""
        starts = list(accumulate((len(line) + 1 for line in self.text.split("\n")), initial=0))[:-1]
        found: list[int] = []
        at = 0
        for line in filled.split("\n"):
            found.append(bisect_right(starts, self.origin(at)))
            at += len(line) + 1
        return tuple(found)


def told_in_template(diagnostic: Diagnostic, template: Template | None, filled: str) -> Diagnostic:
    """Return a diagnostic about the filled text at the template's own place.

    What a tag gave is told at the tag, with the line that it gave and the macro that it came from.
    """
    place = diagnostic.place
    if template is None or place is None or not place.line:
        return diagnostic
    lines = filled.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    offset = sum(len(one) + 1 for one in lines[: place.line - 1]) + max(place.column - 1, 0)
    run = template.run_at(offset)
    origin = template.origin(offset)
    excerpt = _line(template.text, origin) if diagnostic.excerpt else ""
    if not run.length:
        last = template.run_at(offset + max(place.length, 1) - 1)
        length = place.length if last is run else 1
        return replace(diagnostic, place=place_of(template.text, place.path, origin, length), excerpt=excerpt)
    given = f"the template gives here: {line.strip()[:EXCERPT_CHARACTERS_MAX]}"
    told = [part for part in (diagnostic.detail, given, run.note) if part]
    where = place_of(template.text, place.path, origin, run.length)
    return replace(diagnostic, place=where, excerpt=_line(template.text, origin), detail="\n".join(told))


def place_of(text: str, path: str, offset: int, length: int = 0) -> Place:
    """Return the place of some characters; the length ends with the line."""
    begin = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    length = min(length, (len(text) if end < 0 else end) - offset)
    return Place(path, text.count("\n", 0, offset) + 1, offset - begin + 1, max(length, 0))


def _line(text: str, offset: int) -> str:
    begin = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[begin : len(text) if end < 0 else end]
    return line.rstrip() if len(line) <= EXCERPT_CHARACTERS_MAX else ""


def runs_from_json(runs: Sequence[Sequence[Any]]) -> tuple[Run, ...]:
    """Return the runs of their stored form."""
    return tuple(Run(int(start), int(origin), int(length), str(note)) for start, origin, length, note in runs)
