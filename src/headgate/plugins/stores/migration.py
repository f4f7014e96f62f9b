"""One numbered step from a format of the state to the next: a SQL file that never changes once it is released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from headgate.core.hashing import Digest, content_digest

UPGRADE = "pip install --upgrade headgate"

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
