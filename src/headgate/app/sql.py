"""`headgate sql`: a query over what an environment shows, in the names that the repository uses. It cannot write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.address import Address, environment_schema, fold, split
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused, StatementFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    ``staging.flights`` means what the environment shows under that address. The warehouse is opened for reading only.
    """
    from headgate.release.stored import read_environment, read_pointers

    with session.reading() as reading:
        config = session.recorded(reading, environment)
        record, _ = read_environment(reading, environment)
        addresses = tuple(read_pointers(reading, environment)) if record else ()
    if record is None or not addresses:
        hint = f"Build it first: headgate {'promote dev' if config.protected else f'apply {environment}'}"
        raise Refused([Diagnostic("HG514", f"{environment} shows nothing yet", hint=hint)])
    text = query if record.bare else in_environment(query, environment, addresses)
    engine = session.engine(record.engine, is_read_only=True)
    try:
        rows = engine.query(text, limit=None if limit is None else limit + 1)
    except StatementFailed as error:
        raise Refused([_fault(error, query)]) from error
    finally:
        engine.close()
    if limit is not None and len(rows.rows) > limit:
        return Answer(environment, type(rows)(rows.columns, rows.types, rows.rows[:limit]), is_cut=True)
    return Answer(environment, rows, is_cut=False)


def in_environment(query: str, environment: str, addresses: Iterable[Address]) -> str:
    """Return the query with the names of assets replaced by those of the environment's views.

    A text that is no SELECT (SUMMARIZE, DESCRIBE) stays as it is: name the environment's schema in it.
    """
    from headgate.sql.bind import quoted
    from headgate.sql.tree import Unreadable, parse, relations

    known = {fold(address): address for address in addresses}
    try:
        named = relations(parse(query, "query"))
    except Unreadable:
        return query
    text = query
    for table in reversed(named):
        address = known.get(fold(f"{table.schema}.{table.name}"))
        if address is not None:
            schema, name = split(address)
            shown = f"{quoted(environment_schema(schema, environment, bare=False))}.{quoted(name)}"
            text = text[: table.start] + shown + text[table.end :]
    return text


def _fault(error: StatementFailed, query: str) -> Diagnostic:
    lines = query.split("\n")
    if 0 < error.line <= len(lines):
        place = Place("query", error.line)
        return Diagnostic(
            "HG601", "the engine refused the query", place, detail=str(error), excerpt=lines[error.line - 1]
        )
    return Diagnostic("HG601", "the engine refused the query", detail=str(error))
