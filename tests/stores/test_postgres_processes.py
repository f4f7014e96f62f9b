"""Many processes on one state in PostgreSQL, whose connections are cut, who are killed, and whose server crashes.

What was acknowledged is there, and there once; the log is whole; no command fails for what passes by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import psycopg
import pytest

from headgate.core.errors import Conflict, StoreFailed
from headgate.core.events import verify_events
from headgate.core.ports.store import Batch, Entry, Expectation, Lease, LeaseTaken, NewEvent, StateStore
from headgate.plugins.stores.postgres import open_postgres_store
from headgate.plugins.stores.postgres_address import postgres_address
from tests.postgres.server import Database, Server, wait_until
from tests.stores.processes import COMMIT, HOLD, RACE, READY, ends_of, fork_and_stay_apart, go, line_of, started

pytestmark = pytest.mark.slow

SCHEMA = "headgate_state"
OPEN = f"""
from headgate.plugins.stores.postgres import open_postgres_store
from headgate.plugins.stores.postgres_address import postgres_address
store = open_postgres_store(postgres_address(sys.argv[1], "headgate_state"), nonce=lambda: name)
{READY}"""

MOVE = """
tries = 0
for i in range(count):
    while True:
        tries += 1
        with store.reading() as reading:
            text = reading.get("pointers", ["prod"]).get("prod")
        moved = str(int(text or "0") + 1)
        event = NewEvent("move", {"by": name, "i": i, "serial": int(moved)})
        try:
            store.commit(Batch((Entry("pointers", "prod", moved),), (Expectation("pointers", "prod", text),), (event,)))
            break
        except Conflict as conflict:
            assert conflict.entry == "pointers/prod"
