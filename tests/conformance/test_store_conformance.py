"""One suite for state stores: whatever keeps these promises can stand behind the port. The fake passes it too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headgate.core.errors import Conflict, StoreFailed
from headgate.core.events import verify_events
from headgate.core.ports.store import Batch, Entry, Expectation, Lease, LeaseTaken, NewEvent, StateStore
from headgate.core.records import Collection
from headgate.plugins.stores.sqlite import open_sqlite_store
from tests.fakes.store import FakeState

if TYPE_CHECKING:
    from tests.postgres.server import Database, Server

AT = "2026-11-21T02:06:11Z"
HOSTILE = [
    "", " ", "%", "%a", "_", "a", "a%", "a%b", "a'b", 'a"b', "a/", "a/b", "a/b/c", "a0", "aa", "a\\", "a_", "ab",
    "a\nb", "a\x00", "a\x00b", "A", "ä", "a\u0308", "é", "ſ", "日本", "日本/本", "\ud7ff", "\ud7ffz", "\ue000",
    "\uffff", "😀", "😀/a",
    "\U0010ffff", "\U0010ffff\U0010ffffz", "a\U0010ffff", "a\U0010ffffb", "; drop table entries", "[a]", "*", "?",
]  # fmt: skip


@dataclass
class Place:
    """A state: how to open one more store on it."""

    open: Callable[[], StateStore]


SERVERS = {"postgres": "PostgreSQL 18", "postgres_16": "PostgreSQL 16"}
STORES = ["sqlite", "fake", *(pytest.param(name, id=told, marks=pytest.mark.slow) for name, told in SERVERS.items())]


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        names = iter(["first", *"abcdefghijkl"])
        make = _maker(request, tmp_path, lambda: next(names))

        def opened() -> StateStore:
            store = make()
            stack.callback(store.close)
            return store

        yield Place(opened)


def _maker(request: pytest.FixtureRequest, folder: Path, nonce: Callable[[], str]) -> Callable[[], StateStore]:
    """Return what opens one more store on the one state of this test."""
    if request.param == "sqlite":
        return lambda: open_sqlite_store(folder / "w.state.db", nonce=nonce)
    if request.param == "fake":
        return FakeState("first").open
    from headgate.plugins.stores.postgres import open_postgres_store
    from headgate.plugins.stores.postgres_address import postgres_address

    database = request.getfixturevalue("databases")(request.getfixturevalue(request.param))
    address = postgres_address(database.url, f"headgate_state_{next(_NUMBERS)}")
    return lambda: open_postgres_store(address, nonce=nonce)


_NUMBERS = count(1)


@pytest.fixture(scope="session")
def databases() -> Callable[[Server], Database]:
    """Return what gives a server's one database for all these states: each is in a schema of its own."""
    made: dict[int, Database] = {}

    def database_on(server: Server) -> Database:
        if server.port not in made:
            made[server.port] = server.database()
        return made[server.port]

    return database_on


@pytest.fixture
def store(place: Place) -> StateStore:
    return place.open()


def put(store: StateStore, collection: str = "c", **values: str | None) -> None:
    store.commit(Batch(entries=tuple(Entry(collection, key, value) for key, value in values.items())))


def everything(store: StateStore, collection: str = "c") -> dict[str, str]:
    with store.reading() as reading:
        return dict(reading.scan(collection))


def lease_of(store: StateStore, resource: str = "engine/local") -> Lease:
    return store.acquire(resource, holder="ci@runner-7", purpose="run", at=AT)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_the_identity_is_made_once(place: Place) -> None:
    first = place.open()
    assert first.identity() == first.identity() == place.open().identity() == "first"


def test_eight_threads_that_make_a_state_at_once_make_one(place: Place) -> None:
    stores, gate, seen = [place.open() for _ in range(8)], threading.Barrier(8, timeout=20), list[str]()

    def work(number: int) -> None:
        gate.wait()
        seen.append(stores[number].identity())

    in_threads(8, work)
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_a_new_state_is_empty(store: StateStore) -> None:
    with store.reading() as reading:
        assert reading.last_event() is None
    with store.reading() as reading:
        assert reading.get("c", ["a"]) == {}
        assert list(reading.scan("c")) == []
        assert list(reading.events()) == []
        assert reading.lease("engine/local") is None


def test_entries_are_written_replaced_and_erased(place: Place) -> None:
    store = place.open()
    put(store, a="1", b="2", c="")
    put(store, a="10", b=None, nothing=None)
    put(store, "other", a="other")
    with place.open().reading() as reading:
        assert reading.get("c", ["a", "b", "c", "a"]) == {"a": "10", "c": ""}
        assert reading.get("other", ["a", "c"]) == {"a": "other"}
        assert reading.get("c", []) == {}


