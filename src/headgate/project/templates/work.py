"""What filling in one template keeps in mind: how far it may go, where it is, and how it came there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from headgate.project.templates.limits import DEPTH_MAX, Meter
from headgate.project.templates.trouble import Exceeded
from headgate.project.templates.values import Value
from headgate.project.templates.vocabulary import OF_BLOCKS
from headgate.project.text import Text

MISSING = object()


class Frame(NamedTuple):
    """A call of a macro: its name, and from where it was called."""

    macro: str
    source: Text
    at: int


class Scope:
    """Names and values of a block, and the block around it."""

    __slots__ = ("names", "outer")

    def __init__(self, outer: Scope | None = None, names: dict[str, Value] | None = None) -> None:
        self.outer = outer
        self.names: dict[str, Value] = {} if names is None else names

    def find(self, name: str) -> Value:
        """Return the innermost value of a name, else ``MISSING``."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return MISSING

    def known(self) -> list[str]:
        """Return all names that ``find`` would find."""
        names: list[str] = []
        scope: Scope | None = self
        while scope is not None:
            names += scope.names
            scope = scope.outer
        return [name for name in names if name not in OF_BLOCKS]


@dataclass(slots=True)
class Work:
    """The filling in of one template. ``at`` is the character of ``source`` that is carried out.

    ``find`` gives what names mean that no block around them has set. Where trouble is raised, place and frames stay as
    they were, so that it can be told where it happened.
    """

    source: Text
    find: Callable[[str, Scope], Value]
    meter: Meter = field(default_factory=Meter)
    at: int = 0
    depth: int = 0
    frames: list[Frame] = field(default_factory=list)
    called: tuple[str, Text, int] | None = None
    """The macro that the template itself called last, and where it is defined."""

    def enter(self) -> None:
        """Count one level of nesting; whoever enters sets ``depth`` back."""
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Exceeded(
                f"expressions, blocks and calls are nested more than {DEPTH_MAX} deep", "Does a macro call itself?"
            )


class Buffer:
    """Where text goes that a block gives. It keeps no places."""

    __slots__ = ("_meter", "parts")

    is_top = False

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.parts: list[str] = []

    def copy(self, text: str, _at: int) -> None:
        """Add text that stands in the template."""
        self._meter.text(len(text))
        self.parts.append(text)

    def give(self, text: str, _at: int) -> None:
        """Add text that a tag gave."""
        self.parts.append(text)

    def text(self) -> str:
        """Return all of it."""
        self._meter.text(sum(map(len, self.parts)))
        return "".join(self.parts)
