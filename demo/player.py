"""Who plays a demo: runs commands as if somebody typed them, and stops where one says something else than expected."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@localhost", "-c", "commit.gpgsign=false")


class Unexpected(Exception):
    """A command failed, or did not say what it should."""


@dataclass
class Player:
    """Runs commands in ``folder`` and shows them as if somebody typed them."""

    folder: Path
    settings: Path
    """Where the key of releases is made: nothing of the demo stays among the user's own settings."""

    is_watched: bool
    started: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """Say in a line what comes next."""
        self._pause(0.6)
        print(f"\n{self._styled(f'# {text}', '1;36')}", flush=True)
        self._pause(0.8)

    def run(self, line: str, *expected: str, status: int = 0) -> str:
        """Run one command line; its output is shown, and must match every pattern of ``expected``."""
        print(f"{self._styled('$', '32')} {self._styled(line, '1')}", flush=True)
        self._pause(0.4)
        output, code = self._output(line)
        if code != status:
            raise Unexpected(f"`{line}` ended with {code}, not {status}")
        for pattern in expected:
            if not re.search(pattern, output):
                raise Unexpected(f"`{line}` should say something like {pattern!r}")
        self._pause(1.2)
        return output

    def edit(self, path: str, before: str, after: str) -> None:
        """Change one line of a file, and show the change."""
        file = self.folder / path
        text = file.read_text()
        if text.count(before) != 1:
            raise Unexpected(f"{path} should hold {before!r} once")
        file.write_text(text.replace(before, after))
        print(f"{self._styled('$', '32')} {self._styled(f'$EDITOR {path}', '1')}")
        print(self._styled(f"- {before.rstrip()}", "31"))
        print(self._styled(f"+ {after.rstrip()}", "32"), flush=True)
        self._pause(1.5)

    def write(self, path: str, text: str) -> None:
        """Write a new file, and show it."""
        (self.folder / path).write_text(text)
        print(f"{self._styled('$', '32')} {self._styled(f'$EDITOR {path}', '1')}")
        print(self._styled("".join(f"+ {line}\n" for line in text.splitlines()).rstrip(), "32"), flush=True)
        self._pause(2.5)

    def _output(self, line: str) -> tuple[str, int]:
        words = shlex.split(line)
        if words[0] == "headgate":
            words = [sys.executable, "-m", "headgate", *words[1:]]
        elif words[0] == "git":
            words = [*GIT, *words[1:]]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "HEADGATE_USER": "ada"}
        environment["XDG_CONFIG_HOME"] = str(self.settings)
        if self.is_watched:
            return _in_terminal(words, self.folder, environment)
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(done.stdout, end="", flush=True)
        return done.stdout, done.returncode

    def _styled(self, text: str, codes: str) -> str:
        return f"\x1b[{codes}m{text}\x1b[0m" if self.is_watched and not os.environ.get("NO_COLOR") else text

    def _pause(self, seconds: float) -> None:
        if self.is_watched:
            time.sleep(seconds)


def _in_terminal(words: Sequence[str], folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    """Run a command on a terminal of its own, so that it shows its colours and its progress; return what it wrote."""
    import pty

    outer, inner = pty.openpty()
    try:
        import fcntl
        import termios

        size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(inner, termios.TIOCSWINSZ, size)
    except OSError:
        pass  # a terminal without a size: the command takes 80 columns
    process = subprocess.Popen(words, cwd=folder, env=environment, stdin=inner, stdout=inner, stderr=inner)
    os.close(inner)
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(outer, 4096)
        except OSError:
            break  # the command has ended: reading from its terminal fails then
        if not piece:
            break
        pieces.append(piece)
        sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    os.close(outer)
    text = b"".join(pieces).decode(errors="replace")
    return re.sub(r"\x1b\[[0-9;]*[mK]", "", text).replace("\r", ""), process.wait()
