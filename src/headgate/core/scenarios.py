"""A scenario of the gate: what is given of a change, without any data, and what has to be decided."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.core.diagnostic import Place
from headgate.core.gate import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a file of ``tests/policy/`` says of one change.

    ``authors`` made it; all of ``approved_by`` agree to what waits. ``waiting`` are the owners that the gate has to
    wait for, None where nothing is said of them.
    """

    name: str
    place: Place
    findings: tuple[Finding, ...]
    expect: Verdict
    authors: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    waiting: tuple[str, ...] | None = None
