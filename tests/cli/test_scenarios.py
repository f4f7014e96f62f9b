"""The scenarios of tests/scenarios, on real DuckDB and SQLite."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.cli.scenario import commands_of, matches, play

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"


@pytest.fixture(autouse=True)
def _known_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_USER", "ada")
    monkeypatch.delenv("NO_COLOR", raising=False)


COMMANDS_OF_A_LONG_ONE = 4

OF_NO_ENGINE = frozenset({
    "back_and_forward", "bare_schemas_that_move", "checks_kept", "clock_that_goes_back", "contract_files",
    "dirty_promotion", "drafts_stay_out", "edits_that_rebuild_nothing", "environments", "import_dbt",
    "line_of_a_change", "loads_meet", "loads_of_a_part", "loads_of_twins", "lost_state", "lost_warehouse",
    "misspelt_keys", "new_beside",
    "plan_of_what_is_built_already", "project_below_another", "promotions_of_loads", "properties_released",
    "ref_is_no_source", "runs_beside", "runs_tell", "runs_that_fail", "saved_plan", "saved_plan_elsewhere",
    "schedules_after_rollback", "schedules_not_back", "schema", "selected_plan", "sources_that_move", "templates",
    "two_protected", "words_for_times",
})  # fmt: skip
"""About words, git, schedules, and which builds and loads are shown: every engine that conforms does the same for them.

They are played with the older DuckDB alone. What a newer one may answer otherwise (SQL, types, files that it reads,
checks, rows that loads replace) is told by the others; the conformance suites of the port are played with both, too.
"""


def _scenarios() -> Iterator[object]:
    """Yield the names; those of many commands are slow tests."""
    is_newer = not duckdb.__version__.startswith("1.")
    for path in sorted(FOLDER.glob("*.txt")):
        is_long = path.read_text().count("\n$ headgate ") >= COMMANDS_OF_A_LONG_ONE
        if not (is_newer and path.stem in OF_NO_ENGINE):
            yield pytest.param(path.name, marks=pytest.mark.slow if is_long else ())


@pytest.mark.parametrize("name", list(_scenarios()))
def test_scenario(name: str, tmp_path: Path) -> None:
    play((FOLDER / name).read_text(), tmp_path)


def test_what_is_of_no_engine_is_there() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} >= OF_NO_ENGINE


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
