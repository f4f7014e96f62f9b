"""Hostile repositories: each case damages a repository and runs commands on it in a process with limits.

The claim: the exit status is one that is documented, there is no traceback, the answer is one JSON object, each
diagnostic has a known code and a place inside of the repository, and time and memory stay within bounds.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.damage import damage
from fuzz.repositories import chosen, write

SECONDS_MAX = 30
"""A case on a busy machine takes less than one."""

BYTES_MAX = 6 * 10**9
"""Of address space, of which DuckDB and the threads of Arrow reserve most and use little."""

STATUSES = (0, 1, 2, 3, 10)
KEPT = Path(".fuzz")


@dataclass(frozen=True, slots=True)
class Command:
    """What was run, how it ended (-N: by signal N; None: not in time), and what it wrote."""

    arguments: tuple[str, ...]
    status: int | None
    out: str
    err: str


@dataclass(slots=True)
class Hostile:
    """What a campaign saw; ``wrong`` are stories, ``ends`` counts exit statuses."""

    cases: int = 0
    commands: int = 0
    wrong: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    seconds_max: float = 0.0

    def add(self, other: Hostile) -> None:
        """Take over what another campaign saw."""
        self.cases += other.cases
        self.commands += other.commands
        self.wrong += other.wrong
        self.seconds_max = max(self.seconds_max, other.seconds_max)
        for mine, theirs in ((self.ends, other.ends), (self.codes, other.codes)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count


def hostile(seeds: Sequence[int], *, until: float = float("inf")) -> Hostile:
    """Play these cases; of each that is wrong keep the smallest repository that still is. The clock may end it."""
    preload()
    seen = Hostile()
    for seed in seeds:
        if time.monotonic() > until:
            break
        started = time.monotonic()
        edits = list(range(1 + random.Random(seed).randrange(4)))
        fault = play(seed, edits, seen)
        seen.seconds_max = max(seen.seconds_max, time.monotonic() - started)
        seen.cases += 1
        if fault:
            seen.wrong.append(reduced(seed, edits, fault))
    return seen


def reduced(seed: int, edits: list[int], fault: str) -> str:
    """Leave out one damage after the other as long as the case stays wrong; keep the repository, and return a story."""
    for edit in tuple(edits):
        fewer = [one for one in edits if one != edit]
        if fewer and (again := play(seed, fewer, Hostile())):
            edits, fault = fewer, again
    target = KEPT / f"files-{seed}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    done = prepare(seed, edits, target)
    return f"seed {seed}: {fault}\n  damage: {'; '.join(done)}\n  kept in {target}"


def prepare(seed: int, edits: Sequence[int], root: Path) -> list[str]:
    """Make the repository of a case in an empty folder; return what was damaged."""
    write(chosen(random.Random(seed)), root)
    return [damage(random.Random(f"{seed} {edit}"), root) for edit in edits]


def play(seed: int, edits: Sequence[int], seen: Hostile) -> str:
    """Return what is wrong with one case; nothing where all is as claimed."""
    root = Path(tempfile.mkdtemp(prefix="hostile-"))
    try:
        prepare(seed, edits, root)
        for arguments in commands_of(seed):
            command = run(arguments, root)
            seen.commands += 1
            end = "too late" if command.status is None else str(command.status)
            seen.ends[end] = seen.ends.get(end, 0) + 1
            for fault in faults_of(command, root, seen):
                return f"headgate {' '.join(arguments)}: {fault}"
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return ""


def commands_of(seed: int) -> tuple[tuple[str, ...], ...]:
    """Return the commands of a case: check and plan, in one of eight apply and a question."""
    first: tuple[tuple[str, ...], ...] = (("check", "--json"), ("plan", "dev", "--json"))
    if seed % 8:
        return first
    return (*first, ("apply", "dev", "--yes", "--json"), ("status", "--json"), ("check",), ("plan", "dev"))


def run(arguments: tuple[str, ...], root: Path) -> Command:
    """Run one command in a copy of this process, with bounds on time and memory."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _child(arguments, root, out.fileno(), err.fileno())
        status = _wait(child)
        return Command(arguments, status, _text(out), _text(err))


