"""Incrementals that read what a function made: what counts is the function, not the Python that calls it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.scenario import GIT, headgate

pytestmark = pytest.mark.slow

FILES = {
    "headgate.toml": '[engines.local]\nkind = "duckdb"\npath = "warehouse.duckdb"\n'
    '[environments.prod]\nengine = "local"\nprotected = true\n[environments."*"]\nengine = "local"\n',
    ".gitignore": "*.duckdb*\n*.state.db*\n.headgate/\ndata/\n",
    "assets/raw.yml": "sources:\n  - name: raw\n    tables:\n      - {name: orders, path: data/orders.csv}\n",
    "assets/m/taken.py": "import headgate as hg\nimport pyarrow as pa\n\n\n"
    '@hg.table(inputs={"orders": "raw.orders"}, columns={"id": "BIGINT"})\n'
    'def taken(orders: pa.Table) -> pa.Table:\n    return orders.select(["id"])\n',
    "assets/m/kept.sql": "/* headgate\nkind: incremental\nunique_key: id\n*/\nselect id from m.taken",
    "data/orders.csv": "id\n1\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a project in git that dev and prod show."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one")):
        subprocess.run((*GIT, *arguments), cwd=tmp_path, check=True, capture_output=True)
    for command in ("apply", "promote"):
        text, status = headgate([command, "dev", "--yes"], tmp_path)
        assert status == 0, text
    return tmp_path


def test_a_run_with_another_python_goes_on(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("headgate.project.python.interpreter", "headgate.project.python.recipes"):
        monkeypatch.setattr(f"{module}.interpreter_identity", lambda: "cpython 3.99.0 plan9")
    (shop / "data/orders.csv").write_text("id\n2\n")
    text, status = headgate(["run", "prod"], shop)
    assert status == 0, text
    text, _ = headgate(["sql", "prod", "select id from m.kept order by id"], shop)
    assert "(2 rows)" in text, text


def test_an_edited_function_is_other_code(shop: Path) -> None:
    path = shop / "assets/m/taken.py"
    path.write_text(path.read_text().replace('select(["id"])', 'select(["id"]).slice(0)'))
    (shop / "data/orders.csv").write_text("id\n2\n")
    text, status = headgate(["apply", "dev", "--yes"], shop)
    assert status == 0, text
    text, _ = headgate(["sql", "dev", "select id from m.kept order by id"], shop)
    assert "(1 row)" in text, text


def test_a_new_column_of_what_a_function_receives_is_told(shop: Path) -> None:
    (shop / "data/orders.csv").write_text("id,note\n2,5\n")
    text, status = headgate(["run", "prod"], shop)
    assert status == 1
    assert "HG410  m.kept would be loaded from its beginning, as raw.orders.note is new" in text
    assert "m.taken: every column of its inputs counts. Let it read a view that names and casts them." in text
