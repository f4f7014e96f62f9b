"""What was measured of builds, as the state keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headgate.core.checks import Sample
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.measures import Answer
from headgate.core.profiles import ColumnProfile, Profile

if TYPE_CHECKING:
    from headgate.core.comparison import Comparison
    from headgate.core.fingerprints import Fingerprint


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one build: answers by the keys of what was asked (``evidence/keys.py``).

    ``comparisons`` with what it would replace stand with the newer build, by what they are about
    (``evidence/compare.py``); ``fingerprints`` by the key that they were made with. ``samples`` are failing rows of
    checks that keep them, without values of columns that were protected then.
    """

    answers: Mapping[Digest, Answer] = field(default_factory=dict)
    comparisons: Mapping[Digest, Comparison] = field(default_factory=dict)
    fingerprints: Mapping[Digest, Fingerprint] = field(default_factory=dict)
    samples: Mapping[Digest, Sample] = field(default_factory=dict)


def evidence_to_text(evidence: Evidence) -> str:
    """Return the stored form."""
    body: dict[str, object] = {"answers": dict(evidence.answers)}
    if evidence.comparisons:
        from headgate.core.comparison_forms import comparison_to_json

        body["comparisons"] = {key: comparison_to_json(one) for key, one in evidence.comparisons.items()}
    if evidence.fingerprints:
        body["fingerprints"] = dict(evidence.fingerprints)
    if evidence.samples:
        body["samples"] = {key: [one.columns, one.rows, one.protected] for key, one in evidence.samples.items()}
    return dumps(body)


def evidence_from_text(text: str | None) -> Evidence:
    """Return the evidence of a stored form; that of nothing where there is none."""
    if not text:
        return Evidence()
    body = loads(text)
    answers = {Digest(key): answer for key, answer in body["answers"].items()}
    samples = {Digest(key): _sample(one) for key, one in body.get("samples", {}).items()}
    comparisons, fingerprints = body.get("comparisons"), body.get("fingerprints")
    if not comparisons and not fingerprints:
        return Evidence(answers, samples=samples)
    from headgate.core.comparison_forms import comparison_from_json, fingerprint_from_json

    return Evidence(
        answers,
        {Digest(key): comparison_from_json(one) for key, one in (comparisons or {}).items()},
        {Digest(key): fingerprint_from_json(one) for key, one in (fingerprints or {}).items()},
        samples,
    )


def _sample(form: Sequence[Any]) -> Sample:
    columns, rows, protected = form
    return Sample(tuple(columns), tuple(map(tuple, rows)), tuple(protected))


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
