"""Identity: a 256-bit hash over a tagged, length-prefixed canonical form.

Nothing that a library prints is ever hashed, so upgrading one rebuilds nobody's data. The form is injective: a type
letter, the length in bytes, a colon, the bytes; sequences carry their number of items. Two different values never share
a form.

The number of the algorithm is part of the tag and of the text of every digest (``h1:...``): digests made under
different numbers are never equal, so they can be compared blindly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NewType, TypeAlias

ALGORITHM = 1
"""The number of the algorithm. Raise it when the same recipe must get another hash."""

Digest = NewType("Digest", str)
"""``h<algorithm>:<64 hexadecimal digits>``."""

Part: TypeAlias = "str | bytes | int | bool | tuple[Part, ...] | None"
"""What can be hashed. Floats are not: write them as text in a form of your own."""

_PREFIX = f"h{ALGORITHM}:"


def digest(tag: str, *parts: Part) -> Digest:
    """Return the hash of ``parts`` under ``tag``, which says what kind of thing they identify.

    >>> digest("demo", "a", ("b", 1)) == digest("demo", "a", ("b", 1))
    True
    >>> digest("demo", "ab", "c") == digest("demo", "a", "bc")
    False
    """
    form: list[bytes] = []
    _encode((f"headgate/{ALGORITHM}/{tag}", *parts), form)
    return Digest(_PREFIX + hashlib.sha256(b"".join(form)).hexdigest())


def content_digest(chunks: Iterable[bytes]) -> Digest:
    """Return the hash of a file's bytes, given in chunks (SHA-256 of the bytes as they are)."""
    sha = hashlib.sha256()
    for chunk in chunks:
        sha.update(chunk)
    return Digest(_PREFIX + sha.hexdigest())


def short(value: Digest, length: int = 8) -> str:
    """Return the first hexadecimal digits of a digest, for people and for physical names."""
    return value[len(_PREFIX) : len(_PREFIX) + length]


def _encode(values: tuple[Part, ...], form: list[bytes]) -> None:
    form.append(b"t%d:" % len(values))
    for value in values:
        if isinstance(value, str):
            raw = value.encode("utf-8", "surrogatepass")
            form.append(b"s%d:%b" % (len(raw), raw))
        elif isinstance(value, bytes):
            form.append(b"y%d:%b" % (len(value), value))
        elif isinstance(value, tuple):
            _encode(value, form)
        elif value is None:
            form.append(b"n")
        elif value is True or value is False:
            form.append(b"b1" if value else b"b0")
        elif isinstance(value, int):
            form.append(b"i%d:" % value)
        else:
            raise TypeError(f"{type(value).__name__} cannot be hashed")
