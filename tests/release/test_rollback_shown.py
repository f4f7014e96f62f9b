"""Which rollback is in force: what it took back was not released, or shown, again since."""

from __future__ import annotations

import pytest
from memory_state import Disk, MemoryStore

from headgate.core.hashing import Digest
from headgate.core.json_form import dumps
from headgate.core.ports.store import Batch, Entry
from headgate.core.records import Collection, Move, MoveKind, move_to_json
from headgate.release.history import move_key, rollback_shown


def in_force(*told: str) -> int | None:
    """Return the serial of the rollback in force after these moves: a kind each, of a rollback with its release."""
    store = MemoryStore(Disk())
    entries = []
    for serial, text in enumerate(told, 1):
        kind, _, restores = text.partition(" ")
        move = Move("prod", serial, MoveKind(kind), "", "", {}, Digest(""), Digest(""), restores=int(restores or 0))
        entries.append(Entry(Collection.MOVES, move_key("prod", serial), dumps(move_to_json(move))))
    store.commit(Batch(tuple(entries)))
    with store.reading() as reading:
        found = rollback_shown(reading, "prod", len(told))
    return found.serial if found else None


@pytest.mark.parametrize(
    ("told", "serial"),
    [
        (["promote"], None),
        (["promote", "promote", "rollback 1"], 3),
        (["promote", "promote", "rollback 1", "repair"], 3),
        (["promote", "promote", "rollback 1", "promote"], None),
        (["promote", "promote", "rollback 1", "rollback 2"], None),
        (["promote", "promote", "rollback 1", "rollback 2", "rollback 1"], 5),
        (["promote", "promote", "promote", "rollback 2", "rollback 1", "rollback 2"], 6),
        (["promote", "promote", "rollback 1", "run", "run", "rollback 4", "run"], 6),
        (["promote", "run", "run", "rollback 1", "rollback 3"], None),
        (["promote", "rollback 0"], 2),
        (["promote", "run", "run", "rollback 1"], 4),
        (["promote", "run", "run", "rollback 1", "run"], None),
        (["promote", "promote", "run", "rollback 1", "run"], 4),
        (["promote", "promote", *["run"] * 205, "rollback 1", *["run"] * 205], 208),
        (["promote", *["run"] * 205, "rollback 1", *["run"] * 205], None),
    ],
)
def test_a_rollback_is_in_force_until_what_it_took_back_comes_again(told: list[str], serial: int | None) -> None:
    assert in_force(*told) == serial
