"""Values on their way into PostgreSQL and out of it: exact, or refused in words."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from headgate.core.address import Address
from headgate.core.declarations import File, FileSource
from headgate.core.errors import EngineFailed, StatementFailed
from headgate.core.hashing import digest
from headgate.core.ports.engine import BuildJob, CaptureInput, SeedInput, StreamInput
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.postgres import PostgresEngine, open_postgres
from headgate.plugins.engines.postgres_binder import PostgresBinder, open_postgres_binder
from tests.postgres.server import Database

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(database: Database, tmp_path: Path) -> Iterator[PostgresEngine]:
    session = open_postgres(database.url, root=tmp_path)
    session.adopt("state-1")
    yield session
    session.close()


@pytest.fixture
def binder(database: Database, tmp_path: Path) -> Iterator[PostgresBinder]:
    made = open_postgres_binder(database.url, tmp_path)
    yield made
    made.close()


def loaded(engine: PostgresEngine, shape: Shape, source: Any) -> str:
    """Load one table and return the SQL text that names it."""
    identity = digest("values", str(source), str(shape))
    engine.build([BuildJob(identity, Address("s.a"), f"s__a__{identity[-16:]}", shape, source, 1)])
    return engine.relation(f"s__a__{identity[-16:]}")


VALUES: tuple[tuple[str, str, str], ...] = (
    # a value in DuckDB, the type that it has here, and how PostgreSQL writes it
    ("true", "boolean", "true"),
    ("(-128)::tinyint", "smallint", "-128"),
    ("255::utinyint", "smallint", "255"),
    ("65535::usmallint", "integer", "65535"),
    ("4294967295::uinteger", "bigint", "4294967295"),
    ("18446744073709551615::ubigint", "numeric(20,0)", "18446744073709551615"),
    (
        "1701411834604692317316873037158841::hugeint",
        "numeric(39,0)",
        "1701411834604692317316873037158841",
        "",
    ),
    (
        "34028236692093846346337460743::uhugeint",
        "numeric(39,0)",
        "34028236692093846346337460743",
        "",
    ),
    ("0.1::float", "real", "0.1"),
    ("0.1::double", "double precision", "0.1"),
    ("1e300::double", "double precision", "1e+300"),
    ("'nan'::double", "double precision", "NaN"),
    ("'-inf'::double", "double precision", "-Infinity"),
    ("-0.0::double", "double precision", "-0"),
    ("1.50::decimal(10,2)", "numeric(10,2)", "1.50"),
    (
        "123456789012345678901234.678::decimal(38,3)",
        "numeric(38,3)",
        "123456789012345678901234.678",
        "",
    ),
    ("''", "text", ""),
    ("'a,\"b\"' || chr(10) || 'c\\d' || chr(9) || 'ä€😀'", "text", 'a,"b"\nc\\d\tä€😀'),
    ("'\\N'", "text", "\\N"),
    ("'NULL'", "text", "NULL"),
    ("'\\x00\\xFFa'::blob", "bytea", "\\x00ff61"),
    ("date '2020-02-29'", "date", "2020-02-29"),
    ("'44-03-15 (BC)'::date", "date", "0044-03-15 BC"),
    ("'infinity'::date", "date", "infinity"),
    ("time '23:59:59.999999'", "time without time zone", "23:59:59.999999"),
    ("timestamp '2020-01-01 00:00:00.123456'", "timestamp without time zone", "2020-01-01 00:00:00.123456"),
    ("'44-03-15 (BC) 12:30:00'::timestamp", "timestamp without time zone", "0044-03-15 12:30:00 BC"),
    ("timestamptz '2020-01-01 00:00:00+02'", "timestamp with time zone", "2019-12-31 22:00:00+00"),
    ("interval '1 year 2 months 3 days 04:05:06.789'", "interval", "1 year 2 mons 3 days 04:05:06.789"),
    ("'6d3d0e0c-8b0a-4e3e-9c77-0d2b1f7a0c11'::uuid", "uuid", "6d3d0e0c-8b0a-4e3e-9c77-0d2b1f7a0c11"),
    ("'b'::enum('a','b')", "text", "b"),
    ("[1, null, 3]", "integer[]", "{1,NULL,3}"),
    ("['a\"b', 'c\\d', 'NULL', '', null, '{x,y}']", "text[]", '{"a\\"b","c\\\\d","NULL","",NULL,"{x,y}"}'),
    ("[]::integer[]", "integer[]", "{}"),
    ("array_value(1, 2)", "integer[]", "{1,2}"),
    ("[date '2020-01-01']", "date[]", "{2020-01-01}"),
    ("['\\xFF'::blob]", "bytea[]", '{"\\\\xff"}'),
    ("[[1], [2]]", "jsonb", "[[1], [2]]"),
    ("{'a': 1, 'b': 'x\"y'}", "jsonb", '{"a": 1, "b": "x\\"y"}'),
    ("map {'k': 1}", "jsonb", '{"k": 1}'),
    ("'{\"a\": [1, 2]}'::json", "jsonb", '{"a": [1, 2]}'),
)


@pytest.mark.parametrize(
    ("value", "type_", "written"), [one[:3] for one in VALUES], ids=[one[0][:40] for one in VALUES]
)
def test_what_a_stream_or_a_file_holds_comes_in_exactly(
    engine: PostgresEngine, binder: PostgresBinder, tmp_path: Path, value: str, type_: str, written: str
) -> None:
    with duckdb.connect() as duck:
        duck.execute("set timezone = 'UTC'")
        sql = f"select {value} as x union all select null"
        stream = duck.sql(sql).to_arrow_table()
        duck.execute(f"copy ({sql}) to '{tmp_path / 'x.parquet'}' (format parquet)")
    for source, bound in (
        (StreamInput(stream), binder.stream_columns(stream)),
        (files := capture(tmp_path, "x.parquet", "parquet"), binder.file_columns(files.location, str(tmp_path))),
    ):
        if "hugeint" in value or "::tinyint[" in value:  # Arrow and Parquet have no such type
            continue
        assert not bound.error
        shape = (Column("x", bound.shape[0].type),)
        if not (any(word in value for word in ("enum", "json", "array_value", "uuid"))):
            assert bound.shape == (Column("x", type_),)
        table = loaded(engine, shape, source)
        assert engine.query(f"select x::text as x from {table} order by x is null").rows == ((written,), (None,))


def capture(root: Path, name: str, kind: str) -> CaptureInput:
    location = FileSource(name, kind, (File(name, digest("file", name), (root / name).stat().st_size),))
    return CaptureInput(location, str(root))


def test_a_type_that_postgresql_has_not_is_told(binder: PostgresBinder) -> None:
    table = pa.table({"at": pa.array([1], pa.timestamp("ns"))})
    bound = binder.stream_columns(table)
    assert bound.error.startswith("PostgreSQL has no type for at (TIMESTAMP_NS)")
    assert "\n" in bound.error


@pytest.mark.parametrize(
    ("values", "type_", "told"),
    [
        (pa.array([1.5]), "integer", "does not fit"),
        (pa.array([2**40]), "integer", "does not fit"),
        (pa.array([0.15]), "numeric(10,1)", "does not fit"),
        (pa.array(["abcdef"]), "character varying(3)", "too long"),
        (pa.array(["x"]), "integer", "does not fit"),
        (pa.array(["a\0b"]), "text", "0x00"),
        (pa.array([43_200], pa.timestamp("s")), "date", "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused_and_never_rounded(
    engine: PostgresEngine, values: pa.Array, type_: str, told: str
) -> None:
    with pytest.raises(StatementFailed, match=told) as failed:
        loaded(engine, (Column("x", type_),), StreamInput(pa.table({"x": values})))
    assert failed.value.job == "s.a"
    assert engine.built() == {}


def test_seeds_and_csv_files_are_sniffed_into_types_of_postgresql(
    engine: PostgresEngine, binder: PostgresBinder, tmp_path: Path
) -> None:
    text = 'id,name,price,day,at,ok\n1,"a ""b""",1.50,2020-01-01,2020-01-01 10:00:00,true\n2,,,,,\n'
    (tmp_path / "seed.csv").write_text(text)
    found = binder.seed_columns(str(tmp_path / "seed.csv"))
    assert [column.type for column in found.shape] == [
        "bigint", "text", "double precision", "date", "timestamp without time zone", "boolean",
    ]  # fmt: skip
    table = loaded(engine, found.shape, SeedInput(str(tmp_path / "seed.csv")))
    first, second = engine.query(f"select * from {table} order by id").rows
    assert first == (
        1,
        'a "b"',
        1.5,
        datetime.date(2020, 1, 1),
        datetime.datetime.fromisoformat("2020-01-01 10:00"),
        True,
    )
    assert second == (2, None, None, None, None, None)
    declared = (Column("name", "character varying(10)"), Column("price", "numeric(10,3)"), Column("id", "smallint"))
    table = loaded(engine, declared, capture(tmp_path, "seed.csv", "csv"))
    assert engine.query(f"select * from {table} order by id").rows[0] == ('a "b"', decimal.Decimal("1.500"), 1)


