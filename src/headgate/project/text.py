"""A text file of the repository: decoded, and quoted from in diagnostics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from headgate.core.diagnostic import Diagnostic, Place, Severity, nearest

EXCERPT_CHARACTERS_MAX = 300
"""A longer line is quoted up to here, and not at all where the fault stands further to the right."""

FAULTS_A_FILE_MAX = 100
"""More faults than this in one file are counted, not shown."""

_BOM = "\ufeff"


class Text:
    """A file's text with lines that end in LF and without byte order mark, and the faults that were found in it."""

    __slots__ = ("_dropped", "_lines", "faults", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.faults: list[Diagnostic] = []
        self._lines: list[str] | None = None
        self._dropped = 0

    def line(self, number: int) -> str:
        """Return a line, counted from 1; empty where there is none."""
        if self._lines is None:
            self._lines = self.text.split("\n")
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def place(self, line: int = 1, column: int = 1, length: int = 0) -> Place:
        """Return a place in this file; the length ends with the line."""
        return Place(self.path, line, column, max(0, min(length, len(self.line(line)) - column + 1)))

    def excerpt(self, place: Place) -> str:
        """Return the line of a place, as far as it may be shown."""
        if not place.line or place.column + place.length > EXCERPT_CHARACTERS_MAX:
            return ""
        return self.line(place.line)[:EXCERPT_CHARACTERS_MAX].rstrip()

    def fault(self, code: str, summary: str, place: Place, hint: str = "", *, detail: str = "") -> None:
        """Note an error at a place of this file."""
        self._note(Diagnostic(code, summary.replace("\n", " "), place, hint, detail, self.excerpt(place)))

    def warn(self, code: str, summary: str, place: Place, hint: str = "") -> None:
        """Note a warning at a place of this file."""
        self._note(Diagnostic(code, summary.replace("\n", " "), place, hint, "", self.excerpt(place), Severity.WARNING))

    def insist(self, code: str, place: Place) -> None:
        """Make a warning that was noted at a place an error."""
        self.faults = [
            replace(one, severity=Severity.ERROR) if (one.code, one.place) == (code, place) else one
            for one in self.faults
        ]

    def all_faults(self) -> tuple[Diagnostic, ...]:
        """Return everything that was noted; what is over the bound is told as one more fault."""
        if not self._dropped:
            return tuple(self.faults)
        summary = f"{self._dropped} more faults in this file"
        return (*self.faults, Diagnostic("HG109", summary, Place(self.path), "Mend the first ones and look again."))

    def _note(self, diagnostic: Diagnostic) -> None:
        if len(self.faults) < FAULTS_A_FILE_MAX:
            self.faults.append(diagnostic)
        else:
            self._dropped += 1


def decoded(path: str, content: bytes) -> Text | Diagnostic:
    """Return the text of a file, or why it is none."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        start = content.rfind(b"\n", 0, error.start) + 1
        column = len(content[start : error.start].decode("utf-8", "replace")) + 1
        summary = f"{path} is not UTF-8 text: byte {content[error.start]:#04x}"
        return Diagnostic("HG102", summary, Place(path, line, column), "Save the file with the encoding UTF-8.")
    if "\0" in text:
        at = text.index("\0")
        place = Place(path, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        return Diagnostic("HG102", f"{path} holds a NUL character", place, "Save the file as plain UTF-8 text.")
    if text.startswith(_BOM):
        text = text[1:]
    # A file means the same whether git wrote its lines with CRLF or with LF.
    return Text(path, text.replace("\r\n", "\n") if "\r" in text else text)


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a question naming the nearest of ``known``; else ``otherwise``."""
    near = nearest(name, known)
    return f"Did you mean {' or '.join(near[:2])}?" if near else otherwise
