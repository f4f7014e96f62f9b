"""What a live terminal shows while something is measured; what a stream that is no terminal does not."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """Return what a command writes to a terminal on standard error."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "headgate", *arguments]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, cwd=folder, stderr=theirs, stdout=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        told = b""
        try:
            while part := os.read(ours, 65_536):
                told += part
        except OSError:  # what Linux says once nobody has the other end
            pass
        process.wait()
    os.close(ours)
    return told.decode()


def test_a_promotion_shows_what_it_measures(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.asset("m.orders", "select i as id, i % 7 as cents from range(20) t(i)")
    shop.commit("Begin")
    shop.apply()
    shop.promote()
    shop.asset("m.orders", "select i as id, i % 5 as cents from range(20) t(i)")
    shop.commit("Other cents")
    shop.apply()
    told = on_a_terminal(tmp_path, "report", "dev")
    assert "comparisons 0/1" in told
    assert "profiles 0/2" in told
    assert "comparisons" not in on_a_terminal(tmp_path, "promote", "dev", "--yes")  # known by now
