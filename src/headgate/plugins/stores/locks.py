"""Locks that end with their process: one file per resource beside the state, held with flock(2).

Each lock has an open file of its own, so two holders in one process exclude each other as two processes do. A child
never keeps its parent's lock: the file is closed on exec (O_CLOEXEC) and, after a fork, before the child runs on.
Lock files are never deleted: two processes could then each lock a file of that name.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from pathlib import Path

from headgate.core.errors import StoreFailed
from headgate.core.hashing import digest, short

_LOOKS_MAX = 200

_forking = threading.Lock()  # no fork between opening a lock file and knowing its descriptor
_held: set[Lock] = set()


def lock_path(state: Path, resource: str) -> Path:
    """Return the lock file of ``resource``: readable, and different for every two resources on any file system.

    >>> lock_path(Path("x.state.db"), "engine/local").name
    'x.state.db.engine-local-d689c4c84f3d6856.lock'
    """
    readable = re.sub(r"[^a-z0-9]+", "-", resource.lower())[:40].strip("-")
    return state.with_name(f"{state.name}.{readable}-{short(digest('lock', resource), 16)}.lock")


class Lock:
    """A lock that is held until ``free`` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def free(self) -> None:
        """Let go of it; may be repeated."""
        with _forking:
            self._close()

    def _close(self) -> None:
        if self in _held:
            _held.discard(self)
            os.close(self._descriptor)


def try_lock(path: Path) -> Lock | None:
    """Return the lock, or None where somebody holds it. Calls for one path must not overlap.

    Whoever looks with ``is_locked`` holds a shared lock for an instant: that is told from a holder, and waited for.
    """
    with _forking:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            is_mine = _locked_alone(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        if is_mine:
            lock = Lock(descriptor)
            _held.add(lock)
            return lock
        os.close(descriptor)
        return None


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds the lock now."""
    with _forking:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _locked(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)


def _locked_alone(descriptor: int, path: Path) -> bool:
    for _ in range(_LOOKS_MAX):
        if _locked(descriptor, fcntl.LOCK_EX):
            return True
        if not _locked(descriptor, fcntl.LOCK_SH):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(0.001)
    raise StoreFailed(f"{path} is looked at without pause by other processes", hint="Run the command again.")


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _close_in_child() -> None:
    # Closing a copy leaves the parent's lock alone; LOCK_UN would end it.
    for lock in list(_held):
        lock._close()
    _forking.release()


os.register_at_fork(before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_close_in_child)
