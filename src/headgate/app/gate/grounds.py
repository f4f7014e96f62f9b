"""What a release rests on, for its signed record: what was measured, without a value of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.app.measured.measuring import Verdict
    from headgate.core.grounds import Grounds
    from headgate.core.hearing import Hearing


def grounds_of(verdict: Verdict, hearing: Hearing | None = None) -> Grounds:
    """Return what a release rests on whose checks came out so; no value of the data is in it."""
    from headgate.core.grounds import CheckFigures, Grounds

    return Grounds(
        {
            address: tuple(CheckFigures(r.check.name, r.outcome, r.failures, r.out_of) for r in results)
            for address, results in verdict.results.items()
        },
        hearing,
    )