print(tries, store.identity(), flush=True)
store.close()
"""


def opened(url: str, *, patience: float = 30) -> StateStore:
    return open_postgres_store(postgres_address(url, SCHEMA), nonce=lambda: "id", patience_seconds=patience)


@pytest.fixture
def store(database: Database) -> Iterator[StateStore]:
    with closing(opened(database.url)) as store:
        store.identity()
        yield store


def beat_ago(database: Database, seconds: float) -> None:
    """Have the last beat of all holders lie further back, as if so much time had passed."""
    database.execute(f"update {SCHEMA}.leases set beat = beat - make_interval(secs => %s)", seconds)


def old_enough(server: Server) -> None:
    """Return when a server has run for so long that a holder could have been silent for half a minute."""
    query = "select now() - pg_postmaster_start_time() > interval '31 s'"
    wait_until(lambda: server.execute(query) == [(True,)], seconds=40)


def log_of(store: StateStore) -> list[tuple[str, int]]:
    with store.reading() as reading:
        assert verify_events(reading) is None
        return [(event.body["by"], event.body["i"]) for event in reading.events()]


def test_twenty_processes_move_one_pointer_and_lose_no_move(database: Database) -> None:
    movers = [started(OPEN + MOVE, database.url, f"p{number}", 10) for number in range(20)]
    go(movers)
    ends = ends_of(movers)
    assert len({end[1] for end in ends}) == 1  # they made one state
    with closing(opened(database.url)) as store:
        assert sorted(log_of(store)) == sorted((f"p{number}", i) for number in range(20) for i in range(10))
        with store.reading() as reading:
            assert reading.get("pointers", ["prod"]) == {"prod": "200"}
            assert [event.body["serial"] for event in reading.events()] == list(range(1, 201))


def test_eight_processes_exclude_each_other_by_a_lease(database: Database) -> None:
    racers = [started(OPEN + RACE, database.url, f"p{number}", 6) for number in range(8)]
    go(racers)
    ends_of(racers)
    with closing(opened(database.url)) as store:
        with store.reading() as reading:
            assert reading.get("c", ["count"]) == {"count": "48"}
        assert store.acquire("engine/local", holder="me", purpose="", at="").fence == 49


def test_a_killed_holder_is_succeeded_after_six_seconds(database: Database, store: StateStore) -> None:
    holder = started(OPEN + HOLD, database.url, "dead")
    go([holder])
    assert line_of(holder) == "held"
    with pytest.raises(LeaseTaken):
        store.acquire("engine/local", holder="me", purpose="", at="")
    time.sleep(3)  # beaten meanwhile, on a connection of its own
    holder.kill()
    holder.communicate()
    began = time.monotonic()
    lease = waited_for(store, 15)
    assert 3 < time.monotonic() - began < 9
    assert lease.fence == 2
    store.commit(Batch((Entry("c", "a", "1"),), lease=lease))


def waited_for(store: StateStore, seconds: float) -> Lease:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return store.acquire("engine/local", holder="me", purpose="apply", at="now")
        except LeaseTaken:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_suspended_holder_loses_its_lease_and_learns_of_it(database: Database, store: StateStore) -> None:
    holder = started(
        OPEN
        + HOLD.replace(
            "sys.stdin.read()",
            'sys.stdin.readline()\nstore.commit(Batch((Entry("c", "late", "1"),), lease=lease))',
        ),
        database.url,
        "asleep",
    )
    go([holder])
    assert line_of(holder) == "held"
    old_enough(database.server)
    os.kill(holder.pid, signal.SIGSTOP)
    beat_ago(database, 20)
    with pytest.raises(LeaseTaken):  # its connection is there: it may only be slow
        store.acquire("engine/local", holder="me", purpose="", at="")
    beat_ago(database, 600)
    with store.reading() as reading:
        assert reading.lease("engine/local") is None
    lease = store.acquire("engine/local", holder="me", purpose="apply", at="now")
    os.kill(holder.pid, signal.SIGCONT)
    assert "Conflict: condition failed: lease:engine/local" in holder.communicate("go on\n")[1]
    time.sleep(2.5)  # nor did its beat take anything back
    store.commit(Batch((Entry("c", "a", "1"),), lease=lease))
    with store.reading() as reading:
        assert dict(reading.scan("c")) == {"a": "1"}


def test_a_suspended_holder_that_nobody_followed_goes_on(database: Database, store: StateStore) -> None:
    lease = store.acquire("engine/local", holder="me", purpose="apply", at="now")
    beat_ago(database, 600)
    wait_until(lambda: is_live(store, "engine/local"))
    store.commit(Batch((Entry("c", "a", "1"),), lease=lease))


def is_live(store: StateStore, resource: str) -> bool:
    with store.reading() as reading:
        return reading.lease(resource) is not None


def test_a_holder_whose_connections_are_cut_keeps_its_lease(database: Database, store: StateStore) -> None:
    lease = store.acquire("engine/local", holder="me", purpose="apply", at="now")
    with closing(opened(database.url)) as other:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            database.cut()
            assert is_live(other, "engine/local")
            with pytest.raises(LeaseTaken):
                other.acquire("engine/local", holder="other", purpose="", at="")
            time.sleep(0.5)
        store.commit(Batch((Entry("c", "a", "1"),), lease=lease))
        store.release(lease)
        assert other.acquire("engine/local", holder="other", purpose="", at="").fence == 2


def test_a_machine_that_is_gone_without_a_word_blocks_nobody_for_long(database: Database, store: StateStore) -> None:
    """The lock of the writers is held by a connection whose other end has fallen silent: the server ends it."""
    silent = psycopg.connect(database.url, autocommit=True)
    silent.execute(f"begin; set local search_path to {SCHEMA}; set local idle_in_transaction_session_timeout to '2s'")
    silent.execute(LOCK)
    began = time.monotonic()
    store.commit(Batch((Entry("c", "a", "1"),)))
    assert 1 < time.monotonic() - began < 10
    silent.close()


def test_writers_whose_connections_are_cut_lose_and_double_nothing(database: Database, store: StateStore) -> None:
    movers = [started(OPEN + MOVE, database.url, f"p{number}", 60) for number in range(4)]
    go(movers)
    cuts = 0
    while any(mover.poll() is None for mover in movers):
        cuts += database.cut()
        time.sleep(0.03)
    ends_of(movers)
    assert cuts > 20
    assert sorted(log_of(store)) == sorted((f"p{number}", i) for number in range(4) for i in range(60))
    with store.reading() as reading:
        assert reading.get("pointers", ["prod"]) == {"prod": "240"}


def test_a_server_that_crashes_amid_commits_loses_and_doubles_nothing() -> None:
    server = Server(settings={"fsync": "on"})
    try:
        database = server.database()
        with closing(opened(database.url)) as store:
            lease = store.acquire("engine/local", holder="me", purpose="apply", at="now")
            movers = [started(OPEN + MOVE, database.url, f"p{number}", 400) for number in range(4)]
            go(movers)
            for pause in (0.4, 0.8, 1.2, 0.3):
                time.sleep(pause)
                server.stop("immediate")
                time.sleep(pause / 2)
                server.start()
            ends_of(movers)
            assert sorted(log_of(store)) == sorted((f"p{number}", i) for number in range(4) for i in range(400))
            store.commit(Batch((Entry("c", "a", "1"),), lease=lease))
            store.release(lease)
    finally:
        server.close()


def test_what_was_acknowledged_to_killed_writers_is_there_once(database: Database, store: StateStore) -> None:
    last: dict[str, int] = {}
    for attempt in range(5):
        script = OPEN + "lease = None" + COMMIT
        writers = {name: started(script, database.url, name, last.get(name, 0)) for name in ("x", "y", "z")}
        go(list(writers.values()))
        time.sleep(0.05 + 0.05 * attempt)
        for name, writer in writers.items():
            writer.kill()
            acknowledged = [int(line) for line in writer.communicate()[0].split()]
            wait_until(lambda: not database.execute(BUSY, database.owner))
            with store.reading() as reading:
                (found,) = {reading.get(collection, [name]).get(name, "0") for collection in ("a", "b")}
            assert max(acknowledged, default=last.get(name, 0)) <= int(found)
            last[name] = int(found)
    log = log_of(store)
    for name, count in last.items():
        assert [i for by, i in log if by == name] == list(range(1, count + 1))


LOCK = f"select pg_advisory_xact_lock(hashtextextended('headgate {SCHEMA}', 0))"
BUSY = "select 1 from pg_stat_activity where usename = %s and state <> 'idle' and query like '%%batches%%'"


class Wire:
    """A way to a server that can lose what the server answers: ``lose`` the answer to a message, then be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.lose = b""
        self.lost = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(20)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                deaf = threading.Event()
                for source, target in ((client, server), (server, client)):
                    which = {"is_query": source is client}
                    thread = threading.Thread(target=self._carry, args=(source, target, deaf), kwargs=which)
                    self._threads.append(thread)
                    thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, deaf: threading.Event, *, is_query: bool) -> None:
        with source, suppress(OSError):
            while data := source.recv(1 << 20):
                if is_query and self.lose and self.lose in data:
                    self.lose = b""
                    deaf.set()
                if not is_query and deaf.is_set():
                    self.lost += 1
                    break
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(database: Database) -> Iterator[Wire]:
    wire = Wire(database.server.port)
    yield wire
    wire.close()


