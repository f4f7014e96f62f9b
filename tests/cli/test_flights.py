"""The example and the demo on the real flights of 2013."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.scenario import headgate

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_demo_plays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "That was the whole round" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_example_is_without_faults_and_has_all_the_data(tmp_path: Path) -> None:
    text, status = headgate(["new", "shop", "--example", "flights"], tmp_path)
    assert (status, text.split(" and a README")[0]) == (0, "shop/ holds 5 sources, 11 assets")
    lines = {path.name: path.read_bytes().count(b"\n") - 1 for path in (tmp_path / "shop" / "data").iterdir()}
    assert lines["flights.csv"] == 336_776
    assert lines["airlines.csv"] == 16
    assert b",NA" not in (tmp_path / "shop" / "data" / "flights.csv").read_bytes()
    text, status = headgate(["-C", "shop", "check"], tmp_path)
    assert (status, text.split(" (")[0]) == (0, "no faults in 17 assets")


def test_an_example_whose_data_is_missing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    text, status = headgate(["new", "shop", "--example", "flights"], tmp_path)
    assert status == 1
    assert 'pip install "headgate[flights]"' in text
    assert not (tmp_path / "shop").exists()
