"""What of a recipe changes with its text: the cases of recipes.txt, on the engine that is installed."""

from pathlib import Path

import pytest

from headgate.core.address import Address
from headgate.core.recipe import Column, Recipe
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.sql.analyse import analyse
from headgate.sql.tree import parse, relations

TABLES = {
    "s.t": "a INTEGER, b VARCHAR, c DOUBLE, d DATE, k INTEGER",
    "s.u": "k INTEGER, x INTEGER, l INTEGER[], st STRUCT(p INTEGER)",
    "s.w": "k INTEGER, a INTEGER, z INTEGER",
}
SHAPES = {
    Address(name): tuple(Column(*column.strip().split(" ", 1)) for column in columns.split(","))
    for name, columns in TABLES.items()
}


def cases() -> list[tuple[str, str, str, str]]:
    text = (Path(__file__).parent / "recipes.txt").read_text()
    found = []
    for block in text.split("\n== ")[1:]:
        title, expectation, queries = block.split("\n", 2)
        before, after = queries.split("\n--\n")
        found.append((title, expectation, before, after.strip()))
    return found


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> DuckBinder:
    return open_binder(tmp_path_factory.mktemp("binder"))


def recipe_of(text: str, binder: DuckBinder) -> Recipe:
    query = parse(text, "q.sql")
    named = {Address(f"{t.schema}.{t.name}") for t in relations(query)}
    found = analyse(query, kind="table", inputs={a: SHAPES[a] for a in named}, settings="x", bind=binder.bind)
    assert found.recipe is not None, found.diagnostics
    assert not found.recipe.opaque, found.recipe.opaque
    return found.recipe


@pytest.mark.parametrize(("title", "expectation", "before", "after"), cases(), ids=lambda value: value[:40])
def test_what_changes(title: str, expectation: str, before: str, after: str, binder: DuckBinder) -> None:
    one, two = recipe_of(before, binder), recipe_of(after, binder)
    columns = {(c.name, c.type, c.term) for c in one.columns} ^ {(c.name, c.type, c.term) for c in two.columns}
    changed = sorted({name for name, _, _ in columns})
    if expectation == "rows":
        assert one.rows != two.rows, title
        return
    assert one.rows == two.rows, title
    assert (one.order != two.order) == (expectation == "order") or expectation.startswith("columns")
    expected = expectation.removeprefix("columns ").split(", ") if expectation.startswith("columns") else []
    assert changed == expected, title
    assert (one.digest() == two.digest()) == (expectation == "same")
