"""Closure: in every environment, what a build read is what the environment shows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.recipe import Read
from headgate.core.records import Build, Pointer
from headgate.core.versions import live_version


@dataclass(frozen=True, slots=True)
class BrokenRead:
    """``reader`` was built on another version of ``read`` than the one shown."""

    reader: Address
    read: Read


def broken_reads(
    readers: Mapping[Address, Pointer],
    pointers: Mapping[Address, Pointer],
    build: Callable[[Digest], Build | None],
    scheduled: Container[Address] = frozenset(),
) -> Iterator[BrokenRead]:
    """Yield every read recorded by ``readers`` that differs from what ``pointers`` show; lost builds are left out.

    So are those that are ``scheduled`` in the code that is shown, whatever it was when they were built: they wait for
    their time, whatever comes into what they read meanwhile.
    Versions are compared only where the input is another build than the one that was read. Cost: one pass over reads.
    """
    for address, pointer in readers.items():
        reader = build(pointer.build)
        if reader is None or address in scheduled:
            continue
        same = {
            source for source, read in reader.inputs.items() if source in pointers and pointers[source].build == read
        }
        for read, version in reader.reads.items():
            if read.address not in same and version != shown_version(read, pointers, build):
                yield BrokenRead(address, read)


def shown_version(
    read: Read, pointers: Mapping[Address, Pointer], build: Callable[[Digest], Build | None]
) -> Digest | None:
    """Return the published version of what ``read`` names, as ``pointers`` show it; None where there is none."""
    if read.address not in pointers:
        return live_version(read)
    shown = build(pointers[read.address].build)
    return None if shown is None else shown.versions.of(read.aspect, read.column)
