"""The manner of writing that no linter holds: sizes, unfinished words, machine paths, where SQL stands, codes."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from headgate.core.codes import CODES

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "headgate"
MODULES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
SQL_STANDS_IN = ("sql/", "plugins/")

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error|for n" r"ow)\b")
MACHINE = re.compile(r"(?<![\w.])/(home|root|Users|work)/\w|pyth" r"onhosted|py" r"pi\.org|npm" r"js\.")
STATEMENT = re.compile(
    r"\s*(select\s.+\sfrom\s|with\s+\w+\s+as\s*\(|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s"
    r"|(create(\s+or\s+replace)?|drop|alter)\s+(temp\s+)?(table|view|schema|index|macro)\b|merge\s+into\s)",
    re.IGNORECASE | re.DOTALL,
)


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((SOURCE / module).read_text(), module)


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """Every expression that is only a string, so that a text about SQL is not taken for SQL."""
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def texts(module: str) -> Iterator[tuple[int, str]]:
    tree = tree_of(module)
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped:
            yield node.lineno, node.value


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_a_function_fits_on_a_screen_and_a_file_is_read_in_one_sitting() -> None:
    long: list[str] = []
    for module in MODULES:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                long += [f"{module}: {node.name} has {lines} lines"] if lines > FUNCTION_LINES_MAX else []
        lines = len((SOURCE / module).read_text().splitlines())
        long += [f"{module} has {lines} lines"] if lines > FILE_LINES_MAX else []
    assert long == []


def test_a_module_says_what_it_is_and_nothing_is_unfinished() -> None:
    assert [module for module in MODULES if not ast.get_docstring(tree_of(module))] == []
    assert [found for m in MODULES if (found := (m, UNFINISHED.findall((SOURCE / m).read_text())))[1]] == []


def test_sql_stands_in_sql_and_plugins_only() -> None:
    elsewhere = [m for m in MODULES if not m.startswith(SQL_STANDS_IN)]
    assert [(m, line, text) for m in elsewhere for line, text in texts(m) if STATEMENT.match(text)] == []


def test_the_search_for_sql_finds_it() -> None:
    for text in ("select a from b", "CREATE OR REPLACE VIEW x", "\n  with t as (", "insert into t values (1)"):
        assert STATEMENT.match(text), text
    for text in ("created", "Select an environment", "drop it", "with --wait 5m", "update"):
        assert not STATEMENT.match(text), text


def test_no_path_of_a_machine_and_no_address_of_a_registry() -> None:
    found = []
    for name in tracked():
        try:
            text = (ROOT / name).read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match.group()}" for match in MACHINE.finditer(text)]
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    nameless = {"utils", "util", "common", "helpers", "helper", "manager", "context", "model", "misc", "base"}
    assert [module for module in MODULES if Path(module).stem in nameless] == []


def test_codes_are_known_sorted_and_used() -> None:
    used = {code for m in MODULES if m != "core/codes.py" for _, text in texts(m) for code in codes_in(text)}
    assert sorted(used - set(CODES)) == [], "add them to core/codes.py"
    assert sorted(set(CODES) - used) == [], "nothing uses them"
    assert list(CODES) == sorted(CODES)


def codes_in(text: str) -> list[str]:
    return re.findall(r"\bHG\d{3}\b", text)
