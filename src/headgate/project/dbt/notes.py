"""What an import has to tell: where something stands in the dbt project, what became of it, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from headgate.core.diagnostic import Place


class Weight(StrEnum):
    """How much a note asks of its reader."""

    HAND = "by hand"
    """It was imported, and does not work before somebody does something."""
    LEFT = "left out"
    """It was not imported."""
    TOLD = "otherwise"
    """It was imported and means, or is called, something else than in dbt."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to tell. ``place`` is in the dbt project; ``advice`` says what to do, where something is to be done."""

    weight: Weight
    place: Place
    text: str
    advice: str = ""


def by_hand(place: Place, text: str, advice: str) -> Note:
    """Return a note of what needs a hand."""
    return Note(Weight.HAND, Place(place.path, place.line), text, advice)


def left_out(place: Place, text: str, advice: str = "") -> Note:
    """Return a note of what was not imported."""
    return Note(Weight.LEFT, Place(place.path, place.line), text, advice)


def told(place: Place, text: str, advice: str = "") -> Note:
    """Return a note of what differs from dbt."""
    return Note(Weight.TOLD, Place(place.path, place.line), text, advice)
