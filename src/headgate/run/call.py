"""Making a table by a Python function: its inputs stream out of the engine, its result streams into it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import CodeFailed, EngineFailed
from headgate.core.ports.engine import BuildJob, BuildResult, Engine, StreamInput
from headgate.core.ports.python import ArrowStream, OpenStream, PythonRunner
from headgate.core.protection import unquoted
from headgate.core.python import PythonBody, PythonInput
from headgate.core.records import Build
from headgate.sql.bind import selected_columns

BATCH_ROWS = 65_536
"""Rows that are on their way at once; of 200 bytes each they take 13 MB."""

PRINTED_LINES_MAX = 8
"""So many lines of what a function printed are shown where it failed."""


def build_by_call(
    build: Build, body: PythonBody, *, engine: Engine, runner: PythonRunner, relations: Mapping[Address, str]
) -> BuildResult:
    """Return what was made, with what the function printed.

    Raises ``CodeFailed`` where the function is at fault, else ``EngineFailed``; then nothing was made.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        inputs: dict[str, ArrowStream] = {}
        streams: list[OpenStream] = []
        for one in body.inputs:
            stream = engine.stream(_text(one, relations), batch_rows=BATCH_ROWS)
            stack.callback(stream.close)
            inputs[one.parameter] = stream
            streams.append(stream)
        call = runner.start(body, inputs)
        stack.callback(call.close)
        for opened in streams:
            stack.callback(opened.interrupt)  # first of all: nobody waits for rows that nobody wants any more
        try:
            job = StreamInput(call.result())
            (result,) = engine.build([BuildJob(build.id, build.address, build.relation, build.shape, job, build.fence)])
        except EngineFailed:
            if failure := call.failure():
                failure.printed = call.printed()
                raise failure from None  # the engine says no more than that its stream broke off
            raise
        except CodeFailed as failure:
            failure.printed = call.printed()
            raise
        return replace(result, seconds=time.perf_counter() - started, printed=call.printed())


def _text(one: PythonInput, relations: Mapping[Address, str]) -> str:
    return selected_columns(relations[one.address], one.columns)


def told_of_call(error: CodeFailed, body: PythonBody, *, root: str, quotable: Address | None = None) -> Diagnostic:
    """Return the fault at the user's own line, with that line; else where the function begins.

    ``quotable`` is whose protected values its words may quote: then what was raised is told by its name alone. What
    the function printed on purpose is told as it is.
    """
    if quotable is not None:
        error = _without_words(error, quotable)
    place = Place(error.path, error.line) if error.path else Place(body.path, body.line)
    is_own = error.code == "HG602"
    return Diagnostic(
        code=error.code,
        summary="the function failed" if is_own else str(error),
        place=place,
        hint=error.hint,
        detail=detail_of_call(error),
        excerpt=line_of(root, place),
    )


def _without_words(error: CodeFailed, quotable: Address) -> CodeFailed:
    """Return the failure by its name, or in our own words: what others say of it stands behind a colon."""
    name, colon, _ = str(error).partition(": ")
    told = f"{name}: {unquoted(quotable)}" if colon else name
    found = CodeFailed(told, path=error.path, line=error.line, detail=error.detail, code=error.code)
    found.hint, found.printed = error.hint, error.printed
    return found


def detail_of_call(error: CodeFailed) -> str:
    """Return what was raised, what helps, and the last lines that the function printed."""
    lines = [line for line in error.printed.splitlines() if line.strip()]
    told = [f"printed: {lines[0]}"] if len(lines) == 1 else []
    if len(lines) > 1:
        last = lines[-PRINTED_LINES_MAX:]
        told = [f"printed, the last {len(last)} of {len(lines):,} lines:" if lines != last else "printed:"]
        told += [f"  {line}" for line in last]
    return "\n".join([*f"{error}\n{error.detail}".rstrip().splitlines(), *told])


def line_of(root: str, place: Place) -> str:
    """Return the line of a file of the repository; nothing where it cannot be read."""
    try:
        with Path(root, place.path).open(encoding="utf-8", errors="replace") as file:
            for count, line in enumerate(file, 1):
                if count == place.line:
                    return line.rstrip()[:300]
    except OSError:
        return ""
    return ""
