"""What the state knows of one engine, read at one moment, and what the engine should show by it."""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.ports.engine import Engine, Marker, ShownView
from headgate.core.ports.store import Reading
from headgate.core.records import Build, BuildStatus, Collection, EnvironmentRecord, Intent, Move, Pointer
from headgate.release.bindings import Bindings, Naming, inputs_of_view
from headgate.release.history import read_moves
from headgate.release.intents import record_after
from headgate.release.pins import read_pins
from headgate.release.stored import read_environments, read_intents, read_pointers
from headgate.release.verdict import Verdict, verdict_of


@dataclass(frozen=True, slots=True)
class Known:
    """The records of one engine. ``moves`` are those of each environment, oldest first; ``pinned`` are builds."""

    state: str
    engine: str
    records: Mapping[str, EnvironmentRecord]
    intents: Mapping[str, Intent]
    pointers: Mapping[str, Mapping[Address, Pointer]]
    moves: Mapping[str, tuple[Move, ...]]
    builds: Mapping[Digest, Build]
    pinned: frozenset[Digest]

    @property
    def is_empty(self) -> bool:
        """Tell whether the state knows nothing of the engine."""
        return not (self.records or self.intents or self.builds)

    def naming(self, environment: str) -> Naming:
        """Return how the views of an environment are called."""
        return Naming(environment, self.records[environment].bare)

    def is_usable(self, build: Digest) -> bool:
        """Tell whether a build may be shown, as far as the state knows."""
        found = self.builds.get(build)
        return found is not None and found.status is BuildStatus.SEALED

    def verdicts(self, markers: Mapping[str, Marker]) -> Mapping[str, Verdict]:
        """Return for every environment, known here or there, what became of its last move."""
        names = sorted(self.records.keys() | self.intents.keys() | markers.keys())
        return {n: verdict_of(self.records.get(n), self.intents.get(n), markers.get(n), self.state) for n in names}

    def settled(self, verdicts: Mapping[str, Verdict]) -> Known:
        """Return this with moves that the engine has made as if they were recorded, and without open intents."""
        records, pointers, moves = dict(self.records), dict(self.pointers), dict(self.moves)
        for name, intent in self.intents.items():
            if verdicts[name] is Verdict.HAPPENED:
                records[name] = record_after(intent)
                shown = {**pointers.get(name, {}), **{a: c.after for a, c in intent.move.changes.items()}}
                pointers[name] = {address: pointer for address, pointer in shown.items() if pointer is not None}
                moves[name] = (*moves.get(name, ()), intent.move)
        return replace(self, records=records, pointers=pointers, moves=moves, intents={})

    def without(self, builds: Many[Digest]) -> Known:
        """Return this with some builds marked as lost."""
        lost = {i: replace(self.builds[i], status=BuildStatus.LOST) for i in builds}
        return replace(self, builds={**self.builds, **lost})


@dataclass(frozen=True, slots=True)
class Due:
    """What an environment should show.

    ``views`` are those that can be shown. ``lacking`` cannot, since their builds, or what they read, are lost: the view
    that would be there, None where the state does not even know which.
    """

    views: Mapping[Address, ShownView]
    lacking: Mapping[Address, ShownView | None]


def read_known(reading: Reading, *, state: str, engine: str) -> Known:
    """Return all records of an engine. Cost: every record of builds, moves and pointers is read once."""
    records = {name: r for name, r in read_environments(reading).items() if r.engine == engine}
    intents = {name: i for name, (i, _) in read_intents(reading).items() if i.engine == engine}
    return Known(
        state=state,
        engine=engine,
        records=records,
        intents=intents,
        pointers={name: read_pointers(reading, name) for name in records},
        moves={name: read_moves(reading, name) for name in records},
        builds={b.id: b for b in _builds(reading) if b.engine == engine},
        pinned=frozenset(build for _, build, _ in read_pins(reading)),
    )


def due_of(known: Known, environment: str, engine: Engine, root: str) -> Due:
    """Return what an environment should show by its pointers. Cost: one text for each view."""
    return due_by(known, known.pointers[environment], known.naming(environment), engine, root)


def due_by(known: Known, pointers: Mapping[Address, Pointer], naming: Naming, engine: Engine, root: str) -> Due:
    """Return what should be shown by some pointers."""
    bindings = Bindings(pointers, known.builds.get, engine, root)
    unreadable = {address for address in pointers if not _is_readable(known, pointers, address)}
    blocked = unreadable | set(_readers_of(known, pointers, unreadable))
    views: dict[Address, ShownView] = {}
    lacking: dict[Address, ShownView | None] = {}
    for address, pointer in pointers.items():
        if pointer.kind in NOT_SHOWN:
            continue
        if address not in blocked:
            views[address] = ShownView(*naming.name(address), bindings.shown(address))
        else:
            build = known.builds.get(pointer.build)
            is_told = build is not None and build.relation != ""
            lacking[address] = ShownView(*naming.name(address), bindings.shown(address)) if is_told else None
    return Due(views, lacking)


def _is_readable(known: Known, pointers: Mapping[Address, Pointer], address: Address) -> bool:
    """Tell whether a view may read what is shown under an address, which for a source is the source itself, live."""
    build = known.builds.get(pointers[address].build)
    if build is None:
        return False
    if build.kind is Kind.SOURCE:
        return build.location is not None
    return build.status is BuildStatus.SEALED and pointers.keys() >= set(inputs_of_view(build))


def _readers_of(known: Known, pointers: Mapping[Address, Pointer], read: set[Address]) -> Iterator[Address]:
    """Yield the views among ``pointers`` that read one of these addresses, directly or through other views."""
    readers: dict[Address, list[Address]] = {}
    for address, pointer in pointers.items():
        build = known.builds.get(pointer.build) if pointer.kind is Kind.VIEW else None
        for source in inputs_of_view(build) if build else ():
            readers.setdefault(source, []).append(address)
    found: set[Address] = set()
    waiting = list(read)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader not in found:
                found.add(reader)
                waiting.append(reader)
                yield reader


def _builds(reading: Reading) -> Iterator[Build]:
    return (build_from_json(loads(text)) for _, text in reading.scan(Collection.BUILDS))
