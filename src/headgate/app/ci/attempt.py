"""What came of a request so far: the noun that the steps of `headgate ci` hand on, and that every report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic
from headgate.core.surroundings import Surroundings

if TYPE_CHECKING:
    from headgate.app.apply import Applied
    from headgate.app.check import Checked
    from headgate.app.plan import Planned
    from headgate.app.test import Tested
    from headgate.core.report import Report


@dataclass(frozen=True, slots=True)
class Base:
    """What a change stands on: the newest commit that it shares with a branch; empty where git cannot tell.

    ``is_behind``: the branch has gone on since, so that what is compared with production misses that.
    """

    branch: str
    commit: str
    is_behind: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of a request so far. ``environment`` is empty where none is made, as for a fork.

    ``status`` is that of the command; 0 as long as nothing stops it. ``faults`` are what did, told nowhere else.
    """

    where: Surroundings
    project: str
    at: str
    environment: str = ""
    commit: str = ""
    base: Base = Base("", "")
    checked: Checked | None = None
    tested: Tested | None = None
    planned: Planned | None = None
    applied: Applied | None = None
    report: Report | None = None
    faults: tuple[Diagnostic, ...] = ()
    status: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether the gate lets it through; what was not measured to its end is not let through."""
        return not self.status and self.report is not None and self.report.decision.opens