def test_collections_may_be_named_by_the_enum_or_its_text(store: StateStore) -> None:
    store.commit(Batch(entries=(Entry(Collection.BUILDS, "a", "1"),)))
    store.commit(Batch(entries=(Entry("builds", "b", "2"),), expects=(Expectation("builds", "a", "1"),)))
    assert everything(store, Collection.BUILDS) == everything(store, "builds") == {"a": "1", "b": "2"}


def test_the_last_of_two_entries_with_one_key_counts(store: StateStore) -> None:
    store.commit(
        Batch(entries=(Entry("c", "a", "1"), Entry("c", "a", None), Entry("c", "b", None), Entry("c", "b", "2")))
    )
    assert everything(store) == {"b": "2"}


@pytest.mark.parametrize(
    ("expected", "named"),
    [
        (Expectation("c", "a", "2"), "c/a"),
        (Expectation("c", "a", None), "c/a"),
        (Expectation("c", "a", ""), "c/a"),
        (Expectation("c", "missing", "1"), "c/missing"),
        (Expectation("c", "missing", ""), "c/missing"),
        (Expectation("other", "a", "1"), "other/a"),
    ],
)
def test_a_failed_expectation_writes_nothing(store: StateStore, expected: Expectation, named: str) -> None:
    put(store, a="1")
    batch = Batch(
        entries=(Entry("c", "a", "new"), Entry("c", "b", "new")),
        expects=(Expectation("c", "a", "1"), expected, Expectation("c", "later", "1")),
        events=(NewEvent("move", {}),),
    )
    with pytest.raises(Conflict) as caught:
        store.commit(batch)
    assert caught.value.entry == named
    assert everything(store) == {"a": "1"}
    with store.reading() as reading:
        assert list(reading.events()) == []


def test_expectations_look_at_what_was_before_the_batch(store: StateStore) -> None:
    put(store, a="1")
    entries = (Entry("c", "a", None), Entry("c", "b", "2"))
    store.commit(Batch(entries=entries, expects=(Expectation("c", "a", "1"), Expectation("c", "b", None))))
    assert everything(store) == {"b": "2"}


def test_a_batch_that_cannot_be_stored_writes_nothing(store: StateStore) -> None:
    with pytest.raises(TypeError):
        store.commit(Batch(entries=(Entry("c", "a", "1"),), events=(NewEvent("move", {"x": object()}),)))
    assert everything(store) == {}
    put(store, a="2")
    assert everything(store) == {"a": "2"}


def test_one_of_eight_threads_wins_each_compare_and_swap(place: Place) -> None:
    stores = [place.open(), place.open()]
    put(stores[0], n="0")
    rounds, winners, named = 10, list[tuple[int, int]](), set[str]()
    gate = threading.Barrier(8, timeout=20)

    def work(number: int) -> None:
        store = stores[number % 2]
        for i in range(rounds):
            gate.wait()
            swap = Batch(
                (Entry("c", "n", str(i + 1)), Entry("won", f"{i}/{number}", "")), (Expectation("c", "n", str(i)),)
            )
            try:
                store.commit(swap)
                winners.append((i, number))
            except Conflict as conflict:
                named.add(conflict.entry)

    in_threads(8, work)
    assert sorted(i for i, _ in winners) == list(range(rounds))
    assert named == {"c/n"}
    assert set(everything(stores[0], "won")) == {f"{i}/{number}" for i, number in winners}


def test_scans_are_ordered_by_code_point_and_know_no_wildcards(store: StateStore) -> None:
    for collection in ("c", "d"):
        store.commit(Batch(entries=tuple(Entry(collection, key, f"<{key}>") for key in reversed(HOSTILE))))
    with store.reading() as reading:
        assert list(reading.scan("c")) == [(key, f"<{key}>") for key in sorted(HOSTILE)]
        for prefix in HOSTILE:
            expected = [key for key in sorted(HOSTILE) if key.startswith(prefix)]
            assert [key for key, _ in reading.scan("c", prefix)] == expected, ascii(prefix)
        assert reading.get("c", HOSTILE) == {key: f"<{key}>" for key in HOSTILE}
        assert list(reading.scan("c", "nothing")) == []


def test_hostile_collections_and_values_are_kept_apart(store: StateStore) -> None:
    store.commit(Batch(entries=tuple(Entry(name, "k", name) for name in HOSTILE)))
    for name in HOSTILE:
        assert everything(store, name) == {"k": name}


def test_a_reading_sees_one_moment(place: Place) -> None:
    store = place.open()
    put(store, a="1", b="1")
    with store.reading() as before:
        put(place.open(), a="2", b="2", d="2")
        store.commit(Batch(events=(NewEvent("move", {}),)))
        assert before.get("c", ["a", "b", "d"]) == {"a": "1", "b": "1"}
        with store.reading() as after:
            assert after.get("c", ["a", "b", "d"]) == {"a": "2", "b": "2", "d": "2"}
            assert len(list(after.events())) == 1
        assert dict(before.scan("c")) == {"a": "1", "b": "1"}
        assert list(before.events()) == []


