"""Whole commands with the state on PostgreSQL and the warehouse in DuckDB: what moves much there, and what differs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.plugins.stores.postgres import open_postgres_store
from headgate.plugins.stores.postgres_address import postgres_address
from tests.cli.scenario import GIT, headgate, play
from tests.postgres.server import PASSWORD, PASSWORD_IN_URL, Database, Server

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
MOVING = (
    *("back_and_forward", "checks_kept", "clock_that_goes_back", "disk_use", "environments", "first_round"),
    *("kept_history", "late_rows", "loads_meet", "loads_of_a_part", "lost_warehouse", "promotions_of_loads"),
    *("runs", "runs_beside", "runs_tell", "runs_that_fail", "saved_plan", "schedules_after_rollback"),
    *("sources_that_move", "two_protected"),
)
"""The scenarios in which most is written into the state; of the others the conformance of stores is enough."""

STATE = '\n[state]\nurl = "env:STATE_URL"\n'


@pytest.fixture
def url(database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HEADGATE_USER", "ada")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("STATE_URL", database.url)
    return database.url


def with_state(text: str) -> str:
    """Return a scenario whose headgate.toml, made where it has none, keeps the state at ``STATE_URL``."""
    head = "--- file headgate.toml\n"
    if head not in text:
        return text.replace("--- ", f"{head}{STATE}--- ", 1)
    return re.sub(rf"({head}(?:(?!--- ).*\n)*)", rf"\1{STATE}", text)


@pytest.mark.parametrize("name", MOVING)
def test_scenario(name: str, url: str, tmp_path: Path) -> None:
    play(with_state((FOLDER / f"{name}.txt").read_text()), tmp_path)
    assert not list(tmp_path.rglob("*.state.db"))


@pytest.fixture
def shop(url: str, tmp_path: Path) -> Path:
    """A repository with one table, released once. Its state is at ``url``."""
    return released(tmp_path / "shop")


@pytest.fixture(scope="module")
def alone(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository as ``shop`` is, to be copied by tests that do not come to its state, and where that is."""
    url = postgres.database().url
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADGATE_USER", "ada")
        patch.setenv("STATE_URL", url)
        return released(tmp_path_factory.mktemp("alone") / "shop"), url


@pytest.fixture
def copied(alone: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEADGATE_USER", "ada")
    monkeypatch.setenv("STATE_URL", alone[1])
    return Path(shutil.copytree(alone[0], tmp_path / "shop"))


def released(root: Path) -> Path:
    (root / "assets" / "marts").mkdir(parents=True)
    (root / "assets" / "marts" / "revenue.sql").write_text("/* headgate\nowner: sales\n*/\nselect 1 as cents\n")
    (root / "headgate.toml").write_text(STATE)
    (root / ".gitignore").write_text("*.duckdb*\n.headgate/\n")
    for command in ("init -q", "add -A", "commit -qm First"):
        subprocess.run([*GIT, *command.split()], cwd=root, check=True)
    for command in ("apply dev --yes", "promote dev --yes"):
        assert headgate(command.split(), root)[1] == 0
    return root


def told(command: str, root: Path, *, status: int) -> str:
    text, ended = headgate(command.split(), root)
    assert ended == status, text
    assert "Traceback" not in text
    assert PASSWORD not in text
    assert PASSWORD_IN_URL not in text
    return text


def rewritten(root: Path, settings: str) -> None:
    (root / "headgate.toml").write_text(f"[state]\n{settings}\n")


def test_another_machine_is_told_that_the_warehouse_is_not_there(shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run([*GIT, "clone", "-q", shop, other], check=True)
    for command in ("status", "apply dev --yes --refresh"):
        text = told(command, other, status=3)
        assert "HG520" in text
        assert "warehouse.duckdb may be on another machine" in text
    assert "on another machine" in told("doctor", other, status=1)
    assert not (other / "warehouse.duckdb").exists()
    rewritten(other, f'url = "env:STATE_URL"\n[engines.local]\npath = "{shop}/warehouse.duckdb"')
    assert "prod" in told("status", other, status=0)


def test_a_warehouse_of_its_own_is_not_mixed_with_the_shared_state(shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run([*GIT, "clone", "-q", shop, other], check=True)
    rewritten(other, "")
    told("apply dev --yes", other, status=0)
    rewritten(other, 'url = "env:STATE_URL"')
    assert "HG520" in told("apply dev --yes --refresh", other, status=3)
    rewritten(other, 'url = "env:STATE_URL"\nschema = "other"')
    assert "HG520" in told("apply dev --yes", other, status=3)
    (other / "warehouse.duckdb").unlink()
    told("apply dev --yes", other, status=0)
    told("status", shop, status=0)


def test_whoever_changes_the_warehouse_is_named_to_others(shop: Path, url: str) -> None:
    (shop / "assets" / "marts" / "revenue.sql").write_text("/* headgate\nowner: sales\n*/\nselect 2 as cents\n")
    store = open_postgres_store(postgres_address(url, "headgate_state"), nonce=lambda: "id")
    lease = store.acquire("engine/local", holder="bob@far", purpose="apply, process 7", at="2026-11-21T02:06:11Z")
    text = told("apply dev --yes", shop, status=1)
    assert "HG501" in text
    assert "bob@far (apply, process 7" in text
    assert "bob@far" in told("doctor", shop, status=3)
    store.release(lease)
    told("apply dev --yes", shop, status=0)
    store.close()


@pytest.mark.parametrize(
    ("settings", "code", "part", "status"),
    [
        ('url = "mysql://ada:secret@h/db"', "HG542", "cannot be kept in mysql", 1),
        ('url = "ada:secret@h"', "HG542", "cannot be kept in this", 1),
        ('url = "postgresql://ada:se@secret@h/db"', "HG542", "%40", 1),
        ('url = "postgresql://ada:secret@127.0.0.1:1/db"', "HG600", "cannot be reached", 3),
        ('url = "env:STATE_URL"\nschema = "pg_state"', "HG122", "schema", 1),
        ('url = "env:STATE_URL"\nschema = "public"', "HG122", "schema", 1),
        ('url = "env:NOT_SET"', "HG123", "NOT_SET", 1),
    ],
)
def test_a_state_that_cannot_be_used(copied: Path, settings: str, code: str, part: str, status: int) -> None:
    rewritten(copied, settings)
    for command in ("plan", "status", "apply dev --yes", "releases", "gc --yes", "doctor"):
        text = told(command, copied, status=status)
        assert code in text
        assert part in text
        assert "secret" not in text


def test_looking_makes_no_state(shop: Path, database: Database) -> None:
    rewritten(shop, 'url = "env:STATE_URL"\nschema = "new"')
    (shop / "warehouse.duckdb").unlink()
    for command in ("plan", "status", "releases", "doctor", "check", "show marts.revenue"):
        told(command, shop, status=0)
    assert database.execute("select nspname from pg_namespace where nspname in ('new', 'headgate_state')") == [
        ("headgate_state",)
    ]


WITHOUT = """
import sys
sys.modules["psycopg"] = None
from headgate.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def test_psycopg_that_is_not_installed_is_told(copied: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "status"], cwd=copied, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert 'pip install "headgate[postgres]"' in done.stderr
    assert "Traceback" not in done.stderr
