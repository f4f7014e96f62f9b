"""The queries that tell the rows of an asset apart: those that fail a quarantining test, and all others.

Which rows fail is asked in the very words in which an engine measures the test, so that the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from headgate.core.address import split
from headgate.core.diagnostic import Diagnostic, has_errors
from headgate.core.measures import Failing, Orphans, fragments_of
from headgate.project.analyser import PartedRows

if TYPE_CHECKING:
    from headgate.app.linking.conditions import Conditions
    from headgate.core.address import Address
    from headgate.core.checks import Check
    from headgate.core.recipe import Shape
    from headgate.plugins.engines.measure_texts import Words
    from headgate.project.analyser import Parting


def parted_rows(parting: Parting, conditions: Conditions, words: Words) -> PartedRows:
    """Return the queries, or what forbids them. What is wrong with the tests themselves is told with all tests.

    Cost: microseconds a test; a millisecond for each piece of SQL that the cache does not know.
    """
    from headgate.app.linking.checks import checks_of
    from headgate.core.ports.measuring import Measured
    from headgate.plugins.engines.parting_texts import RowTest, failing_rows, passing_rows
    from headgate.plugins.engines.sql_texts import named

    shape = parting.shapes[parting.unchecked]
    found = checks_of(parting.address, parting.tests, shape, parting.shapes, dialect=conditions.dialect)
    told = [*_faults(found.checks, parting.shapes, shape, conditions)]
    if told or has_errors(found.diagnostics):
        return PartedRows("", "", tuple(fault for fault in told if fault is not None))
    failing = ((check.name, check.compiled.shown) for check in found.checks)
    tests = [RowTest(name, shown) for name, shown in failing if isinstance(shown, (Failing, Orphans))]
    others = {address: named(*split(address)) for test in parting.tests for address in test.references.values()}
    table = Measured(named(*split(parting.unchecked)), {c.name: c.type for c in shape}, others)
    return PartedRows(passing_rows(tests, table, words), failing_rows(tests, table, words))


def _faults(
    checks: Iterable[Check], shapes: Mapping[Address, Shape], shape: Shape, conditions: Conditions
) -> Iterator[Diagnostic | None]:
    """Yield why the rows that fail cannot be set aside; None for SQL that is none, which is told with all tests."""
    from headgate.sql.conditions import NotUnderstood

    for check in checks:
        shown, kind, place = check.compiled.shown, check.test.kind, check.test.place
        if not isinstance(shown, (Failing, Orphans)):
            hint = (
                "not_null, accepted_values, range, regex, expression and relationships can; take `quarantine` out here."
            )
            yield Diagnostic("HG365", f"{kind} judges no row by itself, so none can be set aside", place, hint)
            continue
        try:
            found = [conditions.understood(f, shapes[f.of] if f.of else shape) for f in fragments_of(shown)]
        except NotUnderstood:
            yield None
            continue
        if any(one.is_volatile for one in found):
            summary = f"{check.name} of {check.address} may say something else of the same row tomorrow"
            hint = (
                "Compare with columns, such as the time of the load: without the clock, and without what is not known."
            )
            yield Diagnostic("HG365", summary, place, hint)
