"""Commands that are killed while they work on PostgreSQL: the next one finds out what happened, and goes on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.scenario import headgate
from tests.postgres.server import Database

pytestmark = pytest.mark.slow

CONFIG = '[engines.wh]\nkind = "postgres"\nurl = "env:WAREHOUSE_URL"\n'
SEED = "id,name\n1,a\n2,b\n"
ASSETS = 12


def test_a_killed_apply_or_promotion_is_gone_on_with(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", database.url)
    monkeypatch.setenv("HEADGATE_USER", "ada")
    (tmp_path / "headgate.toml").write_text(CONFIG)
    for folder in ("staging", "marts"):
        (tmp_path / "assets" / folder).mkdir(parents=True)
    (tmp_path / "assets/staging/items.csv").write_text(SEED)
    chance = random.Random(7)
    killed = 0
    for turn in range(1, 5):
        for number in range(ASSETS):
            text = f"select id, {turn} as turn, {number} as number from staging.items"
            (tmp_path / f"assets/marts/t{number:02}.sql").write_text(text)
        for command in (["apply", "dev", "--yes"], ["promote", "dev", "--yes"]):
            for _ in range(3):
                killed += is_killed(command, tmp_path, seconds=chance.uniform(0.2, 1.4))
                assert shown(database, "marts") in ([], [turn - 1] * ASSETS, [turn] * ASSETS)
            output, status = headgate(command, tmp_path)
            assert status == 0, output
        assert shown(database, "marts__dev") == shown(database, "marts") == [turn] * ASSETS
    output, status = headgate(["doctor"], tmp_path)
    assert status == 0, output
    assert killed >= 6


def is_killed(arguments: list[str], root: Path, *, seconds: float) -> bool:
    """Run a command and kill it after so many seconds; tell whether it was still running."""
    command = [sys.executable, "-m", "headgate", *arguments]
    with subprocess.Popen(
        command, cwd=root, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


def shown(database: Database, schema: str) -> list[int]:
    """Return which turn each table of a schema shows, by its name."""
    names = database.execute("select viewname from pg_views where schemaname = %s order by 1", schema)
    return [database.execute(f'select max(turn) from {schema}."{name}"')[0][0] for (name,) in names if name != "items"]
