"""What linking asks about SQL and files, and what it is answered: the port of an analyser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headgate.core.address import Address
from headgate.core.clocks import Clocks
from headgate.core.declarations import AssetDeclaration, SourceDeclaration
from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import SqlBody
from headgate.core.recipe import Read, Recipe, Shape

if TYPE_CHECKING:
    from headgate.core.promises import DeclaredTest
    from headgate.core.python import PythonBody


@dataclass(frozen=True, slots=True)
class Named:
    """A relation that a text names: schema and name as written, and the diagnostic to give where it is unknown."""

    schema: str
    name: str
    unknown: Diagnostic


@dataclass(frozen=True, slots=True)
class Names:
    """What one SQL text names; or why it cannot be read."""

    relations: tuple[Named, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysed:
    """What one SQL text means; ``recipe`` is None where there are errors. ``clocks``: where it goes by two of them."""

    recipe: Recipe | None
    body: SqlBody
    diagnostics: tuple[Diagnostic, ...] = ()
    clocks: Clocks | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One SQL asset to analyse, with the columns of all its inputs, and what of them is made anew at each reading."""

    asset: AssetDeclaration
    inputs: Mapping[Address, Shape]
    volatile: frozenset[Read] = frozenset()

    @property
    def time_column(self) -> str:
        """The column of times of what is loaded by intervals, else nothing."""
        loading = self.asset.properties.loading
        return loading.timing.column if loading is not None and loading.timing is not None else ""


@dataclass(frozen=True, slots=True)
class Parting:
    """The tests that tell the rows of an asset apart, with its columns and those of all others.

    ``unchecked`` is where all of its rows stand.
    """

    address: Address
    unchecked: Address
    tests: Sequence[DeclaredTest]
    shapes: Mapping[Address, Shape]


@dataclass(frozen=True, slots=True)
class PartedRows:
    """The queries of the rows that pass, and of those that fail with the names of the tests; empty where faults are."""

    passing: str
    failing: str
    diagnostics: tuple[Diagnostic, ...] = ()


class Analyser(Protocol):
    """Understands SQL and files. An implementation may cache and may work in several processes."""

    def names(self, assets: Sequence[AssetDeclaration]) -> Mapping[Address, Names]:
        """Return what each text names."""

    def start(self, job: Job) -> None:
        """Begin to analyse; the answer comes from ``finished``."""

    def finished(self) -> Iterable[tuple[Address, Analysed]]:
        """Return at least one answer to what was started and not answered yet; nothing where there is none."""

    def seed(self, asset: AssetDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Return the columns of a seed."""

    def files(self, source: SourceDeclaration) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Return the columns of a source that is files."""

    def python(
        self, asset: AssetDeclaration, body: PythonBody, inputs: Mapping[Address, Shape]
    ) -> tuple[Shape, tuple[Diagnostic, ...]]:
        """Return the columns that a function gives on empty tables; it is called, unless that was done before."""

    def part(self, parting: Parting) -> PartedRows:
        """Return the queries that tell the rows of an asset apart."""
