"""Model, rule 11: what is promoted from a dirty tree is the commit, just as a clean tree would have it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.scenario import GIT
from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run((*GIT, *arguments), cwd=root, capture_output=True, check=True)
    return done.stdout.decode()


def _commits(shop: Shop) -> None:
    if not (shop.root / ".git").exists():
        _git(shop.root, "init", "-q")
        shop.file(".gitignore", "warehouse*\n.headgate/\n")
    _git(shop.root, "add", "-A")
    _git(shop.root, "commit", "-q", "--allow-empty", "-m", "Work")


def _promotes_dirty(shop: Shop) -> None:
    """Apply a commit, then promote it beside an edit that is in no commit."""
    _commits(shop)
    shop.apply()
    shop.asset("m.other", "select 1 as x -- somebody is at work")
    shop.promote()


@pytest.fixture(autouse=True)
def _other(shop: Shop) -> None:
    shop.asset("m.other", "select 1 as x")


def test_assets_behind_symbolic_links_are_promoted(shop: Shop) -> None:
    shop.file("shared/z.sql", "/* headgate\nowner: ops\n*/\nselect 7 as x\n")
    shop.file("shared/fin/w.sql", "/* headgate\nowner: ops\n*/\nselect 8 as x\n")
    (shop.root / "assets/m/z.sql").symlink_to("../../shared/z.sql")
    (shop.root / "assets/fin").symlink_to("../shared/fin")
    _promotes_dirty(shop)
    assert shop.values("prod", "select z.x, w.x as y from m.z, fin.w") == [["7", "8"]]


def test_line_ends_are_those_of_a_checkout(shop: Shop) -> None:
    shop.file(".gitattributes", "*.csv text eol=crlf\n")
    shop.file("assets/m/seed.csv", "a\n1\n")
    shop.file("assets/m/seed.yml", "seeds:\n  - name: m.seed\n    owner: ops\n")
    _commits(shop)
    (shop.root / "assets/m/seed.csv").unlink()
    _git(shop.root, "checkout", "--", "assets/m/seed.csv")
    assert (shop.root / "assets/m/seed.csv").read_bytes() == b"a\r\n1\r\n"
    _promotes_dirty(shop)
    assert shop.values("prod", "from m.seed") == [["1"]]


@pytest.mark.parametrize("is_linked", [True, False])
def test_data_may_lie_outside(shop: Shop, tmp_path: Path, *, is_linked: bool) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-data"
    outside.mkdir()
    (outside / "one.csv").write_text("a\n5\n")
    config = shop.root / "headgate.toml"
    config.write_text(config.read_text().replace('kind = "duckdb"', f'kind = "duckdb"\nallow = ["{outside}"]'))
    path = "data/*.csv" if is_linked else f"{os.path.relpath(outside, shop.root)}/*.csv"
    if is_linked:
        (shop.root / "data").symlink_to(outside)
        shop.file(".gitignore", "warehouse*\n.headgate/\ndata\n")
    shop.source(f"      - name: days\n        path: '{path}'\n")
    shop.asset("m.days", "select a from raw.days")
    _promotes_dirty(shop)
    assert shop.values("prod", "from m.days") == [["5"]]


@pytest.mark.parametrize("edited", ["path: 'data2/*.csv'", "path: 'data/*.csv", ""])
def test_data_is_that_of_the_sources_of_the_commit(shop: Shop, edited: str) -> None:
    (shop.root / "data").mkdir()
    shop.file("data/one.csv", "a\n5\n")
    shop.file(".gitignore", "warehouse*\n.headgate/\ndata\n")
    _git(shop.root, "init", "-q")
    shop.source("      - name: days\n        path: 'data/*.csv'\n")
    shop.asset("m.days", "select a from raw.days")
    _commits(shop)
    shop.apply()
    shop.source(f"      - name: days\n        {edited}\n")
    shop.promote()
    assert shop.values("prod", "from m.days") == [["5"]]


def test_attributes_are_those_of_the_commit(shop: Shop) -> None:
    shop.file("assets/m/seed.csv", "a\n1\n")
    shop.file("assets/m/seed.yml", "seeds:\n  - name: m.seed\n    owner: ops\n")
    _commits(shop)
    shop.apply()
    shop.file(".gitattributes", "*.csv text eol=crlf\n")
    shop.asset("m.other", "select 1 as x -- somebody is at work")
    shop.promote()
    assert shop.values("prod", "from m.seed") == [["1"]]


def test_new_leaves_the_repository_of_a_hook_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _commits(shop)
    before = _git(shop.root, "log", "--oneline")
    monkeypatch.setenv("GIT_DIR", str(shop.root / ".git"))
    shop.does("new", "../made")
    monkeypatch.delenv("GIT_DIR")
    assert _git(shop.root, "log", "--oneline") == before
    assert "Begin" in _git(shop.root.parent / "made", "log", "--oneline")
