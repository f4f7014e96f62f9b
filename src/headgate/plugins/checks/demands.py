"""What a check demands, in the few words that its result is told with: values, bounds, conditions, as declared.

They are the declaration's own, so they may be told beside protected columns; what is long is told by its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from headgate.core.checks import Asked
from headgate.core.column_types import Family
from headgate.core.listing import listed
from headgate.core.measures import Constant, Sql

_TEXT_MAX, _VALUE_MAX, _VALUES_MAX = 80, 40, 5
"""So many characters of a text and of a value are told, and so many values."""


def short(text: str, most: int = _TEXT_MAX) -> str:
    r"""Return what somebody wrote, on one line; of what is long the beginning, of what cannot be shown a mark.

    >>> short("amount > 0\n  and id < 5"), short("abcdef", 4)
    ('amount > 0 and id < 5', 'abc…')
    """
    line = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in " ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def one_of(values: Sequence[Constant | Sql]) -> str:
    """Return the values that may be, or may not be; of many the first ones.

    >>> one_of([Constant("paid"), Constant("1", Family.NUMBER)])
    "'paid', 1"
    """
    return listed([_value(value) for value in values], _VALUES_MAX)


def _value(value: Constant | Sql) -> str:
    if isinstance(value, Constant) and value.family is Family.TEXT:
        return f"'{short(value.text, _VALUE_MAX)}'"
    return short(value.text, _VALUE_MAX)


def between(low: str | None, high: str | None, *, is_open: bool = False) -> str:
    """Return the bounds between which something lies; ``is_open``: they themselves may not be.

    >>> between("0", "1"), between(None, "1", is_open=True), between("3", "3")
    ('at least 0 and at most 1', 'below 1', '3')
    """
    if low is not None and low == high:
        return low
    least = "" if low is None else f"{'above' if is_open else 'at least'} {low}"
    most = "" if high is None else f"{'below' if is_open else 'at most'} {high}"
    return " and ".join(filter(None, (least, most)))


def bound(found: Constant | Sql | None) -> str | None:
    """Return a bound of values as it is told: long whole numbers as people read them.

    >>> bound(Constant("-1000000", Family.NUMBER)), bound(Constant("2024-01-31")), bound(None)
    ('-1,000,000', '2024-01-31', None)
    """
    if found is None:
        return None
    is_number = isinstance(found, Constant) and found.family is Family.NUMBER
    is_whole = is_number and found.text.removeprefix("-").isdecimal()
    return f"{int(found.text):,}" if is_whole else short(found.text, _VALUE_MAX)


def where(asked: Asked) -> str:
    """Return which rows are looked at, with a space before it; empty where all are."""
    return condition(asked.where)


def condition(text: str) -> str:
    """Return a condition on rows, as ``where`` does.

    >>> condition("a = 1"), condition("")
    (' where a = 1', '')
    """
    return f" where {short(text)}" if text.strip() else ""
