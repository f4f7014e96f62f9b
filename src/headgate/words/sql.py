"""The words of an answer: its cells, and which of its columns are numbers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from headgate.words.figures import counted
from headgate.words.layout import aligned, cut, styled

if TYPE_CHECKING:
    from headgate.app.sql import Answer

_CELL_WIDTH_MAX = 60
_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT", "NUMERIC", "REAL")


def cells_of(answer: Answer) -> list[list[str]]:
    """Return the rows as texts, cut where they are long."""
    return [[cut(cell_text(value), _CELL_WIDTH_MAX) for value in row] for row in answer.rows.rows]


def numbers_of(answer: Answer) -> frozenset[int]:
    """Return which columns hold numbers."""
    return frozenset(n for n, type_ in enumerate(answer.rows.types) if is_number(type_))


def is_number(type_: str) -> bool:
    """Tell whether a type of an engine's holds numbers.

    >>> is_number("DECIMAL(9,2)"), is_number("bigint"), is_number("interval"), is_number("INTEGER[]")
    (True, True, False, False)
    """
    kind = type_.upper()
    return (kind.startswith(_NUMBERS) or "INT" in kind.split("(")[0].removeprefix("INTERVAL")) and kind[-2:] != "[]"


def lines_of_answer(answer: Answer) -> list[str]:
    """Return the answer as a table with a head."""
    head = [styled(name, "bold") for name in answer.rows.columns]
    return aligned([head, *cells_of(answer)], width=sys.maxsize, indent="", right=numbers_of(answer))


def count_text(answer: Answer, *, way_to_more: str) -> str:
    """Return how many rows are shown, and how to see more where there are any."""
    more = f"; there are more: {way_to_more}" if answer.is_cut else ""
    return f"({counted(len(answer.rows.rows), 'row')}{more})"


def cell_text(value: Any) -> str:
    """Return a value as a text of one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return str(value).replace("\n", "\\n")
