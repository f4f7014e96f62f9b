"""Calling people's functions, each in a process of its own.

The parent gives each input through a pipe as an Arrow stream, one thread for each, and reads the result from another.
The worker never sees the warehouse. A stream of Arrow that ends early looks like a whole one, so nothing counts as
whole before the worker has said how many rows it gave.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from headgate.core.errors import CodeFailed, EnvironmentFailed
from headgate.core.limits import Limits
from headgate.core.ports.python import ArrowStream
from headgate.core.python import PythonBody, module_name
from headgate.plugins.python.limits import Watch, end_group

PRINTED_BYTES_MAX = 32_768
"""So much is kept of the beginning, and so much of the end, of what a call prints."""

LAST_WORD_SECONDS = 10

_REPORT_BYTES_MAX = 1_000_000
_FAILED_KEYS = frozenset({"kind", "message", "frames", "hint"})
"""How long to wait for a worker to end that has closed its result."""

_PASSED_ON = ("HOME", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV")


class SubprocessRunner:
    """See ``core.ports.python.PythonRunner``. ``folder`` is where calls may put rows aside; ``root`` the project's."""

    def __init__(self, root: Path, folder: Path, limits: Limits, environ: Mapping[str, str]) -> None:
        self._root = root.resolve()
        self._folder = folder
        self._limits = limits
        self._environ = environ
        self._calls: set[SubprocessCall] = set()
        self._guard = threading.Lock()
        self._number = 0
        _sweep(folder)

    def start(self, body: PythonBody, inputs: Mapping[str, ArrowStream]) -> SubprocessCall:
        """Begin to call the function."""
        _demand_arrow()
        with self._guard:
            self._number += 1
            folder = self._folder / f"{os.getpid()}-{self._number}"
        folder.mkdir(parents=True, exist_ok=True)
        limits = Limits(body.limits.seconds or self._limits.seconds, body.limits.bytes or self._limits.bytes)
        call = SubprocessCall(body, self._root, folder, limits, self._environment(body), self._ended)
        with self._guard:
            self._calls.add(call)
        call.begin(inputs)
        return call

    def interrupt(self) -> None:
        """End all calls that run."""
        with self._guard:
            calls = list(self._calls)
        for call in calls:
            call.fail(CodeFailed("it was interrupted"))

    def _ended(self, call: SubprocessCall) -> None:
        with self._guard:
            self._calls.discard(call)

    def _environment(self, body: PythonBody) -> dict[str, str]:
        """Return the variables that a worker sees: where things are, the declared ones, and nothing that varies."""
        found = {name: self._environ[name] for name in (*_PASSED_ON, *body.variables) if name in self._environ}
        fixed = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "TZ": "UTC"}
        return {**fixed, **found, "PYTHONUNBUFFERED": "1"}


