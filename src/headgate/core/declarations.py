"""What the repository declares, as it stands in the files: parsed and checked one by one, not yet linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.comparison import EXACT, Tolerance
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.hashing import Digest, digest
from headgate.core.limits import NO_COST_LIMIT, CostLimit, Limits
from headgate.core.loading import Loading

if TYPE_CHECKING:
    from headgate.core.envelope import PublicKey
    from headgate.core.expected import ExpectedChange
    from headgate.core.policy import Policy
    from headgate.core.promises import Constraint, Contract, DeclaredTest, Freshness
    from headgate.core.python import PythonDeclaration
    from headgate.core.template import Template
    from headgate.core.unit_tests import UnitTest


class Kind(StrEnum):
    """The kinds of asset; the last two stand beside a table whose failing rows are set aside: `core/quarantine.py`."""

    SOURCE = "source"
    SEED = "seed"
    VIEW = "view"
    TABLE = "table"
    INCREMENTAL = "incremental"
    SNAPSHOT = "snapshot"
    EXPOSURE = "exposure"
    UNCHECKED = "unchecked"
    QUARANTINE = "quarantine"

    @property
    def of_recipe(self) -> str:
        """What a recipe says: what is made as a table is one, whoever may see it, so that it is not made twice."""
        return Kind.TABLE.value if self in (Kind.UNCHECKED, Kind.QUARANTINE) else self.value


NOT_SHOWN = frozenset({Kind.SOURCE, Kind.EXPOSURE, Kind.UNCHECKED})
"""What an environment points to without a view."""

NOT_COMPARED = NOT_SHOWN | {Kind.QUARANTINE}
"""What is not held against what it replaces: a quarantine is judged by the thresholds of its tests."""


@dataclass(frozen=True, slots=True)
class DeclaredColumn:
    """A column as a property file or a header names it; ``type`` is empty where none was given.

    ``is_protected`` says whether its values may be shown (``core/protection.py``); None where nobody said.
    ``tolerance`` is by how much its numbers may differ from those of an older build. ``meta`` holds what is read and
    kept but not used.
    """

    name: str
    type: str = ""
    description: str = ""
    place: Place | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    is_protected: bool | None = None
    tolerance: Tolerance = EXACT


@dataclass(frozen=True, slots=True)
class Properties:
    """What YAML and headers say about an asset beside its code. ``meta`` holds what is read and kept but not used.

    ``owner`` is that of the group where the asset has none of its own. ``tests`` and ``constraints`` are those of the
    asset and of its columns. ``loading`` is there for incrementals and snapshots. ``cron`` says when a run takes new
    data (five fields, in UTC unless the asset's zone is another); empty: whenever there is some. ``is_isolated``: where
    the data moved on as well, a change of its code is compared on the same data.
    """

    kind: Kind | None = None
    owner: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    columns: tuple[DeclaredColumn, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None
    group: str = ""
    tests: tuple[DeclaredTest, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    contract: Contract | None = None
    freshness: Freshness | None = None
    loading: Loading | None = None
    cron: str = ""
    is_isolated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Some assets with one owner. ``email`` is empty, or where the owner can be reached; ``meta`` as of assets."""

    name: str
    owner: str
    email: str = ""
    description: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry of a section of dbt that Headgate has nothing of, such as ``metrics:``, with its plain values."""

    section: str
    name: str
    values: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class File:
    """One file of the repository, by content. Its bytes are read again when they are needed."""

    path: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class AssetDeclaration:
    """A table, a view or a seed; ``text`` is its SQL, the header included: places count from the file's first line.

    A table that is a function has ``python``, and as text that of its file. A text that a template gave has
    ``template``; ``is_faulty``: it gave none, and why is among the diagnostics. ``places``: where the keys about its
    loading stand.
    """

    address: Address
    kind: Kind
    file: File
    text: str
    properties: Properties
    python: PythonDeclaration | None = None
    template: Template | None = None
    is_faulty: bool = False
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def digest(self) -> Digest:
        """The identity of the text and of its places: that of the file, unless a template gave the text."""
        if self.template is None:
            return self.file.digest
        return digest("filled", self.file.digest, self.text, self.template.runs)


@dataclass(frozen=True, slots=True)
class FileSource:
    """Data in files: ``pattern`` is a glob relative to the repository, or absolute inside an allowed folder.

    ``files`` are those that it matches now, sorted by path, each with its content's digest. ``format`` is csv,
    parquet or json.
    """

    pattern: str
    format: str
    files: tuple[File, ...]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableSource:
    """Data in a table of the engine that somebody else fills."""

    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class SourceDeclaration:
    """A source: where its data is, and the columns that were declared (all of them, or none)."""

    address: Address
    location: FileSource | TableSource
    properties: Properties
    place: Place


@dataclass(frozen=True, slots=True)
class Use:
    """What an exposure reads of one asset; no columns means all of them."""

    address: Address
    columns: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ExposureDeclaration:
    """A dashboard or report outside of Headgate that reads assets."""

    address: Address
    uses: tuple[Use, ...]
    properties: Properties
    place: Place


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """One engine: its kind, where it is, and the folders outside of the repository that it may read.

    ``path`` is a file, relative to the repository; ``url`` the address of a server, in which a password may stand.
    """

    name: str
    kind: str
    path: str
    allow: tuple[str, ...] = ()
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """One environment, or with the name ``*`` every other one. ``retain_seconds``: how long replaced builds stay."""

    name: str
    engine: str
    protected: bool
    retain_seconds: int


PYTHON_LIMITS = Limits(seconds=3600, bytes=4 * 10**9)
"""What a call of a Python asset may use where nobody says otherwise."""

TEMPLATES = ("jinja", "none")
"""What ``template:`` may say."""


@dataclass(frozen=True, slots=True)
class TemplateConfig:
    """What ``headgate.toml`` says of templates. ``language``: of SQL files that say nothing; empty for plain SQL.

    ``environ`` lists the variables of the process that templates may read; ``target`` is what they see as ``target``.
    """

    language: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    environ: tuple[str, ...] = ()
    target: Mapping[str, Any] = field(default_factory=dict)


STATE_SCHEMA = "headgate_state"
"""The schema of a state on PostgreSQL that is not called otherwise."""


@dataclass(frozen=True, slots=True)
class RecordConfig:
    """What ``headgate.toml`` says of the records of releases.

    ``key`` is the file of the private key, or ``env:NAME`` for a variable that holds the key itself or names its file;
    empty for the user's own. ``signers`` are the public keys that count; none: those that the state has seen.
    """

    key: str = ""
    signers: tuple[PublicKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """``headgate.toml`` with its defaults filled in. ``bare`` names the environment whose schemas have no suffix.

    ``python`` bounds every call of a Python asset that does not say otherwise, ``cost_limit`` every comparison.
    ``gate`` is None where no policy is given.
    """

    name: str
    engines: Mapping[str, EngineConfig]
    environments: Mapping[str, EnvironmentConfig]
    bare: str
    state_url: str = ""
    state_schema: str = STATE_SCHEMA
    python: Limits = PYTHON_LIMITS
    templates: TemplateConfig = field(default_factory=TemplateConfig)
    record: RecordConfig = RecordConfig()
    gate: Policy | None = None
    cost_limit: CostLimit = NO_COST_LIMIT

    @property
    def policy(self) -> Policy:
        """The policy of the gate, defaults filled in."""
        from headgate.core.policy import Policy  # every command reads this file, few ask the gate

        return self.gate or Policy()

    def environment(self, name: str) -> EnvironmentConfig | None:
        """Return the environment called ``name``, made from ``*`` where it has no section; else None."""
        found = self.environments.get(name)
        if found is None and (any_other := self.environments.get("*")):
            found = EnvironmentConfig(name, any_other.engine, any_other.protected, any_other.retain_seconds)
        return found


@dataclass(frozen=True, slots=True)
class QueryTest:
    """A data test that is a query: the rows that it gives fail. ``asset`` is its text, called ``tests.NAME``."""

    asset: AssetDeclaration
    test: DeclaredTest


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that the repository declares, with all faults that could be seen file by file.

    ``tree`` lists every file that Headgate reads: it is what "clean" compares with a commit and what a release keeps.
    ``variables`` are those of the process that templates asked for. ``expected`` is what changes are expected to do.
    ``generic_tests`` are the names of data tests that macros of its own define.
    """

    config: Config
    assets: tuple[AssetDeclaration, ...]
    sources: tuple[SourceDeclaration, ...]
    exposures: tuple[ExposureDeclaration, ...]
    tree: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    variables: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    unit_tests: tuple[UnitTest, ...] = ()
    kept: tuple[KeptEntry, ...] = ()
    queries: tuple[QueryTest, ...] = ()
    expected: tuple[ExpectedChange, ...] = ()
    generic_tests: frozenset[str] = frozenset()
