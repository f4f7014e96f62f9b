"""The words of a comparison: what differs and by how much, in numbers that never round a difference away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.core.comparison import EXACT, Rung
from headgate.core.listing import listed
from headgate.core.shares import number_text, share_text
from headgate.words.figures import counted
from headgate.words.layout import cut, styled

if TYPE_CHECKING:
    from headgate.app.diff import Diff
    from headgate.core.comparison import ColumnDifference, Comparison, Difference, KeyFacts, Tolerance

_VALUE_WIDTH_MAX = 40


def headline(comparison: Comparison) -> str:
    """Return what came of it in one line, without the address."""
    if comparison.incomplete:
        return f"incomplete: {comparison.incomplete}"
    if comparison.rung is Rung.NEW:
        return f"new, {counted(comparison.rows_after, 'row')}"
    if comparison.is_equal:
        return f"the same: {comparison.rung.value}"
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (comparison.added, "added"), (comparison.removed, "removed"), (comparison.changed, "changed")
        )
        if number
    ]  # fmt: skip
    told = f"{', '.join(parts)} of {counted(comparison.rows_before, 'row')}" if parts else _of_no_row(comparison)
    return f"{told}, {_way(comparison)}"


def _of_no_row(comparison: Comparison) -> str:
    if any(column.changed for column in comparison.columns):
        return "changes within their tolerances"
    return "other columns, the same rows" if comparison.shape else "no row differs"


def _way(comparison: Comparison) -> str:
    if comparison.rung is Rung.BAG:
        return f"as a bag of rows: {comparison.unkeyed}"
    return f"by {', '.join(comparison.key)}" if comparison.key else comparison.rung.value


def detail_lines(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each thing that differs: columns of the shape, keys, then the values column by column."""
    shape = comparison.shape
    if shape.removed:
        yield f"removed columns  {', '.join(f'{c.name} ({c.type})' for c in shape.removed)}"
    if shape.added:
        yield f"added columns  {', '.join(f'{c.name} ({c.type})' for c in shape.added)}"
    for one in shape.retyped:
        yield f"{one.name}  was {one.before}, is {one.after}"
    if shape.is_reordered:
        yield "the columns stand in another order"
    for keys, when in ((comparison.keys_before, "before"), (comparison.keys_after, "now")):
        if told := _keys_text(keys):
            yield f"keys {when}  {told}"
    for column in sorted(comparison.columns, key=lambda one: (-one.beyond, -one.changed, one.name)):
        if column.changed:
            yield f"{column.name}  {_column_text(column, comparison.rows_both)}"
    if comparison.moved:
        yield f"sources moved on meanwhile  {listed(tuple(comparison.moved))}"


def _keys_text(keys: KeyFacts) -> str:
    parts = [f"{counted(keys.nulls, 'row')} with a NULL in it"] if keys.nulls else []
    if keys.repeated:
        parts.append(f"{counted(keys.repeated, 'key')} in {counted(keys.rows_repeated, 'row')}")
    return ", ".join(parts) + (": compared as a bag" if parts else "")


def _column_text(column: ColumnDifference, rows: int) -> str:
    told = f"{counted(column.beyond, 'row')} changed, {share_text(column.beyond, rows)}"
    if column.tolerance != EXACT:
        within = column.changed - column.beyond
        told += f" ({within:,} more within {tolerance_text(column.tolerance)})" if within else ""
    return told + (f", by {number_text(column.greatest)} at most" if column.greatest is not None else "")


def tolerance_text(tolerance: Tolerance) -> str:
    """Return a tolerance.

    >>> from headgate.core.comparison import Tolerance
    >>> tolerance_text(Tolerance(0.5)), tolerance_text(Tolerance(0.5, 0.01))
    ('0.5', '0.5 plus 1 %')
    """
    parts = [f"{tolerance.absolute:g}"] if tolerance.absolute else []
    parts += [f"{100 * tolerance.relative:g} %"] if tolerance.relative else []
    return " plus ".join(parts)


def sample_rows(comparison: Comparison) -> list[list[str]]:
    """Return the rows that are shown as cells, with a head: of what changed only the key and what differs."""
    found = comparison.differences
    if not found.rows:
        return []
    return [[styled(cell, "bold") for cell in ("", "row", "before", "now")], *(
        _row_cells(one, found.columns, len(comparison.key)) for one in found.rows
    )]  # fmt: skip


def _row_cells(row: Difference, columns: tuple[str, ...], keys: int) -> list[str]:
    either = row.before or row.after
    if row.columns:
        places = [columns.index(name) for name in row.columns]
        values = [", ".join(_named(columns[n], side[n]) for n in places) for side in (row.before, row.after)]
        return ["changed", _key_text(columns, either, keys), *values]
    whole = ", ".join(_named(name, value) for name, value in zip(columns[keys:], either[keys:], strict=True))
    key = _key_text(columns, either, keys)
    return ["removed", key, whole, ""] if row.before else ["added", key, "", whole]


def _key_text(columns: tuple[str, ...], row: tuple[str | None, ...], keys: int) -> str:
    return ", ".join(_named(name, value) for name, value in zip(columns[:keys], row[:keys], strict=True))


def _named(name: str, value: str | None) -> str:
    text = "null" if value is None else cut(value.replace("\n", "\\n"), _VALUE_WIDTH_MAX)
    return f"{name} {text}"


def summary_text(diff: Diff) -> str:
    """Return the last line: how much differs, and how it is known of what does not."""
    differing = [one for one in diff.comparisons if not one.is_equal]
    equal = len(diff.comparisons) - len(differing) + diff.same
    if diff.is_equal:
        return f"{diff.before} and {diff.after} show the same: {counted(equal, 'table')}."
    parts = [f"{counted(len(differing), 'table differs', 'tables differ')}"] if differing else []
    parts += [f"only {diff.before} has {listed(tuple(diff.only_before))}"] if diff.only_before else []
    parts += [f"only {diff.after} has {listed(tuple(diff.only_after))}"] if diff.only_after else []
    parts += [f"{counted(equal, 'is the same', 'are the same')}"] if equal else []
    return "; ".join(parts) + "."
