"""Packed files that are far larger than they look: found before an engine unpacks them for hours."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from headgate.core.declarations import FileSource

RATIO_MAX = 200
"""Times that a file may grow: text of tables grows 3 to 20 times, and gzip can make it 1,032."""

UNPACKED_BYTES_MIN = 500_000_000
"""What is smaller than that is never refused; to unpack so much takes a second or two."""

_GZIP_MAX = 1_032
_READ_BYTES = 1 << 16
_STEP_BYTES = 1 << 20
_GZIP = 31
"""zlib's number for a window of 32 kB with gzip's own header."""


def fault_in_packed(location: FileSource, root: str) -> str:
    """Return which file is packed so tightly that it is meant to do harm, or the empty string; then what to do.

    Cost: files that could be are unpacked once, in constant memory, until they have grown too much.
    """
    packing = location.options.get("compression", "").lower()
    for file in location.files:
        is_packed = packing == "gzip" or (packing in ("", "auto", "auto_detect") and file.path.lower().endswith(".gz"))
        if is_packed and file.size * _GZIP_MAX > UNPACKED_BYTES_MIN and grows_too_much(Path(root) / file.path):
            return f"{file.path} is more than {RATIO_MAX} times larger than it looks\nUnpack it, if that is meant."
    return ""


def grows_too_much(path: Path) -> bool:
    """Tell whether a gzip file unpacks to far more than data does; a damaged one does not."""
    try:
        most = max(UNPACKED_BYTES_MIN, RATIO_MAX * path.stat().st_size)
        unpacked = 0
        for length in _lengths(path):
            unpacked += length
            if unpacked > most:
                return True
    except (OSError, zlib.error):
        return False  # whoever reads it tells what is wrong
    return False


def _lengths(path: Path) -> Iterator[int]:
    """Yield the lengths of the unpacked pieces of a file, at most a megabyte each."""
    with path.open("rb") as file:
        member = zlib.decompressobj(_GZIP)
        waiting = file.read(_READ_BYTES)
        while waiting:
            yield len(member.decompress(waiting, _STEP_BYTES))
            waiting = member.unconsumed_tail
            if member.eof:  # several files may be packed one behind the other
                waiting = member.unused_data
                member = zlib.decompressobj(_GZIP)
            waiting = waiting or file.read(_READ_BYTES)
