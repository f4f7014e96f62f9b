"""The scenarios of tests/scenarios/postgres, on a real PostgreSQL server."""

from pathlib import Path

import pytest

from tests.cli.scenario import play
from tests.postgres.server import Database

FOLDER = Path(__file__).resolve().parents[1] / "scenarios" / "postgres"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.txt")))
def test_scenario(name: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_USER", "ada")
    monkeypatch.setenv("WAREHOUSE_URL", database.url)
    monkeypatch.delenv("NO_COLOR", raising=False)
    play((FOLDER / name).read_text(), tmp_path)
