"""Opening a warehouse: waiting for whoever holds the file, and saying what is wrong with one that cannot be opened."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from headgate.core.errors import EngineBusy, EngineFailed, WarehouseLost

_HOLDER = re.compile(r"\(PID (\d+)\)")
_POLL_SECONDS_MAX = 0.5
_SILENT_SECONDS = 1.0
_STREAM = "Read a stream to its end or let go of it, close the project that gave it, or the connection to the file."


def connected(
    path: Path, *, read_only: bool, wait_seconds: float, tell: Callable[[str], None] | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a connection to the file at ``path``; raise ``EngineBusy`` when it is held too long.

    One process holds a DuckDB file; the kernel lets go of it when that process ends, however it ends. After a second
    ``tell`` is told, once, who that is.
    """
    began = time.monotonic()
    deadline = began + wait_seconds
    pause = 0.02
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            message = str(error)
            if "different configuration" in message:  # this process has it open for reading: to wait would be for ever
                raise read_by_stream(path) from error
            if "Could not set lock" not in message:
                raise _unopened(path, message) from error
            left = deadline - time.monotonic()
            if left <= 0:
                raise _busy(path, message, wait_seconds) from error
            if tell is not None and time.monotonic() - began >= _SILENT_SECONDS:
                tell(f"{path.name} is held by {_holder(message)}: waiting for it, up to {wait_seconds:g} s.")
                tell = None
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _POLL_SECONDS_MAX)


def read_by_stream(path: Path) -> EngineBusy:
    """Return the error for a file that this process holds open in another way, for a stream or a connection."""
    return EngineBusy(f"{path.name} is being read by a stream or a connection of this process", hint=_STREAM)


def _busy(path: Path, message: str, waited: float) -> EngineBusy:
    return EngineBusy(
        f"{path.name} is held by {_holder(message)}; waited {waited:g} s",
        hint="DuckDB lets one process at a time open a file. End that process, or wait, and run the command again.",
    )


def _holder(message: str) -> str:
    found = _HOLDER.search(message)
    return f"process {found.group(1)}{_command_line(int(found.group(1)))}" if found else "another process"


def _command_line(process: int) -> str:
    """Return `` (its command line)``, or nothing where the system does not tell (not Linux, another user's process)."""
    try:
        raw = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return ""
    words = [word.decode(errors="replace") for word in raw.split(b"\0") if word]
    if not words:
        return ""
    text = " ".join([Path(words[0]).name, *words[1:]]).replace("\n", " ")
    return f" ({text if len(text) <= 100 else text[:97] + '...'})"


def missing(path: Path) -> EngineFailed:
    """Return that a file is not there."""
    return WarehouseLost(
        f"{path} does not exist", hint="Make it: headgate apply", way="Put the warehouse file back; or"
    )


def _unopened(path: Path, message: str) -> EngineFailed:
    if "newer version of DuckDB" in message or "with version number" in message:
        return EngineFailed(
            f"{path.name} was written by a newer DuckDB than the installed {duckdb.__version__}",
            hint="Upgrade it: pip install --upgrade duckdb",
        )
    if "not a valid DuckDB database" in message:
        return WarehouseLost(
            f"{path} is not a DuckDB file, or is damaged",
            hint="Restore it from a backup, or move it away: headgate apply builds everything again.",
            way="Restore it from a backup; or move it away, and",
        )
    if "database does not exist" in message:
        return missing(path)
    if "No such file or directory" in message:
        return EngineFailed(f"{path} cannot be made: {path.parent} is no folder", hint="Make the folder first.")
    first = message.split("\n", maxsplit=1)[0]
    return EngineFailed(f"{path} cannot be opened: {first}", hint="Check the file and its permissions.")
