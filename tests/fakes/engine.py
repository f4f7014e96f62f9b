"""An engine in memory that keeps the port's promises, with a hook before and after each method.

It holds a SQLite database in memory (whose DDL is transactional too). The *warehouse* outlives its sessions, as a file
would: after a planned crash a new session on the same warehouse sees what was committed. ``fail_at`` is called with
``"publish:before"`` and ``"publish:after"`` (and so on for each method) and may raise whatever a crash is.

Names are flat in SQLite (``"staging.flights"``): ``schema.name`` of known things is rewritten in every statement. Types
are believed as the jobs claim them; files can be CSV or JSON.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import json
import re
import sqlite3
import statistics
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from headgate.core.address import Address
from headgate.core.checks import Sample
from headgate.core.column_types import Family, family_of
from headgate.core.comparison import Differences
from headgate.core.declarations import FileSource, TableSource
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Conflict, Diverged, EngineFailed, Refused, StatementFailed
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest
from headgate.core.measures import Answer, Measure, Shown
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.ports.engine import (
    BuildJob,
    BuildResult,
    BuiltRow,
    Capabilities,
    CaptureInput,
    Described,
    Inventory,
    Marker,
    Publication,
    Rows,
    SeedInput,
    ShownView,
    Standing,
    StoredTable,
    StreamInput,
)
from headgate.core.ports.loads import FROM, TO, LoadEnd, LoadPart, LoadStart, OpenLoad, Visible
from headgate.core.ports.measuring import Measured, Unanswered
from headgate.core.profiles import Profile
from headgate.core.recipe import Column, Shape
from headgate.core.records import LogHead
from headgate.plugins.engines import compare_texts, fingerprint_texts
from headgate.plugins.engines.comparing import Comparing
from headgate.plugins.engines.duckdb_measures import WORDS
from headgate.plugins.engines.measure_texts import alone, answer_of, failing
from tests.fakes import loads
from tests.fakes.profiles import column_profile_of

_PAIR = re.compile(
    r"""'(?:[^']|'')*'|--[^\n]*|("(?:[^"]|"")+"|[^\W\d]\w*)\.("(?:[^"]|"")+"|[^\W\d]\w*)|"(?:[^"]|"")*\""""
)
Run = Callable[..., sqlite3.Cursor]
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _watched(method: _Method) -> _Method:
    @functools.wraps(method)
    def call(self: FakeEngine, *args: Any, **kwargs: Any) -> Any:
        self.fail_at(f"{method.__name__}:before")
        result = method(self, *args, **kwargs)
        self.fail_at(f"{method.__name__}:after")
        return result

    return call  # type: ignore[return-value]


def _form(before: Column, after: Column) -> compare_texts.Form:
    is_number = all(family_of(column.type) is Family.NUMBER for column in (before, after))
    if is_number or before.type == after.type:
        return compare_texts.Form(less="{}" if is_number else "")
    return compare_texts.Form("cast({} as text)", "cast({} as text)")


def _sums(values: Sequence[str]) -> tuple[str, str]:
    one, other = (f"summed({salt}, {', '.join(values)})" for salt in (0, 1))
    return one, other


_COMPARED = compare_texts.Words(_form)
_HASHING = fingerprint_texts.Hashing("fake 1", lambda _: "{}", _sums, lambda key, values: _sums([*key, *values]))


class _Summed:
    """The sum of a hash over the rows; the first argument is its salt."""

    def __init__(self) -> None:
        self.sum = 0

    def step(self, *values: object) -> None:
        self.sum += int.from_bytes(hashlib.sha256(repr(values).encode()).digest()[:8])

    def finalize(self) -> str:
        return str(self.sum)


class FakeStream:
    """A table that was read whole, as a stream."""

    def __init__(self, table: pa.Table, batch_rows: int) -> None:
        self._reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(batch_rows or None))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._reader.__arrow_c_stream__(requested_schema)

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        self._reader.close()


def _in_memory() -> sqlite3.Connection:
    """Return a database that knows the functions of measures and comparisons that SQLite has not."""
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.create_function("regexp_matches", 2, lambda text, pattern: text and re.search(pattern, text) is not None)
    connection.create_function("md5", 1, lambda text: hashlib.md5(text.encode()).hexdigest())
    connection.create_aggregate("summed", -1, _Summed)  # type: ignore[arg-type]
    connection.create_aggregate("stddev_samp", 1, _Deviation)  # type: ignore[arg-type]  # typeshed wants its protocol
    return connection


