"""`headgate test`: unit tests of assets, on a few rows in memory. It needs no warehouse."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from headgate.app.interrupting import Unanswered, interruptible
from headgate.app.linking.ground import ground_of
from headgate.app.linking.link import linked
from headgate.app.linking.quoting import quoted
from headgate.app.naming import address_named
from headgate.app.repository import Repository, recorded_shapes, undeclared_tables
from headgate.app.unit_test_overrides import Overriding
from headgate.core.address import Address
from headgate.core.codes import OF_DATA
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, Severity, has_errors
from headgate.core.graph import AnyNode, Node, SourceNode
from headgate.core.quarantine import unchecked_of
from headgate.project.fixtures import Fixtures
from headgate.trial.attempt import Bench, tried
from headgate.trial.verdict import Outcome, Tried

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.errors import CodeFailed
    from headgate.core.python import PythonBody
    from headgate.core.recipe import Shape
    from headgate.core.unit_tests import UnitTest


@dataclass(frozen=True, slots=True)
class First:
    """What the first test of an asset could name: an input with its columns, and the asset's own columns."""

    asset: Address
    input: Address
    given: tuple[str, ...]
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tested:
    """How each test ended, in the order of the files; ``diagnostics`` are faults that may have hidden some.

    ``errors`` counts all others of the repository. ``asked`` is the asset whose tests were asked for;
    ``declared`` counts the tests of all. ``first`` is there where there are none to try, and something to test.
    """

    tried: tuple[Tried, ...]
    diagnostics: tuple[Diagnostic, ...]
    asked: Address | None
    declared: int
    errors: int
    seconds: float
    first: First | None = None

    def count(self, outcome: Outcome) -> int:
        """Return how many tests ended so."""
        return sum(one.outcome is outcome for one in self.tried)

    @property
    def is_good(self) -> bool:
        """Whether no test failed, and none could not be read or tried."""
        return not has_errors(self.diagnostics) and not self.count(Outcome.FAILED) and not self.count(Outcome.FAULTY)


def test(session: Session, repository: Repository, name: str) -> Tested:
    """Return how all unit tests ended, or those of the asset called ``name`` where it is given.

    An asset that cannot be linked makes its own tests faulty; the others are tried. Raises ``Refused`` where ``name``
    means no asset. Cost: linking, then some milliseconds for each test.
    """
    started = time.monotonic()
    declared = repository.declarations
    asked = address_named([asset.address for asset in declared.assets], name) if name else None
    chosen = [one for one in declared.unit_tests if asked in (None, one.asset)]
    files = {one.place.path for one in declared.unit_tests if one.place}
    hidden = tuple(one for one in declared.diagnostics if _may_hide_tests(one, files))
    engine = next(iter(session.config.engines))
    tables = undeclared_tables(declared)
    recorded: Mapping[Address, Shape] = {}
    if tables:  # what was captured of them tells their columns
        with session.reading() as reading:
            recorded = recorded_shapes(session, tables, reading, engine=engine)
    ground = ground_of(session, engine)
    found, _ = linked(repository.root, declared, cache=session.cache, recorded=recorded, ground=ground)
    if not chosen:
        first = _first(found.nodes, asked)
        return Tested((), hidden, asked, len(declared.unit_tests), 0, time.monotonic() - started, first)
    errors = [one for one in found.diagnostics if one.severity is Severity.ERROR]
    seeds = {asset.address: asset.file.path for asset in declared.assets if asset.kind is Kind.SEED}
    shapes = dict(_shapes(found.nodes))
    overriding = Overriding(repository.root, declared, ground, shapes)
    tested = {one.asset for one in chosen}
    paths = {asset.address: asset.file.path for asset in declared.assets if asset.address in tested}
    faults = {address: tuple(e for e in errors if e.place and e.place.path == path) for address, path in paths.items()}
    bench = _Bench(session, found.nodes, shapes, faults, Fixtures(repository.root, seeds), overriding, ground.dialect)
    results = tuple(_quoted(one, repository) for one in bench.all(chosen))
    others = sum(one not in hidden for one in errors)
    return Tested(results, hidden, asked, len(declared.unit_tests), others, time.monotonic() - started)


