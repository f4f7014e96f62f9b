"""The words of checks: how many passed, and which warn."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headgate.core.address import fold
from headgate.core.checks import Outcome
from headgate.core.promises import QUARANTINE
from headgate.words.figures import counted
from headgate.words.layout import aligned, cut, styled
from headgate.words.sql import cell_text

if TYPE_CHECKING:
    from headgate.app.measured.measuring import Verdict
    from headgate.core.checks import Check, Result

OF_CHECKS = ("HG701", "HG702")
"""The codes of failures that are told with their rows."""

_WARNINGS_MAX = 20
_ROWS_MAX, _COLUMNS_MAX, _CELL_WIDTH_MAX = 5, 6, 40
"""Of a sample so much is shown."""


def checks_text(results: Sequence[Result]) -> str:
    """Return how many checks there were and what came of them; empty where there were none."""
    if not results:
        return ""
    passing = sum(result.outcome is Outcome.PASS for result in results)
    failing = sum(result.is_failed for result in results)
    warning, parts = len(results) - passing - failing, [counted(passing, "check") + " passed"]
    parts += [f"{warning:,} {'warns' if warning == 1 else 'warn'}"] if warning else []
    parts += [f"{failing:,} {'fails' if failing == 1 else 'fail'}"] if failing else []
    return f"{', '.join(parts)}."


def lines_of_warnings(verdict: Verdict) -> list[str]:
    """Return a line for each check that warns; of many the first ones."""
    found = verdict.warned
    lines = [f"{styled('warning', 'yellow')}  {_told(result)}" for result in found[:_WARNINGS_MAX]]
    return lines + ([f"and {len(found) - len(lines):,} more warnings"] if len(found) > len(lines) else [])


def distinct_names(checks: Sequence[Check]) -> list[str]:
    """Return what each check is called, with what it demands, or where it stands, where several have one name."""
    names = [check.name for check in checks]
    for more in (lambda check: check.compiled.demands, lambda check: str(check.test.place or "")):
        times = Counter(names)
        names = [
            f"{name}, {told}" if times[name] > 1 and (told := more(check)) else name
            for name, check in zip(names, checks, strict=True)
        ]
    return names


def lines_beside_failed(verdict: Verdict) -> list[str]:
    """Return what is told of all checks below those that failed: what warns, and how many came out how."""
    told = checks_text(verdict.of(*Outcome))
    return [*lines_of_warnings(verdict), *lines_of_set_aside(verdict), *([told] if told else [])]


def outcome_text(result: Result) -> str:
    """Return in a few words what came of a check."""
    if result.outcome is Outcome.PASS:
        return f"passes, {result.told}" if result.failures else "passes"
    if result.outcome in (Outcome.UNKNOWN, Outcome.ABSENT):
        return f"not known, {result.told}"
    return f"{'warns' if result.outcome is Outcome.WARN else 'fails'}, {result.told}"


def lines_of_set_aside(verdict: Verdict) -> list[str]:
    """Return a line for each asset of which rows are set aside, unless that is among what warns or fails."""
    found = (one for one in verdict.of(Outcome.PASS) if one.check.test.kind == QUARANTINE and one.failures)
    return [f"{one.check.address}: {one.told}." for one in found]


def not_run_text(reasons: Sequence[str], *, most: int = 3) -> str:
    """Return how many data tests do not run, and why of so many at most; empty where all do.

    >>> not_run_text(["no kind is called a.b (assets/m.yml:4:9)"])
    '1 data test does not run: no kind is called a.b (assets/m.yml:4:9).'
    >>> not_run_text(["a", "b"], most=0)
    '2 data tests do not run'
    """
    count = len(reasons)
    if not count:
        return ""
    text = f"{counted(count, 'data test')} {'does' if count == 1 else 'do'} not run"
    more = [f"and {count - most:,} more"] if count > most else []
    return f"{text}: {'; '.join([*reasons[:most], *more])}." if most else text


def lines_of_failed(verdict: Verdict) -> list[str]:
    """Return what failed, or could not be measured, with some of the rows that fail."""
    lines: list[str] = []
    for result in verdict.failed:
        place = f"  {result.check.test.place}" if result.check.test.place else ""
        told = _sentence(result)
        lines += [f"{styled('failed', 'red', 'bold')}  {result.check.address}{place}", f"  {told}"]
        lines += ["  Its contract promises that."] if result.check.test.is_promised else []
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


def checks_to_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return what `--json` says of each check."""
    from headgate.core.report_json import result_to_json

    return [result_to_json(result) for result in results]


def _told(result: Result) -> str:
    place = f"  {result.check.test.place}" if result.check.test.place else ""
    return f"{result.check.address}  {_sentence(result)}{place}"


def _sentence(result: Result) -> str:
    is_found = result.outcome not in (Outcome.UNKNOWN, Outcome.ABSENT)
    return f"{result.check.name}{'' if is_found else ' could not be measured'}: {result.told}"
