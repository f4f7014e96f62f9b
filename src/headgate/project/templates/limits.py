"""How far a template may go: counted in steps and characters, never by a clock, so that it ends the same everywhere."""

from __future__ import annotations

from headgate.project.templates.trouble import Exceeded

TEMPLATE_CHARACTERS_MAX = 1_000_000
"""A longer template, or file of macros, is refused unread."""

TOKENS_MAX = 200_000
"""So many parts one file may have; reading them takes about two seconds and 200 MB at most."""

STEPS_MAX = 1_000_000
"""So many parts of a template may be evaluated, each as often as it is: about two seconds."""

TEXT_CHARACTERS_MAX = 2_000_000
"""No text, the filled one included, may be longer; no SQL text that is longer is read."""

MADE_MAX = 64_000_000
"""All values that a template makes may have so many characters together; an item of a list counts as eight."""

DEPTH_MAX = 220
"""So deep expressions, blocks and calls may stand in each other. A level takes up to three of Python's 1,000 frames."""

NESTED_MAX = 40
"""So deep lists and mappings may stand in each other where they are compared or written as text."""

NUMBER_BITS_MAX = 1024
WIDTH_MAX = 1000
"""So wide a number or a text may be asked for in a format."""

RANGE_MAX = 100_000
FAULTS_MAX = 100
"""So many faults of one template, and so many warnings, are told; then it is not carried out any further."""

_SPLIT = "Split it, or make the rows of a query instead of its text."


class Meter:
    """Counts what filling in one template takes; raises ``Exceeded`` where it is too much."""

    __slots__ = ("_made", "_steps")

    def __init__(self) -> None:
        self._steps = 0
        self._made = 0

    def step(self, count: int = 1) -> None:
        """Count steps."""
        self._steps += count
        if self._steps > STEPS_MAX:
            raise Exceeded(f"the template takes more than {STEPS_MAX:,} steps", _SPLIT)

    def make(self, size: int) -> None:
        """Count what is about to be made, in characters."""
        self._made += size + 16
        if self._made > MADE_MAX:
            raise Exceeded(f"the template makes texts of more than {MADE_MAX:,} characters together", _SPLIT)

    def text(self, length: int) -> None:
        """Count a text that is about to be made."""
        if length > TEXT_CHARACTERS_MAX:
            raise Exceeded(f"a text would have {_shown(length)} characters, more than {TEXT_CHARACTERS_MAX:,}", _SPLIT)
        self.make(length)

    def items(self, count: int) -> None:
        """Count a list that is about to be made."""
        if count > TEXT_CHARACTERS_MAX:
            raise Exceeded(f"a list would have {_shown(count)} items, more than {TEXT_CHARACTERS_MAX:,}", _SPLIT)
        self.make(8 * count)


def _shown(number: int) -> str:
    return f"{number:,}" if number.bit_length() < 64 else "far too many"
