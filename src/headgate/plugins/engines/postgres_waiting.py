"""Whom a publication waits for in PostgreSQL: readers with an older snapshot, and whoever holds a lock on a view.

A transaction with REPEATABLE READ keeps its snapshot but sees new definitions of views at once: in a table that was
made after its snapshot it would see no rows (seen), and of a load that ended after it only the parts that were there.
So the views are switched only when no older snapshot is left.
Nobody waits for a lock longer than half of ``deadlock_timeout``: at a deadlock PostgreSQL ends whoever finds it, and
that may be a reader (seen). We let go and try again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from headgate.core.errors import EngineBusy
from headgate.plugins.engines.postgres_catalogue import rows
from headgate.plugins.engines.postgres_connections import Connection, Connections
from headgate.plugins.engines.postgres_settings import Setting
from headgate.plugins.engines.postgres_texts import stored_name

WAIT_SECONDS = 30.0
_LOCK_MILLISECONDS_MAX = 500
_PAUSE_SECONDS = 0.05
_PAUSE_SECONDS_MAX = 0.5
_HINT = "Wait for it, or end it, and run the command again: select pg_terminate_backend({})."

T = TypeVar("T")


def lock_setting(connection: Connection) -> Setting:
    """Return how long a statement may wait for a lock: half of what PostgreSQL waits before it looks for deadlocks."""
    ((milliseconds,),) = rows(connection, "select setting::integer from pg_settings where name = 'deadlock_timeout'")
    return Setting("lock_timeout", str(max(1, min(milliseconds // 2, _LOCK_MILLISECONDS_MAX))))


def tried(attempt: Callable[[], T], *, seconds: float, blamed: Callable[[], str]) -> T:
    """Return what ``attempt`` does, tried again while others are in the way, for so many seconds at most."""
    deadline = time.monotonic() + seconds
    pause = _PAUSE_SECONDS
    while True:
        try:
            return attempt()
        except EngineBusy as busy:
            if time.monotonic() >= deadline:
                told = blamed()
                if told:
                    text = f"{told} was in the way for {seconds:g} s"
                    raise EngineBusy(text, hint=_HINT.format("its number")) from busy
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, _PAUSE_SECONDS_MAX)


def wait_for_snapshots(connections: Connections, relations: Collection[str], *, seconds: float) -> None:
    """Return when nobody has a snapshot in which one of these tables has not all of its rows, those of loads as well.

    Raises ``EngineBusy`` where that lasts. Waited for are the transactions of the first look alone, as CREATE INDEX
    CONCURRENTLY does: an old writer makes the snapshots of all who come later look old, too.

    Cost: one query where all of the rows are older than every snapshot, which is nearly always.
    """
    names = sorted({stored_name(relation) for relation in relations})
    deadline = time.monotonic() + seconds
    awaited: set[str] | None = None
    while names:
        with connections.reading() as connection:
            found = rows(connection, _OLDER, names, list(relations))
        awaited = {row[3] for row in found} if awaited is None else awaited
        found = [row for row in found if row[3] in awaited]
        if not found:
            return
        if time.monotonic() >= deadline:
            process, told = _told(found)
            text = (
                f"{told} has read since before all of the new rows were there, and would not see them; "
                f"waited {seconds:g} s"
            )
            raise EngineBusy(text, hint=_HINT.format(process))
        time.sleep(_PAUSE_SECONDS)


_OLDER = """
select a.pid, coalesce(a.usename, ''), coalesce(a.application_name, ''), t.virtualxid
from pg_stat_activity as a join pg_locks as t on t.pid = a.pid and t.locktype = 'virtualxid' and t.granted
and t.mode = 'ExclusiveLock' -- its own: it tells one transaction of a process from the next
where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_xmin is not null
and a.usesysid is not null -- the server's own workers have no user, and read no views
and age(a.backend_xmin) >= (
    select min(age(made.at)) from (
        select c.xmin as at from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'headgate' and c.relname = any(%s)
        union all select b.xmin from headgate.builds as b where b.relation = any(%s)) as made)
order by age(a.backend_xmin) desc
"""

_HOLDERS = """
select a.pid, coalesce(a.usename, ''), coalesce(a.application_name, '')
from pg_locks as l join pg_stat_activity as a on a.pid = l.pid
join pg_class as c on c.oid = l.relation join pg_namespace as n on n.oid = c.relnamespace
where l.granted and l.pid <> pg_backend_pid() and l.database = (
    select d.oid from pg_database as d where d.datname = current_database())
and (n.nspname, c.relname) in (select * from unnest(%s::text[], %s::text[]))
order by a.pid
"""


def holders(connections: Connections, names: Sequence[tuple[str, str]]) -> str:
    """Return who holds a lock on one of these relations, in words; empty where nobody does."""
    with connections.reading() as connection:
        found = rows(connection, _HOLDERS, [schema for schema, _ in names], [name for _, name in names])
    return _told(found)[1] if found else ""


def _told(found: Sequence[tuple[Any, ...]]) -> tuple[int, str]:
    process, user, application = found[0][:3]
    more = ", ".join(text for text in (user, application) if text)
    return process, f"process {process} of the database{f' ({more})' if more else ''}"
