"""Diagnostics: faults in the user's repository, as values that are collected and reported together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops the command; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the repository: path relative to its root with ``/``; line and column count from 1, 0 is unknown."""

    path: str
    line: int = 0
    column: int = 0
    length: int = 0

    def __str__(self) -> str:
        text = self.path
        if self.line:
            text += f":{self.line}"
            if self.column:
                text += f":{self.column}"
        return text


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault: a stable code (``HG203``), one line, where it is, and what to do about it.

    ``detail`` holds further lines (an engine's own message, a path of a cycle); ``excerpt`` the user's own line at
    ``place``, shown with a marker under it.
    """

    code: str
    summary: str
    place: Place | None = None
    hint: str = ""
    detail: str = ""
    excerpt: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """Return all of it but the excerpt, as lines.

        >>> print(Diagnostic("HG203", "unknown column x", Place("assets/m/a.sql", 2, 8), "Did you mean y?"))
        HG203 unknown column x
          assets/m/a.sql:2:8
          Did you mean y?
        """
        below = [str(self.place)] if self.place is not None else []
        below += [*self.detail.splitlines(), *self.hint.splitlines()]
        return "\n  ".join((f"{self.code} {self.summary}".strip(), *below))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of them is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return them without repetitions: errors first, then by place and code."""
    return tuple(
        sorted(
            dict.fromkeys(diagnostics),
            key=lambda d: (d.severity is Severity.WARNING, d.place or Place(""), d.code, d.summary),
        )
    )


def nearest(name: str, known: Iterable[str], limit: int = 3, *, likeness: float = 0.6) -> tuple[str, ...]:
    """Return the known names most like ``name``, best first (difflib's ratio of matching blocks)."""
    import difflib  # 8 ms; only needed when something is wrong

    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.casefold(), candidate)
    found = difflib.get_close_matches(name.casefold(), folded, n=limit, cutoff=likeness)
    return tuple(folded[f] for f in found)
