"""Pins: what keeps a build from being collected while somebody who holds a lease means to point to it."""

from __future__ import annotations

from collections.abc import Iterator

from headgate.core.hashing import Digest
from headgate.core.ports.store import Entry, Lease, Reading
from headgate.core.records import Collection


def read_pins(reading: Reading) -> Iterator[tuple[str, Digest, str]]:
    """Yield each pin: its key, the build, its holder. Cost: one scan."""
    for key, _ in reading.scan(Collection.PINS):
        build, _, holder = key.partition("/")
        yield key, Digest(build), holder


def unpinned(reading: Reading, lease: Lease) -> tuple[Entry, ...]:
    """Return the entries that take back every pin of this holder."""
    own = {lease.holder, f"{lease.resource}#{lease.fence}"}
    return tuple(Entry(Collection.PINS, key, None) for key, _, holder in read_pins(reading) if holder in own)


def is_dead(holder: str, lease: Lease) -> bool:
    """Tell whether a pin's holder has gone: it had an earlier fence of this lease, or none is told and all are gone.

    A lease on a whole engine means that nobody else is at work there, whatever the pin is called.
    """
    resource, mark, fence = holder.rpartition("#")
    if mark and fence.isdigit():
        return resource == lease.resource and int(fence) < lease.fence
    return lease.resource.startswith("engine/")
