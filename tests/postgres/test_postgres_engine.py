"""What PostgreSQL adds to the promises of an engine: grants, names, rights, readers, connections that are cut."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from headgate.core.address import Address
from headgate.core.declarations import TableSource
from headgate.core.errors import Conflict, EngineBusy, EngineFailed, Refused, StatementFailed
from headgate.core.hashing import digest
from headgate.core.intervals import Interval
from headgate.core.ports.engine import (
    BuildJob,
    Engine,
    Marker,
    Publication,
    SelectInput,
    ShownView,
    Standing,
    physical_name,
)
from headgate.core.ports.loads import LoadEnd, LoadPart, LoadStart, Replacing
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.postgres import PostgresEngine, open_postgres
from headgate.plugins.engines.postgres_connections import Connections
from tests.postgres.server import PASSWORD, PASSWORD_IN_URL, Database, Server, wait_until

pytestmark = pytest.mark.slow

ONE: Shape = (Column("x", "integer"),)


@pytest.fixture
def engine(database: Database, tmp_path: Path) -> Iterator[PostgresEngine]:
    session = open_postgres(database.url, root=tmp_path, wait_seconds=3)
    session.adopt("state-1")
    yield session
    session.close()


def built(engine: Engine, sql: str, shape: Shape = ONE, *, address: str = "s.a", nonce: str = "1") -> BuildJob:
    identity = digest("build", address, sql, nonce)
    job = BuildJob(
        identity, Address(address), physical_name(Address(address), identity), shape, SelectInput(sql), fence=1
    )
    engine.build([job])
    return job


def show(engine: Engine, *views: tuple[str, str, str], tables: tuple[str, ...] = (), environment: str = "dev") -> None:
    before = engine.markers().get(environment)
    serial = before.serial + 1 if before else 1
    after = Marker("state-1", serial, 1, f"intent-{serial}")
    engine.publish(Publication(environment, before, after, tuple(ShownView(*v) for v in views), (), tables))


def rights(database: Database, view: str) -> str:
    ((text,),) = database.execute("select coalesce(relacl::text, '') from pg_class where oid = %s::regclass", view)
    return str(text)


# Grants


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("select 1 as x", "select 2 as x"),
        ("select 1 as x", "select 2 as x, 'a' as y"),
        ("select 1 as x", "select 'a' as x"),
        ("select 1 as x, 2 as y", "select 2 as y, 1 as x"),
        ("select 1 as x, 2 as y", "select 1 as x"),
        ("select 'a' as x", "select 'a' collate \"C\" as x"),
    ],
)
def test_grants_are_kept_whatever_becomes_of_the_columns(
    engine: PostgresEngine, database: Database, before: str, after: str
) -> None:
    reader, other, column = database.role(), database.role(), database.role()
    show(engine, ("s", "a", before))
    with psycopg.connect(database.url, autocommit=True) as owner:
        for text in (
            f"grant usage on schema s to {reader}, {other}, {column}",
            f"grant select on s.a to {reader} with grant option",
            f"grant select, insert on s.a to {other}",
            f"grant select (x) on s.a to {column}",
            "grant select on s.a to public",
            "comment on view s.a is 'It''s shown'",
            "comment on column s.a.x is 'the first'",
            "alter view s.a set (security_barrier = true)",
        ):
            owner.execute(text.encode())
    known = rights(database, "s.a")
    assert reader in known
    show(engine, ("s", "a", after))
    assert sorted(rights(database, "s.a").strip("{}").split(",")) == sorted(known.strip("{}").split(","))
    found = database.execute(
        "select obj_description('s.a'::regclass), c.reloptions::text, "
        "(select a.attacl::text from pg_attribute as a where a.attrelid = c.oid and a.attname = 'x'), "
        "(select col_description(c.oid, a.attnum) from pg_attribute as a where a.attrelid = c.oid and a.attname = 'x') "
        "from pg_class as c where c.oid = 's.a'::regclass"
    )
    assert found[0][:2] == ("It's shown", "{security_barrier=true}")
    if "x" in after:
        assert column in str(found[0][2])
        assert found[0][3] == "the first"


def test_rights_that_somebody_took_back_do_not_come_back_by_default(engine: PostgresEngine, database: Database) -> None:
    reader = database.role()
    show(engine, ("s", "a", "select 1 as x"))
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(f"alter default privileges in schema s grant select on tables to {reader}".encode())
    show(engine, ("s", "b", "select 1 as x"))
    assert reader in rights(database, "s.b")
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(f"revoke all on s.b from {reader}".encode())
    show(engine, ("s", "b", "select 'a' as x"))
    assert reader not in rights(database, "s.b")


def test_a_schema_that_somebody_may_use_stays(engine: PostgresEngine, database: Database) -> None:
    reader = database.role()
    show(engine, ("s", "a", "select 1 as x"), ("t", "a", "select 1 as x"))
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(f"grant usage on schema s to {reader}".encode())
    marker = engine.markers()["dev"]
    drop = (("s", "a"), ("t", "a"))
    engine.publish(Publication("dev", marker, Marker("state-1", 2, 1, "i"), (), drop, ()))
    names = {row[0] for row in database.execute("select nspname from pg_namespace")}
    assert "s" in names
    assert "t" not in names


def test_a_view_that_others_read_is_replaced_or_refused_never_dropped(
    engine: PostgresEngine, database: Database
) -> None:
    show(engine, ("s", "a", "select 1 as x"))
    database.execute(f"create schema theirs authorization {database.owner}")
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("create view theirs.v as select x from s.a")
    show(engine, ("s", "a", "select 2 as x, 3 as y"))
    assert database.execute("select x from theirs.v") == [(2,)]
    with pytest.raises(Refused) as refused:
        show(engine, ("s", "a", "select 'a' as x"))
    assert [d.code for d in refused.value.diagnostics] == ["HG518"]
    assert "theirs.v" in refused.value.diagnostics[0].detail
    assert database.execute("select x from theirs.v") == [(2,)]


def test_a_table_that_others_read_is_not_dropped(engine: PostgresEngine, database: Database) -> None:
    job = built(engine, "select 1 as x")
    database.execute(f"create schema theirs authorization {database.owner}")
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(f"create view theirs.v as select x from {engine.relation(job.relation)}".encode())
    with pytest.raises(EngineFailed, match=r"view theirs.v depends on table headgate\.s__a__") as failed:
        engine.drop({job.id: job.relation})
    assert "CASCADE" not in f"{failed.value} {failed.value.hint}"
    assert engine.built() == {job.id: job.relation}


# Names


def test_physical_names_that_are_too_long_are_stored_shortened(engine: PostgresEngine, database: Database) -> None:
    address = f"{'schema_' * 8}.{'table_' * 9}"
    jobs = [built(engine, f"select {n} as x", address=address, nonce=str(n)) for n in range(2)]
    stored = [
        row[0] for row in database.execute("select relname from pg_class where relkind = 'r' and relname ~ '^schema_'")
    ]
    assert len(set(stored)) == 2
    assert all(len(name) == 63 for name in stored)
    assert engine.query(f"select x from {engine.relation(jobs[1].relation)}").rows == ((1,),)
    assert set(engine.inventory(()).tables) == {job.relation for job in jobs}
    show(engine, ("s", "a", f"select x from {engine.relation(jobs[0].relation)}"), tables=(jobs[0].relation,))
    with pytest.raises(Conflict, match="table:nosuch"):
        show(engine, tables=(f"nosuch{'x' * 100}",))
    engine.drop({jobs[1].id: jobs[1].relation})
    assert set(engine.inventory(()).tables) == {jobs[0].relation}


@pytest.mark.parametrize("name", ["x" * 64, "ä" * 32])
def test_a_view_whose_name_would_be_cut_off_is_refused(engine: PostgresEngine, name: str) -> None:
    for view in (("s", name, "select 1 as x"), (name, "a", "select 1 as x")):
        with pytest.raises(Refused) as refused:
            show(engine, view)
        assert [d.code for d in refused.value.diagnostics] == ["HG404"]


def test_case_counts_in_quotes_alone(engine: PostgresEngine) -> None:
    show(engine, ("s", "Upper", 'select 1 as "X"'))
    assert engine.query('select "X" from s."Upper"').columns == ("X",)
    with pytest.raises(StatementFailed):
        engine.query("select x from s.upper")


# Rights


def test_a_right_that_is_missing_is_named(database: Database, tmp_path: Path) -> None:
    role = database.role()
    session = open_postgres(database.url_of(role), root=tmp_path)
    with pytest.raises(EngineFailed) as failed:
        session.adopt("state-1")
    grant = f'grant create on database "{database.name}" to "{role}"'
    assert failed.value.hint == f"Its owner has to run: {grant}"
    database.execute(f"grant create on database {database.name} to {role}")
    session.adopt("state-1")
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("create schema raw")
        owner.execute("create table raw.orders (x integer)")
    source = TableSource("raw", "orders")
    assert session.columns([source]) == {source: ONE}
    with pytest.raises(EngineFailed, match="permission denied for schema raw") as failed:
        session.query("select x from raw.orders")
    assert not isinstance(failed.value, StatementFailed)
    assert "grant usage" in failed.value.hint
    database.execute(f"grant usage on schema raw to {role}")
    with pytest.raises(EngineFailed, match="permission denied for table orders") as failed:
        session.query("select x from raw.orders")
    assert "grant select on table orders" in failed.value.hint
    database.execute(f"grant select on raw.orders to {role}")
    job = built(session, "select x from raw.orders")
    show(session, ("s", "a", f"select x from {session.relation(job.relation)}"), tables=(job.relation,))
    assert session.query("select count(*) as n from s.a").rows == ((0,),)
    session.close()


@pytest.mark.parametrize("fault", ["password", "database", "port", "url", "sign", "port sign"])
def test_no_message_holds_the_password(database: Database, tmp_path: Path, fault: str) -> None:
    url = {
        "password": database.url_of(database.owner, password="top%2Fsecret"),
        "database": database.url + "nosuch",
        "port": database.url.replace(f":{database.server.port}", ":1"),
        "url": database.url + "?nosuch=%zz",
        "sign": f"postgresql://{database.owner}:top@secret@127.0.0.1:{database.server.port}/{database.name}",
        "port sign": f"postgresql://{database.owner}:top?secret@127.0.0.1:{database.server.port}/{database.name}",
    }[fault]
    with pytest.raises(EngineFailed) as failed:
        open_postgres(url, root=tmp_path)
    told = f"{failed.value} {failed.value.hint}"
    assert failed.value.hint
    for word in (PASSWORD, PASSWORD_IN_URL, "secret"):
        assert word not in told


# Readers


@pytest.mark.parametrize("is_stranger", [False, True])
def test_a_reader_with_an_older_snapshot_never_finds_a_new_table_empty(
    engine: PostgresEngine, database: Database, *, is_stranger: bool
) -> None:
    first = built(engine, "select 1 as x")
    show(engine, ("s", "a", f"select x from {engine.relation(first.relation)}"), tables=(first.relation,))
    url = database.server.url(database.name) if is_stranger else database.url  # of whom we are told next to nothing
    with psycopg.connect(url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("select 1")  # its snapshot; it holds no lock on the view
        second = built(engine, "select 2 as x")
        body = f"select x from {engine.relation(second.relation)}"
        with pytest.raises(EngineBusy, match=r"process \d+ of the database") as busy:
            show(engine, ("s", "a", body), tables=(second.relation,))
        assert "pg_terminate_backend" in busy.value.hint
        assert reader.execute("select x from s.a").fetchall() == [(1,)]
        reader.rollback()
    show(engine, ("s", "a", body), tables=(second.relation,))
    assert engine.query("select x from s.a").rows == ((2,),)


def test_a_reader_who_came_amid_a_load_never_finds_a_part_of_it(engine: PostgresEngine, database: Database) -> None:
    shape = (Column("x", "integer"),)
    relation = physical_name(Address("s.a"), digest("storage"))
    load = engine.begin_load(LoadStart(digest("load"), Address("s.a"), relation, shape, None, shape, False, 1))
    parts = [LoadPart(Address("s.a"), Interval(n, n), f"select {n} as x", shape, "", Replacing("")) for n in "12"]
    engine.load_part(load, parts[0])
    body = f"select x from {engine.visible(load.storage, shape)} as shown"
    with psycopg.connect(database.url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("select 1")
        engine.load_part(load, parts[1])
        engine.end_load(load, LoadEnd(digest("build"), Address("s.a"), shape, 1))
        with pytest.raises(EngineBusy, match="would not see them"):
            show(engine, ("s", "a", body), tables=(relation,))
    show(engine, ("s", "a", body), tables=(relation,))
    assert engine.query("select x from s.a order by x").rows == ((1,), (2,))


def test_readers_who_came_later_are_not_waited_for_beside_an_old_writer(
    engine: PostgresEngine, database: Database
) -> None:
    """A writer that goes on for hours makes the snapshot of everybody look as old as itself."""
    show(engine, ("s", "a", "select 1 as x"))
    database.execute(f"create table public.other (x int); grant all on public.other to {database.owner}")
    with ExitStack() as stack:
        writer, early, late = (stack.enter_context(psycopg.connect(database.url)) for _ in range(3))
        writer.execute("insert into other values (1)")
        early.isolation_level = late.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        early.execute("select 1")
        table = built(engine, "select 2 as x")
        done: list[object] = []
        view = ("s", "a", f"select x from {engine.relation(table.relation)}")
        worker = threading.Thread(target=lambda: done.append(show(engine, view, tables=(table.relation,))))
        worker.start()
        looked = "select 1 from pg_stat_activity where query like %s and pid <> pg_backend_pid()"
        wait_until(lambda: database.execute(looked, "%t.locktype = 'virtualxid'%"))
        assert not done
        late.execute("select 1")
        early.rollback()
        worker.join(20)
        assert done == [None]
        assert late.execute("select x from s.a").fetchall() == [(2,)]


def test_a_publication_waits_for_a_reader_and_then_goes_on(engine: PostgresEngine, database: Database) -> None:
    show(engine, ("s", "a", "select 1 as x"), ("s", "b", "select 1 as x"))
    with psycopg.connect(database.url) as reader:
        reader.execute("select x from s.b")
        done: list[object] = []
        worker = threading.Thread(
            target=lambda: done.append(show(engine, ("s", "a", "select 2 as x"), ("s", "b", "select 2 as x")))
        )
        worker.start()
        wait_until(lambda: database.execute("select 1 from pg_stat_activity where wait_event_type = 'Lock'"))
        # The reader asks for what the publication holds: it must never be the one that is ended for a deadlock.
        assert reader.execute("select x from s.a").fetchall() == [(1,)]
        assert not done
        reader.commit()
    worker.join(20)
    assert done == [None]
    assert engine.query("select a.x, b.x from s.a, s.b").rows == ((2, 2),)


def test_a_reader_that_never_ends_is_named(engine: PostgresEngine, database: Database) -> None:
    show(engine, ("s", "a", "select 1 as x"))
    with psycopg.connect(database.url, application_name="a dashboard") as reader:
        reader.execute("select x from s.a")
        with pytest.raises(EngineBusy, match=f"process {reader.info.backend_pid} .*a dashboard"):
            show(engine, ("s", "a", "select 2 as x"))
        assert engine.markers()["dev"].serial == 1
    assert engine.query("select x from s.a").rows == ((1,),)


def test_a_part_that_two_make_at_once_comes_in_once(engine: PostgresEngine, database: Database, tmp_path: Path) -> None:
    other = open_postgres(database.url, root=tmp_path, wait_seconds=3)
    shape: Shape = (Column("k", "integer"), Column("v", "text"))
    name = physical_name(Address("s.a"), digest("a"))
    load = engine.begin_load(LoadStart(digest("l"), Address("s.a"), name, shape, None, (), copies=False, fence=1))
    slow = "select 1 as k, 'a' as v from pg_sleep(0.5)"
    one = LoadPart(Address("s.a"), Interval("1", "2"), slow, shape, "", Replacing(""))
    with ThreadPoolExecutor(2) as pool:
        came = list(pool.map(lambda session: session.load_part(load, one), (engine, other)))
    other.close()
    assert sorted(came) == [0, 1]
    assert engine.end_load(load, LoadEnd(digest("b"), Address("s.a"), shape, 1)).rows == 1
    assert engine.query(f"select k from {engine.relation(name)}").rows == ((1,),)


def test_two_publishers_at_once(engine: PostgresEngine, database: Database, tmp_path: Path) -> None:
    other, session = (open_postgres(database.url, root=tmp_path, wait_seconds=20) for _ in range(2))
    names = [f"v{n:02}" for n in range(12)]
    failures: list[BaseException] = []

    def publish(session: Engine, environment: str, order: list[str]) -> None:
        try:
            for turn in range(8):
                views = [("s", name, f"select {turn} as x, '{environment}' as y") for name in order]
                show(session, *views, environment=environment)
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=publish, args=(session, "dev", names)),
        threading.Thread(target=publish, args=(other, "prod", names[::-1])),
    ]
    for thread in threads:
        thread.start()
    seen: set[tuple[Any, ...]] = set()
    while any(thread.is_alive() for thread in threads):
        if len(engine.shown(["s"])) == 12:
            text = " union ".join(f"select x, y from s.{name}" for name in names[::-1])
            seen.add(tuple(engine.query(f"select count(*) from ({text}) as t").rows[0]))
    for thread in threads:
        thread.join()
    other.close()
    session.close()
    assert not failures
    assert seen <= {(1,)}
    assert {name: marker.serial for name, marker in engine.markers().items()} == {"dev": 8, "prod": 8}


# Connections


def steps() -> list[Callable[[PostgresEngine], object]]:
    """What is done while connections are cut: a build, a publication, a fence, a drop."""
    job = BuildJob(digest("cut"), Address("s.a"), "cut_1", ONE, SelectInput("select 1 as x"), 1)
    view = ShownView("s", "a", 'select x from headgate."cut_1"')
    first, fenced = Marker("state-1", 1, 1, "i"), Marker("state-1", 1, 5, "i")
    return [
        lambda e: e.build([job]),
        lambda e: e.publish(Publication("dev", None, first, (view,), (), ("cut_1",))),
        lambda e: e.fence("dev", first, 5),
        lambda e: e.publish(Publication("dev", fenced, Marker("state-1", 2, 5, "j"), (), (("s", "a"),), ())),
        lambda e: e.drop({job.id: "cut_1"}),
    ]


def state_of(engine: PostgresEngine) -> tuple[object, ...]:
    found = engine.inventory(())
    return (
        sorted(found.builds), sorted(found.tables), sorted(engine.shown(["s"])), sorted(engine.markers().items()),
    )  # fmt: skip


def test_a_connection_that_is_cut_at_any_statement_leaves_all_or_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each method is done with its n-th statement on a dead connection, for every n, and then done again."""
    cutter = _Cutter(database)
    monkeypatch.setattr(psycopg.Cursor, "execute", cutter.execute)
    engine = open_postgres(database.url, root=tmp_path)
    engine.adopt("state-1")
    cuts = 0
    told: set[str] = set()
    for step in steps():
        before = state_of(engine)
        number = 0
        while True:
            number += 1
            cutter.left = number
            try:
                step(engine)
                is_done = True
            except EngineFailed as error:
                is_done = False
                told.add(str(error).partition(":")[0])
            was_cut = cutter.left < 0
            cutter.left = 0
            after = state_of(engine)
            if is_done:
                assert after != before
                break
            cuts += 1
            assert after == before
            assert was_cut
    assert cuts > 30
    assert told == {"the connection to PostgreSQL was lost"}
    engine.close()


