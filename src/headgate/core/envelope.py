"""Signed texts: an envelope as DSSE has it, and public keys of ed25519 as one line of text. Pure: it signs nothing.

What is signed is not the payload alone but its type, its length and itself (pre-authentication encoding, PAE), so that
a signature of one kind of text never counts for another. Standards: Dead Simple Signing Envelope 1.0.2; for the keys
RFC 8032, and RFC 8410 for the form in which other tools read them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import NewType

from headgate.core.json_form import dumps, loads

PublicKey = NewType("PublicKey", str)
"""``ed25519:<base 64 of its 32 bytes>``."""

_PREFIX = "ed25519:"
_KEY_BYTES = 32
_DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes in a SubjectPublicKeyInfo of ed25519 (RFC 8410, section 4)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature. ``key_id`` only helps to find the key: nobody vouches for it."""

    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its type, and the signatures over both."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """Return what is signed of a payload: its pre-authentication encoding.

    >>> signed_bytes("text/plain", b"hello world")
    b'DSSEv1 10 text/plain 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope_to_text(envelope: Envelope) -> str:
    """Return the JSON form of the standard."""
    signatures = [{"keyid": one.key_id, "sig": _to_base64(one.value)} for one in envelope.signatures]
    return dumps(
        {"payload": _to_base64(envelope.payload), "payloadType": envelope.payload_type, "signatures": signatures}
    )


def envelope_from_text(text: str) -> Envelope:
    """Return the envelope of its JSON form, in either alphabet of base 64; raise ``ValueError`` where it is none."""
    body = loads(text)
    try:
        signatures = tuple(Signature(str(one.get("keyid", "")), _bytes(one["sig"])) for one in body["signatures"])
        return Envelope(_text(body["payloadType"]), _bytes(body["payload"]), signatures)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no envelope: {error!r}") from error


def public_key(raw: bytes) -> PublicKey:
    """Return the key of its 32 bytes."""
    if len(raw) != _KEY_BYTES:
        raise ValueError(f"a public key of ed25519 has 32 bytes, not {len(raw)}")
    return PublicKey(_PREFIX + _to_base64(raw))


def public_key_of_text(text: str) -> PublicKey:
    """Return the key that a text is; raise ``ValueError`` where it is none."""
    if not text.startswith(_PREFIX):
        raise ValueError("a public key begins with ed25519:")
    return public_key(_bytes(text.removeprefix(_PREFIX)))


def raw_of(key: PublicKey) -> bytes:
    """Return the 32 bytes of a key."""
    return _bytes(key.removeprefix(_PREFIX))


def key_id(key: PublicKey) -> str:
    """Return what identifies a key: SHA-256 over its DER form, in hexadecimal, as other tools find it, too."""
    return hashlib.sha256(_DER + raw_of(key)).hexdigest()


def pem_of(key: PublicKey) -> str:
    """Return the PEM form of a key, which other tools read."""
    return f"-----BEGIN PUBLIC KEY-----\n{_to_base64(_DER + raw_of(key))}\n-----END PUBLIC KEY-----\n"


def _to_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: object) -> bytes:
    """Return the bytes of a base 64 text; verifiers have to accept both alphabets."""
    try:
        return base64.b64decode(_text(text).translate(_STANDARD), validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base 64: {error}") from error


_STANDARD = str.maketrans("-_", "+/")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value
