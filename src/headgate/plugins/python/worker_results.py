"""What a function returns, as a stream of Arrow batches of bounded size."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

BATCH_ROWS = 65_536


class NotATable(Exception):
    """The function returned something else than a table. The message says what, the second line what to do."""


def write_result(result: Any, fd: int) -> int:
    """Write the whole result into the pipe ``fd``; return the number of its rows. Raises ``NotATable``."""
    import pyarrow as pa

    schema, batches = _opened(result)
    _refuse_equal_names(schema.names)
    schema = pa.schema([pa.field(f.name, _plain_type(f.type)) for f in schema])
    rows = 0
    with os.fdopen(fd, "wb", buffering=1 << 20) as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                part = batch.slice(start, BATCH_ROWS)
                writer.write_batch(_plain(part, schema))
                rows += part.num_rows
    return rows


def _opened(result: Any) -> tuple[Any, Iterable[Any]]:
    """Return the schema and the batches of a result."""
    reader = _reader(result)
    if reader is not None:
        return reader.schema, reader
    if not isinstance(result, Iterable) or isinstance(result, (str, bytes, dict)):
        raise NotATable(
            f"it returned {_kind(result)}, which is no table\n"
            "Return a Polars, pandas or Arrow table, a lazy frame, or an iterator of such pieces."
        )
    pieces = iter(result)
    first = next(pieces, None)
    if first is None:
        raise NotATable("it yielded nothing\nYield at least one piece, which may have no rows: it has the columns.")
    reader = _reader(first)
    if reader is None:
        raise NotATable(f"it yielded {_kind(first)}, which is no table\nYield Polars, pandas or Arrow tables.")
    return reader.schema, _batches(reader, pieces)


def _batches(first: Any, pieces: Iterator[Any]) -> Iterator[Any]:
    schema = first.schema
    yield from first
    for number, piece in enumerate(pieces, 2):
        reader = _reader(piece)
        if reader is None or reader.schema.names != schema.names:
            what = _kind(piece) if reader is None else f"the columns {', '.join(reader.schema.names)}"
            raise NotATable(f"piece {number} has {what}\nAll pieces need the columns {', '.join(schema.names)}.")
        for batch in reader:
            yield batch if batch.schema.equals(schema) else batch.cast(schema)


def _reader(result: Any) -> Any:
    """Return a reader of Arrow batches, or None where the value is no table."""
    import pyarrow as pa

    if isinstance(result, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(result.schema, [result])
    if _is_of(result, "pandas", "DataFrame"):
        return _pandas_reader(result)
    if _is_of(result, "polars", "DataFrame"):
        _refuse_objects(result.schema)
    if _is_of(result, "polars", "LazyFrame"):
        _refuse_objects(result.collect_schema())
        return _lazy_reader(result)
    if _is_of(result, "duckdb", "DuckDBPyRelation"):
        return result.to_arrow_reader(BATCH_ROWS)
    if hasattr(result, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(result)
    return None


def _pandas_reader(frame: Any) -> Any:
    import pyarrow as pa

    if frame.index.nlevels > 1 or frame.index.name is not None:
        names = ", ".join(str(name) for name in frame.index.names)
        raise NotATable(f"its index ({names}) would be lost\nReturn frame.reset_index().")
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())


def _lazy_reader(frame: Any) -> Any:
    """Return a reader that computes as it is read, in Polars' streaming engine."""
    import pyarrow as pa

    schema = frame.collect_schema().to_frame().to_arrow().schema
    batches = (
        batch.cast(schema)
        for piece in frame.collect_batches(maintain_order=True)
        for batch in piece.to_arrow().to_batches()
    )
    return pa.RecordBatchReader.from_batches(schema, batches)


def _refuse_equal_names(names: Iterable[str]) -> None:
    """Raise ``NotATable`` where two names are one to an engine, which would make up another for the second."""
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            raise NotATable(f"two of its columns have one name: {seen[name.lower()]}, {name}\nRename one of them.")
        seen[name.lower()] = name


def _refuse_objects(schema: Any) -> None:
    """Raise ``NotATable`` for columns of Python's objects, which Polars would give as addresses in memory."""
    names = [name for name, kind in schema.items() if str(kind) == "Object"]
    if names:
        raise NotATable(f"{', '.join(names)}: Python objects are no values of a table\nGive the column a type.")


def _is_of(value: Any, package: str, name: str) -> bool:
    bases = type(value).__mro__
    return any(c.__name__ == name and c.__module__.partition(".")[0].lstrip("_") == package for c in bases)


def _kind(value: Any) -> str:
    kind = type(value)
    return "None" if value is None else f"a {kind.__name__}"


def _plain_type(kind: Any) -> Any:
    """Return a type without dictionary encoding: categories are the texts that they stand for."""
    import pyarrow as pa

    if not pa.types.is_dictionary(kind):
        return kind
    return pa.large_string() if pa.types.is_string_view(kind.value_type) else kind.value_type


def _plain(batch: Any, schema: Any) -> Any:
    import pyarrow as pa

    if batch.schema.equals(schema):
        return batch
    columns = [
        _decoded(column, field.type) if pa.types.is_dictionary(column.type) else column
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _decoded(column: Any, kind: Any) -> Any:
    """Return the values of a category; those of Polars are string views, which Arrow does not take by number."""
    return column.dictionary.cast(kind).take(column.indices)
