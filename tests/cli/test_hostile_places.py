"""Commands that are sent to strange places: devices, pipes, links that lead nowhere, disks that are full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.project import data_files
from tests.cli.scenario import headgate

pytestmark = pytest.mark.slow

FULL = Path("/dev/full")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "assets/m").mkdir(parents=True)
    (tmp_path / "assets/m/a.sql").write_text("/* headgate\nowner: ada\n*/\nselect 1 as x")
    return tmp_path


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_plan_is_a_regular_file(kind: str, shop: Path) -> None:
    path = shop / "plan"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    text, status = headgate(["apply", "--plan", "plan", "--yes"], shop)
    assert (text.splitlines()[0], status) == ("plan is not a regular file", 2)


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux")
@pytest.mark.parametrize("command", ["check --json", "check"])
def test_an_answer_that_cannot_be_written_ends_without_a_traceback(command: str, shop: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "headgate", *command.split()],
            cwd=shop, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("failed HG600")
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plan_that_cannot_be_saved_is_told(shop: Path) -> None:
    text, status = headgate(["plan", "dev", "--out", "assets"], shop)
    assert (status, "assets cannot be written" in text) == (2, True)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("loop", 1, "HG191  loop is a symbolic link that leads nowhere"),
        ("lost", 1, "HG191  lost is a symbolic link that leads nowhere"),
        ("pipe", 1, "HG191  pipe is a file"),
        ("", 2, "DIR is empty"),
        ("a\nb", 2, "control character"),
        ("a\x1b[2Jb", 2, "control character"),
        ("x" * 300, 3, "File name too long"),
    ],
)
def test_no_project_is_made_in_a_strange_place(name: str, status: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "lost").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(path.name for path in tmp_path.iterdir())
    text, ended = headgate(["new", name], tmp_path)
    assert (ended, said in text) == (status, True), text
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("is_absolute", [True, False], ids=["absolute", "upward"])
def test_a_warehouse_may_lie_elsewhere_but_no_folder_is_made_for_it(is_absolute: bool, tmp_path: Path) -> None:  # noqa: FBT001
    shop, disk = tmp_path / "shop", tmp_path / "disk"
    (shop / "assets/m").mkdir(parents=True)
    (shop / "assets/m/a.sql").write_text("/* headgate\nowner: ada\n*/\nselect 1 as x")
    path = disk / "w.duckdb" if is_absolute else Path("../disk/w.duckdb")
    (shop / "headgate.toml").write_text(f'[engines.local]\nkind = "duckdb"\npath = "{path}"\n')
    text, status = headgate(["apply", "dev", "--yes"], shop)
    assert (status, "mkdir -p" in text, disk.exists()) == (3, True, False)
    disk.mkdir()
    assert headgate(["apply", "dev", "--yes"], shop)[1] == 0
    assert {"w.duckdb", "w.state.db"} <= {file.name for file in disk.iterdir()}


def test_a_source_of_too_many_files_is_refused(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_files, "FILES_MAX", 3)
    (shop / "data").mkdir()
    for number in range(4):
        (shop / f"data/{number}.csv").write_text("a\n1\n")
    source = "sources:\n  - name: raw\n    owner: ada\n    tables: [{name: f, path: 'data/*.csv'}]\n"
    (shop / "assets/s.yml").write_text(source)
    text, status = headgate(["check"], shop)
    assert status == 1
    assert "error HG321  data/*.csv matches more than 3 files" in text
    assert "Put them together" in text


def test_a_repository_without_room_for_a_cache_is_checked_and_planned(shop: Path) -> None:
    (shop / ".headgate").write_text("a file, as if no folder could be made here")
    for command in (["check"], ["plan", "dev"]):
        text, status = headgate(command, shop)
        assert (status, "Traceback" in text) == (0, False), text
    assert (shop / ".headgate").is_file()
