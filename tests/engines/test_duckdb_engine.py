"""What only DuckDB can do wrong: files held by others, damaged files, access to files, types, kills in the middle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from headgate.core.address import Address
from headgate.core.declarations import File, FileSource, TableSource
from headgate.core.errors import EngineBusy, EngineFailed, StatementFailed
from headgate.core.hashing import digest
from headgate.core.intervals import Interval
from headgate.core.loading import Tracking
from headgate.core.ports.engine import (
    BuildJob,
    CaptureInput,
    Marker,
    Publication,
    SeedInput,
    SelectInput,
    ShownView,
    physical_name,
)
from headgate.core.ports.loads import LoadPart, LoadStart, Tracked
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb import DuckEngine, open_duckdb
from headgate.plugins.engines.duckdb_settings import RESULT_SETTINGS, settings_identity

pytestmark = pytest.mark.slow

HOLDER = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckEngine]:
    session = opened(tmp_path)
    session.adopt("state")
    yield session
    session.close()


def opened(root: Path, *, read_only: bool = False, wait_seconds: float = 0, allow: tuple[Path, ...] = ()) -> DuckEngine:
    return open_duckdb(root / "w.duckdb", read_only=read_only, root=root, wait_seconds=wait_seconds, allow=allow)


def job(sql: str, shape: Shape, name: str = "t") -> BuildJob:
    return BuildJob(digest("b", name), Address(f"s.{name}"), name, shape, SelectInput(sql), 1)


# Opening


@pytest.mark.slow
def test_a_held_file_names_its_holder_and_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        for read_only in (False, True):
            with pytest.raises(EngineBusy) as busy:
                opened(tmp_path, read_only=read_only, wait_seconds=0.1)
            assert f"process {holder.pid}" in str(busy.value)
            if Path("/proc/self/cmdline").exists():
                assert "import duckdb" in str(busy.value)
            assert busy.value.hint
        timer = threading.Timer(1.8, holder.kill)
        timer.start()
        told: list[str] = []
        session = open_duckdb(
            path, read_only=False, root=tmp_path, tell=told.append
        )  # goes on as soon as the holder is gone
        session.close()
        timer.join()
        assert len(told) == 1
        assert f"w.duckdb is held by process {holder.pid}" in told[0]
        assert told[0].endswith("waiting for it, up to 30 s.")
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


@pytest.mark.parametrize("content", [b"", b"hello", b"hello" * 10_000])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.duckdb").write_bytes(content)
    with pytest.raises(EngineFailed) as failed:
        opened(tmp_path)
    assert "not a DuckDB file" in str(failed.value)
    assert failed.value.hint
    assert (tmp_path / "w.duckdb").read_bytes() == content


def test_a_newer_storage_format_is_told(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(str(path)).close()
    raw = bytearray(path.read_bytes())
    at = raw.index(b"DUCK") + 4
    raw[at : at + 8] = (9_999).to_bytes(8, "little")
    path.write_bytes(raw)
    with pytest.raises(EngineFailed) as failed:
        opened(tmp_path)
    assert "newer DuckDB" in str(failed.value) or "cannot be opened" in str(failed.value)
    assert failed.value.hint


def test_a_missing_file_is_made_only_when_wanted(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="does not exist"):
        open_duckdb(tmp_path / "w.duckdb", read_only=False, root=tmp_path, create=False)
    with pytest.raises(EngineFailed, match="does not exist"):
        opened(tmp_path, read_only=True)
    with pytest.raises(EngineFailed, match="folder"):
        open_duckdb(tmp_path / "no" / "w.duckdb", read_only=False, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


# Settings and access


def test_every_setting_holds_on_every_cursor_and_cannot_be_changed(engine: DuckEngine) -> None:
    major = int(duckdb.__version__.split(".", maxsplit=1)[0])
    for setting in RESULT_SETTINGS:
        if setting.since > major:
            continue
        found = engine.query(f"select current_setting('{setting.name}')::varchar").rows[0][0]
        wanted = setting.value.strip("'")
        assert found.lower() in (wanted.lower(), {"asc": "ascending", "true": "preserve_case"}.get(wanted.lower()))
        assert f"{setting.name}={setting.value}" in settings_identity()
    for sql in ("set TimeZone = 'Asia/Tokyo'", "pragma default_null_order = 'NULLS_FIRST'", "reset all"):
        with pytest.raises(StatementFailed):
            engine.query(sql)


def test_results_are_the_same_on_every_version(engine: DuckEngine) -> None:
    answers = {
        "1 // 0": None,
        "1 / 0": float("inf"),
        "5 / 2": 2.5,
        "'ab' ~ 'a'": False,
        "typeof(null)": '"NULL"',
        "list_transform([1], x -> x + 1)": [2],
        "typeof([1.0, 2])": "DECIMAL(11,1)[]",
        "(select list(x order by x) from (values (null), (1)) as t(x))": [1, None],
        "timestamptz '2013-01-01 12:00:00+02'::varchar": "2013-01-01 10:00:00+00",
        "try_cast('1' as integer) = '1'": True,
    }
    for expression, answer in answers.items():
        assert engine.query(f"select {expression}").rows[0][0] == answer, expression


def test_files_are_read_inside_of_the_folders_only(tmp_path: Path) -> None:
    root, allowed, outside = tmp_path / "root", tmp_path / "allowed", tmp_path / "outside"
    for folder in (root, allowed, outside):
        folder.mkdir()
        (folder / "a.csv").write_text("x\n1\n")
    (root / "link").symlink_to(outside)
    session = opened(root, allow=(allowed,))
    for folder in (root, allowed):
        assert session.query(f"select x from read_csv('{folder}/a.csv')").rows == ((1,),)
    for path in (outside / "a.csv", root / "link" / "a.csv", root / ".." / "outside" / "a.csv", Path("/etc/passwd")):
        for sql in (f"select * from read_csv('{path}')", f"select * from read_text('{path}')", f"from '{path}'"):
            with pytest.raises(StatementFailed):
                session.query(sql)
    for sql in (
        f"copy (select 1) to '{root}/out.csv'",
        f"attach '{root}/other.db'",
        "install httpfs",
        "load httpfs",
        "call range(3)",
        "checkpoint",
        "select 1; select 2",
        "select 1; drop schema headgate cascade",
        "",
    ):
        with pytest.raises(StatementFailed):
            session.query(sql)
    session.close()
    assert {path.name for path in root.iterdir()} <= {"a.csv", "link", "w.duckdb", "w.duckdb.wal"}


def test_a_root_behind_a_link_is_readable(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("x\n1\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    session = opened(tmp_path / "link")
    assert session.query(f"select x from read_csv('{tmp_path}/link/a.csv')").rows == ((1,),)
    session.close()


def test_a_common_table_expression_that_writes_is_refused(engine: DuckEngine) -> None:
    engine.build([job("select 1 as x", (Column("x", "INTEGER"),))])
    sql = 'with gone as (delete from headgate."t" returning *) select * from gone'
    with pytest.raises(StatementFailed):
        engine.query(sql)
    with pytest.raises(StatementFailed):
        engine.build([job(sql, (Column("x", "INTEGER"),), "u")])
    assert engine.query('select * from headgate."t"').rows == ((1,),)


def test_a_sequence_does_not_move_in_a_query(engine: DuckEngine, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as owner:
        owner.execute("create sequence numbers")
    with pytest.raises(EngineFailed):
        engine.query("select nextval('numbers')")


def test_python_variables_are_no_tables(engine: DuckEngine) -> None:
    things = duckdb.connect().sql("select 1 as x")
    assert things.columns == ["x"]
    with pytest.raises(StatementFailed):
        engine.query("select * from things")


# Building


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        ("select\n  nosuch as x", 2, 3),
        ("select x from nosuch.table_", 1, 15),
        ("selec 1", 1, 1),
        ("select 'é' as e, nosuch as x", 1, 18),
        ("select 1 as x\nfrom (select 'a' as a)\nwhere sum(a) > 1", 3, 7),
        ("select 1 as x -- the end\n;\nselect 2", 1, 1),
    ],
)
def test_a_refused_statement_has_its_place(engine: DuckEngine, sql: str, line: int, column: int) -> None:
    for run in (lambda: engine.build([job(sql, (Column("x", "INTEGER"),))]), lambda: engine.query(sql)):
        with pytest.raises(StatementFailed) as failed:
            run()
        assert (failed.value.line, failed.value.column) == (line, column)
        assert "{" not in str(failed.value)
        assert "LINE" not in str(failed.value)


def test_a_value_that_cannot_be_converted_is_the_users_fault(engine: DuckEngine) -> None:
    with pytest.raises(StatementFailed, match="Could not convert"):
        engine.build(
            [job("select cast(v as integer) as x from (values ('1'), ('q')) as t(v)", (Column("x", "INTEGER"),))]
        )
    assert engine.built() == {}


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1.5::decimal(18, 3)", "DECIMAL(18,3)"),
        ("'a'::enum('a', 'b c', 'it''s')", "ENUM('a', 'b c', 'it''s')"),
        ("""{'a': 1, 'B c': [1.5::double]}""", 'STRUCT(a INTEGER, "B c" DOUBLE[])'),
        ("map {'k': [1]}", "MAP(VARCHAR, INTEGER[])"),
        ("[1, 2]::integer[2]", "INTEGER[2]"),
        ("union_value(k := 1)", "UNION(k INTEGER)"),
        ("timestamptz '2013-01-01'", "TIMESTAMP WITH TIME ZONE"),
        ("'2013-01-01'::timestamp_ns", "TIMESTAMP_NS"),
        ("interval 1 day", "INTERVAL"),
        ("'1'::json", "JSON"),
        ("uuid()", "UUID"),
        ("null", "INTEGER"),
        ("[]", "INTEGER[]"),
        ("170141183460469231731687303715884105727", "HUGEINT"),
        ("'x' collate nocase", "VARCHAR COLLATE nocase"),
        ("'x' collate de", "VARCHAR COLLATE de"),
        ("'\\xAA'::blob", "BLOB"),
        ("true", "BOOLEAN"),
    ],
)
def test_types_are_checked_in_full(engine: DuckEngine, expression: str, kind: str) -> None:
    shape = (Column("a", "INTEGER"), Column("x", kind), Column("z", "VARCHAR"))
    engine.build([job(f"select 1 as a, {expression} as x, 'z' as z", shape)])
    assert engine.query('select a, z from headgate."t"').rows == ((1, "z"),)
    assert engine.columns([TableSource("headgate", "t")])[TableSource("headgate", "t")] == shape
    wrong = (Column("a", "INTEGER"), Column("x", "SMALLINT"), Column("z", "VARCHAR"))
    with pytest.raises(StatementFailed, match="column x of the result is"):
        engine.build([job(f"select 1 as a, {expression} as x, 'z' as z", wrong, "u")])


def test_zoned_times_are_answered_without_pytz(engine: DuckEngine) -> None:
    answer = engine.query(
        "select timestamptz '2013-01-01 10:00:00+00' as t, [timestamptz '2013-01-01'] as l, 1 as n, 2 as n; -- end"
    )
    assert answer.columns == ("t", "l", "n", "n")
    assert answer.types == ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE[]", "INTEGER", "INTEGER")
    assert answer.rows == (("2013-01-01 10:00:00+00", "['2013-01-01 00:00:00+00']", 1, 2),)


def test_seeds_are_strict(engine: DuckEngine, tmp_path: Path) -> None:
    shape = (Column("d", "DATE"), Column("n", "VARCHAR"))
    good, ragged, wrong = (tmp_path / name for name in ("good.csv", "ragged.csv", "wrong.csv"))
    good.write_text('d,n\n2013-01-02,007\n,"a ""b""\nc"\n')
    ragged.write_text("d,n\n2013-01-02,a\n2013-01-03,a,b\n")
    wrong.write_text("d,n\nnot a date,a\n")
    engine.build([BuildJob(digest("1"), Address("s.seed"), "seed", shape, SeedInput(str(good)), 1)])
    rows = engine.query('select d::varchar, n from headgate."seed"').rows
    assert rows == (("2013-01-02", "007"), (None, 'a "b"\nc'))
    for path in (ragged, wrong):
        with pytest.raises(StatementFailed) as failed:
            engine.build([BuildJob(digest("2"), Address("s.seed"), "seed2", shape, SeedInput(str(path)), 1)])
        assert failed.value.job == "s.seed"


def test_files_of_a_glob_are_matched_by_name(engine: DuckEngine, tmp_path: Path) -> None:
    (tmp_path / "year=2013").mkdir()
    (tmp_path / "year=2013" / "a.csv").write_text("x,y\n1,one\n")
    (tmp_path / "year=2013" / "b.csv").write_text("y,x\ntwo,2\n")
    with duckdb.connect() as other:
        other.execute(f"copy (select 'three' as y, 3 as x) to '{tmp_path}/c.parquet'")
    shape = (Column("x", "INTEGER"), Column("y", "VARCHAR"))
    text = FileSource("*/*.csv", "csv", tuple(File(f"year=2013/{n}.csv", digest(n), 1) for n in "ba"))
    parquet = FileSource("c.parquet", "parquet", (File("c.parquet", digest("c"), 1),))
    for number, location in enumerate((text, parquet)):
        capture = CaptureInput(location, str(tmp_path))
        engine.build([BuildJob(digest(str(number)), Address("s.c"), f"c{number}", shape, capture, 1)])
    assert engine.query("select * from headgate.c0 order by x").rows == ((1, "one"), (2, "two"))
    assert engine.query("select * from headgate.c1").rows == ((3, "three"),)
    semicolons = FileSource("s.csv", "csv", (File("s.csv", digest("s"), 1),), {"delim": ";", "header": "false"})
    (tmp_path / "s.csv").write_text("1;a,b\n2;c\n")
    source = engine.source(semicolons, str(tmp_path))
    assert engine.query(f"select * from {source}").rows == ((1, "a,b"), (2, "c"))
    typed = engine.source(semicolons, str(tmp_path), (Column("column1", "VARCHAR"), Column("column0", "VARCHAR")))
    assert engine.query(f"select * from {typed} as s").rows == (("a,b", "1"), ("c", "2"))
    unknown = FileSource("s.csv", "csv", semicolons.files, {"delimeter": ";"})
    with pytest.raises(StatementFailed, match="no option delimeter"):
        engine.build([BuildJob(digest("u"), Address("s.u"), "u", shape, CaptureInput(unknown, str(tmp_path)), 1)])


@pytest.mark.parametrize("name", ["s[1]", "s*", "s?", "s[!a]", "]s["])
@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_a_file_is_read_by_its_own_name(engine: DuckEngine, tmp_path: Path, name: str, kind: str) -> None:
    """Names may be patterns that match other files; so may those of folders."""
    folder = tmp_path / "R[1]"
    for place, number in (
        (folder / f"{name}.{kind}", 1), (folder / f"s1.{kind}", 2), (tmp_path / "R1" / f"{name}.{kind}", 3),
    ):  # fmt: skip
        place.parent.mkdir(exist_ok=True)
        with duckdb.connect() as other:
            other.execute(f"copy (select {number}::integer as x) to '{place}' (format {kind})")
    location = FileSource("*", kind, (File(f"{name}.{kind}", digest("a"), 1),))
    shape = (Column("x", "INTEGER"),)
    engine.build([BuildJob(digest("1"), Address("s.c"), "c", shape, CaptureInput(location, str(folder)), 1)])
    assert engine.query("select x from headgate.c").rows == ((1,),)
    if kind == "csv":
        seed = SeedInput(str(folder / f"{name}.csv"))
        engine.build([BuildJob(digest("2"), Address("s.d"), "d", shape, seed, 1)])
        assert engine.query("select x from headgate.d").rows == ((1,),)


def test_a_view_that_lost_a_column_is_named(engine: DuckEngine) -> None:
    with engine._cursor() as cursor:
        cursor.execute("create schema raw; create table raw.t as select 1 as disk_usage, 2 as other")
        cursor.execute("create view raw.v as select disk_usage from raw.t; alter table raw.t drop disk_usage")
    with pytest.raises(EngineFailed, match=r"the columns of raw\.v cannot be read: .*disk_usage"):
        engine.columns([TableSource("raw", "v")])


def test_an_interrupted_build_leaves_nothing(engine: DuckEngine) -> None:
    timer = threading.Timer(0.2, engine.interrupt)
    timer.start()
    sql = "select sum(a.range * b.range)::bigint as x from range(10000000) as a, range(1000000) as b"
    with pytest.raises(EngineFailed, match="interrupted"):
        engine.build([job(sql, (Column("x", "BIGINT"),))])
    timer.join()
    assert engine.built() == {}


def test_too_little_memory_is_not_the_users_fault(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as first:
        first.execute("set global memory_limit = '30MB'; set global max_temp_directory_size = '1MB'")
        session = opened(tmp_path)
        session.adopt("state")
        sql = "select list(a.range::varchar || b.range::varchar) as x from range(3000) as a, range(1000) as b"
        with pytest.raises(EngineFailed, match="memory") as failed:
            session.build([job(sql, (Column("x", "VARCHAR[]"),))])
        assert not isinstance(failed.value, StatementFailed)
        assert session.built() == {}
        session.close()


def test_a_full_disk_is_not_the_users_fault_and_leaves_the_file_good(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: the write fails in the middle of a build."""
    script = WORKER.split("number =", maxsplit=1)[0] + (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))\n"
        "from headgate.core.errors import EngineFailed, StatementFailed\n"
        "sql = 'select hash(range) as x, hash(range + 1) as y from range(3000000)'\n"
        "shape = (Column('x', 'UBIGINT'), Column('y', 'UBIGINT'))\n"
        "try:\n"
        "    engine.build([BuildJob(digest('b'), Address('s.a'), 't', shape, SelectInput(sql), 1)])\n"
        "except EngineFailed as failed:\n"
        "    print(isinstance(failed, StatementFailed), bool(failed.hint), flush=True)\n"
        "import os; os._exit(0)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "False True\n", done.stderr
    session = opened(tmp_path)
    assert session.state() == "state"
    assert session.built() == {}
    session.close()