class _Cutter:
    """Cuts the connection that does the n-th statement from now on, before it is sent.

    What begins a transaction does not count, as it is done again, nor what undoes one.
    """

    def __init__(self, database: Database) -> None:
        self.left = 0
        self._database = database
        self._execute = psycopg.Cursor.execute
        self._is_cutting = False

    @property
    def execute(self) -> Any:
        def execute(cursor: psycopg.Cursor[Any], *arguments: Any, **more: Any) -> Any:
            text = arguments[0] if isinstance(arguments[0], bytes) else b""
            if not self._is_cutting and self.left > 0 and not text.startswith((b"begin", b"rollback")):
                self.left -= 1
                if not self.left:
                    self.left = -1
                    self._is_cutting = True
                    self._database.cut(f"pid = {cursor.connection.info.backend_pid}")
                    self._is_cutting = False
            return self._execute(cursor, *arguments, **more)

        return execute


@pytest.mark.parametrize("what", ["server", "backend"])
def test_after_a_crash_nobody_takes_the_commit_of_another_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What is not on the disk is gone with a crash, and so is its number: the next transaction gets it, and commits."""
    server = Server(settings={"wal_writer_delay": "10s"})
    try:
        database = server.database()
        engine = open_postgres(database.url, root=tmp_path)
        engine.adopt("state-1")
        whole, number = psycopg.Connection.execute, [0]

        def execute(connection: Any, query: Any, *arguments: Any, **more: Any) -> Any:
            if query != b"commit":
                return whole(connection, query, *arguments, **more)
            monkeypatch.undo()
            number[0] = int(whole(connection, "select pg_current_xact_id()::text").fetchone()[0])
            if what == "server":
                server.stop("immediate")
                server.start()
            else:
                with server.connection() as beside:
                    os.kill(connection.info.backend_pid, signal.SIGKILL)
                    wait_until(lambda: is_cut(beside))
            burn_to(server, number[0])
            return whole(connection, "select 1")  # fails as the lost answer would

        monkeypatch.setattr(psycopg.Connection, "execute", execute)
        job = BuildJob(digest("lost"), Address("s.a"), "lost_1", ONE, SelectInput("select 1 as x"), 1)
        with pytest.raises(EngineFailed, match="does not tell what became of it"):
            engine.build([job])
        assert server.execute("select pg_xact_status(%s::text::xid8)", str(number[0])) == [("committed",)]
        assert engine.built() == {}
        engine.close()
    finally:
        server.close()


def is_cut(connection: psycopg.Connection) -> bool:
    """Tell whether the server has ended a connection, as it does with all of them when one of its processes crashed."""
    with suppress(psycopg.OperationalError):
        connection.execute("select 1")
    return connection.closed


def burn_to(server: Server, number: int) -> None:
    """Commit transactions until one had this number."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(psycopg.Error):
            ((found,),) = server.execute("select pg_current_xact_id()::text")
            if int(found) >= number:
                return
    raise AssertionError("the server did not come back")


