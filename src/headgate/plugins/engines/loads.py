"""Storages in a warehouse: tables whose rows say from which load on, and until which, they are visible.

What they promise stands in ``core.ports.loads``. The steps are the same in every engine; ``Storages`` is what they ask
of one. What a part gives is first put into a temporary table: keys are looked at in it, and the rows that it replaces
are found by it.

Values are written into the statements, quoted, and never bound: see ``duckdb_catalogue``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from headgate.core.errors import Conflict
from headgate.core.hashing import Digest
from headgate.core.intervals import Interval, Intervals
from headgate.core.ports.engine import BuildResult
from headgate.core.ports.loads import LoadEnd, LoadPart, LoadStart, Merged, OpenLoad, Replacing, Tracked, Visible
from headgate.core.recipe import Shape
from headgate.plugins.engines.load_texts import (
    ENDED,
    STAGE,
    LoadTexts,
    cast_all,
    compacted,
    key_of,
    lost,
    misfit,
    of_load,
    overtaken,
    retyped,
    twice_in,
    visible,
)
from headgate.plugins.engines.sql_texts import listed, literal


class Storages(Protocol):
    """What the steps ask of an engine. It all happens on one connection, in the transaction of the caller."""

    def run(self, sql: str) -> int:
        """Run a statement; return how many rows it touched."""

    def run_part(self, prefix: str, part: LoadPart, suffix: str) -> int:
        """Run a statement around the query of a part as ``run`` does; a fault is at its place in that query."""

    def rows(self, sql: str) -> list[Any]:
        """Return the rows of a SELECT."""

    def casts(self, sql: str) -> bool:
        """Tell whether a SELECT meets no value that cannot be cast. After one the transaction is of no more use."""

    def make_tables(self) -> None:
        """Make ``headgate.loads`` and ``headgate.parts`` where adopting a warehouse does not make them."""

    def has_tables(self) -> bool:
        """Tell whether those two are there."""

    def texts(self, storage: Visible) -> LoadTexts:
        """Return the texts of a load, with the engine's names for its tables."""

    def temporary(self, name: str) -> str:
        """Return the beginning of a CREATE; a SELECT follows. No later transaction finds the table in its way."""

    def analyze(self, table: str) -> None:
        """Have the planner know how many rows a table has, where it does not know by itself."""

    def lock(self, storage: Visible, *, shared: bool) -> None:
        """Let nobody take a load over, or end it, before the transaction is over; those who make parts share that."""

    def claim_part(self, storage: Visible, interval: Interval) -> bool:
        """Tell whether a part is to be made; who asks while somebody else makes it waits, and finds it made."""

    def write_part(self, storage: Visible, interval: Interval, rows: int) -> None:
        """Write by how many rows a claimed part lets its storage grow. No row that parts share may be updated."""

    def same_key(self, stage: str, key: Sequence[str]) -> str:
        """Return the condition that ``old`` and ``stage`` have one key, where NULL is a key as any other."""

    def size(self, storage: Visible, shape: Shape, rows: int) -> int:
        """Return how many bytes so many rows of a storage take, about."""


def begin(storages: Storages, start: LoadStart) -> OpenLoad:
    """Return the load to go on with, made where there is none; see ``Engine.begin_load``."""
    storages.make_tables()
    known = storages.rows(f"select relation, number from headgate.loads where is_open and key = {literal(start.key)}")
    if known:
        storage = Visible(*known[0])
        storages.run(f"update headgate.loads set fence = {start.fence:d} where {of_load(storage)}")
        return OpenLoad(storage, _done(storages, storage), start.fence)
    if start.base is None or start.copies:
        return OpenLoad(_new_storage(storages, start), (), start.fence)
    return OpenLoad(_continued(storages, start, start.base), (), start.fence)


def _done(storages: Storages, storage: Visible) -> Intervals:
    found = storages.rows(f"select begins, ends from headgate.parts where {of_load(storage)} order by 1")
    return tuple(Interval(*row) for row in found)


def _new_storage(storages: Storages, start: LoadStart) -> Visible:
    storage = Visible(start.relation, 1)
    texts = storages.texts(storage)
    storages.run(texts.create(start.shape))
    count = 0
    if start.base is not None:
        count = _copied(storages, start, start.base, texts)
    _write_load(storages, storage, start.key, count, fence=start.fence)
    return storage


def _copied(storages: Storages, start: LoadStart, base: Visible, texts: LoadTexts) -> int:
    """Copy the rows of the base, and return how many; raise ``StatementFailed`` where a column does not fit its type.

    Cost: one scan more of each column that has another type, so that it can be named.
    """
    table = storages.texts(base).table
    for column in retyped(start):
        if not storages.casts(cast_all(base, table, column)):
            raise misfit(start, column)
    return storages.run(texts.copy(start, base, table))


