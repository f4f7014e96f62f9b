"""The terminal: two streams, colour, width, questions, aligned columns, and a display of running work."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_WIDTH_WITHOUT_TERMINAL = 10_000
_WIDTH_MIN = 20


class Terminal:
    """Where a command writes. Data goes to standard output, everything else to standard error."""

    def __init__(
        self, *, is_quiet: bool = False, is_json: bool = False, has_colour: bool = True, says_yes: bool = False
    ) -> None:
        self.is_quiet = is_quiet
        self.is_json = is_json
        self.says_yes = says_yes
        allowed = has_colour and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._colours_out = allowed and _is_terminal(sys.stdout)
        self._colours_error = allowed and _is_terminal(sys.stderr)
        self.is_live = _is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb" and not (is_quiet or is_json)

    @property
    def can_ask(self) -> bool:
        """Tell whether somebody is there to answer."""
        return _is_terminal(sys.stdin) and _is_terminal(sys.stderr) and not self.is_json

    @property
    def width(self) -> int:
        """Columns of standard output's terminal; without one there is no limit."""
        return _width(sys.stdout)

    @property
    def error_width(self) -> int:
        """Columns of standard error's terminal."""
        return _width(sys.stderr)

    def write(self, line: str = "") -> None:
        """Write a line of data; nothing with ``--json``, which prints its one object by ``write_raw``."""
        if not self.is_json:
            self.write_raw(line if self._colours_out else plain(line))

    def write_raw(self, text: str) -> None:
        """Write text as it is to standard output; what its encoding lacks is replaced."""
        _put(sys.stdout, text + "\n")

    def say(self, line: str = "") -> None:
        """Write a message; nothing with ``--quiet`` or ``--json``."""
        if not self.is_quiet and not self.is_json:
            self.complain(line)

    def complain(self, line: str = "") -> None:
        """Write to standard error, whatever the options."""
        _put(sys.stderr, (line if self._colours_error else plain(line)) + "\n")
        sys.stderr.flush()

    def draw(self, text: str) -> None:
        """Write to the live terminal without ending the line."""
        _put(sys.stderr, text if self._colours_error else _without_styles(text))
        sys.stderr.flush()

    def ask(self, question: str) -> bool:
        """Return the answer to a question; no answer is no."""
        _put(sys.stderr, f"{question} [y/N] ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            _put(sys.stderr, "\n")
        return answer.strip().lower() in ("y", "yes")


def styled(text: str, *styles: str) -> str:
    """Return the text with escape sequences, which are taken out where there is no colour."""
    codes = ";".join(_STYLES[style] for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m" if text else ""


def plain(text: str) -> str:
    """Return the text without escape sequences, ours and those that stand in a user's data."""
    return _without_styles(text).replace("\x1b", "\ufffd")


def display_width(text: str) -> int:
    """Return how many columns the text takes on a terminal.

    >>> display_width("naïve"), display_width("表")
    (5, 2)
    """
    text = _without_styles(text)
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) == "Cf"
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def padded(text: str, width: int, *, is_right: bool = False) -> str:
    """Return the text filled up to a width."""
    space = " " * max(0, width - display_width(text))
    return space + text if is_right else text + space


def cut(text: str, width: int) -> str:
    """Return the text cut to a width, with ``…`` where something is missing."""
    if display_width(text) <= width:
        return text
    taken = ""
    for character in _without_styles(text):
        if display_width(taken + character) > width - 1:
            break
        taken += character
    return taken + "…"


def widths_of(rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the widest cell of each column."""
    count = max((len(row) for row in rows), default=0)
    return tuple(max(display_width(row[n]) for row in rows if n < len(row)) for n in range(count))


def aligned(
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    indent: str = "  ",
    gap: str = "  ",
    right: frozenset[int] = frozenset(),
    widths: Sequence[int] = (),
) -> list[str]:
    """Return the rows as lines with aligned columns; ``right`` columns are flush right.

    Where a line is wider than the terminal, its last cells stand on lines below, further in, as many on each as there
    is room for; none is broken but between words. ``widths`` are those of the columns where other rows stand under the
    same ones.
    """
    widths = widths or widths_of(rows)
    lines: list[str] = []
    for row in rows:
        cells = [padded(cell, widths[n], is_right=n in right) for n, cell in enumerate(row)]
        line = (indent + gap.join(cells)).rstrip()
        if display_width(line) <= width:
            lines.append(line)
            continue
        count = 2 if display_width((indent + gap.join(cells[:2])).rstrip()) <= width else 1
        lines.append((indent + gap.join(cells[:count])).rstrip())
        lines += _packed([cell.strip() for cell in row[count:]], width=width, indent=indent + " " * 4, gap=gap)
    return lines


def wrapped(text: str, width: int, *, between: str = " ") -> list[str]:
    """Return the text on lines of a width, broken only where ``between`` stands; what is longer stays whole.

    >>> wrapped("shop · dev · outside of git", 12, between=" · ")
    ['shop · dev', 'outside of git']
    """
    lines: list[str] = []
    for part in text.split(between):
        if lines and display_width(lines[-1] + between + part) <= width:
            lines[-1] += between + part
        else:
            lines.append(part)
    return lines


def _packed(cells: Sequence[str], *, width: int, indent: str, gap: str) -> list[str]:
    """Return the cells on as few lines as hold them; one that is too wide for a line has lines of its own."""
    lines: list[str] = []
    is_open = False
    for cell in filter(_without_styles, cells):
        first, *others = wrapped(cell, width - len(indent) - 2)
        if is_open and not others and display_width(lines[-1] + gap + cell) <= width:
            lines[-1] += gap + cell
            continue
        lines += [indent + first, *(f"{indent}  {part}" for part in others)]
        is_open = not others
    return lines


def _is_terminal(stream: TextIO) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _width(stream: TextIO) -> int:
    if not _is_terminal(stream):
        return _WIDTH_WITHOUT_TERMINAL
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return max(int(columns), _WIDTH_MIN)
    try:
        return max(os.get_terminal_size(stream.fileno()).columns or 80, _WIDTH_MIN)
    except OSError:
        return 80


def _put(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))


def _without_styles(text: str) -> str:
    if "\x1b[" not in text:
        return text
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)
