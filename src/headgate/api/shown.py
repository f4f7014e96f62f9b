"""What every result has: a text for people, and the same as HTML for a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod

from headgate.words.layout import plain

WIDTH = 120
"""Columns of a text that nobody told how wide it may be."""


class Shown(ABC):
    """A result that shows itself: as text with ``print``, as HTML at the end of a notebook's cell."""

    __slots__ = ()

    @abstractmethod
    def _lines(self) -> list[str]:
        """Return the text, with styles."""

    @abstractmethod
    def _parts(self) -> tuple[str, ...]:
        """Return the pieces of HTML."""

    def __str__(self) -> str:
        return plain("\n".join(self._lines()))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from headgate.api.page import fragment

        return fragment(*self._parts())
