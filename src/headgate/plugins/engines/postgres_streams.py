"""Arrow streams out of PostgreSQL, by ADBC: columns come in binary form, three times as fast as row by row.

Each stream has a connection of its own, in which nothing can be written, and is computed as it is read.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from headgate.core.errors import EngineFailed
from headgate.core.recipe import Shape
from headgate.plugins.engines.postgres_connections import CONNECT_SECONDS, Connections
from headgate.plugins.engines.postgres_settings import RESULT_SETTINGS, SESSION_SETTINGS
from headgate.plugins.engines.sql_texts import quoted

if TYPE_CHECKING:
    import pyarrow

_BATCH_BYTES = 4 << 20
_DAYS = 10_957
"""From 1970, where Arrow begins to count, to 2000, where PostgreSQL does."""
_DECIMAL = re.compile(r"numeric\((\d+),(\d+)\)")
_DECIMAL_DIGITS_MAX = 38
_PLAIN = frozenset(
    {
        "smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "date", "bytea",
        "timestamp without time zone", "timestamp with time zone", "time without time zone", "interval",
    }
)  # fmt: skip
"""Types that come as they are, and lists of them; ``numeric`` comes as double, all others as texts."""


class PostgresStream:
    """The rows of a query, computed as they are read. See ``core.ports.python.OpenStream``."""

    def __init__(self, connections: Connections, sql: str, shape: Shape, batch_rows: int) -> None:
        self._connections = connections
        self._sql = sql
        self._shape = shape
        self._batch_rows = batch_rows
        self._guard = threading.Lock()
        self._connection: Any = None
        self._cursor: Any = None
        self._is_closed = False
        self._take_away: Callable[[], None] = connections.at_interrupt(self.interrupt)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule; reading its first rows runs the query.

        DuckDB takes a stream up to five times for its columns alone, which are known: those neither connect again
        (40 ms) nor ask anything.
        """
        import pyarrow

        if self._is_closed:
            raise ValueError("the stream is closed")
        self._connected()
        schema = arrow_schema(self._shape)
        batches = _cut(self._batches(schema), self._batch_rows)
        return pyarrow.RecordBatchReader.from_batches(schema, batches).__arrow_c_stream__(requested_schema)

    def interrupt(self) -> None:
        """End the query that is being read."""
        with self._guard:
            if self._cursor is not None:
                with suppress(Exception):  # of a driver that has nothing to cancel
                    self._cursor.adbc_cancel()

    def close(self) -> None:
        """Let go of the connection."""
        self._take_away()
        self._is_closed = True
        self._let_go()

    def _let_go(self) -> None:
        with self._guard:
            cursor, self._cursor = self._cursor, None
            connection, self._connection = self._connection, None
        for one in (cursor, connection):
            if one is not None:
                with suppress(Exception):  # a connection that is gone has nothing to close
                    one.close()

    def _batches(self, schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
        if self._is_closed:
            raise ValueError("the stream is closed")
        if self._cursor is not None:
            self._let_go()  # of whoever has read it before
        yield from _typed(self._executed(), schema)

    def _connected(self) -> Any:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi

        if self._connection is None:
            try:
                connection = dbapi.connect(_read_only(self._connections.url))
            except Error as error:
                raise _failed(error) from None
            with self._guard:
                self._connection = connection
        return self._connection

    def _executed(self) -> pyarrow.RecordBatchReader:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import StatementOptions

        connection = self._connected()
        try:
            cursor = connection.cursor(
                adbc_stmt_kwargs={StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BATCH_BYTES)}
            )
            with self._guard:
                self._cursor = cursor
            cursor.execute(f"select {_items(self._shape)} from (\n{self._sql}\n) as answer ({_names(self._shape)})")
            return cursor.fetch_record_batch()
        except Error as error:
            raise _failed(error) from None


def _failed(error: Exception) -> EngineFailed:
    return EngineFailed(f"PostgreSQL failed: {_said(error)}", hint="Run the command again.")


def _said(error: Exception) -> str:
    """Return what the driver says, in one line and without the words around it."""
    text = " ".join(str(error).split())
    return text.rpartition("ERROR: ")[2].strip() or text


def _read_only(url: str) -> str:
    """Return the address with all settings, for a connection that cannot write."""
    settings = {setting.name: setting.value.strip("'") for setting in (*RESULT_SETTINGS, *SESSION_SETTINGS)}
    settings["default_transaction_read_only"] = "on"
    options = " ".join(f"-c {name}={_option(value)}" for name, value in settings.items())
    parts = {name: str(value) for name, value in psycopg.conninfo.conninfo_to_dict(url).items()}
    given = parts.pop("options", None)
    parts["options"] = f"{given} {options}" if given else options
    parts.setdefault("connect_timeout", str(CONNECT_SECONDS))
    parts.setdefault("application_name", "headgate")
    return psycopg.conninfo.make_conninfo(**parts)


