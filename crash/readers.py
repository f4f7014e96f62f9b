"""Readers beside a writer: whatever they see is a whole release, and they see both the old and the new one."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from crash.process import HERE, Command, headgate
from crash.worlds import Worlds, copied

QUESTIONS = (
    "select version, orders from staging.stamp",
    "select version, total from marts.stamp",
    "select min(version), count(*), sum(total) from marts.priced",
)
"""Three views of prod in two schemas; each answer tells its version."""

THREADS = 2
SWITCHES = (("rollback", "prod", "--yes"), ("promote", "dev", "--yes"))


@dataclass(slots=True)
class Tally:
    """How often each set of answers was seen, and how often the environment was switched."""

    switches: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def reads(self) -> int:
        return sum(self.seen.values())


def threads(worlds: Worlds, seconds: float) -> Tally:
    """Read in threads of the process that publishes, which the command line's own entry does in this one."""
    world = copied(worlds.get("promoted"), worlds.folder / "threads")
    tally, stop = Tally(), threading.Event()
    both = _both(world)
    readers = [threading.Thread(target=_read, args=(world, stop, tally, once)) for once in (_kept, _opened)[:THREADS]]
    for reader in readers:
        reader.start()
    try:
        _switch(tally, seconds, lambda command: _in_process(world, command))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    _judge(tally, both)
    shutil.rmtree(world)
    return tally


def processes(worlds: Worlds, seconds: float) -> Tally:
    """Read in a process that opens the warehouse, reads in one transaction, and closes; publish in others."""
    world = copied(worlds.get("promoted"), worlds.folder / "processes")
    tally = Tally()
    both = _both(world)
    stop = world / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-m", "crash.readers", str(world)],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _switch(tally, seconds, lambda command: Command(world, *command).end().status)
    finally:
        stop.touch()
        out, err = reader.communicate(timeout=60)
    if reader.returncode:
        tally.faults.append(f"the reader ended with {reader.returncode}: {err[-500:]}")
    for line in out.splitlines():
        times, _, answers = line.partition(" ")
        tally.seen[answers] += int(times)
    _judge(tally, both)
    shutil.rmtree(world)
    return tally


def main(world: Path) -> int:
    """Be the reading process: print how often each set of answers was seen."""
    seen: Counter[str] = Counter()
    is_read_only = False
    while not (world / "stop").exists():
        is_read_only = not is_read_only
        answers = _once(world, is_read_only=is_read_only)
        if answers:
            seen[answers] += 1
        time.sleep(0.003)  # DuckDB lets one process in at a time: leave the writer a gap
    for answers, times in seen.items():
        print(times, answers)
    return 0


def _once(world: Path, *, is_read_only: bool) -> str:
    """Return the answers of one transaction; nothing where another process holds the file."""
    import duckdb

    try:
        connection = duckdb.connect(str(world / "warehouse.duckdb"), read_only=is_read_only)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        return ""
    with connection:
        return _answers(connection)


def _answers(connection: object) -> str:
    connection.execute("begin")  # type: ignore[attr-defined]
    rows = [connection.execute(question).fetchall() for question in QUESTIONS]  # type: ignore[attr-defined]
    connection.execute("commit")  # type: ignore[attr-defined]
    return repr(rows)


def _kept(world: Path, stop: threading.Event, tally: Tally) -> None:
    """Read through one connection for good: it shares the database with whoever publishes in this process."""
    import duckdb

    with duckdb.connect(str(world / "warehouse.duckdb")) as connection:
        while not stop.is_set():
            tally.seen[_answers(connection)] += 1


def _opened(world: Path, stop: threading.Event, tally: Tally) -> None:
    """Read through a new connection each time."""
    while not stop.is_set():
        if answers := _once(world, is_read_only=False):
            tally.seen[answers] += 1


def _read(
    world: Path, stop: threading.Event, tally: Tally, how: Callable[[Path, threading.Event, Tally], None]
) -> None:
    try:
        how(world, stop, tally)
    except Exception as error:
        tally.faults.append(f"a reader failed: {type(error).__name__}: {error}")


def _switch(tally: Tally, seconds: float, run: Callable[[tuple[str, ...]], int]) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for command in SWITCHES:
            status = run(command)
            if status:
                tally.faults.append(f"`{' '.join(command)}` ended with {status}")
                return
            tally.switches += 1


def _in_process(world: Path, command: tuple[str, ...]) -> int:
    from headgate.cli.main import run

    os.environ["HEADGATE_USER"] = "crash"
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        return run(["-C", str(world), *command])


def _both(world: Path) -> tuple[str, str]:
    """Return the answers of both releases: switched there and back."""
    answers = [_once(world, is_read_only=True)]
    for command in SWITCHES:
        ended = headgate(world, *command)
        if ended.status:
            raise RuntimeError(ended.told())
        answers.append(_once(world, is_read_only=True))
    if answers[0] != answers[2] or answers[0] == answers[1]:
        raise RuntimeError(f"a switch there and back led from {answers[0]} over {answers[1]} to {answers[2]}")
    return answers[0], answers[1]


def _judge(tally: Tally, both: tuple[str, str]) -> None:
    for answers, times in tally.seen.items():
        if answers not in both:
            tally.faults.append(f"seen {times} times, a part of one release and a part of another: {answers}")
    for name, answers in zip(("first", "second"), both, strict=True):
        if not tally.seen[answers]:
            tally.faults.append(f"the {name} release was never seen in {tally.reads} reads")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
