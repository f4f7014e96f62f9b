"""The port of an engine: where tables live and views are shown.

An ``Engine`` is an open session. Where it ``is_transactional``, every method that writes is one transaction; elsewhere
such a method may be repeated until it is done, and what tells that it happened is written last. Relation names of
physical tables are chosen by Headgate (``physical_name``); users' SQL comes with inputs already replaced.
Errors: ``EngineBusy`` on opening, ``StatementFailed`` for the user's own SQL, ``EngineFailed`` for all else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from headgate.core.address import Address, split
from headgate.core.checks import Sample
from headgate.core.comparison import Differences
from headgate.core.declarations import FileSource, TableSource
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest, short
from headgate.core.measures import Answer, Measure, Shown
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.ports.loads import LoadEnd, LoadPart, LoadStart, OpenLoad, Visible
from headgate.core.ports.measuring import Measured, Unanswered
from headgate.core.ports.python import ArrowStream, OpenStream
from headgate.core.profiles import Profile
from headgate.core.recipe import Shape
from headgate.core.records import LogHead, SetAside


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do. All fields are required: an engine that cannot do a thing says so."""

    kind: str
    version: str
    dialect: str
    is_transactional: bool
    parallel_builds: int
    identifier_bytes_max: int


@dataclass(frozen=True, slots=True)
class Marker:
    """What the engine knows of an environment: the state it belongs to, the last serial, fence and intent."""

    state: str
    serial: int
    fence: int
    intent: str


@dataclass(frozen=True, slots=True)
class SelectInput:
    """Build from a SELECT in which every input is replaced by its physical relation."""

    sql: str


@dataclass(frozen=True, slots=True)
class SeedInput:
    """Build from a CSV file with a header, at an absolute path; the shape gives the types."""

    path: str


@dataclass(frozen=True, slots=True)
class CaptureInput:
    """Build by copying a source. For files, ``root`` is the folder that relative paths start from."""

    location: FileSource | TableSource
    root: str


@dataclass(frozen=True, slots=True)
class StreamInput:
    """Build from a table that comes as an Arrow stream; its columns are found by name."""

    stream: ArrowStream


@dataclass(frozen=True, slots=True)
class BuildJob:
    """One table to make. The result must have exactly ``shape`` (names, order, types), else ``StatementFailed``."""

    id: Digest
    address: Address
    relation: str
    shape: Shape
    input: SelectInput | SeedInput | CaptureInput | StreamInput
    fence: int


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What was made: rows, bytes (an estimate), seconds; of a function also what it printed."""

    id: Digest
    rows: int
    bytes: int
    seconds: float
    printed: str = ""


@dataclass(frozen=True, slots=True)
class ShownView:
    """A view to show: its schema, its name, and the SELECT that is its body."""

    schema: str
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Publication:
    """A switch of one environment: the marker as it must be and as it becomes, views to replace and to drop.

    ``tables`` are physical relations that must exist, else nothing happens. ``aside`` are tables and views of others
    that get their other name before views are shown, ``back`` those that get their own name after views are dropped.
    ``log`` is the end of the state's log before the move, of which the engine keeps a copy; None leaves that as it is.
    """

    environment: str
    before: Marker | None
    after: Marker
    replace: tuple[ShownView, ...]
    drop: tuple[tuple[str, str], ...]
    tables: tuple[str, ...]
    aside: tuple[SetAside, ...] = ()
    back: tuple[SetAside, ...] = ()
    log: LogHead | None = None


class Standing(StrEnum):
    """What stands in the engine under the name of a view that shall be shown."""

    AS_GIVEN = "as given"
    ABSENT = "absent"
    OTHER = "other"  # a view with another text
    TABLE = "table"
    UNKNOWN = "unknown"  # a view; what it has to read is gone, so that the two cannot be compared


@dataclass(frozen=True, slots=True)
class BuiltRow:
    """A row of ``headgate.builds``: the physical relation, and its rows and bytes when it was made."""

    relation: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A physical table as it is now: its columns (types without collation; a storage's two are left out), its rows."""

    shape: Shape
    rows: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is in an engine: at one moment where it ``is_transactional``, else as read one after the other.

    ``builds`` are the rows of ``headgate.builds``, ``tables`` the physical tables by relation, whoever made them;
    ``visible`` counts the rows that each build of a storage shows, ``open`` are storages in which a load was begun.
    ``views`` tells of those asked for, by schema and name; ``others`` are all views beside that read physical tables.
    """

    builds: Mapping[Digest, BuiltRow]
    tables: Mapping[str, StoredTable]
    views: Mapping[tuple[str, str], Standing]
    others: frozenset[tuple[str, str]]
    visible: Mapping[Digest, int] = field(default_factory=dict)
    open: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer to a query: column names, their types, and the rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A table or view as the engine's catalogue has it, its comment and those of its columns by name.

    ``fault`` says why its columns cannot be read, where they cannot: a view whose own tables have changed.
    """

    schema: str
    name: str
    shape: Shape
    comment: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