def _child(arguments: tuple[str, ...], root: Path, out: int, err: int) -> None:
    status = 99
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        os.chdir(root)
        from headgate.cli.main import run as headgate

        status = headgate(arguments)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _wait(child: int) -> int | None:
    """Return how a process ended; one that takes too long is killed with all that it started."""
    end = time.monotonic() + SECONDS_MAX
    pause = 0.002
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _text(file: Any) -> str:
    file.seek(0)
    content: bytes = file.read(20_000_000)
    return content.decode("utf-8", "replace")


def faults_of(command: Command, root: Path, seen: Hostile) -> Iterator[str]:
    """Yield what is wrong with how a command ended and with what it said."""
    if command.status is None:
        yield f"it takes longer than {SECONDS_MAX} s"
    elif command.status not in STATUSES:
        bug = next(iter(root.glob(".headgate/bug-*.txt")), None)
        yield f"exit status {command.status}\n{bug.read_text()[-1500:] if bug else command.err[-1500:]}"
    elif "Traceback (most recent call last)" in command.err + command.out:
        yield f"a traceback\n{(command.err + command.out)[-1500:]}"
    elif "--json" in command.arguments:
        try:
            answer = json.loads(command.out)
        except (ValueError, RecursionError) as error:
            yield f"what it prints is no JSON: {error}"
        else:
            yield from _of_diagnostics(answer, command, root, seen)
    elif "\x1b" in command.out + command.err:
        yield "what it prints steers the terminal"


def _of_diagnostics(answer: Any, command: Command, root: Path, seen: Hostile) -> Iterator[str]:
    from headgate.core.codes import CODES

    told = answer["diagnostics"]
    if command.status == 1 and not told:
        yield "it ends with 1 and says nothing"
    for one in told:
        code, place = one["code"], one["place"]
        seen.codes[code] = seen.codes.get(code, 0) + 1
        if code not in CODES and not (command.status == 2 and not code):
            yield f"{code!r} is no code: {one['summary']}"
        if "\n" in one["summary"] or not one["summary"]:
            yield f"a summary is one line: {one['summary']!r}"
        if place is not None and (fault := misplaced(root, place["path"], place["line"], place["column"])):
            yield f"{fault}: {code} {one['summary']}"


def misplaced(root: Path, path: str, line: int, column: int) -> str:
    """Return why a place is none inside of the repository; nothing where it is one."""
    full = root / path
    if path.startswith("/") or ".." in path.split("/"):
        return f"{path} is outside"
    if "?" in path:
        return ""  # a name that cannot be shown
    if not os.path.lexists(full):
        return f"{path} is not there"
    if not line or not full.is_file():
        return ""
    content = full.read_bytes()
    text = content.decode("utf-8", "replace")
    lines = max(content.count(b"\n"), len(text.splitlines())) + 2  # some parsers point behind the end
    return "" if 0 < line <= lines and column >= 0 else f"{path} has no {line}:{column}"


def preload() -> None:
    """Import what the commands import, once for all cases."""
    import importlib

    for name in ("check", "plan", "apply", "status"):
        importlib.import_module(f"headgate.cli.views.{name}")
        importlib.import_module(f"headgate.app.{name}")
    for name in (
        "app.linking.analysing", "app.linking.link", "app.linking.neighbours", "app.repository", "cli.failures",
        "plugins.engines.duckdb", "plugins.engines.duckdb_binder", "plugins.stores.cache", "plugins.stores.sqlite",
        "project.load", "project.merge", "project.python.recipes", "sql.analyse", "sql.refusals", "words.diagnostics",
    ):  # fmt: skip
        importlib.import_module(f"headgate.{name}")
