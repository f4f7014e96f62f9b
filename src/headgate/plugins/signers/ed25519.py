"""Signatures of ed25519 (RFC 8032) with a private key in a file, in the form that OpenSSL writes (PKCS #8, PEM).

A key of one's own is made at the first signature, complete or not at all, for the eyes of its owner alone. The library
is loaded when something is signed or checked: 30 ms.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.envelope import PublicKey, public_key, raw_of
from headgate.core.errors import EnvironmentFailed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_CODE = "HG736"
_DER = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32 bytes of a private key in PKCS #8 (RFC 8410, section 7)."""

_PEM = re.compile(r"-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PRIVATE KEY-----")
_SECRET_BYTES = 32
_NEEDED = "A private key of ed25519 is needed, as `openssl genpkey -algorithm ed25519` writes it."


class KeySigner:
    """Signs with one private key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._key = public_key(private.public_key().public_bytes_raw())

    @property
    def key(self) -> PublicKey:
        """The public key that belongs to it."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._private.sign(message)


def signer_of_text(text: str, where: str) -> KeySigner:
    """Return what signs with the key of a PEM text; raise ``EnvironmentFailed`` where it holds none.

    ``where`` says to people where it stands; the text itself is never told.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    found = _PEM.search(text)
    try:
        der = base64.b64decode(found[1]) if found else b""
    except binascii.Error:
        der = b""
    if len(der) != len(_DER) + _SECRET_BYTES or not der.startswith(_DER):
        raise EnvironmentFailed(f"{where} holds no key to sign with", code=_CODE, hint=_NEEDED)
    return KeySigner(Ed25519PrivateKey.from_private_bytes(der[len(_DER) :]))


def signer_of_file(path: Path) -> KeySigner:
    """Return what signs with the key in a file; raise ``EnvironmentFailed`` where it cannot."""
    try:
        return signer_of_text(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise EnvironmentFailed(f"{path} cannot be read: {reason}", code=_CODE, hint=_NEEDED) from error


def own_signer(path: Path) -> KeySigner:
    """Return what signs with one's own key, made where there is none yet.

    Of processes that make it at once one wins, and all use what that made. Raises ``EnvironmentFailed`` where it cannot
    be made or read, or where others may read it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        _make(path)
    except OSError as error:
        raise _unmade(path, error) from error
    else:
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise EnvironmentFailed(
                f"others may read {path}, which signs in your name", code=_CODE, hint=f"Close it: chmod 600 {path}"
            )
    return signer_of_file(path)


def is_signed(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Tell whether ``signature`` is that of ``message`` by the private key that belongs to ``key``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(raw_of(key)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _make(path: Path) -> None:
    """Make the file with a new key, whole, unless somebody else does so first."""
    text = base64.b64encode(_DER + os.urandom(_SECRET_BYTES)).decode()
    pem = f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)  # unlike a renaming it never replaces what is there
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _unmade(path, error) from error


def _unmade(path: Path, error: OSError) -> EnvironmentFailed:
    hint = "A release is signed: let headgate.toml name a key, [record] key, or set XDG_CONFIG_HOME to a folder."
    return EnvironmentFailed(f"the key {path} cannot be made: {error.strerror}", code=_CODE, hint=hint)