def _continued(storages: Storages, start: LoadStart, base: Visible) -> Visible:
    """Return the next load of the base's storage; what an earlier holder began there is taken out."""
    own = f"relation = {literal(base.relation)} and is_open and fence = {start.fence:d}"
    if storages.rows(f"select 1 from headgate.loads where {own}"):
        raise Conflict(f"storage:{base.relation}")
    _take_out_open(storages, base.relation)
    ((last, newest, count),) = storages.rows(
        "select max(number), max(number) filter (where build <> ''), "
        f"max(rows) filter (where number = {base.number:d}) "
        f"from headgate.loads where relation = {literal(base.relation)} and not is_open"
    )
    if newest != base.number:
        raise Conflict(f"storage:{base.relation}")
    storage = Visible(base.relation, last + 1)
    _write_load(storages, storage, start.key, count, fence=start.fence)
    return storage


def _write_load(storages: Storages, storage: Visible, key: str, count: int, *, fence: int, build: str = "") -> None:
    """Write a load: open, or with its build."""
    is_open = "false" if build else "true"
    values = f"{literal(storage.relation)}, {storage.number:d}, {literal(key)}, {literal(build)}, {is_open}"
    columns = "relation, number, key, build, is_open, rows, fence"
    storages.run(f"insert into headgate.loads ({columns}) values ({values}, {count:d}, {fence:d})")


def _take_out(storages: Storages, storage: Visible) -> None:
    """Leave the storage as if the load, its newest one, had never begun."""
    for text in storages.texts(storage).undone:
        storages.run(text)
    storages.run(f"delete from headgate.parts where {of_load(storage)}")
    storages.run(f"delete from headgate.loads where {of_load(storage)}")


def _take_out_open(storages: Storages, relation: str) -> None:
    """Leave a storage as if no load had begun that has not ended."""
    opened = f"select number from headgate.loads where relation = {literal(relation)} and is_open"
    for (number,) in storages.rows(opened):
        _take_out(storages, Visible(relation, number))


def take_out_all(storages: Storages) -> None:
    """Leave storages as if no load had begun that has not ended; one that shows nothing then is dropped."""
    if not storages.has_tables():
        return
    for relation, number in storages.rows("select relation, number from headgate.loads where is_open"):
        storage = Visible(relation, number)
        _take_out(storages, storage)
        if not storages.rows(f"select 1 from headgate.loads where relation = {literal(relation)} limit 1"):
            storages.run(f"drop table if exists {storages.texts(storage).table}")


def opened(storages: Storages) -> frozenset[str]:
    """Return the storages in which a load was begun and did not end."""
    if not storages.has_tables():
        return frozenset()
    return frozenset(name for (name,) in storages.rows("select distinct relation from headgate.loads where is_open"))


def counted(storages: Storages, tables: Collection[str]) -> dict[Digest, int]:
    """Return the rows that each build of a storage shows. Cost: a scan of each storage for each (DuckDB: two columns).

    Those of storages that are not in ``tables`` are left out.
    """
    found: dict[Digest, int] = {}
    if not storages.has_tables():
        return found
    for build, relation, number in storages.rows(
        "select build, relation, number from headgate.loads where build <> ''"
    ):
        if relation in tables:
            shown = Visible(relation, number)
            ((count,),) = storages.rows(f"select count(*) from {storages.texts(shown).table} where {visible(shown)}")
            found[Digest(build)] = count
    return found


def make_part(storages: Storages, load: OpenLoad, part: LoadPart) -> int:
    """Make one part, unless it was made; return the rows that came in."""
    storages.lock(load.storage, shared=True)
    if not storages.rows(f"select 1 from headgate.loads where {of_load(load.storage)} and {_is_mine(load)}"):
        raise overtaken(load.storage)
    if not storages.claim_part(load.storage, part.interval):
        return 0
    came, went = _changed(storages, load.storage, part)
    storages.write_part(load.storage, part.interval, came - went)
    return came


def _is_mine(load: OpenLoad) -> str:
    """Return the condition that nobody else has begun or ended a load since."""
    return "false" if load.fence is None else f"(is_open and fence = {load.fence:d})"


def _changed(storages: Storages, storage: Visible, part: LoadPart) -> tuple[int, int]:
    """Return how many rows came and how many went."""
    texts, change = storages.texts(storage), part.change
    names = [column.name for column in part.shape]
    if isinstance(change, Replacing):
        went = storages.run(texts.end(change.within)) if change.within else 0
        return _queried(storages, f"{texts.into(names)} select {listed(names)}, {texts.born}", part), went
    _queried(storages, f"{storages.temporary(STAGE)} select {listed(names)}", part)
    storages.analyze(texts.stage)
    return _staged(storages, texts, part, change)


