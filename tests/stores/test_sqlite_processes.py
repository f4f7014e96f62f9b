"""Several processes on one state: leases end with their process, and what was acknowledged survives SIGKILL."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headgate.core.events import verify_events
from headgate.core.ports.store import Batch, Entry, LeaseTaken, StateStore
from headgate.plugins.stores.locks import lock_path
from headgate.plugins.stores.sqlite import open_sqlite_store
from tests.stores.processes import COMMIT, HOLD, RACE, READY, ends_of, fork_and_stay_apart, go, line_of, started

pytestmark = pytest.mark.slow

OPEN = """
from headgate.plugins.stores.sqlite import open_sqlite_store
store = open_sqlite_store(pathlib.Path(sys.argv[1]), nonce=lambda: name)
"""
LEASE = """
lease = store.acquire("engine/local", holder=name, purpose="apply", at="now")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "w.state.db"


@pytest.fixture
def store(path: Path) -> Iterator[StateStore]:
    with closing(open_sqlite_store(path, nonce=lambda: "id")) as store:
        yield store


def killed(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGKILL)
    return process.communicate()[0]


def test_the_loser_is_told_who_holds_the_lease(path: Path, store: StateStore) -> None:
    holder = started(OPEN + HOLD, path, "ci@runner-7")
    assert line_of(holder) == "held"
    with pytest.raises(LeaseTaken) as caught:
        store.acquire("engine/local", holder="me", purpose="promote", at="later")
    assert (caught.value.lease.holder, caught.value.lease.purpose) == ("ci@runner-7", "apply")
    with store.reading() as reading:
        assert reading.lease("engine/local") == caught.value.lease
    holder.communicate()
    with store.reading() as reading:
        assert reading.lease("engine/local") is None


def test_two_processes_that_make_and_use_a_state_exclude_each_other(path: Path) -> None:
    racers = [started(OPEN + READY + RACE, path, name, 20) for name in ("a", "b")]
    go(racers)
    ends = ends_of(racers)
    assert ends in ([["20", "a"]] * 2, [["20", "b"]] * 2)  # they made one state
    with closing(open_sqlite_store(path, nonce=lambda: "id")) as store:
        with store.reading() as reading:
            assert reading.get("c", ["count"]) == {"count": "40"}
        assert store.acquire("engine/local", holder="me", purpose="", at="").fence == 41


def test_a_killed_holder_is_succeeded_at_once(path: Path, store: StateStore) -> None:
    for fence in (1, 3, 5):
        holder = started(OPEN + HOLD, path, "dead")
        assert line_of(holder) == "held"
        killed(holder)
        with store.reading() as reading:
            assert reading.lease("engine/local") is None
        lease = store.acquire("engine/local", holder="me", purpose="apply", at="now")
        assert lease.fence == fence + 1
        store.commit(Batch((Entry("c", "a", "1"),), lease=lease))
        store.release(lease)


def test_somebody_who_looks_at_a_dead_lease_does_not_stop_the_next_holder(path: Path, store: StateStore) -> None:
    holder = started(OPEN + HOLD, path, "dead")
    line_of(holder)
    killed(holder)
    with lock_path(path, "engine/local").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.02, fcntl.flock, (looking, fcntl.LOCK_UN)).start()
        assert store.acquire("engine/local", holder="me", purpose="apply", at="now").fence == 2


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_a_kill(path: Path, store: StateStore) -> None:
    last = 0
    for attempt in range(10):
        writer = started(OPEN + LEASE + COMMIT, path, "writer", last)
        line_of(writer)
        time.sleep(0.004 * attempt)
        acknowledged = [int(line) for line in killed(writer).split("\n")[:-1]]
        with store.reading() as reading:
            values = {dict(reading.scan(collection))["writer"] for collection in ("a", "b")}
            events = list(reading.events())
            assert verify_events(reading) is None
        assert len(values) == 1
        written = int(values.pop())
        assert max(acknowledged, default=last + 1) <= written
        assert [event.body["i"] for event in events] == list(range(1, written + 1))
        last = written


CHILDREN = {  # each prints the child's id once the child runs
    "exec": """
child = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
""",
    "fork": """
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(60)
    os._exit(0)
""",
    "multiprocessing": """
import multiprocessing
def child():
    print(os.getpid(), flush=True)
    time.sleep(60)
multiprocessing.get_context("fork").Process(target=child).start()
""",
}


@pytest.mark.parametrize("kind", CHILDREN)
def test_a_child_does_not_keep_the_lease_of_its_parent_alive(kind: str, path: Path, store: StateStore) -> None:
    holder = started(OPEN + HOLD.replace('print("held", flush=True)', CHILDREN[kind]), path, "parent")
    child = int(line_of(holder))
    try:
        with pytest.raises(LeaseTaken):
            store.acquire("engine/local", holder="me", purpose="apply", at="now")
        holder.kill()
        holder.wait()
        os.kill(child, 0)  # the child is still there
        assert store.acquire("engine/local", holder="me", purpose="apply", at="now").fence == 2
    finally:
        os.kill(child, signal.SIGKILL)
        holder.communicate()


def test_a_forked_child_neither_uses_nor_harms_what_its_parent_opened(path: Path, store: StateStore) -> None:
    lease = store.acquire("engine/local", holder="parent", purpose="apply", at="now")
    store.commit(Batch((Entry("c", "a", "1"),), lease=lease))
    fork_and_stay_apart(store, lease, lambda: open_sqlite_store(path, nonce=lambda: "child"))
    store.commit(Batch((Entry("c", "a", "2"),), lease=lease))
    with closing(open_sqlite_store(path, nonce=lambda: "x")) as other, pytest.raises(LeaseTaken):
        other.acquire("engine/local", holder="me", purpose="apply", at="now")
    store.release(lease)
