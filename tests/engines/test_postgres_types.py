"""Types of DuckDB and of PostgreSQL: a column is read as a type that takes all values that its table may hold."""

import duckdb
import pytest

from headgate.plugins.engines.postgres_types import held_by, read_as

WHOLE = {"smallint": -(2**15), "integer": -(2**31), "bigint": -(2**63), "numeric(39,0)": -(2**127)}


@pytest.mark.parametrize("theirs", WHOLE)
def test_whole_numbers_below_zero_are_read(theirs: str) -> None:
    least = WHOLE[theirs]
    for value in (least, -least - 1):
        assert duckdb.execute(f"select '{value}'::{read_as(theirs)}").fetchall() == [(value,)]
    assert held_by(read_as(theirs)) == theirs