def _first(nodes: Mapping[Address, AnyNode], asked: Address | None) -> First | None:
    """Return what a first test could name: of the asset that was asked for, else of the first that reads something."""
    shapes = dict(_shapes(nodes))
    for address, node in nodes.items():
        if isinstance(node, Node) and node.inputs and asked in (None, address):
            given, expected = shapes[node.inputs[0]], node.recipe.shape
            return First(address, node.inputs[0], tuple(c.name for c in given), tuple(c.name for c in expected))
    return None


def _may_hide_tests(diagnostic: Diagnostic, files: Collection[str]) -> bool:
    """Tell whether a fault stands in a file that holds tests, or may: what is faulty there is not read as one.

    A key that is not known is a warning: a test that says more than it is taken to say may pass for no reason. Data
    that is not there hides none.
    """
    path = diagnostic.place.path if diagnostic.place else ""
    if diagnostic.code in OF_DATA:
        return False
    if diagnostic.severity is Severity.WARNING:
        return diagnostic.code == "HG308" and path in files
    return path.endswith((".yml", ".yaml"))


class _Bench:
    """What tests are tried out with, in one command."""

    def __init__(
        self,
        session: Session,
        nodes: Mapping[Address, AnyNode],
        shapes: Mapping[Address, Shape],
        faults: Mapping[Address, tuple[Diagnostic, ...]],
        fixtures: Fixtures,
        overriding: Overriding,
        dialect: str,
    ) -> None:
        from headgate.plugins.engines.duckdb_scratch import open_scratch

        self._nodes = nodes
        self._shapes = shapes
        self._faults = faults
        self._fixtures = fixtures
        self._overriding = overriding
        root = str(session.root)
        self._bench = Bench(open_scratch(dialect), session.runner(), lambda e, body: _told(e, body, root), dialect)

    def all(self, tests: Sequence[UnitTest]) -> list[Tried]:
        """Return how all tests ended, and let go of everything. Ctrl-C ends the one that runs."""
        try:
            found = [interruptible(partial(self.tried, one), self._interrupt) for one in tests]
        except Unanswered:
            raise  # to close the database would wait for the query
        except BaseException:
            self._close()
            raise
        self._close()
        return found

    def tried(self, test: UnitTest) -> Tried:
        """Return how a test ended."""
        if not test.is_enabled:
            return Tried(test, Outcome.SKIPPED)
        filled, faults = self._fixtures.filled(test)
        if faults:
            return Tried(test, Outcome.FAULTY, diagnostics=faults)
        # Rows are told apart behind the query, which is what a unit test is about.
        linked = self._nodes.get(unchecked_of(test.asset)) or self._nodes.get(test.asset)
        node = self._overriding.node(test) or linked
        if isinstance(node, tuple):
            return Tried(test, Outcome.FAULTY, diagnostics=node)
        if not isinstance(node, Node):
            return Tried(test, Outcome.FAULTY, diagnostics=self._unlinked(test))
        return tried(filled, node, self._shapes, self._bench)

    def _unlinked(self, test: UnitTest) -> tuple[Diagnostic, ...]:
        """Return why the asset of a test is not there: the faults in its own file, else that there are others."""
        summary = f"{test.asset} cannot be tested: the repository has faults"
        hint = "Mend what `headgate check` tells first."
        return self._faults[test.asset] or (Diagnostic("HG344", summary, test.place, hint),)

    def _interrupt(self) -> None:
        self._bench.scratch.interrupt()
        self._bench.runner.interrupt()

    def _close(self) -> None:
        self._bench.scratch.close()
        self._overriding.close()


def _shapes(nodes: Mapping[Address, AnyNode]) -> Iterator[tuple[Address, Shape]]:
    for address, node in nodes.items():
        if isinstance(node, Node):
            yield address, node.recipe.shape
        elif isinstance(node, SourceNode):
            yield address, node.shape


def _told(error: CodeFailed, body: PythonBody, root: str) -> Diagnostic:
    from headgate.run.call import told_of_call

    return told_of_call(error, body, root=root)


def _quoted(one: Tried, repository: Repository) -> Tried:
    """Return a result whose diagnostics have the user's own lines."""
    return replace(one, diagnostics=quoted(one.diagnostics, repository.root)) if one.diagnostics else one
