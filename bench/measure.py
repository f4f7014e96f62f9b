"""Measured processes: wall seconds of the whole process, and peak memory as the sum over it and its children.

Time and memory are measured in separate executions, because sampling memory costs time. Memory is sampled every 20 ms
from /proc/PID/smaps_rollup (proportional set size: a page shared by two processes counts half in each) and
/proc/PID/status (resident set size, in which shared pages count in each). A peak shorter than 20 ms can be missed.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Memory:
    """Peaks of the sums over all processes, in MB (10^6 bytes)."""

    pss: float
    rss: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each execution, memory where it was asked for, and why it failed (empty: it did not).

    ``processor`` are the seconds of all its processes together: they tell more than the clock on a busy machine.
    """

    seconds: tuple[float, ...] = ()
    processor: tuple[float, ...] = ()
    memory: Memory | None = None
    fault: str = ""

    @property
    def median(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds and not self.fault else None

    @property
    def processor_median(self) -> float | None:
        return statistics.median(self.processor) if self.processor and not self.fault else None


@dataclass(frozen=True)
class Command:
    """What is executed and where."""

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] | None = None
    timeout_seconds: float = 1200

    def start(self, errors: Path) -> subprocess.Popen[bytes]:
        with errors.open("wb") as stream:
            return subprocess.Popen(
                self.arguments,
                cwd=self.folder,
                env={**_surroundings(), **(self.environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def _surroundings() -> dict[str, str]:
    """Return the variables of this process, without those that make Python compile its modules again each time."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def nothing() -> None:
    """Prepare nothing."""


def measure(
    command: Command, *, runs: int, prepare: Callable[[], None] = nothing, with_memory: bool = False
) -> Measured:
    """Execute `command` `runs` times for time and, where asked, once more for memory; `prepare` goes before each."""
    seconds: list[float] = []
    processor: list[float] = []
    memory: Memory | None = None
    for number in range(runs + with_memory):
        prepare()
        samples = number == runs
        before = _processor_seconds()
        taken, peak, fault = _execute(command, sampled=samples)
        if fault:
            return Measured(tuple(seconds), tuple(processor), memory, fault)
        if samples:
            memory = peak
        else:
            seconds.append(taken)
            processor.append(_processor_seconds() - before)
    return Measured(tuple(seconds), tuple(processor), memory)


def _processor_seconds() -> float:
    """Return what all ended children took of the processors."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _execute(command: Command, *, sampled: bool) -> tuple[float, Memory | None, str]:
    output = command.folder.parent / ".bench-output"
    begun = time.perf_counter()
    process = command.start(output)
    pss = rss = 0.0
    try:
        if sampled:
            while process.poll() is None:
                now_pss, now_rss = _memory_of_session(process.pid)
                pss, rss = max(pss, now_pss), max(rss, now_rss)
                time.sleep(SAMPLE_SECONDS)
        status = process.wait(timeout=command.timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 0.0, None, f"took more than {command.timeout_seconds:.0f} s"
    taken = time.perf_counter() - begun
    fault = "" if status == 0 else f"exit status {status}: {_last_line(output)}"
    output.unlink(missing_ok=True)
    return taken, Memory(pss, rss), fault


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1][:160] if lines else "it said nothing"


def _memory_of_session(session: int) -> tuple[float, float]:
    """Return the sums of PSS and RSS over the processes of a session, in MB."""
    pss = rss = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.getsid(int(entry)) == session:
                    pss += _kilobytes(f"/proc/{entry}/smaps_rollup", "Pss:")
                    rss += _kilobytes(f"/proc/{entry}/status", "VmRSS:")
            except (OSError, ProcessLookupError):
                continue  # it ended meanwhile
    return pss * 1024 / 1e6, rss * 1024 / 1e6


def _kilobytes(path: str, label: str) -> int:
    with open(path) as stream:
        for line in stream:
            if line.startswith(label):
                return int(line.split()[1])
    return 0
