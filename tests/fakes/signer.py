"""A signer without a library: a hash over its public key and the text stands for a signature."""

from __future__ import annotations

import hashlib

from headgate.core.envelope import PublicKey, public_key, raw_of


class FakeSigner:
    """Signs as ``name``; the same name has always the same key."""

    def __init__(self, name: str = "me") -> None:
        self._key = public_key(hashlib.sha256(name.encode()).digest())

    @property
    def key(self) -> PublicKey:
        return self._key

    def sign(self, message: bytes) -> bytes:
        return hashlib.sha256(raw_of(self._key) + message).digest()


def is_signed(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Tell whether ``signature`` is that of the fake with ``key``."""
    return hashlib.sha256(raw_of(key) + message).digest() == signature
