"""Storages in PostgreSQL: tables whose rows say from which load on, and until which, they are visible.

What they promise stands in ``core.ports.loads``.

Every function works on the connection that it is given; transactions are the caller's. What a part gives is first put
into a temporary table: keys are looked at in it, and the rows that it replaces are found by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import psycopg

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
from headgate.plugins.engines import postgres_catalogue as catalogue
from headgate.plugins.engines.load_texts import ENDED, STAGE, LoadTexts, compacted, key_of, lost, refuse_twice, visible
from headgate.plugins.engines.postgres_catalogue import rows, run
from headgate.plugins.engines.postgres_connections import Connection
from headgate.plugins.engines.postgres_faults import statement_fault
from headgate.plugins.engines.postgres_texts import without_end
from headgate.plugins.engines.sql_texts import listed, quoted

_OF = "relation = %s and number = %s"


def begin(connection: Connection, start: LoadStart) -> OpenLoad:
    """Return the load to go on with, made where there is none; see ``Engine.begin_load``."""
    known = rows(connection, "select relation, number from headgate.loads where is_open and key = %s", start.key)
    if known:
        storage = Visible(*known[0])
        return OpenLoad(storage, _done(connection, storage))
    if start.base is None or start.copies:
        return OpenLoad(_new_storage(connection, start), ())
    return OpenLoad(_continued(connection, start, start.base), ())


def _done(connection: Connection, storage: Visible) -> Intervals:
    found = rows(connection, f"select begins, ends from headgate.parts where {_OF} order by 1", *_named(storage))
    return tuple(Interval(*row) for row in found)


def _new_storage(connection: Connection, start: LoadStart) -> Visible:
    storage = Visible(start.relation, 1)
    texts = _texts(storage)
    run(connection, texts.create(start.shape))
    count = 0
    if start.base is not None:
        count = run(connection, texts.copy(start, start.base, _table(start.base)))
    _write_load(connection, storage, start.key, count)
    return storage


def _continued(connection: Connection, start: LoadStart, base: Visible) -> Visible:
    """Return the next load of the base's storage; what another attempt began there is taken out."""
    opened = "select number from headgate.loads where is_open and relation = %s"
    for (number,) in rows(connection, opened, base.relation):
        take_out(connection, Visible(base.relation, number))
    ((last, newest, count),) = rows(
        connection,
        "select max(number), max(number) filter (where build <> ''), max(rows) filter (where number = %s) "
        "from headgate.loads where relation = %s and not is_open",
        base.number,
        base.relation,
    )
    if newest != base.number:
        raise Conflict(f"storage:{base.relation}")
    storage = Visible(base.relation, last + 1)
    _write_load(connection, storage, start.key, count)
    return storage


def _write_load(connection: Connection, storage: Visible, key: str, count: int, *, build: str = "") -> None:
    """Write a load: open, or with its build."""
    run(
        connection,
        "insert into headgate.loads (relation, number, key, build, is_open, rows) values (%s, %s, %s, %s, %s, %s)",
        *_named(storage),
        key,
        build,
        not build,
        count,
    )


def take_out(connection: Connection, storage: Visible) -> None:
    """Leave the storage as if the load, its newest one, had never begun."""
    for text in _texts(storage).undone:
        run(connection, text)
    run(connection, f"delete from headgate.parts where {_OF}", *_named(storage))
    run(connection, f"delete from headgate.loads where {_OF}", *_named(storage))


def take_out_all(connection: Connection) -> None:
    """Leave storages as if no load had begun that has not ended; one that shows nothing then is dropped."""
    for relation, number in rows(connection, "select relation, number from headgate.loads where is_open"):
        take_out(connection, Visible(relation, number))
        if not rows(connection, "select 1 from headgate.loads where relation = %s limit 1", relation):
            run(connection, f"drop table if exists {_table(Visible(relation, number))}")


def opened(connection: Connection) -> frozenset[str]:
    """Return the storages in which a load was begun and did not end."""
    found = rows(connection, "select distinct relation from headgate.loads where is_open")
    return frozenset(relation for (relation,) in found)


def counted(connection: Connection, tables: Collection[str]) -> dict[Digest, int]:
    """Return the rows that each build of a storage shows. Cost: a scan of each storage for each."""
    found: dict[Digest, int] = {}
    for build, relation, number in rows(
        connection, "select build, relation, number from headgate.loads where build <> ''"
    ):
        if relation in tables:
            shown = Visible(relation, number)
            ((count,),) = rows(connection, f"select count(*) from {_table(shown)} where {visible(shown)}")
            found[Digest(build)] = count
    return found


def make_part(connection: Connection, load: OpenLoad, part: LoadPart) -> int:
    """Make one part inside of the caller's transaction, unless it was made; return the rows that came in.

    Its row is written first: somebody else who makes the same part waits, and then finds it made.
    """
    into = "insert into headgate.parts (relation, number, begins, ends) values (%s, %s, %s, %s) on conflict do nothing"
    if not run(connection, into, *_named(load.storage), *part.interval):
        return 0
    came, went = _changed(connection, load.storage, part)
    # Only the part's own row: those of one load may be made side by side.
    counted = f"update headgate.parts set rows = {came - went:d} where {_OF} and begins = %s and ends = %s"
    run(connection, counted, *_named(load.storage), *part.interval)
    return came


def _changed(connection: Connection, storage: Visible, part: LoadPart) -> tuple[int, int]:
    """Return how many rows came and how many went."""
    texts, change = _texts(storage), part.change
    names = [column.name for column in part.shape]
    if isinstance(change, Replacing):
        went = run(connection, texts.end(change.within)) if change.within else 0
        return _queried(connection, f"{texts.into(names)} select {listed(names)}, {texts.born}", part), went
    _queried(connection, f"create temp table {STAGE} on commit drop as select {listed(names)}", part)
    run(connection, f"analyze {texts.stage}")
    return _staged(connection, texts, part, change)