def test_a_part_that_fails_in_its_own_statements_says_why(engine: DuckEngine) -> None:
    """The transaction is broken then: whatever is run in it afterwards says that alone."""
    address, name, shape = Address("s.a"), physical_name(Address("s.a"), digest("a")), (Column("k", "INTEGER"),)
    history = (*shape, Column("valid_from", "TIMESTAMP"), Column("valid_to", "TIMESTAMP"))
    load = engine.begin_load(LoadStart(digest("l"), address, name, history, None, (), copies=False, fence=1))
    change = Tracked(Tracking(("k",)), "error('there is no present')")
    with pytest.raises(EngineFailed, match="there is no present"):
        engine.load_part(load, LoadPart(address, Interval("", ""), "select 1 as k", shape, "", change))
    assert engine.begin_load(LoadStart(digest("l"), address, name, history, None, (), copies=False, fence=1)) == load


# Publishing


def show(engine: DuckEngine, *views: tuple[str, str], drop: tuple[tuple[str, str], ...] = ()) -> None:
    before = engine.markers().get("dev")
    after = Marker("state", before.serial + 1 if before else 1, 1, "i")
    shown = tuple(ShownView(schema, name, "select 1 as x") for schema, name in views)
    engine.publish(Publication("dev", before, after, shown, drop, ()))


