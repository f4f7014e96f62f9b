"""Checks: what a declared test asks of a table, as measures, and what their answers say.

A *kind* of check is pure: it turns what was declared into measures, and answers into a number of failing rows. So the
same kind serves before a release and in production, and every engine that can measure can check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.measures import Answer, Measure, Shown
from headgate.core.promises import DeclaredTest


@dataclass(frozen=True, slots=True)
class Asked:
    """What a kind is asked for: the column (empty: whole rows), arguments as written, addresses among them.

    ``columns`` are those of the asset, names as it has them with their types, in the dialect's words. ``where`` narrows
    the rows. ``now`` is the present as an instant (ISO 8601); empty where nothing is judged.
    """

    column: str
    columns: Mapping[str, str]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    references: Mapping[str, Address] = field(default_factory=dict)
    where: str = ""
    dialect: str = "duckdb"
    now: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """How many rows, or keys, fail, and out of how many; ``told`` says in a few words what was found.

    ``warns_only``: whatever the thresholds say, it is a warning at most.
    """

    failures: int
    out_of: int
    told: str = ""
    warns_only: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a table, as texts; None is NULL. Of the columns that are ``protected`` no value is in it.

    Of a value of more than 1,000 characters the beginning, with a mark that says so.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """What has to be measured, and how its answers, in the same order, are read.

    ``shown`` says which rows fail, where that can be shown. ``demands`` is what is asked, in the words of the
    declaration: values, bounds, a condition; empty where the name of the kind says all.
    """

    measures: tuple[Measure, ...]
    read: Callable[[Sequence[Answer]], Failed]
    shown: Shown | None = None
    demands: str = ""


class CannotCheck(Exception):
    """What was declared is no check of this kind; the text says why, ``hint`` what helps."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of check: what it demands, the arguments that it understands with what they mean, and what compiles it.

    ``compile`` raises ``CannotCheck``. ``is_of_column``: it is about one column, below which it mostly stands.
    """

    told: str
    compile: Callable[[Asked], Compiled]
    arguments: Mapping[str, str] = field(default_factory=dict)
    is_of_column: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """A declared test of an asset or a source, ready to be measured and judged."""

    address: Address
    test: DeclaredTest
    compiled: Compiled

    @property
    def name(self) -> str:
        """What people call it: the name of its own, else its kind and its column."""
        return name_of(self.test)


def name_of(test: DeclaredTest) -> str:
    """Return what people call a test.

    >>> name_of(DeclaredTest("not_null", "id")), name_of(DeclaredTest("dbt_utils.equal_rowcount"))
    ('not_null of id', 'equal_rowcount')
    """
    kind = test.kind.rpartition(".")[2]
    return test.name or (f"{kind} of {test.column}" if test.column else kind)


class Outcome(StrEnum):
    """What a check says of a build.

    ``UNKNOWN``: it could not be measured, or was not. ``ABSENT``: it looks at what the environment does not show.
    """

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check: so many of so many rows, or keys, fail. Of what is unknown ``told`` says why.

    ``sample`` are some of the rows that fail.
    """

    check: Check
    outcome: Outcome
    failures: int = 0
    out_of: int = 0
    told: str = ""
    sample: Sample | None = None

    @property
    def is_failed(self) -> bool:
        """Whether it forbids that anybody sees the build: it fails, or could not be measured, unless it only warns."""
        is_unknown = self.outcome is Outcome.UNKNOWN and self.check.test.severity is Severity.ERROR
        return self.outcome is Outcome.FAIL or is_unknown


NOT_RUN = "HG312"
"""The code of the warning that a data test does not run."""


def not_run(warnings: Iterable[Diagnostic]) -> tuple[str, ...]:
    """Return why data tests do not run, each with its place; no SQL of theirs is told.

    >>> from headgate.core.diagnostic import Place
    >>> not_run([Diagnostic("HG312", "no kind is called a.b: this test does not run", Place("assets/m.yml", 4, 9))])
    ('no kind is called a.b (assets/m.yml:4:9)',)
    """
    found = ((one.summary.partition(", ")[0].partition(": ")[0], one.place) for one in warnings if one.code == NOT_RUN)
    return tuple(f"{why} ({place})" if place else why for why, place in found)


def judged(check: Check, failed: Failed) -> Result:
    """Return what so many failures mean for a check, as dbt has it; the number is told whatever they mean.

    >>> test = DeclaredTest("unique")
    >>> judged(Check(Address("m.a"), test, Compiled((), lambda _: Failed(0, 0))), Failed(1, 100)).outcome.value
    'fail'
    """
    test, counts = check.test, (failed.failures, failed.out_of)
    outcome = Outcome.WARN if test.warn_if.holds(*counts) else Outcome.PASS
    if test.severity is Severity.ERROR and not failed.warns_only and test.error_if.holds(*counts):
        outcome = Outcome.FAIL
    return Result(check, outcome, *counts, failed.told)
