"""Ctrl-C while an engine computes: its library may not look for it, so the work is done beside, and ended from here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
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
    from concurrent.futures import Future, wait

    future: Future[_T] = Future()
    # A thread of an executor would be waited for at the end of the process.
    threading.Thread(target=_do, args=(work, future), name="headgate-query", daemon=True).start()
    try:
        # A wait without an end would not be woken: Polars has a handler that lets system calls go on (SA_RESTART).
        while not future.done():
            wait([future], timeout=_LOOK_SECONDS)
    except KeyboardInterrupt:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not future.done():  # once more, since it may just have been between two statements
            if time.monotonic() > end:
                raise Unanswered from None
            interrupt()
            wait([future], timeout=_LOOK_SECONDS)
        raise
    return future.result()


def _do(work: Callable[[], _T], future: Future[_T]) -> None:
    """Do the work; the future has what came of it."""
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
