"""What is measured, or agreed to, is tied to the log: who alters it in the state has altered nothing that counts."""

import pytest

from headgate.core.errors import Conflict, LeaseLost
from headgate.core.events import next_event
from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.ports.store import Batch, Entry, NewEvent
from headgate.core.records import Collection, Event
from headgate.evidence.tied import ProvenReading, ProvenStore, keep_tied
from tests.fakes.store import FakeState, FakeStore, Moment

BODY = {"at": "2026-11-22T10:00:00Z", "by": "ada"}


def kept(store: FakeStore, **texts: str) -> None:
    keep_tied(store, Collection.EVIDENCE, texts, BODY)


def known(store: FakeStore) -> dict[str, str]:
    with ProvenStore(store).reading() as reading:
        scanned = dict(reading.scan(Collection.EVIDENCE))
        assert scanned == dict(reading.get(Collection.EVIDENCE, ["a", "b", "c"]))
        return {key: loads(text)["x"] for key, text in scanned.items()}


def altered(state: FakeState, key: str, text: str | None) -> None:
    """Write as somebody does who has the state's file, and no Headgate."""
    entries = {**state.moment.entries}
    if text is None:
        del entries[Collection.EVIDENCE, key]
    else:
        entries[Collection.EVIDENCE, key] = text
    state.moment = Moment(entries, state.moment.events, state.moment.leases)


def text_of(state: FakeState, key: str) -> str:
    return state.moment.entries[Collection.EVIDENCE, key]


def test_what_was_kept_is_known() -> None:
    store = FakeState("one").open()
    kept(store, a='{"x":1}', b='{"x":2}')
    kept(store, c='{"x":3}', a='{"x":4}')
    assert known(store) == {"a": 4, "b": 2, "c": 3}


def test_an_altered_record_is_not_there() -> None:
    state = FakeState("one")
    kept(state.open(), a='{"x":1}', b='{"x":2}')
    altered(state, "a", text_of(state, "a").replace('"x":1', '"x":7'))
    assert known(state.open()) == {"b": 2}


def test_a_record_under_another_key_or_of_another_event_is_not_there() -> None:
    state = FakeState("one")
    kept(state.open(), a='{"x":1}')
    kept(state.open(), b='{"x":2}')
    altered(state, "c", text_of(state, "a"))
    altered(state, "b", text_of(state, "b").replace('"event":2', '"event":1'))
    assert known(state.open()) == {"a": 1}


def test_an_older_record_that_was_put_back_is_what_it_was() -> None:
    """It was measured of the same build, so it is true; what it does not say is measured again."""
    state = FakeState("one")
    kept(state.open(), a='{"x":1}')
    before = text_of(state, "a")
    kept(state.open(), a='{"x":2}')
    altered(state, "a", before)
    assert known(state.open()) == {"a": 1}


def test_a_record_without_an_event_is_not_there() -> None:
    store = FakeState("one").open()
    store.commit(Batch((Entry(Collection.EVIDENCE, "a", '{"x":1}'),)))
    store.commit(Batch((Entry(Collection.EVIDENCE, "b", '{"x":1,"event":99}'),)))
    assert known(store) == {}


def test_an_altered_event_proves_nothing() -> None:
    state = FakeState("one")
    kept(state.open(), a='{"x":1}')
    kept(state.open(), b='{"x":2}')
    first, second = state.moment.events
    forged = next_event(None, NewEvent(first.kind, {**first.body, "by": "eve"}))
    for event in (Event(1, first.kind, {**first.body, "by": "eve"}, "", first.hash), forged):
        state.moment = Moment(state.moment.entries, (event, second), state.moment.leases)
        assert known(state.open()) == {"b": 2}
    state.moment = Moment(state.moment.entries, (first, second), state.moment.leases)
    assert known(state.open()) == {"a": 1, "b": 2}


def test_records_far_apart_in_the_log_are_found() -> None:
    store = FakeState("one").open()
    kept(store, a='{"x":1}')
    store.commit(Batch(events=(NewEvent("move", {}),) * 200))
    kept(store, b='{"x":2}')
    store.commit(Batch(events=(NewEvent("move", {}),) * 3))
    kept(store, c='{"x":3}')
    assert known(store) == {"a": 1, "b": 2, "c": 3}


def test_others_who_write_events_are_waited_for() -> None:
    class Busy(FakeStore):
        busy = 3

        def commit(self, batch: Batch) -> None:
            if self.busy:
                self.busy -= 1
                super().commit(Batch(events=(NewEvent("move", {}),)))
            super().commit(batch)

    store = Busy(FakeState("one"))
    kept(store, a='{"x":1}')
    assert known(store) == {"a": 1}


def test_without_the_lease_nothing_is_kept() -> None:
    state = FakeState("one")
    store = state.open()
    lease = store.acquire("engine/local", holder="ada", purpose="", at="")
    store.release(lease)
    with pytest.raises(LeaseLost):
        keep_tied(store, Collection.EVIDENCE, {"a": '{"x":1}'}, BODY, lease=lease)
    assert known(state.open()) == {}


def test_other_collections_are_read_as_they_are() -> None:
    store = FakeState("one").open()
    store.commit(Batch((Entry("builds", "a", "{}"),)))
    with ProvenReading(store.reading()) as reading:
        assert dict(reading.scan("builds")) == dict(reading.get("builds", ["a"])) == {"a": "{}"}
        assert reading.last_event() is None
        assert list(reading.events()) == []
    with pytest.raises(Conflict):
        ProvenStore(store).commit(Batch(events=(NewEvent("e", {}),), follows=7))
    assert isinstance(ProvenStore(store).identity(), str)
    assert Digest(ProvenStore(store).identity()) == "one"