class Engine(Protocol):
    """An open session on one warehouse. Its methods may be called from several threads."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; never changes."""

    def state(self) -> str | None:
        """Return the id of the state that the warehouse belongs to, or None where it belongs to none."""

    def adopt(self, state: str) -> None:
        """Write that the warehouse belongs to ``state``, with Headgate's own schema and tables; may be repeated."""

    def markers(self) -> Mapping[str, Marker]:
        """Return the marker of every environment."""

    def log(self) -> LogHead | None:
        """Return the last event of the state's log that a publication has written down, or None."""

    def fence(self, environment: str, before: Marker, fence: int) -> None:
        """Raise the fence in the marker; raise ``Conflict`` where the marker is not ``before``."""

    def columns(self, tables: Collection[TableSource]) -> Mapping[TableSource, Shape]:
        """Return the columns of those tables that exist. Cost: one catalogue query."""

    def described(self, schema: str) -> tuple[Described, ...]:
        """Return the tables and views of a schema, sorted by name; the schema counts as the engine compares names."""

    def schemas(self) -> tuple[str, ...]:
        """Return the schemas that hold tables or views, as written, sorted."""

    def build(
        self, jobs: Sequence[BuildJob], begun: Callable[[Address], None] | None = None
    ) -> tuple[BuildResult, ...]:
        """Make the tables and their rows in ``headgate.builds``: all or none where it ``is_transactional``, else each.

        A job whose id is there already is an error. The caller groups small jobs to share a commit. ``begun`` is told
        the address of each job as its turn comes, from the same thread.
        """

    def begin_load(self, start: LoadStart) -> OpenLoad:
        """Return the load to go on with: a storage is made where there is none, copied where that is asked for.

        What an attempt under another key left in the storage is taken out. Raises ``Conflict`` (``storage:RELATION``)
        where the base is not the newest load of its storage or another load of this fence goes on from it, and nothing
        is copied. Cost: a look-up, or the copy.
        """

    def load_part(self, load: OpenLoad, part: LoadPart) -> int:
        """Make one part in one transaction, unless it was made already; return the rows that came in.

        Raises ``StatementFailed`` where the query fails, has other columns, or gives a key twice, and ``LeaseLost``
        where somebody else has begun or ended the load since. Cost: the query, and a look for what is replaced.
        """

    def end_load(self, load: OpenLoad, end: LoadEnd) -> BuildResult:
        """Write the load's row in ``headgate.builds``; its rows are those visible at the load's number.

        Raises ``LeaseLost`` where somebody else has begun or ended the load since.
        """

    def built(self) -> Mapping[Digest, str]:
        """Return all builds in ``headgate.builds``: id to physical relation."""

    def built_rows(self, builds: Collection[Digest]) -> Mapping[Digest, BuiltRow]:
        """Return the rows of ``headgate.builds`` of some builds; what is not there is left out."""

    def drop(self, relations: Mapping[Digest, str]) -> None:
        """Drop physical tables and their rows in ``headgate.builds``; what is gone already does not count.

        A storage stays as long as one of its loads does; rows that none of those shows are deleted.
        """

    def take_out_loads(self) -> None:
        """Take out all that loads left which were begun and never ended. Nobody may be loading meanwhile."""

    def publish(self, publication: Publication) -> None:
        """Switch views and marker in one transaction; raise ``Conflict`` where marker or tables are not as demanded."""

    def shown(self, schemas: Collection[str]) -> Collection[tuple[str, str]]:
        """Return the views and tables (schema, name) that exist in ``schemas``."""

    def inventory(self, views: Collection[ShownView]) -> Inventory:
        """Return what is there, and whether ``views`` are shown with the texts given. It writes nothing.

        Cost: some catalogue queries, one binding for each view, a count for each physical table.
        """

    def query(self, sql: str, *, limit: int | None = None) -> Rows:
        """Return the answer to the user's own query; it cannot write."""

    def stream(self, sql: str, *, batch_rows: int = 0) -> OpenStream:
        """Return the answer to a query that cannot write, as an Arrow stream that is computed as it is read.

        Its batches have at most ``batch_rows`` rows; 0 is what the engine likes best. Close it.
        """

    def measure(self, table: Measured, measures: Sequence[Measure]) -> Mapping[Measure, Answer | Unanswered]:
        """Return the answer to each measure of a table that nobody writes to; one that fails spoils no other.

        Cost: as few passes over the columns that are asked for as the engine is fastest with.
        """

    def failing(self, table: Measured, measure: Shown, limit: int) -> Sample:
        """Return some rows, or keys with how often they stand there, that fail a measure: the same ones each time.

        Cost: a pass like that of the measure, and an order over the rows that fail.
        """

    def profile(self, table: Measured) -> Profile:
        """Return what the columns of a table look like that nobody writes to, those of ``table.types``.

        Of a large table quantiles and frequencies come from a sample, the same one each time, and ``distinct`` is an
        estimate. A column whose figures cannot be found, as they are too large, has its NULLs counted alone.
        Cost: a pass over the columns, and one that picks the sample: together about two hash passes.
        """

    def fingerprint(self, side: Side, key: Sequence[str], beside: Fingerprint | None = None) -> Fingerprint | None:
        """Return digests of all that a relation holds, by column where the key is unique and never NULL in it.

        ``beside``: what is known of the relation that this one may be equal to; None where that has other keys, and so
        no column that may be equal. Raises ``StatementFailed`` where the engine refuses it. Cost: a look at the key,
        one pass that digests each column; where the relation begins as the other one, one that digests whole rows comes
        first, and is all where those are equal.
        """

    def compare(self, pairing: Pairing, sample: int = 0) -> Counted:
        """Return how two relations differ, exactly, with ``sample`` rows of each kind as ``differing`` gives them.

        Rows that the key does not tell apart, as it is NULL in part or stands in several of them, are compared as a
        bag; they spoil no other. Raises ``StatementFailed`` where the engine refuses it. Cost: a look at the keys that
        are not known to be unique, one full join over the key and the columns.
        """

    def differing(self, pairing: Pairing, limit: int | None) -> Differences:
        """Return rows that differ beyond their tolerances, the same ones each time; all of them without a limit.

        Those are ``limit`` changed ones, as many removed and as many added ones: by key those with the least hash of
        it, in whatever order rows are stored; those of the bag come behind. Cost: that of ``compare``.
        """

    def relation(self, relation: str) -> str:
        """Return SQL text that names a physical table."""

    def visible(self, rows: Visible, shape: Shape) -> str:
        """Return SQL text of a relation: the columns of ``shape`` of the rows that a storage shows at a load."""

    def source(self, location: FileSource | TableSource, root: str, shape: Shape = ()) -> str:
        """Return SQL text that reads a source where it is, for live views; files with the types of ``shape``."""

    def interrupt(self) -> None:
        """Make running statements end with ``EngineFailed``; from any thread."""

    def close(self) -> None:
        """End the session and let go of the warehouse."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What binding a query gave: its columns, or why the engine refuses it (line and column in the given text).

    The first line of ``error`` says what is wrong; those below it are the engine's details, or of files the way on.
    """

    shape: Shape
    error: str = ""
    line: int = 0
    column: int = 0


