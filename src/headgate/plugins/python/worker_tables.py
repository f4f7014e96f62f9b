"""A stream of Arrow batches as what a parameter asks for.

A lazy frame and a DuckDB relation may be read twice and in parts, which a stream cannot: their rows are put aside in a
file of the call's own folder first (the working directory), so that memory stays bounded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from headgate.core.python import Form


def received(form: str, fd: int, parameter: str, memory: int) -> Any:
    """Return the table that comes through the pipe ``fd``, in ``form``; ``memory`` bytes are for all of the call."""
    import pyarrow as pa

    reader = pa.ipc.open_stream(os.fdopen(fd, "rb", buffering=1 << 20))
    return _MAKERS[Form(form)](reader, parameter, memory)


def _polars(reader: Any, *_: object) -> Any:
    import polars as pl

    frame = pl.from_arrow(reader.read_all())
    assert isinstance(frame, pl.DataFrame)  # a table always becomes a frame
    return frame


def _polars_lazy(reader: Any, parameter: str, _: int) -> Any:
    import polars as pl

    return pl.scan_ipc(_aside(reader, parameter))


def _pandas(reader: Any, *_: object) -> Any:
    return reader.read_pandas()


def _arrow(reader: Any, *_: object) -> Any:
    return reader.read_all()


def _arrow_stream(reader: Any, *_: object) -> Any:
    return reader


def _duckdb(reader: Any, parameter: str, memory: int) -> Any:
    """Return a relation over a Parquet file; of types that Parquet has not, over a table.

    4 million rows (1 GB) as Parquet: 156 MB at most when they are read; as a table 800 MB, whatever its limit (seen).
    """
    import duckdb
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    connection = duckdb.connect()
    connection.execute(f"set memory_limit = '{memory // 2} B'")
    path = os.path.abspath(f"{parameter}.parquet")
    try:
        writer = ParquetWriter(path, reader.schema)
    except pa.ArrowNotImplementedError:
        connection.register("stream", reader)
        connection.execute("create table stored as from stream")
        return connection.table("stored")
    with writer:
        for batch in reader:  # each a row group of its own, else they wait in memory for a million rows
            writer.write_table(pa.Table.from_batches([batch]))
    return connection.read_parquet(path)


_MAKERS: Mapping[Form, Callable[..., Any]] = {
    Form.POLARS: _polars,
    Form.POLARS_LAZY: _polars_lazy,
    Form.PANDAS: _pandas,
    Form.ARROW: _arrow,
    Form.ARROW_STREAM: _arrow_stream,
    Form.DUCKDB: _duckdb,
}


def _aside(reader: Any, parameter: str) -> str:
    import pyarrow as pa

    path = os.path.abspath(f"{parameter}.arrow")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
    return path
