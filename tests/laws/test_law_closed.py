"""Closed by default: code of the repository and queries reach nothing that is not declared, and write nothing."""

import json
from pathlib import Path

import pytest

from tests.laws.shop import CONFIG, Beginning, Shop

pytestmark = pytest.mark.slow

SECRET = "id,word\n1,hunter2\n"


@pytest.fixture
def guarded(begin: Beginning) -> Shop:
    """A project beside files that it may not read."""
    shop = begin(guard)
    (shop.root.parent / "outside.csv").write_text(SECRET)
    return shop


def guard(shop: Shop) -> None:
    shop.file("data/own.csv", SECRET)
    shop.asset("m.a", "select 1 as x")
    shop.apply()


READING = (
    "select * from 'data/own.csv'",
    "select * from read_csv('data/own.csv')",
    "select * from read_csv('{outside}')",
    "select * from '{outside}'",
    "select * from read_text('{outside}')",
    "select * from read_blob('/etc/passwd')",
    "select * from glob('/etc/*')",
    "select * from read_parquet('https://example.invalid/x.parquet')",
    "select * from query('select 1 as x')",
    "select * from query_table('m.a')",
    "select * from sqlite_scan('{state}', 'entries')",
    "select getenv('HOME') as home",
    "select * from duckdb_secrets()",
    "select * from sniff_csv('{outside}')",
    "select * from headgate.state",
    "select * from information_schema.tables",
)


@pytest.mark.parametrize("query", READING)
def test_an_asset_reads_nothing_that_is_not_declared(query: str, guarded: Shop) -> None:
    guarded.asset("m.spy", filled(query, guarded))
    before = guarded.ids("dev")
    text, status = guarded.tries("apply", "dev", "--yes")
    assert status == 1, text
    assert "hunter2" not in text
    assert guarded.ids("dev") == before


@pytest.mark.parametrize("query", [*READING, "select * from headgate.builds", "select * from histogram('m.a', 'x')"])
def test_a_query_reads_nothing_that_is_not_declared(query: str, guarded: Shop) -> None:
    text, status = guarded.tries("sql", "dev", filled(query, guarded))
    assert "hunter2" not in text
    assert "root:" not in text
    assert status == 1, text


WRITING = (
    "create table m.t as select 1 as x",
    "create or replace view m__dev.a as select 2 as x",
    "drop view m__dev.a",
    "delete from headgate.environments",
    "update headgate.state set id = 'x'",
    "insert into headgate.builds values ('a', 'b', 'c', 1, 1, 1)",
    "attach 'other.duckdb' as other",
    "attach '{outside}' as other (type sqlite)",
    "install httpfs",
    "load httpfs",
    "copy (select 1) to 'out.csv'",
    "copy m__dev.a to '{root}/out.csv'",
    "export database 'out'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma enable_profiling",
    "create secret s (type s3)",
    "select 1; drop view m__dev.a",
    "with x as (delete from headgate.environments returning *) select * from x",
    "checkpoint",
    "vacuum",
    "begin",
    "use m__dev",
    "prepare p as select 1",
    "explain analyze delete from headgate.environments",
    "",
    ";",
    "-- nothing",
    "\x00",
    "select '",
)


@pytest.mark.parametrize("query", WRITING)
def test_a_query_cannot_write(query: str, guarded: Shop) -> None:
    before, files = inside(guarded), {path.name for path in guarded.root.iterdir()}
    text, status = guarded.tries("sql", "dev", filled(query, guarded))
    assert status in (1, 2), text
    assert inside(guarded) == before
    assert {path.name for path in guarded.root.iterdir()} - files <= {
        "warehouse.state.db-wal",
        "warehouse.state.db-shm",
    }


@pytest.mark.parametrize("query", [q for q in WRITING if q.strip(" ;") and not q.startswith("--")])
def test_an_asset_cannot_write(query: str, guarded: Shop) -> None:
    before = inside(guarded)
    if "\x00" in query:
        guarded.asset("m.bad", "select 1 as x" + query)
    else:
        guarded.asset("m.bad", filled(query, guarded))
    text, status = guarded.tries("apply", "dev", "--yes")
    assert status == 1, text
    assert inside(guarded) == before


@pytest.mark.parametrize(
    "path",
    ["../outside.csv", "{outside}", "data/../../outside.csv", "data/link.csv", "~/x.csv", "https://x.invalid/a.csv"],
)
def test_a_source_outside_needs_leave(path: str, guarded: Shop) -> None:
    (guarded.root / "data/link.csv").symlink_to(guarded.root.parent / "outside.csv")
    guarded.source(f"      - name: w\n        path: {json.dumps(filled(path, guarded))}\n")
    guarded.asset("m.w", "select * from raw.w")
    text = guarded.fails(1, "apply", "dev", "--yes")
    assert "hunter2" not in text
    assert "assets/sources.yml" in text


def test_with_leave_the_folder_and_no_more_is_read(guarded: Shop) -> None:
    folder = guarded.root.parent
    (folder / "open").mkdir()
    (folder / "open/w.csv").write_text("id,word\n1,fine\n")
    guarded.file("headgate.toml", CONFIG.replace("[engines.local]", '[engines.local]\nallow = ["../open"]'))
    guarded.source("      - name: w\n        path: ../open/w.csv\n")
    guarded.asset("m.w", "select word from raw.w")
    guarded.apply()
    assert guarded.values("dev", "select word from m.w") == [["fine"]]
    guarded.source("      - name: w\n        path: ../open/../outside.csv\n")
    assert "hunter2" not in guarded.fails(1, "apply", "dev", "--yes")


def test_a_value_of_the_environment_is_not_kept_in_state(guarded: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_FILE", "warehouse.duckdb")
    guarded.file("headgate.toml", CONFIG.replace('"warehouse.duckdb"', '"env:WAREHOUSE_FILE"'))
    assert guarded.result("plan")["is_empty"]
    monkeypatch.delenv("WAREHOUSE_FILE")
    assert "HG123" in guarded.fails(1, "plan")


@pytest.mark.parametrize("name", ["x.py", "y.sql"])
def test_code_of_the_repository_is_never_run_by_reading_it(name: str, guarded: Shop) -> None:
    guarded.file(f"assets/m/{name}", "raise SystemExit(open('touched', 'w'))\n")
    guarded.file("conftest.py", "raise SystemExit(open('touched', 'w'))\n")
    guarded.file("duckdb.py", "raise SystemExit(open('touched', 'w'))\n")
    guarded.file("assets/evil.yml", "!!python/object/apply:os.system ['touch touched']\n")
    guarded.fails(1, "check")
    assert not (guarded.root / "touched").exists()


def filled(text: str, shop: Shop) -> str:
    folder: Path = shop.root.parent
    return text.format(outside=folder / "outside.csv", state=shop.root / "warehouse.state.db", root=shop.root)


def inside(shop: Shop) -> list[object]:
    queries = (
        "select schema_name, view_name, sql from duckdb_views() where not internal order by all",
        "select schema_name, table_name from duckdb_tables() order by all",
        "select * from headgate.environments order by all", "select * from headgate.builds order by all",
        "select * from headgate.state",
    )  # fmt: skip
    return [shop.outside(query) for query in queries]
