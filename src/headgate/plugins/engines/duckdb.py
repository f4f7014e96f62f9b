"""DuckDB as an engine: physical tables in the schema ``headgate``, environments as schemas of views.

One database object for the session; every method takes a cursor of its own, so that several threads build at once.
What a method writes is one transaction, and the commit is the moment at which it happened.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from headgate.core.address import Address
from headgate.core.checks import Sample
from headgate.core.comparison import Differences
from headgate.core.declarations import FileSource, TableSource
from headgate.core.errors import Conflict, EngineBusy, EngineFailed, StatementFailed
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest
from headgate.core.measures import Answer, Measure, Shown
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.ports.engine import (
    BuildJob,
    BuildResult,
    BuiltRow,
    Capabilities,
    Described,
    Inventory,
    Marker,
    Publication,
    Rows,
    ShownView,
    StreamInput,
)
from headgate.core.ports.loads import LoadEnd, LoadPart, LoadStart, OpenLoad, Visible
from headgate.core.ports.measuring import Measured, Unanswered
from headgate.core.profiles import Profile
from headgate.core.recipe import Shape
from headgate.core.records import LogHead
from headgate.plugins.engines import duckdb_catalogue as catalogue
from headgate.plugins.engines import duckdb_compares, loads
from headgate.plugins.engines.compare_texts import Ask
from headgate.plugins.engines.comparing import Comparing
from headgate.plugins.engines.duckdb_builds import (
    build_one,
    shape_of_part,
    shape_of_query,
    text_of,
)
from headgate.plugins.engines.duckdb_columns import shape_of, without_end
from headgate.plugins.engines.duckdb_faults import engine_fault, said, statement_fault
from headgate.plugins.engines.duckdb_files import reader, selection
from headgate.plugins.engines.duckdb_inventory import inventory_of
from headgate.plugins.engines.duckdb_loads import DuckStorages
from headgate.plugins.engines.duckdb_measures import WORDS, answer
from headgate.plugins.engines.duckdb_opening import connected, missing, read_by_stream
from headgate.plugins.engines.duckdb_profiles import profile_in
from headgate.plugins.engines.duckdb_settings import settle
from headgate.plugins.engines.duckdb_streams import INCOMING, DuckStream
from headgate.plugins.engines.duckdb_transactions import roll_back, transaction, undone
from headgate.plugins.engines.duckdb_views import (
    drop_views,
    give_back,
    make_schemas,
    refuse_tables_in_the_way,
    set_aside,
    statements_of,
)
from headgate.plugins.engines.load_texts import visible_rows
from headgate.plugins.engines.measure_texts import failing
from headgate.plugins.engines.refusals import another_state, difference, is_as_demanded, unanswered
from headgate.plugins.engines.sql_texts import named, quoted


class DuckEngine:
    """See ``core.ports.engine.Engine``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._guard = threading.Lock()
        self._writing = threading.Lock()  # publications and the like; builds run beside each other
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._is_adopted = False
        hashing = duckdb_compares.hashing(duckdb.__version__)
        self._comparing = Comparing(self._asking, duckdb_compares.WORDS, hashing, duckdb_compares.is_unique)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; never changes."""
        return Capabilities(
            kind="duckdb",
            version=duckdb.__version__,
            dialect="duckdb",
            is_transactional=True,
            parallel_builds=4,
            identifier_bytes_max=65_535,
        )

    def state(self) -> str | None:
        """Return the id of the state that the warehouse belongs to, or None."""
        with self._cursor() as cursor:
            return catalogue.state(cursor) if self._adopted(cursor) else None

    def adopt(self, state: str) -> None:
        """Write that the warehouse belongs to ``state``; raise ``Diverged`` where it belongs to another."""
        with self._writing, self._cursor() as cursor, transaction(cursor):
            catalogue.create(cursor)
            present = catalogue.state(cursor)
            if present is None:
                catalogue.write_state(cursor, state)
            elif present != state:
                raise another_state("warehouse file")

    def markers(self) -> Mapping[str, Marker]:
        """Return the marker of every environment."""
        with self._cursor() as cursor:
            return catalogue.markers(cursor) if self._adopted(cursor) else {}

    def log(self) -> LogHead | None:
        """Return the last event of the state's log that a publication has written down, or None."""
        with self._cursor() as cursor:
            return catalogue.log_head(cursor)

    def fence(self, environment: str, before: Marker, fence: int) -> None:
        """Raise the fence in the marker; raise ``Conflict`` where it is not ``before`` or ``fence`` is lower."""
        with self._writing, self._cursor() as cursor, transaction(cursor):
            present = catalogue.markers(cursor).get(environment) if catalogue.is_there(cursor) else None
            if present != before or fence < before.fence:
                raise Conflict(f"marker:{environment}")
            after = Marker(before.state, before.serial, fence, before.intent)
            catalogue.write_marker(cursor, environment, after, is_new=False)

    def columns(self, tables: Collection[TableSource]) -> Mapping[TableSource, Shape]:
        """Return the columns of those tables that exist; 0.2 ms for each, and 1 ms where collations are in use."""
        found: dict[TableSource, Shape] = {}
        with self._cursor() as cursor:
            collated = catalogue.has_collations(cursor)
            for table in tables:
                try:
                    found[table] = shape_of(cursor, f"from {named(table.schema, table.name)}", collated=collated)
                except duckdb.CatalogException:
                    continue
                except duckdb.BinderException as error:  # a view whose own tables have changed
                    text = f"the columns of {table.schema}.{table.name} cannot be read: {said(error).message}"
                    raise EngineFailed(text, hint="Mend that view in the warehouse, or take the source away.") from None
        return found

    def described(self, schema: str) -> tuple[Described, ...]:
        """Return the tables and views of a schema, sorted by name; cost as ``columns``."""
        with self._cursor() as cursor:
            collated = catalogue.has_collations(cursor)
            found = []
            for (written, name), (comment, comments) in catalogue.comments(cursor, schema).items():
                try:
                    shape, fault = shape_of(cursor, f"from {named(written, name)}", collated=collated), ""
                except (duckdb.BinderException, duckdb.CatalogException) as error:
                    shape, fault = (), said(error).message
                found.append(Described(written, name, shape, comment, comments, fault))
            return tuple(found)

    def schemas(self) -> tuple[str, ...]:
        """Return the schemas that hold tables or views, as written, sorted."""
        with self._cursor() as cursor:
            return catalogue.filled_schemas(cursor)

    def build(
        self, jobs: Sequence[BuildJob], begun: Callable[[Address], None] | None = None
    ) -> tuple[BuildResult, ...]:
        """Make the tables and their rows in one transaction; ``StatementFailed.job`` is the address that failed."""
        if not jobs:
            return ()
        with self._cursor() as cursor:
            texts = [text_of(cursor, job) for job in jobs]
            with transaction(cursor):
                made = []
                for job, text in zip(jobs, texts, strict=True):
                    if begun is not None:
                        begun(job.address)
                    made.append((job, build_one(cursor, job, text)))
                    if isinstance(job.input, StreamInput):
                        cursor.unregister(INCOMING)
                if not catalogue.write_builds(cursor, made):
                    raise EngineFailed("one of these builds is in the warehouse already")
        return tuple(result for _, result in made)

    def begin_load(self, start: LoadStart) -> OpenLoad:
        """Return the load to go on with; see ``core.ports.engine.Engine.begin_load``."""
        with self._writing, self._cursor() as cursor, transaction(cursor):
            return loads.begin(DuckStorages(cursor), start)

    def load_part(self, load: OpenLoad, part: LoadPart) -> int:
        """Make one part in one transaction, unless it was made already; return the rows that came in."""
        with self._cursor() as cursor:
            found = shape_of_part(cursor, part)
            if found != part.shape:
                raise StatementFailed(difference(found, part.shape), job=part.address)
            with transaction(cursor):
                return loads.make_part(DuckStorages(cursor), load, part)

    def end_load(self, load: OpenLoad, end: LoadEnd) -> BuildResult:
        """Write the load's row in ``headgate.builds``; its rows are those visible at the load's number."""
        with self._writing, self._cursor() as cursor, transaction(cursor):
            return loads.end(DuckStorages(cursor), load, end)

    def built(self) -> Mapping[Digest, str]:
        """Return all builds in ``headgate.builds``: id to physical relation."""
        with self._cursor() as cursor:
            return catalogue.builds(cursor) if self._adopted(cursor) else {}

    def built_rows(self, builds: Collection[Digest]) -> Mapping[Digest, BuiltRow]:
        """Return the rows of ``headgate.builds`` of some builds; what is not there is left out."""
        with self._cursor() as cursor:
            return catalogue.built_rows(cursor, builds) if builds and self._adopted(cursor) else {}

    def drop(self, relations: Mapping[Digest, str]) -> None:
        """Drop physical tables and their rows in ``headgate.builds``; what is gone already does not count."""
        with self._writing, self._cursor() as cursor:
            if not relations or not self._adopted(cursor):
                return
            with transaction(cursor):
                kept = loads.drop(DuckStorages(cursor), relations, dict.fromkeys(relations.values()))
                for relation in relations.values():
                    if relation and relation not in kept:
                        cursor.execute(f"drop table if exists {self.relation(relation)}")
                catalogue.erase_builds(cursor, list(relations))

    def take_out_loads(self) -> None:
        """Take out all that loads left which were begun and never ended. Nobody may be loading meanwhile."""
        with self._writing, self._cursor() as cursor:
            if self._adopted(cursor):
                with transaction(cursor):
                    loads.take_out_all(DuckStorages(cursor))

    def publish(self, publication: Publication) -> None:
        """Switch views and marker in one transaction.

        Raises ``Conflict`` (``state``, ``marker:ENVIRONMENT`` or ``table:RELATION``) where something is not as demanded
        and ``Refused`` (HG510) where a table that is not Headgate's stands where a view must be shown.
        Cost: 3 ms and a sync of the disk, and 0.12 ms (DuckDB 1.5) or 0.2 ms (2.0) for each view.
        """
        with self._writing, self._cursor() as cursor:
            statements = statements_of(cursor, publication.replace)
            with transaction(cursor):
                is_new = self._demand(cursor, publication)
                make_schemas(cursor, publication.replace)
                set_aside(cursor, publication.aside)
                for view, statement in zip(publication.replace, statements, strict=True):
                    self._show(cursor, publication, view, statement)
                drop_views(cursor, publication.drop)
                give_back(cursor, publication.back)
                if publication.replace:
                    catalogue.write_maker(cursor, duckdb.__version__)
                if publication.log is not None:
                    catalogue.write_log_head(cursor, publication.log)
                catalogue.write_marker(cursor, publication.environment, publication.after, is_new=is_new)

    def shown(self, schemas: Collection[str]) -> Collection[tuple[str, str]]:
        """Return the views and tables (schema, name) that exist in ``schemas``."""
        with self._cursor() as cursor:
            return list(catalogue.objects(cursor, schemas))

    def inventory(self, views: Collection[ShownView]) -> Inventory:
        """Return what is there, and whether ``views`` are shown as given; 0.1 ms a table, 0.25 ms a view."""
        with self._cursor() as cursor:
            return inventory_of(cursor, views, is_adopted=self._adopted(cursor))

    def query(self, sql: str, *, limit: int | None = None) -> Rows:
        """Return the answer to one SELECT, in a transaction that cannot write.

        Columns with TIMESTAMPTZ come as text (DuckDB needs the package pytz to make Python values of them).
        """
        with self._cursor() as cursor:
            shape = shape_of_query(cursor, sql)
            names = [quoted(f"c{number}") for number in range(len(shape))]
            prefix, suffix = "", ""
            picked = [
                f"{name}::varchar" if "WITH TIME ZONE" in column.type else name
                for name, column in zip(names, shape, strict=True)
            ]
            if limit is not None or picked != names:
                prefix = f"select {', '.join(picked)} from (\n"
                suffix = f"\n) as answer ({', '.join(names)})" + ("" if limit is None else f" limit {limit:d}")
            text = without_end(sql) if prefix else sql
            cursor.execute("begin transaction read only")
            try:
                rows = cursor.execute(prefix + text + suffix).fetchall()
            except duckdb.Error as error:
                raise statement_fault(error, sql, prefix=prefix) from error
            finally:
                roll_back(cursor)
        return Rows(tuple(c.name for c in shape), tuple(c.type for c in shape), tuple(rows))

    def stream(self, sql: str, *, batch_rows: int = 0) -> DuckStream:
        """Return the answer to one SELECT as an Arrow stream that is computed as it is read, on a cursor of its own.

        Without ``batch_rows`` nothing but DuckDB is needed; with it pyarrow makes the batches.
        """
        with self._guard:
            try:
                cursor = self._connection.cursor()
            except duckdb.Error as error:
                raise EngineFailed("the session with the warehouse is closed") from error
            self._running.add(cursor)

        def let_go() -> None:
            with self._guard:
                self._running.discard(cursor)
            cursor.close()

        try:
            shape_of_query(cursor, sql)
            return DuckStream(cursor, without_end(sql), batch_rows, let_go)
        except duckdb.Error as error:
            let_go()
            raise statement_fault(error, sql) from error
        except BaseException:
            let_go()
            raise

    def measure(self, table: Measured, measures: Sequence[Measure]) -> Mapping[Measure, Answer | Unanswered]:
        """Return the answer to each measure, found by itself in the cheapest way."""
        found: dict[Measure, Answer | Unanswered] = {}
        for measure in dict.fromkeys(measures):
            with self._cursor() as cursor, undone(cursor):
                try:
                    found[measure] = answer(partial(_first_row, cursor), measure, table)
                except duckdb.Error as error:
                    found[measure] = unanswered(statement_fault(error, ""))
        return found

    def failing(self, table: Measured, measure: Shown, limit: int) -> Sample:
        """Return some rows that fail, in the order of their hashes."""
        with self._cursor() as cursor, undone(cursor):
            try:
                found = cursor.execute(failing(measure, table, WORDS, limit))
                return Sample(tuple(column[0] for column in found.description or ()), tuple(found.fetchall()))
            except duckdb.Error as error:
                raise statement_fault(error, "") from error

    def profile(self, table: Measured) -> Profile:
        """Return what the columns look like, from two passes."""
        with self._cursor() as cursor, undone(cursor):
            return profile_in(cursor, table)

    def fingerprint(self, side: Side, key: Sequence[str], beside: Fingerprint | None = None) -> Fingerprint | None:
        """Return digests of all that a relation holds."""
        return self._comparing.fingerprint(side, key, beside)

    def compare(self, pairing: Pairing, sample: int = 0) -> Counted:
        """Return how two relations differ, with some rows that do."""
        return self._comparing.compare(pairing, sample)

    def differing(self, pairing: Pairing, limit: int | None) -> Differences:
        """Return rows that differ."""
        return self._comparing.differing(pairing, limit)

    @contextmanager
    def _asking(self) -> Iterator[Ask]:
        """Give what answers statements of one moment, which write nothing; what is refused is ``StatementFailed``."""
        with self._cursor() as cursor, undone(cursor):
            try:
                yield lambda sql: cursor.execute(sql).fetchall()
            except duckdb.Error as error:
                raise statement_fault(error, "") from error

    def relation(self, relation: str) -> str:
        """Return SQL text that names a physical table: ``headgate."staging__flights__0123456789abcdef"``."""
        return f"{catalogue.SCHEMA}.{quoted(relation)}"

    def visible(self, rows: Visible, shape: Shape) -> str:
        """Return SQL text of a relation: the columns of ``shape`` of the rows that a storage shows at a load."""
        return visible_rows(self.relation(rows.relation), rows, shape)

    def source(self, location: FileSource | TableSource, root: str, shape: Shape = ()) -> str:
        """Return SQL text that reads a source where it is: files typed by ``shape``, else sniffed at each read."""
        if isinstance(location, TableSource):
            return named(location.schema, location.name)
        return f"({selection(location, root, shape)})" if shape else reader(location, root, None)

    def interrupt(self) -> None:
        """Make running statements end with ``EngineFailed``; from any thread."""
        with self._guard:
            for cursor in self._running:
                cursor.interrupt()

    def close(self) -> None:
        """End the session and let go of the warehouse; DuckDB writes its log into the file."""
        try:
            self._connection.close()
        except duckdb.Error as error:
            raise engine_fault(error) from error

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor of one call; what DuckDB raises inside and nobody explained is ``EngineFailed``."""
        with self._guard:
            try:
                cursor = self._connection.cursor()
            except duckdb.Error as error:
                raise EngineFailed("the session with the warehouse is closed") from error
            self._running.add(cursor)
        try:
            yield cursor
        except duckdb.Error as error:
            raise engine_fault(error) from error
        finally:
            with self._guard:
                self._running.discard(cursor)
            cursor.close()

    def _adopted(self, cursor: duckdb.DuckDBPyConnection) -> bool:
        """Tell whether Headgate's tables are there; once they are, they stay."""
        self._is_adopted = self._is_adopted or catalogue.is_there(cursor)
        return self._is_adopted

    def _demand(self, cursor: duckdb.DuckDBPyConnection, publication: Publication) -> bool:
        """Raise ``Conflict`` unless state, marker and tables are as demanded; return whether the environment is new."""
        if not self._adopted(cursor) or catalogue.state(cursor) != publication.after.state:
            raise Conflict("state")
        present = catalogue.markers(cursor).get(publication.environment)
        before, after = publication.before, publication.after
        if present is None or before is None:
            may_publish = present is before
        else:
            may_publish = is_as_demanded(present, before, after)
        if not may_publish:
            raise Conflict(f"marker:{publication.environment}")
        missing = catalogue.missing_table(cursor, publication.tables)
        if missing is not None:
            raise Conflict(f"table:{missing}")
        return present is None

    def _show(
        self,
        cursor: duckdb.DuckDBPyConnection,
        publication: Publication,
        view: ShownView,
        statement: duckdb.Statement,
    ) -> None:
        """Replace one view. DuckDB refuses to replace a table by a view, so nobody has to look for tables before."""
        try:
            cursor.execute(statement)
        except duckdb.Error as error:
            if isinstance(error, duckdb.CatalogException):
                with self._cursor() as beside:
                    refuse_tables_in_the_way(beside, publication)
            raise statement_fault(error, "", job=f"{view.schema}.{view.name}") from error


