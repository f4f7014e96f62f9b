"""More than fits: gigabytes through a worker that may have 500 MB, and a table made of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from headgate.core.address import Address
from headgate.core.hashing import digest
from headgate.core.limits import Limits
from headgate.core.ports.engine import BuildJob, StreamInput, physical_name
from headgate.core.python import Form
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb import DuckEngine, open_duckdb
from tests.python.test_runner import Repository

pytestmark = pytest.mark.slow

ROW_BYTES = 240
MEMORY = Limits(600, 500_000_000)

PASSES = {
    Form.ARROW_STREAM: "def f(flights):\n    yield from flights\n",
    Form.DUCKDB: "def f(flights):\n    return flights.project('i, i * 2 as j, s')\n",
}


@pytest.fixture
def engine(tmp_path: Path) -> DuckEngine:
    return open_duckdb(tmp_path / "warehouse.duckdb", read_only=False, root=tmp_path)


def query(gigabytes: float) -> str:
    rows = int(gigabytes * 1e9 / ROW_BYTES)
    return f"select i, i * 2 as j, repeat(md5(i::varchar), 7) as s from range({rows}) as t(i)"


@pytest.mark.parametrize(("form", "gigabytes"), [(Form.ARROW_STREAM, 2.5), (Form.DUCKDB, 1.0)])
def test_a_stream_larger_than_memory_passes(tmp_path: Path, engine: DuckEngine, form: Form, gigabytes: float) -> None:
    repository = Repository(tmp_path)
    stream = engine.stream(query(gigabytes), batch_rows=65_536)
    call = repository.runner(MEMORY).start(repository.body(PASSES[form], form), {"flights": stream})
    size = sum(batch.nbytes for batch in pa.RecordBatchReader.from_stream(call.result()))
    call.close()
    stream.close()
    engine.close()
    assert size > gigabytes * 0.99e9
    assert 0 < call.peak_bytes < MEMORY.bytes


def test_a_table_is_made_of_a_stream_without_holding_it(tmp_path: Path, engine: DuckEngine) -> None:
    engine.adopt("state")
    repository = Repository(tmp_path)
    stream = engine.stream(query(0.5), batch_rows=65_536)
    call = repository.runner(MEMORY).start(
        repository.body(PASSES[Form.ARROW_STREAM], Form.ARROW_STREAM), {"flights": stream}
    )
    identity, address = digest("large"), Address("m.large")
    shape = (Column("i", "BIGINT"), Column("j", "BIGINT"), Column("s", "VARCHAR"))
    relation = physical_name(address, identity)
    (result,) = engine.build([BuildJob(identity, address, relation, shape, StreamInput(call.result()), 1)])
    call.close()
    stream.close()
    assert result.rows == int(0.5e9 / ROW_BYTES)
    counted = engine.query(f"select count(*), sum(j - 2 * i), count(s) from {engine.relation(relation)}")
    assert counted.rows == ((result.rows, 0, result.rows),)
    engine.close()
