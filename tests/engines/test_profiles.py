"""Profiles of what only one engine knows: infinities, wide numbers, nested values, samples of large tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from headgate.core.ports.engine import Engine
from headgate.core.ports.measuring import Measured
from headgate.core.profiles import ColumnProfile
from headgate.plugins.engines.duckdb import open_duckdb
from headgate.plugins.engines.profile_texts import SAMPLE_ROWS, TEXT_MAX
from tests.conformance.test_engine_conformance import postgres_place

pytestmark = pytest.mark.slow

LARGE = 300_000


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Engine]:
    engine = open_duckdb(tmp_path / "w.duckdb", read_only=False, root=None)
    yield engine
    engine.close()


@pytest.fixture
def postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with ExitStack() as at_end:
        server = request.getfixturevalue("postgres_16")
        database = server.database()
        at_end.callback(server.drop, database)
        engine = postgres_place(database, tmp_path).open()
        at_end.callback(engine.close)
        yield engine


def column(engine: Engine, type_: str, *values: str) -> ColumnProfile:
    """Return the profile of a column of SQL values."""
    rows = " union all ".join(f"select cast({value} as {type_}) as v" for value in values)
    return engine.profile(Measured(f"({rows})", {"v": type_})).columns["v"]


def test_duckdb_leaves_out_what_is_no_number(duck: Engine) -> None:
    found = column(duck, "DOUBLE", "'nan'", "'inf'", "'-inf'", "null", "1.5", "2.5")
    assert (found.nan, found.nulls, found.distinct) == (3, 1, 2)
    assert (found.least, found.greatest, found.mean, found.sum) == ("1.5", "2.5", 2.0, 4.0)
    times = column(duck, "TIMESTAMP", "'infinity'", "'1970-01-01 00:00:10'")
    assert (times.nan, set(times.quantiles)) == (1, {10.0})


def test_duckdb_knows_wide_numbers(duck: Engine) -> None:
    huge = column(duck, "HUGEINT", f"{2**127 - 1}", f"{2**127 - 1}")
    assert (huge.least, huge.sum) == (str(2**127 - 1), pytest.approx(2.0**128))
    wide = column(duck, "DECIMAL(38,2)", f"'{9 * 10**35}.25'", f"'{9 * 10**35}.25'")
    assert (wide.least, wide.mean) == (f"{9 * 10**35}.25", pytest.approx(9e35))
    assert column(duck, "DECIMAL(18,2)", "0.10", "0.20").sum == 0.3


@pytest.mark.parametrize(
    ("type_", "values", "distinct"),
    [
        ("INTEGER[]", ("[1, null]", "[]", "[1, null]", "null"), 2),
        ("STRUCT(a INTEGER)", ("{'a': 1}", "{'a': null}"), 2),
        ("MAP(VARCHAR, INTEGER)", ("map {'a': 1}", "map {'a': 1}"), 1),
        ("BLOB", ("'x'", "'y'"), 2),
        ("UUID", ("'00000000-0000-0000-0000-000000000001'",), 1),
        ("TIME", ("'10:00:00'", "'11:00:00'"), 2),
    ],
)
def test_duckdb_counts_other_values(duck: Engine, type_: str, values: tuple[str, ...], distinct: int) -> None:
    nulls = values.count("null")
    assert column(duck, type_, *values) == ColumnProfile(type_, nulls, distinct)


def test_duckdb_knows_labels_spans_and_dates(duck: Engine) -> None:
    labels = column(duck, "ENUM('low', 'high')", "'low'", "'high'", "'high'")
    assert (labels.least, labels.greatest, labels.top) == ("low", "high", (("high", 2), ("low", 1)))
    assert set(column(duck, "INTERVAL", "interval 90 seconds").quantiles) == {90.0}
    assert set(column(duck, "DATE", "date '1970-01-02'").quantiles) == {86_400.0}
    assert column(duck, "TIMESTAMP_NS", "'1970-01-01 00:00:01'").quantiles[0] == 1.0


def test_what_is_too_large_to_count_with_spoils_no_other_column(duck: Engine) -> None:
    rows = "(select cast(1e200 as double) as x, 1 as y union all select 2e200, 2)"
    found = duck.profile(Measured(rows, {"x": "DOUBLE", "y": "INTEGER"})).columns
    assert (found["x"].nulls, found["x"].deviation) == (0, None)
    assert found["y"].mean == 1.5


def test_long_texts_are_cut_and_are_no_categories(duck: Engine) -> None:
    found = column(duck, "VARCHAR", f"repeat('x', {TEXT_MAX + 1})", "'a'", "'a'")
    assert (found.greatest, found.top, found.distinct) == ("x" * TEXT_MAX, (("a", 2),), 2)


DUCK_TABLE = (
    f"(select i as id, i % 1000 as k, case when i % 3 = 0 then 'c' when i % 3 = 1 then 'b' end as w "
    f"from range({LARGE}) as t(i))"
)
POSTGRES_TABLE = DUCK_TABLE.replace(f"range({LARGE})", f"generate_series(0, {LARGE - 1})")


@pytest.mark.parametrize("kind", ["duck", "postgres"])
def test_a_large_table_is_sampled_the_same_way_each_time(request: pytest.FixtureRequest, kind: str) -> None:
    engine: Engine = request.getfixturevalue(kind)
    text, number = ("VARCHAR", "BIGINT") if kind == "duck" else ("text", "integer")
    table = Measured(DUCK_TABLE if kind == "duck" else POSTGRES_TABLE, {"id": number, "k": number, "w": text})
    found = engine.profile(table)
    assert engine.profile(table) == found
    assert found.rows == LARGE
    ids, keys, words = found.columns.values()
    assert (ids.sum, ids.least, ids.greatest) == (LARGE * (LARGE - 1) / 2, "0", str(LARGE - 1))
    assert ids.sampled == pytest.approx(SAMPLE_ROWS, rel=0.02)
    assert ids.quantiles[100] == pytest.approx(LARGE / 2, rel=0.02)
    assert (ids.quantiles[0], ids.quantiles[-1]) == (0.0, LARGE - 1)
    assert ids.distinct == pytest.approx(LARGE, rel=0.02)
    assert keys.distinct == pytest.approx(1000, rel=0.01)
    assert (words.nulls, words.distinct) == (LARGE // 3, 2)
    assert words.top[0][1] == pytest.approx(LARGE / 3, rel=0.02)


def test_postgres_leaves_out_what_is_no_number(postgres: Engine) -> None:
    for type_ in ("double precision", "numeric"):
        found = column(postgres, type_, "'nan'", "'infinity'", "null", "1.5", "2.5")
        assert (found.nan, found.nulls, found.least, found.mean) == (2, 1, "1.5", 2.0)
    times = column(postgres, "timestamp with time zone", "'infinity'", "'1970-01-01 00:00:10+00'")
    assert (times.nan, set(times.quantiles)) == (1, {10.0})


def test_postgres_counts_other_values(postgres: Engine) -> None:
    cases = (
        ("integer[]", "'{1,2}'"),
        ("jsonb", "'{}'"),
        ("json", "'{}'"),
        ("bytea", "'x'"),
        ("uuid", "gen_random_uuid()"),
    )
    for type_, value in cases:
        assert column(postgres, type_, value, "null") == ColumnProfile(type_, 1, 1)
    assert set(column(postgres, "interval", "'90 seconds'").quantiles) == {90.0}
    assert set(column(postgres, "date", "'1970-01-02'").quantiles) == {86_400.0}


def test_postgres_tells_texts_apart_that_a_collation_does_not(postgres: Engine) -> None:
    assert column(postgres, "character varying(5)", "'a'", "'A'").top == (("A", 1), ("a", 1))