def open_duckdb(
    path: Path,
    *,
    read_only: bool,
    wait_seconds: float = 30,
    root: Path | None,
    allow: Sequence[Path] = (),
    files: Sequence[Path] = (),
    threads: int | None = None,
    create: bool = True,
    tell: Callable[[str], None] | None = None,
) -> DuckEngine:
    """Return a session on the file at ``path``; it reads ``files``, and what is below ``root`` and ``allow``, alone.

    Raises ``EngineBusy`` where another process holds the file for longer than ``wait_seconds``, or a stream of this one
    that may not read ``files``; ``EngineFailed`` where it cannot be opened, or does not exist and ``create`` is false.
    ``tell`` is told of a wait that takes longer.
    """
    if not create and not path.exists():
        raise missing(path)
    connection = connected(path, read_only=read_only, wait_seconds=wait_seconds, tell=tell)
    try:
        folders = allow if root is None else (root, *allow)
        if not settle(connection, duckdb.__version__, folders=folders, files=files, threads=threads):
            raise read_by_stream(path)
    except duckdb.Error as error:
        connection.close()
        raise engine_fault(error) from error
    except EngineBusy:
        connection.close()
        raise
    return DuckEngine(connection)


def _first_row(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...] | None:
    return cursor.execute(sql).fetchone()
