"""Two queries over the same rows: those that pass all of some tests, and those that fail one, with the tests' names.

Whether a row fails is asked in the words in which the tests are measured. A row of which that is unknown passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headgate.core.measures import Failing, Orphans
from headgate.core.ports.measuring import Measured
from headgate.core.quarantine import FAILED_TESTS
from headgate.plugins.engines.measure_texts import Words, fails_in_row, source
from headgate.plugins.engines.sql_texts import listed, literal, quoted


@dataclass(frozen=True, slots=True)
class RowTest:
    """A test that each row passes or fails, and what people call it."""

    name: str
    measure: Failing | Orphans


def passing_rows(tests: Sequence[RowTest], table: Measured, words: Words) -> str:
    """Return the SELECT of the rows that no test fails."""
    passes = "\n  and ".join(f"({fails_in_row(one.measure, table, words)}) is not true" for one in tests)
    return f"select {listed(table.types)}\nfrom {source(table)}" + (f"\nwhere {passes}" if passes else "")


def failing_rows(tests: Sequence[RowTest], table: Measured, words: Words) -> str:
    """Return the SELECT of the other rows, with a column that lists the tests that each fails, in their order."""
    texts = [fails_in_row(one.measure, table, words) for one in tests]
    names = "".join(
        f",\n  case when ({text}) is true then {literal(one.name)} end" for one, text in zip(tests, texts, strict=True)
    )
    failed = f"concat_ws(', '{names}) as {quoted(FAILED_TESTS)}" if tests else f"'' as {quoted(FAILED_TESTS)}"
    fails = "\n  or ".join(f"({text}) is true" for text in texts) or "false"
    return f"select {listed(table.types)},\n  {failed}\nfrom {source(table)}\nwhere {fails}"
