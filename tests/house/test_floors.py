"""Each import contract can fail: a copy of the source with breaches of every kind in it is refused, one by one."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BREACHES = {
    "core/breach_upward.py": "import headgate.sql.bind",
    "core/breach_clock.py": "import time",
    "core/breach_files.py": "from pathlib import Path",
    "sql/breach_environment.py": "import os",
    "sql/breach_chance.py": "import random",
    "plan/breach_network.py": "import socket",
    "plan/breach_verb.py": "import headgate.release",
    "run/breach_typing.py": (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from headgate.project import load"
    ),
    "release/breach_plugin.py": "import headgate.plugins.stores",
    "app/breach_door.py": "import headgate.cli.main",
    "words/breach_door.py": "import headgate.cli.terminal",
    "plugins/engines/breach_island.py": "import headgate.plugins.stores.sqlite",
    "plugins/stores/breach_sql.py": "import headgate.sql.bind",
    "plan/breach_parser.py": "import sqlglot",
    "project/breach_templates.py": "import jinja2",
    "app/breach_engine.py": "import duckdb",
    "app/breach_keys.py": "import cryptography",
    "app/breach_frames.py": "import polars",
    "run/breach_arrow.py": "import pyarrow",
    "run/breach_store.py": "import sqlite3",
    "app/breach_call.py": "import urllib.request",
    "attic/__init__.py": "",
    "core/breach_circle.py": "import headgate.core.breach_circle_back",
    "core/breach_circle_back.py": "import headgate.core.breach_circle",
}

EXPECTED = {
    "floors": (
        "core.breach_upward -> headgate.sql.bind",
        "plan.breach_verb -> headgate.release",
        "run.breach_typing -> headgate.project",
        "release.breach_plugin -> headgate.plugins",
        "app.breach_door -> headgate.cli",
        "words.breach_door -> headgate.cli",
        "attic",
    ),
    "islands": ("plugins.engines.breach_island -> headgate.plugins.stores",),
    "plugins": ("plugins.stores.breach_sql -> headgate.sql",),
    "circles": ("breach_circle",),
    "sqlglot": ("plan.breach_parser -> sqlglot",),
    "jinja": ("project.breach_templates -> jinja2",),
    "databases": ("app.breach_engine -> duckdb", "run.breach_store -> sqlite3"),
    "keys": ("app.breach_keys -> cryptography",),
    "tables": ("run.breach_arrow -> pyarrow", "app.breach_frames -> polars"),
    "network": ("app.breach_call -> urllib",),
    "pure": (
        "core.breach_clock -> time",
        "core.breach_files -> pathlib",
        "sql.breach_environment -> os",
        "sql.breach_chance -> random",
        "plan.breach_network -> socket",
    ),
}


def contracts() -> list[str]:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [contract["id"] for contract in declared]


@pytest.fixture(scope="module")
def broken_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in BREACHES.items():
        path = folder / "src" / "headgate" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n")
    return folder


def test_every_contract_has_a_breach() -> None:
    assert contracts() == list(EXPECTED)


@pytest.mark.parametrize("contract", EXPECTED)
def test_a_breach_is_refused(broken_house: Path, contract: str) -> None:
    linter = "import sys; from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", linter, "--no-logo", "--cache-dir", str(broken_house / "cache"), "--contract", contract],
        cwd=broken_house,
        env={**os.environ, "PYTHONPATH": str(broken_house / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    report = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    assert [breach for breach in EXPECTED[contract] if breach not in report] == []
