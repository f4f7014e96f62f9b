"""The port of signing: what signs with a key of its own, and what tells whether a signature holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from headgate.core.envelope import PublicKey


class Signer(Protocol):
    """One private key, in whatever keeps it. Its public key goes into the state when it signs there first."""

    @property
    def key(self) -> PublicKey:
        """The public key that belongs to it."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: the same message has always the same one."""


IsSigned: TypeAlias = Callable[[PublicKey, bytes, bytes], bool]
"""Tells of a public key, a message and a signature whether the latter is that of the message by the private key."""
