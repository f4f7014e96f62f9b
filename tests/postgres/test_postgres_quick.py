"""The shortest way through PostgreSQL: bind, build, publish, ask. Everything else of it is slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.core.address import Address
from headgate.core.errors import Conflict, StatementFailed
from headgate.core.hashing import digest
from headgate.core.ports.engine import BuildJob, Marker, Publication, SelectInput, ShownView
from headgate.plugins.engines.postgres import open_postgres
from headgate.plugins.engines.postgres_binder import open_postgres_binder
from tests.postgres.server import Database


def test_bind_build_publish_ask(database: Database, tmp_path: Path) -> None:
    sql = "select 1 as x, 'a' as y"
    binder = open_postgres_binder(database.url, tmp_path)
    bound = binder.bind(sql, {})
    fault = binder.bind("select\n  t.z\nfrom t", {"t": bound.shape})
    binder.close()
    assert [(column.name, column.type) for column in bound.shape] == [("x", "integer"), ("y", "text")]
    assert (fault.line, fault.column) == (2, 3)
    engine = open_postgres(database.url, root=tmp_path)
    engine.adopt("state")
    job = BuildJob(digest("x"), Address("s.a"), "s__a__1", bound.shape, SelectInput(sql), 1)
    assert engine.build([job])[0].rows == 1
    with pytest.raises(StatementFailed):
        engine.build([BuildJob(digest("y"), Address("s.b"), "s__b__1", bound.shape, SelectInput("drop table x"), 1)])
    view = ShownView("s", "a", f"select x from {engine.relation('s__a__1')}")
    publication = Publication("prod", None, Marker("state", 1, 1, "i"), (view,), (), ("s__a__1",))
    engine.publish(publication)
    with pytest.raises(Conflict):
        engine.publish(publication)
    assert engine.query("select x from s.a").rows == ((1,),)
    engine.close()


def test_a_stream_that_breaks_off_is_told_without_a_traceback(database: Database, tmp_path: Path) -> None:
    import pyarrow as pa

    from headgate.app.sql import broken_stream

    engine = open_postgres(database.url, root=tmp_path)
    stream = engine.stream("select 1 / (n - 2) as x from generate_series(1, 3) as g(n)")
    with pytest.raises((pa.ArrowException, OSError)) as broken:
        pa.RecordBatchReader.from_stream(stream).read_all()
    stream.close()
    engine.close()
    assert broken_stream(broken.value).diagnostics[0].detail == "division by zero"
