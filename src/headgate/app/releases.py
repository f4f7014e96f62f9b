"""`headgate releases`: the moves of an environment, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.records import Move, MoveKind, PointerChange

if TYPE_CHECKING:
    from headgate.app.session import Session


@dataclass(frozen=True, slots=True)
class Release:
    """One move; ``is_shown``: the environment shows this one, or shows it again after a rollback."""

    move: Move
    is_shown: bool

    @property
    def changes(self) -> Mapping[Address, PointerChange]:
        """What readers saw change: everything but captures of sources."""
        return {a: c for a, c in self.move.changes.items() if _kind(c) is not Kind.SOURCE}


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
    shown = shown_serial(moves)
    found = tuple(Release(move, move.serial == shown) for move in reversed(moves))
    return Releases(name, found[:limit] if limit else found, len(found))


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
