"""A table or a query of an environment that is read when somebody asks for its rows."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from headgate.api.opening import session_at
from headgate.core.errors import HeadgateError, UsageError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from headgate.app.sql import Answer, Streamed

PREVIEW_ROWS = 10


class Relation:
    """What an environment shows under an address, or the answer to a query: lazy, and as fresh as the moment of asking.

    Each of its methods asks anew: names are resolved by what the environment shows then. It speaks the Arrow stream
    protocol (``__arrow_c_stream__``, which needs pyarrow), so Polars, DuckDB and others take it as it is. The warehouse
    is open for reading as long as rows are read: ``pl`` and ``df`` close it before they return, a stream of ``arrow``
    holds it until it is read to its end or let go of, or the project is closed. Nobody can write to a DuckDB file
    meanwhile.

    >>> import headgate
    >>> revenue = headgate.open().table("prod", "marts.revenue")
    >>> revenue.columns, len(revenue)
    (('customer', 'total'), 2)
    >>> revenue.pl()["customer"].sort().to_list()
    ['ada', 'bob']
    """

    def __init__(self, root: Path, environment: str, query: Callable[[], str], *, title: str, readers: Readers) -> None:
        self.environment = environment
        self._root = root
        self._query = query
        self._title = title
        self._readers = readers

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns. Cost: the query is looked at and not run.

        >>> import headgate
        >>> headgate.open().sql("dev", "select customer from shop.orders").columns
        ('customer',)
        """
        return self._answer(limit=0).rows.columns

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its columns as the engine writes them.

        >>> import headgate
        >>> headgate.open().table("dev", "orders").types
        ('VARCHAR', 'BIGINT')
        """
        return self._answer(limit=0).rows.types

    def __len__(self) -> int:
        """Return how many rows it has. Cost: the engine counts them."""
        from headgate.app.sql import count_rows

        with session_at(self._root) as session:
            return count_rows(session, self.environment, self._query())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule of an Arrow stream: the rows, computed as they are read."""
        capsule: object = self.arrow().__arrow_c_stream__(requested_schema)
        return capsule

    def pl(self) -> polars.DataFrame:
        """Return the rows as a Polars frame. Nothing but Polars is needed.

        >>> import headgate
        >>> headgate.open().table("dev", "shop.orders").pl()["amount"].sum()
        22
        """
        return self._frame(_library("polars"), (), None)

    def lazy(self) -> polars.LazyFrame:
        """Return a lazy Polars frame: collecting it reads only the columns, and of a ``head`` only the rows, it needs.

        >>> import headgate
        >>> headgate.open().table("dev", "shop.orders").lazy().select("amount").collect().sum().item()
        22
        """
        library, plugins = _library("polars"), _library("polars.io.plugins")
        frame: polars.LazyFrame = plugins.register_io_source(
            partial(self._pieces, library), schema=lambda: self._frame(library, (), 0).schema, explain_name=self._title
        )
        return frame

    def df(self) -> pandas.DataFrame:
        """Return the rows as a pandas frame, made from Arrow: pandas and pyarrow are needed.

        Values stay exact: a sum of integers (``HUGEINT``) and a ``DECIMAL`` come as ``Decimal``, a date as ``date``.
        Where numbers of another kind will do, say so in the query: ``sum(amount)::double``.

        >>> import headgate
        >>> headgate.open().sql("dev", "select max(amount) as most from shop.orders").df()["most"].tolist()
        [10]
        """
        _library("pandas")
        frame: pandas.DataFrame = self.arrow().read_pandas()
        return frame

    def arrow(self) -> pyarrow.RecordBatchReader:
        """Return the rows as a pyarrow reader of batches; the whole answer is never in memory.

        >>> import headgate
        >>> sum(batch.num_rows for batch in headgate.open().table("dev", "shop.orders").arrow())
        3
        """
        reader = _library("pyarrow").RecordBatchReader
        batches = _Batches(self._stream(), reader)
        self._readers.add(batches)
        found: pyarrow.RecordBatchReader = reader.from_batches(batches.schema, batches)
        return found

    def __repr__(self) -> str:
        return self._preview()["text/plain"]

    def _repr_html_(self) -> str:
        return self._preview()["text/html"]

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Return both at once, so that a notebook asks only once."""
        return self._preview()

    def _preview(self) -> dict[str, str]:
        from headgate.api.page import fragment, lines, paragraph, table
        from headgate.words.layout import plain
        from headgate.words.sql import cells_of, count_text, lines_of_answer, numbers_of

        head = f"{self.environment} · {self._title}"
        try:
            answer = self._answer(limit=PREVIEW_ROWS)
        except HeadgateError as error:  # a preview that fails is told in its place
            told = [str(error), *getattr(error, "__notes__", ())]
            return {"text/plain": "\n".join((head, *told)), "text/html": fragment(paragraph(head, "bold"), lines(told))}
        count = count_text(answer, way_to_more=".pl(), .df() and .arrow() give all")
        rows = table(cells_of(answer), head=answer.rows.columns, right=numbers_of(answer))
        return {
            "text/plain": plain("\n".join((head, *lines_of_answer(answer), count))),
            "text/html": fragment(paragraph(head, "bold"), rows, paragraph(count, "dim")),
        }

    def _answer(self, *, limit: int) -> Answer:
        from headgate.app.sql import sql

        with session_at(self._root) as session:
            return sql(session, self.environment, self._query(), limit=limit)

    def _stream(self, columns: Sequence[str] = (), limit: int | None = None) -> Streamed:
        from headgate.app.sql import streamed

        with session_at(self._root) as session:
            return streamed(session, self.environment, self._query(), columns=columns, limit=limit)

    def _frame(self, library: Any, columns: Sequence[str], limit: int | None) -> polars.DataFrame:
        with closing(self._stream(columns, limit)) as stream, _told(library.exceptions.PolarsError):
            frame: polars.DataFrame = stream.reading(lambda: library.DataFrame(stream))
            return frame

    def _pieces(
        self,
        library: Any,
        columns: Sequence[str] | None,
        predicate: polars.Expr | None,
        limit: int | None,
        batch_rows: int | None,  # noqa: ARG002  # the engine makes its own
    ) -> Iterator[polars.DataFrame]:
        frame = self._frame(library, columns or (), limit)
        yield frame if predicate is None else frame.filter(predicate)


class Readers:
    """What a project gave away that may still hold a warehouse."""

    def __init__(self) -> None:
        self._given: weakref.WeakSet[_Batches] = weakref.WeakSet()

    def add(self, batches: _Batches) -> None:
        """Remember it as long as somebody has it."""
        self._given.add(batches)

    def close(self) -> None:
        """Close all of them."""
        for batches in tuple(self._given):
            batches.close()


class _Batches:
    """The batches of a stream. It lets go of the warehouse after the last one, and when nobody has it any more."""

    def __init__(self, stream: Streamed, reader: Any) -> None:
        self._stream = stream
        self._let_go = weakref.finalize(self, stream.close)
        self._reader: Any = reader.from_stream(stream)
        self.schema = self._reader.schema

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self._reader is None:
            raise ValueError("the stream is closed, with its project or by its end")
        with _told(OSError, ValueError):
            batch = self._stream.reading(lambda: next(self._reader, None))
        if batch is None:
            self.close()
            raise StopIteration
        return batch

    def close(self) -> None:
        """Let go of the warehouse."""
        self._reader = None
        self._let_go()


def _library(name: str) -> Any:
    """Return an optional library; raise ``UsageError`` that says how to get it."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise UsageError(f"{package} is not installed. It is not part of Headgate: pip install {package}") from error


@contextmanager
def _told(*errors: type[Exception]) -> Iterator[None]:
    """Raise ``Refused`` in the engine's words where reading a stream breaks off with one of these."""
    try:
        yield
    except errors as error:
        from headgate.app.sql import broken_stream

        raise broken_stream(error) from error
