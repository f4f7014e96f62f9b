"""Source code as releases keep it: trees of files by digest, blobs by content, each stored once."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from headgate.core.declarations import File
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import EnvironmentFailed, Refused
from headgate.core.hashing import Digest, content_digest, digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.store import Entry, Reading
from headgate.core.records import Collection

_KNOWN_AT_ONCE = 200


def tree_digest(files: Sequence[File]) -> Digest:
    """Return the identity of a tree: paths and contents, in whatever order they are given."""
    return digest("tree", tuple(sorted((file.path, file.digest) for file in files)))


def keep_tree(files: Sequence[File], read: Callable[[str], bytes], *, reading: Reading) -> tuple[Entry, ...]:
    """Return the entries that make the state hold these files: the tree and the blobs that it lacks.

    Raises ``Refused`` where a file is not what it was when it was read. Cost: only lacking files are read.
    """
    tree = tree_digest(files)
    if reading.get(Collection.TREES, [tree]):
        return ()
    lacking = {file.digest: file for file in files}
    for identity in _present(reading, list(lacking)):
        del lacking[identity]
    entries = [Entry(Collection.BLOBS, identity, _packed(read(file.path), file)) for identity, file in lacking.items()]
    listing = {file.path: [file.digest, file.size] for file in files}
    return (*entries, Entry(Collection.TREES, tree, dumps(listing)))


def blobs_of(reading: Reading, tree: Digest) -> Mapping[str, Digest]:
    """Return the content's digest of every file of a kept tree, by path."""
    text = reading.get(Collection.TREES, [tree]).get(tree)
    if text is None:
        raise EnvironmentFailed("the state holds no source code of that release", hint="Check out the commit instead.")
    files = [File(path, Digest(blob), size) for path, (blob, size) in loads(text).items()]
    if tree_digest(files) != tree:
        raise EnvironmentFailed(
            "the list of that release's files in the state is not what was kept", hint="Check out the commit instead."
        )
    return {file.path: file.digest for file in files}


def contents_of(reading: Reading, tree: Digest) -> Mapping[str, bytes]:
    """Return every file of a kept tree, by path; raise ``EnvironmentFailed`` where one is not what was kept."""
    return {path: content_of(reading, path, blob) for path, blob in blobs_of(reading, tree).items()}


def content_of(reading: Reading, path: str, blob: Digest) -> bytes:
    """Return one kept file; raise ``EnvironmentFailed`` where it is not what was kept."""
    text = reading.get(Collection.BLOBS, [blob]).get(blob, "")
    if not _is_content(text, blob):
        raise EnvironmentFailed(
            f"the state does not hold {path} as it was released", hint="Check out the commit, apply and promote."
        )
    return _unpacked(text)


def altered_files(reading: Reading, tree: Digest, sound: set[Digest]) -> Iterator[str]:
    """Yield what of a kept tree is not as it was kept, in words; ``sound`` holds contents that are known to be right.

    Cost: each content that is not among these is read and hashed once, and added to them.
    """
    try:
        files = blobs_of(reading, tree)
    except (EnvironmentFailed, ValueError, TypeError, AttributeError):
        yield "the list of its source files was altered, or is gone"
        return
    wanted = [(path, blob) for path, blob in files.items() if blob not in sound]
    for start in range(0, len(wanted), _KNOWN_AT_ONCE):
        part = wanted[start : start + _KNOWN_AT_ONCE]
        texts = reading.get(Collection.BLOBS, {blob for _, blob in part})
        for path, blob in part:
            if _is_content(texts.get(blob, ""), blob):
                sound.add(blob)
            else:
                yield f"its source file {path} was altered, or is gone"


def _is_content(text: str, blob: Digest) -> bool:
    """Tell whether a stored text holds the content of that digest."""
    try:
        return content_digest([_unpacked(text)]) == blob
    except (ValueError, zlib.error):
        return False


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text, validate=True)) if text else b""


def _present(reading: Reading, blobs: Sequence[Digest]) -> set[Digest]:
    """Return the blobs that are there, holding a bounded number of their texts at a time."""
    found: set[Digest] = set()
    for start in range(0, len(blobs), _KNOWN_AT_ONCE):
        found.update(Digest(key) for key in reading.get(Collection.BLOBS, blobs[start : start + _KNOWN_AT_ONCE]))
    return found


def _packed(content: bytes, file: File) -> str:
    if content_digest([content]) != file.digest:
        summary = f"{file.path} was changed while the command ran"
        raise Refused([Diagnostic("HG451", summary, Place(file.path), hint="Run the command again.")])
    return base64.b64encode(zlib.compress(content, 6)).decode("ascii")