def test_readings_stay_consistent_while_a_writer_commits(place: Place) -> None:
    store, other = place.open(), place.open()
    keys = [f"k{i}" for i in range(20)]
    put(store, **dict.fromkeys(keys, "0"))
    is_done = threading.Event()
    seen: set[str] = set()

    def work(number: int) -> None:
        if number == 0:
            try:
                for i in range(1, 100_000):
                    put(store, **dict.fromkeys(keys, str(i)))
                    if len(seen) > 5:
                        break
            finally:
                is_done.set()
            return
        while not is_done.is_set():
            with (store, other)[number % 2].reading() as reading:
                values = set(reading.get("c", keys).values()) | {value for _, value in reading.scan("c")}
            assert len(values) == 1
            seen.update(values)

    in_threads(4, work)
    assert len(seen) > 5


def test_a_scan_may_be_left_half_read_and_the_state_written_meanwhile(store: StateStore) -> None:
    put(store, **{f"k{i:03}": "x" for i in range(300)})
    with store.reading() as reading:
        scan = reading.scan("c")
        assert next(scan)[0] == "k000"
        put(store, k000=None, k001="y")
        assert next(scan) == ("k001", "x")
    assert everything(store)["k001"] == "y"


def test_a_reading_is_used_inside_of_its_with(store: StateStore) -> None:
    reading = store.reading()
    with pytest.raises(RuntimeError):
        reading.get("c", ["a"])
    with reading:
        reading.get("c", ["a"])
    with pytest.raises(RuntimeError):
        list(reading.scan("c"))


def test_events_are_numbered_and_chained(place: Place) -> None:
    store = place.open()
    body = {"at": AT, "by": "you", "text": "ä\n\x00😀", "more": [1, 0.1, None, True, {"z": 1, "a": (2,)}], "big": 2**70}
    store.commit(Batch(events=(NewEvent("move", body), NewEvent("gc", {}))))
    store.commit(Batch(entries=(Entry("c", "a", "1"),)))
    place.open().commit(Batch(events=(NewEvent("move", {"n": 3}),)))
    with store.reading() as reading:
        events = list(reading.events())
        assert [(e.number, e.kind) for e in events] == [(1, "move"), (2, "gc"), (3, "move")]
        assert [e.previous for e in events] == ["", events[0].hash, events[1].hash]
        assert len({e.hash for e in events}) == 3
        assert events[0].body == {**body, "more": [1, 0.1, None, True, {"z": 1, "a": [2]}]}
        assert list(reading.events(after=2)) == events[2:]
        assert list(reading.events(after=3)) == []
        assert reading.last_event() == events[-1]
        assert verify_events(reading) is None


def test_a_batch_may_ask_that_no_other_event_came_first(place: Place) -> None:
    store, other = place.open(), place.open()
    store.commit(Batch((Entry("c", "a", "1"),), events=(NewEvent("one", {}),), follows=0))
    with pytest.raises(Conflict) as refused:
        other.commit(Batch((Entry("c", "a", "2"),), events=(NewEvent("two", {}),), follows=0))
    assert refused.value.entry == "log"
    other.commit(Batch((Entry("c", "b", "2"),), events=(NewEvent("two", {}), NewEvent("three", {})), follows=1))
    store.commit(Batch((Entry("c", "d", "4"),), follows=0))
    with store.reading() as reading:
        assert dict(reading.scan("c")) == {"a": "1", "b": "2", "d": "4"}
        assert [event.kind for event in reading.events()] == ["one", "two", "three"]
        assert [event.kind for event in reading.events(after=1)] == ["two", "three"]


def test_events_of_many_writers_have_no_gaps(place: Place) -> None:
    stores = [place.open(), place.open()]

    def work(number: int) -> None:
        for i in range(15):
            expects = (Expectation("c", "never", "there"),) if i % 3 == 0 else ()
            try:
                stores[number % 2].commit(Batch(expects=expects, events=(NewEvent("e", {"by": number, "i": i}),) * 2))
            except Conflict:
                assert expects

    in_threads(6, work)
    with stores[0].reading() as reading:
        events = list(reading.events())
        assert [e.number for e in events] == list(range(1, 6 * 10 * 2 + 1))
        assert verify_events(reading) is None
    assert sorted({(e.body["by"], e.body["i"]) for e in events}) == [
        (n, i) for n in range(6) for i in range(15) if i % 3
    ]


