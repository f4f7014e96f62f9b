"""PostgreSQL as an engine: physical tables in the schema ``headgate``, environments as schemas of views.

Each method takes a connection of its own, so that several threads build at once. What a method writes is one
transaction, and the commit is the moment at which it happened.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from headgate.core.address import Address
from headgate.core.checks import Sample
from headgate.core.comparison import Differences
from headgate.core.declarations import FileSource, TableSource
from headgate.core.errors import Conflict, EngineFailed, StatementFailed
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
)
from headgate.core.ports.loads import LoadEnd, LoadPart, LoadStart, OpenLoad, Visible
from headgate.core.ports.measuring import Measured, Unanswered
from headgate.core.profiles import Profile
from headgate.core.recipe import Shape
from headgate.core.records import LogHead
from headgate.plugins.engines import loads, postgres_compares
from headgate.plugins.engines import postgres_catalogue as catalogue
from headgate.plugins.engines.compare_texts import Ask
from headgate.plugins.engines.comparing import Comparing
from headgate.plugins.engines.load_texts import visible_rows
from headgate.plugins.engines.measure_texts import failing
from headgate.plugins.engines.postgres_columns import (
    columns_of,
)
from headgate.plugins.engines.postgres_connections import Connection, Connections
from headgate.plugins.engines.postgres_faults import statement_fault
from headgate.plugins.engines.postgres_inventory import inventory_of
from headgate.plugins.engines.postgres_loading import Loader
from headgate.plugins.engines.postgres_loads import PostgresStorages
from headgate.plugins.engines.postgres_measures import WORDS, answers, groups
from headgate.plugins.engines.postgres_profiles import WORDS as PROFILE_WORDS
from headgate.plugins.engines.postgres_settings import Setting
from headgate.plugins.engines.postgres_statements import (
    answer,
    create,
    demand_shape,
    described,
    made_of_select,
    text_of,
)
from headgate.plugins.engines.postgres_streams import PostgresStream
from headgate.plugins.engines.postgres_texts import IDENTIFIER_BYTES_MAX, stored_name, without_end
from headgate.plugins.engines.postgres_views import give_back, set_aside, switch
from headgate.plugins.engines.postgres_waiting import (
    WAIT_SECONDS,
    holders,
    lock_setting,
    tried,
    wait_for_snapshots,
)
from headgate.plugins.engines.profile_texts import profile_of
from headgate.plugins.engines.refusals import another_state, is_as_demanded, unanswered
from headgate.plugins.engines.sql_texts import named, quoted

OLDEST = 15
"""The oldest major version that is supported."""

UNANALYZED_ROWS = 1_000
"""Tables of so many rows are read from end to end whatever is known of them; to ANALYZE one takes 1 ms."""


class PostgresEngine:
    """See ``core.ports.engine.Engine``. ``wait_seconds``: for whom a publication waits, at most."""

    def __init__(self, connections: Connections, loader: Loader, version: str, wait_seconds: float) -> None:
        self._connections = connections
        self._loader = loader
        self._version = version
        self._wait_seconds = wait_seconds
        self._writing = threading.Lock()  # publications and the like; builds run beside each other
        self._is_adopted = False
        self._lock_setting: Setting | None = None
        self._comparing = Comparing(self._asking, postgres_compares.WORDS, postgres_compares.hashing(version))

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; never changes."""
        return Capabilities(
            kind="postgres",
            version=self._version,
            dialect="postgres",
            is_transactional=True,
            parallel_builds=4,
            identifier_bytes_max=IDENTIFIER_BYTES_MAX,
        )

    def state(self) -> str | None:
        """Return the id of the state that the database belongs to, or None."""
        with self._connections.reading() as connection:
            return catalogue.state(connection) if self._adopted(connection) else None

    def adopt(self, state: str) -> None:
        """Write that the database belongs to ``state``; raise ``Diverged`` where it belongs to another."""
        with self._writing, self._connections.transaction() as connection:
            catalogue.create(connection)
            present = catalogue.state(connection)
            if present is None:
                catalogue.write_state(connection, state)
            elif present != state:
                raise another_state("database")

    def markers(self) -> Mapping[str, Marker]:
        """Return the marker of every environment."""
        with self._connections.reading() as connection:
            return catalogue.markers(connection) if self._adopted(connection) else {}

    def log(self) -> LogHead | None:
        """Return the last event of the state's log that a publication has written down, or None."""
        with self._connections.reading() as connection:
            return catalogue.log_head(connection) if self._adopted(connection) else None

    def fence(self, environment: str, before: Marker, fence: int) -> None:
        """Raise the fence in the marker; raise ``Conflict`` where it is not ``before`` or ``fence`` is lower."""

        def attempt() -> None:
            with self._connections.transaction(settings=self._waiting_briefly()) as connection:
                is_there = self._adopted(connection)
                present = catalogue.locked_marker(connection, environment) if is_there else None
                if present != before or fence < before.fence:
                    raise Conflict(f"marker:{environment}")
                after = Marker(before.state, before.serial, fence, before.intent)
                catalogue.update_marker(connection, environment, after)

        with self._writing:
            self._tried(attempt, [(catalogue.SCHEMA, "environments")])

    def columns(self, tables: Collection[TableSource]) -> Mapping[TableSource, Shape]:
        """Return the columns of those tables that exist."""
        if not tables:
            return {}
        with self._connections.reading() as connection:
            where = "(n.nspname, c.relname) in (select * from unnest(%s::text[], %s::text[]))"
            found = columns_of(connection, where, [t.schema for t in tables], [t.name for t in tables])
        return {t: found[t.schema, t.name] for t in tables if (t.schema, t.name) in found}

    def described(self, schema: str) -> tuple[Described, ...]:
        """Return the tables and views of a schema, sorted by name. Cost: two queries."""
        with self._connections.reading() as connection:
            shapes = columns_of(connection, "lower(n.nspname) = %s", schema.lower())
            return tuple(
                Described(written, name, shapes.get((written, name), ()), comment, comments)
                for (written, name), (comment, comments) in catalogue.comments(connection, schema).items()
            )

    def schemas(self) -> tuple[str, ...]:
        """Return the schemas of people that hold tables or views, as written, sorted."""
        with self._connections.reading() as connection:
            return catalogue.filled_schemas(connection)

    def build(
        self, jobs: Sequence[BuildJob], begun: Callable[[Address], None] | None = None
    ) -> tuple[BuildResult, ...]:
        """Make the tables and their rows in one transaction; ``StatementFailed.job`` is the address that failed."""
        if not jobs:
            return ()
        with self._connections.transaction() as connection:
            if catalogue.known_builds(connection, [job.id for job in jobs]):
                raise EngineFailed("one of these builds is in the warehouse already")
            made = []
            for job in jobs:
                if begun is not None:
                    begun(job.address)
                made.append(self._build_one(connection, job))
            sizes = catalogue.sizes_of(connection, [job.relation for job in jobs])
            results = tuple(
                BuildResult(job.id, rows, sizes[job.relation] if rows else 0, seconds)
                for job, (rows, seconds) in zip(jobs, made, strict=True)
            )
            catalogue.write_builds(connection, tuple(zip(jobs, results, strict=True)))
        return results

    def begin_load(self, start: LoadStart) -> OpenLoad:
        """Return the load to go on with; see ``core.ports.engine.Engine.begin_load``."""
        with self._connections.transaction() as connection:
            return loads.begin(PostgresStorages(connection), start)

    def load_part(self, load: OpenLoad, part: LoadPart) -> int:
        """Make one part in one transaction, unless it was made already; return the rows that came in."""
        with self._connections.transaction() as connection:
            demand_shape(connection, part.sql, part.shape, job=part.address)
            return loads.make_part(PostgresStorages(connection), load, part)

    def end_load(self, load: OpenLoad, end: LoadEnd) -> BuildResult:
        """Write the load's row in ``headgate.builds``; its rows are those visible at the load's number."""
        with self._connections.transaction() as connection:
            return loads.end(PostgresStorages(connection), load, end)

    def built(self) -> Mapping[Digest, str]:
        """Return all builds in ``headgate.builds``: id to physical relation."""
        with self._connections.reading() as connection:
            return catalogue.builds(connection) if self._adopted(connection) else {}

    def built_rows(self, builds: Collection[Digest]) -> Mapping[Digest, BuiltRow]:
        """Return the rows of ``headgate.builds`` of some builds; what is not there is left out."""
        with self._connections.reading() as connection:
            return catalogue.built_rows(connection, builds) if builds and self._adopted(connection) else {}

    def drop(self, relations: Mapping[Digest, str]) -> None:
        """Drop physical tables and their rows in ``headgate.builds``; what is gone already does not count."""
        if not relations:
            return
        names = [relation for relation in relations.values() if relation]

        def attempt() -> None:
            with self._connections.transaction(settings=self._waiting_briefly()) as connection:
                if not self._adopted(connection):
                    return
                kept = loads.drop(PostgresStorages(connection), relations, dict.fromkeys(names))
                for relation in sorted({*names} - kept):
                    catalogue.run(connection, f"drop table if exists {catalogue.table(relation)}")
                catalogue.erase_builds(connection, list(relations))

        with self._writing:
            self._tried(attempt, [(catalogue.SCHEMA, stored_name(name)) for name in names])

    def take_out_loads(self) -> None:
        """Take out all that loads left which were begun and never ended. Nobody may be loading meanwhile."""
        with self._connections.transaction() as connection:
            if self._adopted(connection):
                loads.take_out_all(PostgresStorages(connection))

    def publish(self, publication: Publication) -> None:
        """Switch views and marker in one transaction.

        Raises ``Conflict`` (``state``, ``marker:ENVIRONMENT`` or ``table:RELATION``) where something is not as
        demanded, ``Refused`` (HG510) where a table that is not Headgate's stands where a view must be shown, and
        ``EngineBusy`` where readers do not let go of the views, or of a snapshot from before the tables, for too long.
        Cost: a dozen queries and a sync of the disk, and 1 ms for each view.
        """

        def attempt() -> None:
            with self._connections.transaction(settings=self._waiting_briefly()) as connection:
                self._publish(connection, publication)

        views = [*((view.schema, view.name) for view in publication.replace), *publication.drop]
        with self._writing:
            wait_for_snapshots(self._connections, publication.tables, seconds=self._wait_seconds)
            self._tried(attempt, [(catalogue.SCHEMA, "environments"), *views])

    def shown(self, schemas: Collection[str]) -> Collection[tuple[str, str]]:
        """Return the views and tables (schema, name) that exist in ``schemas``."""
        with self._connections.reading() as connection:
            return list(catalogue.objects(connection, schemas))

    def inventory(self, views: Collection[ShownView]) -> Inventory:
        """Return what is there, and whether ``views`` are shown as given."""
        with self._connections.transaction("begin isolation level repeatable read") as connection:
            return inventory_of(connection, views, is_adopted=self._adopted(connection))

    def query(self, sql: str, *, limit: int | None = None) -> Rows:
        """Return the answer to one SELECT, in a transaction that cannot write.

        Dates and times that Python has not (infinity, before Christ) come as texts, with all of their column.
        """
        with self._connections.reading() as connection:
            prefix, shape = described(connection, sql)
            end = "" if limit is None else f" limit {limit:d}"
            try:
                found = answer(connection, f"{prefix}{without_end(sql)}\n) as answer{end}", shape)
            except psycopg.Error as error:
                raise statement_fault(error, sql, prefix=prefix) from error
        return Rows(tuple(c.name for c in shape), tuple(c.type for c in shape), tuple(found))

    def stream(self, sql: str, *, batch_rows: int = 0) -> PostgresStream:
        """Return the answer to one SELECT as an Arrow stream that is computed as it is read, on its own connection."""
        with self._connections.reading() as connection:
            _, shape = described(connection, sql)
        return PostgresStream(self._connections, without_end(sql), shape, batch_rows)

    def measure(self, table: Measured, measures: Sequence[Measure]) -> Mapping[Measure, Answer | Unanswered]:
        """Return the answers: in one pass all that can share it; alone where together one of them fails."""
        found: dict[Measure, Answer | Unanswered] = {}
        for group in groups(tuple(dict.fromkeys(measures))):
            together = self._measured(table, group)
            if not isinstance(together, Unanswered):
                found.update(together)
                continue
            for measure in group:
                one = together if len(group) == 1 else self._measured(table, (measure,))
                found.update(dict.fromkeys((measure,), one) if isinstance(one, Unanswered) else one)
        return found

    def _measured(self, table: Measured, group: Sequence[Measure]) -> Mapping[Measure, Answer] | Unanswered:
        with self._connections.reading() as connection:
            try:
                return answers(lambda sql: catalogue.rows(connection, sql)[0], group, table)
            except psycopg.Error as error:
                return unanswered(statement_fault(error, ""))

    def failing(self, table: Measured, measure: Shown, limit: int) -> Sample:
        """Return some rows that fail, in the order of their hashes."""
        with self._connections.reading() as connection:
            try:
                found = connection.execute(failing(measure, table, WORDS, limit).encode())
                return Sample(tuple(column.name for column in found.description or ()), tuple(found.fetchall()))
            except psycopg.Error as error:
                raise statement_fault(error, "") from error

    def profile(self, table: Measured) -> Profile:
        """Return what the columns look like, from two passes."""
        return profile_of(self._rows_of_last, table, PROFILE_WORDS)

    def _rows_of_last(self, statements: Sequence[str]) -> Sequence[Sequence[Any]] | None:
        """Return the rows of the last statement; None where one of them is refused."""
        with self._connections.reading() as connection:
            try:
                rows: Sequence[Sequence[Any]] = [catalogue.rows(connection, one) for one in statements][-1]
                return rows
            except psycopg.Error as error:
                unanswered(statement_fault(error, ""))
                return None

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
        with self._connections.transaction("begin isolation level repeatable read read only") as connection:
            try:
                yield lambda sql: catalogue.rows(connection, sql)
            except psycopg.Error as error:
                raise statement_fault(error, "") from error

    def relation(self, relation: str) -> str:
        """Return SQL text that names a physical table: ``headgate."staging__flights__0123456789abcdef"``."""
        return catalogue.table(relation)

    def visible(self, rows: Visible, shape: Shape) -> str:
        """Return SQL text of a relation: the columns of ``shape`` of the rows that a storage shows at a load."""
        return visible_rows(self.relation(rows.relation), rows, shape)

    def source(self, location: FileSource | TableSource, root: str, shape: Shape = ()) -> str:  # noqa: ARG002
        """Return SQL text that reads a source table where it is; PostgreSQL reads no files."""
        if isinstance(location, TableSource):
            return named(location.schema, location.name)
        raise StatementFailed(f"PostgreSQL cannot read {location.pattern} in a view: make a table of what reads it")

    def interrupt(self) -> None:
        """Make running statements end with ``EngineFailed``; from any thread."""
        self._connections.interrupt()

    def close(self) -> None:
        """End the session; tables and views stay."""
        self._connections.close()
        self._loader.close()

    def _adopted(self, connection: Connection) -> bool:
        """Tell whether Headgate's tables are there; once they are, they stay."""
        self._is_adopted = self._is_adopted or catalogue.is_there(connection)
        return self._is_adopted

    def _waiting_briefly(self) -> Sequence[Setting]:
        if self._lock_setting is None:
            with self._connections.reading() as connection:
                self._lock_setting = lock_setting(connection)
        return (self._lock_setting,)

    def _tried(self, attempt: Callable[[], None], names: Sequence[tuple[str, str]]) -> None:
        tried(attempt, seconds=self._wait_seconds, blamed=lambda: holders(self._connections, names))

    def _publish(self, connection: Connection, publication: Publication) -> None:
        self._demand(connection, publication)
        set_aside(connection, publication.aside)
        switch(connection, publication)
        give_back(connection, publication.back)
        if publication.log is not None:
            catalogue.write_log_head(connection, publication.log)
        if publication.before is not None:
            catalogue.update_marker(connection, publication.environment, publication.after)

    def _demand(self, connection: Connection, publication: Publication) -> None:
        """Raise ``Conflict`` unless state, marker and tables are as demanded; the marker is ours then."""
        if not self._adopted(connection) or catalogue.state(connection) != publication.after.state:
            raise Conflict("state")
        before, after, environment = publication.before, publication.after, publication.environment
        if before is None:
            may_publish = catalogue.insert_marker(connection, environment, after)
        else:
            present = catalogue.locked_marker(connection, environment)
            may_publish = present is not None and is_as_demanded(present, before, after)
        if not may_publish:
            raise Conflict(f"marker:{environment}")
        missing = catalogue.missing_table(connection, publication.tables)
        if missing is not None:
            raise Conflict(f"table:{missing}")

    def _build_one(self, connection: Connection, job: BuildJob) -> tuple[int, float]:
        """Make one table inside the caller's transaction; its columns are checked before anything runs.

        Return its rows, and how many seconds that took.
        """
        started = time.perf_counter()
        text = text_of(job)
        if text is None:
            columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in job.shape)
            create(connection, job, f"create table {catalogue.table(job.relation)} ({columns})")
            rows = self._loader.load(connection, job)
        else:
            rows = made_of_select(connection, job, text)
        if rows > UNANALYZED_ROWS:
            catalogue.run(connection, f"analyze {catalogue.table(job.relation)}")
        return rows, time.perf_counter() - started


