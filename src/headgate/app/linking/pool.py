"""A pool of processes that analyse SQL, for projects that the cache does not know.

Each worker keeps the texts that it was given and some of their trees; jobs go to the worker that has the text. Messages
are small and few are on their way at a time, so that neither side ever waits to write while the other does.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from headgate.app.linking.analysing import LocalAnalyser, analysed_to
from headgate.app.linking.ground import Ground
from headgate.core.address import Address
from headgate.core.declarations import AssetDeclaration
from headgate.core.errors import EnvironmentFailed
from headgate.core.json_form import dumps
from headgate.project.analyser import Job, Names

WORKERS = 2
ON_THE_WAY_MAX = 24
"""Jobs that a worker may have before it answers. Their messages fit into the buffer of a pipe (64 kB on Linux)."""

LARGE_JOB_COLUMNS = 400
"""A job with more input columns than this is sent alone."""

ANSWER_SECONDS_MAX = 600


class PooledAnalyser:
    """Analyses in worker processes. Seeds and files are left to the one who asks."""

    def __init__(self, root: Path, ground: Ground, workers: int = WORKERS) -> None:
        context: Any = multiprocessing.get_context(_start_method())  # typeshed gives the base class no Process
        self._links: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            arguments = (theirs, root, ground, (*self._links, ours))
            process = context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
            theirs.close()
            self._links.append(ours)
            self._processes.append(process)
        self._owner: dict[Address, int] = {}
        self._waiting: list[deque[Job]] = [deque() for _ in range(workers)]
        self._on_the_way: list[dict[Address, int]] = [{} for _ in range(workers)]

    def names(self, assets: Sequence[AssetDeclaration]) -> Mapping[Address, Names]:
        """Give each worker its share of the texts; return what they name."""
        count = len(self._links)
        for number in range(count):
            share = list(assets[number::count])
            self._owner.update((asset.address, number) for asset in share)
            self._send(number, ("names", share))
        found: dict[Address, Names] = {}
        for number in range(count):
            found.update(self._answer(number))
        return found

    def start(self, job: Job) -> None:
        """Queue a job for the worker that has its text."""
        number = self._owner[job.asset.address]
        self._waiting[number].append(job)
        self._fill(number)

    def finished(self) -> Iterable[tuple[Address, str]]:
        """Wait for an answer; return all that are there, in their stored form."""
        busy = [link for link, jobs in zip(self._links, self._on_the_way, strict=True) if jobs]
        if not busy:
            return []
        ready = wait(busy, timeout=ANSWER_SECONDS_MAX)
        if not ready:
            raise EnvironmentFailed("a process that analyses SQL does not answer", hint="Run the command again.")
        answers: list[tuple[Address, str]] = []
        for number, link in enumerate(self._links):
            if link in ready:
                address, text = self._answer(number)
                del self._on_the_way[number][address]
                answers.append((address, text))
                self._fill(number)
        return answers

    def close(self) -> None:
        """End the workers."""
        for link in self._links:
            link.close()
        for process in self._processes:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()

    def _fill(self, number: int) -> None:
        waiting, sent = self._waiting[number], self._on_the_way[number]
        while waiting and len(sent) < ON_THE_WAY_MAX:
            columns = sum(len(shape) for shape in waiting[0].inputs.values())
            if sent and (columns > LARGE_JOB_COLUMNS or max(sent.values()) > LARGE_JOB_COLUMNS):
                return
            job = waiting.popleft()
            sent[job.asset.address] = columns
            self._send(number, ("analyse", (job.asset.address, job.inputs, job.volatile)))

    def _send(self, number: int, message: object) -> None:
        try:
            self._links[number].send(message)
        except OSError:
            raise self._ended(number) from None

    def _answer(self, number: int) -> Any:
        try:
            return self._links[number].recv()
        except (EOFError, OSError):
            raise self._ended(number) from None

    def _ended(self, number: int) -> EnvironmentFailed:
        """Return what is told of a worker that is gone. It is no fault of whoever reads the output."""
        process = self._processes[number]
        process.join(timeout=1)
        return EnvironmentFailed(
            f"a process that analyses SQL has ended (exit code {process.exitcode})", hint="Run the command again."
        )


def _start_method() -> str:
    """Fork where it is safe: on Linux, with one thread. It saves each worker the start of an interpreter."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _serve(link: Connection, root: Path, ground: Ground, others: Sequence[Connection]) -> None:
    """Answer until the other side closes. An interrupt at the terminal reaches the parent, which closes."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:
        other.close()  # a copy of the parent's end would keep a worker alive after the parent is gone
    analyser = LocalAnalyser(root, ground)
    assets: dict[Address, AssetDeclaration] = {}
    while True:
        try:
            kind, body = link.recv()
        except (EOFError, OSError):
            return
        if kind == "names":
            assets.update((asset.address, asset) for asset in body)
            link.send(analyser.names(body))
            analyser.binder()
        else:
            address, inputs, volatile = body
            analyser.start(Job(assets[address], inputs, volatile))
            ((_, answer),) = analyser.finished()
            link.send((address, dumps(analysed_to(answer))))
