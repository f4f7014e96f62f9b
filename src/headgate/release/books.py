"""What the state remembers of one environment, read once to be compared: moves, their events and records, pointers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headgate.core.address import Address
from headgate.core.envelope import envelope_from_text
from headgate.core.hashing import Digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.store import Reading
from headgate.core.records import Collection, Event
from headgate.core.statement import pointers_digest, predicate_of
from headgate.release.record import record_from_text
from headgate.release.stored import read_pointers


@dataclass(frozen=True)
class Books:
    """The stored forms of an environment's moves and signed records by serial, and of what it points to now.

    ``events`` is the whole log, ``told`` what it says of each move. ``decisions`` are those of the gate in their
    stored form, by serial. ``wanted`` are the serials that are looked at.
    """

    environment: str
    moves: Mapping[int, str]
    records: Mapping[int, str]
    pointers: Mapping[Address, str]
    events: tuple[Event, ...]
    told: Mapping[int, Mapping[str, Any]]
    decisions: Mapping[int, str]
    wanted: frozenset[int]

    @property
    def last(self) -> int:
        """The serial of the last move; 0 where there is none."""
        return max(self.moves, default=0)

    @cached_property
    def hashes(self) -> Mapping[int, Digest]:
        """The hash of each event by its number."""
        return {event.number: event.hash for event in self.events}

    @cached_property
    def named(self) -> Mapping[int, Mapping[str, Any]]:
        """The record before it that each readable record names, by serial."""
        found: dict[int, Mapping[str, Any]] = {}
        for serial, text in self.records.items():
            try:
                payload = envelope_from_text(record_from_text(text).envelope).payload
                found[serial] = predicate_of(payload).get("previous") or {}
            except ValueError:
                continue
        return found

    @cached_property
    def shown(self) -> Shown | None:
        """What the wanted moves found and left, and what the last one left; None where some move cannot be read.

        It is the fold of all moves, from the first on. Cost: linear in all changes; hashes all pointers for each wanted
        move.
        """
        shown: dict[Address, str] = {}
        digests: dict[int, tuple[Digest, Digest]] = {}
        known: Digest | None = None
        try:
            for serial in sorted(self.moves):
                before = (known or pointers_digest(shown)) if serial in self.wanted else None
                for address, (_, after) in loads(self.moves[serial])["changes"].items():
                    if after is None:
                        shown.pop(address, None)
                    else:
                        shown[address] = dumps(after)
                known = pointers_digest(shown) if serial in self.wanted else None
                if before is not None and known is not None:
                    digests[serial] = (before, known)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return Shown(digests, shown)


@dataclass(frozen=True, slots=True)
class Shown:
    """The digests of all pointers before and after moves, by serial, and the stored pointers after the last move."""

    digests: Mapping[int, tuple[Digest, Digest]]
    last: Mapping[Address, str]


def read_books(reading: Reading, environment: str, wanted: Iterable[int]) -> Books:
    """Return what the state remembers of an environment, to look at these serials. Cost: reads the log; three scans."""
    events = tuple(reading.events())
    told = {
        event.body["serial"]: event.body
        for event in events
        if event.kind == "move" and event.body.get("environment") == environment
    }
    return Books(
        environment,
        _by_serial(reading, Collection.MOVES, environment),
        _by_serial(reading, Collection.RECORDS, environment),
        read_pointers(reading, environment).texts,
        events,
        told,
        _by_serial(reading, Collection.DECISIONS, environment),
        frozenset(wanted),
    )


def _by_serial(reading: Reading, collection: Collection, environment: str) -> Mapping[int, str]:
    return {int(key.rpartition("/")[2]): text for key, text in reading.scan(collection, f"{environment}/")}
