"""Doctor looks: what is well is told in a line, what is not is named, and nothing is written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.doctor.damage import codes, drop_table, table_of, tables_of
from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


def files_of(shop: Shop) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in shop.root.glob("warehouse.*") if p.suffix in (".duckdb", ".db")}


def test_what_is_well_is_told_in_a_line(shop: Shop) -> None:
    before = files_of(shop)
    told = shop.does("doctor")
    assert told.startswith("prod, dev: 6 views and 4 tables are as recorded. (")
    assert len(told.splitlines()) == 1
    assert files_of(shop) == before


def test_a_new_project_is_well(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "new")
    assert "nothing is wrong" in shop.does("doctor")
    assert not list(shop.root.glob("warehouse*"))


def test_what_is_there_only_is_seen(shop: Shop) -> None:
    """Tables of the user, views of the user over shown views, and names in other letters are nobody's fault."""
    shop.outside("create schema bi")
    shop.outside("create table bi.own as select 1 as x")
    shop.outside("create view bi.total as select max(y) as y from m.b")
    shop.outside("create view m.mine as select 1 as headgate")
    assert codes(shop) == []


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["drop view m.b"], "prod: the view m.b was dropped"),
        (["create or replace view m.b as select 1 as y"], "prod: the view m.b was replaced by another query"),
        (["create or replace view m__dev.b (z) as select 1"], "dev: the view m__dev.b was replaced by another query"),
        (["drop view m__dev.look"], "dev: the view m__dev.look was dropped"),
        (["drop view m.b", "create table m.b as select 1 as y"], "prod: m.b is a table that Headgate did not make"),
    ],
)
def test_a_view_that_is_not_what_it_was(shop: Shop, statements: list[str], told: str) -> None:
    for statement in statements:
        shop.outside(statement)
    before = files_of(shop)
    text = shop.fails(1, "doctor")
    assert f"found HG560  {told}" in text
    assert files_of(shop) == before
    assert codes(shop) == ["HG560"]


def test_a_view_that_says_the_same_in_other_words_is_no_drift(shop: Shop) -> None:
    table = table_of(shop, "prod", "m.b")
    shop.outside(f'create or replace view m.b as -- as before\nSELECT "y"\nFROM headgate."{table}"')
    assert codes(shop) == []


def test_a_view_over_builds_that_nobody_shows(shop: Shop) -> None:
    shop.outside(f"create view m.more as select y from headgate.{table_of(shop, 'dev', 'm.b')}")
    assert "prod: m.more is a view over builds that prod does not show" in shop.fails(1, "doctor")


def test_a_table_that_is_gone_is_told_once_with_all_who_need_it(shop: Shop) -> None:
    name = drop_table(shop, "prod", "m.a")
    text = shop.fails(1, "doctor")
    assert f"found HG561  the table of m.a is gone (headgate.{name})" in text
    assert "dev (since 1), prod (since 1) show it; readers get an error." in text
    assert text.startswith("1 thing in warehouse.duckdb is not as recorded.")


def test_a_table_that_only_history_needs(shop: Shop) -> None:
    shown = {table_of(shop, name, "m.b") for name in ("dev", "prod")}
    (old,) = set(tables_of(shop, "m.b")) - shown
    shop.outside(f"drop table headgate.{old}")
    text = shop.fails(1, "doctor")
    assert "Without it there is no way back to dev 1, prod 1." in text
    assert "readers" not in text


def test_a_dropped_view_of_a_lost_table_is_one_thing(shop: Shop) -> None:
    drop_table(shop, "prod", "m.b")
    shop.outside("drop view m.b")
    assert codes(shop) == ["HG561"]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("delete from {} where y = 2", "has 2 rows, 3 were made"),
        ("insert into {} values (7)", "has 4 rows, 3 were made"),
        ("alter table {} add column more integer", "has other columns than were made: it has more"),
        ("alter table {} alter y type varchar", "has other columns than were made: it has y and it lacks y"),
        ("alter table {} rename y to yy", "has other columns than were made: it has yy and it lacks y"),
    ],
)
def test_a_table_that_was_altered(shop: Shop, statement: str, told: str) -> None:
    shop.outside(statement.format(f"headgate.{table_of(shop, 'prod', 'm.b')}"))
    text = shop.fails(1, "doctor")
    assert f"found HG561  the table of m.b {told}" in text
    assert "prod (since 2) shows it; readers see it as it is." in text


