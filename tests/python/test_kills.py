"""Whoever is killed while a function runs, the command or the worker: nothing is half done, the next apply goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.laws.shop import Shop
from tests.python.test_runner import _runs as runs

pytestmark = pytest.mark.slow

SLOW = '''
import os, time
import headgate as hg
import pyarrow as pa

@hg.table(inputs={"orders": "m.orders"}, owner="ops", columns={"n": "BIGINT"}, variables=["MARK"])
def counts(orders: pa.Table):
    """Wait where nobody has waited before."""
    mark = os.environ["MARK"]
    if not os.path.exists(mark):
        with open(mark + ".tmp", "w") as file:
            file.write(str(os.getpid()))
        os.rename(mark + ".tmp", mark)
        time.sleep(600)
    return pa.table({"n": pa.array([orders.num_rows], pa.int64())})
'''

WAIT_SECONDS = 60


class Waiting:
    """A project whose function waits the first time that it is called."""

    def __init__(self, folder: Path) -> None:
        self.shop = Shop(folder / "shop")
        self.shop.file("uv.lock", "version = 1\n")
        self.shop.asset("m.orders", "select * from range(3) as r (id)")
        self.shop.file("assets/m/counts.py", SLOW)
        self.shop.asset("m.above", "select c.n + 1 as n from m.counts as c")
        self.mark = folder / "mark"
        self.environ = {**os.environ, "MARK": str(self.mark)}

    def apply(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "headgate", "apply", "dev", "--yes"]
        return subprocess.Popen(
            command, cwd=self.shop.root, env=self.environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def worker(self) -> int:
        """Wait until the function waits; return its process."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.mark.exists():
            assert time.monotonic() < deadline, "the call did not begin"
            time.sleep(0.02)
        return int(self.mark.read_text())

    def goes_on(self) -> None:
        """Apply again, and see that all is there and nothing more."""
        text, _ = (again := self.apply()).communicate(timeout=WAIT_SECONDS)
        assert again.returncode == 0, text
        with duckdb.connect(str(self.shop.root / "warehouse.duckdb"), read_only=True) as connection:
            assert connection.execute("from m__dev.above").fetchall() == [(4,)]
            row = connection.execute("select count(*) from duckdb_tables() where schema_name = 'headgate'").fetchone()
            built = connection.execute("select count(*) from headgate.builds").fetchone()
        assert built == (3,)
        assert row is not None
        assert not list((self.shop.root / ".headgate" / "calls").iterdir())


def gone(process: int) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while runs(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(process)


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    return Waiting(tmp_path)


def test_a_command_that_is_killed_takes_its_worker_along(waiting: Waiting) -> None:
    command = waiting.apply()
    worker = waiting.worker()
    command.kill()
    command.communicate()
    assert gone(worker)
    waiting.goes_on()


def test_a_command_that_is_interrupted_ends_its_worker(waiting: Waiting) -> None:
    command = waiting.apply()
    worker = waiting.worker()
    command.send_signal(signal.SIGINT)
    text, _ = command.communicate(timeout=WAIT_SECONDS)
    assert command.returncode == 130, text
    assert "Interrupted. Nothing was published; dev is not there yet." in text
    assert gone(worker)
    waiting.goes_on()


def test_a_worker_that_is_killed_is_a_failure_like_any_other(waiting: Waiting) -> None:
    command = waiting.apply()
    os.kill(waiting.worker(), signal.SIGKILL)
    text, _ = command.communicate(timeout=WAIT_SECONDS)
    assert command.returncode == 1, text
    assert "failed  m.counts  assets/m/counts.py:7" in text
    assert "its process ended (signal 9)" in text
    assert "1 asset that reads it was not started." in text
    waiting.goes_on()


def test_a_command_may_be_killed_at_any_time(waiting: Waiting) -> None:
    waiting.mark.write_text("0")
    chance = random.Random(7)
    for number in range(12):
        waiting.shop.asset("m.orders", f"select * from range(3) as r (id) where id >= {-number}")
        command = waiting.apply()
        time.sleep(chance.uniform(0.1, 1.6))
        command.kill()
        command.communicate()
    text, _ = (again := waiting.apply()).communicate(timeout=WAIT_SECONDS)
    assert again.returncode == 0, text
    with duckdb.connect(str(waiting.shop.root / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("from m__dev.above").fetchall() == [(4,)]
    assert not list((waiting.shop.root / ".headgate" / "calls").iterdir())
