"""The words of checks: how many passed, and which warn."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from headgate.core.address import fold
from headgate.core.checks import Outcome
from headgate.words.figures import counted
from headgate.words.layout import aligned, cut, styled
from headgate.words.sql import cell_text

if TYPE_CHECKING:
    from headgate.app.measuring import Verdict
    from headgate.core.checks import Result

OF_CHECKS = ("HG701", "HG702")
"""The codes of failures that are told with their rows."""

_WARNINGS_MAX = 20
_ROWS_MAX, _COLUMNS_MAX, _CELL_WIDTH_MAX = 5, 6, 40
"""Of a sample so much is shown."""


def checks_text(verdict: Verdict) -> str:
    """Return how many checks there were and what came of them; empty where there were none."""
    results = verdict.of(*Outcome)
    if not results:
        return ""
    warning = len(verdict.of(Outcome.WARN))
    passed = counted(len(results) - warning, "check") + " passed"
    return f"{passed}, {warning:,} {'warns' if warning == 1 else 'warn'}." if warning else f"{passed}."


def lines_of_warnings(verdict: Verdict) -> list[str]:
    """Return a line for each check that warns; of many the first ones."""
    found = verdict.of(Outcome.WARN)
    lines = [f"{styled('warning', 'yellow')}  {_told(result)}" for result in found[:_WARNINGS_MAX]]
    return lines + ([f"and {len(found) - len(lines):,} more warnings"] if len(found) > len(lines) else [])


def lines_of_failed(verdict: Verdict) -> list[str]:
    """Return what failed, or could not be measured, with some of the rows that fail."""
    lines: list[str] = []
    for result in verdict.of(Outcome.FAIL, Outcome.UNKNOWN):
        place = f"  {result.check.test.place}" if result.check.test.place else ""
        is_known = result.outcome is Outcome.FAIL
        told = (
            f"{result.check.name}: {result.told}"
            if is_known
            else f"{result.check.name} could not be measured: {result.told}"
        )
        lines += [f"{styled('failed', 'red', 'bold')}  {result.check.address}{place}", f"  {told}"]
        lines += lines_of_sample(result)
    return lines


def lines_of_sample(result: Result) -> list[str]:
    """Return some of the failing rows as a table: the tested column first, then others as far as there is room."""
    sample = result.sample
    if sample is None or not sample.rows:
        return []
    names = sorted(range(len(sample.columns)), key=lambda n: fold(sample.columns[n]) != fold(result.check.test.column))
    names = names[:_COLUMNS_MAX]
    head = [styled(sample.columns[n], "dim") for n in names]
    rows = [[cut(cell_text(row[n]), _CELL_WIDTH_MAX) for n in names] for row in sample.rows[:_ROWS_MAX]]
    return aligned([head, *rows], width=sys.maxsize, indent="    ")


def checks_to_json(verdict: Verdict) -> list[dict[str, Any]]:
    """Return what `--json` says of each check."""
    return [
        {
            "address": result.check.address,
            "name": result.check.name,
            "kind": result.check.test.kind,
            "column": result.check.test.column,
            "outcome": result.outcome.value,
            "failures": result.failures,
            "out_of": result.out_of,
            "told": result.told,
            "sample": None
            if result.sample is None
            else {"columns": list(result.sample.columns), "rows": [list(row) for row in result.sample.rows]},
        }
        for result in verdict.of(*Outcome)
    ]


def _told(result: Result) -> str:
    place = f"  {result.check.test.place}" if result.check.test.place else ""
    return f"{result.check.address}  {result.check.name}: {result.told}{place}"
