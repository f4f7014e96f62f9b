"""Records of the state, read together and decoded when they are asked for.

A plan over 10,000 pointers looks at a handful of them: their texts are fetched with one scan, a build's with a few
queries, and JSON is parsed only for what somebody looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.declarations import Kind
from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.ports.store import Reading
from headgate.core.records import (
    Build,
    BuildStatus,
    Collection,
    EnvironmentRecord,
    Intent,
    Pointer,
    environment_from_json,
    intent_from_json,
    pointer_from_json,
)

_AHEAD_MAX = 1_024


class StoredPointers(Mapping[Address, Pointer]):
    """The pointers of one environment; ``texts`` are their stored forms."""

    def __init__(self, texts: Mapping[Address, str]) -> None:
        self.texts = texts
        self._decoded: dict[Address, Pointer] = {}

    def __getitem__(self, address: Address) -> Pointer:
        found = self._decoded.get(address)
        if found is None:
            found = self._decoded[address] = pointer_from_json(loads(self.texts[address]))
        return found

    def of_kind(self, kind: Kind) -> Iterator[Address]:
        """Yield the addresses of one kind; what cannot be of it is not decoded."""
        word = f'"{kind.value}"'
        for address, text in self.texts.items():
            if word in text and self[address].kind is kind:
                yield address

    def __iter__(self) -> Iterator[Address]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)

    def __contains__(self, address: object) -> bool:
        return address in self.texts


class StoredBuilds:
    """Builds by id, out of one reading. ``expected`` are ids that will probably be asked for, fetched ahead in order.

    The look-ahead doubles with each fetch, so that one look-up reads little and ten thousand take some dozen queries.
    """

    def __init__(self, reading: Reading, expected: Callable[[], Iterable[Digest]] = tuple) -> None:
        self._reading = reading
        self._expected = expected
        self._waiting: Iterator[Digest] | None = None
        self._ahead = 8
        self._texts: dict[Digest, str | None] = {}
        self._bodies: dict[Digest, Any] = {}
        self._decoded: dict[Digest, Build] = {}

    def fetch(self, ids: Iterable[Digest]) -> None:
        """Make the texts of these builds known, with one look-up for all."""
        wanted = [i for i in dict.fromkeys(ids) if i not in self._texts]
        if wanted:
            found = self._reading.get(Collection.BUILDS, wanted)
            self._texts.update({i: found.get(i) for i in wanted})

    def text(self, build: Digest) -> str | None:
        """Return the stored form of a build; None where there is none."""
        if build not in self._texts:
            self.fetch([build, *self._next()])
        return self._texts[build]

    def get(self, build: Digest) -> Build | None:
        """Return a build; None where there is none."""
        found = self._decoded.get(build)
        if found is None and (body := self._body(build)) is not None:
            found = self._decoded[build] = build_from_json(body)
        return found

    def status(self, build: Digest) -> BuildStatus | None:
        """Return how far a build has come, without decoding all of it; None where there is none."""
        body = self._body(build)
        return None if body is None else BuildStatus(body["status"])

    def sources(self, build: Digest) -> frozenset[Address]:
        """Return the addresses that a build read, without decoding all of it; nothing where it is gone."""
        body = self._body(build)
        return frozenset() if body is None else frozenset(body["inputs"]).union(read[0] for read in body["reads"])

    def _body(self, build: Digest) -> Any:
        """Return the parsed form of a build, parsed once; None where there is none."""
        if build not in self._bodies:
            text = self.text(build)
            self._bodies[build] = None if text is None else loads(text)
        return self._bodies[build]

    def _next(self) -> list[Digest]:
        if self._waiting is None:
            self._waiting = iter(self._expected())
        taken: dict[Digest, None] = {}
        for candidate in self._waiting:
            if candidate not in self._texts:
                taken[candidate] = None
            if len(taken) >= self._ahead:
                break
        self._ahead = min(2 * self._ahead, _AHEAD_MAX)
        return list(taken)


def read_pointers(reading: Reading, environment: str) -> StoredPointers:
    """Return the pointers of an environment. Cost: one scan."""
    prefix = f"{environment}/"
    texts = {Address(key[len(prefix) :]): text for key, text in reading.scan(Collection.POINTERS, prefix)}
    return StoredPointers(texts)


def read_environment(reading: Reading, environment: str) -> tuple[EnvironmentRecord | None, str | None]:
    """Return the record of an environment and its stored form; None twice for a new one."""
    text = reading.get(Collection.ENVIRONMENTS, [environment]).get(environment)
    return (None if text is None else environment_from_json(loads(text))), text


def read_environments(reading: Reading) -> Mapping[str, EnvironmentRecord]:
    """Return the records of all environments."""
    return {name: environment_from_json(loads(text)) for name, text in reading.scan(Collection.ENVIRONMENTS)}


def read_intents(reading: Reading) -> Mapping[str, tuple[Intent, str]]:
    """Return the open intents by environment, each with its stored form."""
    return {name: (intent_from_json(loads(text)), text) for name, text in reading.scan(Collection.INTENTS)}
