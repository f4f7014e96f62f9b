"""What one file says, before it is put together with what others say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headgate.core.declarations import DeclaredColumn, Group, KeptEntry
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.hashing import Digest
from headgate.core.limits import NO_LIMITS, Limits
from headgate.core.promises import Constraint, Contract, DeclaredTest, Freshness
from headgate.core.python import NamedInput
from headgate.core.unit_tests import Cell, WrittenRows

if TYPE_CHECKING:
    from headgate.core.expected import ExpectedChange


@dataclass(frozen=True, slots=True)
class Stated:
    """A text, and where it stands."""

    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class StatedUse:
    """One thing that is read: a name as written, with or without schema; no columns means all.

    ``is_ref``: in a call of ``ref``, which never means a source; ``before`` is what stands there in front of the name,
    a schema or a package.
    """

    name: str
    columns: tuple[str, ...]
    place: Place
    is_ref: bool = False
    before: str = ""


@dataclass(frozen=True, slots=True)
class StatedTest:
    """A test, with the names of assets and sources in its arguments, not looked up yet."""

    test: DeclaredTest
    uses: Mapping[str, StatedUse] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatedConstraint:
    """A constraint, with the name of the asset that it leads to."""

    constraint: Constraint
    to: StatedUse | None = None


@dataclass(frozen=True, slots=True)
class StatedKey:
    """One key about loading: our name of it, as it is ``written``, and its texts, at least one.

    ``is_dbts``: dbt has it, below ``config:``, where it may be said of a whole folder.
    """

    key: str
    written: str
    texts: tuple[Stated, ...]
    is_dbts: bool = False


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A key that is not known; ``meant`` is what it would say, spelt as it is nearly, ``place`` where it stands."""

    meant: StatedKey
    place: Place


@dataclass(frozen=True, slots=True)
class Statement:
    """What a header, or one entry of a property file, says about one asset; None where it says nothing.

    ``name`` is as written (``flights`` or ``staging.flights``; empty in a header without one), ``section`` the key it
    stands under (``models``, ``seeds``, ...; empty for a header).
    """

    name: str
    section: str
    place: Place
    kind: Stated | None = None
    template: Stated | None = None
    owner: Stated | None = None
    description: Stated | None = None
    tags: tuple[Stated, ...] = ()
    columns: tuple[DeclaredColumn, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    group: Stated | None = None
    tests: tuple[StatedTest, ...] = ()
    constraints: tuple[StatedConstraint, ...] = ()
    contract: Contract | None = None
    is_isolated: Stated | None = None
    freshness: Freshness | None = None
    loading: tuple[StatedKey, ...] = ()
    misspelt: tuple[Misspelt, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedFiles:
    """Data in files, as a property file says it: a glob, not looked up yet. ``format`` may be empty: by the name."""

    pattern: str
    format: str
    options: Mapping[str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class StatedTable:
    """Data in a table of the engine."""

    schema: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class SourceStatement:
    """One table of a source: its address is ``schema.statement.name``."""

    schema: str
    statement: Statement
    location: StatedFiles | StatedTable


@dataclass(frozen=True, slots=True)
class ExposureStatement:
    """One exposure: what it is, and what it reads."""

    statement: Statement
    uses: tuple[StatedUse, ...]


@dataclass(frozen=True, slots=True)
class PythonFunction:
    """One decorated function of a file: what it says, and the identity of its own text."""

    name: str
    place: Place
    inputs: tuple[NamedInput, ...]
    code: Digest
    statement: Statement
    reads: Mapping[str, tuple[tuple[str, str], ...]] | None = None
    row_reads: tuple[tuple[str, str], ...] | None = None
    variables: tuple[Stated, ...] = ()
    is_deterministic: bool = False
    is_networked: bool = False
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class UnitTestStatement:
    """A unit test: ``asset`` is the tested one as written, ``given`` its inputs (None: the asset itself) with rows."""

    name: Stated
    asset: Stated
    given: tuple[tuple[StatedUse | None, WrittenRows, Place], ...]
    expected: WrittenRows
    overrides: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    tags: tuple[str, ...] = ()
    is_enabled: bool = True
    kept: Mapping[str, Any] = field(default_factory=dict)
    now: Cell | None = None
    start: Cell | None = None
    end: Cell | None = None


@dataclass(frozen=True, slots=True)
class QueryStatement:
    """A data test that is a query, as its file says.

    ``stated`` are the keys of its header; ``template`` is the language that it names, empty where it names none.
    """

    test: DeclaredTest
    stated: frozenset[str] = frozenset()
    template: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file, understood alone: a function of its path and its bytes, so that it can be cached by content.

    ``schema`` and ``name`` are those of an asset's file, empty where the file is no asset or its place is not allowed;
    ``text`` is what was read, empty for seeds. A Python file has ``functions``, each an asset. ``contracted`` are the
    assets that contracts name. ``unused`` are keys that are kept although dbt would do something. ``query`` is the data
    test, ``expected`` the expected change that the file is.
    """

    path: str
    schema: str = ""
    name: str = ""
    text: str = ""
    header: Statement | None = None
    statements: tuple[Statement, ...] = ()
    sources: tuple[SourceStatement, ...] = ()
    exposures: tuple[ExposureStatement, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    functions: tuple[PythonFunction, ...] = ()
    groups: tuple[Group, ...] = ()
    unit_tests: tuple[UnitTestStatement, ...] = ()
    kept: tuple[KeptEntry, ...] = ()
    contracted: tuple[Stated, ...] = ()
    unused: tuple[tuple[str, Place], ...] = ()
    query: QueryStatement | None = None
    expected: ExpectedChange | None = None
