"""Storages in DuckDB: tables whose rows say from which load on, and until which, they are visible.

What they promise stands in ``core.ports.loads``.

Every function works on the cursor that it is given; transactions are the caller's. What a part gives is first put into
a temporary table: keys are looked at in it, and the rows that it replaces are found by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import duckdb

from headgate.core.errors import Conflict
from headgate.core.hashing import Digest
from headgate.core.intervals import Interval, Intervals
from headgate.core.loading import Merging
from headgate.core.ports.engine import BuildResult
from headgate.core.ports.loads import (
    LoadEnd,
    LoadPart,
    LoadStart,
    OpenLoad,
    Replacing,
    Tracked,
    Visible,
)
from headgate.plugins.engines import duckdb_catalogue as catalogue
from headgate.plugins.engines.duckdb_faults import statement_fault
from headgate.plugins.engines.load_texts import ENDED, STAGE, LoadTexts, compacted, key_of, lost, refuse_twice, visible
from headgate.plugins.engines.sql_texts import listed, literal, quoted

_TABLES = """
create table if not exists headgate.loads (
    relation varchar not null, number bigint not null, key varchar not null, build varchar not null,
    is_open boolean not null, rows bigint not null);
create table if not exists headgate.parts (
    relation varchar not null, number bigint not null, begins varchar not null, ends varchar not null,
    rows bigint not null);
"""


def begin(cursor: duckdb.DuckDBPyConnection, start: LoadStart) -> OpenLoad:
    """Return the load to go on with, made where there is none; see ``Engine.begin_load``."""
    cursor.execute(_TABLES)
    found = cursor.execute(
        f"select relation, number from headgate.loads where is_open and key = {literal(start.key)}"
    ).fetchone()
    if found:
        return OpenLoad(Visible(*found), _done(cursor, Visible(*found)))
    if start.base is None or start.copies:
        return OpenLoad(_new_storage(cursor, start), ())
    return OpenLoad(_continued(cursor, start, start.base), ())


def _done(cursor: duckdb.DuckDBPyConnection, storage: Visible) -> Intervals:
    rows = cursor.execute(f"select begins, ends from headgate.parts where {_of(storage)} order by 1").fetchall()
    return tuple(Interval(*row) for row in rows)


def _new_storage(cursor: duckdb.DuckDBPyConnection, start: LoadStart) -> Visible:
    storage = Visible(start.relation, 1)
    texts = _texts(storage)
    cursor.execute(texts.create(start.shape))
    rows = 0
    if start.base is not None:
        rows = _count(cursor, texts.copy(start, start.base, _table(start.base)))
    _write_load(cursor, storage, start.key, rows)
    return storage


def _continued(cursor: duckdb.DuckDBPyConnection, start: LoadStart, base: Visible) -> Visible:
    """Return the next load of the base's storage; what another attempt began there is taken out."""
    relation = literal(base.relation)
    opened = f"select number from headgate.loads where is_open and relation = {relation}"
    for (number,) in cursor.execute(opened).fetchall():
        take_out(cursor, Visible(base.relation, number))
    last, rows = _row(
        cursor,
        f"select max(number), max(rows) filter (where number = {base.number:d}) "
        f"from headgate.loads where relation = {relation} and not is_open",
    )
    newest = f"select max(number) from headgate.loads where relation = {relation} and not is_open and build <> ''"
    if _row(cursor, newest)[0] != base.number:
        raise Conflict(f"storage:{base.relation}")
    storage = Visible(base.relation, last + 1)
    _write_load(cursor, storage, start.key, rows)
    return storage


def _write_load(cursor: duckdb.DuckDBPyConnection, storage: Visible, key: str, rows: int, *, build: str = "") -> None:
    """Write a load: open, or with its build."""
    is_open = "false" if build else "true"
    values = f"{literal(storage.relation)}, {storage.number:d}, {literal(key)}, {literal(build)}, {is_open}, {rows:d}"
    cursor.execute(f"insert into headgate.loads (relation, number, key, build, is_open, rows) values ({values})")


