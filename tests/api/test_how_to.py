"""The pages of docs/how-to: their Python blocks run one after the other, and print what stands below them."""

import ast
import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scenario import matches

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PAGES = sorted(path.name for path in FOLDER.glob("*.md") if "```python\n" in path.read_text())
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.usefixtures("shop")
def test_the_blocks_of_a_page_run(name: str) -> None:
    space: dict[str, Any] = {}
    blocks = BLOCK.findall((FOLDER / name).read_text())
    assert blocks
    for code, expected in blocks:
        printed = carried_out(code, space)
        if expected:
            assert matches(expected, printed), f"{code}\n--- printed\n{printed}\n--- expected\n{expected}"


def carried_out(code: str, space: dict[str, Any]) -> str:
    """Return what a notebook's cell prints, the value of its last expression included."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "block", "exec"), space)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "block", "eval"), space)
            if value is not None:
                print(repr(value))
    return printed.getvalue()
