"""What became of an environment's last move, by its record, its open intent and the engine's marker. Pure."""

from __future__ import annotations

from enum import StrEnum

from headgate.core.ports.engine import Marker
from headgate.core.records import EnvironmentRecord, Intent


class Verdict(StrEnum):
    """The first three are what a command, or its crash, may leave; after the others nothing may be changed."""

    AT_REST = "at rest"
    HAPPENED = "happened"  # the engine has made the move of the intent
    DID_NOT = "did not"  # it has not
    OTHER_STATE = "other state"  # the marker is of another state
    STATE_IS_OLDER = "state is older"  # the engine has made moves that the state does not know
    WAREHOUSE_IS_OLDER = "warehouse is older"  # the state knows moves that the engine has not made
    OTHER_MOVE = "other move"  # both are at the same number, by two moves

    @property
    def is_sound(self) -> bool:
        """Tell whether state and engine belong together."""
        return self in (Verdict.AT_REST, Verdict.HAPPENED, Verdict.DID_NOT)


def verdict_of(record: EnvironmentRecord | None, intent: Intent | None, marker: Marker | None, state: str) -> Verdict:
    """Return what became of an environment of the state with the identity ``state``; what is None is not there."""
    serial = record.serial if record else 0
    if marker is not None and marker.state != state:
        return Verdict.OTHER_STATE
    shown = (marker.serial, marker.intent) if marker else (0, "")
    if intent is not None and shown == (intent.move.serial, intent.id) and intent.expects == serial:
        return Verdict.HAPPENED
    if shown == (serial, record.intent if record else ""):
        return Verdict.AT_REST if intent is None else Verdict.DID_NOT
    if shown[0] > serial:
        return Verdict.STATE_IS_OLDER
    return Verdict.WAREHOUSE_IS_OLDER if shown[0] < serial else Verdict.OTHER_MOVE
