"""One suite for engines: whatever keeps these promises can stand behind the port. The fake in memory passes it too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest

from headgate.core.address import Address
from headgate.core.declarations import File, FileSource, TableSource
from headgate.core.errors import Conflict, Diverged, EngineFailed, Refused, StatementFailed
from headgate.core.hashing import Digest, digest
from headgate.core.ports.comparing import Pairing, Side
from headgate.core.ports.engine import (
    BuildJob,
    BuiltRow,
    CaptureInput,
    Engine,
    Marker,
    Publication,
    SeedInput,
    SelectInput,
    ShownView,
    Standing,
    StreamInput,
    physical_name,
)
from headgate.core.ports.loads import LoadPart, LoadStart
from headgate.core.ports.measuring import Measured
from headgate.core.profiles import Profile
from headgate.core.recipe import Column, Shape
from headgate.core.records import LogHead
from headgate.plugins.engines.duckdb import open_duckdb
from headgate.plugins.engines.postgres import open_postgres
from tests.fakes.engine import FakeWarehouse
from tests.postgres.server import Database

pytestmark = pytest.mark.slow

ONE: Shape = (Column("x", "INTEGER"),)
TWO: Shape = (Column("x", "INTEGER"), Column("y", "VARCHAR"))


@dataclass
class Place:
    """A warehouse: how to open a session, and how its owner runs statements of their own beside Headgate."""

    open: Callable[[], Engine]
    run: Callable[[str], object]
    root: Path


@pytest.fixture(params=["duckdb", "fake", "postgres", "postgres_16"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "fake":
        warehouse = FakeWarehouse()
        yield Place(warehouse.open, warehouse.run, tmp_path)
    elif request.param == "duckdb":
        yield duckdb_place(tmp_path)
    else:
        server = request.getfixturevalue(request.param)
        database = server.database()
        yield postgres_place(database, tmp_path)
        server.drop(database)


def duckdb_place(root: Path) -> Place:
    path = root / "warehouse.duckdb"

    def run(sql: str) -> object:
        with duckdb.connect(str(path)) as connection:
            return connection.execute(sql).fetchall()

    return Place(lambda: open_duckdb(path, read_only=False, root=root, wait_seconds=0), run, root)


def postgres_place(database: Database, root: Path) -> Place:
    def run(sql: str) -> object:
        with psycopg.connect(database.url, autocommit=True) as connection:
            return connection.execute(sql.replace("VARCHAR", "text").encode())

    return Place(lambda: Spelled(open_postgres(database.url, root=root, wait_seconds=5)), run, root)


class Spelled:
    """An engine that spells types in its own words, behind the words that this suite uses."""

    THEIRS: Mapping[str, str] = {
        "BOOLEAN": "boolean", "INTEGER": "integer", "VARCHAR": "text", "DOUBLE": "double precision",
        "TIMESTAMP": "timestamp without time zone",
    }  # fmt: skip
    OURS: Mapping[str, str] = {theirs: ours for ours, theirs in THEIRS.items()}

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def build(self, jobs: list[BuildJob], *rest: Any) -> Any:
        return self._engine.build([replace(one, shape=self._in(self.THEIRS, one.shape)) for one in jobs], *rest)

    def begin_load(self, start: LoadStart) -> Any:
        shapes = {"shape": self._in(self.THEIRS, start.shape), "base_shape": self._in(self.THEIRS, start.base_shape)}
        return self._engine.begin_load(replace(start, **shapes))

    def load_part(self, load: Any, part: LoadPart) -> int:
        return self._engine.load_part(load, replace(part, shape=self._in(self.THEIRS, part.shape)))

    def columns(self, tables: Any) -> Any:
        return {table: self._in(self.OURS, shape) for table, shape in self._engine.columns(tables).items()}

    def described(self, schema: str) -> Any:
        return tuple(replace(one, shape=self._in(self.OURS, one.shape)) for one in self._engine.described(schema))

    def fingerprint(self, side: Side, key: Any, beside: Any = None) -> Any:
        return self._engine.fingerprint(self._spelled(side), key, beside)

    def compare(self, pairing: Pairing, sample: int = 0) -> Any:
        return self._engine.compare(self._both(pairing), sample)

    def differing(self, pairing: Pairing, limit: int | None) -> Any:
        return self._engine.differing(self._both(pairing), limit)

    def _both(self, pairing: Pairing) -> Pairing:
        return replace(pairing, before=self._spelled(pairing.before), after=self._spelled(pairing.after))

    def _spelled(self, side: Side) -> Side:
        return replace(side, shape=self._in(self.THEIRS, side.shape))

    def inventory(self, views: Any) -> Any:
        found = self._engine.inventory(views)
        tables = {n: replace(t, shape=self._in(self.OURS, t.shape)) for n, t in found.tables.items()}
        return replace(found, tables=tables)

    def profile(self, table: Measured) -> Profile:
        theirs = {name: self.THEIRS.get(type_, type_) for name, type_ in table.types.items()}
        found = self._engine.profile(replace(table, types=theirs))
        return Profile(found.rows, {n: replace(c, type=table.types[n]) for n, c in found.columns.items()})

    @staticmethod
    def _in(words: Mapping[str, str], shape: Shape) -> Shape:
        return tuple(Column(column.name, words.get(column.type, column.type)) for column in shape)


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    session = place.open()
    session.adopt("state-1")
    yield session
    session.close()


def job(address: str, sql: str, shape: Shape = ONE, nonce: str = "1", fence: int = 1) -> BuildJob:
    identity = digest("test build", address, nonce)
    return BuildJob(
        identity, Address(address), physical_name(Address(address), identity), shape, SelectInput(sql), fence
    )


def publication(
    engine: Engine,
    *views: tuple[str, str, str],
    environment: str = "dev",
    drop: tuple[tuple[str, str], ...] = (),
    tables: tuple[str, ...] = (),
    before: Marker | None = None,
    fence: int = 1,
) -> Publication:
    before = before or engine.markers().get(environment)
    serial = before.serial + 1 if before else 1
    after = Marker("state-1", serial, fence, f"intent-{serial}")
    return Publication(environment, before, after, tuple(ShownView(*view) for view in views), drop, tables)


def made(engine: Engine, address: str, sql: str, shape: Shape = ONE, nonce: str = "1") -> str:
    """Build one table and return the SQL text that names it."""
    one = job(address, sql, shape, nonce)
    engine.build([one])
    return engine.relation(one.relation)


_NUMBERS = count(1)


def made_anew(engine: Engine, address: str, sql: str, shape: Shape = ONE) -> str:
    """Build one table, whatever others were built for the address, and return the SQL text that names it."""
    return made(engine, address, sql, shape, f"new {next(_NUMBERS)}")


# State, markers, fences


def test_a_new_warehouse_belongs_to_nobody(place: Place) -> None:
    session = place.open()
    assert session.state() is None
    assert session.markers() == {}
    assert session.built() == {}
    session.drop({Digest("h1:00"): "nothing"})
    session.close()


def test_adoption_is_kept_repeatable_and_exclusive(place: Place) -> None:
    session = place.open()
    session.adopt("mine")
    session.adopt("mine")
    session.close()
    again = place.open()
    assert again.state() == "mine"
    with pytest.raises(Diverged):
        again.adopt("other")
    assert again.state() == "mine"
    again.close()


def test_a_closed_session_refuses(place: Place) -> None:
    session = place.open()
    session.close()
    with pytest.raises(EngineFailed):
        session.state()


def test_fence_is_raised_only_from_the_known_marker(engine: Engine) -> None:
    table = made(engine, "s.a", "select 1 as x")
    engine.publish(publication(engine, ("s__dev", "a", f"select x from {table}"), fence=3))
    known = engine.markers()["dev"]
    assert known == Marker("state-1", 1, 3, "intent-1")
    for other in (
        Marker("state-1", 2, 3, "intent-1"),
        Marker("state-1", 1, 2, "intent-1"),
        Marker("state-2", 1, 3, "intent-1"),
        Marker("state-1", 1, 3, "intent-2"),
    ):
        with pytest.raises(Conflict) as lost:
            engine.fence("dev", other, 9)
        assert lost.value.entry == "marker:dev"
    with pytest.raises(Conflict):
        engine.fence("dev", known, 2)
    with pytest.raises(Conflict):
        engine.fence("prod", known, 9)
    engine.fence("dev", known, 9)
    assert engine.markers() == {"dev": Marker("state-1", 1, 9, "intent-1")}


# Build


def test_a_build_makes_a_table_and_its_row(engine: Engine) -> None:
    one = job("s.a", "select 1 as x union all select 2")
    (result,) = engine.build([one])
    assert (result.id, result.rows) == (one.id, 2)
    assert result.bytes > 0
    assert result.seconds >= 0
    assert engine.built() == {one.id: one.relation}
    assert engine.built_rows([one.id, digest("none")]) == {one.id: BuiltRow(one.relation, 2, result.bytes)}
    assert engine.built_rows([]) == {}
    assert engine.query(f"select x from {engine.relation(one.relation)} order by x").rows == ((1,), (2,))
    assert engine.build([]) == ()


def test_who_asks_hears_which_job_has_its_turn(engine: Engine) -> None:
    begun: list[str] = []
    engine.build([job("s.a", "select 1 as x"), job("s.b", "select 2 as x")], begun.append)
    assert begun == ["s.a", "s.b"]


def test_a_table_without_rows_is_a_build(engine: Engine) -> None:
    (result,) = engine.build([job("s.a", "select 1 as x where 1 = 0")])
    assert (result.rows, result.bytes) == (0, 0)


def test_builds_of_a_group_are_made_all_or_none_and_the_culprit_is_named(engine: Engine) -> None:
    good, bad = job("s.good", "select 1 as x"), job("s.bad", "select\n  nosuch as x\nfrom (select 1 as a) as t")
    with pytest.raises(StatementFailed) as failed:
        engine.build([good, bad])
    assert failed.value.job == "s.bad"
    assert "nosuch" in str(failed.value)
    assert engine.built() == {}
    assert list(engine.shown(["headgate"])) == list(engine.shown(["HEADGATE"]))
    assert not any("good" in name for _, name in engine.shown(["headgate"]))
    engine.build([good])
    assert list(engine.built()) == [good.id]


def test_a_result_of_another_shape_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementFailed) as failed:
        engine.build([job("s.a", "select 1 as y")])
    assert failed.value.job == "s.a"
    with pytest.raises(StatementFailed):
        engine.build([job("s.a", "select 1 as x, 2 as y")])
    with pytest.raises(StatementFailed):
        engine.build([job("s.a", "select 'a' as y, 1 as x", TWO)])
    assert engine.built() == {}


def test_the_same_build_twice_is_refused(engine: Engine) -> None:
    one = job("s.a", "select 1 as x")
    engine.build([one])
    with pytest.raises(EngineFailed):
        engine.build([one])
    with pytest.raises(EngineFailed):
        engine.build([BuildJob(one.id, one.address, "another_table", ONE, one.input, 1)])
    assert engine.built() == {one.id: one.relation}


def test_a_body_that_is_no_select_does_nothing(engine: Engine) -> None:
    kept = made(engine, "s.kept", "select 1 as x")
    for sql in (f"drop table {kept}", f"delete from {kept}", f"insert into {kept} values (3)"):
        with pytest.raises(StatementFailed) as failed:
            engine.build([job("s.a", sql)])
        assert failed.value.job == "s.a"
    assert engine.query(f"select x from {kept}").rows == ((1,),)


def test_seeds_are_read_with_the_types_of_their_shape(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    path.write_text('x,y\n1,"a, b"\n2,\n')
    identity = digest("seed", "1")
    engine.build([BuildJob(identity, Address("s.seed"), "seed_1", TWO, SeedInput(str(path)), 1)])
    rows = engine.query(f"select x, y from {engine.relation('seed_1')} order by x").rows
    assert rows == ((1, "a, b"), (2, None))


def test_sources_are_captured_from_tables_and_files(engine: Engine, place: Place, tmp_path: Path) -> None:
    if engine.capabilities.kind != "fake":
        place.run("create schema raw")
    place.run("create table raw.flights (x INTEGER, y VARCHAR)")
    place.run("insert into raw.flights values (7, 'q')")
    table = TableSource("raw", "flights")
    assert engine.columns([table, TableSource("raw", "nosuch"), TableSource("nosuch", "x")]) == {table: TWO}
    (tmp_path / "b.json").write_text('{"y":"b","x":2}\n')
    (tmp_path / "a.json").write_text('{"x":1}\n')
    files = FileSource("*.json", "json", tuple(File(name, digest("f", name), 1) for name in ("b.json", "a.json")))
    jobs = [
        BuildJob(digest("c", i), Address(f"raw.c{i}"), f"c{i}", TWO, CaptureInput(where, str(tmp_path)), 1)
        for i, where in enumerate((table, files))
    ]
    assert [result.rows for result in engine.build(jobs)] == [1, 2]
    assert engine.query(f"select x, y from {engine.relation('c0')}").rows == ((7, "q"),)
    assert engine.query(f"select x, y from {engine.relation('c1')} order by x").rows == ((1, None), (2, "b"))
    if engine.capabilities.kind == "postgres":  # it reads no files where they are
        with pytest.raises(StatementFailed):
            engine.source(files, str(tmp_path))
    else:
        live = engine.query(f"select y from {engine.source(files, str(tmp_path))} as t where x = 2").rows
        assert live == (("b",),)
    assert engine.query(f"select x from {engine.source(table, '')} as t").rows == ((7,),)


def test_a_schema_is_described(engine: Engine, place: Place) -> None:
    assert engine.described("s") == ()
    engine.publish(publication(engine, ("s", "b", "select 1 as x"), environment="prod"))
    place.run('create table s."A" (x INTEGER, y VARCHAR)')
    table, view = engine.described("S")
    assert (table.schema, table.name, table.shape, table.fault) == ("s", "A", TWO, "")
    assert (view.schema, view.name, [column.name for column in view.shape]) == ("s", "b", ["x"])
    assert "s" in engine.schemas()


def test_a_missing_table_source_names_its_job(engine: Engine) -> None:
    capture = CaptureInput(TableSource("raw", "nosuch"), "")
    with pytest.raises(StatementFailed) as failed:
        engine.build([BuildJob(digest("c"), Address("raw.a"), "c", ONE, capture, 1)])
    assert failed.value.job == "raw.a"


def test_wide_tables(engine: Engine) -> None:
    names = [f"c{number}" for number in range(1500)]
    shape = tuple(Column(name, "INTEGER") for name in names)
    sql = f"select {', '.join(f'{number} as {name}' for number, name in enumerate(names))}"
    table = made(engine, "s.wide", sql, shape)
    engine.publish(publication(engine, ("s__dev", "wide", f"select {', '.join(names)} from {table}")))
    assert engine.query("select c1499 from s__dev.wide").rows == ((1499,),)


def test_builds_from_several_threads(engine: Engine) -> None:
    failures: list[BaseException] = []

    def some(worker: int) -> None:
        try:
            for number in range(10):
                engine.build([job(f"s.t{worker}_{number}", f"select {number} as x")])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=some, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(engine.built()) == 30


def test_drop_takes_tables_and_rows_and_does_not_mind_repetition(engine: Engine) -> None:
    jobs = [job(f"s.t{number}", "select 1 as x") for number in range(3)]
    engine.build(jobs)
    engine.drop({jobs[0].id: jobs[0].relation, jobs[1].id: jobs[1].relation})
    engine.drop({jobs[0].id: jobs[0].relation, digest("nosuch"): "nosuch"})
    assert engine.built() == {jobs[2].id: jobs[2].relation}
    names = [name for _, name in engine.shown(["headgate"])]
    assert jobs[2].relation in names
    assert jobs[0].relation not in names


# Publish


def test_publish_shows_replaces_and_drops(engine: Engine) -> None:
    first = made(engine, "s.a", "select 1 as x")
    second = made(engine, "s.a", "select 2 as z, 'q' as y", (Column("z", "INTEGER"), Column("y", "VARCHAR")), "2")
    engine.publish(publication(engine, ("s__dev", "a", f"select x from {first}"), ("s__dev", "b", "select 5 as v")))
    assert sorted(engine.shown(["s__dev"])) == [("s__dev", "a"), ("s__dev", "b")]
    assert engine.query("select x from s__dev.a").rows == ((1,),)
    # Other columns, another type, another order: a view becomes whatever it is told.
    engine.publish(publication(engine, ("s__dev", "a", f"select y, z from {second}"), drop=(("s__dev", "b"),)))
    assert engine.query("select * from s__dev.a").rows == (("q", 2),)
    assert list(engine.shown(["s__dev"])) == [("s__dev", "a")]
    engine.publish(publication(engine, drop=(("s__dev", "a"), ("s__dev", "never_there"))))
    assert list(engine.shown(["s__dev"])) == []
    assert engine.markers()["dev"].serial == 3


def test_publish_needs_marker_state_and_tables_as_demanded(engine: Engine) -> None:
    one = job("s.a", "select 1 as x")
    engine.build([one])
    view = ("s__dev", "a", f"select x from {engine.relation(one.relation)}")
    engine.publish(publication(engine, view, fence=5))
    known = engine.markers()["dev"]

    def refused(entry: str, demand: Publication) -> None:
        with pytest.raises(Conflict) as lost:
            engine.publish(demand)
        assert lost.value.entry == entry
        assert engine.markers() == {"dev": known}
        assert list(engine.shown(["s__dev", "t__dev"])) == [("s__dev", "a")]

    other = ("t__dev", "new", "select 1 as x")
    fits = publication(engine, other, fence=5)
    refused("marker:dev", Publication("dev", None, fits.after, fits.replace, (), ()))
    for before in (
        Marker("state-1", 0, 5, "intent-1"),
        Marker("state-1", 1, 5, "intent-0"),
        Marker("state-0", 1, 5, "intent-1"),
    ):
        refused("marker:dev", Publication("dev", before, fits.after, fits.replace, (), ()))
    refused("marker:dev", publication(engine, other, fence=4))
    refused("state", Publication("dev", known, Marker("state-2", 2, 5, "i"), fits.replace, (), ()))
    refused("marker:new", publication(engine, other, environment="new", before=known))
    refused("table:nosuch", publication(engine, other, tables=(one.relation, "nosuch"), fence=5))
    refused("table:nosuch", publication(engine, other, tables=(one.relation,) * 500 + ("nosuch",), fence=5))
    engine.publish(publication(engine, other, tables=(one.relation,), fence=6))
    assert engine.markers()["dev"] == Marker("state-1", 2, 6, "intent-2")


def test_the_end_of_the_log_is_kept_with_a_publication(engine: Engine) -> None:
    assert engine.log() is None
    engine.publish(publication(engine, ("s__dev", "a", "select 1 as x")))
    assert engine.log() is None
    for head in (LogHead(3, digest("three")), LogHead(7, digest("seven")), LogHead(5, digest("five"))):
        engine.publish(replace(publication(engine), log=head))
        assert engine.log() == head
    engine.publish(publication(engine))
    assert engine.log() == LogHead(5, digest("five"))
    lost = publication(engine, ("s__dev", "b", "select x from nowhere.at_all"))
    with pytest.raises(EngineFailed):
        engine.publish(replace(lost, log=LogHead(8, digest("eight"))))
    assert engine.log() == LogHead(5, digest("five"))


def test_a_publication_that_fails_midway_changes_nothing(engine: Engine) -> None:
    engine.publish(publication(engine, ("s__dev", "a", "select 1 as x"), ("s__dev", "z", "select 1 as x")))
    before = engine.markers()
    with pytest.raises(EngineFailed):
        engine.publish(
            publication(
                engine,
                ("s__dev", "a", "select 2 as x"),
                ("new__dev", "b", "select 2 as x"),
                ("s__dev", "c", "select x from nowhere.at_all"),
                drop=(("s__dev", "z"),),
            )
        )
    assert engine.markers() == before
    assert sorted(engine.shown(["s__dev", "new__dev"])) == [("s__dev", "a"), ("s__dev", "z")]
    assert engine.query("select x from s__dev.a").rows == ((1,),)


def test_a_table_of_the_user_is_never_replaced(engine: Engine, place: Place) -> None:
    engine.publish(publication(engine, ("s", "a", "select 1 as x"), environment="prod"))
    place.run("create table s.Mine (x integer)")
    before = engine.markers()
    with pytest.raises(Refused) as refused:
        engine.publish(
            publication(engine, ("s", "a", "select 2 as x"), ("s", "mine", "select 2 as x"), environment="prod")
        )
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["HG510"]
    assert engine.markers() == before
    assert engine.query("select x from s.a").rows == ((1,),)
    engine.publish(publication(engine, environment="prod", drop=(("s", "mine"), ("s", "a"))))
    assert [name.lower() for _, name in engine.shown(["s"])] == ["mine"]


@pytest.mark.parametrize("name", ['we"ird', "select", "Größe", "UPPER", "with space", "x" * 58])
def test_hostile_names(engine: Engine, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    identity = digest("hostile", name)
    shape = (Column(name, "INTEGER"),)
    relation = f"{name}__1"
    engine.build([BuildJob(identity, Address("s.a"), relation, shape, SelectInput(f"select 1 as {quoted}"), 1)])
    view = (f"{name}__dev", name, f"select {quoted} from {engine.relation(relation)}")
    engine.publish(publication(engine, view, tables=(relation,)))
    answer = engine.query(f'select * from "{name.replace(chr(34), chr(34) * 2)}__dev".{quoted}')
    assert (answer.columns, answer.rows) == ((name,), ((1,),))
    assert list(engine.shown([f"{name}__dev"])) == [(f"{name}__dev", name)]
    engine.publish(publication(engine, drop=((f"{name}__dev", name),)))
    engine.drop({identity: relation})
    assert engine.built() == {}


def test_readers_see_whole_publications_only(engine: Engine) -> None:
    tables = [made(engine, "s.a", f"select {number} as x", nonce=str(number)) for number in range(2)]

    def show(number: int) -> None:
        body = f"select x from {tables[number % 2]}"
        engine.publish(publication(engine, ("s__dev", "a", body), ("s__dev", "b", body)))

    show(0)
    seen: set[tuple[object, ...]] = set()
    faults: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                seen.update(engine.query("select a.x, b.x from s__dev.a as a, s__dev.b as b").rows)
        except BaseException as error:
            faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    number = 0
    while number < 40 or (len(seen) < 2 and not faults and number < 2000):
        number += 1
        show(number)
    done.set()
    for reader in readers:
        reader.join()
    assert not faults
    assert seen == {(0, 0), (1, 1)}


# Inventory


def test_an_inventory_of_a_new_warehouse_is_empty(place: Place) -> None:
    session = place.open()
    found = session.inventory([])
    assert (found.builds, found.tables, found.views, found.others) == ({}, {}, {}, frozenset())
    session.close()


def test_an_inventory_tells_tables_with_columns_and_rows(engine: Engine, place: Place) -> None:
    first, second = job("s.a", "select 1 as x union all select 2"), job("s.b", "select 1 as x, 'q' as y", TWO)
    engine.build([first, second])
    found = engine.inventory([])
    assert {i: (row.relation, row.rows) for i, row in found.builds.items()} == {
        first.id: (first.relation, 2),
        second.id: (second.relation, 1),
    }
    assert {name: (table.shape, table.rows) for name, table in found.tables.items()} == {
        first.relation: (ONE, 2),
        second.relation: (TWO, 1),
    }
    engine.close()
    place.run(f"delete from {engine.relation(first.relation)} where x = 1")
    place.run(f"drop table {engine.relation(second.relation)}")
    place.run("create table headgate.strange (z integer)")
    again = place.open()
    found = again.inventory([])
    again.close()
    assert found.builds.keys() == {first.id, second.id}
    assert found.builds[first.id].rows == 2
    assert {name: (len(table.shape), table.rows) for name, table in found.tables.items()} == {
        first.relation: (1, 1),
        "strange": (1, 0),
    }


def test_an_inventory_tells_what_stands_where_views_should(engine: Engine, place: Place) -> None:
    table, gone = made(engine, "s.a", "select 1 as x"), job("s.gone", "select 1 as x")
    engine.build([gone])
    views = tuple(ShownView("s__dev", name, f'select "x" from {table}') for name in ("same", "edited", "away", "table"))
    lost = ShownView("s__dev", "lost", f"select x from {engine.relation(gone.relation)}")
    engine.publish(publication(engine, *((v.schema, v.name, v.sql) for v in (*views, lost))))
    asked = (*views, lost, ShownView("nowhere", "x", "select 1 as x"))
    assert set(engine.inventory(asked).views.values()) == {Standing.AS_GIVEN, Standing.ABSENT}
    engine.close()
    drop, create = "drop view s__dev.", "create view s__dev."
    place.run(f"{drop}edited")
    place.run(f"{create}edited as select x + 1 as x from {table}")
    place.run(f"{drop}away")
    place.run(f"{drop}table")
    place.run("create table s__dev.table (x integer)".replace(".table", '."table"'))
    cascade = " cascade" if engine.capabilities.kind == "postgres" else ""  # without it the view keeps the table
    place.run(f"drop table {engine.relation(gone.relation)}{cascade}")
    place.run(f"{create}more as select x from {table}")
    place.run(f"{create}own as select 1 as headgate")
    again = place.open()
    found = again.inventory(asked)
    again.close()
    assert {name: standing for (_, name), standing in found.views.items()} == {
        "same": Standing.AS_GIVEN,
        "edited": Standing.OTHER,
        "away": Standing.ABSENT,
        "table": Standing.TABLE,
        "lost": Standing.ABSENT if cascade else Standing.UNKNOWN,
        "x": Standing.ABSENT,
    }
    assert found.others == {("s__dev", "more")}


def test_an_inventory_knows_views_by_what_they_say(engine: Engine) -> None:
    """However a text is laid out, and whatever is in it, the view that was made of it is recognised."""
    table = made(engine, "s.a", "select 1 as x, 'a''; AS (b)' as y", TWO)
    texts = (
        f"select\n  x, -- a comment\n  y\nfrom {table}",
        f"select a.x, b.y from {table} as a join {table} as b on a.x = b.x and b.y <> 'it''s AS '",
        f"with t as (select x, y from {table}) select max(x) as x, y from t group by y order by y limit 3",
        f"select x, case when y like '%;%' then 1 else 2 end as z from (select * from {table}) as q where x > 0",
    )
    views = [ShownView("s__dev", f"v{number}", text) for number, text in enumerate(texts)]
    engine.publish(publication(engine, *((v.schema, v.name, v.sql) for v in views)))
    assert set(engine.inventory(views).views.values()) == {Standing.AS_GIVEN}
    turned = [ShownView(v.schema, v.name, w.sql) for v, w in zip(views, [*views[1:], views[0]], strict=True)]
    assert set(engine.inventory(turned).views.values()) == {Standing.OTHER}


# Query


def test_a_query_answers_and_cannot_write(engine: Engine) -> None:
    table = made(engine, "s.a", "select 1 as x union all select 2 union all select 3")
    answer = engine.query(f"select x, x * 2 as y from {table} order by x", limit=2)
    assert (answer.columns, answer.rows) == (("x", "y"), ((1, 2), (2, 4)))
    assert engine.query(f"select x from {table} where x > 5").rows == ()
    for sql in (
        f"delete from {table}",
        f"drop table {table}",
        f"update {table} set x = 9",
        "create table t (x integer)",
    ):
        with pytest.raises(StatementFailed):
            engine.query(sql)
    with pytest.raises(StatementFailed):
        engine.query("select nosuch")
    assert engine.query(f"select count(*) from {table}").rows == ((3,),)
    assert engine.markers() == {}


# Streams


def test_a_stream_gives_what_a_query_gives_in_batches(engine: Engine) -> None:
    table = made(engine, "s.a", "select 1 as x union all select 2 union all select 3")
    stream = engine.stream(f"select x from {table} order by x", batch_rows=2)
    batches = list(pa.RecordBatchReader.from_stream(stream))
    assert [batch.num_rows for batch in batches] == [2, 1]
    assert [x for batch in batches for x in batch.column("x").to_pylist()] == [1, 2, 3]
    stream.interrupt()
    stream.close()
    stream.close()


def test_a_stream_cannot_write(engine: Engine) -> None:
    table = made(engine, "s.a", "select 1 as x")
    with pytest.raises(StatementFailed):
        engine.stream(f"drop table {table}")
    assert engine.query(f"select count(*) from {table}").rows == ((1,),)


def streamed(address: str, table: Any) -> BuildJob:
    one = job(address, "")
    return replace(one, input=StreamInput(table))


def test_a_build_from_a_stream_finds_its_columns_by_name(engine: Engine) -> None:
    two = (Column("x", "INTEGER"), Column("y", "VARCHAR"))
    one = replace(streamed("s.a", pa.table({"y": ["a", "b"], "x": pa.array([1, 2], pa.int32())})), shape=two)
    (result,) = engine.build([one])
    assert result.rows == 2
    assert engine.query(f"select x, y from {engine.relation(one.relation)} order by x").rows == ((1, "a"), (2, "b"))


@pytest.mark.parametrize("columns", [{"z": [1]}, {"x": [1], "z": [1]}])
def test_a_stream_of_other_columns_is_refused(engine: Engine, columns: dict[str, list[int]]) -> None:
    with pytest.raises(StatementFailed, match=r"has no column x|has z, which nobody declared"):
        engine.build([streamed("s.a", pa.table(columns))])
    assert engine.built() == {}


def test_a_stream_that_breaks_off_makes_nothing(engine: Engine) -> None:
    schema = pa.schema([("x", pa.int32())])

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array([1], pa.int32())], schema=schema)
        raise ValueError("broken off")

    with pytest.raises(EngineFailed):
        engine.build([streamed("s.a", pa.RecordBatchReader.from_batches(schema, batches()))])
    assert engine.built() == {}
