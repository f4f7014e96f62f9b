"""What was measured of builds, as the state keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.measures import Answer
from headgate.core.profiles import ColumnProfile, Profile


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


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """The profile of a build, and for each column the key of what it holds for (``evidence/keys.py``).

    It is kept beside the other evidence, and read only by those who want it: it is some 3 kB for each column.
    """

    profile: Profile
    keys: Mapping[str, Digest]


def profile_key(build: Digest) -> str:
    """Return the key of the entry that has a build's profile."""
    return f"{build}/profile"


def profile_to_text(kept: KeptProfile) -> str:
    """Return the stored form."""
    return dumps({"rows": kept.profile.rows, "columns": dict(kept.profile.columns), "keys": dict(kept.keys)})


def profile_from_text(text: str) -> KeptProfile:
    """Return the profile of a stored form."""
    form = loads(text)
    columns = {name: _column_profile(column) for name, column in form["columns"].items()}
    return KeptProfile(Profile(form["rows"], columns), {name: Digest(key) for name, key in form["keys"].items()})


def _column_profile(form: Mapping[str, Any]) -> ColumnProfile:
    top = tuple((text, count) for text, count in form["top"])
    return ColumnProfile(**{**form, "quantiles": tuple(form["quantiles"]), "top": top})