class _Deviation:
    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        if value is not None:
            self.values.append(value)

    def finalize(self) -> float | None:
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass
class FakeWarehouse:
    """What a file is to DuckDB: it stays when sessions end. ``shapes`` are those of the tables built, by relation."""

    connection: sqlite3.Connection = field(default_factory=_in_memory)
    lock: threading.RLock = field(default_factory=threading.RLock)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def open(self, fail_at: Callable[[str], None] = lambda point: None) -> FakeEngine:
        """Return a new session."""
        return FakeEngine(self, fail_at)

    def run(self, sql: str) -> sqlite3.Cursor:
        """Run a statement of a user outside of Headgate (``create table raw.flights (...)``)."""
        with self.lock:
            return self.connection.execute(_flattened(sql))


class FakeEngine:
    """See ``core.ports.engine.Engine``; ``fail_at`` may be set at any time."""

    def __init__(self, warehouse: FakeWarehouse, fail_at: Callable[[str], None]) -> None:
        self.warehouse = warehouse
        self.fail_at = fail_at
        self._is_open = True

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("fake", "1", "duckdb", True, 1, 1000)

    @_watched
    def state(self) -> str | None:
        with self._session() as run:
            return _state(run)

    @_watched
    def adopt(self, state: str) -> None:
        with self._transaction() as run:
            run('create table if not exists "headgate.state" (id)')
            run('create table if not exists "headgate.builds" (id, address, relation, rows, bytes, fence)')
            run('create table if not exists "headgate.environments" (environment, serial, fence, intent)')
            present = _state(run)
            if present is None:
                run('insert into "headgate.state" values (?)', state)
            elif present != state:
                raise Diverged("the warehouse belongs to another state")

    @_watched
    def markers(self) -> Mapping[str, Marker]:
        with self._session() as run:
            return _markers(run)

    @_watched
    def log(self) -> LogHead | None:
        with self._session() as run:
            if not _is_there(run, "headgate", "log"):
                return None
            row = run('select number, hash from "headgate.log"').fetchone()
            return LogHead(row[0], Digest(row[1])) if row else None

    @_watched
    def fence(self, environment: str, before: Marker, fence: int) -> None:
        with self._transaction() as run:
            if _markers(run).get(environment) != before or fence < before.fence:
                raise Conflict(f"marker:{environment}")
            run('update "headgate.environments" set fence = ? where environment = ?', fence, environment)

    @_watched
    def columns(self, tables: Collection[TableSource]) -> Mapping[TableSource, Shape]:
        found: dict[TableSource, Shape] = {}
        with self._session() as run:
            for table in tables:
                rows = run(f"pragma table_info({_flat(table.schema, table.name)})").fetchall()
                if rows:
                    found[table] = tuple(Column(row[1], row[2]) for row in rows)
        return found

    @_watched
    def described(self, schema: str) -> tuple[Described, ...]:
        found = []
        with self._session() as run:
            for written, name in _names(run):
                if written.lower() == schema.lower():
                    rows = run(f"pragma table_info({_flat(written, name)})").fetchall()
                    found.append(Described(written, name, tuple(Column(row[1], row[2]) for row in rows)))
        return tuple(found)

    @_watched
    def schemas(self) -> tuple[str, ...]:
        with self._session() as run:
            return tuple(sorted({schema for schema, _ in _names(run)}))

    @_watched
    def build(
        self, jobs: Sequence[BuildJob], begun: Callable[[Address], None] | None = None
    ) -> tuple[BuildResult, ...]:
        results: list[BuildResult] = []
        with self._transaction() as run:
            for job in jobs:
                if begun is not None:
                    begun(job.address)
                self.fail_at("build:job")
                try:
                    rows = _build_one(run, job)
                except sqlite3.Error as error:
                    raise StatementFailed(str(error), job=job.address) from error
                if run('select 1 from "headgate.builds" where id = ?', job.id).fetchone():
                    raise EngineFailed("one of these builds is in the warehouse already")
                run(
                    'insert into "headgate.builds" values (?, ?, ?, ?, ?, ?)',
                    *(job.id, job.address, job.relation, rows, rows * 8, job.fence),
                )
                results.append(BuildResult(job.id, rows, rows * 8, 0.001))
        for job in jobs:
            self.warehouse.shapes[job.relation] = job.shape
        return tuple(results)

    @_watched
    def begin_load(self, start: LoadStart) -> OpenLoad:
        with self._transaction() as run:
            loads.create(run)
            return loads.begin(run, start)

    @_watched
    def load_part(self, load: OpenLoad, part: LoadPart) -> int:
        names = ", ".join(f'"{column.name}"' for column in part.shape)
        within = f" where {part.within}" if part.within else ""
        with self._transaction() as run:
            try:
                found = run(f"select * from ({_flattened(part.sql, run)}) limit 0").description
                if [column[0] for column in found] != [column.name for column in part.shape]:
                    raise StatementFailed("the result has other columns", job=part.address)
                cursor = run(f"select {names} from ({_flattened(part.sql, run)}){within}")
                rows = [dict(zip([c.name for c in part.shape], row, strict=True)) for row in cursor]
            except sqlite3.Error as error:
                raise StatementFailed(str(error), job=part.address) from error
            return loads.make_part(run, load, part, rows)

    @_watched
    def end_load(self, load: OpenLoad, end: LoadEnd) -> BuildResult:
        with self._transaction() as run:
            return loads.end(run, load, end)

    @_watched
    def built(self) -> Mapping[Digest, str]:
        with self._session() as run:
            if not _is_there(run, "headgate", "builds"):
                return {}
            return {Digest(i): r for i, r in run('select id, relation from "headgate.builds" order by id')}

    @_watched
    def built_rows(self, builds: Collection[Digest]) -> Mapping[Digest, BuiltRow]:
        with self._session() as run:
            if not _is_there(run, "headgate", "builds"):
                return {}
            found = run('select id, relation, rows, bytes from "headgate.builds"').fetchall()
            return {Digest(i): BuiltRow(*row) for i, *row in found if i in builds}

    @_watched
    def drop(self, relations: Mapping[Digest, str]) -> None:
        with self._transaction() as run:
            if not _is_there(run, "headgate", "builds"):
                return
            loads.create(run)
            kept = loads.drop(run, relations, dict.fromkeys(relations.values()))
            for build, relation in relations.items():
                if relation and relation not in kept:
                    run(f"drop table if exists {_flat('headgate', relation)}")
                run('delete from "headgate.builds" where id = ?', build)

    @_watched
    def take_out_loads(self) -> None:
        with self._transaction() as run:
            if _is_there(run, "headgate", "loads"):
                for relation in loads.take_out_all(run):
                    run(f"drop table {_flat('headgate', relation)}")

    @_watched
    def publish(self, publication: Publication) -> None:
        with self._transaction() as run:
            present = _demand(run, publication)
            for one in publication.aside:
                run(f"alter table {_flat(one.schema, one.name)} rename to {_flat(one.schema, one.aside)}")
            for view in publication.replace:
                if _kind(run, view.schema, view.name) == "table":
                    summary = f"{view.schema}.{view.name} is a table that Headgate did not make"
                    raise Refused([Diagnostic("HG510", summary)])
            for view in publication.replace:
                self.fail_at("publish:view")
                run(f"drop view if exists {_flat(view.schema, view.name)}")
                try:
                    run(f"create view {_flat(view.schema, view.name)} as\n{_flattened(view.sql, run)}")
                    run(f"select * from {_flat(view.schema, view.name)} limit 0")
                except sqlite3.Error as error:
                    raise StatementFailed(str(error), job=f"{view.schema}.{view.name}") from error
            for schema, name in publication.drop:
                if _kind(run, schema, name) == "view":
                    run(f"drop view {_flat(schema, name)}")
            for one in publication.back:
                run(f"alter table {_flat(one.schema, one.aside)} rename to {_flat(one.schema, one.name)}")
            self.fail_at("publish:marker")
            if publication.log is not None:
                run('create table if not exists "headgate.log" (number, hash)')
                run('delete from "headgate.log"')
                run('insert into "headgate.log" values (?, ?)', publication.log.number, publication.log.hash)
            after = (
                publication.after.serial,
                publication.after.fence,
                publication.after.intent,
                publication.environment,
            )
            if present is None:
                run(
                    'insert into "headgate.environments" (serial, fence, intent, environment) values (?, ?, ?, ?)',
                    *after,
                )
            else:
                run(
                    'update "headgate.environments" set serial = ?, fence = ?, intent = ? where environment = ?', *after
                )

    @_watched
    def shown(self, schemas: Collection[str]) -> Collection[tuple[str, str]]:
        wanted = {schema.lower() for schema in schemas}
        with self._session() as run:
            return [(schema, name) for schema, name in _names(run) if schema.lower() in wanted]

    @_watched
    def inventory(self, views: Collection[ShownView]) -> Inventory:
        asked = {f"{view.schema}.{view.name}".lower() for view in views}
        with self._session() as run:
            stored = {row[0]: (row[1], row[2]) for row in run("select name, type, sql from sqlite_master").fetchall()}
            adopted = "headgate.builds" in stored
            rows = run('select id, relation, rows, bytes from "headgate.builds"').fetchall() if adopted else []
            own = {f"headgate.{name}" for name in ("state", "builds", "environments", "log", "loads", "parts")}
            tables = [name for name in stored if name.startswith("headgate.") and name not in own]
            others = [
                name.partition(".")
                for name, (kind, text) in stored.items()
                if kind == "view" and name.lower() not in asked and '"headgate.' in text
            ]
            return Inventory(
                builds={Digest(i): BuiltRow(*row) for i, *row in rows},
                tables={name.removeprefix("headgate."): self._stored_table(run, name) for name in tables},
                views={(view.schema, view.name): _standing(run, view, stored) for view in views},
                others=frozenset((schema, name) for schema, _, name in others),
                visible=loads.counted(run) if "headgate.loads" in stored else {},
            )

    @_watched
    def query(self, sql: str, *, limit: int | None = None) -> Rows:
        with self._session() as run:
            if not re.match(r"\s*(select|with|values|from)\b", sql, re.IGNORECASE):
                raise StatementFailed(
                    f"only a SELECT is allowed here, not {sql.split(maxsplit=1)[0]}", line=1, column=1
                )
            try:
                run("pragma query_only = 1")
                cursor = run(_flattened(sql, run))
                rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
            except sqlite3.Error as error:
                raise StatementFailed(str(error)) from error
            finally:
                run("pragma query_only = 0")
            names = tuple(column[0] for column in cursor.description)
        return Rows(names, ("VARCHAR",) * len(names), tuple(rows))

    def stream(self, sql: str, *, batch_rows: int = 0) -> FakeStream:
        rows = self.query(sql)
        names = rows.columns
        return FakeStream(pa.table({name: [row[n] for row in rows.rows] for n, name in enumerate(names)}), batch_rows)

    @_watched
    def measure(self, table: Measured, measures: Sequence[Measure]) -> Mapping[Measure, Answer | Unanswered]:
        return {measure: self._measured(table, measure) for measure in measures}

    def failing(self, table: Measured, measure: Shown, limit: int) -> Sample:
        rows = self.query(failing(measure, table, replace(WORDS, row_hash="1"), limit))
        return Sample(rows.columns, rows.rows)

    def _measured(self, table: Measured, measure: Measure) -> Answer | Unanswered:
        try:
            return answer_of(self.query(alone(measure, table, WORDS)).rows[0][0])
        except StatementFailed as fault:
            return Unanswered(str(fault))

    @_watched
    def profile(self, table: Measured) -> Profile:
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in table.types) or "1"
        rows = self.query(f"select {names} from {table.relation} as measured").rows
        columns = {name: [row[number] for row in rows] for number, name in enumerate(table.types)}
        return Profile(
            len(rows), {name: column_profile_of(columns[name], type_) for name, type_ in table.types.items()}
        )

    @_watched
    def fingerprint(self, side: Side, key: Sequence[str], beside: Fingerprint | None = None) -> Fingerprint | None:
        return self._comparing.fingerprint(side, key, beside)

    @_watched
    def compare(self, pairing: Pairing, sample: int = 0) -> Counted:
        return self._comparing.compare(pairing, sample)

    @_watched
    def differing(self, pairing: Pairing, limit: int | None) -> Differences:
        return self._comparing.differing(pairing, limit)

    @property
    def _comparing(self) -> Comparing:
        return Comparing(lambda: nullcontext(self._ask), _COMPARED, _HASHING)

    def _ask(self, sql: str) -> Sequence[tuple[Any, ...]]:
        return self.query(sql).rows

    def relation(self, relation: str) -> str:
        return 'headgate."' + relation.replace('"', '""') + '"'

    def visible(self, rows: Visible, shape: Shape) -> str:
        names = ", ".join(f'"{column.name}"' for column in shape)
        condition = f"{FROM} <= {rows.number} and {TO} > {rows.number}"
        return f"(select {names} from {self.relation(rows.relation)} where {condition})"

    def source(self, location: FileSource | TableSource, root: str, shape: Shape = ()) -> str:
        if isinstance(location, TableSource):
            return f'"{location.schema}"."{location.name}"'
        names, rows = _records(location, root)
        names = [column.name for column in shape] or names
        picked = ", ".join(f'column{number} as "{name}"' for number, name in enumerate(names, 1))
        values = ", ".join("(" + ", ".join(_literal(row[name]) for name in names) + ")" for row in rows)
        return f"(select {picked} from (values {values}))"

    def interrupt(self) -> None:
        self.warehouse.connection.interrupt()

    def close(self) -> None:
        self._is_open = False

    def _stored_table(self, run: Run, name: str) -> StoredTable:
        flat = _flat(*name.split(".", 1))
        columns = run(f"pragma table_info({flat})").fetchall()
        shape = tuple(Column(row[1], row[2]) for row in columns if row[1] not in (FROM, TO))
        claimed = self.warehouse.shapes.get(name.removeprefix("headgate."), ())
        is_as_built = [column.name for column in claimed] == [column.name for column in shape]
        return StoredTable(claimed if is_as_built else shape, int(run(f"select count(*) from {flat}").fetchone()[0]))

    @contextmanager
    def _session(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        if not self._is_open:
            raise EngineFailed("the session with the warehouse is closed")
        with self.warehouse.lock:
            yield lambda sql, *parameters: self.warehouse.connection.execute(sql, parameters)

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        with self._session() as run:
            run("begin")
            try:
                yield run
                run("commit")
            except BaseException:
                run("rollback")
                raise


def _flat(schema: str, name: str) -> str:
    return '"' + f"{schema}.{name}".replace('"', '""') + '"'


def _flattened(sql: str, run: Run | None = None) -> str:
    """Return ``sql`` with ``schema.name`` as one name, where that is a table or a view (without ``run``: always)."""
    known: set[str] | None = None
    if run is not None:
        known = {row[0].lower() for row in run("select name from sqlite_master").fetchall()}

    def flat(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group(0)
        schema, name = (part[1:-1].replace('""', '"') if part[0] == '"' else part for part in match.groups())
        return match.group(0) if known is not None and f"{schema}.{name}".lower() not in known else _flat(schema, name)

    return _PAIR.sub(flat, sql)


def _names(run: Run) -> list[tuple[str, str]]:
    names = [row[0] for row in run("select name from sqlite_master where type in ('table', 'view') order by 1")]
    return [(schema, rest) for schema, dot, rest in (name.partition(".") for name in names) if dot]


def _standing(run: Run, view: ShownView, stored: Mapping[str, tuple[str, str]]) -> Standing:
    found = {name.lower(): what for name, what in stored.items()}.get(f"{view.schema}.{view.name}".lower())
    if found is None:
        return Standing.ABSENT
    kind, text = found
    if kind != "view":
        return Standing.TABLE
    due = _flattened(view.sql, run)
    try:
        run(f"select * from ({due}) limit 0")
    except sqlite3.Error:
        return Standing.UNKNOWN
    return Standing.AS_GIVEN if text.partition(" as\n")[2] == due else Standing.OTHER


def _is_there(run: Run, schema: str, name: str) -> bool:
    return _kind(run, schema, name) is not None


def _kind(run: Run, schema: str, name: str) -> str | None:
    row = run("select type from sqlite_master where lower(name) = lower(?)", f"{schema}.{name}").fetchone()
    return row[0] if row else None


def _state(run: Run) -> str | None:
    if not _is_there(run, "headgate", "state"):
        return None
    row = run('select id from "headgate.state"').fetchone()
    return row[0] if row else None


def _markers(run: Run) -> dict[str, Marker]:
    if not _is_there(run, "headgate", "environments"):
        return {}
    state = _state(run) or ""
    rows = run('select environment, serial, fence, intent from "headgate.environments" order by 1').fetchall()
    return {row[0]: Marker(state, *row[1:]) for row in rows}


def _demand(run: Run, publication: Publication) -> Marker | None:
    if _state(run) != publication.after.state:
        raise Conflict("state")
    present, before = _markers(run).get(publication.environment), publication.before
    if present is None or before is None:
        fits = present is before
    else:
        same = (present.state, present.serial, present.intent) == (before.state, before.serial, before.intent)
        fits = same and present.fence <= publication.after.fence
    if not fits:
        raise Conflict(f"marker:{publication.environment}")
    for relation in publication.tables:
        if not _is_there(run, "headgate", relation):
            raise Conflict(f"table:{relation}")
    return present


def _build_one(run: Run, job: BuildJob) -> int:
    table = _flat("headgate", job.relation)
    names = [column.name for column in job.shape]
    source = job.input
    if isinstance(source, SeedInput) or (isinstance(source, CaptureInput) and isinstance(source.location, FileSource)):
        location = FileSource(source.path, "csv", ()) if isinstance(source, SeedInput) else source.location
        found, rows = _records(location, source.root if isinstance(source, CaptureInput) else "")
        if found != names:
            raise StatementFailed(f"the file has columns {found}, {names} were planned", job=job.address)
        declared = ", ".join(f'"{column.name}" {column.type}' for column in job.shape)
        run(f"create table {table} ({declared})")
        for row in rows:
            run(f"insert into {table} values ({', '.join('?' * len(names))})", *(row[name] for name in names))
        return len(rows)
    if isinstance(source, StreamInput):
        return _insert_stream(run, table, job, source.stream)
    if isinstance(source, CaptureInput):
        sql = f"select * from {_flat(source.location.schema, source.location.name)}"
    else:
        sql = source.sql
        if not re.match(r"\s*(select|with|values|from)\b", sql, re.IGNORECASE):
            raise StatementFailed("only a SELECT is allowed here", line=1, column=1, job=job.address)
    run(f"create table {table} as\n{_flattened(sql, run)}")
    have = [row[1] for row in run(f"pragma table_info({table})")]
    if have != names:
        raise StatementFailed(f"the result has columns {have}, {names} were planned", job=job.address)
    return int(run(f"select count(*) from {table}").fetchone()[0])


def _insert_stream(run: Run, table: str, job: BuildJob, stream: Any) -> int:
    reader = pa.RecordBatchReader.from_stream(stream)
    names = [column.name for column in job.shape]
    missing, more = set(names) - set(reader.schema.names), set(reader.schema.names) - set(names)
    if missing or more:
        told = f"the result has no column {', '.join(missing)}" if missing else f"it has {', '.join(more)}"
        raise StatementFailed(told + (", which nobody declared" if more else ""), job=job.address)
    run(f"create table {table} (" + ", ".join(f'"{c.name}" {c.type}' for c in job.shape) + ")")
    count = 0
    try:
        for row in (row for batch in reader for row in batch.to_pylist()):
            run(f"insert into {table} values ({', '.join('?' * len(names))})", *(row[name] for name in names))
            count += 1
    except (pa.ArrowException, ValueError) as error:
        raise EngineFailed(str(error)) from error
    return count


def _records(location: FileSource, root: str) -> tuple[list[str], list[dict[str, Any]]]:
    paths = [Path(root) / file.path for file in sorted(location.files, key=lambda f: f.path)] or [
        Path(location.pattern)
    ]
    rows: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    for path in paths:
        try:
            text = path.read_text()
        except OSError as error:
            raise EngineFailed(f"{path} cannot be read") from error
        if location.format == "csv":
            reader = csv.DictReader(text.splitlines())
            rows += [{name: value or None for name, value in row.items()} for row in reader]
            names |= dict.fromkeys(reader.fieldnames or ())
        elif location.format == "json":
            records = [json.loads(line) for line in text.splitlines() if line.strip()]
            rows += records
            names |= dict.fromkeys(name for record in records for name in record)
        else:
            raise EngineFailed(f"the fake engine reads no {location.format}")
    return list(names), [{name: row.get(name) for name in names} for row in rows]


def _literal(value: Any) -> str:
    if value is None or isinstance(value, int | float):
        return "null" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"
