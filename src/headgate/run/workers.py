"""Threads that make groups of builds. The caller's thread keeps the state and tells the user; these only compute."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.run.attempt import Attempted
from headgate.run.prepare import Task


@dataclass(slots=True, eq=False)
class Group:
    """Tasks on their way: ``is_started`` once a worker has them, ``is_done`` once ``results`` or ``error`` stand.

    ``current`` is the address that is being made, ``told`` the last one that the user heard of.
    """

    tasks: tuple[Task, ...]
    is_small: bool
    results: tuple[Attempted, ...] = ()
    error: BaseException | None = None
    is_started: bool = False
    is_done: bool = False
    current: Address | None = None
    told: Address | None = None

    def begin(self, address: Address) -> None:
        """Note what is being made from now on."""
        self.current = address


class Workers:
    """A fixed number of daemon threads, so that a second interruption ends the process at once.

    Results are handed over in the group itself; the queue is a bell only, so nothing is lost when an interruption hits
    the waiting thread.
    """

    def __init__(self, count: int, work: Callable[[Group], tuple[Attempted, ...]]) -> None:
        self._work = work
        self._given: queue.SimpleQueue[Group | None] = queue.SimpleQueue()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"headgate-build-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def give(self, group: Group) -> None:
        """Let a worker make the group."""
        self._given.put(group)

    def wait(self, seconds: float | None = None) -> None:
        """Return once a group was done since the last call, or after ``seconds``."""
        try:
            self._bell.get(timeout=seconds)
        except queue.Empty:
            return

    def end(self) -> None:
        """Let the threads end once they have nothing more to do."""
        for _ in self._threads:
            self._given.put(None)

    def _serve(self) -> None:
        while (group := self._given.get()) is not None:
            group.is_started = True
            try:
                group.results = self._work(group)
            except BaseException as error:  # handed to the thread that waits, which raises it
                group.error = error
            group.is_done = True
            self._bell.put(None)
