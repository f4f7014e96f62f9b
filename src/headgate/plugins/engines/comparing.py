"""What an engine answers when relations are laid beside each other: the same steps in every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from headgate.core.comparison import Differences
from headgate.core.fingerprints import Fingerprint
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.plugins.engines.compare_texts import Ask, Words, counted, differing
from headgate.plugins.engines.fingerprint_texts import Hashing, fingerprint

IsUnique: TypeAlias = Callable[[Ask, Pairing, Side], bool]
"""Tells cheaply of some sides that no key stands in two of their rows; of others nothing is known."""


@dataclass(frozen=True, slots=True)
class Comparing:
    """The methods of ``core.ports.engine.Engine`` that compare.

    ``asking`` gives what answers statements, all at one moment, none of which can write.
    """

    asking: Callable[[], AbstractContextManager[Ask]]
    words: Words
    hashing: Hashing
    is_unique: IsUnique = lambda *_: False

    def fingerprint(self, side: Side, key: Sequence[str], beside: Fingerprint | None = None) -> Fingerprint | None:
        """Return digests of all that a relation holds."""
        with self.asking() as ask:
            is_unique = partial(self.is_unique, ask, Pairing(side, side, tuple(key), ()))
            return fingerprint(ask, side, key, self.words, self.hashing, is_unique, beside)

    def compare(self, pairing: Pairing, sample: int = 0) -> Counted:
        """Return how two relations differ, with some rows that do."""
        with self.asking() as ask:
            return counted(ask, pairing, self.words, partial(self.is_unique, ask, pairing), sample)

    def differing(self, pairing: Pairing, limit: int | None) -> Differences:
        """Return rows that differ."""
        with self.asking() as ask:
            return differing(ask, pairing, self.words, partial(self.is_unique, ask, pairing), limit)
