"""What a unit test has shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from headgate.core.diagnostic import Diagnostic
from headgate.core.recipe import Shape
from headgate.core.unit_tests import UnitTest

Texts = tuple[str | None, ...]
"""A row as texts; None is NULL."""


class Outcome(StrEnum):
    """How a test ended. One that is ``FAULTY`` could not be tried; the diagnostics say why."""

    PASSED = "passed"
    FAILED = "failed"
    FAULTY = "faulty"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Changed:
    """An expected row, the row that came instead, and the columns, from 0, in which they differ."""

    expected: Texts
    came: Texts
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """How what came differs from what was expected, in the columns of ``shape``; ``same`` counts rows that agree."""

    shape: Shape
    changed: tuple[Changed, ...]
    missing: tuple[Texts, ...]
    unexpected: tuple[Texts, ...]
    same: int


@dataclass(frozen=True, slots=True)
class Tried:
    """One test and its outcome; ``difference`` where it failed."""

    test: UnitTest
    outcome: Outcome
    difference: Difference | None = None
    diagnostics: Sequence[Diagnostic] = ()
    seconds: float = 0.0