def schemas(engine: DuckEngine) -> set[str]:
    sql = "select schema_name from information_schema.schemata where schema_name like '%\\_\\_dev' escape '\\'"
    return {row[0] for row in engine.query(sql).rows}


def test_empty_schemas_go_if_headgate_made_them(engine: DuckEngine, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as owner:
        owner.execute("create schema theirs__dev")
    show(engine, ("ours__dev", "a"), ("theirs__dev", "a"), ("macro__dev", "a"), ("full__dev", "a"), ("full__dev", "b"))
    with duckdb.connect(str(tmp_path / "w.duckdb")) as owner:
        owner.execute("create macro macro__dev.twice(x) as x * 2")
    show(engine, drop=tuple((f"{name}__dev", "a") for name in ("ours", "theirs", "macro", "full")))
    assert schemas(engine) == {"theirs__dev", "macro__dev", "full__dev"}
    show(engine, ("ours__dev", "a"))
    assert schemas(engine) == {"theirs__dev", "macro__dev", "full__dev", "ours__dev"}


def test_a_view_body_cannot_smuggle_a_statement(engine: DuckEngine) -> None:
    view = ShownView("s__dev", "a", "select 1 as x; drop schema headgate cascade")
    with pytest.raises(EngineFailed):
        engine.publish(Publication("dev", None, Marker("state", 1, 1, "i"), (view,), (), ()))
    assert engine.state() == "state"
    assert engine.markers() == {}


def test_shown_views_outlive_the_session_for_any_client(engine: DuckEngine, tmp_path: Path) -> None:
    show(engine, ("s__dev", "a"))
    engine.close()
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as client:
        assert client.execute("select x from s__dev.a").fetchall() == [(1,)]
    session = opened(tmp_path, read_only=True)
    assert session.query("select x from s__dev.a").rows == ((1,),)
    assert session.markers()["dev"].serial == 1
    with pytest.raises(EngineFailed):
        session.adopt("state")
    session.close()


def test_no_call_imports_pandas_or_pyarrow(tmp_path: Path) -> None:
    """The duckdb module imports them, which takes a second, as soon as one parameter is bound."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = WORKER.split("print(", maxsplit=1)[0] + (
        "job = BuildJob(digest('b'), Address('s.a'), 't', (Column('x', 'INTEGER'),), SelectInput('select 1 as x'), 1)\n"
        "engine.build([job])\n"
        "view = ShownView('s__dev', 'a', 'select x from headgate.t')\n"
        "engine.publish(Publication('dev', None, Marker('state', 1, 1, 'i'), (view,), (), ('t',)))\n"
        "before, gone = engine.markers()['dev'], (('s__dev', 'a'),)\n"
        "engine.publish(Publication('dev', before, Marker('state', 2, 1, 'j'), (), gone, ()))\n"
        "engine.fence('dev', engine.markers()['dev'], 5)\n"
        "engine.shown(['s__dev']), engine.columns([]), engine.query('select 1.5 as x'), engine.drop(engine.built())\n"
        "from headgate.plugins.engines.duckdb_binder import open_binder\n"
        "open_binder(root).bind('select x from a.b', {'a.b': (Column('x', 'DATE'),)})\n"
        "print(sorted({'pandas', 'numpy', 'pyarrow', 'polars'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout == "[]\n"


# Kills

WORKER = """
import sys
from pathlib import Path
from headgate.core.address import Address
from headgate.core.hashing import digest
from headgate.core.ports.engine import BuildJob, Marker, Publication, SelectInput, ShownView
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb import open_duckdb

root = Path(sys.argv[1])
engine = open_duckdb(root / "w.duckdb", read_only=False, root=root)
engine.adopt("state")
number = engine.markers()["dev"].serial if engine.markers() else 0
print("ready", flush=True)
while True:
    number += 1
    shape = (Column("x", "BIGINT"),)
    sql = f"select {number}::bigint as x from range(1000)"
    jobs = [
        BuildJob(digest("k", number, part), Address("s.k"), f"k{number}_{part}", shape, SelectInput(sql), 1)
        for part in range(3)
    ]
    engine.build(jobs)
    views = tuple(ShownView("s__dev", f"v{part}", f"select x from headgate.k{number}_{part}") for part in range(3))
    before = engine.markers().get("dev")
    engine.publish(Publication("dev", before, Marker("state", number, 1, str(number)), views, (), ()))
    if number > 3:
        engine.drop({digest("k", number - 3, part): f"k{number - 3}_{part}" for part in range(3)})
"""


def opened_to_read(root: Path) -> dict[str, Marker]:
    """Return the markers as a reader sees them, before a writer has put the dead writer's log into the file."""
    session = opened(root, read_only=True, wait_seconds=5)
    markers = dict(session.markers())
    session.close()
    return markers


@pytest.mark.slow
def test_kills_leave_all_or_nothing(tmp_path: Path) -> None:
    """SIGKILL at eight random instants; each time builds, tables, views and marker must agree."""
    chosen = random.Random(20_13)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(8):
        command = [sys.executable, "-c", WORKER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
            time.sleep(chosen.uniform(0.0, 0.15))
            worker.send_signal(signal.SIGKILL)
        if markers_before := opened_to_read(tmp_path):
            assert markers_before["dev"].state == "state"
        session = opened(tmp_path, wait_seconds=5)
        assert session.markers() == markers_before
        built = set(session.built().values())
        own = {"state", "builds", "environments", "schemas", "makers", "log"}
        assert {name for _, name in session.shown(["headgate"])} - own == built
        assert len(built) % 3 == 0
        markers = session.markers()
        if markers:
            serial = markers["dev"].serial
            for part in range(3):
                assert session.query(f"select min(x), max(x) from s__dev.v{part}").rows == ((serial, serial),)
        else:
            assert list(session.shown(["s__dev"])) == []
        session.close()


@pytest.mark.parametrize("batch_rows", [0, 100])
def test_a_stream_gives_values_that_arrow_has_no_type_for_as_text(engine: DuckEngine, batch_rows: int) -> None:
    import pyarrow as pa

    largest = 2**128 - 1
    sql = (
        f"select {largest}::uhugeint as x, {{'b': [1::uhugeint]}} as x, '101'::bit as y, 'BIT'::enum('BIT') as z -- end"
    )
    stream = engine.stream(sql, batch_rows=batch_rows)
    table = pa.RecordBatchReader.from_stream(stream).read_all()
    columns = [table.column(number).to_pylist() for number in range(table.num_columns)]
    stream.close()
    assert columns == [[str(largest)], [{"b": ["1"]}], ["101"], ["BIT"]]
    assert table.column_names[2:] == ["y", "z"]
