"""The binder: exact columns, exact places, and no way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from headgate.core.declarations import File, FileSource
from headgate.core.hashing import digest
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.plugins.engines.duckdb_settings import settings_identity

FLIGHTS = (
    Column("id", "INTEGER"),
    Column("carrier", "VARCHAR COLLATE nocase"),
    Column("delay", "DECIMAL(9,2)"),
    Column("class", "ENUM('first', 'it''s, second')"),
    Column("at", "TIMESTAMP WITH TIME ZONE"),
    Column('we"ird, INTEGER', 'STRUCT(a INTEGER, "B c" VARCHAR)'),
)
INPUTS = {"staging.flights": FLIGHTS}


@pytest.fixture
def binder(tmp_path: Path) -> Iterator[DuckBinder]:
    made = open_binder(tmp_path)
    yield made
    made.close()


def test_columns_come_as_they_are(binder: DuckBinder) -> None:
    assert binder.bind("select * from staging.flights", INPUTS).shape == FLIGHTS
    bound = binder.bind(
        "select lower(carrier) as c, avg(delay) as m, sum(id) as s, max(delay) as d, null as n,\n"
        "  count(*) as k, 'x' collate de as g, any_value(carrier) || '!' as e\n"
        "from staging.flights group by all; -- the end",
        INPUTS,
    )
    assert not bound.error
    assert [column.type for column in bound.shape] == [
        "VARCHAR COLLATE nocase", "DOUBLE", "HUGEINT", "DECIMAL(9,2)", "INTEGER",
        "BIGINT", "VARCHAR COLLATE de", "VARCHAR COLLATE nocase",
    ]  # fmt: skip


def test_collations_are_read_behind_any_names(binder: DuckBinder) -> None:
    shape = (
        Column("a", "VARCHAR"),
        Column("ba VARCHAR COLLATE de, a", "VARCHAR COLLATE nocase"),
        Column('(a VARCHAR, "ba', "VARCHAR"),
        Column("select", "VARCHAR COLLATE nocase.noaccent"),
        Column("a VARCHAR", "INTEGER"),
    )
    assert binder.bind("select * from x.t", {"x.t": shape}).shape == shape


def test_an_input_may_change_its_shape(binder: DuckBinder) -> None:
    for kind in ("INTEGER", "VARCHAR", "INTEGER"):
        bound = binder.bind("select x from a.b", {"a.b": (Column("x", kind),)})
        assert bound.shape == (Column("x", kind),)
    both = {"a.b": (Column("x", "INTEGER"),), "A2.select": (Column("y", "DATE"),), "plain": (Column("z", "DATE"),)}
    bound = binder.bind('select x, y, z from a.b, "A2"."select", plain', both)
    assert [column.name for column in bound.shape] == ["x", "y", "z"]


def test_an_input_of_an_unknown_type_is_told(binder: DuckBinder) -> None:
    assert "nosuchtype" in binder.bind("select 1 as x", {"a.b": (Column("x", "nosuchtype"),)}).error
    assert not binder.bind("select 1 as x", {}).error


@pytest.mark.parametrize(
    ("sql", "line", "column", "word"),
    [
        ("select\n  id,\n  nosuch\nfrom staging.flights", 3, 3, "nosuch"),
        ("select 'é', nosuch from staging.flights", 1, 13, "nosuch"),
        ("select sum(carrier) from staging.flights", 1, 8, "sum"),
        ("select id from staging.nosuch", 1, 16, "nosuch"),
        ("select id fro staging.flights", 1, 15, "syntax error"),
        ("select :start", 1, 8, "syntax error"),
        ("select id from staging.flights group by carrier", 1, 8, "GROUP BY"),
        ("select $1", 0, 0, "parameter"),
        ("", 1, 1, "one SELECT"),
        ("select 1; select 2", 1, 1, "one SELECT"),
        ("insert into staging.flights (id) values (1)", 1, 1, "INSERT"),
        ("create table x as select 1", 1, 1, "CREATE"),
        ("-- all\ndescribe staging.flights", 1, 1, "DESCRIBE"),
        ("pragma version", 1, 1, "PRAGMA"),
        ("set TimeZone = 'Asia/Tokyo'", 1, 1, "SET"),
        ("pivot staging.flights on carrier using count(*)", 1, 1, "PIVOT"),
    ],
)
def test_faults_have_a_place(binder: DuckBinder, sql: str, line: int, column: int, word: str) -> None:
    bound = binder.bind(sql, INPUTS)
    assert word in bound.error
    assert (bound.line, bound.column) == (line, column)
    assert bound.shape == ()
    assert binder.bind("select id from staging.flights", INPUTS).shape == FLIGHTS[:1]


def test_a_write_in_a_common_table_expression_is_a_fault(binder: DuckBinder) -> None:
    assert binder.bind("with x as (delete from staging.flights returning *) select id from x", INPUTS).error
    assert not binder.bind("select 'delete' as \"update\" from staging.flights", INPUTS).error


def test_no_file_can_be_read_by_a_query(binder: DuckBinder, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n")
    for sql in (
        f"from '{path}'",
        f"from read_csv('{path}')",
        f"from read_text('{path}')",
        f"from glob('{tmp_path}/*')",
    ):
        assert "disabled by configuration" in binder.bind(sql, {}).error
    things = duckdb.connect().sql("select 1 as x")
    assert things.columns == ["x"]
    assert "things" in binder.bind("from things", {}).error


def test_files_are_sniffed_over_all_rows(binder: DuckBinder, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,m\n" + "1,1\n" * 30_000 + "x,2\n")
    (tmp_path / "b.csv").write_text("m,k\n2.5,2013-01-01\n")
    (tmp_path / "c.json").write_text('{"a": 1}\n{"b": {"c": [1.5]}}\n')
    duckdb.connect().execute(f"copy (select 1::smallint as s, 'q' as q) to '{tmp_path}/d.parquet'")

    def columns(form: str, *names: str) -> list[tuple[str, str]]:
        location = FileSource("*", form, tuple(File(name, digest(name), 1) for name in names))
        bound = binder.file_columns(location, str(tmp_path))
        assert not bound.error
        return [(column.name, column.type) for column in bound.shape]

    assert columns("csv", "a.csv") == [("n", "VARCHAR"), ("m", "BIGINT")]
    assert columns("csv", "a.csv", "b.csv") == [("n", "VARCHAR"), ("m", "DOUBLE"), ("k", "DATE")]
    assert columns("json", "c.json") == [("a", "BIGINT"), ("b", "STRUCT(c DOUBLE[])")]
    assert columns("parquet", "d.parquet") == [("s", "SMALLINT"), ("q", "VARCHAR")]


def test_files_that_cannot_be_read_are_told(binder: DuckBinder, tmp_path: Path) -> None:
    def fault(form: str, *names: str, options: dict[str, str] | None = None) -> str:
        files = tuple(File(name, digest(name), 1) for name in names)
        return binder.file_columns(FileSource("data/*", form, files, options or {}), str(tmp_path)).error

    assert fault("xml", "a.xml") == "the format xml is not known; known are csv, json, parquet"
    assert fault("csv") == "no file matches data/*"
    assert "no option colour" in fault("csv", "a.csv", options={"colour": "red"})
    assert "a.parquet" in fault("parquet", "a.parquet")
    assert "disabled by configuration" in fault("csv", "/etc/passwd")


def test_the_very_file_that_cannot_be_read_is_named(binder: DuckBinder, tmp_path: Path) -> None:
    contents = {
        "data/a.csv": b"a,b\n1,2\n",
        "data/b.csv": b"a,b\n1,2\n\xe9t\xe9,3\n",
        "data/c.csv": b"",
        "data/d.json": b"",
    }
    contents |= {"data/e.parquet": b"", "data/f.parquet": b"no", "data/g.json": b'{"a":1}\n{"a":\n'}
    (tmp_path / "data").mkdir()
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    def fault(form: str, *names: str, **options: str) -> list[str]:
        files = tuple(File(name, digest(name), len(contents[name])) for name in names)
        return binder.file_columns(FileSource("data/*", form, files, options), str(tmp_path)).error.splitlines()

    assert fault("csv", "data/a.csv", "data/b.csv") == [
        "data/b.csv, line 3: the file is not UTF-8 text",
        "Save it with the encoding UTF-8, or name its own: `options: {encoding: latin-1}`.",
    ]
    assert fault("csv", "data/b.csv", encoding="latin-1") == []
    for form, name in (("csv", "data/c.csv"), ("json", "data/d.json"), ("parquet", "data/e.parquet")):
        assert fault(form, name) == [f"{name} is empty", "Take it away, or narrow the path that matches it."]
    assert fault("csv", "data/c.csv", "data/a.csv", header="false") == []
    assert fault("parquet", "data/f.parquet")[0].startswith("File 'data/f.parquet' too small")
    assert fault("json", "data/g.json")[0].startswith('Malformed JSON in file "data/g.json", at byte')


@pytest.mark.parametrize(
    ("content", "fault", "line"),
    [
        ("", "the file is empty", 1),
        ("a,b,a\n", "two columns are called a", 1),
        ("a,,c\n", "column 2 has no name", 1),
        ("a,b\n1,2\n3,4,5\n", "3 values where the header has 2 columns", 3),
        ('a,b\n"x\ny",2\n3\n', "1 values where the header has 2 columns", 4),
        ('a,b\n"x,2\n', "not CSV", 2),
        ("a;b\n1;2\n", "separated by semicolons, those of a seed by commas", 1),
        ("a\tb\n", "separated by tabs", 1),
        (b"a,b\n1,2\n\xe9,3\n", "the file is not UTF-8 text", 3),
    ],
)
def test_a_bad_seed_is_told(binder: DuckBinder, tmp_path: Path, content: str | bytes, fault: str, line: int) -> None:
    path = tmp_path / "seed.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    bound = binder.seed_columns(str(path))
    assert fault in bound.error
    assert bound.line == line


def test_a_seed_is_sniffed(binder: DuckBinder, tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    for content, kinds in (
        ("a,b\n", ["VARCHAR", "VARCHAR"]),
        ("\ufeffa,b\n1,x\n", ["BIGINT", "VARCHAR"]),
        ("a\n1\n2\n", ["BIGINT"]),
        ("a,b,c,d\n1,2013-01-01,1.5,true\n,,,\n", ["BIGINT", "DATE", "DOUBLE", "BOOLEAN"]),
        ('a,b\n"x, y","q ""r"""\n', ["VARCHAR", "VARCHAR"]),
        ("a\n1;2\n", ["VARCHAR"]),
        ("a,b\r\n1,2\r\n", ["BIGINT", "BIGINT"]),
    ):
        path.write_bytes(content.encode())
        bound = binder.seed_columns(str(path))
        assert (bound.error, [column.type for column in bound.shape]) == ("", kinds)
        assert bound.shape[0].name[0] == "a"


def test_identity_has_no_patch_version(binder: DuckBinder) -> None:
    assert settings_identity() in binder.identity
    assert duckdb.__version__ not in binder.identity
    assert binder.settings == settings_identity()
