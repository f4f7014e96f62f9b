"""The scenarios of tests/scenarios, on real DuckDB and SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.scenario import commands_of, matches, play

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"


@pytest.fixture(autouse=True)
def _known_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_USER", "ada")
    monkeypatch.delenv("NO_COLOR", raising=False)


COMMANDS_OF_A_LONG_ONE = 4


def _scenarios() -> Iterator[object]:
    """Yield the names; those of many commands are slow tests."""
    for path in sorted(FOLDER.glob("*.txt")):
        is_long = path.read_text().count("\n$ headgate ") >= COMMANDS_OF_A_LONG_ONE
        yield pytest.param(path.name, marks=pytest.mark.slow if is_long else ())


@pytest.mark.parametrize("name", list(_scenarios()))
def test_scenario(name: str, tmp_path: Path) -> None:
    play((FOLDER / name).read_text(), tmp_path)


def test_expected_output_can_fail() -> None:
    assert matches("a\n...\nb ... c\n", "a\nx\ny\nb 12 c\n")
    assert matches("", "")
    assert matches("in ... ms.\n", "in 1.3 s.\n")
    assert matches("a\n...\n", "a\n")
    assert not matches("a\n", "a\nb\n")
    assert not matches("", "b\n")
    assert not matches("a ... c\n", "a b\nc\n")


def test_commands_have_output_and_status() -> None:
    (first, second) = commands_of("$ headgate x\nout\n[2]\n$ git y\n", 7)
    assert (first.command, first.text, first.status, first.line) == ("headgate x", "out\n", 2, 7)
    assert (second.command, second.text, second.status, second.line) == ("git y", "", 0, 10)
