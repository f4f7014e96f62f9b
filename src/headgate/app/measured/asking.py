"""Questions to an engine under Ctrl-C: of small tables several at once, as each keeps one processor busy at most."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from headgate.app.interrupting import several
from headgate.core.declarations import Kind

if TYPE_CHECKING:
    from headgate.core.records import Build

_T = TypeVar("_T")

SMALL_ROWS = 200_000
"""A question about more rows is asked alone: it keeps all processors busy, and may need much memory."""

AT_ONCE = min(4, os.cpu_count() or 1)
"""More of Headgate's threads gain nothing, as they share the interpreter."""

Question: TypeAlias = tuple[bool, Callable[[], _T]]
"""Whether it is about small tables alone, and what asks."""


def is_small(*builds: Build | None) -> bool:
    """Tell whether all builds are small tables; of what a view shows nobody knows that."""
    return all(build.kind is not Kind.VIEW and build.rows <= SMALL_ROWS for build in builds if build is not None)


def answers(
    questions: Sequence[Question[_T]], interrupt: Callable[[], None], *, at_once: int = AT_ONCE
) -> AbstractContextManager[Iterator[_T]]:
    """Give the answers to questions, in their order, each as soon as it is known. Ctrl-C, as in ``several``."""
    return closing(_answers(questions, interrupt, at_once))


def _answers(
    questions: Sequence[Question[_T]], interrupt: Callable[[], None], at_once: int
) -> Generator[_T, None, None]:
    for small, some in groupby(questions, key=lambda question: question[0]):
        with several([ask for _, ask in some], interrupt, at_once=at_once if small else 1) as found:
            yield from found
