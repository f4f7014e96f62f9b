"""`--watch` as a process of its own: it sees edits, tells faults and goes on, and ends when it should."""

import contextlib
import json
import os
import pty
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.app.watching import changed, data_patterns, stamps
from tests.cli.scenario import headgate

pytestmark = pytest.mark.slow

ASSET = "/* headgate\nowner: ops\n*/\nselect 1 as x\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "assets" / "m").mkdir(parents=True)
    (tmp_path / "assets" / "m" / "a.sql").write_text(ASSET)
    return tmp_path


class Watched:
    """A running command and the lines of its output."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-u", "-c", MAIN, *arguments, "--watch"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def until(self, text: str, seconds: float = 20) -> list[str]:
        """Return the lines up to one that holds ``text``."""
        found: list[str] = []
        deadline = time.monotonic() + seconds
        while not found or text not in found[-1]:
            found.append(self.lines.get(timeout=max(0.01, deadline - time.monotonic())))
        return found

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        if self.process.stdout:
            self.process.stdout.close()


MAIN = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts tests may have it ignored
from headgate.cli.main import run
sys.exit(run(sys.argv[1:]))"""


@contextlib.contextmanager
def watching(folder: Path, *arguments: str) -> Iterator[Watched]:
    watched = Watched(folder, *arguments)
    try:
        yield watched
    finally:
        watched.close()


def test_a_check_sees_edits_tells_faults_and_goes_on(project: Path) -> None:
    asset = project / "assets" / "m" / "a.sql"
    with watching(project, "check") as watched:
        assert watched.until("Watching")[0].startswith("no faults in 1 asset")
        asset.write_text(ASSET.replace("1 as x", "nosuch as x"))
        lines = watched.until("Watching")
        assert "-- assets/m/a.sql --" in lines[1]
        assert any("error HG" in line for line in lines)
        asset.write_text(ASSET)
        assert any(line.startswith("no faults") for line in watched.until("Watching"))
        (project / "headgate.toml").write_text("nmae = 1\n")
        assert any("HG121" in line for line in watched.until("Watching"))
        (project / "headgate.toml").unlink()
        assert any(line.startswith("no faults") for line in watched.until("Watching"))
        assert "\x1b" not in "\n".join(lines)
        assert watched.interrupt() == 0


@pytest.mark.slow
def test_a_plan_sees_new_files_and_writes_nothing(project: Path) -> None:
    assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    with watching(project, "plan", "dev") as watched:
        assert "nothing to do" in watched.until("Watching")[0]
        (project / "assets" / "m" / "b.sql").write_text(ASSET)
        assert any(line.split()[:2] == ["new", "m.b"] for line in watched.until("Watching"))
        assert watched.interrupt() == 0
    assert "nothing to do" not in headgate(["plan", "dev"], project)[0]


@pytest.mark.slow
def test_json_is_one_object_a_line(project: Path) -> None:
    with watching(project, "check", "--json") as watched:
        assert json.loads(watched.until("format")[0])["result"]["errors"] == 0
        (project / "assets" / "m" / "a.sql").write_text("select from")
        (line,) = watched.until("format")
        assert json.loads(line)["result"]["errors"] > 0
        assert watched.interrupt() == 0


@pytest.mark.slow
def test_it_ends_with_the_process_that_began_it(project: Path) -> None:
    command = f"{sys.executable} -m headgate check --watch & echo $!; wait"
    shell = subprocess.Popen(
        ["sh", "-c", command], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert shell.stdout
    pid = int(shell.stdout.readline())
    assert shell.stdout.readline().startswith("no faults")
    shell.kill()
    shell.wait()
    shell.stdout.close()
    assert ends(pid)


def ends(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


def test_it_ends_with_its_terminal(project: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup: nothing but the terminal's end tells
        os.chdir(project)
        os.execv(sys.executable, [sys.executable, "-m", "headgate", "check", "--watch"])
    shown = b""
    while b"Watching" not in shown:
        shown += os.read(terminal, 4096)
    os.close(terminal)
    deadline = time.monotonic() + 10
    while (found := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found[0] == pid, os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("option", [["--out", "x"], ["--show", "x"], ["--exit-code"]])
def test_what_a_watch_cannot_mean_is_refused(option: list[str], project: Path) -> None:
    text, status = headgate(["plan", "--watch", *option], project)
    assert status == 2
    assert "--watch shows the working tree's plan" in text


def test_data_files_are_watched_too(project: Path) -> None:
    (project / "assets" / "sources.yml").write_text(
        "sources:\n  - name: raw\n    tables:\n      - name: things\n        path: data/*.csv\n"
    )
    (project / "data").mkdir()
    (project / "data" / "1.csv").write_text("a\n1\n")
    patterns = data_patterns(project)
    assert patterns == ("data/*.csv",)
    before = stamps(project, patterns)
    (project / "data" / "2.csv").write_text("a\n2\n")
    (project / "assets" / "m" / "a.sql").unlink()
    assert changed(before, stamps(project, patterns)) == ("assets/m/a.sql", "data/2.csv")
    assert changed(before, before) == ()


def test_unit_tests_run_again_when_a_test_a_fixture_or_an_asset_changes(project: Path) -> None:
    test = "unit_tests: [{name: one, model: a, expect: {fixture: one}}]\n"
    (project / "tests" / "fixtures").mkdir(parents=True)
    (project / "tests" / "a.yml").write_text(test)
    fixture = project / "tests" / "fixtures" / "one.csv"
    fixture.write_text("x\n1\n")
    with watching(project, "test") as watched:
        assert any(line.startswith("1 test: 1 passed") for line in watched.until("Watching"))
        fixture.write_text("x\n2\n")
        assert any(line.startswith("1 test: 1 failed") for line in watched.until("Watching"))
        (project / "assets" / "m" / "a.sql").write_text(ASSET.replace("1 as x", "2 as x"))
        assert any(line.startswith("1 test: 1 passed") for line in watched.until("Watching"))
        (project / "tests" / "a.yml").write_text(test.replace("model: a", "model: b"))
        assert any("HG307" in line for line in watched.until("Watching"))
        assert watched.interrupt() == 0


def test_an_interruption_ends_a_unit_test(project: Path) -> None:
    endless = "select count(*) as x from range(1000000000000) as r(i) where i % 7 = 1"
    (project / "assets" / "m" / "a.sql").write_text(ASSET.replace("select 1 as x", endless))
    (project / "tests").mkdir()
    (project / "tests" / "a.yml").write_text("unit_tests: [{name: one, model: a, expect: {rows: []}}]\n")
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "test"], cwd=project, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=25)
    assert (said.strip(), process.returncode) == ("Interrupted.", 130)
