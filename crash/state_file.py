"""The state as this package reads it: tables and JSON, with nothing of Headgate's own code."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """All that is kept. ``entries`` are texts by collection and key."""

    identity: str
    entries: Mapping[str, Mapping[str, str]]
    events: tuple[tuple[int, str, str, str, str], ...]
    damage: str

    def all(self, collection: str) -> dict[str, Any]:
        """Return the values of a collection by key."""
        return {key: json.loads(text) if text else None for key, text in self.entries.get(collection, {}).items()}

    def pointers(self, environment: str) -> dict[str, Any]:
        """Return the pointers of an environment by address."""
        prefix = f"{environment}/"
        return {k[len(prefix) :]: v for k, v in self.all("pointers").items() if k.startswith(prefix)}

    def moves(self, environment: str) -> list[Any]:
        """Return the moves of an environment in order."""
        prefix = f"{environment}/"
        return [v for k, v in sorted(self.all("moves").items()) if k.startswith(prefix)]

    def files(self, tree: str) -> dict[str, str]:
        """Return the kept files of a release by path."""
        blobs = self.entries.get("blobs", {})
        listing = json.loads(self.entries["trees"][tree])
        return {path: zlib.decompress(base64.b64decode(blobs[blob])).decode() for path, (blob, _) in listing.items()}


EMPTY = State("", {}, (), "")


def read_sqlite(path: Path) -> State:
    """Return what the file holds; one that does not exist, or in which nothing was ever committed, is empty."""
    if not path.exists():
        return EMPTY
    connection = sqlite3.connect(path)
    try:
        (damage,) = connection.execute("pragma integrity_check").fetchone()
        names = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
        if "entries" not in names:
            return EMPTY
        return state_of(lambda sql: connection.execute(sql).fetchall(), damage="" if damage == "ok" else damage)
    finally:
        connection.close()


def state_of(rows: Callable[[str], list[Any]], prefix: str = "", *, damage: str = "") -> State:
    """Return what the tables hold whose names begin with ``prefix``."""
    ((identity,),) = rows(f"select value from {prefix}state where name = 'identity'")
    entries: dict[str, dict[str, str]] = {}
    for collection, key, value in rows(f"select collection, key, value from {prefix}entries"):
        entries.setdefault(collection, {})[key] = value
    events = rows(f"select number, kind, body, previous, hash from {prefix}events order by number")
    return State(identity, entries, tuple(map(tuple, events)), damage)


def faults_in_state(state: State) -> Iterator[str]:
    """Yield what is wrong with the state as such: its file, its log, its moves, what they add up to."""
    if state.damage:
        yield f"SQLite: {state.damage}"
    yield from _faults_in_events(state)
    yield from _faults_in_evidence(state)
    yield from _faults_in_records(state)
    told = [(b["environment"], b["serial"], b["record"]) for b in _bodies(state, "move")]
    kept = [(m["environment"], m["serial"]) for m in state.all("moves").values()]
    if sorted(kept) != sorted((environment, serial) for environment, serial, _ in told):
        yield f"moves are {sorted(kept)}, the log tells {sorted(told)}"
    for environment, serial, record in told:
        text = state.entries.get("moves", {}).get(f"{environment}/{serial:010d}", "")
        if text and _digest("move", text) != record:
            yield f"the log has another digest of {environment} {serial}"
    for name, record in state.all("environments").items():
        yield from _faults_in_moves(state, name, record)
    for key in state.entries.get("pointers", {}):
        if key.partition("/")[0] not in state.entries.get("environments", {}):
            yield f"pointer {key} belongs to no environment"


def _faults_in_moves(state: State, name: str, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the moves are not 1, 2, 3 ..., or do not add up to the pointers."""
    moves = state.moves(name)
    serials = [move["serial"] for move in moves]
    if serials != list(range(1, record["serial"] + 1)):
        yield f"{name} is at {record['serial']}, its moves are {serials}"
    pointers: dict[str, Any] = {}
    for move in moves:
        for address, (before, after) in move["changes"].items():
            if pointers.get(address) != before:
                yield f"{name} {move['serial']} replaced something else at {address}"
            pointers[address] = after
    if {a: p for a, p in pointers.items() if p} != state.pointers(name):
        yield f"the moves of {name} do not add up to its pointers"


def _faults_in_evidence(state: State) -> Iterator[str]:
    """Yield evidence of builds that nobody knows."""
    measured = {key.partition("/")[0] for key in state.entries.get("evidence", {})}
    lost = measured - state.entries.get("builds", {}).keys()
    yield from (f"evidence of {build}, which is no build" for build in sorted(lost))


def _faults_in_records(state: State) -> Iterator[str]:
    """Yield moves of production without the signed record that the log tells of, and records of no move."""
    told = {f"{b['environment']}/{b['serial']:010d}": b.get("signed", "") for b in _bodies(state, "move")}
    records = state.entries.get("records", {})
    yield from (f"a signed record of {key}, which is no move" for key in sorted(records.keys() - told.keys()))
    for key, signed in told.items():
        if bool(signed) != key.startswith("prod/"):
            yield f"{key} is {'signed' if signed else 'not signed'}"
        elif signed and _digest("release record", records.get(key, "")) != signed:
            yield f"the signed record of {key} is not the one that the log tells of"
    keys = [body["key"] for body in _bodies(state, "signer")]
    if sorted(keys) != sorted(one["key"] for one in state.all("signers").values()):
        yield f"signers are told of otherwise than once: {keys}"


def _faults_in_events(state: State) -> Iterator[str]:
    previous = ""
    for position, (number, kind, body, before, written) in enumerate(state.events, 1):
        if number != position or before != previous:
            yield f"event {number} does not follow"
        if _digest("event", before, number, kind, body) != written:
            yield f"event {number} was altered"
        previous = written


def _bodies(state: State, kind: str) -> list[Any]:
    return [json.loads(event[2]) for event in state.events if event[1] == kind]


def _digest(tag: str, *parts: str | int) -> str:
    """Return the hash over the tagged form that docs/reference describes: type, length, bytes."""
    form = b"t%d:" % (len(parts) + 1)
    for part in (f"headgate/1/{tag}", *parts):
        raw = str(part).encode()
        form += b"i%d:" % part if isinstance(part, int) else b"s%d:%b" % (len(raw), raw)
    return "h1:" + hashlib.sha256(form).hexdigest()
