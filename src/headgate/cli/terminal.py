"""The terminal: two streams, colour, width, questions."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from headgate.words.layout import plain, without_styles

if TYPE_CHECKING:
    from typing import TextIO

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
        _put(sys.stderr, text if self._colours_error else without_styles(text))
        sys.stderr.flush()

    def ask(self, question: str) -> bool:
        """Return the answer to a question; no answer is no."""
        _put(sys.stderr, f"{question} [y/N] ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            _put(sys.stderr, "\n")
        return answer.strip().lower() in ("y", "yes")


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
