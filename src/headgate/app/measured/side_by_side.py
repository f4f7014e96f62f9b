"""Questions to an engine under Ctrl-C: of small tables several at once, as each keeps few processors busy."""

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
    questions: Sequence[Question[_T]],
    interrupt: Callable[[], None],
    *,
    begun: Callable[[int], None] = lambda _: None,
    at_once: int = AT_ONCE,
) -> AbstractContextManager[Iterator[tuple[int, _T]]]:
    """Give the number of each question and its answer, as it is known; ``begun`` and Ctrl-C as in ``several``."""
    return closing(_answers(questions, interrupt, begun, at_once))


def _answers(
    questions: Sequence[Question[_T]], interrupt: Callable[[], None], begun: Callable[[int], None], at_once: int
) -> Generator[tuple[int, _T], None, None]:
    for small, some in groupby(range(len(questions)), key=lambda number: questions[number][0]):
        numbers = list(some)
        asks = [questions[number][1] for number in numbers]
        width = at_once if small else 1
        with several(asks, interrupt, at_once=width, begun=_telling(begun, numbers)) as found:
            for place, answer in found:
                yield numbers[place], answer


def _telling(begun: Callable[[int], None], numbers: Sequence[int]) -> Callable[[int], None]:
    return lambda place: begun(numbers[place])
