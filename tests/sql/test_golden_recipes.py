"""Recipes never change by themselves: an upgrade of a library that changes one would build everybody's data again.

`python tests/sql/test_golden_recipes.py` writes the file anew, which is right only together with a new
`hashing.ALGORITHM`, or for queries that were added.
"""

import json
import sys
import tempfile
from pathlib import Path

import pytest

from headgate.core.address import Address
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.sql.analyse import analyse
from headgate.sql.tree import parse, relations

GOLDEN = Path(__file__).with_name("golden_recipes.json")
SHAPES = {
    Address("s.t"): "a INTEGER; b VARCHAR; c DOUBLE; d DATE; k INTEGER",
    Address("s.u"): "k INTEGER; x INTEGER; l INTEGER[]; st STRUCT(p INTEGER, r INTEGER)",
    Address("s.w"): "k INTEGER; a INTEGER; z INTEGER",
}


def digests(text: str, binder: DuckBinder) -> dict[str, str]:
    query = parse(text, "q.sql")
    named = {Address(f"{t.schema}.{t.name}") for t in relations(query)}
    inputs = {a: tuple(Column(*c.strip().split(" ", 1)) for c in SHAPES[a].split(";")) for a in named}
    recipe = analyse(query, kind="table", inputs=inputs, settings="golden", bind=binder.bind).recipe
    assert recipe is not None
    assert not recipe.opaque, (text, recipe.opaque)
    return {
        "rows": recipe.rows.hash,
        "order": recipe.order.hash,
        **{f"column {c.name}": c.term.hash for c in recipe.columns},
    }


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> DuckBinder:
    return open_binder(tmp_path_factory.mktemp("binder"))


@pytest.mark.parametrize(("text", "expected"), list(json.loads(GOLDEN.read_text()).items()) if GOLDEN.exists() else [])
def test_a_recipe_is_what_it_was(text: str, expected: dict[str, str], binder: DuckBinder) -> None:
    assert digests(text, binder) == expected


def test_the_golden_file_holds_what_matters() -> None:
    assert len(json.loads(GOLDEN.read_text())) > 80


def write() -> None:
    """Write the file: every query of recipes.txt and of the constructs' page that is not opaque."""
    blocks = (Path(__file__).with_name("recipes.txt")).read_text().split("\n== ")[1:]
    texts = [q.strip() for block in blocks for q in block.split("\n", 2)[2].split("\n--\n")]
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "sql-constructs.md").read_text()
    for block in page.split("```sql\n")[1:]:
        claim, _, rest = block.partition("\n")
        if "opaque" not in claim:
            texts += [q.strip() for q in rest.partition("```")[0].split(";") if q.strip()]
    with tempfile.TemporaryDirectory() as folder:
        found = open_binder(Path(folder))
        golden = {text: digests(text, found) for text in dict.fromkeys(texts)}
    GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(write())  # type: ignore[func-returns-value]  # None is the status 0
