"""What a question to an environment means: what it names, and what it may read. Nothing is open unless declared.

A question reads what the environment shows, and views of other environments by the names that they have in the engine.
Everything else in the warehouse, Headgate's own tables and the engine's catalogue included, is refused here; files are
closed in the engine itself, but those of the sources, which views may show as they are now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.address import Address, environment_schema, fold, split
from headgate.core.declarations import NOT_SHOWN, FileSource, Kind
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.graph import Reference
    from headgate.core.ports.store import Reading
    from headgate.core.records import Build, EnvironmentRecord
    from headgate.release.stored import StoredBuilds, StoredPointers
    from headgate.sql.tree import Query, TableName


@dataclass(frozen=True, slots=True)
class Question:
    """A query that may be asked: in which engine, what it names where, and the files that views may read."""

    engine: str
    text: str
    references: tuple[Reference, ...]
    views: Views
    addresses: tuple[Address, ...]
    captures: Mapping[Address, Build]
    files: tuple[Path, ...]

    def names(self) -> Mapping[str, str]:
        """Return the names that the engine has for schemas and captures, with those that the repository has."""
        given = {self.views.schema(split(address)[0]): split(address)[0] for address in self.addresses}
        return given | {f"headgate.{build.relation}": address for address, build in self.captures.items()}


@dataclass(frozen=True, slots=True)
class Views:
    """How the views of an environment are called."""

    environment: str
    is_bare: bool

    def schema(self, schema: str) -> str:
        """Return the schema of the views for the assets of a schema."""
        return environment_schema(schema, self.environment, bare=self.is_bare)

    def relation(self, address: Address) -> str:
        """Return SQL text that names the view of an address."""
        from headgate.sql.bind import quoted

        schema, name = split(address)
        return f"{quoted(self.schema(schema))}.{quoted(name)}"


def question_of(session: Session, reading: Reading, environment: str, query: str) -> Question:
    """Return what is asked; raise ``Refused`` with all that stands against it."""
    from headgate.release.stored import StoredBuilds
    from headgate.sql.analyse import references_of
    from headgate.sql.questions import fault_of_width, faults_of_question
    from headgate.sql.tree import Unreadable, parse

    record, pointers = shown_now(session, reading, environment)
    exposures = frozenset(pointers.of_kind(Kind.EXPOSURE))
    addresses = tuple(address for address in pointers if address not in exposures)
    try:
        parsed = parse(query, "query", session.config.engines[record.engine].kind)
    except Unreadable as error:
        raise Refused([error.diagnostic]) from None
    known = {fold(address) for address in addresses}
    others = _Others(reading, record.engine)

    def unknown(table: TableName) -> Diagnostic | None:
        is_known = fold(f"{table.schema}.{table.name}") in known or others.shows(table.schema, table.name)
        return None if is_known else _unknown(parsed, table, addresses, environment)

    references = references_of(parsed, addresses)
    named = {reference.address: pointers[reference.address] for reference in references}
    faults = faults_of_question(parsed, unknown) or fault_of_width(parsed, {a: p.shape for a, p in named.items()})
    if faults:
        raise Refused(faults)
    builds = StoredBuilds(reading)
    captures = {address: builds.get(p.build) for address, p in named.items() if p.kind is Kind.SOURCE}
    return Question(
        record.engine,
        parsed.statement,
        references,
        Views(environment, record.bare),
        addresses,
        {address: build for address, build in captures.items() if build is not None},
        tuple(_files(session.root, builds, (pointers, *others.named))),
    )


def shown_now(session: Session, reading: Reading, environment: str) -> tuple[EnvironmentRecord, StoredPointers]:
    """Return the record of an environment and its pointers; raise ``Refused`` where it shows nothing."""
    from headgate.release.stored import StoredPointers, read_environment, read_pointers

    config = session.recorded(reading, environment)
    record, _ = read_environment(reading, environment)
    pointers = read_pointers(reading, environment) if record else StoredPointers({})
    if record is None or not pointers:
        hint = f"Build it first: headgate {'promote dev' if config.protected else f'apply {environment}'}"
        raise Refused([Diagnostic("HG514", f"{environment} shows nothing yet", hint=hint)])
    return record, pointers


class _Others:
    """The views of all environments of an engine by their names there, read when a query names something strange."""

    def __init__(self, reading: Reading, engine: str) -> None:
        self._reading = reading
        self._engine = engine
        self._views: dict[tuple[str, str], StoredPointers] | None = None
        self.named: list[StoredPointers] = []

    def shows(self, schema: str, name: str) -> bool:
        """Tell whether one of them has a view of that name; what its environment shows then counts as named."""
        if self._views is None:
            self._views = dict(self._read())
        found = self._views.get((fold(schema), fold(name)))
        if found is not None:
            self.named.append(found)
        return found is not None

    def _read(self) -> Iterator[tuple[tuple[str, str], StoredPointers]]:
        from headgate.release.stored import read_environments, read_pointers

        for environment, record in read_environments(self._reading).items():
            if record.engine != self._engine:
                continue
            pointers = read_pointers(self._reading, environment)
            hidden = {address for kind in NOT_SHOWN for address in pointers.of_kind(kind)}
            for schema, name in (split(address) for address in pointers if address not in hidden):
                shown = environment_schema(schema, environment, bare=record.bare)
                yield (fold(shown), fold(name)), pointers


def _files(root: Path, builds: StoredBuilds, environments: Iterable[StoredPointers]) -> Iterator[Path]:
    """Yield the files of all sources of environments with views, of which some may show them live."""
    for pointers in environments:
        if next(pointers.of_kind(Kind.VIEW), None) is None:
            continue
        sources = [pointers[address].build for address in pointers.of_kind(Kind.SOURCE)]
        builds.fetch(sources)
        for source in sources:
            build = builds.get(source)
            if build is not None and isinstance(build.location, FileSource):
                yield from (root / file.path for file in build.location.files)


def _unknown(parsed: Query, table: TableName, addresses: tuple[Address, ...], environment: str) -> Diagnostic:
    """Return the fault of a relation that is not shown."""
    from headgate.sql.tree import line_at, place_at

    name = f"{table.schema}.{table.name}".lstrip(".")
    near = [a for a in addresses if fold(split(a)[1]) == fold(table.name)] or nearest(name, addresses)
    return Diagnostic(
        "HG202",
        f"{environment} shows no {name}",
        place_at(parsed.text, parsed.path, table.start, table.end - table.start),
        f"Did you mean {near[0]}?" if near else f"Look: headgate status {environment}",
        excerpt=line_at(parsed.text, table.start),
    )
