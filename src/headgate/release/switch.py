"""The second and the third step of a move: the engine's transaction, and the record that it was made."""

from __future__ import annotations

from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import (
    Conflict,
    Diverged,
    EnvironmentFailed,
    HeadgateError,
    LeaseLost,
    Refused,
    StalePlan,
    lost_lease,
)
from headgate.core.listing import listed
from headgate.core.ports.engine import Engine, Publication
from headgate.core.ports.store import Lease, StateStore
from headgate.core.records import Intent
from headgate.release.intents import abandon_intent, finish_intent, is_recorded


def switch(publication: Publication, intent: Intent, *, store: StateStore, engine: Engine, lease: Lease) -> None:
    """Make the engine's transaction; where it failed, take the intent back and raise what was raised.

    An error says nothing about whether the commit happened: the marker does. Where it cannot be read the intent stays
    open for whoever comes next.
    """
    try:
        engine.publish(publication)
    except HeadgateError as error:
        marker = engine.markers().get(publication.environment)
        if marker == publication.after:
            return
        if marker is not None and marker.fence > lease.fence:
            with store.reading() as reading:
                if is_recorded(intent.move, reading):
                    return  # whoever came next has found it made, and moved on
            raise lost_lease(lease.resource) from error
        if marker == publication.before:
            abandon_intent(intent, store=store, lease=lease)
        if isinstance(error, Conflict) and error.entry.startswith("table:"):
            missing = sorted(set(publication.tables) - {name for _, name in engine.shown(["headgate"])})
            raise EnvironmentFailed(
                f"the warehouse has lost tables that should be shown: {listed(missing)}",
                code="HG508",
                hint="Have it found out what is lost, and built again: headgate doctor --repair",
            ) from error
        if isinstance(error, Conflict):
            raise Diverged(
                f"the warehouse refused to move {publication.environment}: {error.entry} is not what it was",
                code="HG520",
                hint="Run the same command again; it begins by setting things right.",
            ) from error
        raise


def finish(intent: Intent, *, store: StateStore, lease: Lease) -> None:
    """Record what the engine shows by now; nothing is left to do where whoever came next has done so."""
    try:
        finish_intent(intent, store=store, lease=lease)
    except (LeaseLost, StalePlan, Diverged) as error:
        move = intent.move
        with store.reading() as reading:
            if is_recorded(move, reading):
                return
        if isinstance(error, Diverged):
            raise
        cause = error.diagnostics[0]
        summary = f"the warehouse shows release {move.serial} of {move.environment}, but it is not recorded yet"
        hint = f"The next apply, promote or rollback records it. Look: headgate status {move.environment}"
        # Where it was no lease, no plan is stale either: nothing is to be done again.
        refusal = LeaseLost if isinstance(error, LeaseLost) else Refused
        raise refusal([Diagnostic(cause.code, f"{summary}: {cause.summary}", hint=hint)]) from error
