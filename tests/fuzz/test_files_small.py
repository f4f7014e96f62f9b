"""A few damaged repositories, always the same ones, and commands that must be found wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzz.files import Command, Hostile, faults_of, hostile, misplaced, preload, run
from fuzz.repositories import repositories, write

pytestmark = pytest.mark.slow


def test_no_damage_ends_in_a_traceback() -> None:
    seen = hostile(range(16))
    assert seen.wrong == []
    assert seen.cases == 16
    assert {"0", "1"} <= set(seen.ends)


def test_what_is_damaged_is_sound_before(tmp_path: Path) -> None:
    preload()
    write(repositories()[0], tmp_path)
    command = run(("check", "--json"), tmp_path)
    assert command.status == 0, command


def answer(code: str = "HG201", path: str = "a.sql", line: int = 1, summary: str = "x") -> str:
    place = {"path": path, "line": line, "column": 1, "length": 1}
    return json.dumps({"diagnostics": [{"code": code, "summary": summary, "place": place}]})


@pytest.mark.parametrize(
    ("status", "out", "err"),
    [
        (None, "", ""),
        (70, "", ""),
        (-9, "", ""),
        (1, answer(), "Traceback (most recent call last)"),
        (1, "no JSON", ""),
        (1, '{"diagnostics": []}', ""),
        (1, answer(code="HG999"), ""),
        (1, answer(path="../a.sql"), ""),
        (1, answer(path="b.sql"), ""),
        (1, answer(line=9), ""),
        (1, answer(summary="a\nb"), ""),
    ],
)
def test_each_breach_of_the_claim_is_seen(status: int | None, out: str, err: str, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("select 1\n")
    assert list(faults_of(Command(("check", "--json"), status, out, err), tmp_path, Hostile()))
    assert not list(faults_of(Command(("check", "--json"), 1, answer(), ""), tmp_path, Hostile()))
    assert misplaced(tmp_path, "a.sql", 1, 1) == ""
