"""Calls in real processes: forms in and out, limits, kills, and what the code may not see."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headgate.core.address import Address
from headgate.core.errors import CodeFailed
from headgate.core.hashing import content_digest
from headgate.core.limits import Limits
from headgate.core.python import Form, PythonBody, PythonInput
from headgate.plugins.python.runner import SubprocessRunner

pytestmark = pytest.mark.slow

TABLE = pa.table({"carrier": ["UA", "AA", "UA"], "delay": [1, 2, 3]})

Call = Callable[..., pa.Table]


class Repository:
    """A repository with one Python file, and calls of its functions."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = dict(os.environ)
        self.printed = ""
        self.peak = 0

    def file(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(textwrap.dedent(text))

    def body(self, text: str, form: Form = Form.ARROW, *modules: str, **more: Any) -> PythonBody:
        self.file("assets/m/f.py", text)
        pinned = tuple((p, content_digest([(self.root / p).read_bytes()])) for p in ("assets/m/f.py", *modules))
        inputs = (PythonInput("flights", Address("s.flights"), form),)
        return PythonBody("assets/m/f.py", "f", more.pop("inputs", inputs), pinned, **more)

    def runner(self, limits: Limits = Limits(60, 10**9)) -> SubprocessRunner:  # noqa: B008  # it is frozen
        return SubprocessRunner(self.root, self.root / ".headgate" / "calls", limits, self.environ)

    def call(self, body: PythonBody, table: Any = TABLE, limits: Limits = Limits(60, 10**9)) -> pa.Table:  # noqa: B008
        call = self.runner(limits).start(body, {one.parameter: table for one in body.inputs})
        try:
            return pa.RecordBatchReader.from_stream(call.result()).read_all()
        except pa.ArrowException:
            failure = call.failure()
            assert failure is not None
            raise failure from None
        finally:
            self.peak = call.peak_bytes
            call.close()
            self.printed = call.printed()

    def fails(self, body: PythonBody, **more: Any) -> CodeFailed:
        with pytest.raises(CodeFailed) as caught:
            self.call(body, **more)
        return caught.value


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


COUNTS = {"carrier": ["AA", "UA"], "n": [1, 2]}

BODIES = {
    Form.POLARS: """
        import polars as pl
        def f(flights):
            assert type(flights) is pl.DataFrame
            return flights.group_by("carrier").agg(n=pl.len()).sort("carrier").cast({"n": pl.Int64})
        """,
    Form.POLARS_LAZY: """
        import polars as pl
        def f(flights):
            assert type(flights) is pl.LazyFrame
            both = flights.join(flights.group_by("carrier").agg(n=pl.len()), on="carrier")
            return both.select("carrier", "n").unique().sort("carrier").cast({"n": pl.Int64})
        """,
    Form.PANDAS: """
        import pandas as pd
        def f(flights):
            assert type(flights) is pd.DataFrame
            return flights.groupby("carrier").size().reset_index(name="n")
        """,
    Form.ARROW: """
        import pyarrow as pa
        def f(flights):
            assert type(flights) is pa.Table
            counts = flights.group_by("carrier").aggregate([([], "count_all")])
            return counts.rename_columns(["carrier", "n"]).sort_by("carrier")
        """,
    Form.ARROW_STREAM: """
        import pyarrow as pa
        def f(flights):
            assert isinstance(flights, pa.RecordBatchReader)
            counts = {}
            for batch in flights:
                for carrier in batch.column("carrier").to_pylist():
                    counts[carrier] = counts.get(carrier, 0) + 1
            for carrier in sorted(counts):
                yield pa.table({"carrier": [carrier], "n": [counts[carrier]]})
        """,
    Form.DUCKDB: """
        def f(flights):
            twice = flights.union(flights)
            return twice.aggregate("carrier, count(*) // 2 as n", "carrier").order("carrier")
        """,
}


@pytest.mark.parametrize("form", list(Form), ids=lambda form: form.name.lower())
def test_every_form_goes_in_and_comes_out(repository: Repository, form: Form) -> None:
    assert repository.call(repository.body(BODIES[form], form)).to_pydict() == COUNTS
    assert not list((repository.root / ".headgate" / "calls").iterdir())


def test_a_loop_over_no_batches_sees_the_columns(repository: Repository) -> None:
    body = repository.body("def f(flights):\n    yield from flights\n", Form.ARROW_STREAM)
    answer = repository.call(body, TABLE.slice(0, 0))
    assert answer.schema.names == ["carrier", "delay"]
    assert answer.num_rows == 0


def test_a_function_without_inputs(repository: Repository) -> None:
    body = repository.body("import pyarrow as pa\ndef f():\n    return pa.table({'x': [1]})\n", inputs=())
    assert repository.call(body).to_pydict() == {"x": [1]}


def test_what_is_printed_is_kept_from_both_ends(repository: Repository) -> None:
    text = """
        import sys
        def f(flights):
            print("first", flights.num_rows)
            for _ in range(20_000):
                print("again", file=sys.stderr)
            print("last")
            return flights
        """
    repository.call(repository.body(text))
    assert repository.printed.startswith("first 3\nagain\n")
    assert repository.printed.endswith("again\nlast\n")
    assert " bytes ...\n" in repository.printed
    assert len(repository.printed) < 70_000


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("def f(flights):\n    return flights['nosuch']\n", "KeyError: no key", 2),
        ("def g(x):\n    raise ValueError('no')\ndef f(flights):\n    return g(1)\n", "ValueError: no", 2),
        ("import polars as pl\ndef f(flights):\n    return pl.DataFrame(flights).select('carier')\n", "polars Col", 3),
        ("import nosuchlibrary\ndef f(flights): ...\n", "ModuleNotFoundError: No module named", 1),
        ("def f(flights):\n    raise SystemExit(0)\n", "SystemExit: 0", 2),
        ("def f(flights):\n    yield flights\n    raise RuntimeError('late')\n", "RuntimeError: late", 3),
        ("def f(flights):\n    return f(flights)\n", "RecursionError", 2),
        ("def f(flights):\n    pass\n", "it returned None, which is no table", 0),
        ("def f(flights):\n    return 'text'\n", "it returned a str, which is no table", 0),
        ("def f(flights):\n    return iter(())\n", "it yielded nothing", 0),
        ("def f(flights):\n    yield flights\n    yield flights.select(['delay'])\n", "piece 2 has the columns", 0),
        ("import os\ndef f(flights):\n    os._exit(0)\n", "its process ended (exit status 0)", 0),
        ("import os\ndef f(flights):\n    os.kill(os.getpid(), 9)\n", "its process ended (signal 9)", 0),
        ("import os\ndef f(flights):\n    yield flights\n    os._exit(0)\n", "its process ended (exit status 0)", 0),
        (
            "import pyarrow as pa\ndef f(flights):\n    return pa.table({'x': [1], 'X': [2]})\n",
            "two of its columns have one name: x, X",
            0,
        ),
        (
            "import polars as pl\ndef f(flights):\n    return pl.DataFrame({'x': pl.Series([f], dtype=pl.Object)})\n",
            "x: Python objects are no values of a table",
            0,
        ),
        (
            "import pandas as pd\ndef f(flights):\n    return flights.to_pandas().groupby('carrier').sum()\n",
            "its index (carrier) would be lost",
            0,
        ),
    ],
)
def test_failures_are_told_at_the_users_own_line(repository: Repository, text: str, message: str, line: int) -> None:
    told = repository.fails(repository.body(text))
    assert str(told).startswith(message)
    assert (told.path, told.line) == (("assets/m/f.py", line) if line else ("", 0))