def _staged(connection: Connection, texts: LoadTexts, part: LoadPart, change: Merging | Tracked) -> tuple[int, int]:
    """Carry out what is done with a part that stands in the stage."""
    names, key = [column.name for column in part.shape], key_of(change)
    ((twice,),) = rows(connection, texts.twice(key))
    refuse_twice(int(twice), part, key)
    same, came = _same(connection, texts.stage, key), 0
    if isinstance(change, Tracked):
        ended = texts.changed(names, change, same=same)
        run(connection, f"create temp table {ENDED} on commit drop as {ended}")
        closed, statements = texts.track(names, change, same=same)
        came = run(connection, closed)
    else:
        is_flagged = f"stage.{quoted(change.flag)}::text::boolean is true"
        statements = texts.merge(names, change, same=same, is_flagged=is_flagged)
    went = sum(run(connection, text) for text in statements.ending)
    return came + sum(run(connection, text) for text in statements.beginning), went


def _texts(storage: Visible) -> LoadTexts:
    return LoadTexts(_table(storage), storage.number, f"pg_temp.{STAGE}", f"pg_temp.{ENDED}", "ctid")


def _queried(connection: Connection, before: str, part: LoadPart) -> int:
    """Run a statement that takes up the rows of a part, and return its count; faults are at places of the user's."""
    prefix = f"{before} from (\n"
    within = f" where {part.within}" if part.within else ""
    try:
        return run(connection, f"{prefix}{without_end(part.sql)}\n) as part{within}")
    except psycopg.Error as error:
        raise statement_fault(error, part.sql, prefix=prefix, job=part.address) from error


def end(connection: Connection, load: OpenLoad, told: LoadEnd) -> BuildResult:
    """Write that the load is whole; what is done already is not done again.

    A load that is whole already gets one more build, which shows the same rows. Its bytes are its share of the table.
    """
    storage = load.storage
    ((key, count, is_done, is_open),) = rows(
        connection,
        f"select max(key), max(rows), bool_or(build = %s), bool_or(is_open) from headgate.loads where {_OF}",
        told.id,
        *_named(storage),
    )
    if key is None:
        raise lost(storage)
    ((more,),) = rows(
        connection, f"select coalesce(sum(rows), 0)::bigint from headgate.parts where {_OF}", *_named(storage)
    )
    count += more
    size = _share(connection, storage, count)
    if not is_done:
        run(
            connection,
            "insert into headgate.builds (id, address, relation, rows, bytes, fence) values (%s, %s, %s, %s, %s, %s)",
            told.id,
            told.address,
            storage.relation,
            count,
            size,
            told.fence,
        )
        if is_open:
            whole = f"update headgate.loads set is_open = false, build = %s, rows = %s where {_OF}"
            run(connection, whole, told.id, count, *_named(storage))
        else:
            _write_load(connection, storage, key, count, build=told.id)
        run(connection, f"delete from headgate.parts where {_OF}", *_named(storage))
        run(connection, f"analyze {_table(storage)}")
    return BuildResult(told.id, count, size, 0.0)


def _share(connection: Connection, storage: Visible, count: int) -> int:
    """Return how many bytes of the storage so many rows take, about: all of its rows count alike."""
    if not count:
        return 0
    ((tuples,),) = rows(connection, f"select count(*) from {_table(storage)}")
    return catalogue.size_of(connection, storage.relation) * count // max(int(tuples), count)


def drop(connection: Connection, identities: Iterable[str], relations: Iterable[str]) -> frozenset[str]:
    """Forget loads; return those of ``relations`` that stay because other loads show rows of them.

    Rows that no load shows any more are deleted.
    """
    run(connection, "update headgate.loads set build = '' where build = any(%s)", list(identities))
    kept: set[str] = set()
    for relation in relations:
        found = rows(
            connection, "select number from headgate.loads where relation = %s and build <> '' order by 1", relation
        )
        if found:
            kept.add(relation)
            _compact(connection, relation, [number for (number,) in found])
        else:
            for table in ("loads", "parts"):
                run(connection, f"delete from headgate.{table} where relation = %s", relation)
    return frozenset(kept)


def _compact(connection: Connection, relation: str, numbers: Sequence[int]) -> None:
    """Delete the rows that none of these loads shows, and let those live on that ended with a load after them."""
    opened = "select number from headgate.loads where relation = %s and is_open"
    for (number,) in rows(connection, opened, relation):
        take_out(connection, Visible(relation, number))
    for text in compacted(catalogue.table(relation), numbers):
        run(connection, text)


def _table(storage: Visible) -> str:
    return catalogue.table(storage.relation)


def _named(storage: Visible) -> tuple[str, int]:
    return storage.relation, storage.number


def _same(connection: Connection, stage: str, key: Collection[str]) -> str:
    """Return the condition that ``old`` and ``stage`` have one key.

    PostgreSQL joins by IS NOT DISTINCT FROM row by row (seen); where no key in the stage is NULL, ``=`` says the same.
    """
    items = ", ".join(f"coalesce(bool_or({quoted(name)} is null), false)" for name in key)
    ((*empty,),) = rows(connection, f"select {items} from {stage}")
    signs = ["is not distinct from" if is_empty else "=" for is_empty in empty]
    return " and ".join(f"old.{quoted(n)} {sign} stage.{quoted(n)}" for n, sign in zip(key, signs, strict=True))
