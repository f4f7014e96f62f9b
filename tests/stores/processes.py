"""Processes that work on one state, as texts of Python, and how tests begin them and hear of their ends.

The text that opens the ``store`` stands before each of them. ``sys.argv[1]`` is where the state is; ``name`` and
``count`` come after it.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Callable

import pytest

from headgate.core.errors import StoreFailed
from headgate.core.ports.store import Batch, Entry, Lease, LeaseTaken, StateStore

_BEFORE = """
import os, pathlib, subprocess, sys, time
from headgate.core.errors import Conflict
from headgate.core.ports.store import Batch, Entry, Expectation, LeaseTaken, NewEvent
name, count = sys.argv[2], int(sys.argv[3])
"""

READY = """
print("ready", flush=True)
sys.stdin.readline()
"""
"""Wait until all that shall work at once are there, see ``go``."""

HOLD = """
lease = store.acquire("engine/local", holder=name, purpose="apply", at="now")
print("held", flush=True)
sys.stdin.read()
"""

RACE = """
won = 0
while won < count:
    try:
        lease = store.acquire("engine/local", holder=name, purpose="apply", at="now")
    except LeaseTaken as taken:
        assert taken.lease.holder != name, taken
        time.sleep(0.002)
        continue
    with store.reading() as reading:
        before = reading.get("c", ["count", "inside"])
    assert before.get("inside", "") == "", "two holders at once"
    store.commit(Batch((Entry("c", "inside", name),), lease=lease))
    total = str(int(before.get("count", "0")) + 1)
    store.commit(Batch((Entry("c", "inside", ""), Entry("c", "count", total)), lease=lease))
    store.release(lease)
    won += 1
print(won, store.identity(), flush=True)
store.close()
"""
"""Take a lease ``count`` times, alone while it is held; print that and the id of the state."""

COMMIT = """
i = count
while True:
    i += 1
    event = NewEvent("e", {"by": name, "i": i})
    store.commit(Batch((Entry("a", name, str(i)), Entry("b", name, str(i))), (), (event,), lease))
    os.write(1, b"%d\\n" % i)
"""
"""Write one number more in two places and the log, until it is killed; print each that was acknowledged."""


def started(script: str, where: object, name: str, count: int = 0) -> subprocess.Popen[str]:
    """Return a process that runs a script, which opens the state at ``where``."""
    command = [sys.executable, "-c", _BEFORE + script, str(where), name, str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def go(processes: list[subprocess.Popen[str]]) -> None:
    """Let processes begin at once, each with its work."""
    for process in processes:
        assert line_of(process) == "ready", process.communicate()[1]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def ends_of(processes: list[subprocess.Popen[str]]) -> list[list[str]]:
    """Return the words that each process printed at its end; fail where one failed."""
    ends = [process.communicate(timeout=200) for process in processes]
    assert [end[1] for end in ends] == [""] * len(ends)
    assert [process.returncode for process in processes] == [0] * len(ends)
    return [end[0].split() for end in ends]


def fork_and_stay_apart(store: StateStore, lease: Lease, again: Callable[[], StateStore]) -> None:
    """Have a forked child use in vain what its parent opened, whose ``lease`` stays, and then open the state itself."""

    def in_child() -> None:
        with pytest.raises(StoreFailed, match="another process"):
            store.commit(Batch((Entry("c", "a", "child"),), lease=lease))
        with pytest.raises(StoreFailed, match="another process"), store.reading():
            pass
        store.close()
        other = again()
        with pytest.raises(LeaseTaken):
            other.acquire("engine/local", holder="child", purpose="apply", at="now")
        assert other.acquire("engine/other", holder="child", purpose="apply", at="now").fence == 1
        other.close()

    child = multiprocessing.get_context("fork").Process(target=in_child)
    child.start()
    child.join(30)
    assert child.exitcode == 0
