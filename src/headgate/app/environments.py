"""An environment as a command finds it: what the state holds of it, and whether the command may change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.store import Reading
    from headgate.core.snapshot import Snapshot


def snapshot_of(session: Session, reading: Reading, environment: str, *, engine: str) -> Snapshot:
    """Return what the state holds of an environment and the protected one beside it."""
    from headgate.release.snapshot import take_snapshot

    return take_snapshot(reading, environment=environment, beside=session.beside(environment), engine=engine)


def refuse_protected(session: Session, environment: str) -> None:
    """Raise ``Refused`` where only promote, run and rollback may change the environment.

    One that was released as protected stays so until a release says otherwise.
    """
    if session.is_protected(environment):
        text = f"{environment} is protected: only promote, run and rollback change it"
        hint = "Apply to another environment, then promote it: headgate apply dev && headgate promote dev"
        raise Refused([Diagnostic("HG543", text, hint=hint)])
