"""How many moves a second a state takes: ``python -m bench.state``, for SQLite and PostgreSQL.

Many processes at once, each with moves of its own environment or all with moves of the same one: read the pointer,
write the next value on condition that it is still there, append an event. What another process was faster with is read
and tried again. Each figure is of one run; PostgreSQL is started for it, with fsync, unless ``--url`` names one.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headgate.core.errors import Conflict
from headgate.core.ports.store import Batch, Entry, Expectation, NewEvent, StateStore


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.state", description=__doc__)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--moves", type=int, default=50, help="of each process")
    parser.add_argument("--url", default="", help="a database of PostgreSQL whose user may make a schema")
    parser.add_argument("--work", nargs=3, metavar=("STATE", "NAME", "POINTER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        state, name, pointer = options.work
        _work(state, name, pointer, options.moves)
        return
    print(f"{options.processes} processes, {options.moves} moves each.\n")
    print("| State | Pointers | Moves a second | Conflicts a move | Median ms a move | Slowest of a hundred, ms |")
    print("|---|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder, _postgres(options.url) as url:
        for kind, state in (("SQLite", folder + "/{}.db"), ("PostgreSQL", url + "#bench_{}")):
            for told, pointer in (("one for each", ""), ("the same", "same")):
                print(
                    f"| {kind} | {told} | {_measured(state.format(pointer or 'own'), pointer, options)} |", flush=True
                )


def _measured(state: str, pointer: str, options: argparse.Namespace) -> str:
    _opened(state).identity()
    workers = [_worker(state, f"p{number}", pointer, options.moves) for number in range(options.processes)]
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()
    started = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    ends = [worker.communicate()[0].split() for worker in workers]
    seconds = time.perf_counter() - started
    if failed := [worker for worker in workers if worker.returncode]:
        raise SystemExit(f"{len(failed)} processes failed")
    total = options.processes * options.moves
    conflicts = sum(int(end[0]) for end in ends)
    millis = sorted(float(text) for end in ends for text in end[1:])
    slow = millis[int(len(millis) * 0.99)]
    return f"{total / seconds:.0f} | {conflicts / total:.1f} | {statistics.median(millis):.1f} | {slow:.0f}"


def _worker(state: str, name: str, pointer: str, moves: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.state", "--moves", str(moves), "--work", state, name, pointer or name]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _work(state: str, name: str, pointer: str, moves: int) -> None:
    """Make the moves of one process; print the conflicts and the milliseconds of each move."""
    store = _opened(state)
    store.identity()
    print("ready", flush=True)
    sys.stdin.readline()
    conflicts, millis = 0, []
    for number in range(moves):
        started = time.perf_counter()
        while True:
            with store.reading() as reading:
                text = reading.get("pointers", [pointer]).get(pointer)
            moved = Entry("pointers", pointer, str(int(text or "0") + 1))
            event = NewEvent("move", {"by": name, "number": number})
            try:
                store.commit(Batch((moved,), (Expectation("pointers", pointer, text),), (event,)))
            except Conflict:
                conflicts += 1
            else:
                break
        millis.append((time.perf_counter() - started) * 1000)
    store.close()
    print(conflicts, *(f"{one:.2f}" for one in millis))


def _opened(state: str) -> StateStore:
    """Open a state: a file, or ``URL#SCHEMA``."""
    if "://" not in state:
        from headgate.plugins.stores.sqlite import open_sqlite_store

        return open_sqlite_store(Path(state), nonce=lambda: "bench")
    from headgate.plugins.stores.postgres import open_postgres_store
    from headgate.plugins.stores.postgres_address import postgres_address

    url, _, schema = state.rpartition("#")
    return open_postgres_store(postgres_address(url, schema), nonce=lambda: "bench")


@contextmanager
def _postgres(url: str) -> Iterator[str]:
    """Give the url of a database: the one named, or one on a server that is started for it."""
    if url:
        yield url
        return
    from tests.postgres.server import Server

    server = Server(settings={"fsync": "on", "full_page_writes": "on"})
    try:
        yield server.database().url
    finally:
        server.close()


if __name__ == "__main__":
    main()
