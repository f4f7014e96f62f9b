"""`headgate sql`: a query over what an environment shows, in the names that the repository uses. It cannot write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from headgate.app.asking import asking
from headgate.app.interrupting import Unanswered, interruptible
from headgate.app.questions import shown_now
from headgate.core.address import fold, split
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.engine import Engine, Rows

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query; ``is_cut``: there are more of them."""

    environment: str
    rows: Rows
    is_cut: bool


def sql(session: Session, environment: str, query: str, *, limit: int | None) -> Answer:
    """Return the answer to ``query``; raise ``Refused`` with the engine's words where it refuses it.

    The warehouse is opened for reading only. With a limit of 0 nothing is computed: the columns are told.
    """
    with asking(session, environment, query) as (engine, text):
        count = limit + 1 if limit else limit
        rows = interruptible(lambda: engine.query(text, limit=count), engine.interrupt)
    if limit and len(rows.rows) > limit:
        return Answer(environment, type(rows)(rows.columns, rows.types, rows.rows[:limit]), is_cut=True)
    return Answer(environment, rows, is_cut=False)


class Streamed:
    """An answer as an Arrow stream that can be taken once. The warehouse is open until it is closed."""

    def __init__(self, capsule: object, engine: Engine, held: ExitStack) -> None:
        self._capsule = capsule
        self._engine = engine
        self._held = held

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:  # it asks for a favour
        """Return the capsule."""
        return self._capsule

    def reading(self, work: Callable[[], _T]) -> _T:
        """Return what reading the stream gives; Ctrl-C ends it."""
        try:
            return interruptible(work, self._engine.interrupt)
        except Unanswered:
            self._held.pop_all()  # to close it would wait for the query
            raise

    def close(self) -> None:
        """Let go of the warehouse; may be repeated. Nothing of the stream may be read any more."""
        self._capsule = None
        self._held.close()


def streamed(
    session: Session, environment: str, query: str, *, columns: Sequence[str] = (), limit: int | None = None
) -> Streamed:
    """Return the answer, or some columns of its first rows, as a stream that is computed as it is read. Close it."""
    from headgate.sql.bind import cut

    with ExitStack() as held:
        engine, text = held.enter_context(asking(session, environment, query))
        stream = engine.stream(cut(text, columns, limit) if columns or limit is not None else text)
        held.callback(stream.close)
        capsule = interruptible(stream.__arrow_c_stream__, engine.interrupt)
        return Streamed(capsule, engine, held.pop_all())


def broken_stream(error: Exception) -> Refused:
    """Return the refusal for what a library said whose reading of a stream broke off: the engine's own words."""
    from headgate.plugins.engines.duckdb_faults import said_in

    text = str(error).partition(_OF_PYTHON)[0]
    _, is_postgres, told = text.rpartition(_OF_POSTGRES)
    detail = told if is_postgres else said_in(text).message
    return Refused([Diagnostic("HG601", "the engine refused the query", detail=detail)])


_OF_PYTHON = ". Detail: Python exception"
"""What Arrow puts behind the message of an exception that a stream raised, and before its traceback."""

_OF_POSTGRES = "PostgreSQL failed: "


def count_rows(session: Session, environment: str, query: str) -> int:
    """Return how many rows the answer has. Cost: the query is run; only what counting needs of it."""
    from headgate.sql.bind import counted

    with asking(session, environment, query) as (engine, text):
        ((number,),) = interruptible(lambda: engine.query(counted(text)), engine.interrupt).rows
        return int(number)


def query_of(session: Session, environment: str, name: str) -> str:
    """Return the query for all that the environment shows under an address, or under a name that only one has.

    Raises ``Refused`` with the nearest names where there is none.
    """
    from headgate.sql.bind import quoted, selected_columns

    with session.reading() as reading:
        _, pointers = shown_now(session, reading, environment)
    found = [address for address in pointers if fold(address) == fold(name)]
    found = found or [address for address in pointers if fold(split(address)[1]) == fold(name)]
    if len(found) == 1:
        return selected_columns(".".join(map(quoted, split(found[0]))), ())
    near = found or nearest(name, pointers)
    hint = f"Did you mean {' or '.join(near[:3])}?" if near else f"Look: headgate status {environment}"
    summary = f"{name} is ambiguous in {environment}" if found else f"{environment} shows no {name}"
    raise Refused([Diagnostic("HG202", summary, hint=hint)])
