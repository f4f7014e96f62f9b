"""Expected changes: what somebody declared, with the change itself and up to a day, that it will do to data. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.diagnostic import Place
from headgate.core.gate import Finding, Topic
from headgate.core.hashing import Digest
from headgate.core.policy import matches

AMOUNTS = (Topic.REMOVED, Topic.ADDED, Topic.CHANGED, Topic.COUNT, Topic.DRIFT)
"""Topics of which it is said how much is expected."""

MISSING = ("share of NULL", "share of no number")
"""Measures of a drift that are shares of rows without a value: a bound has to name them."""

NAMED = (Topic.COLUMN_REMOVED, Topic.COLUMN_RETYPED, Topic.UNSTABLE)
"""Topics of which it is said of which columns."""

PLAIN = (Topic.ASSET_REMOVED, Topic.CONSUMER)
"""Topics of which it is only said that they are expected."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a finding about the assets of a pattern is expected: at most so much. ``column``: of that one alone.

    ``part`` is what of it: ``more`` or ``fewer`` rows, a measure of a drift. Empty: all of it, but for values that are
    missing, of which an effect size says nothing.
    """

    topic: Topic
    pattern: str
    most: float
    column: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedChange:
    """A file of ``changes/``: what is expected, why, and until which day, itself included (``2026-12-31``).

    ``path`` and ``digest`` are those of the file: it counts for the change that brings it, and for no later one.
    """

    path: str
    digest: Digest
    why: str
    until: str
    bounds: tuple[Bound, ...]
    place: Place

    def is_past(self, today: str) -> bool:
        """Tell whether its day is over; ``today`` is a date.

        >>> one = ExpectedChange("changes/a.yml", Digest(""), "", "2026-12-31", (), Place("changes/a.yml"))
        >>> one.is_past("2026-12-31"), one.is_past("2027-01-01")
        (False, True)
        """
        return today > self.until

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding, as large as it is, is expected in all of its parts."""
        bounds = [bound for bound in self.bounds if _is_about(bound, finding)]
        parts = finding.parts or {"": finding.amount}
        return all(any(_covers(bound, *part) for bound in bounds) for part in parts.items())

    def unmet(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Return the patterns of which something is expected, while none of the findings is about any of that."""
        found = tuple(findings)
        met = {bound.pattern for bound in self.bounds if any(_is_about(bound, one) for one in found)}
        return tuple(dict.fromkeys(bound.pattern for bound in self.bounds if bound.pattern not in met))


def _is_about(bound: Bound, finding: Finding) -> bool:
    is_meant = bound.topic is finding.topic and matches(bound.pattern, Address(finding.address))
    return is_meant and (not bound.column or bound.column.casefold() == finding.column.casefold())


def _covers(bound: Bound, part: str, amount: float) -> bool:
    is_meant = part.startswith(bound.part) if bound.part else not part.startswith(MISSING)
    return is_meant and amount <= bound.most
