"""Write the golden state of the present format: ``python -m tests.golden.write_state``, once, before it is released.

A golden file never changes afterwards; it shows that every later Headgate reads what this one wrote.
"""

from __future__ import annotations

import sys
from pathlib import Path

from headgate.core.ports.store import Batch, Entry, NewEvent
from headgate.plugins.stores.sqlite import open_sqlite_store
from headgate.plugins.stores.sqlite_migrations import known_migrations

IDENTITY = "golden-0001"
AT = "2026-11-21T02:06:11Z"
ENTRIES = {
    ("environments", "prod"): '{"engine":"local","name":"prod","serial":2}',
    ("pointers", "prod/staging.flights"): '{"kind":"table"}',
    ("pointers", "prod/staging.wetter_ä"): '{"kind":"view"}',
    ("pins", "h1:00/engine/local#2"): "",
}
EVENTS = (
    NewEvent("move", {"at": AT, "by": "you", "environment": "prod", "serial": 1}),
    NewEvent(
        "move", {"at": AT, "by": "ci@runner-7", "environment": "prod", "serial": 2, "text": "ä\n😀", "share": 0.1}
    ),
    NewEvent("collect", {"at": AT, "by": "you", "builds": ["h1:00", "h1:01"], "none": None}),
)


def write(path: Path) -> None:
    store = open_sqlite_store(path, nonce=lambda: IDENTITY)
    lease = store.acquire("engine/local", holder="you", purpose="apply", at=AT)
    entries = tuple(Entry(collection, key, value) for (collection, key), value in ENTRIES.items())
    store.commit(Batch(entries=entries, events=EVENTS[:1], lease=lease))
    store.release(lease)
    lease = store.acquire("engine/local", holder="ci@runner-7", purpose="run", at=AT)
    store.commit(Batch(events=EVENTS[1:], lease=lease))
    store.close()


if __name__ == "__main__":
    golden = Path(__file__).with_name(f"state-{len(known_migrations()):04}.db")
    if golden.exists():
        sys.exit(f"{golden.name} is there; it must never change once released")
    write(golden)
    for lock in golden.parent.glob("*.lock"):
        lock.unlink()
