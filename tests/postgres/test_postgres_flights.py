"""The flights example in PostgreSQL, with one changed line: all of its tables hold what they hold in DuckDB."""

import json
import re
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scenario import headgate
from tests.postgres.server import Database

pytestmark = pytest.mark.slow

KEPT = ("2013-01.csv", "2013-07.csv")
"""The months that are there at first; fewer than in the example, and of each one flight in ten, for speed."""

TABLES = (
    *("staging.airlines", "staging.airports", "staging.delay_classes", "staging.flights", "staging.planes"),
    *("staging.weather", "marts.carrier_delay", "marts.daily_delays", "marts.fleet_age", "marts.plane_history"),
    *("marts.punctuality", "marts.weather_delay", "marts.worst_days", "marts.worst_routes"),
)


def test_one_line_takes_the_example_to_postgresql(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", database.url)
    ours, theirs = made(tmp_path / "ours"), made(tmp_path / "theirs")
    settings = theirs / "headgate.toml"
    (proposed,) = re.findall(r"^# In PostgreSQL instead: +(.+)$", settings.read_text(), re.MULTILINE)
    settings.write_text(re.sub(r"^warehouse = .*$", proposed, settings.read_text(), count=1, flags=re.MULTILINE))
    assert "3 passed" in done(theirs, "test")
    for shop in (ours, theirs):
        done(shop, "apply", "dev", "--now", "2013-12-01", "--yes")
        done(shop, "promote", "dev", "--yes")
    same_in_both(ours, theirs)
    for shop in (ours, theirs):
        shutil.move(shop / "arriving" / "2013-12.csv", shop / "data" / "flights")
        assert "prod: 1 load, 7 builds" in done(shop, "run", "prod", "--now", "2014-01-01T06:00:00Z")
    same_in_both(ours, theirs)
    before = {table: rows(theirs, table) for table in TABLES}
    for shop in (ours, theirs):
        shutil.move(shop / "arriving" / "2013-12-late.csv", shop / "data" / "flights")
        register = shop / "data" / "planes.csv"
        register.write_text(register.read_text().replace(",EMB-145XR,2,55,", ",EMB-145XR,2,50,"))
        assert "prod: 2 loads, 8 builds" in done(shop, "run", "prod", "--now", "2014-01-02T06:00:00Z")
    same_in_both(ours, theirs)
    assert rows(theirs, "marts.plane_history") != before["marts.plane_history"]
    assert rows(theirs, "marts.daily_delays") != before["marts.daily_delays"]
    done(theirs, "rollback", "prod", "--yes")
    assert {table: rows(theirs, table) for table in TABLES} == before


def made(shop: Path) -> Path:
    shop.parent.mkdir(exist_ok=True)
    done(shop.parent, "new", shop.name, "--example", "flights")
    for path in (shop / "data" / "flights").iterdir():
        if path.name not in KEPT:
            path.unlink()
    for path in (*(shop / "data" / "flights").iterdir(), shop / "arriving" / "2013-12.csv"):
        header, *flights = path.read_text().splitlines(keepends=True)
        path.write_text(header + "".join(flights[::10]))
    return shop


def done(shop: Path, *arguments: str) -> str:
    text, status = headgate(list(arguments), shop)
    assert status == 0, text
    return text


def same_in_both(ours: Path, theirs: Path) -> None:
    for table in TABLES:
        assert rows(ours, table) == rows(theirs, table), table


def rows(shop: Path, table: str) -> Counter[tuple[Any, ...]]:
    found = json.loads(done(shop, "sql", "prod", f"select * from {table}", "--json", "--limit", "0"))["result"]
    assert found["rows"] or table == "marts.worst_days"
    names = found["columns"]
    return Counter(tuple(plain(row[names.index(name)]) for name in sorted(names)) for row in found["rows"])


def plain(value: Any) -> Any:
    """Return a value without what the two write in different ways: numerics as texts, zones with their minutes."""
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    if re.match(r"\d{4}-\d\d-\d\d \d\d:", value):
        return datetime.fromisoformat(value)
    return value
