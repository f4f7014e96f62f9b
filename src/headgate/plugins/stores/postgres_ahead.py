"""Fewer questions to a server that is far away: a collection that is asked for bit by bit is read as a whole.

A reading is one moment, so what was read once stays right. A plan asks for one key or one prefix per asset; a thousand
such questions take a thousand times the way to the server and back. Once a collection has been asked so often that
reading all of it costs no more than that, it is read: in all at most about twice what the better of the two would cost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

Query = Callable[..., list[tuple[Any, ...]]]

_QUESTIONS_MIN = 16
_BYTES_A_QUESTION = 256 * 1024
"""What a server sends in about the time that a question takes."""

_SIZE = "select coalesce(sum(pg_column_size(key) + pg_column_size(value)), 0) from entries where collection = %s"
_ALL = "select key, value from entries where collection = %s order by key"


class Whole:
    """All entries of one collection, in their stored form."""

    def __init__(self, rows: Sequence[tuple[str, str]]) -> None:
        self._entries = dict(rows)
        self._keys = [key for key, _ in rows]

    def get(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the values of those keys that are there."""
        return {key: self._entries[key] for key in keys if key in self._entries}

    def between(self, start: str, end: str | None) -> Iterator[tuple[str, str]]:
        """Yield the entries from ``start`` to before ``end``, in order of key."""
        last = len(self._keys) if end is None else bisect_left(self._keys, end)
        for number in range(bisect_left(self._keys, start), last):
            yield self._keys[number], self._entries[self._keys[number]]


class Ahead:
    """Counts the questions of one reading, and reads what is worth it. ``query`` gives the rows of a query."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._questions: dict[str, int] = {}
        self._wholes: dict[str, Whole] = {}

    def whole(self, collection: str) -> Whole | None:
        """Return all of a collection that was asked for so often that it has been read; else None.

        Its size is looked at after 16 questions, then whenever they have doubled.
        """
        if collection in self._wholes:
            return self._wholes[collection]
        asked = self._questions[collection] = self._questions.get(collection, 0) + 1
        if asked < _QUESTIONS_MIN or asked & (asked - 1):
            return None
        ((size,),) = self._query(_SIZE, collection)
        if size > asked * _BYTES_A_QUESTION:
            return None
        self._wholes[collection] = Whole(self._query(_ALL, collection))
        return self._wholes[collection]
