"""Looking: state and engine are read, and what differs is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.core.ports.engine import Engine, Inventory, Marker
from headgate.core.ports.store import Reading
from headgate.release.doctor.diagnose import diagnose, leftovers
from headgate.release.doctor.findings import Finding, Foreign, LogGap, OlderState
from headgate.release.doctor.known import Due, Known, due_of, read_known
from headgate.release.doctor.restored import restored_of
from headgate.release.log import log_faults
from headgate.release.verdict import Verdict

NOTHING = Inventory({}, {}, {}, frozenset())
"""What is in an engine that is not there."""


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

    Where the two do not belong together, or the state is the older one, nothing else is told: what this state does not
    know may be what the other one shows. Cost: all records of builds, moves and pointers; one text for each view, and
    what the inventory costs; the log.
    """
    found = read_known(reading, state=state, engine=engine_name)
    owner = engine.state()
    if owner not in (None, state):
        return Diagnosis(found, {}, {}, NOTHING, (Foreign(is_lost=found.is_empty),))
    markers = engine.markers() if owner else {}
    verdicts = found.verdicts(markers)
    if strange := tuple(_older_state(found, verdicts, markers)):
        return Diagnosis(found, markers, {}, NOTHING, strange)
    known = found.settled(verdicts)
    dues = {environment: due_of(known, environment, engine, root) for environment in known.records}
    asked = [v for due in dues.values() for v in (*due.views.values(), *due.lacking.values()) if v is not None]
    inventory = engine.inventory(asked)
    restored = tuple(restored_of(known, verdicts, markers, inventory))
    faults = log_faults(reading, engine.log())
    gap = (LogGap(faults),) if faults else ()
    findings = (*leftovers(found, verdicts), *diagnose(known, dues, inventory, restored), *gap)
    return Diagnosis(known, markers, dues, inventory, findings)


def look_without_engine(reading: Reading, *, state: str, engine_name: str) -> Diagnosis:
    """Return what a state misses whose warehouse is not there at all."""
    found = read_known(reading, state=state, engine=engine_name)
    known = found.settled(found.verdicts({}))
    restored = tuple(restored_of(known, known.verdicts({}), {}, NOTHING))
    return Diagnosis(known, {}, {}, NOTHING, diagnose(known, {}, NOTHING, restored))


def _older_state(known: Known, verdicts: Mapping[str, Verdict], markers: Mapping[str, Marker]) -> list[OlderState]:
    strange = (Verdict.STATE_IS_OLDER, Verdict.OTHER_MOVE)
    names = [name for name, verdict in verdicts.items() if verdict in strange]
    return [OlderState(n, known.records[n].serial if n in known.records else 0, markers[n].serial) for n in names]