def test_leftovers(shop: Shop) -> None:
    name = table_of(shop, "prod", "m.b")
    shop.outside("create table headgate.m__x__0000000000000000 as select 1 as x")
    shop.outside("insert into headgate.builds values ('h1:00', 'm.y', 'm__y__00', 0, 0, 1)")
    shop.outside("create table headgate.m__y__00 as select 1 as x")
    shop.outside(f"insert into headgate.builds values ('h1:01', 'm.b', '{name}', 0, 0, 1)")
    text = shop.fails(1, "doctor")
    assert "found HG562  headgate.m__y__00 is a build that the state knows nothing of" in text
    assert "found HG562  headgate.m__x__0000000000000000 belongs to no build" in text
    assert f"found HG562  headgate.builds has a row for headgate.{name} that stands for no build" in text
    assert codes(shop) == ["HG562"] * 3


def test_what_an_apply_that_failed_has_kept_is_no_crash(shop: Shop) -> None:
    shop.asset("m.c", "select 1 as x")
    shop.asset("m.d", "select error('no') as x from m.c")
    shop.fails(1, "apply", "dev", "--yes")
    told = shop.fails(1, "doctor")
    assert "found HG563  a command failed, or was cut off, and holds 1 build for its next try" in told


def test_a_row_that_is_gone(shop: Shop) -> None:
    shop.outside(f"delete from headgate.builds where relation = '{table_of(shop, 'prod', 'm.b')}'")
    assert "the table of m.b has lost its row in headgate.builds" in shop.fails(1, "doctor")


def test_it_cannot_look_while_somebody_is_at_work(shop: Shop) -> None:
    from headgate.app.repository import open_config

    with open_config(shop.root) as session, session.holding("dev", "test"):
        text = shop.fails(3, "doctor")
        assert "is being changed by ada@" in text
        assert "headgate doctor" in text
    assert codes(shop) == []


def test_a_foreign_warehouse_is_told_with_the_two_ways_and_left_alone(shop: Shop) -> None:
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as state, state:
        state.execute("update state set value = 'somebody' where name = 'identity'")
    before = files_of(shop)
    assert "headgate doctor" in shop.fails(3, "promote", "dev", "--yes")
    for options in ((), ("--repair", "--yes")):
        text = shop.fails(1, "doctor", *options)
        assert "found HG567  the warehouse belongs to another state" in text
        assert "put back the state file" in text
        assert "begin anew" in text
        assert "Nothing of this can be repaired by doctor." in text
    assert files_of(shop)["warehouse.duckdb"] == before["warehouse.duckdb"]


def test_a_warehouse_that_is_no_longer_one(shop: Shop) -> None:
    (shop.root / "warehouse.duckdb").write_text("nothing of DuckDB's" * 100)
    assert "is not a DuckDB file, or is damaged" in shop.fails(3, "doctor")


def test_an_engine_that_is_not_there(shop: Shop) -> None:
    assert "there is no engine x" in shop.fails(2, "doctor", "--engine", "x")
    assert "as recorded" in shop.does("doctor", "--engine", "local")


def test_the_findings_as_json(shop: Shop) -> None:
    shop.outside("drop view m.b")
    (engine,) = shop.json("doctor")["result"]["engines"]
    assert (engine["engine"], engine["environments"], engine["views"]) == ("local", ["prod", "dev"], 6)
    (finding,) = engine["findings"]
    assert finding == {
        "finding": "ViewDrift", "environment": "prod", "address": "m.b", "schema": "m", "name": "b",
        "standing": "absent", "serial": 2, "is_due": True, "repair": "show it again from the recorded pointers",
    }  # fmt: skip


def test_a_warehouse_of_the_user_alone(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "own")
    with closing(duckdb.connect(str(shop.root / "warehouse.duckdb"))) as warehouse:
        warehouse.execute("create schema raw")
    assert "nothing is wrong" in shop.does("doctor")
