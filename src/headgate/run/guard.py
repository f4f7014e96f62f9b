"""That what is read is what was planned: files by content before and after, tables of the engine by their columns."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.core.declarations import FileSource, TableSource
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused
from headgate.core.graph import Node, SeedBody, SourceNode
from headgate.core.hashing import Digest, content_digest
from headgate.core.plan import Action, Plan, Step
from headgate.core.ports.engine import Engine
from headgate.core.recipe import Shape

CHUNK_BYTES = 1 << 20
RACY_SECONDS = 2.0
"""A file written so shortly before it was looked at can change again without its time stamp telling (git's rule)."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file; equal stamps mean the same content unless the file ``is_racy``."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    is_racy: bool


def files_of(step: Step) -> tuple[tuple[str, Digest], ...]:
    """Return the files that making the step reads, each with the digest that the plan says."""
    node = step.node
    if isinstance(node, SourceNode) and isinstance(node.location, FileSource):
        return tuple((file.path, file.digest) for file in node.location.files)
    if isinstance(node, Node) and isinstance(node.body, SeedBody):
        return ((node.body.path, node.body.digest),)
    return ()


def stamps(step: Step, root: str) -> tuple[Stamp, ...] | Diagnostic:
    """Return the stamps of the step's files where they hold what the plan says. Cost: reads them once."""
    found: list[Stamp] = []
    for path, digest in files_of(step):
        try:
            stamp = _stamp(_absolute(root, path))
            same = content_digest(_chunks(_absolute(root, path))) == digest
        except OSError as error:
            return _unreadable(step, path, error)
        if not same:
            return _changed(step, path, "since the plan was made")
        found.append(stamp)
    return tuple(found)


def fault_after(step: Step, root: str, before: tuple[Stamp, ...]) -> Diagnostic | None:
    """Return what is wrong where a file changed while it was read. Cost: reads again what was written just before."""
    for (path, digest), stamp in zip(files_of(step), before, strict=True):
        try:
            now = _stamp(_absolute(root, path))
            same = (now.size, now.modified_ns, now.changed_ns, now.inode) == (
                stamp.size,
                stamp.modified_ns,
                stamp.changed_ns,
                stamp.inode,
            )
            if same and stamp.is_racy:
                same = content_digest(_chunks(_absolute(root, path))) == digest
        except OSError as error:
            return _unreadable(step, path, error)
        if not same:
            return _changed(step, path, "while it was read")
    return None


def check_tables(plan: Plan, engine: Engine) -> None:
    """Raise ``Refused`` where a table to be captured has other columns than planned. Cost: one catalogue query."""
    steps = {
        step.node.location: step
        for step in plan.doing(Action.CAPTURE)
        if isinstance(step.node, SourceNode) and isinstance(step.node.location, TableSource)
    }
    if not steps:
        return
    shapes = engine.columns(tuple(steps))
    faults = [_moved(step, shapes.get(table)) for table, step in steps.items() if shapes.get(table) != step.shape]
    if faults:
        raise Refused(faults)


def _moved(step: Step, shape: Shape | None) -> Diagnostic:
    if shape is None:
        hint = "Make it again, or take it out here and in all that reads it."
        return Diagnostic("HG452", f"the source table {step.address} is gone", step.place, hint=hint)
    hint = f"headgate plan --refresh {step.address} reads them anew. A run has them once that was applied, or promoted."
    before, now = {c.name: c.type for c in step.shape}, {c.name: c.type for c in shape}
    told = [f"{name} is gone" for name in before if name not in now]
    told += [f"{name} is new" for name in now if name not in before]
    told += [f"{n} is {now[n]}, was {t}" for n, t in before.items() if n in now and now[n] != t]
    what = ", ".join(told) or "their order"
    return Diagnostic("HG452", f"the columns of {step.address} have moved: {what}", step.place, hint=hint)


def _changed(step: Step, path: str, when: str) -> Diagnostic:
    return Diagnostic("HG451", f"{path} changed {when}", step.place, hint="Plan again once nobody writes to it.")


def _unreadable(step: Step, path: str, error: OSError) -> Diagnostic:
    return Diagnostic("HG451", f"{path} cannot be read: {error.strerror or error}", step.place, hint="Plan again.")


def _stamp(path: Path) -> Stamp:
    seen_at = time.time()
    status = os.stat(path)
    newest = max(status.st_mtime, status.st_ctime)
    is_racy = newest > seen_at - RACY_SECONDS
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, is_racy)


def _absolute(root: str, path: str) -> Path:
    return Path(root, path)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
