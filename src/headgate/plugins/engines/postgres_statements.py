"""Statements of PostgreSQL for what people wrote: described before they run, and refused with their own places."""

from __future__ import annotations

import psycopg

from headgate.core.declarations import TableSource
from headgate.core.errors import EngineFailed, StatementFailed
from headgate.core.ports.engine import BuildJob, CaptureInput, SelectInput
from headgate.core.recipe import Shape
from headgate.plugins.engines import postgres_catalogue as catalogue
from headgate.plugins.engines.postgres_columns import NotOneSelect, Undescribed, shape_of, wrapped
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_faults import statement_fault
from headgate.plugins.engines.postgres_texts import without_end
from headgate.plugins.engines.refusals import difference
from headgate.plugins.engines.sql_texts import may_collate, named


def text_of(job: BuildJob) -> str | None:
    """Return the SELECT of a job; None where its rows come from outside of the database."""
    if isinstance(job.input, SelectInput):
        return job.input.sql
    if isinstance(job.input, CaptureInput) and isinstance(job.input.location, TableSource):
        return f"select * from {named(job.input.location.schema, job.input.location.name)}"
    return None


def made_of_select(connection: Connection, job: BuildJob, text: str) -> int:
    """Make a table of a SELECT; return its rows."""
    demand_shape(connection, text, job.shape, job=job.address)
    return create(connection, job, f"create table {catalogue.table(job.relation)} as\n", without_end(text))


def demand_shape(connection: Connection, text: str, shape: Shape, *, job: str) -> None:
    """Raise ``StatementFailed`` unless ``text`` is one SELECT with these columns. Nothing of it runs."""
    _, found = described(connection, text, collated=may_collate(text, [shape]), job=job)
    if told := difference(found, shape):
        raise StatementFailed(told, job=job)


def create(connection: Connection, job: BuildJob, prefix: str, text: str = "") -> int:
    """Carry out a CREATE TABLE; return the rows that went in."""
    try:
        return catalogue.run(connection, prefix + text)
    except psycopg.errors.DuplicateTable as error:
        raise EngineFailed(f"the table {job.relation} is in the warehouse already") from error
    except psycopg.Error as error:
        raise statement_fault(error, text, prefix=prefix, job=job.address) from error


def described(connection: Connection, sql: str, *, collated: bool = False, job: str = "") -> tuple[str, Shape]:
    """Return what stands before the user's query, and its columns; raise ``StatementFailed`` where it is refused."""
    try:
        prefix, whole = wrapped(sql)
    except NotOneSelect as refusal:
        raise StatementFailed(str(refusal), line=1, column=1, job=job) from None
    try:
        return prefix, shape_of(connection, whole, collated=collated)
    except Undescribed as fault:
        raise StatementFailed(str(fault), job=job) from None
    except psycopg.Error as error:
        raise statement_fault(error, sql, prefix=prefix, job=job) from error


def answer(connection: Connection, text: str, shape: Shape) -> list[tuple[object, ...]]:
    """Return the rows of a query; dates and times that Python has not come as texts, with all of their column."""
    try:
        return catalogue.rows(connection, text)
    except psycopg.DataError as error:
        if error.sqlstate is not None:  # PostgreSQL's own, of the query
            raise
    names = [f"c{number}" for number in range(len(shape))]
    items = (
        f"{name}::text" if column.type.startswith(("date", "timestamp")) else name
        for name, column in zip(names, shape, strict=True)
    )
    return catalogue.rows(connection, f"select {', '.join(items)} from (\n{text}\n) as answer ({', '.join(names)})")
