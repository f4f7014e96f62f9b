"""Headgate's command line as processes: started, timed, killed; what they leave behind is looked for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crash.projects import URL

HERE = Path(__file__).resolve().parent.parent
SECONDS_MAX = 180
"""A command that takes longer hangs."""

PLANTED: list[str] = []
"""The bug, if any, that every command is started with (see ``crash.planted``)."""

POINT = "crash.point"
"""The file by which a command tells that it is at the point where harm is done; it goes on when the file is gone."""

_ORPHAN_SECONDS_MAX = 10


class Hangs(Exception):
    """A command did not end."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended; the status is negative where a signal ended it."""

    pid: int
    arguments: tuple[str, ...]
    status: int
    out: str
    err: str
    seconds: float

    @property
    def is_killed(self) -> bool:
        return self.status == -signal.SIGKILL

    @property
    def is_rude(self) -> bool:
        """It showed a traceback, or what is no exit status of Headgate."""
        said = self.out + self.err
        known = self.status in (0, 1, 2, 3, 10) or self.is_killed
        return not known or "Traceback" in said or "bug in Headgate" in said

    def told(self) -> str:
        said = " | ".join(line for line in (self.err + "\n" + self.out).splitlines() if line.strip())
        return f"`{' '.join(self.arguments)}` ended with {self.status}: {said[:600]}"


class Command:
    """A running command. ``spec`` (see ``crash.launch``) makes it count its calls or kill itself at one of them."""

    def __init__(self, world: Path, *arguments: str, spec: dict[str, Any] | None = None) -> None:
        self.arguments = arguments
        self._world = world
        if PLANTED:
            spec = {"level": "none", **(spec or {}), "plant": PLANTED[-1]}
        module = ["headgate"] if spec is None else ["crash.launch", json.dumps(spec)]
        self._started = time.monotonic()
        self.tag = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", *module, *arguments],
            cwd=world,
            env=_environment(self.tag, world),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill_after(self, seconds: float) -> None:
        """SIGKILL it, and nothing of what it has started, at that instant unless it has ended before."""
        try:
            self._process.wait(max(0.0, self._started + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()

    def harm_after(self, seconds: float, harm: Callable[[], object]) -> bool:
        """Do harm, so many seconds after it has told that it is at its point; return whether it came to it."""
        point = self._world / POINT
        while not point.exists():
            if self._process.poll() is not None:
                return False
            time.sleep(0.002)
        time.sleep(seconds)
        try:
            harm()
        finally:
            point.unlink()
        return True

    def end(self) -> Ended:
        """Wait for its end, and for the end of what it has started."""
        try:
            out, err = self._process.communicate(timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise Hangs(f"`{' '.join(self.arguments)}` did not end in {SECONDS_MAX} s") from None
        seconds = time.monotonic() - self._started
        ended = Ended(self.pid, self.arguments, self._process.returncode, out, err, seconds)
        if ended.is_killed:
            _wait_for_orphans(self.tag)
        return ended


def headgate(world: Path, *arguments: str, spec: dict[str, Any] | None = None) -> Ended:
    """Run one command to its end."""
    return Command(world, *arguments, spec=spec).end()


def done(world: Path, *arguments: str) -> Ended:
    """Run one command that must succeed."""
    ended = headgate(world, *arguments)
    if ended.status:
        raise RuntimeError(ended.told())
    return ended


def git(world: Path, *arguments: str) -> None:
    """Run git as nobody in particular."""
    identity = ("-c", "user.name=crash", "-c", "user.email=crash@example.org", "-c", "commit.gpgsign=false")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    subprocess.run(["git", *identity, *arguments], cwd=world, env=environment, check=True, capture_output=True)


def _environment(tag: str, world: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    path = os.pathsep.join(filter(None, (str(HERE), kept.get("PYTHONPATH", ""))))
    url = {"CRASH_URL": (world / URL).read_text()} if (world / URL).exists() else {}
    own = {"HEADGATE_USER": "crash", "XDG_CONFIG_HOME": str(world.parent / "settings")}
    return {**kept, **url, **own, "CRASH_RUN": tag, "PYTHONPATH": path}


def _wait_for_orphans(tag: str) -> None:
    """Raise ``Hangs`` where a process that a killed command had started is still there after some seconds."""
    deadline = time.monotonic() + _ORPHAN_SECONDS_MAX
    while found := _tagged(tag):
        if time.monotonic() > deadline:
            for process in found:
                os.kill(process, signal.SIGKILL)
            raise Hangs(f"a killed command left processes behind: {found}")
        time.sleep(0.02)


def _tagged(tag: str) -> list[int]:
    wanted = f"CRASH_RUN={tag}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                wanted in (folder / "environ").read_bytes().split(b"\0")
                and b") Z " not in (folder / "stat").read_bytes()
            ):
                found.append(int(folder.name))
        except OSError:
            continue
    return found
