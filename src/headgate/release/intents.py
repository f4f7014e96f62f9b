"""Intents: the batches that open a move, finish it and abandon it. Publishing and recovery write the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Conflict, Diverged, StalePlan, lost_lease
from headgate.core.hashing import digest
from headgate.core.json_form import dumps
from headgate.core.ports.store import Batch, Entry, Expectation, Lease, NewEvent, Reading, StateStore
from headgate.core.records import (
    Collection,
    EnvironmentRecord,
    Intent,
    Move,
    Pointer,
    intent_to_json,
    move_to_json,
    pin_key,
    pointer_to_json,
)
from headgate.release.history import move_key
from headgate.release.pins import unpinned
from headgate.release.record import record_digest, signed_entries
from headgate.release.stored import StoredPointers


def open_intent(
    intent: Intent,
    *,
    store: StateStore,
    lease: Lease,
    record: str | None,
    builds: Mapping[str, str],
    keeps: Iterable[Entry],
    events: tuple[NewEvent, ...] = (),
) -> None:
    """Write the intent and pins, if the environment's record and the builds' are still these texts.

    Raises ``StalePlan`` where one has moved and ``LeaseLost`` where the lease is lost; nothing is written then.
    """
    environment = intent.move.environment
    entries = [Entry(Collection.INTENTS, environment, dumps(intent_to_json(intent))), *keeps]
    for build in sorted({c.after.build for c in intent.move.changes.values() if c.after}):
        pin = pin_key(build, resource=lease.resource, fence=lease.fence)
        entries.append(Entry(Collection.PINS, pin, intent.move.kind.value))
    expects = [
        Expectation(Collection.ENVIRONMENTS, environment, record),
        Expectation(Collection.INTENTS, environment, None),
    ]
    expects += [Expectation(Collection.BUILDS, build, text) for build, text in builds.items()]
    commit(store, Batch(tuple(entries), tuple(expects), events, lease))


def finish_intent(intent: Intent, *, store: StateStore, lease: Lease) -> None:
    """Move the pointers as the engine's marker says they have moved, record it, and erase the intent and own pins."""
    move, environment = intent.move, intent.move.environment
    text = dumps(move_to_json(move))
    with store.reading() as reading:
        held = _as_found(intent, reading)
        unpins = unpinned(reading, lease)
    entries = [
        *(_pointer_entry(environment, address, change.after) for address, change in move.changes.items()),
        Entry(Collection.ENVIRONMENTS, environment, dumps(record_after(intent))),
        Entry(Collection.MOVES, move_key(environment, move.serial), text),
        *signed_entries(intent),
        Entry(Collection.INTENTS, environment, None),
        *unpins,
    ]
    body = {
        "at": move.at,
        "by": move.by,
        "environment": environment,
        "serial": move.serial,
        "kind": move.kind.value,
        "changes": len(move.changes),
        "record": digest("move", text),
    }
    if intent.signed:
        body["signed"] = record_digest(intent.signed)
    event = NewEvent("move", body)
    commit(store, Batch(tuple(entries), held, (event,), lease))


def record_after(intent: Intent) -> EnvironmentRecord:
    """Return the environment's record once the move of an intent is made."""
    return EnvironmentRecord(
        name=intent.move.environment,
        engine=intent.engine,
        serial=intent.move.serial,
        beside=intent.beside,
        bare=intent.bare,
        intent=intent.id,
        graph=intent.graph,
        aside=intent.aside,
    )


def is_recorded(move: Move, reading: Reading) -> bool:
    """Tell whether the state holds this very move."""
    key = move_key(move.environment, move.serial)
    return reading.get(Collection.MOVES, [key]).get(key) == dumps(move_to_json(move))


def abandon_intent(intent: Intent, *, store: StateStore, lease: Lease) -> None:
    """Erase an intent of which the engine has nothing, and the pins of this holder."""
    environment = intent.move.environment
    with store.reading() as reading:
        text = reading.get(Collection.INTENTS, [environment]).get(environment)
        unpins = unpinned(reading, lease)
    entries = (Entry(Collection.INTENTS, environment, None), *unpins)
    commit(store, Batch(entries, (Expectation(Collection.INTENTS, environment, text),), lease=lease))


def commit(store: StateStore, batch: Batch) -> None:
    """Write a batch; a lost condition becomes ``StalePlan``, a lost lease ``LeaseLost``."""
    try:
        store.commit(batch)
    except Conflict as conflict:
        if conflict.entry.startswith("lease:"):
            raise lost_lease(conflict.entry.partition(":")[2]) from conflict
        raise StalePlan(
            [Diagnostic("HG502", f"an entry has changed meanwhile: {conflict.entry}", hint="Plan again.")]
        ) from conflict


def _as_found(intent: Intent, reading: Reading) -> tuple[Expectation, ...]:
    """Return the entries as they stand before the last step; raise ``Diverged`` where they are not the intent's."""
    environment = intent.move.environment
    addresses = {f"{environment}/{address}": address for address in intent.move.changes}
    texts = reading.get(Collection.POINTERS, addresses)
    stored = StoredPointers({addresses[key]: text for key, text in texts.items()})
    for address, change in intent.move.changes.items():
        if stored.get(address) != change.before:
            raise Diverged(
                f"the state was altered: {address} in {environment} is not what release {intent.move.serial} replaced",
                code="HG520",
                hint="Restore the state file from before, or set the warehouse and the state aside and apply anew.",
            )
    record = reading.get(Collection.ENVIRONMENTS, [environment]).get(environment)
    opened = reading.get(Collection.INTENTS, [environment]).get(environment)
    return (
        Expectation(Collection.INTENTS, environment, opened),
        Expectation(Collection.ENVIRONMENTS, environment, record),
        *(Expectation(Collection.POINTERS, key, texts.get(key)) for key in addresses),
    )


def _pointer_entry(environment: str, address: Address, pointer: Pointer | None) -> Entry:
    value = None if pointer is None else dumps(pointer_to_json(pointer))
    return Entry(Collection.POINTERS, f"{environment}/{address}", value)
