"""Texts for PostgreSQL: where a statement ends, names that are too long, types of one engine in the other."""

from __future__ import annotations

import pytest

from headgate.core.postgres_type_names import postgres_type
from headgate.core.recipe import Column
from headgate.plugins.engines.postgres_columns import NotOneSelect, wrapped
from headgate.plugins.engines.postgres_texts import position, stored_name, without_end
from headgate.plugins.engines.postgres_types import held_by, held_shape, read_as
from headgate.plugins.engines.sql_texts import quoted


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1;", "select 1"),
        ("select ';' as x, \";\" as y; -- ;", "select ';' as x, \";\" as y"),
        ("select $$;$$, $a$;$$;$a$; x", "select $$;$$, $a$;$$;$a$"),
        ("select 1 /* ; /* ; */ ; */ + 2; x", "select 1 /* ; /* ; */ ; */ + 2"),
        ("select E'\\';', 'it''s;'; x", "select E'\\';', 'it''s;'"),
        ("select 1 -- ;\n+ 2; x", "select 1 -- ;\n+ 2"),
        ("select 1 /* ;", "select 1 /* ;"),
    ],
)
def test_a_statement_ends_at_its_own_semicolon(sql: str, expected: str) -> None:
    assert without_end(sql) == expected


@pytest.mark.parametrize(
    "sql", ["", "  ", "delete from t", "-- x\ndrop table t", "select 1; select 2", "copy t to 'x'", "begin"]
)
def test_what_is_not_one_select_is_refused(sql: str) -> None:
    with pytest.raises(NotOneSelect):
        wrapped(sql)


@pytest.mark.parametrize(
    "sql", ["select 1; -- end", "/* x */ (select 1)", "WITH a AS (select 1) table a", "values (1)"]
)
def test_one_select_stands_in_brackets(sql: str) -> None:
    prefix, text = wrapped(sql)
    assert text.startswith(prefix)


def test_names_that_are_too_long_stay_apart() -> None:
    names = [f"{'s' * 60}__{'ä' * 60}__{number:016x}" for number in range(100)]
    stored = {stored_name(name) for name in names}
    assert len(stored) == len(names)
    assert all(len(name.encode()) <= 63 for name in stored)
    assert all(stored_name(name) == name for name in stored)
    assert quoted('a"b') == '"a""b"'


def test_places_count_characters() -> None:
    assert position("select ä,\n  x", 12) == (2, 3)
    assert position("x", 5) == (0, 0)
    assert position("x", None) == (0, 0)


def test_types_of_duckdb_have_a_type_here_or_none() -> None:
    assert held_by("DECIMAL(18,3)[]") == "numeric(18,3)[]"
    assert held_by("STRUCT(a INTEGER)[]") == "jsonb"
    assert held_by("TIMESTAMP_NS[]") == "jsonb"
    assert read_as("timestamp with time zone") == "TIMESTAMP WITH TIME ZONE"
    assert read_as("numeric(50,0)") == "VARCHAR"
    assert read_as('text COLLATE "C"') == "VARCHAR"
    shape, fault = held_shape((Column("at", "TIMESTAMP_NS"), Column("n", "INTEGER")))
    assert shape == ()
    assert fault.startswith("PostgreSQL has no type for at (TIMESTAMP_NS)")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("INT", "integer"), ("varchar", "character varying"), ("VARCHAR(10)", "character varying(10)"),
        ("char", "character(1)"), ("numeric(5)", "numeric(5,0)"), ("float", "double precision"), ("real", "real"),
        ("timestamp(3)", "timestamp(3) without time zone"), ("timestamptz(0)", "timestamp(0) with time zone"),
        ("timestamp(3) with time zone", "timestamp(3) with time zone"), ("Int8[]", "bigint[]"),
        ('public."Mood"', 'public."Mood"'), ('text COLLATE "C"', 'text COLLATE "C"'), ("bit(3)", "bit(3)"),
        ("double  precision", "double precision"),
    ],
)  # fmt: skip
def test_types_are_spelled_as_postgresql_does(given: str, expected: str) -> None:
    assert postgres_type(given) == expected
