"""Write the hashes of golden queries: `python -m tests.golden.write_recipes`.

Wanted only together with a new number of the hash algorithm, or before the first release: hashes that change without it
build everybody's data again.
"""

import json
import tempfile
from pathlib import Path

from headgate.plugins.engines.duckdb_binder import open_binder
from tests.sql.test_recipes import cases, recipe_of

FILE = Path(__file__).with_name("recipes.json")
EVERY = 6
"""So many texts of recipes.txt stand for one that is golden."""

if __name__ == "__main__":
    queries = sorted({text.strip() for case in cases() for text in case[2:]})[::EVERY]
    binder = open_binder(Path(tempfile.mkdtemp()))
    FILE.write_text(json.dumps({query: recipe_of(query, binder).digest() for query in queries}, indent=1) + "\n")
