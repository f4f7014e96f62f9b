"""What filling in a template gives, and the form in which it is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.core.json_form import dumps, loads, plain
from headgate.core.template import Run
from headgate.project.templates.world import Question


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled text with its runs; what ``config(...)`` said, each with its character; what was asked, and the answers.

    With an error among the diagnostics the text is not to be used.
    """

    text: str
    runs: tuple[Run, ...] = ()
    configured: tuple[tuple[Mapping[str, Any], int], ...] = ()
    asked: Mapping[Question, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_faulty(self) -> bool:
        """Whether it has no text."""
        return any(one.severity is Severity.ERROR for one in self.diagnostics)


def filled_to_text(filled: Filled) -> str:
    """Return the stored form."""
    return dumps(
        {
            "text": filled.text,
            "runs": [list(run) for run in filled.runs],
            "configured": [[dict(said), at] for said, at in filled.configured],
            "asked": [[kind, list(names), answer] for (kind, names), answer in filled.asked.items()],
            "diagnostics": [plain(one) for one in filled.diagnostics],
        }
    )


def filled_from_text(text: str) -> Filled:
    """Return what was stored."""
    body = loads(text)
    return Filled(
        body["text"],
        tuple(Run(*run) for run in body["runs"]),
        tuple((said, at) for said, at in body["configured"]),
        {(kind, tuple(names)): answer for kind, names, answer in body["asked"]},
        tuple(_diagnostic(one) for one in body["diagnostics"]),
    )


def _diagnostic(body: dict[str, Any]) -> Diagnostic:
    place = None if body["place"] is None else Place(**body["place"])
    return Diagnostic(**{**body, "place": place, "severity": Severity(body["severity"])})
