"""Every test that the page of laws names exists, and every law names some."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "laws.md"
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| **")]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("**")[1])
def test_a_law_has_tests_that_exist(row: str) -> None:
    named = NAMED.findall(row)
    assert len(named) >= 3
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []


def test_all_laws_are_there_and_every_attack_is_named() -> None:
    numbers = re.findall(r"^\| \*\*(\d+)\.", PAGE.read_text(), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 13)]
    named = {path for row in ROWS for path, _ in NAMED.findall(row)}
    attacks = {f"laws/{path.name}" for path in (ROOT / "tests" / "laws").glob("test_*.py")}
    assert sorted(attacks - named) == []


def names_in(path: str) -> set[str]:
    file = ROOT / "tests" / path
    if not file.is_file():
        return set()
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}
