"""Source code read back out of a state, by what is stored alone."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping

from headgate.core.hashing import Digest, content_digest
from headgate.core.ports.store import Reading
from headgate.core.records import Collection
from headgate.release.source_code import blobs_of


def kept_files(reading: Reading, tree: Digest) -> Mapping[str, bytes]:
    """Return the files of a kept tree by path, each of the content that the tree says."""
    files = blobs_of(reading, tree)
    texts = reading.get(Collection.BLOBS, dict.fromkeys(files.values()))
    contents = {path: zlib.decompress(base64.b64decode(texts[blob])) for path, blob in files.items()}
    assert {path: content_digest([content]) for path, content in contents.items()} == files
    return contents
