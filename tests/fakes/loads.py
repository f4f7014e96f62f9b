"""Storages of the fake engine: the rules of ``core.ports.loads`` row by row, so that they can be read off."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from headgate.core.errors import Conflict, StatementFailed, lost_lease
from headgate.core.hashing import Digest
from headgate.core.intervals import Interval
from headgate.core.loading import Deletion, Tracking
from headgate.core.ports.engine import BuildResult
from headgate.core.ports.loads import (
    COPIED,
    FROM,
    NO_END,
    TO,
    LoadEnd,
    LoadPart,
    LoadStart,
    Merged,
    OpenLoad,
    Replacing,
    Tracked,
    Visible,
)

Run = Callable[..., sqlite3.Cursor]
Row = dict[str, Any]


def create(run: Run) -> None:
    run('create table if not exists "headgate.loads" (relation, number, key, build, is_open, rows, fence)')
    run('create table if not exists "headgate.parts" (relation, number, begins, ends)')


def begin(run: Run, start: LoadStart) -> OpenLoad:
    found = run('select relation, number from "headgate.loads" where is_open and key = ?', start.key).fetchone()
    if found:
        run('update "headgate.loads" set fence = ? where is_open and key = ?', start.fence, start.key)
        parts = run('select begins, ends from "headgate.parts" where relation = ? and number = ? order by 1', *found)
        return OpenLoad(Visible(*found), tuple(Interval(*row) for row in parts), start.fence)
    base = start.base
    if base is not None and not start.copies:
        opening = 'select number, fence from "headgate.loads" where is_open and relation = ?'
        opened = run(opening, base.relation).fetchall()
        for number, fence in opened:
            if fence == start.fence:
                raise Conflict(f"storage:{base.relation}")
            take_out(run, Visible(base.relation, number))
        numbers = run(
            """select max(number) filter (where build <> ''), max(number) from "headgate.loads" where relation = ?""",
            base.relation,
        ).fetchone()
        if numbers[0] != base.number:
            raise Conflict(f"storage:{base.relation}")
        storage = Visible(base.relation, numbers[1] + 1)
        rows = len(visible(run, base))
    else:
        storage = Visible(start.relation, 1)
        columns = ", ".join(f'"{column.name}"' for column in start.shape)
        run(f"create table {_table(storage)} ({columns}, {FROM}, {TO})")
        copied = visible(run, base) if base else []
        for row in copied:
            _insert(run, Visible(storage.relation, COPIED), {c.name: row.get(c.name) for c in start.shape})
        rows = len(copied)
    run('insert into "headgate.loads" values (?, ?, ?, ?, 1, ?, ?)', *_of(storage), start.key, "", rows, start.fence)
    return OpenLoad(storage, (), start.fence)


def take_out(run: Run, storage: Visible) -> None:
    run(f"delete from {_table(storage)} where {FROM} = ?", storage.number)
    run(f"update {_table(storage)} set {TO} = ? where {TO} = ?", NO_END, storage.number)
    for table in ("parts", "loads"):
        run(f'delete from "headgate.{table}" where relation = ? and number = ?', *_of(storage))


def take_out_all(run: Run) -> list[str]:
    gone = []
    for row in run('select relation, number from "headgate.loads" where is_open').fetchall():
        take_out(run, Visible(*row))
        if not run('select 1 from "headgate.loads" where relation = ?', row[0]).fetchone():
            gone.append(row[0])
    return gone


def counted(run: Run) -> dict[Digest, int]:
    rows = run("""select build, relation, number from "headgate.loads" where build <> ''""").fetchall()
    return {Digest(build): len(visible(run, Visible(relation, number))) for build, relation, number in rows}


def make_part(run: Run, load: OpenLoad, part: LoadPart, rows: list[Row]) -> int:
    mine = 'select 1 from "headgate.loads" where relation = ? and number = ? and is_open and fence = ?'
    if not run(mine, *_of(load.storage), load.fence).fetchone():
        raise lost_lease(load.storage.relation)
    known = 'select 1 from "headgate.parts" where relation = ? and number = ? and begins = ? and ends = ?'
    if run(known, *_of(load.storage), *part.interval).fetchone():
        return 0
    if isinstance(part.change, Replacing):
        came, went = rows, _rowids(run, load.storage, part.change.within) if part.change.within else []
    elif isinstance(part.change, Tracked):
        came, went = _track(run, load.storage, part.change, rows, part)
    else:
        came, went = _merge(run, load.storage, part.change, rows, part)
    for rowid in went:
        run(f"update {_table(load.storage)} set {TO} = ? where rowid = ?", load.storage.number, rowid)
    for row in came:
        _insert(run, load.storage, row)
    run('insert into "headgate.parts" values (?, ?, ?, ?)', *_of(load.storage), *part.interval)
    change = len(came) - len(went)
    run('update "headgate.loads" set rows = rows + ? where relation = ? and number = ?', change, *_of(load.storage))
    return len(came)


def end(run: Run, load: OpenLoad, told: LoadEnd) -> BuildResult:
    where = "where relation = ? and number = ?"
    known = run(f'select key, rows, build, is_open from "headgate.loads" {where}', *_of(load.storage)).fetchall()
    key, rows = known[0][:2]
    mine = run(f'select 1 from "headgate.loads" {where} and is_open and fence = ?', *_of(load.storage), load.fence)
    if load.fence is not None and not mine.fetchone() and all(build != told.id for _, _, build, _ in known):
        raise lost_lease(load.storage.relation)
    if all(build != told.id for _, _, build, _ in known):
        values = (told.id, told.address, load.storage.relation, rows, rows * 8, told.fence)
        run('insert into "headgate.builds" values (?, ?, ?, ?, ?, ?)', *values)
        if any(is_open for *_, is_open in known):
            run(f'update "headgate.loads" set is_open = 0, build = ? {where}', told.id, *_of(load.storage))
        else:
            values = (*_of(load.storage), key, told.id, rows, told.fence)
            run('insert into "headgate.loads" values (?, ?, ?, ?, 0, ?, ?)', *values)
        run(f'delete from "headgate.parts" {where}', *_of(load.storage))
    return BuildResult(told.id, rows, rows * 8, 0.001)


def drop(run: Run, identities: Iterable[str], relations: Iterable[str]) -> set[str]:
    kept: set[str] = set()
    for identity in identities:
        run("""update "headgate.loads" set build = '' where build = ?""", identity)
    for relation in relations:
        opened = run('select number from "headgate.loads" where is_open and relation = ?', relation).fetchall()
        numbers = [
            number
            for (number,) in run(
                """select number from "headgate.loads" where relation = ? and build <> '' order by 1""", relation
            )
        ]
        if not numbers:
            for table in ("parts", "loads"):
                run(f'delete from "headgate.{table}" where relation = ?', relation)
            continue
        kept.add(relation)
        for (number,) in opened:
            take_out(run, Visible(relation, number))
        table = _table(Visible(relation, 0))
        for rowid, since, until in run(f"select rowid, {FROM}, {TO} from {table}").fetchall():
            if not any(since <= number < until for number in numbers):
                run(f"delete from {table} where rowid = ?", rowid)
            elif numbers[-1] < until:
                run(f"update {table} set {TO} = ? where rowid = ?", NO_END, rowid)
    return kept


def visible(run: Run, storage: Visible) -> list[Row]:
    cursor = run(f"select * from {_table(storage)} where {FROM} <= ? and {TO} > ?", storage.number, storage.number)
    names = [column[0] for column in cursor.description]
    return [{n: v for n, v in zip(names, row, strict=True) if n not in (FROM, TO)} for row in cursor]


def _merge(run: Run, storage: Visible, change: Merged, rows: list[Row], part: LoadPart) -> tuple[list[Row], list[int]]:
    merging, time = change.merging, change.time
    given = _newest(rows, change, part) if time else _by_key(rows, merging.key, part)
    came, went = [], []
    current = _current(run, storage, merging.key)
    asked = set(_rowids(run, storage, change.asked)) if change.asked else set()
    for key, row in given.items():
        is_gone = merging.deletion is Deletion.FLAGGED and bool(row[merging.flag])
        old = current.get(key)
        if old is not None and time and old[1][time] > row[time] and old[0] not in asked:
            continue
        if old is not None and (is_gone or not _is_same(old[1], row)):
            went.append(old[0])
        if not is_gone and (old is None or not _is_same(old[1], row)):
            came.append(row)
    if merging.deletion is Deletion.MISSING:
        went += [rowid for key, (rowid, _) in current.items() if key not in given]
    return came, went


def _is_same(old: Row, new: Row) -> bool:
    return {name: repr(value) for name, value in old.items()} == {name: repr(value) for name, value in new.items()}


def _newest(rows: list[Row], change: Merged, part: LoadPart) -> dict[tuple[Any, ...], Row]:
    key = change.merging.key
    _by_key(rows, tuple(dict.fromkeys((*key, change.time))), part)
    return {tuple(row[name] for name in key): row for row in sorted(rows, key=lambda row: row[change.time])}


def _track(run: Run, storage: Visible, change: Tracked, rows: list[Row], part: LoadPart) -> tuple[list[Row], list[int]]:
    tracking, (now,) = change.tracking, run(f"select {change.now}").fetchone()
    given = _by_key(rows, tracking.key, part)
    current = _current(run, storage, tracking.key, "valid_to is null")
    came: list[Row] = []
    went: list[int] = []

    def close(rowid: int, row: Row, until: Any) -> None:
        went.append(rowid)
        came.append({**row, "valid_to": _later(until, row["valid_from"])})

    for key, row in given.items():
        since = row[tracking.updated_at] if tracking.updated_at else now
        old = current.get(key)
        if old is not None:
            if not _is_other(tracking, old[1], row):
                continue
            close(*old, since)
        ended = [r for r in (*visible(run, storage), *came) if tuple(r[name] for name in tracking.key) == key]
        for state in ended:
            since = _later(since, state["valid_to"])
        came.append({**row, "valid_from": since, "valid_to": None})
    if tracking.closes_missing:
        for key, old in current.items():
            if key not in given:
                close(*old, now)
    return came, went


def _is_other(tracking: Tracking, old: Row, new: Row) -> bool:
    if not tracking.updated_at:
        return any(repr(new[name]) != repr(old[name]) for name in tracking.checked or tuple(new))
    before, now = old[tracking.updated_at], new[tracking.updated_at]
    return now is not None and (before is None or now > before)


def _later(one: Any, other: Any) -> Any:
    return one if other is None else other if one is None else max(one, other)


def _by_key(rows: list[Row], key: tuple[str, ...], part: LoadPart) -> dict[tuple[Any, ...], Row]:
    given = {tuple(row[name] for name in key): row for row in rows}
    if len(given) < len(rows):
        count = Counter(tuple(row[name] for name in key) for row in rows)
        twice = sorted(given[0] for given in count if count[given] > 1)  # keys of one column are all that tests have
        more = f" and {len(twice) - 3} more" if len(twice) > 3 else ""
        told = f"{', '.join(map(str, twice[:3]))}{more}"
        raise StatementFailed(f"the unique key ({', '.join(key)}) is not unique: {told}", job=part.address)
    return given


def _current(
    run: Run, storage: Visible, key: tuple[str, ...], where: str = "true"
) -> dict[tuple[Any, ...], tuple[int, Row]]:
    cursor = run(f"select rowid as rowid, * from {_table(storage)} where {TO} = ? and {where}", NO_END)
    names = [column[0] for column in cursor.description]
    found = {}
    for values in cursor:
        row = {n: v for n, v in zip(names, values, strict=True) if n not in (FROM, TO)}
        rowid = row.pop("rowid")
        found[tuple(row[name] for name in key)] = (rowid, row)
    return found


def _rowids(run: Run, storage: Visible, where: str) -> list[int]:
    query = f"select rowid from {_table(storage)} as old where {TO} = ? and {FROM} < ? and ({where})"
    return [rowid for (rowid,) in run(query, NO_END, storage.number)]


def _insert(run: Run, storage: Visible, row: Row) -> None:
    names = ", ".join(f'"{name}"' for name in (*row, FROM, TO))
    marks = ", ".join("?" * (len(row) + 2))
    run(f"insert into {_table(storage)} ({names}) values ({marks})", *row.values(), storage.number, NO_END)


def _of(storage: Visible) -> tuple[str, int]:
    return storage.relation, storage.number


def _table(storage: Visible) -> str:
    return '"headgate.' + storage.relation.replace('"', '""') + '"'
