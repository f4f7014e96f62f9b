"""Ctrl-C while an engine computes: its library may not look for it, so the work is done beside, and ended from here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")
_LOOK_SECONDS = 0.1
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
        return next(found)


@contextmanager
def several(
    works: Sequence[Callable[[], _T]], interrupt: Callable[[], None], *, at_once: int
) -> Iterator[Iterator[_T]]:
    """Give what each of ``works`` gives, in their order, while up to ``at_once`` of them are done.

    Whoever leaves the block before the last, by Ctrl-C or a fault, leaves nothing running: no other is begun, and
    ``interrupt`` is called until those that run have ended. Raises ``Unanswered`` where that takes too long.
    """
    from concurrent.futures import Future

    futures: list[Future[_T]] = [Future() for _ in works]
    waiting, guard, is_left = iter(zip(works, futures, strict=True)), threading.Lock(), threading.Event()

    def serve() -> None:
        while True:
            with guard:
                work, future = (None, None) if is_left.is_set() else next(waiting, (None, None))
                if work is None or future is None:
                    return
                future.set_running_or_notify_cancel()
            _do(work, future)

    # Threads of an executor would be waited for at the end of the process.
    crew = [threading.Thread(target=serve, name="headgate-query", daemon=True) for _ in range(min(at_once, len(works)))]
    for thread in crew:
        thread.start()
    try:
        yield map(_awaited, futures)
    finally:
        with guard:
            is_left.set()
        _end(futures, interrupt)


def _awaited(future: Future[_T]) -> _T:
    """Return what comes of a future; Ctrl-C is heard meanwhile."""
    from concurrent.futures import wait

    # A wait without an end would not be woken: Polars has a handler that lets system calls go on (SA_RESTART).
    while not future.done():
        wait([future], timeout=_LOOK_SECONDS)
    return future.result()


def _end(futures: Sequence[Future[_T]], interrupt: Callable[[], None]) -> None:
    """End what runs; raise ``Unanswered`` where it does not."""
    from concurrent.futures import wait

    end = time.monotonic() + _PATIENCE_SECONDS
    while running := [future for future in futures if future.running()]:
        if time.monotonic() > end:
            raise Unanswered
        interrupt()  # once more, since it may just have been between two statements
        wait(running, timeout=_LOOK_SECONDS)


def _do(work: Callable[[], _T], future: Future[_T]) -> None:
    """Do the work; the future has what came of it."""
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