def through(wire: Wire, database: Database) -> StateStore:
    return opened(database.url.replace(f":{database.server.port}/", f":{wire.port}/"))


def test_a_commit_whose_answer_is_lost_is_known_to_have_happened(
    database: Database, store: StateStore, wire: Wire
) -> None:
    with closing(through(wire, database)) as far:
        put_once = Batch(
            (Entry("c", "a", "1"),), (Expectation("c", "a", None),), (NewEvent("e", {"by": "far", "i": 1}),)
        )
        far.identity()
        wire.lose = b"insert into batches"
        far.commit(put_once)
        assert wire.lost == 1
        assert log_of(store) == [("far", 1)]
        with pytest.raises(Conflict, match="c/a"):
            far.commit(put_once)


def test_a_commit_that_never_arrived_is_done_once(database: Database, store: StateStore, wire: Wire) -> None:
    with closing(through(wire, database)) as far:
        far.identity()
        wire.lose = b"pg_advisory_xact_lock"
        far.commit(
            Batch((Entry("c", "a", "1"),), (Expectation("c", "a", None),), (NewEvent("e", {"by": "far", "i": 1}),))
        )
        assert wire.lost == 1
        assert log_of(store) == [("far", 1)]


@pytest.mark.parametrize("lost", [b"insert into leases", b"for update", b"pg_advisory_xact_lock", b"commit"])
def test_a_lease_whose_answer_is_lost_is_held(lost: bytes, database: Database, store: StateStore, wire: Wire) -> None:
    with closing(through(wire, database)) as far:
        far.identity()
        wire.lose = lost
        lease = far.acquire("engine/local", holder="far", purpose="apply", at="now")
        assert (lease.fence, wire.lost) == (1, 1)
        with pytest.raises(LeaseTaken) as taken:
            store.acquire("engine/local", holder="me", purpose="", at="")
        assert taken.value.lease == lease
        wire.lose = b"update leases set is_released"
        far.release(lease)
        assert wire.lost == 2
        assert store.acquire("engine/local", holder="me", purpose="", at="").fence == 2


