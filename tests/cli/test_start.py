"""Starting costs what is used: what each command imports, in processes of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from headgate.cli.arguments import COMMANDS

pytestmark = pytest.mark.slow

HEAVY = {
    "cryptography",
    "duckdb",
    "jinja2",
    "sqlglot",
    "yaml",
    "importlib.metadata",
    "typing_extensions",
    "asyncio",
    "pandas",
}


def imported(arguments: Sequence[str], folder: Path) -> set[str]:
    """Return the modules that `headgate ARGUMENTS` has loaded when it ends."""
    code = (
        "import sys\n"
        "from headgate.cli.main import run\n"
        "try:\n    status = run(sys.argv[1:])\n"
        "except SystemExit as ended:\n    status = ended.code\n"
        "assert not status, status\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split("\n"))


@pytest.mark.parametrize("arguments", [("--help",), ("help",), ("--version",), *((c, "--help") for c in COMMANDS)])
def test_help_loads_next_to_nothing(arguments: Sequence[str], tmp_path: Path) -> None:
    loaded = imported(arguments, tmp_path)
    ours = {name for name in loaded if name.startswith("headgate.")}
    assert not HEAVY & loaded
    light = {"main", "arguments", "argument_values", "parser"} | {
        f"{kind}_arguments" for kind in ("contract", "diff", "editor", "evidence", "gate", "import", "job")
    }
    assert ours <= {"headgate.cli", *(f"headgate.cli.{name}" for name in light)}
    assert not {"dataclasses", "json", "inspect"} & loaded


def test_a_plan_without_changes_needs_neither_parser_nor_engine(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    headgate("new", str(folder), folder=tmp_path)
    headgate("apply", "dev", "--yes", folder=folder)
    # The cache of files trusts a time stamp only once it is two seconds old: make the files look so.
    for path in folder.rglob("*.*"):
        os.utime(path, (1, 1))
    headgate("plan", "dev", folder=folder)
    loaded = imported(("plan", "dev"), folder)
    assert not {"duckdb", "jinja2", "sqlglot", "yaml"} & loaded
    assert not {"headgate.plan.make", "headgate.app.linking.link", "headgate.project.link"} & loaded


def test_a_run_of_nothing_links_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    headgate("new", str(folder), folder=tmp_path)
    headgate("apply", "dev", "--yes", folder=folder)
    for path in folder.rglob("*.*"):
        os.utime(path, (1, 1))
    headgate("run", "dev", folder=folder)
    loaded = imported(("run", "dev"), folder)
    assert not {"duckdb", "jinja2", "sqlglot", "yaml"} & loaded
    ours = ("plan.make", "app.running.new_input", "app.running.arrived", "words.apply", "words.properties")
    assert not {f"headgate.{name}" for name in ours} & loaded


@pytest.mark.slow
def test_a_project_without_templates_does_without_jinja(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    headgate("new", str(folder), folder=tmp_path)
    (folder / "macros").mkdir()
    (folder / "macros" / "one.sql").write_text("{% macro one() %}1{% endmacro %}")
    assert "jinja2" not in imported(("check",), folder)
    asset = next(folder.glob("assets/*/*.sql"))
    asset.write_text("/* headgate\nowner: ops\ntemplate: jinja\n*/\nselect {{ one() }} as one")
    assert "jinja2" in imported(("check",), folder)
    assert "jinja2" not in imported(("check",), folder)


def headgate(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headgate", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