def test_a_stream_out_gives_what_python_can_count_with(engine: PostgresEngine) -> None:
    sql = (
        "select 1.50::numeric(10,2) as a, 0.5::numeric as b, 1::smallint as c, 'x'::varchar(3) as d, "
        "null::integer as e, "
        "'2020-01-01 12:00+02'::timestamptz as f, date '2020-01-01' as g, '{\"a\": 1}'::jsonb as h, "
        "array[1, 2] as i, '6d3d0e0c-8b0a-4e3e-9c77-0d2b1f7a0c11'::uuid as j, '\\x00ff'::bytea as k, "
        "'nan'::float8 as l, true as m, interval '1 month 2 days' as n, array[1.5]::numeric(4,1)[] as o, "
        "10::numeric(50,0) as p"
    )
    stream = engine.stream(sql)
    (row,) = pa.RecordBatchReader.from_stream(stream).read_all().to_pylist()
    stream.close()
    assert (row["a"], row["b"], row["c"], row["d"], row["e"]) == (decimal.Decimal("1.50"), 0.5, 1, "x", None)
    assert row["f"] == datetime.datetime(2020, 1, 1, 10, tzinfo=datetime.UTC)
    assert (row["g"], row["h"], row["i"]) == (datetime.date(2020, 1, 1), '{"a": 1}', [1, 2])
    assert (row["j"], row["k"], row["m"]) == ("6d3d0e0c-8b0a-4e3e-9c77-0d2b1f7a0c11", b"\x00\xff", True)
    assert math.isnan(row["l"])
    assert row["n"] == pa.MonthDayNano((1, 2, 0))
    assert (row["o"], row["p"]) == ([decimal.Decimal("1.5")], 10.0)


