"""Watching a process: its memory and its time. What goes over a limit is ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

LOOK_SECONDS = 0.05


def memory_of(process: int) -> int:
    """Return the bytes of memory that a process has of its own, pages of mapped files left out; 0 if it has ended.

    On Linux RssAnon and RssShmem of proc(5); elsewhere the resident size that ``ps`` tells.
    """
    try:
        with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file if line.startswith(("RssAnon", "RssShmem")))
        return sum(int(value.split()[0]) * 1024 for value in fields.values())
    except (OSError, ValueError):
        return 0 if sys.platform == "linux" else _resident(process)


def _resident(process: int) -> int:
    answer = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=False)
    return int(answer.stdout.strip() or 0) * 1024


def end_group(process: int) -> None:
    """Kill a process, which leads a group, and all of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


class Watch(threading.Thread):
    """Looks at a process until it ends; ``over`` is told which limit it reached, then the process is killed.

    What the process has started and left behind ends with it.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], *, seconds: int, bytes_: int, over: Callable[[str], None]
    ) -> None:
        super().__init__(name="headgate-watch", daemon=True)
        self._process = process
        self._seconds = seconds
        self._bytes = bytes_
        self._over = over
        self._is_over = threading.Event()
        self.peak = 0

    def end(self) -> None:
        """Have ended it when this returns: a thread that is left when Python ends keeps alive all that it knows."""
        self._is_over.set()
        self.join()

    def run(self) -> None:
        """Look, twenty times a second."""
        deadline = time.monotonic() + self._seconds
        while not self._is_over.is_set() and self._process.poll() is None:
            self.peak = max(self.peak, memory_of(self._process.pid))
            reached = "memory" if self.peak > self._bytes else "time" if time.monotonic() > deadline else ""
            if reached:
                self._over(reached)
                break
            self._is_over.wait(LOOK_SECONDS)
        end_group(self._process.pid)  # a process that it left behind would hold its pipes open