def test_no_thread_outlives_a_call(repository: Repository) -> None:
    repository.fails(repository.body("def f(flights):\n    raise ValueError\n"))
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("headgate-")] == []


def test_time_is_limited(repository: Repository) -> None:
    body = repository.body("import time\ndef f(flights):\n    time.sleep(60)\n", limits=Limits(seconds=1))
    told = repository.fails(body)
    assert (told.code, str(told)) == ("HG603", "it took longer than 1 s")


def test_memory_is_limited(repository: Repository) -> None:
    text = "def f(flights):\n    held = []\n    while True:\n        held.append(bytearray(b'x' * 10_000_000))\n"
    told = repository.fails(repository.body(text), limits=Limits(60, 300_000_000))
    assert (told.code, str(told)) == ("HG603", "it used more than 300 MB of memory")


def test_a_child_of_the_code_ends_with_it(repository: Repository) -> None:
    text = "import subprocess\ndef f(flights):\n    print(subprocess.Popen(['sleep', '600']).pid)\n    return flights\n"
    repository.call(repository.body(text))
    child = int(repository.printed)
    deadline = time.monotonic() + 10
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)


def test_a_child_that_holds_the_pipes_keeps_nobody_waiting(repository: Repository) -> None:
    text = "import os, time\ndef f(flights):\n    if os.fork() == 0:\n        time.sleep(600)\n    return flights\n"
    started = time.monotonic()
    assert repository.call(repository.body(text)).num_rows == TABLE.num_rows
    assert time.monotonic() - started < 9


