"""The user's own lines for faults that show only when files are taken together, and know a place alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from headgate.core.diagnostic import Diagnostic, Severity
from headgate.project.text import Text


def quoted(diagnostics: Iterable[Diagnostic], root: Path) -> tuple[Diagnostic, ...]:
    """Return them with the line of each error that has a place inside of a file below ``root``, and no line yet.

    What is about a whole file or entry stays as it is. Cost: each such file is read once.
    """
    texts: dict[str, Text | None] = {}
    found = []
    for one in diagnostics:
        place = one.place
        if one.severity is Severity.ERROR and not one.excerpt and place is not None and place.column > 1:
            if place.path not in texts:
                texts[place.path] = _text(root, place.path)
            text = texts[place.path]
            found.append(replace(one, excerpt=text.excerpt(place)) if text else one)
        else:
            found.append(one)
    return tuple(found)


def _text(root: Path, path: str) -> Text | None:
    try:
        content = (root / path).read_bytes()
    except OSError:
        return None
    return Text(path, content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n"))
