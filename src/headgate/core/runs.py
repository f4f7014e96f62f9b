"""The record of a run: when it was, what it took in, what it skipped and why. Frozen, with its stored JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.json_form import plain


class RunStatus(StrEnum):
    """How far a run has come. One that is ``RUNNING`` while nobody holds the lease was cut off."""

    RUNNING = "running"
    PUBLISHED = "published"
    NOTHING = "nothing"  # there was nothing to take in
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunStep:
    """What became of one address: ``outcome`` is a word (``loaded``, ``built``, ``captured``, ``failed``).

    ``rows`` and ``bytes`` are those of the result, ``seconds`` how long it took; ``why`` says what it was done for, or
    in one line why it failed. ``detail`` says of a failure where it is and what the engine said, in lines.
    """

    outcome: str
    why: str = ""
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of an environment: ``number`` counts them from 1. ``release`` is the one whose code it used.

    ``now`` is the instant that it took for the present; ``started_at`` and ``ended_at`` are the clock's, the latter
    empty while it goes on. ``serial`` is the environment's after it published, 0 where it did not. ``skipped`` says of
    addresses why they were left as they are; those without new input are only counted: ``idle``. ``error`` is why it
    could not begin, or why what it made was not published; ``detail`` is as that of a step.
    """

    environment: str
    number: int
    release: int
    tree: str
    now: str
    started_at: str
    by: str
    status: RunStatus
    ended_at: str = ""
    serial: int = 0
    steps: Mapping[Address, RunStep] = field(default_factory=dict)
    skipped: Mapping[Address, str] = field(default_factory=dict)
    idle: int = 0
    error: str = ""
    detail: str = ""


DETAIL_MAX = 2000
"""So many characters of a detail are kept: engines tell the whole of a long statement again."""


def detail_of(diagnostic: Diagnostic) -> str:
    r"""Return what is kept of a diagnostic beside its summary: its place, what was said, what to do.

    >>> from headgate.core.diagnostic import Place
    >>> detail_of(Diagnostic("HG601", "the engine refused its SQL", Place("assets/m/a.sql", 2), detail="DuckDB: no"))
    'assets/m/a.sql:2\nDuckDB: no'
    """
    place = str(diagnostic.place) if diagnostic.place is not None else ""
    told = "\n".join(part for part in (place, diagnostic.detail, diagnostic.hint) if part)
    return told if len(told) <= DETAIL_MAX else f"{told[: DETAIL_MAX - 1]}\u2026"


def run_key(environment: str, number: int) -> str:
    """Return the key of a run's record; keys sort as the runs do."""
    return f"{environment}/{number:010d}"


def run_to_json(record: RunRecord) -> dict[str, Any]:
    """Return the stored form of a record: each field as JSON has it."""
    return dict(plain(record))


def run_from_json(body: Mapping[str, Any]) -> RunRecord:
    """Return the record of a stored form."""
    steps = {Address(address): RunStep(**step) for address, step in body["steps"].items()}
    return RunRecord(**{**body, "status": RunStatus(body["status"]), "steps": steps})
