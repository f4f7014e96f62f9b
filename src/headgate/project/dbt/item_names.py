"""Names for output columns that have none: dbt takes the engine's, so these are written down."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(
    r"""\s+|--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\W\d]\w*|.""", re.DOTALL
)  # white space, comments, texts, names, words, anything else
_ENDS = frozenset("except from group having intersect into limit order qualify union where window".split())


def with_names(text: str, items: Iterable[tuple[int, str]]) -> str:
    r"""Return a query in which the items that begin at these characters have these names.

    >>> with_names("select a, sum(b)  -- all\nfrom t", [(10, "sum(b)")])
    'select a, sum(b) as "sum(b)"  -- all\nfrom t'
    """
    for start, name in sorted(items, reverse=True):
        end = _item_end(text, start)
        quoted = name.replace('"', '""')
        text = f'{text[:end]} as "{quoted}"{text[end:]}'
    return text


def _item_end(text: str, start: int) -> int:
    """Return where the last part of an item ends."""
    depth, end, before = 0, start, ""
    for match in _PART.finditer(text, start):
        part = match.group()
        if part.isspace() or part.startswith(("--", "/*")):
            continue
        word = part.lower()
        if depth == 0 and (part in ",;)" or (word in _ENDS and not (word == "from" and before == "distinct"))):
            break
        depth += (part in "([{") - (part in ")]}")
        end, before = match.end(), word
    return end
