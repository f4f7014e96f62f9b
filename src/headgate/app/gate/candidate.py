"""A change that stands before a protected environment: what the gate is known to say of it. Nothing is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.errors import Refused, UsageError

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.gate import Decision
    from headgate.core.ports.store import Reading
    from headgate.core.records import Move


def candidate(session: Session, repository: Repository, source: str) -> Decision | None:
    """Return what the gate is known to say of promoting what ``source`` shows, without values of protected columns.

    None where nothing would move, and where a rule or a fault of the repository forbids it: `plan` tells of those.
    Cost: that of planning a promotion.
    """
    from headgate.app.gate.deciding import known_review
    from headgate.app.releasing.promotion import plan_promotion

    try:
        target = session.beside(source)
        if target is None:
            return None
        promotion = plan_promotion(session, repository, source=source, to=target)
    except (Refused, UsageError):
        return None
    return None if promotion.plan.is_empty else known_review(session, promotion).told


def decision_shown(reading: Reading, moves: tuple[Move, ...]) -> tuple[int, Decision | None]:
    """Return the release whose code an environment shows, and what the gate decided of it; None where it just passed.

    Loads bring no code, and a rollback shows that of an earlier release. ``moves`` are all of the environment's.
    """
    from headgate.app.releases import decisions_of, shown_serial
    from headgate.core.records import MoveKind

    while moves:
        serial = shown_serial(moves)
        moves = tuple(move for move in moves if move.serial <= serial)
        if moves[-1].kind is not MoveKind.RUN:
            return serial, decisions_of(reading, moves[-1:]).get(serial)
        moves = moves[:-1]
    return 0, None