def take_out(cursor: duckdb.DuckDBPyConnection, storage: Visible) -> None:
    """Leave the storage as if the load, its newest one, had never begun."""
    for text in _texts(storage).undone:
        cursor.execute(text)
    cursor.execute(f"delete from headgate.parts where {_of(storage)}")
    cursor.execute(f"delete from headgate.loads where {_of(storage)}")


def take_out_all(cursor: duckdb.DuckDBPyConnection) -> None:
    """Leave storages as if no load had begun that has not ended; one that shows nothing then is dropped."""
    if not catalogue.has_table(cursor, "loads"):
        return
    for row in cursor.execute("select relation, number from headgate.loads where is_open").fetchall():
        take_out(cursor, Visible(*row))
        relation = literal(row[0])
        if not _row(cursor, f"select count(*) from headgate.loads where relation = {relation}")[0]:
            cursor.execute(f"drop table if exists {_table(Visible(*row))}")


def opened(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the storages in which a load was begun and did not end."""
    if not catalogue.has_table(cursor, "loads"):
        return frozenset()
    rows = cursor.execute("select distinct relation from headgate.loads where is_open").fetchall()
    return frozenset(relation for (relation,) in rows)


def counted(cursor: duckdb.DuckDBPyConnection, tables: Collection[str]) -> dict[Digest, int]:
    """Return the rows that each build of a storage shows. Cost: a scan of two columns for each."""
    if not catalogue.has_table(cursor, "loads"):
        return {}
    rows = cursor.execute("select build, relation, number from headgate.loads where build <> ''").fetchall()
    found: dict[Digest, int] = {}
    for build, relation, number in rows:
        if relation in tables:
            shown = Visible(relation, number)
            found[Digest(build)] = _row(cursor, f"select count(*) from {_table(shown)} where {visible(shown)}")[0]
    return found


def make_part(cursor: duckdb.DuckDBPyConnection, load: OpenLoad, part: LoadPart) -> int:
    """Make one part inside of the caller's transaction, unless it was made; return the rows that came in."""
    begins, ends = (literal(moment) for moment in part.interval)
    known = f"select count(*) from headgate.parts where {_of(load.storage)} and begins = {begins} and ends = {ends}"
    if _row(cursor, known)[0]:
        return 0
    came, went = _changed(cursor, load.storage, part)
    relation, number = literal(load.storage.relation), load.storage.number
    # Nothing that parts share is updated: those of one load may be made side by side.
    cursor.execute(f"insert into headgate.parts values ({relation}, {number:d}, {begins}, {ends}, {came - went:d})")
    return came


def _changed(cursor: duckdb.DuckDBPyConnection, storage: Visible, part: LoadPart) -> tuple[int, int]:
    """Return how many rows came and how many went."""
    texts, change = _texts(storage), part.change
    names = [column.name for column in part.shape]
    if isinstance(change, Replacing):
        went = _count(cursor, texts.end(change.within)) if change.within else 0
        return _queried(cursor, f"{texts.into(names)} select {listed(names)}, {texts.born}", part), went
    _queried(cursor, f"create or replace temp table {STAGE} as select {listed(names)}", part)
    try:
        return _staged(cursor, texts, part, change)
    finally:
        for table in (STAGE, ENDED):
            cursor.execute(f"drop table if exists temp.{table}")


def _staged(
    cursor: duckdb.DuckDBPyConnection, texts: LoadTexts, part: LoadPart, change: Merging | Tracked
) -> tuple[int, int]:
    """Carry out what is done with a part that stands in the stage."""
    names, key = [column.name for column in part.shape], key_of(change)
    refuse_twice(_row(cursor, texts.twice(key))[0], part, key)
    same = " and ".join(f"old.{quoted(name)} is not distinct from stage.{quoted(name)}" for name in key)
    came = 0
    if isinstance(change, Tracked):
        ended = texts.changed(names, change, same=same)
        cursor.execute(f"create or replace temp table {ENDED} as {ended}")
        closed, statements = texts.track(names, change, same=same)
        came = _count(cursor, closed)
    else:
        statements = texts.merge(names, change, same=same, is_flagged=f"stage.{quoted(change.flag)} is true")
    went = sum(_count(cursor, text) for text in statements.ending)
    return came + sum(_count(cursor, text) for text in statements.beginning), went


def _texts(storage: Visible) -> LoadTexts:
    return LoadTexts(_table(storage), storage.number, f"temp.{STAGE}", f"temp.{ENDED}", "rowid")


def _queried(cursor: duckdb.DuckDBPyConnection, before: str, part: LoadPart) -> int:
    """Run a statement that takes up the rows of a part, and return its count; faults are at places of the user's."""
    prefix = f"{before} from (\n"
    within = f" where {part.within}" if part.within else ""
    try:
        row = cursor.execute(f"{prefix}{part.sql}\n) as part{within}").fetchone()
    except duckdb.Error as error:
        raise statement_fault(error, part.sql, prefix=prefix, job=part.address) from error
    return int(row[0]) if row else 0


def end(cursor: duckdb.DuckDBPyConnection, load: OpenLoad, told: LoadEnd, *, bytes_a_row: int) -> BuildResult:
    """Write that the load is whole; what is done already is not done again.

    A load that is whole already gets one more build, which shows the same rows.
    """
    storage, identity = load.storage, literal(told.id)
    known = f"max(key) as key, max(rows) as rows, bool_or(build = {identity}) as is_done, bool_or(is_open) as is_open"
    key, rows, is_done, is_open = _row(cursor, f"select {known} from headgate.loads where {_of(storage)}")
    if key is None:
        raise lost(storage)
    rows += _row(cursor, f"select coalesce(sum(rows), 0)::bigint from headgate.parts where {_of(storage)}")[0]
    if not is_done:
        values = f"{literal(told.id)}, {literal(told.address)}, {literal(storage.relation)}"
        cursor.execute(
            "insert into headgate.builds (id, address, relation, rows, bytes, fence) "
            f"values ({values}, {rows:d}, {rows * bytes_a_row:d}, {told.fence:d})"
        )
        if is_open:
            cursor.execute(
                f"update headgate.loads set is_open = false, build = {identity}, rows = {rows:d} where {_of(storage)}"
            )
        else:
            _write_load(cursor, storage, key, rows, build=told.id)
        cursor.execute(f"delete from headgate.parts where {_of(storage)}")
    return BuildResult(told.id, rows, rows * bytes_a_row, 0.0)


def drop(cursor: duckdb.DuckDBPyConnection, identities: Iterable[str], relations: Iterable[str]) -> frozenset[str]:
    """Forget loads; return those of ``relations`` that stay because other loads show rows of them.

    Rows that no load shows any more are deleted.
    """
    if not catalogue.has_table(cursor, "loads"):
        return frozenset()
    wanted = ", ".join(literal(identity) for identity in identities)
    cursor.execute(f"update headgate.loads set build = '' where build in ({wanted})")
    kept: set[str] = set()
    for relation in relations:
        found = cursor.execute(
            f"select number from headgate.loads where relation = {literal(relation)} and build <> '' order by 1"
        ).fetchall()
        if found:
            kept.add(relation)
            _compact(cursor, relation, [number for (number,) in found])
        else:
            for table in ("loads", "parts"):
                cursor.execute(f"delete from headgate.{table} where relation = {literal(relation)}")
    return frozenset(kept)


def _compact(cursor: duckdb.DuckDBPyConnection, relation: str, numbers: Sequence[int]) -> None:
    """Delete the rows that none of these loads shows, and let those live on that ended with a load after them."""
    for (number,) in cursor.execute(
        f"select number from headgate.loads where relation = {literal(relation)} and is_open"
    ).fetchall():
        take_out(cursor, Visible(relation, number))
    for text in compacted(f"{catalogue.SCHEMA}.{quoted(relation)}", numbers):
        cursor.execute(text)


def _table(storage: Visible) -> str:
    return f"{catalogue.SCHEMA}.{quoted(storage.relation)}"


def _of(storage: Visible) -> str:
    return f"relation = {literal(storage.relation)} and number = {storage.number:d}"


def _count(cursor: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = cursor.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _row(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = cursor.execute(sql).fetchone()
    if row is None:
        raise AssertionError("an aggregate gives a row")
    return row