@pytest.mark.parametrize("arrives", [True, False])
def test_a_commit_whose_answer_is_lost_is_found_out(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, arrives: bool
) -> None:
    engine = open_postgres(database.url, root=tmp_path)
    engine.adopt("state-1")
    whole = psycopg.Connection.execute

    def execute(connection: Any, query: Any, *arguments: Any, **more: Any) -> Any:
        if query != b"commit":
            return whole(connection, query, *arguments, **more)
        if arrives:
            whole(connection, query, *arguments, **more)
        database.cut(f"pid = {connection.info.backend_pid}")
        return whole(connection, "select 1")  # fails as the lost answer would

    monkeypatch.setattr(psycopg.Connection, "execute", execute)
    job = BuildJob(digest("lost"), Address("s.a"), "lost_1", ONE, SelectInput("select 1 as x"), 1)
    if arrives:
        assert engine.build([job])[0].rows == 1
    else:
        with pytest.raises(EngineFailed, match="lost"):
            engine.build([job])
    monkeypatch.undo()
    assert engine.built() == ({job.id: "lost_1"} if arrives else {})
    engine.close()


def test_a_connection_that_died_while_nobody_used_it_is_made_again(engine: PostgresEngine, database: Database) -> None:
    built(engine, "select 1 as x")
    assert database.cut() >= 1
    assert len(engine.built()) == 1


