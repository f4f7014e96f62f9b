"""Ctrl-C while an engine computes: its library may not look for it, so the work is done beside, and ended from here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

_T = TypeVar("_T")
_LOOK_SECONDS, _STEP_SECONDS = 0.1, 0.001
_PATIENCE_SECONDS = 3.0
"""DuckDB looks between two chunks of rows, in milliseconds, but never inside of one call of a function (seen)."""


class Unanswered(KeyboardInterrupt):
    """Ctrl-C, but the engine does not end the work, which goes on in a thread; to end the process ends it."""


def interruptible(work: Callable[[], _T], interrupt: Callable[[], None]) -> _T:
    """Return what ``work`` gives; Ctrl-C calls ``interrupt`` until it has ended, and then is ``KeyboardInterrupt``.

    Raises ``Unanswered`` where that takes too long. Outside of the main thread, where no Ctrl-C arrives, the work is
    simply done. Cost: a thread, 0.1 ms.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    with several([work], interrupt, at_once=1) as found:
        return next(found)[1]


@contextmanager
def several(
    works: Sequence[Callable[[], _T]],
    interrupt: Callable[[], None],
    *,
    at_once: int,
    begun: Callable[[int], None] = lambda _: None,
) -> Iterator[Iterator[tuple[int, _T]]]:
    """Give the number of each of ``works`` and what it gives, as it is done, up to ``at_once`` at the same time.

    ``begun`` is told the number of each when it begins, in the thread that asks. Whoever leaves the block before the
    last, by Ctrl-C or a fault, leaves nothing running: no other is begun, and ``interrupt`` is called until those that
    run have ended. Raises ``Unanswered`` where that takes too long after Ctrl-C.
    """
    crew = _Crew(works)
    try:
        crew.start(min(at_once, len(works)))
        yield crew.answers(begun)
    except BaseException as fault:
        if not crew.leave(interrupt) and isinstance(fault, KeyboardInterrupt):
            raise Unanswered from None
        raise
    crew.leave(interrupt)


@dataclass(frozen=True, slots=True)
class _Done(Generic[_T]):
    """What came of a work; the fault where it raised one."""

    number: int
    answer: _T | None
    fault: BaseException | None = None


class _Crew(Generic[_T]):
    """Threads that do some works; what they have to tell waits in a queue."""

    def __init__(self, works: Sequence[Callable[[], _T]]) -> None:
        self._count = len(works)
        self._waiting = iter(enumerate(works))
        self._told: SimpleQueue[int | _Done[_T]] = SimpleQueue()
        self._guard = threading.Lock()
        self._running: set[int] = set()
        self._is_left = False

    def start(self, threads: int) -> None:
        # Threads of an executor would be waited for at the end of the process.
        for _ in range(threads):
            threading.Thread(target=self._serve, name="headgate-query", daemon=True).start()

    def answers(self, begun: Callable[[int], None]) -> Iterator[tuple[int, _T]]:
        given = 0
        while given < self._count:
            try:
                # A wait without an end would not be woken: Polars has a handler that lets system calls go on
                # (SA_RESTART).
                told = self._told.get(timeout=_LOOK_SECONDS)
            except Empty:
                continue
            if isinstance(told, int):
                begun(told)
                continue
            if told.fault is not None:
                raise told.fault
            given += 1
            yield told.number, told.answer  # type: ignore[misc]  # without a fault it is an answer

    def leave(self, interrupt: Callable[[], None]) -> bool:
        """Begin nothing more, and end what runs; tell whether that has ended."""
        with self._guard:
            self._is_left = True
        end = time.monotonic() + _PATIENCE_SECONDS
        while self._running:
            if time.monotonic() > end:
                return False
            interrupt()  # once more, since it may just have been between two statements
            pause = time.monotonic() + _LOOK_SECONDS
            while self._running and time.monotonic() < pause:
                time.sleep(_STEP_SECONDS)
        return True

    def _serve(self) -> None:
        while (one := self._next()) is not None:
            number, work = one
            try:
                done = _Done(number, work())
            except BaseException as fault:
                done = _Done(number, None, fault)
            with self._guard:  # before anybody hears of it: what is done needs no interruption
                self._running.discard(number)
            self._told.put(done)

    def _next(self) -> tuple[int, Callable[[], _T]] | None:
        with self._guard:
            one = None if self._is_left else next(self._waiting, None)
            if one is not None:
                self._running.add(one[0])
                self._told.put(one[0])
            return one
