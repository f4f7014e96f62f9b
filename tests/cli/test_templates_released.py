"""Templates in releases: what is promoted is what the commit's own macros, settings and texts give."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.scenario import GIT, headgate

TOML = """name = "tiny"

[template]
env = ["REGION"]

[vars]
least = 1
"""
TOTAL = """/* headgate
owner: ops
template: jinja
*/
select {{ over(var('least')) }} as n, '{{ env_var('REGION', 'all') }}' as region from s.items
"""
ITEMS = "/* headgate\nowner: ops\n*/\nselect unnest([1, 2, 3]) as amount"
MACROS = "{% macro over(least) %}count(*) filter (amount > {{ least }}){% endmacro %}"


pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project in git that dev and prod show."""
    monkeypatch.delenv("REGION", raising=False)
    files = {
        "headgate.toml": TOML,
        "assets/s/items.sql": ITEMS,
        "assets/m/total.sql": TOTAL,
        "macros/over.sql": MACROS,
        ".gitignore": "*.duckdb*\n*.state.db*\n.headgate/\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    does(tmp_path, "apply", "dev", "--yes")
    does(tmp_path, "promote", "dev", "--yes")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    subprocess.run((*GIT, *arguments), cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "more")


def does(root: Path, *arguments: str) -> str:
    text, status = headgate(list(arguments), root)
    assert status == 0, text
    return text


def shown(root: Path, environment: str) -> str:
    return does(root, "sql", environment, "select n || ' ' || region as x from m.total", "--format", "csv").split()[1]


def test_a_promotion_takes_the_macros_and_variables_of_the_commit(shop: Path) -> None:
    (shop / "macros/over.sql").write_text(MACROS.replace(">", ">="))
    (shop / "headgate.toml").write_text(TOML.replace("least = 1", "least = 2"))
    commit(shop)
    does(shop, "apply", "dev", "--yes")
    assert shown(shop, "dev") == "2"
    (shop / "macros/over.sql").write_text(MACROS.replace(">", "<"))
    (shop / "headgate.toml").write_text(TOML.replace("least = 1", "least = 9"))
    (shop / "assets/m/total.sql").write_text("broken {{")
    does(shop, "promote", "dev", "--yes")
    assert shown(shop, "prod") == "2"


def test_what_was_built_from_other_macros_than_the_commit_has_is_not_promoted(shop: Path) -> None:
    (shop / "macros/over.sql").write_text(MACROS.replace(">", "<"))
    does(shop, "apply", "dev", "--yes")
    text, status = headgate(["promote", "dev", "--yes"], shop)
    assert status == 1
    assert "commit what dev shows" in text
    assert shown(shop, "prod") == "2"
    commit(shop)
    does(shop, "promote", "dev", "--yes")
    assert shown(shop, "prod") == "0"


def test_a_variable_of_the_process_that_changed_is_noticed_by_a_promotion(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGION", "north")
    does(shop, "apply", "dev", "--yes")
    monkeypatch.setenv("REGION", "south")
    text, status = headgate(["promote", "dev", "--yes"], shop)
    assert (status, "HG511" in text) == (1, True), text
    monkeypatch.setenv("REGION", "north")
    does(shop, "promote", "dev", "--yes")
    assert "north" in does(shop, "sql", "prod", "select region from m.total")


def test_a_saved_plan_holds_the_filled_text(shop: Path) -> None:
    (shop / "headgate.toml").write_text(TOML.replace("least = 1", "least = 2"))
    does(shop, "plan", "dev", "--out", "saved.plan")
    assert "{{" not in (shop / "saved.plan").read_text().partition('"template"')[0]
    (shop / "macros/over.sql").write_text(MACROS.replace(">", "<"))
    does(shop, "apply", "--plan", "saved.plan", "--yes")
    assert shown(shop, "dev") == "1"
    assert "m.total" in does(shop, "plan", "dev")


def test_a_rollback_shows_what_the_release_showed(shop: Path) -> None:
    (shop / "macros/over.sql").write_text(MACROS.replace(">", "<"))
    commit(shop)
    does(shop, "apply", "dev", "--yes")
    does(shop, "promote", "dev", "--yes")
    assert shown(shop, "prod") == "0"
    does(shop, "rollback", "prod", "--yes")
    assert shown(shop, "prod") == "2"


def test_a_load_by_another_environment_variable_is_refused_and_not_blamed_on_sources(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = TOTAL.replace("owner: ops", "owner: ops\nkind: incremental\nunique_key: region")
    (shop / "assets/m/loaded.sql").write_text(loaded)
    commit(shop)
    does(shop, "apply", "dev", "--yes")
    does(shop, "promote", "dev", "--yes")
    monkeypatch.setenv("REGION", "eu")
    text, status = headgate(["run", "prod"], shop)
    assert status == 1
    assert "HG410  m.loaded would be loaded from its beginning: a run leaves" in text
    assert "a variable of its template is another one" in text
