"""Whose schedule has come: a run looks at what had a tick since the last run that looked at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.ports.store import Entry
from headgate.core.records import Collection, MoveKind

if TYPE_CHECKING:
    from headgate.core.ports.store import Reading
    from headgate.core.snapshot import Snapshot


def due_at(
    reading: Reading, schedules: Mapping[Address, tuple[str, str]], snapshot: Snapshot, *, now: str
) -> tuple[Mapping[Address, str], Mapping[Address, str]]:
    """Return the addresses with a schedule whose time has come at ``now``, and of the others why they wait.

    ``schedules`` are expressions, each with its zone; the first answer says when that was made which is shown. Due is
    what no run has looked at yet, what had a tick since, and what a rollback took back behind the last look: what that
    tick brought is not shown any more. Cost: two look-ups.
    """
    if not schedules:
        return {}, {}
    from headgate.core.schedule import next_tick, previous_tick

    made, is_back = _when_made(snapshot), _is_rolled_back(reading, snapshot)
    keys = {address: _key(snapshot.name, address) for address in schedules}
    looked = reading.get(Collection.SCHEDULES, keys.values())
    due: dict[Address, str] = {}
    waiting: dict[Address, str] = {}
    for address, (cron, zone) in schedules.items():
        last, _, made_then = looked.get(keys[address], "").partition(" ")
        made_now = made(address)
        is_gone = made_now < made_then or (is_back and made_now != made_then)
        if not last or is_gone or previous_tick(cron, zone, now) > last:
            due[address] = made_now
        else:
            waiting[address] = f"waits until {_shown(next_tick(cron, zone, now))} ({cron})"
    return due, waiting


def _is_rolled_back(reading: Reading, snapshot: Snapshot) -> bool:
    """Tell whether the last move was a rollback: it may show what was made later, where older data had come back."""
    from headgate.release.history import read_move

    move = read_move(reading, snapshot.name, snapshot.shown.record.serial) if snapshot.shown else None
    return move is not None and move.kind is MoveKind.ROLLBACK


def _when_made(snapshot: Snapshot) -> Callable[[Address], str]:
    """Return what tells when the build was made that an address shows; empty where it shows none."""
    pointers = snapshot.shown.pointers if snapshot.shown else {}

    def made(address: Address) -> str:
        pointer = pointers.get(address)
        build = snapshot.build(pointer.build) if pointer else None
        return build.created_at if build else ""

    return made


def looked_at(environment: str, made: Mapping[Address, str], now: str) -> tuple[Entry, ...]:
    """Return the entries that say that a run has looked at addresses; ``made`` says when what they show was made."""
    return tuple(Entry(Collection.SCHEDULES, _key(environment, a), f"{now} {at}".rstrip()) for a, at in made.items())


def _key(environment: str, address: Address) -> str:
    return f"{environment}/{address}"


def _shown(instant: str) -> str:
    return f"{instant[:16].replace('T', ' ')} UTC" if instant else "never"
