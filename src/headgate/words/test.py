"""The words of unit tests: how each ended, and what came instead of what was expected."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Severity
from headgate.trial.verdict import Outcome
from headgate.words.diagnostics import lines_of, lines_of_one
from headgate.words.figures import counted
from headgate.words.layout import aligned, cut, display_width, harmless, styled, widths_of
from headgate.words.sql import is_number

if TYPE_CHECKING:
    from headgate.app.test import Tested
    from headgate.core.recipe import Shape
    from headgate.trial.verdict import Difference, Texts, Tried

ROWS_MAX = 12
"""So many rows of a difference are shown, so that it stays on one screen."""

_CELL_WIDTH_MAX = 30
_LINE_WIDTH = 110

_COLUMNS_NAMED = 3
"""So many columns of each table stand in what the first test could be."""


def lines_of_tests(tested: Tested) -> list[str]:
    """Return a line for each asset whose tests passed, and for each other test what is wrong."""
    lines: list[str] = lines_of(tested.diagnostics)
    lines += [""] if lines else []
    passed: dict[str, int] = {}
    for one in tested.tried:
        if one.outcome is Outcome.PASSED:
            passed[one.test.asset] = passed.get(one.test.asset, 0) + 1
    lines += aligned(
        [[styled("passed", "green"), address, counted(number, "test")] for address, number in passed.items()],
        width=sys.maxsize,
        indent="",
    )
    for one in tested.tried:
        if one.outcome in (Outcome.FAILED, Outcome.FAULTY):
            lines += ["", *lines_of_test(one)] if lines else lines_of_test(one)
    return lines


def lines_of_test(one: Tried) -> list[str]:
    """Return what is told of a test that did not pass."""
    place = f"  {one.test.place.path}:{one.test.place.line}" if one.test.place else ""
    word = "failed" if one.outcome is Outcome.FAILED else "not run"
    lines = [f"{styled(word, 'red', 'bold')}  {one.test.asset}  {harmless(one.test.name)}{place}"]
    if one.test.description:
        lines.append(f"  {harmless(' '.join(one.test.description.split()))}")
    if one.difference is not None:
        lines += lines_of_difference(one.difference)
    for diagnostic in one.diagnostics:
        lines += [f"  {line}" for line in lines_of_one(diagnostic)]
    return lines


def lines_of_difference(difference: Difference) -> list[str]:
    """Return the rows that differ, at most ``ROWS_MAX``, with marks under the values that changed."""
    lines = [f"  {sum_of_difference(difference)}"]
    columns = _shown_columns(difference)
    names = [difference.shape[n].name for n in columns]
    rows: list[tuple[str, Sequence[str], Sequence[int]]] = []
    for pair in difference.changed:
        expected, came = zip(*(_pair(pair.expected[n], pair.came[n]) for n in columns), strict=True)
        rows.append(("expected", expected, ()))
        rows.append(("came", came, [columns.index(n) for n in pair.columns if n in columns]))
    rows += [("missing", _cells(row, columns), ()) for row in difference.missing]
    rows += [("unexpected", _cells(row, columns), ()) for row in difference.unexpected]
    shown = rows[:ROWS_MAX]
    table = [["", *names], *([word, *cells] for word, cells, _ in shown)]
    widths = widths_of(table)
    right = frozenset(n + 1 for n, column in enumerate(columns) if _is_number(difference.shape, column))
    drawn = aligned(table, width=sys.maxsize, indent="    ", right=right)
    lines.append(drawn[0])
    for line, (_, cells, marked) in zip(drawn[1:], shown, strict=True):
        lines.append(line)
        if marked:
            lines.append(_marks(cells, marked, widths, right))
    left = len(rows) - len(shown)
    if left:
        lines.append(f"    and {counted(left, 'more row')}")
    hidden = len(difference.shape) - len(columns)
    if hidden:
        lines.append(f"    {counted(hidden, 'column')} without a difference {'is' if hidden == 1 else 'are'} not shown")
    return lines


def _marks(cells: Sequence[str], marked: Sequence[int], widths: Sequence[int], right: frozenset[int]) -> str:
    marks = ["^" * max(display_width(cell), 1) if n in marked else "" for n, cell in enumerate(cells)]
    blank = ["", *marks]
    return styled(aligned([blank], width=sys.maxsize, indent="    ", right=right, widths=tuple(widths))[0], "red")


def sum_of_difference(difference: Difference) -> str:
    """Return in words how much differs."""
    parts = [f"{counted(difference.same, 'row')} as expected"] if difference.same else []
    parts += [f"{len(difference.changed):,} changed"] if difference.changed else []
    parts += [f"{len(difference.missing):,} missing"] if difference.missing else []
    parts += [f"{len(difference.unexpected):,} unexpected"] if difference.unexpected else []
    return ", ".join(parts)


def _shown_columns(difference: Difference) -> list[int]:
    """Return the columns to show: all where they fit, else the first ones and those that differ."""
    everything = list(range(len(difference.shape)))
    rows = [row for pair in difference.changed for row in (pair.expected, pair.came)]
    rows = [*rows, *difference.missing, *difference.unexpected][:ROWS_MAX]
    widths = widths_of([[column.name for column in difference.shape], *(_cells(row, everything) for row in rows)])
    differing = {n for pair in difference.changed for n in pair.columns}
    room = _LINE_WIDTH - sum(widths[n] + 2 for n in differing)
    chosen: list[int] = []
    for n in everything:
        if n in differing:
            chosen.append(n)
        elif widths[n] + 2 <= room:
            chosen.append(n)
            room -= widths[n] + 2
    return chosen


def _cells(row: Texts, columns: Iterable[int]) -> list[str]:
    return [cut(cell_text(row[n]), _CELL_WIDTH_MAX) for n in columns]


def _pair(expected: str | None, came: str | None) -> tuple[str, str]:
    """Return two values, of long ones the part in which they begin to differ."""
    one, other = cell_text(expected), cell_text(came)
    first = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if one != other and first > _CELL_WIDTH_MAX // 2:
        begin = first - _CELL_WIDTH_MAX // 3
        one, other = (f"…{text[begin:]}" for text in (one, other))
    return cut(one, _CELL_WIDTH_MAX), cut(other, _CELL_WIDTH_MAX)


def cell_text(text: str | None) -> str:
    r"""Return a value as it is shown: what would be taken for something else stands in quotes.

    >>> cell_text(None), cell_text("null"), cell_text(""), cell_text("a\nb")
    ('null', "'null'", "''", 'a\\nb')
    """
    if text is None:
        return "null"
    shown = harmless(text).replace("\n", "\\n").replace("\t", "\\t")
    return f"'{shown}'" if not text or text != text.strip() or text == "null" else shown


def _is_number(shape: Shape, column: int) -> bool:
    return is_number(shape[column].type)


def sum_text(tested: Tested) -> str:
    """Return how the tests ended, in one line."""
    numbers = [(tested.count(outcome), word) for outcome, word in _WORDS.items()]
    told = ", ".join(f"{n:,} {word}" for n, word in numbers if n)
    told = f"{counted(len(tested.tried), 'test')}{': ' if told else ''}{told}"
    errors = sum(one.severity is Severity.ERROR for one in tested.diagnostics)
    return f"{told}; {counted(errors, 'error')} in files that may hold tests" if errors else told


_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.FAULTY: "not run",
    Outcome.SKIPPED: "skipped",
}


def nothing_text(tested: Tested) -> str:
    """Return that there are no tests, and what the first one could be: a text to put into a file as it is."""
    of = f" of {tested.asked}" if tested.asked else ""
    others = f" ({counted(tested.declared, 'test')} of other assets)" if tested.declared else ""
    first = tested.first
    if first is None:
        return f"no unit tests{of}{others}. They stand in tests/*.yml, below `unit_tests:`."
    name = first.asset.partition(".")[2]
    lines = (
        f"no unit tests{of}{others}. The first one could be, in tests/{name}.yml:",
        "",
        "unit_tests:",
        "  - name: what_holds",
        f"    model: {first.asset}",
        "    given:",
        f"      - input: {first.input}",
        f"        rows: [{_row(first.given)}]",
        f"    expect: {{rows: [{_row(first.expected)}]}}",
    )
    return "\n".join(lines)


def _row(columns: Sequence[str]) -> str:
    """Return a row of YAML in which values are still to be written."""
    names = (name if name.isidentifier() else '"' + name.replace('"', '\\"') + '"' for name in columns)
    return "{" + ", ".join(f"{name}: " for name in list(names)[:_COLUMNS_NAMED]) + "}"
