"""Whose schedule has come: a run looks at what had a tick since the last run that looked at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.ports.store import Entry
from headgate.core.records import Collection

if TYPE_CHECKING:
    from headgate.core.ports.store import Reading


def due_at(
    reading: Reading, schedules: Mapping[Address, tuple[str, str]], *, environment: str, now: str
) -> tuple[frozenset[Address], Mapping[Address, str]]:
    """Return the addresses with a schedule whose time has come at ``now``, and of the others why they wait.

    ``schedules`` are expressions, each with its zone. What no run has looked at yet is due.
    """
    if not schedules:
        return frozenset(), {}
    from headgate.core.schedule import next_tick, previous_tick

    keys = {address: _key(environment, address) for address in schedules}
    looked = reading.get(Collection.SCHEDULES, keys.values())
    due: set[Address] = set()
    waiting: dict[Address, str] = {}
    for address, (cron, zone) in schedules.items():
        last = looked.get(keys[address])
        if last is None or previous_tick(cron, zone, now) > last:
            due.add(address)
        else:
            waiting[address] = f"waits until {_shown(next_tick(cron, zone, now))} ({cron})"
    return frozenset(due), waiting


def looked_at(environment: str, addresses: Iterable[Address], now: str) -> tuple[Entry, ...]:
    """Return the entries that say that a run has looked at these addresses."""
    return tuple(Entry(Collection.SCHEDULES, _key(environment, address), now) for address in addresses)


def _key(environment: str, address: Address) -> str:
    return f"{environment}/{address}"


def _shown(instant: str) -> str:
    return f"{instant[:16].replace('T', ' ')} UTC" if instant else "never"
