"""Names of the data tests that macros of dbt's define in the repository: they are known, and do not run."""

from __future__ import annotations

import re
from collections.abc import Iterable

from headgate.project.pieces import Piece

_DEFINED = re.compile(r"\{%[-+]?\s*(?:(?:data_)?test\s+|macro\s+test_)(\w+)\s*\(")


def generic_tests(pieces: Iterable[Piece]) -> frozenset[str]:
    """Return the names of the data tests that files of ``macros/`` and ``tests/`` define. Cost: one search a file."""
    texts = (one.text for one in pieces if one.path.startswith(("macros/", "tests/")))
    return frozenset(name for text in texts for name in names_in(text))


def names_in(text: str) -> list[str]:
    """Return the names of the data tests that a text defines.

    >>> names_in("{% test odd(model) %}select 1{% endtest %}{%- macro test_even(model) %}{% endmacro %}")
    ['odd', 'even']
    """
    return _DEFINED.findall(text) if "test" in text else []
