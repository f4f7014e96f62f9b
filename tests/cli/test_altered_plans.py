"""A saved plan whose text was altered is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.cli.main import run


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "assets/m").mkdir(parents=True)
    (tmp_path / "assets/m/x.sql").write_text("/* headgate\nowner: ops\n*/\nselect 1 as a\n")
    assert run(["plan", "dev", "-C", str(tmp_path), "--out", str(tmp_path / "x.plan")]) == 0
    return tmp_path / "x.plan"


def applied(plan: Path) -> int:
    return run(["apply", "-C", str(plan.parent), "--plan", str(plan), "--yes"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("select 1 as a", "select 666 as a"),
        ("select 1 as a", "select 1 as a; drop schema headgate cascade"),
        ('"INTEGER"', '"INTEGER); drop table x; --"'),
        ('"seal":"', '"seal":"0'),
        ('"project":"', '"project":"\\ud800'),
    ],
)
def test_an_altered_plan_is_refused(old: str, new: str, plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = plan.read_text()
    assert old in text
    plan.write_text(text.replace(old, new))
    assert applied(plan) == 1
    assert "HG450" in capsys.readouterr().err
    assert not (plan.parent / "warehouse.duckdb").exists()


def test_a_plan_that_is_as_it_was_saved_is_carried_out(plan: Path) -> None:
    assert applied(plan) == 0


def test_a_file_of_brackets_is_no_plan(plan: Path) -> None:
    plan.write_text("[" * 200_000)
    assert applied(plan) == 2
