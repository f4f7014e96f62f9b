"""Readers beside a writer: whatever they see is a whole release, and they see one side and the other."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from crash.process import HERE, headgate
from crash.projects import URL, orders_of
from crash.worlds import Worlds


@dataclass(frozen=True, slots=True)
class Course:
    """What is asked of prod, in one transaction, while ``steps`` are taken over and over again."""

    world: str
    questions: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]


SWITCHES = Course(
    "promoted",
    (
        "select version, orders from staging.stamp",
        "select version, total from marts.stamp",
        "select min(version), count(*), sum(total) from marts.priced",
    ),
    (("rollback", "prod", "--yes"), ("promote", "dev", "--yes")),
)
"""Three views in two schemas; each answer tells its version."""

RUNS = Course(
    "promoted",
    (
        "select version, orders from staging.stamp",
        "select min(batch), max(batch), count(*), sum(amount) from marts.by_id",
        "select min(day), max(day), count(*), sum(amount) from marts.by_day",
        "select n, ids, days from marts.loaded",
    ),
    (("data", "3"), ("run", "prod"), ("data", "1"), ("run", "prod")),
)
"""New data comes again and again, and `run` takes it into tables that are made anew, merged by key, loaded by time."""

COURSES = {"switches": SWITCHES, "runs": RUNS}


@dataclass(slots=True)
class Tally:
    """How often each set of answers was seen, how often the environment was moved, what it showed in between."""

    moves: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    rested: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    @property
    def reads(self) -> int:
        return sum(self.seen.values())


def threads(worlds: Worlds, seconds: float) -> Tally:
    """Read in threads of the process that publishes, which the command line's own entry does in this one.

    DuckDB opens a file once in a process, with one configuration: `run` takes files in with another one than readers.
    """
    course = SWITCHES
    world = worlds.copy(course.world)
    tally, stop = Tally(), threading.Event()
    readers = [threading.Thread(target=_read, args=(world, course, stop, tally, how)) for how in (_kept, _opened)]
    for reader in readers:
        reader.start()
    try:
        _move(tally, world, course, seconds, lambda command: _in_process(world, command))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    _judge(tally)
    worlds.remove(world)
    return tally


def processes(worlds: Worlds, seconds: float, course: Course) -> Tally:
    """Read in a process that opens the warehouse, reads in one transaction, and closes; publish in others."""
    world = worlds.copy(course.world)
    tally = Tally()
    (name,) = (name for name, known in COURSES.items() if known is course)
    reader = subprocess.Popen(
        [sys.executable, "-m", "crash.readers", str(world), name],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _move(tally, world, course, seconds, lambda command: _in_another(world, command))
    finally:
        (world / "stop").touch()
        out, err = reader.communicate(timeout=60)
    if reader.returncode:
        tally.faults.append(f"the reader ended with {reader.returncode}: {err[-500:]}")
    for line in out.splitlines():
        times, _, answers = line.partition(" ")
        tally.seen[answers] += int(times)
    _judge(tally)
    worlds.remove(world)
    return tally


def main(world: Path, course: Course) -> int:
    """Be the reading process: print how often each set of answers was seen."""
    seen: Counter[str] = Counter()
    is_read_only = False
    while not (world / "stop").exists():
        is_read_only = not is_read_only
        answers = _once(world, course, is_read_only=is_read_only)
        if answers:
            seen[answers] += 1
        time.sleep(0.003)  # DuckDB lets one process in at a time: leave the writer a gap
    for answers, times in seen.items():
        print(times, answers)
    return 0


def _once(world: Path, course: Course, *, is_read_only: bool) -> str:
    """Return the answers of one transaction; nothing where another process holds the file."""
    import duckdb

    try:
        with _connected(world, is_read_only=is_read_only) as connection:
            return _answers(connection, course)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        return ""


@contextlib.contextmanager
def _connected(world: Path, *, is_read_only: bool = False) -> Iterator[Any]:
    if (world / URL).exists():
        import psycopg

        with psycopg.connect((world / URL).read_text(), autocommit=True) as connection:
            connection.execute("set default_transaction_isolation to 'repeatable read'")
            yield connection
    else:
        import duckdb

        with duckdb.connect(str(world / "warehouse.duckdb"), read_only=is_read_only) as duck:
            yield duck


def _answers(connection: Any, course: Course) -> str:
    connection.execute("begin")
    rows = [connection.execute(question).fetchall() for question in course.questions]
    connection.execute("commit")
    return repr(rows)


def _kept(world: Path, course: Course, stop: threading.Event, tally: Tally) -> None:
    """Read through one connection for good: on DuckDB it shares the database with whoever publishes in this process."""
    with _connected(world) as connection:
        while not stop.is_set():
            tally.seen[_answers(connection, course)] += 1


def _opened(world: Path, course: Course, stop: threading.Event, tally: Tally) -> None:
    """Read through a new connection each time."""
    while not stop.is_set():
        if answers := _once(world, course, is_read_only=False):
            tally.seen[answers] += 1


def _read(world: Path, course: Course, stop: threading.Event, tally: Tally, how: Callable[..., None]) -> None:
    try:
        how(world, course, stop, tally)
    except Exception as error:
        tally.faults.append(f"a reader failed: {type(error).__name__}: {error}")


def _move(tally: Tally, world: Path, course: Course, seconds: float, run: Callable[[tuple[str, ...]], int]) -> None:
    """Take the steps, the whole course at least once, and note what is shown after each."""
    deadline = time.monotonic() + seconds
    tally.rested.add(_at_rest(world, course))
    for number, step in enumerate(cycle(course.steps)):
        if time.monotonic() > deadline and number >= len(course.steps):
            return
        if step[0] == "data":
            (world / "data/orders.csv").write_text(orders_of(int(step[1])))
            continue
        status, told = run(step)
        if status:
            tally.faults.append(f"`{' '.join(step)}` ended with {status}: {told[:600]}")
            return
        tally.moves += 1
        tally.rested.add(_at_rest(world, course))


def _at_rest(world: Path, course: Course) -> str:
    while not (answers := _once(world, course, is_read_only=False)):
        time.sleep(0.001)
    return answers


def _in_another(world: Path, command: tuple[str, ...]) -> tuple[int, str]:
    ended = headgate(world, *command)
    return ended.status, ended.told()


def _in_process(world: Path, command: tuple[str, ...]) -> tuple[int, str]:
    from headgate.cli.main import run

    os.environ["HEADGATE_USER"] = "crash"
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        return run(["-C", str(world), *command]), told.getvalue()


def _judge(tally: Tally) -> None:
    for answers, times in tally.seen.items():
        if answers not in tally.rested:
            tally.faults.append(f"seen {times} times, a part of one release and a part of another: {answers}")
    if len(tally.rested) < 2:
        tally.faults.append(f"nothing changed in {tally.moves} moves: {tally.rested}")
    for answers in tally.rested - tally.seen.keys():
        tally.faults.append(f"never seen in {tally.reads} reads: {answers}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), COURSES[sys.argv[2]]))