class Binder(Protocol):
    """Gives exact columns of queries over empty tables, without the tables of a warehouse."""

    @property
    def identity(self) -> str:
        """What the answers depend on (engine kind and version), for keys of caches."""

    @property
    def settings(self) -> str:
        """The settings that change results, as a text for recipes: the same on every version of the engine."""

    def bind(self, sql: str, inputs: Mapping[str, Shape]) -> Bound:
        """Return the columns of ``sql``, in which inputs stand under the names that are the keys of ``inputs``."""

    def file_columns(self, location: FileSource, root: str) -> Bound:
        """Return the columns of files, looking at their contents (sniffed for csv and json)."""

    def seed_columns(self, path: str) -> Bound:
        """Return the columns of a seed, looking at all of it."""

    def empty(self, shape: Shape) -> OpenStream:
        """Return a stream of a table with these columns and no rows, as an engine would give it."""

    def stream_columns(self, stream: ArrowStream) -> Bound:
        """Return the columns that a stream would have as a table; nothing of it is read."""

    def close(self) -> None:
        """Let go of everything."""


def physical_name(address: Address, build: Digest) -> str:
    """Return the name of a build's table in the schema ``headgate``: at most 60 + 60 + 20 characters.

    >>> physical_name(Address("staging.flights"), Digest("h1:" + "ab" * 32))
    'staging__flights__abababababababab'
    """
    schema, name = split(address)
    return f"{schema}__{name}__{short(build, 16)}"


_PHYSICAL_NAME = re.compile(r".+__.+__[0-9a-f]{16}", re.DOTALL)


def is_physical_name(relation: str) -> bool:
    """Tell whether a table in the schema ``headgate`` is called as Headgate calls those it makes.

    >>> is_physical_name("staging__flights__abababababababab"), is_physical_name("scratch")
    (True, False)
    """
    return _PHYSICAL_NAME.fullmatch(relation) is not None


def address_of_physical(relation: str) -> Address | None:
    """Return whose table it is by its name; None where Headgate calls no table so.

    >>> address_of_physical("staging__stg_shop__orders__abababababababab"), address_of_physical("scratch")
    ('staging.stg_shop__orders', None)
    """
    if not is_physical_name(relation):
        return None
    schema, _, rest = relation.rpartition("__")[0].partition("__")
    return Address(f"{schema}.{rest}")