def _queried(storages: Storages, before: str, part: LoadPart) -> int:
    """Run a statement that takes up the rows of a part, and return its count."""
    within = f" where {part.within}" if part.within else ""
    return storages.run_part(f"{before} from (\n", part, f"\n) as part{within}")


def _staged(storages: Storages, texts: LoadTexts, part: LoadPart, change: Merged | Tracked) -> tuple[int, int]:
    """Carry out what is done with a part that stands in the stage."""
    shape, came = part.shape, 0
    _leave_one_of_each(storages, texts, part, change)
    same = storages.same_key(texts.stage, key_of(change))
    if isinstance(change, Tracked):
        storages.run(f"{storages.temporary(ENDED)} {texts.changed(shape, change, same=same)}")
        closed, statements = texts.track(shape, change, same=same)
        came = storages.run(closed)
    else:
        statements = texts.merge(shape, change, same=same)
    went = sum(storages.run(text) for text in statements.ending)
    return came + sum(storages.run(text) for text in statements.beginning), went


def _leave_one_of_each(storages: Storages, texts: LoadTexts, part: LoadPart, change: Merged | Tracked) -> None:
    """Leave one row of each key in the stage, the latest where rows have times; raise where nothing says which."""
    key, time = key_of(change), change.time if isinstance(change, Merged) else ""
    ((twice,),) = storages.rows(texts.twice(key))
    if not twice:
        return
    within = tuple(dict.fromkeys((*key, time))) if time else key
    if time:
        ((twice,),) = storages.rows(texts.twice(within))
    if twice:
        raise twice_in(int(twice), storages.rows(texts.examples(within)), part, key, time)
    storages.run(texts.without_older(key, time))


def end(storages: Storages, load: OpenLoad, told: LoadEnd) -> BuildResult:
    """Write that the load is whole; what is done already is not done again.

    A load that is whole already gets one more build, which shows the same rows.
    """
    storage, build = load.storage, literal(told.id)
    storages.lock(storage, shared=False)
    ((key, count, is_done, is_mine),) = storages.rows(
        f"select max(key), max(rows), bool_or(build = {build}), bool_or({_is_mine(load)}) "
        f"from headgate.loads where {of_load(storage)}"
    )
    if key is None:
        raise lost(storage)
    if not is_done and not is_mine and load.fence is not None:
        raise overtaken(storage)
    ((grown,),) = storages.rows(f"select coalesce(sum(rows), 0)::bigint from headgate.parts where {of_load(storage)}")
    count += grown
    if not is_done:
        storages.analyze(storages.texts(storage).table)  # sizes are estimated by what it finds
    size = storages.size(storage, told.shape, count)
    if not is_done:
        values = f"{build}, {literal(told.address)}, {literal(storage.relation)}, {count:d}, {size:d}, {told.fence:d}"
        storages.run(f"insert into headgate.builds (id, address, relation, rows, bytes, fence) values ({values})")
        if is_mine:
            whole = f"is_open = false, build = {build}, rows = {count:d}"
            storages.run(f"update headgate.loads set {whole} where {of_load(storage)}")
        else:
            _write_load(storages, storage, key, count, fence=told.fence, build=told.id)
        storages.run(f"delete from headgate.parts where {of_load(storage)}")
    return BuildResult(told.id, count, size, 0.0)


def drop(storages: Storages, builds: Iterable[str], relations: Iterable[str]) -> frozenset[str]:
    """Forget the loads of ``builds``, one or more; return those of ``relations`` that other loads show rows of.

    Rows that no load shows any more are deleted.
    """
    if not storages.has_tables():
        return frozenset()
    wanted = ", ".join(literal(build) for build in builds)
    storages.run(f"update headgate.loads set build = '' where build in ({wanted})")
    kept: set[str] = set()
    for relation in relations:
        of = f"relation = {literal(relation)}"
        found = storages.rows(f"select number from headgate.loads where {of} and build <> '' order by 1")
        if found:
            kept.add(relation)
            _compact(storages, relation, [number for (number,) in found])
        else:
            for table in ("loads", "parts"):
                storages.run(f"delete from headgate.{table} where {of}")
    return frozenset(kept)


def _compact(storages: Storages, relation: str, numbers: Sequence[int]) -> None:
    """Delete the rows that none of these loads shows, and let those live on that ended with a load after them."""
    _take_out_open(storages, relation)
    for text in compacted(storages.texts(Visible(relation, numbers[-1])).table, numbers):
        storages.run(text)