def open_postgres(
    url: str,
    *,
    root: Path | None,
    allow: Sequence[Path] = (),
    wait_seconds: float = WAIT_SECONDS,
) -> PostgresEngine:
    """Return a session on the database at ``url``; its own files are those below ``root`` and ``allow``.

    Raises ``EngineFailed`` where it cannot be reached, or is older than ``OLDEST``. No message holds the url.
    """
    connections = Connections(url)
    try:
        with connections.reading() as connection:
            number = connection.info.server_version
            ((encoding,),) = catalogue.rows(connection, "select current_setting('server_encoding')")
        if number < OLDEST * 10_000:
            text = f"PostgreSQL {number // 10_000} at {connections.where} is too old"
            raise EngineFailed(text, hint=f"Headgate works with PostgreSQL {OLDEST} and newer.")
        if encoding != "UTF8":
            text = f"the database at {connections.where} has the encoding {encoding}, not UTF8"
            raise EngineFailed(text, hint="Make one: create database NAME encoding 'UTF8' template template0")
    except BaseException:
        connections.close()
        raise
    folders = allow if root is None else (root, *allow)
    loader = Loader(folders, connections.at_interrupt)
    return PostgresEngine(connections, loader, f"{number // 10_000}.{number % 10_000}", wait_seconds)
