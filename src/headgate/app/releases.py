"""`headgate releases`: the moves of an environment, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.records import Move, MoveKind, PointerChange

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.gate import Decision
    from headgate.core.ports.store import Reading


@dataclass(frozen=True, slots=True)
class Release:
    """One move; ``is_shown``: the environment shows this one, or shows it again after a rollback.

    ``decision`` is what the gate decided of it; None where nothing had to be decided.
    """

    move: Move
    is_shown: bool
    decision: Decision | None = None

    @property
    def changes(self) -> Mapping[Address, PointerChange]:
        """What readers saw change: everything but captures of sources."""
        return {a: c for a, c in self.move.changes.items() if _kind(c) not in NOT_SHOWN}


@dataclass(frozen=True, slots=True)
class Releases:
    """The moves of one environment, newest first."""

    environment: str
    releases: tuple[Release, ...]
    total: int


def releases(session: Session, environment: str | None, *, limit: int) -> Releases:
    """Return the last moves of an environment, by default of the protected one."""
    from headgate.release.history import read_moves

    name = environment or next(iter(session.protected()), "prod")
    with session.reading() as reading:
        session.recorded(reading, name)
        moves = read_moves(reading, name)
        wanted = moves[-limit:] if limit else moves
        decisions = decisions_of(reading, wanted)
    shown = shown_serial(moves)
    found = tuple(Release(move, move.serial == shown, decisions.get(move.serial)) for move in reversed(wanted))
    return Releases(name, found, len(moves))


def decisions_of(reading: Reading, moves: Iterable[Move]) -> Mapping[int, Decision]:
    """Return what the gate decided of moves, by serial, where somebody had to agree or opened it in an emergency."""
    from headgate.core.gate import decision_from_json
    from headgate.core.json_form import loads
    from headgate.core.records import Collection
    from headgate.release.history import move_key

    keys = {move_key(move.environment, move.serial): move.serial for move in moves if move.decision != "pass"}
    texts = reading.get(Collection.DECISIONS, keys) if keys else {}
    return {keys[key]: decision_from_json(loads(text)) for key, text in texts.items()}


def shown_serial(moves: tuple[Move, ...]) -> int:
    """Return the serial of the release whose content is shown: of a rollback or a repair, the one that it restored."""
    if not moves:
        return 0
    by_serial = {move.serial: move for move in moves}
    last = moves[-1]
    while last.kind in (MoveKind.ROLLBACK, MoveKind.REPAIR) and last.restores in by_serial:
        last = by_serial[last.restores]
    return last.serial


def _kind(change: PointerChange) -> Kind | None:
    pointer = change.after or change.before
    return pointer.kind if pointer else None
