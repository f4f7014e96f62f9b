"""`headgate check`: every fault of the repository, at once. It needs no warehouse and no state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.app.gate.declared import faults_of_gate
from headgate.app.policy_test import faults_of_scenarios
from headgate.app.repository import Repository, graph_of, recorded_shapes, undeclared_tables
from headgate.app.session import now
from headgate.core.codes import OF_DATA
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
    """Return all diagnostics of the files and of what they mean together.

    Data that is not there is a warning here: a fresh clone has none, and a plan refuses it.
    """
    started = time.monotonic()
    engine = next(iter(session.config.engines))
    tables = undeclared_tables(repository.declarations)
    recorded = recorded_shapes(session, tables, None, engine=engine)
    graph = None
    try:
        graph, found = graph_of(session, repository, recorded, engine=engine)
    except Refused as refused:
        found = refused.diagnostics
    declared = repository.declarations
    assets = len(declared.assets) + len(declared.sources) + len(declared.exposures)
    told = (*faults_of_gate(declared, now()[:10], graph), *faults_of_scenarios(session.root, declared))
    diagnostics = in_order(_relaxed(one) for one in (*declared.diagnostics, *found, *told))
    return Checked(diagnostics, assets, time.monotonic() - started)


def _relaxed(diagnostic: Diagnostic) -> Diagnostic:
    if diagnostic.code not in OF_DATA:
        return diagnostic
    hint = f"{diagnostic.hint}\n{_UNCHECKED}".lstrip()
    return replace(diagnostic, hint=hint, severity=Severity.WARNING)


_UNCHECKED = "Until then what reads it is checked only where its `columns:` are declared with their types."


def count(diagnostics: Sequence[Diagnostic], severity: Severity) -> int:
    """Return how many have that severity."""
    return sum(d.severity is severity for d in diagnostics)