def test_a_lease_excludes_others_and_names_its_holder(place: Place) -> None:
    store, other = place.open(), place.open()
    lease = lease_of(store)
    assert lease == Lease("engine/local", 1, "ci@runner-7", "run", AT)
    for loser in (store, other):
        with pytest.raises(LeaseTaken) as caught:
            loser.acquire("engine/local", holder="me", purpose="apply", at="later")
        assert caught.value.lease == lease
        with loser.reading() as reading:
            assert reading.lease("engine/local") == lease
    assert lease_of(other, "environment/prod").fence == 1
    assert lease_of(other, "engine-local").fence == 1


def test_fences_grow_and_a_stale_lease_is_refused(place: Place) -> None:
    store, other = place.open(), place.open()
    first = lease_of(store)
    store.commit(Batch(entries=(Entry("c", "a", "1"),), lease=first))
    store.release(first)
    with store.reading() as reading:
        assert reading.lease("engine/local") is None
    refused = Batch(entries=(Entry("c", "a", "2"),), events=(NewEvent("e", {}),), lease=first)
    with pytest.raises(Conflict, match="lease:engine/local"):
        store.commit(refused)
    second = lease_of(other)
    assert second.fence == 2
    with pytest.raises(Conflict, match="lease:engine/local"):
        store.commit(refused)
    other.commit(Batch(entries=(Entry("c", "a", "3"),), lease=second))
    assert everything(store) == {"a": "3"}


def test_a_lease_of_another_resource_or_of_none_is_refused(store: StateStore) -> None:
    lease = lease_of(store)
    for wrong in (
        Lease("environment/prod", 1, lease.holder, "run", AT),
        Lease("engine/local", 2, lease.holder, "", AT),
    ):
        with pytest.raises(Conflict, match=f"lease:{wrong.resource}"):
            store.commit(Batch(entries=(Entry("c", "a", "1"),), lease=wrong))
    assert everything(store) == {}


def test_releasing_is_idempotent_and_leaves_the_next_holder_alone(place: Place) -> None:
    store, other = place.open(), place.open()
    first = lease_of(store)
    other.release(first)  # not its own
    store.commit(Batch(entries=(Entry("c", "a", "1"),), lease=first))
    store.release(first)
    store.release(first)
    second = lease_of(store)
    store.release(first)
    other.release(first)
    with pytest.raises(LeaseTaken) as caught:
        lease_of(other)
    assert caught.value.lease == second
    store.commit(Batch(entries=(Entry("c", "a", "2"),), lease=second))
    assert second.fence == 2


def test_one_of_eight_threads_gets_the_lease(place: Place) -> None:
    stores = [place.open() for _ in range(8)]
    gate, holders, fences, named = threading.Barrier(8, timeout=20), list[int](), list[int](), set[str]()

    def work(number: int) -> None:
        for _ in range(12):
            gate.wait()
            lease = None
            try:
                lease = stores[number].acquire("engine/local", holder=str(number), purpose="apply", at=AT)
                holders.append(number)
                fences.append(lease.fence)
            except LeaseTaken as taken:
                named.add(taken.lease.holder)
            gate.wait()
            if lease is not None:
                assert holders == [number]
                holders.clear()
                stores[number].release(lease)

    in_threads(8, work)
    assert fences == list(range(1, 13))
    assert named <= set(map(str, range(8)))


def test_looking_at_a_lease_never_makes_its_taking_fail(place: Place) -> None:
    store, other = place.open(), place.open()
    is_done = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            try:
                for i in range(60):
                    lease = lease_of(store)
                    assert lease.fence == i + 1
                    store.release(lease)
            finally:
                is_done.set()
            return
        while not is_done.is_set():
            with other.reading() as reading:
                reading.lease("engine/local")

    in_threads(3, work)


def test_closing_gives_back_all_leases(place: Place) -> None:
    store, other = place.open(), place.open()
    held = [lease_of(store, name) for name in ("engine/a", "engine/b")]
    store.close()
    store.close()
    for lease in held:
        with other.reading() as reading:
            assert reading.lease(lease.resource) is None
        assert lease_of(other, lease.resource).fence == 2
    for use in (everything, put, lease_of):
        with pytest.raises(StoreFailed):
            use(store)


def test_large_values_and_large_batches(place: Place) -> None:
    store = place.open()
    large = "ä😀x\n" * 700_000  # 5.6 MB as UTF-8
    store.commit(Batch(entries=(Entry("blobs", "large", large),), events=(NewEvent("e", {"text": large}),)))
    many = {f"{i:05}": f"value {i}" for i in range(10_000)}
    put(store, "many", **many)
    with place.open().reading() as reading:
        assert reading.get("blobs", ["large"]) == {"large": large}
        assert next(reading.events()).body["text"] == large
        assert dict(reading.scan("many")) == many
        assert reading.get("many", [*many, "none"]) == many
    expects = tuple(Expectation("many", key, value) for key, value in many.items())
    store.commit(Batch(entries=tuple(Entry("many", key, None) for key in many), expects=expects))
    assert everything(store, "many") == {}
