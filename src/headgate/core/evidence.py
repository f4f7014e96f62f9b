"""What was measured of builds, as the state keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.measures import Answer


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one build: answers by the keys of what was asked (``evidence/keys.py``)."""

    answers: Mapping[Digest, Answer] = field(default_factory=dict)


def evidence_to_text(evidence: Evidence) -> str:
    """Return the stored form."""
    return dumps({"answers": dict(evidence.answers)})


def evidence_from_text(text: str | None) -> Evidence:
    """Return the evidence of a stored form; that of nothing where there is none."""
    return Evidence({Digest(key): answer for key, answer in loads(text)["answers"].items()}) if text else Evidence()
