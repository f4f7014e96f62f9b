"""`headgate check`: every fault of the repository, at once. It needs no warehouse and no state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.app.repository import Repository, graph_of, recorded_shapes, undeclared_tables
from headgate.core.diagnostic import Diagnostic, Severity, in_order
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.app.session import Session


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: ``assets`` counts everything that is declared, exposures and sources included."""

    diagnostics: tuple[Diagnostic, ...]
    assets: int
    seconds: float

    @property
    def errors(self) -> int:
        """How many are errors."""
        return count(self.diagnostics, Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many are warnings."""
        return count(self.diagnostics, Severity.WARNING)


def check(session: Session, repository: Repository) -> Checked:
    """Return all diagnostics of the files and of what they mean together."""
    started = time.monotonic()
    engine = next(iter(session.config.engines))
    tables = undeclared_tables(repository.declarations)
    recorded = recorded_shapes(session, tables, None, engine=engine)
    try:
        _, warnings = graph_of(session, repository, recorded)
        found = warnings
    except Refused as refused:
        found = refused.diagnostics
    declared = repository.declarations
    assets = len(declared.assets) + len(declared.sources) + len(declared.exposures)
    return Checked(in_order((*declared.diagnostics, *found)), assets, time.monotonic() - started)


def count(diagnostics: Sequence[Diagnostic], severity: Severity) -> int:
    """Return how many have that severity."""
    return sum(d.severity is severity for d in diagnostics)
