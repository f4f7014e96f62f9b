"""Whether the log of events is as it was written, and what is already known to be missing in it.

The chain shows what was altered or taken out; the copy of its end that an engine keeps shows what was cut off; the
digest of each move's record, which its event holds, shows what became of that. A gap is never mended: an event says
that it was found, and from then on it is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from headgate.core.diagnostic import Diagnostic
from headgate.core.envelope import envelope_from_text
from headgate.core.errors import EnvironmentFailed, Refused
from headgate.core.events import chain_faults, hash_of
from headgate.core.hashing import digest
from headgate.core.json_form import dumps
from headgate.core.ports.store import NewEvent, Reading
from headgate.core.records import Collection, Event, LogHead
from headgate.core.statement import predicate_of
from headgate.release.history import move_key
from headgate.release.record import read_record, record_from_text

_GAP = "gap"

_NEAR = 64
"""The event of a move is among so many behind the end of the log that its record names."""


@dataclass(frozen=True, slots=True)
class LogFault:
    """One place where the log is not as it was written. ``seen`` is a digest of what is there instead."""

    where: str
    reason: str
    seen: str


def log_faults(reading: Reading, copy: LogHead | None = None) -> tuple[LogFault, ...]:
    """Return every fault that no later event tells of; ``copy`` is what an engine remembers of the log's end.

    Cost: reads and hashes the log and the records of all moves.
    """
    events = list(reading.events())
    faults = [*_altered(events), *_cut_off(events, copy), *_records(events, dict(reading.scan(Collection.MOVES)))]
    known = _known(events) if faults else frozenset()
    return tuple(fault for fault in faults if fault not in known)


def demand_log(reading: Reading, copy: LogHead | None) -> None:
    """Raise ``Refused`` where the log does not go on from its end that an engine remembers, and nobody noted why.

    What is tied to the log proves nothing then. Cost: a look-up; where it does not, that of ``log_faults``.
    """
    if copy is None:
        return
    event = next(reading.events(after=copy.number - 1), None)
    if event is not None and (event.number, event.hash) == (copy.number, copy.hash):
        return
    if faults := log_faults(reading, copy):
        summary = f"the log in the state was altered at {faults[0].where}: {faults[0].reason}"
        hint = "Put back the state file that belongs to the warehouse; or have the gap written down: "
        raise Refused([Diagnostic("HG545", summary, hint=f"{hint}headgate doctor --repair")])


def demand_told(reading: Reading, environment: str, serial: int) -> None:
    """Raise ``EnvironmentFailed`` where a move is not the one that the log tells of, and nobody noted why.

    Cost: of a signed release the events that came with it; else, and where it is another one, that of ``log_faults``.
    """
    key = move_key(environment, serial)
    text = reading.get(Collection.MOVES, [key]).get(key, "")
    for event, following in pairwise([*islice(_events_of(reading, environment, serial), _NEAR), None]):
        if event is None or not _is_of(event, environment, serial):
            continue
        is_whole = hash_of(event) == event.hash and (following is None or following.previous == event.hash)
        if is_whole and event.body.get("record") == digest("move", text):
            return
    where = _where(environment, serial)
    if fault := next((one for one in log_faults(reading) if one.where == where), None):
        raise EnvironmentFailed(f"the state holds another {where} than the log tells of: {fault.reason}")


def _events_of(reading: Reading, environment: str, serial: int) -> Iterator[Event]:
    """Yield the events from those on that came with a move, by what its signed record says; else from the first on."""
    text = read_record(reading, environment, serial)
    try:
        told = predicate_of(envelope_from_text(record_from_text(text).envelope).payload).get("log") if text else None
    except ValueError:
        told = None
    number = told.get("number") if isinstance(told, dict) else None
    return reading.events(after=number if isinstance(number, int) else 0)


def _is_of(event: Event, environment: str, serial: int) -> bool:
    return event.kind == "move" and (event.body.get("environment"), event.body.get("serial")) == (environment, serial)


def _where(environment: str, serial: int) -> str:
    return f"release {serial} of {environment}"


def noted(faults: Sequence[LogFault], *, at: str, by: str) -> NewEvent:
    """Return the event that says what was found; once it is written these faults are known."""
    told = [{"where": fault.where, "reason": fault.reason, "seen": fault.seen} for fault in faults]
    return NewEvent(_GAP, {"at": at, "by": by, "faults": told})


def _altered(events: Sequence[Event]) -> Iterator[LogFault]:
    for fault in chain_faults(events):
        yield LogFault(f"event {fault.number}", fault.reason, _seen(fault.events[-1]))


def _seen(event: Event) -> str:
    return digest("event seen", event.number, event.kind, dumps(event.body), event.previous, event.hash)


def _cut_off(events: Sequence[Event], copy: LogHead | None) -> Iterator[LogFault]:
    """Yield that the end is missing. What was written after the cut may have its number by now, never its hash."""
    if copy is not None and not any(event.number == copy.number and event.hash == copy.hash for event in events):
        yield LogFault("the end", f"event {copy.number} was written, and is gone", f"{copy.number} {copy.hash}")


def _records(events: Sequence[Event], moves: Mapping[str, str]) -> Iterator[LogFault]:
    """Yield moves whose records are gone or not what the log tells, and those that it does not tell of."""
    told = {
        move_key(str(event.body.get("environment")), event.body["serial"]): str(event.body.get("record"))
        for event in events
        if event.kind == "move" and isinstance(event.body.get("serial"), int)
    }
    for key in sorted(told.keys() | moves.keys()):
        environment, _, serial = key.rpartition("/")
        found = digest("move", moves[key]) if key in moves else ""
        where = _where(environment, int(serial))
        if key not in moves:
            yield LogFault(where, "its record is gone", "")
        elif key not in told:
            yield LogFault(where, "no event tells of it", found)
        elif found != told[key]:
            yield LogFault(where, "its record is not what was written", found)


def _known(events: Sequence[Event]) -> frozenset[LogFault]:
    """Return the faults that events tell of which are themselves as they were written."""
    altered = {fault.number for fault in chain_faults(events) if "content" in fault.reason}
    return frozenset(
        LogFault(str(one["where"]), str(one["reason"]), str(one["seen"]))
        for event in events
        if event.kind == _GAP and event.number not in altered
        for one in event.body.get("faults", ())
    )
