"""Making tables in DuckDB: the SELECT behind a job, checked before anything is written, and its result after."""

from __future__ import annotations

import time

import duckdb

from headgate.core.declarations import TableSource
from headgate.core.errors import StatementFailed
from headgate.core.ports.engine import BuildJob, BuildResult, CaptureInput, SeedInput, StreamInput
from headgate.core.ports.loads import LoadPart
from headgate.core.recipe import Shape
from headgate.plugins.engines import duckdb_catalogue as catalogue
from headgate.plugins.engines.duckdb_columns import (
    NotOneSelect,
    collations,
    explained,
    parsed_select,
    refuse_effects,
    shape_of,
)
from headgate.plugins.engines.duckdb_faults import position, statement_fault
from headgate.plugins.engines.duckdb_files import fault_in_location, seed_reader, selection
from headgate.plugins.engines.duckdb_streams import columns_of, fault_in_columns, selected
from headgate.plugins.engines.refusals import difference
from headgate.plugins.engines.sql_texts import may_collate, named, quoted

# Bytes a value takes at most, before compression, by how its type begins; a text or anything nested counts as 24.
_WIDTHS = (
    (("BOOLEAN", "TINYINT", "UTINYINT"), 1),
    (("SMALLINT", "USMALLINT"), 2),
    (("INTEGER", "UINTEGER", "FLOAT", "DATE"), 4),
    (("HUGEINT", "UHUGEINT", "UUID", "INTERVAL", "DECIMAL(3", "DECIMAL(2"), 16),
    (("BIGINT", "UBIGINT", "DOUBLE", "TIMESTAMP", "TIME", "DECIMAL"), 8),
)


def text_of(cursor: duckdb.DuckDBPyConnection, job: BuildJob) -> str:
    """Return the SELECT of a job; what the user wrote must be one SELECT that only reads."""
    source = job.input
    if isinstance(source, SeedInput):
        return f"select {', '.join(quoted(c.name) for c in job.shape)} from {seed_reader(source.path, job.shape)}"
    if isinstance(source, CaptureInput):
        if isinstance(source.location, TableSource):
            return f"select * from {named(source.location.schema, source.location.name)}"
        fault = fault_in_location(source.location)
        if fault:
            raise StatementFailed(fault, job=job.address)
        return selection(source.location, source.root, job.shape)
    if isinstance(source, StreamInput):
        found = columns_of(cursor, source.stream)
        if fault := fault_in_columns(found, job.shape):
            raise StatementFailed(fault, job=job.address)
        return selected(found, job.shape)
    try:
        parsed_select(cursor, source.sql)
        refuse_effects(cursor, source.sql)
    except NotOneSelect as refusal:
        raise StatementFailed(str(refusal), line=1, column=1, job=job.address) from None
    except duckdb.Error as error:
        raise statement_fault(error, source.sql, job=job.address) from error
    return source.sql


def shape_of_part(cursor: duckdb.DuckDBPyConnection, part: LoadPart) -> Shape:
    """Return the columns of a part's query; faults name its address."""
    try:
        return shape_of_query(cursor, part.sql)
    except StatementFailed as error:
        error.job = part.address
        raise


def build_one(cursor: duckdb.DuckDBPyConnection, job: BuildJob, text: str) -> BuildResult:
    """Make one table inside the caller's transaction and check that it has the columns it must have."""
    started = time.perf_counter()
    table = f"{catalogue.SCHEMA}.{quoted(job.relation)}"
    prefix = f"create table {table} as\n"
    try:
        row = cursor.execute(prefix + text).fetchone()
    except duckdb.Error as error:
        raise statement_fault(error, text, prefix=prefix, job=job.address) from error
    found = shape_of(cursor, f"from {table}")
    if may_collate(text, [job.shape]):
        found = collations(catalogue.definition(cursor, job.relation), found)
    if found != job.shape:
        raise StatementFailed(difference(found, job.shape), job=job.address)
    rows = int(row[0]) if row else 0
    size = rows * sum(width(column.type) for column in job.shape)
    return BuildResult(job.id, rows, size, time.perf_counter() - started)


def width(kind: str) -> int:
    """Return the bytes that a value of a type takes at most, before compression."""
    return next((width for starts, width in _WIDTHS if kind.startswith(starts) and not kind.endswith("]")), 24)


def shape_of_query(cursor: duckdb.DuckDBPyConnection, sql: str) -> Shape:
    """Return the columns of the user's query; raise ``StatementFailed`` where it is refused."""
    try:
        parsed = parsed_select(cursor, sql)
        refuse_effects(cursor, sql)
        return shape_of(cursor, sql, parsed=parsed)
    except NotOneSelect as refusal:
        raise StatementFailed(str(refusal), line=1, column=1) from None
    except duckdb.Error as error:
        message, offset = explained(cursor, sql, error)
        line, column = position(sql, offset)
        raise StatementFailed(message, line=line, column=column) from error