@pytest.mark.parametrize("kind", ["pl.Categorical", "pl.Enum(['a', 'b'])"])
def test_categories_of_polars_are_the_texts_that_they_stand_for(repository: Repository, kind: str) -> None:
    made = f"pl.Series(['a', None, 'b'], dtype={kind})"
    text = f"import polars as pl\ndef f(flights):\n    return pl.DataFrame({{'x': {made}}})\n"
    assert repository.call(repository.body(text)).to_pydict() == {"x": ["a", None, "b"]}


def _runs(process: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_a_call_closes_where_its_worker_never_read_what_it_was_given(repository: Repository) -> None:
    call = repository.runner().start(repository.body("def f(flights):\n    return flights\n"), {"flights": TABLE})
    process = call._process
    process.kill()
    process.wait()
    process.stdin.write(b"as if the first message had not been sent")
    call.close()


def test_an_input_that_breaks_off_is_never_taken_for_whole(repository: Repository) -> None:
    def batches() -> Any:
        yield from TABLE.to_batches()
        raise ValueError("the engine was lost")

    stream = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    told = repository.fails(repository.body("def f(flights):\n    return flights\n"), table=stream)
    assert "its input cannot be read" in str(told)


CLOSED = """
    def f(flights):
        open({path!r})
        return flights
"""


@pytest.mark.parametrize("path", ["headgate.toml", "assets/m/data.csv", "warehouse.duckdb"])
def test_other_files_of_the_repository_are_closed(repository: Repository, path: str) -> None:
    repository.file(path, "a\n1\n")
    told = repository.fails(repository.body(CLOSED.format(path=str(repository.root / path))))
    assert str(told) == f"headgate Closed: {path} of the repository is not among its inputs".replace("headgate ", "")
    assert "Make it a seed or a source" in told.detail


@pytest.mark.parametrize(
    ("reads", "message"),
    [
        ("(here / 'data.csv').read_text()", "Closed: assets/m/data.csv of the repository is not among its inputs"),
        ("list(here.iterdir())", "Closed: assets/m of the repository is not among its inputs"),
        ("pl.read_csv(here / 'data.csv')", "FileNotFoundError: No such file"),
        ("pa.OSFile(str(here / 'data.csv'))", "FileNotFoundError: "),
    ],
)
def test_files_beside_a_module_are_not_there_for_libraries_either(
    repository: Repository, reads: str, message: str
) -> None:
    repository.file("assets/m/data.csv", "a\n1\n")
    text = "import polars as pl, pyarrow as pa\nfrom pathlib import Path\nhere = Path(__file__).parent\n"
    told = repository.fails(repository.body(f"{text}def f(flights):\n    {reads}\n    return flights\n"))
    assert message in str(told)
    assert told.line == 5


def test_a_call_may_write_files_of_its_own(repository: Repository) -> None:
    repository.file("data.csv", "a\n1\n")
    text = """
        def f(flights):
            open("data.csv", "w").write("x")
            assert open("data.csv").read() == "x"
            return flights
        """
    repository.call(repository.body(text))


def test_the_network_is_closed_unless_it_is_declared(repository: Repository) -> None:
    text = """
        import socket
        def f(flights):
            server = socket.socket()
            server.bind(("127.0.0.1", 0))
            server.listen()
            socket.create_connection(server.getsockname()).close()
            return flights
        """
    assert str(repository.fails(repository.body(text))).startswith("Closed: the network is closed")
    assert repository.call(repository.body(text, is_networked=True)).num_rows == 3


def test_only_declared_variables_are_passed_on(repository: Repository) -> None:
    repository.environ |= {"REGION": "north", "SECRET": "hidden"}
    text = """
        import os
        def f(flights):
            print(os.environ.get("REGION"), os.environ.get("SECRET"), os.environ["TZ"], hash("a") == hash("a"))
            return flights
        """
    repository.call(repository.body(text, variables=("REGION",)))
    assert repository.printed.startswith("north None UTC")


def test_modules_are_those_of_the_plan(repository: Repository) -> None:
    repository.file("lib/air/rates.py", "RATE = 2\n")
    repository.file("lib/other.py", "RATE = 3\n")
    text = """
        import importlib
        from air.rates import RATE
        def f(flights):
            print(RATE)
            importlib.import_module("oth" + "er")
        """
    body = repository.body(text, Form.ARROW, "lib/air/rates.py")
    told = repository.fails(body)
    assert repository.printed == "2\n"
    assert str(told) == "ModuleNotFoundError: No module named 'other'"
    assert "no import that can be read names it" in told.detail
    repository.file("lib/air/rates.py", "RATE = 4\n")
    told = repository.fails(body)
    assert (told.code, str(told)) == ("HG451", "lib/air/rates.py changed since the plan was made")


def test_compiled_files_of_the_repository_are_not_used(repository: Repository) -> None:
    repository.file("lib/rates.py", "RATE = 2\n")
    text = "from rates import RATE\nimport pyarrow as pa\ndef f(flights):\n    return pa.table({'x': [RATE]})\n"
    stamp = (repository.root / "lib/rates.py").stat()
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(repository.root / "lib")], check=True)
    repository.file("lib/rates.py", "RATE = 7\n")
    os.utime(repository.root / "lib/rates.py", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert repository.call(repository.body(text, Form.ARROW, "lib/rates.py")).to_pydict() == {"x": [7]}


WAITS = ["time.sleep(600)", "9 ** 9 ** 9"]
"""The second computes in C for ages and lets no other thread run."""

PARENT = """
import os, sys
sys.path[:0] = {path!r}
from pathlib import Path
import pyarrow as pa
from tests.python.test_runner import Repository, TABLE
repository = Repository(Path({root!r}))
text = "import os, time\\ndef f(flights):\\n    open('started', 'w').write(str(os.getpid()))\\n    {wait}\\n"
call = repository.runner().start(repository.body(text), {{"flights": TABLE}})
call.result()
"""


@pytest.mark.parametrize("wait", WAITS)
def test_the_worker_dies_with_its_parent(repository: Repository, wait: str) -> None:
    code = PARENT.format(path=sys.path, root=str(repository.root), wait=wait)
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (found := list(repository.root.glob(".headgate/calls/*/started"))) or not found[0].read_text():
        assert time.monotonic() < deadline, "the call did not begin"
        time.sleep(0.02)
    worker = int(found[0].read_text())
    assert _runs(worker)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while _runs(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(worker)
    repository.runner()  # the next one takes away what is left
    assert not list(repository.root.glob(".headgate/calls/*"))


def test_a_function_that_writes_into_every_file_it_finds_is_told_and_no_traceback(
    repository: Repository, capfd: pytest.CaptureFixture[str]
) -> None:
    text = """
        import contextlib, os
        def f(flights):
            for number in range(3, 30):
                with contextlib.suppress(OSError):
                    os.write(number, bytes([255]) * 100_000)
            os._exit(1)
    """
    assert "exit status 1" in str(repository.fails(repository.body(text)))
    assert "Traceback" not in capfd.readouterr().err
