"""Tables of the page: heads, cells of samples, and room to the side on a narrow screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from headgate.core.address import fold
from headgate.core.checks import Sample
from headgate.core.comparison import Difference, Differences
from headgate.core.protection import HIDDEN
from headgate.words.layout import cut
from headgate.words.markup import Content, Markup, element

_CELL_MAX, _COLUMNS_MAX = 80, 12
ROWS_MAX = 20
"""So many rows of a sample are shown."""


class Head(NamedTuple):
    """The head of a column, and the class of its cells."""

    text: str
    kind: str = ""


def scrolled(heads: Sequence[Head], rows: Iterable[Content], *, told: str, kind: str = "") -> Markup:
    """Return a table that scrolls by itself where it is wider than the screen, by keys as well."""
    return element(
        "div",
        element(
            "table",
            element(
                "thead",
                element("tr", [element("th", one.text, scope="col", class_=one.kind or None) for one in heads]),
            ),
            element("tbody", rows),
            class_=kind or None,
        ),
        class_="scroll",
        role="region",
        tabindex="0",
        aria_label=told,
    )


def sample_table(sample: Sample, *, first: str, told: str) -> Markup:
    """Return rows of a sample; the column ``first`` stands first, then others as far as there is room."""
    order = sorted(range(len(sample.columns)), key=lambda n: fold(sample.columns[n]) != fold(first))[:_COLUMNS_MAX]
    rows = [element("tr", [element("td", cell(row[n])) for n in order]) for row in sample.rows[:ROWS_MAX]]
    return scrolled([Head(sample.columns[n]) for n in order], rows, told=told, kind="rows")


def differences_table(differences: Differences, *, key: Sequence[str], told: str) -> Markup:
    """Return rows that differ: the key, then columns that changed in any of them, then others as far as there is room.

    A changed cell shows what was there and what is there now.
    """
    shown = differences.rows[:ROWS_MAX]
    changed = {fold(name) for row in shown for name in row.columns}
    keys = {fold(name) for name in key}
    names = [fold(name) for name in differences.columns]
    order = sorted(range(len(names)), key=lambda n: (names[n] not in keys, names[n] not in changed))[:_COLUMNS_MAX]
    heads = [Head("Row"), *(Head(differences.columns[n]) for n in order)]
    rows = []
    for row in shown:
        word = "changed" if row.before and row.after else "added" if row.after else "removed"
        cells = [element("td", _changed_cell(row, n, names[n])) for n in order]
        rows.append(element("tr", element("th", word, scope="row", class_="keep"), cells))
    return scrolled(heads, rows, told=told, kind="rows")


def _changed_cell(row: Difference, n: int, name: str) -> Content:
    if not row.before:
        return element("ins", cell(row.after[n]))
    if not row.after:
        return element("del", cell(row.before[n]))
    if name in {fold(one) for one in row.columns}:
        if row.before[n] == row.after[n]:  # both are hidden
            return element("ins", cell(row.after[n]))
        return element("del", cell(row.before[n])), " ", element("ins", cell(row.after[n]))
    return cell(row.after[n])


def cell(value: str | None) -> Content:
    """Return a value as it stands in a cell, cut where it is long; NULL looks otherwise than the text null."""
    if value is None:
        return element("span", "NULL", class_="null")
    if value == HIDDEN:
        return element("span", HIDDEN, class_="null")
    return cut(value, _CELL_MAX)
