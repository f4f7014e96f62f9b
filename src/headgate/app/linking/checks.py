"""The checks that a repository declares: compiled with the kinds that there are, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from headgate.core.address import fold
from headgate.core.declarations import Kind, TableSource
from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.graph import ExposureNode, SourceNode, tests_of_node
from headgate.core.promises import QUARANTINE
from headgate.core.quarantine import parts_of

if TYPE_CHECKING:
    from headgate.app.linking.conditions import Conditions
    from headgate.core.address import Address
    from headgate.core.checks import Check
    from headgate.core.graph import AnyNode
    from headgate.core.promises import DeclaredTest
    from headgate.core.recipe import Shape
    from headgate.evidence.compile import Checks


def checks_of(
    address: Address,
    tests: Iterable[DeclaredTest],
    shape: Shape,
    shapes: Mapping[Address, Shape],
    *,
    dialect: str,
    now: str = "",
    generic_tests: Set[str] = frozenset(),
) -> Checks:
    """Return the checks of an asset with these columns; ``shapes`` are the columns of all others.

    ``now`` is the present by which answers are read; ``generic_tests`` are those that macros define.
    """
    from headgate.evidence.compile import compile_tests
    from headgate.plugins.checks.instead import INSTEAD
    from headgate.plugins.checks.kinds import KINDS

    return compile_tests(
        address,
        tests,
        shape,
        kinds=KINDS,
        generic_tests=generic_tests,
        instead=INSTEAD,
        shape_of=shapes.get,
        dialect=dialect,
        now=now,
    )


def faults_of_tests(
    nodes: Mapping[Address, AnyNode], conditions: Conditions, generic_tests: Set[str]
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the declared tests of a graph; what has no known columns is left unchecked.

    Cost: microseconds a test; a millisecond for each piece of SQL that the cache does not know.
    """
    tested = {a: (node, tests) for a, node in nodes.items() if (tests := tests_of_node(node))}
    if not tested:
        return ()
    shapes = {address: shape for address, node in nodes.items() if (shape := _shape(node))}
    found: list[Diagnostic] = []
    for address, (node, tests) in tested.items():
        if isinstance(node, SourceNode) and not node.is_captured:
            found.append(_nobody_reads(node, tests))
            continue
        if address not in shapes:
            continue
        lacking = _told_as_lacking(node, shapes[address])
        tests = tuple(
            test
            for test in tests
            if (test.kind != QUARANTINE or test.references.get("to", address) in shapes)
            and fold(test.column) not in lacking
        )
        declaring = parts_of(address)[0] if node.kind is Kind.UNCHECKED else address
        checks = checks_of(
            declaring, tests, shapes[address], shapes, dialect=conditions.dialect, generic_tests=generic_tests
        )
        found += checks.diagnostics
        for check in checks.checks:
            found += _faults_of_sql(check, address, shapes, conditions)
    return tuple(found)


def _told_as_lacking(node: AnyNode, shape: Shape) -> frozenset[str]:
    """Return the columns, folded, of which it is told already that they are declared and not there."""
    if isinstance(node, SourceNode) and isinstance(node.location, TableSource):
        return frozenset()  # its columns are looked up, and nothing declared is held against them
    return frozenset({fold(c.name) for c in node.properties.columns} - {fold(c.name) for c in shape})


def _nobody_reads(node: SourceNode, tests: Sequence[DeclaredTest]) -> Diagnostic:
    hint = "Read it with an asset: a source is captured, and then measured, for what reads it."
    text = f"no asset reads {node.address}: its tests do not run"
    return Diagnostic("HG312", text, tests[0].place, hint, severity=Severity.WARNING)


def _shape(node: AnyNode) -> Shape:
    if isinstance(node, ExposureNode):
        return ()
    return node.shape if isinstance(node, SourceNode) else node.recipe.shape


def _faults_of_sql(
    check: Check, address: Address, shapes: Mapping[Address, Shape], conditions: Conditions
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the SQL in a check; ``address`` is that of the rows that it looks at."""
    from headgate.core.measures import Like, fragments_of
    from headgate.sql.conditions import NotUnderstood

    found = (getattr(measure, "condition", None) for measure in check.compiled.measures)
    for condition in found:
        if isinstance(condition, Like) and (told := conditions.fault_in_pattern(condition.pattern)):
            summary = f"{check.name} of {check.address}: {condition.pattern} is no regular expression: {told}"
            yield Diagnostic("HG360", summary, check.test.place, "Write it as RE2 has it.")
    fragments = dict.fromkeys(f for measure in check.compiled.measures for f in fragments_of(measure))
    for fragment in fragments:
        try:
            conditions.understood(fragment, shapes[fragment.of or address])
        except NotUnderstood as fault:
            of = f" over {fragment.of}" if fragment.of else ""
            summary = f"{check.name} of {check.address}: {fragment.text.strip()}{of}: {fault}"
            what = "condition" if fragment.is_condition else "value"
            hint = f"Write one {what} over the columns of {fragment.of or 'the asset'}."
            yield Diagnostic("HG360", " ".join(summary.split()), check.test.place, hint)
