"""`headgate sql`: a query over what an environment shows, in the names that the repository uses. It cannot write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.address import Address, environment_schema, fold, split
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused, StatementFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.app.session import Session
    from headgate.core.ports.engine import Rows


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query; ``is_cut``: there are more of them."""

    environment: str
    rows: Rows
    is_cut: bool


def sql(session: Session, environment: str, query: str, *, limit: int | None) -> Answer:
    """Return the answer to ``query``; raise ``Refused`` with the engine's words where it refuses it.

    ``staging.flights`` means what the environment shows under that address, ``raw.flights`` the capture of that source
    that it was built from. The warehouse is opened for reading only.
    """
    from headgate.release.stored import StoredBuilds, read_environment, read_pointers

    references = _references(query)
    with session.reading() as reading:
        config = session.recorded(reading, environment)
        record, _ = read_environment(reading, environment)
        pointers = read_pointers(reading, environment) if record else {}
        addresses = {fold(address): address for address in pointers}
        named = {a: pointers[a] for a in map(addresses.get, (name for _, _, name in references)) if a is not None}
        builds = StoredBuilds(reading)
        captures = {a: builds.get(p.build) for a, p in named.items() if p.kind is Kind.SOURCE}
    if record is None or not pointers:
        hint = f"Build it first: headgate {'promote dev' if config.protected else f'apply {environment}'}"
        raise Refused([Diagnostic("HG514", f"{environment} shows nothing yet", hint=hint)])
    engine = session.engine(record.engine, is_read_only=True)
    try:
        texts = {a: _view(a, environment, bare=record.bare) for a in named if a not in captures}
        texts.update({a: engine.relation(build.relation) for a, build in captures.items() if build is not None})
        text = _replaced(query, references, {fold(address): text for address, text in texts.items()})
        rows = engine.query(text, limit=None if limit is None else limit + 1)
    except StatementFailed as error:
        raise Refused([_fault(error, query)]) from error
    finally:
        engine.close()
    if limit is not None and len(rows.rows) > limit:
        return Answer(environment, type(rows)(rows.columns, rows.types, rows.rows[:limit]), is_cut=True)
    return Answer(environment, rows, is_cut=False)


def _references(query: str) -> list[tuple[int, int, str]]:
    """Return where relations are named, and their folded names; none in a text that is no SELECT."""
    from headgate.sql.tree import Unreadable, parse, relations

    try:
        return [(t.start, t.end, fold(f"{t.schema}.{t.name}")) for t in relations(parse(query, "query"))]
    except Unreadable:
        return []


def _view(address: Address, environment: str, *, bare: bool) -> str:
    from headgate.sql.bind import quoted

    schema, name = split(address)
    return f"{quoted(environment_schema(schema, environment, bare=bare))}.{quoted(name)}"


def _replaced(query: str, references: list[tuple[int, int, str]], texts: Mapping[str, str]) -> str:
    for start, end, name in reversed(references):
        query = query[:start] + texts.get(name, query[start:end]) + query[end:]
    return query


def _fault(error: StatementFailed, query: str) -> Diagnostic:
    lines = query.split("\n")
    if 0 < error.line <= len(lines):
        place = Place("query", error.line)
        return Diagnostic(
            "HG601", "the engine refused the query", place, detail=str(error), excerpt=lines[error.line - 1]
        )
    return Diagnostic("HG601", "the engine refused the query", detail=str(error))
