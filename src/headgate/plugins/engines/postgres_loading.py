"""Rows into a table of PostgreSQL: files, seeds and Arrow streams, read by DuckDB in memory and copied in.

COPY runs on the connection that made the table, in its transaction: the table is there with all its rows or not at all.
Rows go through in pieces; memory does not grow with them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg

from headgate.core.declarations import FileSource
from headgate.core.errors import StatementFailed
from headgate.core.ports.engine import BuildJob, CaptureInput, SeedInput, StreamInput
from headgate.core.recipe import Shape
from headgate.plugins.engines.duckdb_columns import shape_of as duckdb_shape
from headgate.plugins.engines.duckdb_faults import statement_fault
from headgate.plugins.engines.duckdb_files import fault_in_location, seed_reader, selection
from headgate.plugins.engines.duckdb_settings import settle
from headgate.plugins.engines.duckdb_streams import INCOMING, fault_in_columns, selected
from headgate.plugins.engines.postgres_catalogue import table
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_faults import statement_fault as refused
from headgate.plugins.engines.postgres_types import read_shape, texts, wanted_shape
from headgate.plugins.engines.sql_texts import quoted

_BATCH_ROWS = 20_000

AtInterrupt = Callable[[Callable[[], None]], Callable[[], None]]
"""What is given a step for interrupts, and gives what takes it away again."""


class Loader:
    """Reads with a DuckDB of its own that opens files below some folders alone. For one thread at a time."""

    def __init__(
        self, folders: Sequence[Path], at_interrupt: Callable[[Callable[[], None]], Callable[[], None]]
    ) -> None:
        self._folders = folders
        self._at_interrupt = at_interrupt
        self._guard = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None

    def load(self, connection: Connection, job: BuildJob) -> int:
        """Copy the input of a job into its table, which is there and empty; return the number of rows."""
        with self._cursor() as cursor:
            try:
                source = _source(cursor, job)
                found = duckdb_shape(cursor, f"from {source}")
                if fault := fault_in_columns(found, job.shape):
                    raise StatementFailed(fault, job=job.address)
                wanted = wanted_shape(found, job.shape)
                return _copied(connection, job, _pieces(cursor, selected(found, wanted, source), wanted))
            except duckdb.Error as error:
                raise statement_fault(error, "", job=job.address) from error
            except OSError as error:  # how pyarrow says that DuckDB broke off in the middle of the answer
                raise StatementFailed(str(error), job=job.address) from error
            finally:
                if isinstance(job.input, StreamInput):
                    cursor.unregister(INCOMING)

    def close(self) -> None:
        """Let go of the database."""
        with self._guard:
            if self._database is not None:
                self._database.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._guard:
            if self._database is None:
                self._database = duckdb.connect(":memory:")
                settle(self._database, duckdb.__version__, folders=self._folders)
            cursor = self._database.cursor()
        take_away = self._at_interrupt(cursor.interrupt)
        try:
            yield cursor
        finally:
            take_away()
            cursor.close()


def _source(cursor: duckdb.DuckDBPyConnection, job: BuildJob) -> str:
    """Return what DuckDB reads for a job: a stream that is registered, or a reader of files."""
    source = job.input
    if isinstance(source, StreamInput):
        cursor.register(INCOMING, source.stream)
        return quoted(INCOMING)
    shape = read_shape(job.shape)
    if isinstance(source, SeedInput):
        return f"(select {', '.join(quoted(c.name) for c in shape)} from {seed_reader(source.path, shape)})"
    if isinstance(source, CaptureInput) and isinstance(source.location, FileSource):
        if fault := fault_in_location(source.location):
            raise StatementFailed(fault, job=job.address)
        return f"({selection(source.location, source.root, shape)})"
    raise TypeError(f"a {type(source).__name__} is not copied in")


def _pieces(cursor: duckdb.DuckDBPyConnection, select: str, shape: Shape) -> Iterator[tuple[bytes, int]]:
    """Yield the rows of a SELECT as CSV that PostgreSQL reads, with their number; NULL is nothing, '' is '""'."""
    from pyarrow import BufferOutputStream, csv

    names = ", ".join(f"c{number}" for number in range(len(shape)))
    items = ", ".join(f"{text} as c{number}" for number, text in enumerate(texts(shape)))
    reader = cursor.sql(f"select {items} from ({select}) as answer ({names})").to_arrow_reader(_BATCH_ROWS)
    options = csv.WriteOptions(include_header=False, quoting_style="all_valid")
    for batch in reader:
        sink = BufferOutputStream()
        csv.write_csv(batch, sink, options)
        yield sink.getvalue().to_pybytes(), batch.num_rows


def _copied(connection: Connection, job: BuildJob, pieces: Iterator[tuple[bytes, int]]) -> int:
    columns = ", ".join(quoted(column.name) for column in job.shape)
    count = 0
    try:
        text = f"copy {table(job.relation)} ({columns}) from stdin (format csv)"
        with connection.cursor() as cursor, cursor.copy(text.encode()) as copy:
            for piece, rows in pieces:
                copy.write(piece)
                count += rows
    except psycopg.Error as error:
        raise refused(error, "", job=job.address) from error
    return count
