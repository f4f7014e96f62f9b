"""Looking: state and engine are read, and what differs is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.core.ports.engine import Engine, Inventory, Marker
from headgate.core.ports.store import Reading
from headgate.release.doctor.diagnose import diagnose, leftovers
from headgate.release.doctor.findings import Finding, LogGap
from headgate.release.doctor.known import Due, Known, due_of, read_known
from headgate.release.log import log_faults
from headgate.release.recover import check_sound


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found. ``known`` counts a move that was cut off as made, or not, as the engine's marker says."""

    known: Known
    markers: Mapping[str, Marker]
    dues: Mapping[str, Due]
    inventory: Inventory
    findings: tuple[Finding, ...]


def look(reading: Reading, engine: Engine, *, state: str, engine_name: str, root: str) -> Diagnosis:
    """Return what differs between the state with the identity ``state`` and an engine. Nobody may be at work.

    Cost: all records of builds, moves and pointers; one text for each view, and what the inventory costs; the log.
    """
    check_sound(reading, engine, state=state, engine_name=engine_name)
    found = read_known(reading, state=state, engine=engine_name)
    markers = engine.markers()
    verdicts = found.verdicts(markers)
    known = found.settled(verdicts)
    dues = {environment: due_of(known, environment, engine, root) for environment in known.records}
    asked = [v for due in dues.values() for v in (*due.views.values(), *due.lacking.values()) if v is not None]
    inventory = engine.inventory(asked)
    faults = log_faults(reading, engine.log())
    gap = (LogGap(faults),) if faults else ()
    findings = (*leftovers(found, verdicts), *diagnose(known, dues, inventory), *gap)
    return Diagnosis(known, markers, dues, inventory, findings)
