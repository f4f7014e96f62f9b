"""`--watch`: a command once more whenever a file changed that Headgate reads, until Ctrl-C or the terminal's end."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from headgate.app.session import find_root
from headgate.app.watching import Stamps, changed, data_patterns, stamps
from headgate.cli.terminal import Terminal
from headgate.core.listing import listed

LOOK_SECONDS = 0.3
"""So often it is looked; a change counts once two looks see the same files, so half a save is never read."""

_FOLLOWED = 3


def watch(command: Callable[[Namespace, Terminal], int], options: Namespace, terminal: Terminal) -> int:
    """Carry the command out now and after each change; return 0 once somebody ends it.

    What is wrong is told and the watch goes on: the next save may mend it. With ``--json`` each time is one line.
    """
    root = find_root(Path(options.project or "."))
    whose = _Owner()
    try:
        while True:
            # Looked at before the command reads them: what is saved meanwhile is a change.
            patterns = data_patterns(root)
            before = stamps(root, patterns)
            _once(command, options, terminal)
            terminal.say("Watching: Ctrl-C ends it.")
            found = _wait(root, patterns, before, whose)
            if found is None:
                return 0
            terminal.write(f"\n-- {time.strftime('%H:%M:%S')} -- {listed(found, _FOLLOWED)} --")
            options.started = time.perf_counter()
    except KeyboardInterrupt:
        terminal.say()
        return 0


def _once(command: Callable[[Namespace, Terminal], int], options: Namespace, terminal: Terminal) -> None:
    try:
        command(options, terminal)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        from headgate.cli.failures import tell

        tell(error, options.command, terminal, [])
    sys.stdout.flush()


def _wait(root: Path, patterns: tuple[str, ...], before: Stamps, whose: _Owner) -> tuple[str, ...] | None:
    """Return what changed, once it has settled; None where nobody is there any more."""
    last = before
    while True:
        time.sleep(LOOK_SECONDS)
        if whose.is_gone():
            return None
        now = stamps(root, patterns)
        found = changed(before, now)
        if found and now == last:
            return found
        last = now


class _Owner:
    """Who began the watch: the process above us, and the terminal where there is one."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._streams = [stream.fileno() for stream in (sys.stdin, sys.stdout) if _is_terminal(stream)]

    def is_gone(self) -> bool:
        """Tell whether the process above us has ended, or a terminal has hung up that was there."""
        return os.getppid() != self._parent or not all(os.isatty(stream) for stream in self._streams)


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]  # a stream that a test put there may have none
    except (AttributeError, ValueError):
        return False
