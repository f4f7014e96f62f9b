"""What a release rests on: what came of its checks, and what the gate heard. Kept with its signed record."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.core.address import Address
from headgate.core.checks import Outcome
from headgate.core.hearing import Hearing, hearing_from_json, hearing_to_json
from headgate.core.json_form import dumps, loads


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """What came of one check, without a value of the data: so many of so many rows, or keys, fail."""

    name: str
    outcome: Outcome
    failures: int = 0
    out_of: int = 0


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a release rests on. ``checks`` are those of all that it shows, by address.

    ``hearing`` is None where no gate was asked: a rollback and a repair show what was decided on before.
    """

    checks: Mapping[Address, tuple[CheckFigures, ...]] = field(default_factory=dict)
    hearing: Hearing | None = None

    def names(self, *outcomes: Outcome) -> list[str]:
        """Return the checks with one of these outcomes, each with its asset."""
        return [
            f"{address}: {one.name}"
            for address, found in self.checks.items()
            for one in found
            if one.outcome in outcomes
        ]


NO_GROUNDS = Grounds()
"""Those of a release of which nothing was checked."""


def grounds_to_text(grounds: Grounds) -> str:
    """Return the stored form: its digest is part of what is signed."""
    checks = {
        a: [[c.name, c.outcome.value, c.failures, c.out_of] for c in found] for a, found in grounds.checks.items()
    }
    hearing = hearing_to_json(grounds.hearing) if grounds.hearing else None
    return dumps({"checks": checks, "hearing": hearing})


def grounds_from_text(text: str) -> Grounds:
    """Return the grounds of a stored form; raise ``ValueError`` where it is none."""
    try:
        body = loads(text)
        checks = {
            Address(address): tuple(CheckFigures(name, Outcome(outcome), *figures) for name, outcome, *figures in found)
            for address, found in body["checks"].items()
        }
        return Grounds(checks, hearing_from_json(body["hearing"]) if body["hearing"] else None)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"it is no evidence of a release: {error!r}") from error


def packed(text: str) -> str:
    """Return a text compressed, in base 64: figures of a thousand assets are mostly the same few words."""
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def unpacked(text: str) -> str:
    """Return a text that was packed; raise ``ValueError`` where it was not."""
    try:
        return zlib.decompress(base64.b64decode(text, validate=True)).decode()
    except zlib.error as error:
        raise ValueError(f"it is not as it was packed: {error}") from error