def _option(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def arrow_schema(shape: Shape) -> pyarrow.Schema:
    """Return the columns that a stream has: decimals where a column says its digits, texts for what Arrow has not."""
    import pyarrow

    return pyarrow.schema([(column.name, _arrow_type(column.type)) for column in shape])


def _arrow_type(type_: str) -> pyarrow.DataType:
    import pyarrow

    plain = type_.split(" COLLATE ", maxsplit=1)[0]
    if plain.endswith("[]"):
        return pyarrow.list_(_arrow_type(plain[:-2]))
    if found := _DECIMAL.fullmatch(plain):
        if int(found[1]) <= _DECIMAL_DIGITS_MAX:
            return pyarrow.decimal128(int(found[1]), int(found[2]))
        return pyarrow.float64()
    known = {
        "smallint": pyarrow.int16(),
        "integer": pyarrow.int32(),
        "bigint": pyarrow.int64(),
        "real": pyarrow.float32(),
        "double precision": pyarrow.float64(),
        "numeric": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "date": pyarrow.date32(),
        "bytea": pyarrow.binary(),
        "timestamp without time zone": pyarrow.timestamp("us"),
        "timestamp with time zone": pyarrow.timestamp("us", "UTC"),
        "time without time zone": pyarrow.time64("us"),
        "interval": pyarrow.month_day_nano_interval(),
    }
    return known.get(plain, pyarrow.string())


def _names(shape: Shape) -> str:
    return ", ".join(quoted(f"c{number}") for number in range(len(shape)))


def _items(shape: Shape) -> str:
    return ", ".join(f"{_item(f'c{number}', column.type)} as c{number}" for number, column in enumerate(shape))


def _item(name: str, type_: str) -> str:
    """Return a column in a form that the driver gives exactly."""
    plain = type_.split(" COLLATE ", maxsplit=1)[0]
    inner = plain.removesuffix("[]")
    brackets = plain[len(inner) :]
    if inner in _PLAIN:
        return name
    found = _DECIMAL.fullmatch(inner)
    if inner == "numeric" or (found and int(found[1]) > _DECIMAL_DIGITS_MAX):
        return f"{name}::double precision{brackets}"
    return f"{name}::text{brackets}"


def _typed(reader: pyarrow.RecordBatchReader, schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    """Yield the batches with the types of the schema: decimals come as texts."""
    import pyarrow

    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (OSError, pyarrow.ArrowException) as error:
            raise _failed(error) from None
        given = (_with_infinities(column) for column in batch.columns)
        columns = [_cast(column, field) for column, field in zip(given, schema, strict=True)]
        yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: pyarrow.Array, field: pyarrow.Field) -> pyarrow.Array:
    """Return a column in the type of its field. Of the decimals that come as texts only NaN does not fit."""
    import pyarrow

    try:
        return column.cast(field.type)
    except pyarrow.ArrowInvalid:
        raise EngineFailed(f"column {field.name} holds NaN, which is no {field.type} outside of PostgreSQL") from None


def _with_infinities(column: pyarrow.Array) -> pyarrow.Array:
    """Return dates and times, and lists of them, with infinities as DuckDB has them: the greatest number and its minus.

    PostgreSQL sends the greatest and the least number, counted from 2000, which the driver counts on from 1970: the
    first one has no room for that, and becomes the year 290279 before Christ. No other value becomes one of the two.
    """
    import pyarrow
    from pyarrow import compute

    kind = column.type
    if pyarrow.types.is_list(kind):
        inner = column.values
        values = _with_infinities(inner)
        if values is inner:
            return column
        return pyarrow.ListArray.from_arrays(column.offsets, values, mask=column.is_null())
    if not (pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date32(kind)):
        return column
    bits, since_1970 = (64, _DAYS * 86_400_000_000) if pyarrow.types.is_timestamp(kind) else (32, _DAYS)
    whole, greatest, least = column.view(f"int{bits}"), 2 ** (bits - 1) - 1, -(2 ** (bits - 1)) + since_1970
    first = compute.min(whole).as_py()
    if first is None or first >= least + since_1970:
        return column
    for sent, meant in ((least - 1, greatest), (least, -greatest)):
        is_sent = compute.equal(whole, pyarrow.scalar(sent, whole.type))
        whole = compute.if_else(is_sent, pyarrow.scalar(meant, whole.type), whole)
    return whole.view(kind)


def _cut(batches: Iterator[pyarrow.RecordBatch], rows: int) -> Iterator[pyarrow.RecordBatch]:
    """Yield batches of at most so many rows; 0 leaves them as they are."""
    for batch in batches:
        if not rows:
            yield batch
            continue
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)