def test_the_schema_of_an_empty_table_is_that_of_a_full_one(engine: PostgresEngine, binder: PostgresBinder) -> None:
    sql = "select 1.5::numeric(3,1) as a, 'x' as b, array[true] as c, now() as d, 1::numeric as e"
    bound = binder.bind(sql, {})
    stream = engine.stream(sql)
    full = pa.RecordBatchReader.from_stream(stream).schema
    stream.close()
    assert pa.RecordBatchReader.from_stream(binder.empty(bound.shape)).schema == full


def test_a_stream_that_fails_midway_says_why(engine: PostgresEngine) -> None:
    stream = engine.stream("select 1 / (n - 500) as x from generate_series(1, 1000) as g(n)")
    with pytest.raises((EngineFailed, pa.ArrowException, OSError), match="division by zero"):
        pa.RecordBatchReader.from_stream(stream).read_all()
    stream.close()


def test_a_stream_that_duckdb_takes_connects_once_and_runs_its_query_once(
    engine: PostgresEngine, database: Database
) -> None:
    """Which takes it several times for its columns, and once for its rows."""
    database.execute(f"alter database {database.name} set log_statement = 'all'")
    stream = engine.stream("select 271828 as x")
    with duckdb.connect() as reader:
        reader.register("taken", stream)
        reader.execute("create table kept as select x + 1 as x from taken")
        assert reader.execute("from kept").fetchall() == [(271829,)]
    stream.close()
    log = database.server.log.read_text()
    own = [line for line in log.splitlines() if f"@{database.name} LOG:" in line]
    assert sum("BEGIN TRANSACTION" in line for line in own) == 1
    assert sum("COPY (select c0 as c0 from (" in line for line in own) == 1


def test_dates_that_python_has_not_come_as_texts(engine: PostgresEngine) -> None:
    answer = engine.query("select 'infinity'::timestamp as a, '0044-03-15 BC'::date as b, 1 as c")
    assert answer.rows == (("infinity", "0044-03-15 BC", 1),)
