"""Numbered steps from one format of the state to the next, and what a state must have been made by.

A step is a SQL file that never changes once it is released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from headgate.core.errors import StoreFailed, StoreTooNew
from headgate.core.hashing import Digest, content_digest

_UPGRADE = "pip install --upgrade headgate"

_FOLDER = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: it leads from format ``number - 1`` to ``number``."""

    number: int
    text: str

    @property
    def checksum(self) -> Digest:
        """The hash of its text."""
        return content_digest([self.text.encode()])


@cache
def migrations_of(kind: str) -> Sequence[Migration]:
    """Return all steps that this Headgate knows for a kind of store, in order. The files are read once."""
    files = sorted((_FOLDER / kind).glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return tuple(Migration(int(file.name[:4]), file.read_text("utf-8")) for file in files)


def demand_newest(found: int, shown: str, migrations: Sequence[Migration]) -> None:
    """Return where a state has exactly the newest format known; raise where somebody else migrated it meanwhile."""
    if found > len(migrations):
        raise StoreTooNew(
            f"The state {shown} was written by a newer Headgate (format {found}; this one knows {len(migrations)})",
            hint=_UPGRADE,
        )
    if found < len(migrations):
        raise StoreFailed(f"The state {shown} was replaced by an older one", hint="Run the command again.")


def demand_steps(recorded: Mapping[int, str], shown: str, migrations: Sequence[Migration]) -> None:
    """Return where a state, with its record of checksums, was made by exactly these steps; raise where one differs."""
    for migration in migrations:
        if recorded.get(migration.number) != migration.checksum:
            raise StoreFailed(
                f"The state {shown} was made by another migration {migration.number} than this Headgate has",
                hint=f"Install a released version: {_UPGRADE}",
            )
