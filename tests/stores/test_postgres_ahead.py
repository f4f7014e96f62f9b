"""A reading that asks bit by bit gets the same as one that asks once, with few questions to the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from headgate.core.ports.store import Batch, Entry, StateStore
from headgate.plugins.stores.postgres import open_postgres_store
from headgate.plugins.stores.postgres_address import postgres_address
from tests.conformance.test_store_conformance import HOSTILE
from tests.postgres.server import Database

pytestmark = pytest.mark.slow


@pytest.fixture
def store(database: Database) -> Iterator[StateStore]:
    with closing(open_postgres_store(postgres_address(database.url, "headgate_state"), nonce=lambda: "id")) as store:
        yield store


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is asked of the server, as it is asked."""
    asked: list[object] = []

    class Counting(psycopg.ClientCursor[tuple[object, ...]]):
        def execute(self, query, params=None, **options):  # type: ignore[no-untyped-def]
            asked.append(query)
            return super().execute(query, params, **options)

    monkeypatch.setattr(psycopg, "ClientCursor", Counting)
    return asked


def test_entries_are_the_same_bit_by_bit_and_of_one_moment(queries: list[object], store: StateStore) -> None:
    for collection in ("c", "d"):
        store.commit(Batch(tuple(Entry(collection, key, f"<{key}>") for key in HOSTILE)))
    with store.reading() as reading:
        for number in range(60):
            if number == 30:
                store.commit(Batch((*(Entry("c", key, None) for key in HOSTILE), Entry("c", "new", ""))))
            for key in HOSTILE:
                assert reading.get("c", [key]) == {key: f"<{key}>"}
                expected = sorted(each for each in HOSTILE if each.startswith(key))
                assert [found for found, _ in reading.scan("c", key)] == expected, ascii(key)
            assert reading.get("c", ["none", "new"]) == {}
            assert list(reading.scan("c", "none")) == []
    assert len(queries) < 120
    with store.reading() as reading:
        assert dict(reading.scan("c")) == {"new": ""}


def test_a_large_collection_is_not_read_for_a_few_of_its_entries(queries: list[object], store: StateStore) -> None:
    import random

    text = random.Random(1).randbytes(300_000).hex()
    store.commit(Batch(tuple(Entry("blobs", f"{number:03}", text) for number in range(60))))
    before = len(queries)
    with store.reading() as reading:
        for number in range(20):
            assert reading.get("blobs", [f"{number:03}"]) == {f"{number:03}": text}
        assert sum("order by key" in str(query) for query in queries[before:]) == 0
        assert [(key, value == text) for key, value in reading.scan("blobs")] == [(f"{n:03}", True) for n in range(60)]


def test_long_scans_come_in_pages(queries: list[object], store: StateStore) -> None:
    entries = {f"{number:05}\x00": "x" * (number % 7) for number in range(12_000)}
    store.commit(Batch(tuple(Entry("c", key, value) for key, value in entries.items())))
    before = len(queries)
    with store.reading() as reading:
        assert dict(reading.scan("c")) == entries
    assert len(queries) - before < 10