def test_a_reading_whose_connection_is_cut_goes_on_and_never_mixes_moments(
    database: Database, store: StateStore
) -> None:
    store.commit(Batch(tuple(Entry("c", f"{i:05}", "1") for i in range(3000))))
    database.cut()
    with store.reading() as reading:  # an idle connection that was cut is replaced
        scan = reading.scan("c")
        next(scan)
        database.cut()
        assert len(list(scan)) == 2999
        database.cut()
        with closing(opened(database.url)) as other:
            other.commit(Batch((Entry("c", "00000", "2"),)))
        with pytest.raises(StoreFailed, match="has changed") as failed:
            reading.get("c", ["00000"])
        assert failed.value.hint
    with store.reading() as reading:  # nothing was read of it: a later moment is as good
        database.cut()
        with closing(opened(database.url)) as other:
            other.commit(Batch((Entry("c", "00000", "3"),)))
        assert reading.get("c", ["00000"]) == {"00000": "3"}


def test_a_server_that_stays_away_is_told_after_the_time_of_patience() -> None:
    server = Server()
    try:
        database = server.database()
        store = opened(database.url, patience=2)
        lease = store.acquire("engine/local", holder="me", purpose="", at="")
        server.stop()
        began = time.monotonic()
        with pytest.raises(StoreFailed, match="cannot be reached"):
            store.commit(Batch((Entry("c", "a", "1"),)))
        with pytest.raises(StoreFailed, match="cannot be reached"):
            store.release(lease)
        store.close()
        assert 1.5 < time.monotonic() - began < 8
    finally:
        server.close()


def test_a_forked_child_neither_uses_nor_harms_what_its_parent_opened(database: Database, store: StateStore) -> None:
    lease = store.acquire("engine/local", holder="parent", purpose="apply", at="now")
    store.commit(Batch((Entry("c", "a", "1"),), lease=lease))
    fork_and_stay_apart(store, lease, lambda: opened(database.url))
    store.commit(Batch((Entry("c", "a", "2"),), lease=lease))
    wait_until(lambda: is_live(store, "engine/local"))
    store.release(lease)


def test_a_lease_keeps_one_connection_and_gives_it_back(database: Database, store: StateStore) -> None:
    def connections() -> int:
        return len(database.execute("select 1 from pg_stat_activity where usename = %s", database.owner))

    assert connections() == 1
    leases = [store.acquire(f"engine/{name}", holder="me", purpose="", at="") for name in "abc"]
    wait_until(lambda: connections() == 2)
    for lease in leases:
        store.release(lease)
    wait_until(lambda: connections() == 1)
    store.close()
    wait_until(lambda: connections() == 0)
