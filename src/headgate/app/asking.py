"""A question to an environment: names resolved by its pointers, the warehouse open for reading, refusals explained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.address import Address, environment_schema, fold, split
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.errors import EnvironmentFailed, Refused, StatementFailed
from headgate.core.listing import listed

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.graph import Reference
    from headgate.core.ports.engine import Engine
    from headgate.core.ports.store import Reading
    from headgate.core.records import EnvironmentRecord, Pointer
    from headgate.sql.tree import Query

_MISSING = re.compile(r"Table with name (\S+) does not exist")
_PHYSICAL = re.compile(r"__[0-9a-f]{16}$")


@contextmanager
def asking(session: Session, environment: str, query: str) -> Iterator[tuple[Engine, str]]:
    """Give the engine and the text of ``query`` over what the environment shows now, without a ``;`` at its end.

    ``staging.flights`` means what the environment shows under that address, ``raw.flights`` the capture of that source
    that it was built from. What the engine refuses inside is ``Refused``, in its words and the repository's names.
    """
    from headgate.release.stored import StoredBuilds

    with session.reading() as reading:
        record, pointers = shown_now(session, reading, environment)
        addresses = tuple(pointers)
        parsed, references = _read(query, addresses)
        builds = StoredBuilds(reading)
        sources = {r.address: pointers[r.address].build for r in references if pointers[r.address].kind is Kind.SOURCE}
        captures = {address: build for address, one in sources.items() if (build := builds.get(one)) is not None}
    views = _Views(environment, record.bare)
    engine = session.engine(record.engine, is_read_only=True)
    try:
        captured = {address: engine.relation(build.relation) for address, build in captures.items()}
        yield engine, _spliced(parsed.statement if parsed else query, references, views, captured)
    except StatementFailed as error:
        names = {views.schema(split(address)[0]): split(address)[0] for address in addresses}
        names.update({f"headgate.{build.relation}": address for address, build in captures.items()})
        is_missing = "does not exist" in str(error)
        unknown = _unknown(parsed, addresses, environment) if parsed and is_missing else None
        if unknown is None and _is_lost(str(error), references):
            raise _lost(references, environment) from error
        raise Refused([unknown or _fault(error, query, names)]) from error
    finally:
        engine.close()


def shown_now(
    session: Session, reading: Reading, environment: str
) -> tuple[EnvironmentRecord, Mapping[Address, Pointer]]:
    """Return the record of an environment and its pointers; raise ``Refused`` where it shows nothing."""
    from headgate.release.stored import read_environment, read_pointers

    config = session.recorded(reading, environment)
    record, _ = read_environment(reading, environment)
    pointers = read_pointers(reading, environment) if record else {}
    if record is None or not pointers:
        hint = f"Build it first: headgate {'promote dev' if config.protected else f'apply {environment}'}"
        raise Refused([Diagnostic("HG514", f"{environment} shows nothing yet", hint=hint)])
    return record, pointers


@dataclass(frozen=True, slots=True)
class _Views:
    """How the views of an environment are called."""

    environment: str
    is_bare: bool

    def schema(self, schema: str) -> str:
        return environment_schema(schema, self.environment, bare=self.is_bare)

    def relation(self, address: Address) -> str:
        from headgate.sql.bind import quoted

        schema, name = split(address)
        return f"{quoted(self.schema(schema))}.{quoted(name)}"


def _read(query: str, addresses: Iterable[Address]) -> tuple[Query | None, tuple[Reference, ...]]:
    """Return the parsed query and where it names what is shown; nothing of a text that is no SELECT."""
    from headgate.sql.analyse import references_of
    from headgate.sql.tree import Unreadable, parse

    try:
        parsed = parse(query, "query")
    except Unreadable:
        return None, ()
    return parsed, references_of(parsed, addresses)


def _spliced(query: str, references: tuple[Reference, ...], views: _Views, captured: Mapping[Address, str]) -> str:
    """Return the query over views and captures; a capture, whose name is a made-up one, keeps that of its source."""
    from headgate.sql.bind import quoted

    for reference in reversed(references):
        text = captured.get(reference.address)
        if text is None:
            text = views.relation(reference.address)
        elif reference.is_column:
            text = quoted(reference.alias)
        elif reference.alias:
            text += f" as {quoted(reference.alias)}"
        query = query[: reference.start] + text + query[reference.end :]
    return query


def _is_lost(message: str, references: tuple[Reference, ...]) -> bool:
    """Tell whether what the engine does not find is a view that was asked for, or a physical table."""
    missing = _MISSING.search(message)
    if missing is None:
        return False
    return missing[1] in {split(r.address)[1] for r in references} or bool(_PHYSICAL.search(missing[1]))


def _lost(references: tuple[Reference, ...], environment: str) -> EnvironmentFailed:
    """Return the error of a query that names only what is shown, and of which the engine lacks something."""
    named = listed(sorted({reference.address for reference in references}))
    text = f"{environment} shows {named}, but a view or a table of that is gone from the warehouse"
    return EnvironmentFailed(text, code="HG508", hint="Look: headgate doctor")


def _unknown(parsed: Query, addresses: tuple[Address, ...], environment: str) -> Diagnostic | None:
    """Return the fault of the first relation that a query names and that is not shown; None where there is none."""
    from headgate.sql.tree import line_at, place_at, relations

    known = {fold(address): address for address in addresses}
    for table in relations(parsed):
        name = f"{table.schema}.{table.name}".lstrip(".")
        if fold(name) in known:
            continue
        near = [a for a in addresses if fold(split(a)[1]) == fold(table.name)] or nearest(name, addresses)
        return Diagnostic(
            "HG202",
            f"{environment} shows no {name}",
            place_at(parsed.text, parsed.path, table.start, table.end - table.start),
            f"Did you mean {near[0]}?" if near else f"Look: headgate status {environment}",
            excerpt=line_at(parsed.text, table.start),
        )
    return None


def _fault(error: StatementFailed, query: str, names: Mapping[str, str]) -> Diagnostic:
    """Return the engine's words with the repository's names in place of those in the engine."""
    detail = str(error)
    for name, given in names.items():
        detail = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", given, detail)
    lines = query.split("\n")
    is_placed = 0 < error.line <= len(lines)
    return Diagnostic(
        "HG601",
        "the engine refused the query",
        Place("query", error.line) if is_placed else None,
        detail=detail,
        excerpt=lines[error.line - 1] if is_placed else "",
    )
