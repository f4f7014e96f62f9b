"""What goes wrong with a state file, said so that a person can do something about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headgate.core.errors import StoreFailed

BUSY_SECONDS = 30
"""How long a write waits for the writes of other processes; one takes some milliseconds."""

_CANNOT_WRITE = "Check that the file and its folder exist and that you may write to both."
_BACKUP = "Restore the file from a backup, or move it away together with its warehouse and apply again."

_BY_CODE = {
    sqlite3.SQLITE_BUSY: (f"was locked for {BUSY_SECONDS} s by another process", "Run the command again."),
    sqlite3.SQLITE_LOCKED: ("is locked", "Run the command again."),
    sqlite3.SQLITE_PROTOCOL: ("is locked", "Run the command again."),
    sqlite3.SQLITE_READONLY: ("cannot be written", _CANNOT_WRITE),
    sqlite3.SQLITE_PERM: ("cannot be opened", _CANNOT_WRITE),
    sqlite3.SQLITE_AUTH: ("cannot be opened", _CANNOT_WRITE),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _CANNOT_WRITE),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Make room on the disk and run the command again."),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk failed", "Check the disk and run the command again."),
    sqlite3.SQLITE_NOTADB: ("is not a state of Headgate", _BACKUP),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _BACKUP),
}


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Faults of SQLite and of the file system inside of the ``with`` come out as ``StoreFailed``."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, error) from error
    except OSError as error:
        raise StoreFailed(f"The state {path}: {error.strerror or error}", hint=_CANNOT_WRITE) from error
    except UnicodeEncodeError as error:
        raise StoreFailed(f"The state {path} cannot hold a text that is not Unicode: {error.object!a}") from error


def _told(path: Path, error: sqlite3.Error) -> StoreFailed:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    what, hint = _BY_CODE.get(primary, ("failed", "Run the command again; if it fails again, look at the disk"))
    return StoreFailed(f"The state {path} {what} (SQLite: {error})", hint=hint)
