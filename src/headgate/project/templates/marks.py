"""The marks by which a template is seen: a text without them stays as it is."""

from __future__ import annotations

_MARKS = ("{{", "{%", "{#")


def has_marks(text: str) -> bool:
    """Tell whether a template of this text could give another text."""
    return any(mark in text for mark in _MARKS)