class SubprocessCall:
    """One call. ``peak_bytes`` is the most memory that was seen in use."""

    def __init__(
        self, body: PythonBody, root: Path, folder: Path, limits: Limits, environ: Mapping[str, str], ended: Any
    ) -> None:
        self._body = body
        self._root = root
        self._folder = folder
        self._limits = limits
        self._environ = environ
        self._tell_ended = ended
        self._failure: CodeFailed | None = None
        self._report = b""
        self._head, self._tail, self._left_out = bytearray(), bytearray(), 0
        self._threads: list[threading.Thread] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._result_file: BinaryIO | None = None
        self._reader: Any = None

    @property
    def peak_bytes(self) -> int:
        """The most memory of its own that the worker was seen to have."""
        return self._watch.peak

    def begin(self, inputs: Mapping[str, ArrowStream]) -> None:
        """Start the worker and what feeds it."""
        pipes = {parameter: os.pipe() for parameter in inputs}
        result_read, result_write = os.pipe()
        report_read, report_write = os.pipe()
        theirs = [*(read for read, _ in pipes.values()), result_write, report_write]
        request = self._request({parameter: read for parameter, (read, _) in pipes.items()}, result_write, report_write)
        try:
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "headgate.plugins.python.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self._folder,
                env=dict(self._environ), pass_fds=theirs, start_new_session=True,
            )  # fmt: skip
        finally:
            for fd in theirs:
                os.close(fd)
        self._result_file = os.fdopen(result_read, "rb", buffering=1 << 20)
        self._watch = Watch(process, seconds=self._limits.seconds, bytes_=self._limits.bytes, over=self._over)
        self._watch.start()
        self._in_thread(self._collect_report, report_read)
        self._in_thread(self._collect_printed, process)
        for parameter, (_, write) in pipes.items():
            self._in_thread(self._feed, inputs[parameter], write)
        self._send(process, request)

    def _request(self, inputs: Mapping[str, int], result: int, report: int) -> bytes:
        body = self._body
        forms = {one.parameter: one.form.value for one in body.inputs}
        request = {
            "root": str(self._root),
            "path": body.path,
            "module": module_name(body.path),
            "function": body.function,
            "modules": list(body.modules),
            "network": body.is_networked,
            "parent": os.getpid(),
            "memory": self._limits.bytes,
            "inputs": [{"parameter": name, "form": forms[name], "fd": fd} for name, fd in inputs.items()],
            "result": result,
            "report": report,
        }
        return json.dumps(request).encode() + b"\n"

    @staticmethod
    def _send(process: subprocess.Popen[bytes], request: bytes) -> None:
        """Give the request. Its pipe stays open: the worker ends when it is closed."""
        if process.stdin is not None:
            try:
                process.stdin.write(request)
                process.stdin.flush()
            except OSError:
                return  # it has ended, which the report tells

    def _in_thread(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, name="headgate-call", daemon=True)
        self._threads.append(thread)
        thread.start()

    # Streams ----------------------------------------------------------------------------------------------------------

    def _feed(self, stream: ArrowStream, fd: int) -> None:
        """Write one input. Where reading it fails the worker is ended first: it would take what came for all."""
        import pyarrow as pa

        try:
            with os.fdopen(fd, "wb", buffering=1 << 20) as sink:
                reader = pa.RecordBatchReader.from_stream(stream)
                with pa.ipc.new_stream(sink, reader.schema) as writer:
                    is_empty = True
                    for batch in reader:
                        writer.write_batch(batch)
                        is_empty = False
                    if is_empty:  # so that a loop over the batches sees the columns of a table without rows
                        writer.write_batch(pa.RecordBatch.from_pylist([], schema=reader.schema))
        except BrokenPipeError:
            return  # the function did not want all of it, or has ended
        except Exception as error:  # handed to whoever reads the result
            if "Broken pipe" not in str(error):
                # Arrow puts the traceback of a stream that is made in Python behind its message.
                told = str(error).partition(". Detail: Python exception")[0].removeprefix("Unknown error: ")
                self.fail(CodeFailed(f"its input cannot be read: {told}", code="HG600"))

    def result(self) -> ArrowStream:
        """Return what the function gives."""
        import pyarrow as pa

        if self._reader is None:
            try:
                self._reader = pa.ipc.open_stream(self._result_file)
            except (pa.ArrowException, OSError):
                raise self._final() or CodeFailed("it ended without a result") from None
        reader = self._reader
        found: ArrowStream = pa.RecordBatchReader.from_batches(reader.schema, self._whole(reader))
        return found

    def _whole(self, reader: Any) -> Iterator[Any]:
        """Yield all batches; raise where they were not all."""
        rows = 0
        try:
            for batch in reader:
                rows += batch.num_rows
                yield batch
        except Exception as error:
            raise self._final() or CodeFailed(f"its result cannot be read: {error}") from error
        if failure := self._final(rows):
            raise failure

    def _final(self, rows: int | None = None) -> CodeFailed | None:
        """Wait for the worker's last word, and return what was wrong; ``rows`` are those that came."""
        process = self._process
        if process is None:
            return self._failure
        try:
            process.wait(LAST_WORD_SECONDS)
        except subprocess.TimeoutExpired:
            end_group(process.pid)
            process.wait()
        for thread in self._threads[:2]:
            thread.join(LAST_WORD_SECONDS)
        if self._failure is None:
            self._failure = self._told(process.returncode, rows)
        return self._failure

    def _told(self, status: int, rows: int | None) -> CodeFailed | None:
        report = _report_of(self._report)
        if "failed" in report:
            return _failed(report["failed"])
        if "done" in report and status == 0:
            if rows is None or rows == report["done"]:
                return None
            return CodeFailed(f"it gave {report['done']} rows, and {rows} came")
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return CodeFailed(f"its process ended ({how})")

    # What it says -----------------------------------------------------------------------------------------------------

    def _collect_report(self, fd: int) -> None:
        with os.fdopen(fd, "rb") as file:
            self._report = file.read(_REPORT_BYTES_MAX)
            while file.read(_REPORT_BYTES_MAX):
                pass  # a function that writes to every file it finds is not stopped by a full pipe

    def _collect_printed(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        while part := os.read(process.stdout.fileno(), 65_536):
            room = PRINTED_BYTES_MAX - len(self._head)
            self._head += part[:room]
            self._tail += part[room:]
            over = len(self._tail) - PRINTED_BYTES_MAX
            if over > 0:
                self._left_out += over
                del self._tail[:over]

    def printed(self) -> str:
        """Return what the function printed, of a long text its beginning and its end."""
        between = f"\n... {self._left_out:,} bytes ...\n".encode() if self._left_out else b""
        return bytes(self._head + between + self._tail).decode("utf-8", "replace")

    def failure(self) -> CodeFailed | None:
        """Return why it failed, if that is known to have happened."""
        return self._failure

    # The end ----------------------------------------------------------------------------------------------------------

    def _over(self, limit: str) -> None:
        body = self._body
        if limit == "time":
            text = f"it took longer than {self._limits.seconds:,} s"
            hint = 'timeout="2 hours" in its decorator, or under [python] in headgate.toml, allows more.'
        else:
            text = f"it used more than {self._limits.bytes / 1e6:,.0f} MB of memory"
            hint = (
                'memory="8 GB" in its decorator, or under [python] in headgate.toml, allows more; '
                "pa.RecordBatchReader and pl.LazyFrame take less."
            )
        self._failure = self._failure or CodeFailed(text, path=body.path, line=body.line, detail=hint, code="HG603")

    def fail(self, failure: CodeFailed) -> None:
        """End the worker for a reason of ours."""
        self._failure = self._failure or failure
        if self._process is not None:
            end_group(self._process.pid)

    def close(self) -> None:
        """End the worker, wait for the threads, take the folder away."""
        process = self._process
        if process is None:
            return
        self._process = None
        end_group(process.pid)
        process.wait()
        self._watch.end()
        if process.stdin is not None:
            with suppress(BrokenPipeError):  # what a worker that is gone did not read
                process.stdin.close()
        self._reader = None
        for thread in self._threads:
            thread.join(LAST_WORD_SECONDS)
        for opened in (process.stdout, self._result_file):
            if opened is not None:
                opened.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._tell_ended(self)


def _report_of(content: bytes) -> Mapping[str, Any]:
    """Return a worker's last word; nothing where the function itself wrote into the way that it takes."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or not _FAILED_KEYS.issubset(found.get("failed", _FAILED_KEYS)):
        return {}
    return found


def _failed(told: Mapping[str, Any]) -> CodeFailed:
    frames: list[dict[str, Any]] = told["frames"]
    if told["kind"] == "changed":
        hint = "Plan again once nobody writes to it."
        return CodeFailed(
            f"{told['message']} changed since the plan was made", path=told["message"], detail=hint, code="HG451"
        )
    inner: dict[str, Any] = frames[-1] if frames else {"path": "", "line": 0}
    callers = [f"called in {f['path']}:{f['line']}" for f in reversed(frames[:-1])]
    detail = "\n".join([*callers, *([told["hint"]] if told["hint"] else [])])
    return CodeFailed(told["message"], path=inner["path"], line=inner["line"], detail=detail)


def _demand_arrow() -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise EnvironmentFailed("Python assets need pyarrow", hint='Install it: pip install "headgate[python]"')


def _sweep(folder: Path) -> None:
    """Take away what calls of processes that ended left behind."""
    for left in folder.glob("*-*"):
        process = left.name.partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