def test_an_interrupt_ends_what_runs(engine: PostgresEngine, database: Database) -> None:
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    def read() -> None:
        import pyarrow as pa

        stream = engine.stream("select pg_sleep(60)::text as x")
        with ExitStack() as at_end:
            at_end.callback(stream.close)
            list(pa.RecordBatchReader.from_stream(stream))

    threads = [run(lambda: engine.query("select pg_sleep(60)::text as x")), run(read)]
    threads.append(run(lambda: built(engine, "select 1 as x from pg_sleep(60)")))
    wait_until(lambda: len(database.execute("select 1 from pg_stat_activity where wait_event = 'PgSleep'")) == 3)
    engine.interrupt()
    for thread in threads:
        thread.join(20)
    assert len(failures) == 3
    assert sum(isinstance(error, EngineFailed) for error in failures) >= 2
    assert engine.built() == {}


# Settings


def test_settings_of_a_role_change_nothing(database: Database, tmp_path: Path) -> None:
    for name, value in (
        ("timezone", "Asia/Tokyo"), ("datestyle", "German"), ("search_path", "public"),
        # Long enough to begin a transaction on a busy machine: no setting ends the limit on the message that makes it.
        ("statement_timeout", "1s"),
        ("bytea_output", "escape"), ("intervalstyle", "iso_8601"), ("extra_float_digits", "-10"),
        ("default_transaction_isolation", "serializable"), ("standard_conforming_strings", "off"),
    ):  # fmt: skip
        database.execute(f"alter role {database.owner} set {name} = '{value}'")
    session = open_postgres(database.url, root=tmp_path)
    sql = (
        "select timestamptz '2020-01-01 12:00+00'::text as a, '\\x01'::bytea::text as b, interval '1 day'::text as c, "
        "0.1::float8::text as d, '2001/02/03'::date::text as e, current_setting('search_path') as f, 'a\\b' as g "
        "from pg_sleep(1.1)"
    )
    expected = (
        "2020-01-01 12:00:00+00", "\\x01", "1 day", "0.1", "2001-02-03", "pg_catalog, pg_temp", "a\\b",
    )  # fmt: skip
    assert session.query(sql).rows == (expected,)
    import pyarrow as pa

    stream = session.stream(sql)
    table = pa.RecordBatchReader.from_stream(stream).read_all()
    stream.close()
    assert tuple(column[0].as_py() for column in table.columns) == expected
    session.close()


def test_a_session_asks_and_answers_by_number(database: Database) -> None:
    connections = Connections(database.url)
    with connections.reading() as one, connections.reading() as two:
        assert one is not two
    with connections.reading() as again:
        assert again in (one, two)
    connections.close()
    with pytest.raises(EngineFailed, match="closed"), connections.reading():
        pass


def test_a_view_of_the_same_text_is_as_given_after_a_rename(engine: PostgresEngine) -> None:
    view = ShownView("s", "a", "select 1 as x, 'a' as y")
    show(engine, (view.schema, view.name, view.sql))
    other = ShownView("s", "a", "select 1 as x, 'b' as y")
    assert engine.inventory([view]).views == {("s", "a"): Standing.AS_GIVEN}
    assert engine.inventory([other]).views == {("s", "a"): Standing.OTHER}
