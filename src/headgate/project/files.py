"""Files by content: reading, digests, and a cache of digests that a change never slips through.

A file is taken to be unchanged where its size, mtime, ctime and inode are. That is only sound for files that had been
left alone for a while when they were read: one written twice within a tick of the clock may keep all four (git's "racy"
entries). So only entries of files that were settled at that moment are kept; the others are read again next time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from headgate.core.declarations import File
from headgate.core.hashing import Digest, content_digest
from headgate.project.walk import Stat, stat_of

SETTLED_NS = 2_000_000_000
"""How long a file must have been left alone: the coarsest time stamp of a common file system is 2 s (FAT)."""

_FORMAT = 1
_CHUNK_BYTES = 1 << 20


class FileCache:
    """Digests by path and stat. The caller keeps ``to_text()`` wherever it likes; a broken text is an empty cache.

    ``clock`` gives nanoseconds since 1970.
    """

    def __init__(
        self, known: Mapping[str, tuple[Stat, Digest]] | None = None, *, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._known = dict(known or {})
        self._used: dict[str, tuple[Stat, Digest]] = {}
        self._clock = clock
        self._learned = 0

    @property
    def is_changed(self) -> bool:
        """Whether ``to_text`` would give something else than what this was made from."""
        return self._learned > 0 or len(self._used) != len(self._known)

    def digest(self, path: str, stat: Stat) -> Digest | None:
        """Return the digest of a file whose stat is what it was; None where it has to be read."""
        found = self._known.get(path)
        if found is None or found[0] != stat:
            return None
        self._used[path] = found
        return found[1]

    def moment(self) -> int:
        """Return the present, to be given to ``learn``; ask before the file is opened."""
        return self._clock()

    def learn(self, path: str, stat: Stat, digest: Digest, *, read_at: int) -> None:
        """Keep the digest of a file whose stat was taken before it was read, unless it is too young to be trusted."""
        if max(stat.mtime_ns, stat.ctime_ns) + SETTLED_NS < read_at:
            self._used[path] = (stat, digest)
            self._learned += 1

    def to_text(self) -> str:
        """Return the entries that were used or learned; those of files that are gone are dropped."""
        entries = {path: [*stat, digest] for path, (stat, digest) in self._used.items()}
        return json.dumps({"format": _FORMAT, "files": entries}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, *, clock: Callable[[], int] = time.time_ns) -> FileCache:
        """Return the cache that ``to_text`` gave, or an empty one where the text is not of that form."""
        try:
            body = json.loads(text)
            if body["format"] != _FORMAT:
                return cls(clock=clock)
            known = {path: (Stat(*entry[:4]), Digest(entry[4])) for path, entry in body["files"].items()}
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return cls(clock=clock)
        return cls(known, clock=clock)


def read_bytes(full: str | Path) -> bytes:
    """Return the bytes of a file; raise ``OSError``. Cost: four system calls, about 12 microseconds for a small one."""
    handle = os.open(
        full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    try:
        parts = []
        while part := os.read(handle, _CHUNK_BYTES):
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(handle)


def file_of(path: str, full: str | Path, stat: Stat, cache: FileCache) -> File:
    """Return a file by content, read in chunks where the cache does not know it; raise ``OSError``."""
    known = cache.digest(path, stat)
    if known is not None:
        return File(path, known, stat.size)
    read_at = cache.moment()
    with Path(full).open("rb") as handle:
        before = stat_of(os.fstat(handle.fileno()))
        found = content_digest(iter(lambda: handle.read(_CHUNK_BYTES), b""))
        size = handle.tell()
    # The stat of the walk may be of an older content; what is remembered goes with the file that was read.
    cache.learn(path, before, found, read_at=read_at)
    return File(path, found, size)


def file_of_bytes(path: str, content: bytes, stat: Stat, cache: FileCache, *, read_at: int) -> File:
    """Return a file whose bytes are at hand; ``stat`` was taken before they were read.

    The bytes are hashed even where the cache knows the file (1 microsecond): it may have changed since its stat, and a
    digest must never stand for other bytes than those that are used.
    """
    found = content_digest((content,))
    if cache.digest(path, stat) != found:
        cache.learn(path, stat, found, read_at=read_at)
    return File(path, found, len(content))
