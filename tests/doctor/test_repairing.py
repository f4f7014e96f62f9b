"""Doctor repairs: afterwards it is silent, plans rebuild exactly what was lost, and releases go on."""

import sqlite3
from contextlib import closing

import pytest

from tests.doctor.damage import codes, drop_table, table_of, tables_of
from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


def repaired(shop: Shop) -> str:
    """Repair, see that nothing is left to find, and return what was told."""
    told = shop.does("doctor", "--repair", "--yes")
    assert told.startswith("Repaired: "), told
    assert codes(shop) == []
    assert shop.does("doctor", "--repair", "--yes").startswith("prod, dev: ")
    return told


def planned(shop: Shop) -> dict[str, str]:
    """Return what a plan of dev would do other than to keep: causes by address."""
    plan = shop.result("plan")
    return {step["address"]: step["cause"] for step in plan["steps"] if step["action"] != "keep"}


def works(shop: Shop) -> None:
    """An edit is applied, promoted and rolled back, and nothing is amiss after that."""
    before = shop.values("prod", "select max(y) as y from m.b")
    shop.asset("m.b", "select x + 100 as y from m.a")
    shop.apply()
    shop.promote()
    assert shop.values("prod", "select z from m.look") == [["102"]]
    shop.does("rollback", "prod", "--yes")
    assert shop.values("prod", "select max(y) as y from m.b") == before
    shop.apply()
    shop.promote()
    shop.does("gc", "--yes")
    assert codes(shop) == []


class Killed(BaseException):
    """The process ends here."""


def killed_at(place: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply, and end when a function is called."""

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, dies)
        with pytest.raises(Killed):
            shop.tries("apply", "dev", "--yes")


@pytest.mark.parametrize(
    "statements",
    [
        ["drop view m.b"],
        ["create or replace view m.b as select 1 as y"],
        ["drop view m.look", "drop view m.b", "drop view m.a", "drop schema m"],
        ["create or replace view m.look as select 1 as z", "drop view m__dev.look"],
    ],
)
def test_views_are_shown_again(shop: Shop, statements: list[str]) -> None:
    for statement in statements:
        shop.outside(statement)
    told = repaired(shop)
    assert "prod shows" in told
    assert shop.values("prod", "select y from m.b order by y") == [["2"], ["3"], ["4"]]
    assert shop.values("dev", "select z from m.look") == [["5"]]
    assert planned(shop) == {}
    assert "repair" in shop.does("releases", "prod").splitlines()[0]
    assert "prod  release 2 again, since 3" in shop.does("status")
    shop.does("rollback", "prod", "--yes")
    assert shop.values("prod", "select y from m.b order by y") == [["1"], ["2"], ["3"]]
    works(shop)


def test_a_repair_moves_nobody_who_was_not_harmed(shop: Shop) -> None:
    shop.outside("drop view m__dev.b")
    assert "prod" not in repaired(shop)
    assert len(shop.result("releases", "prod")["releases"]) == 2
    shop.promote()


def test_a_view_that_is_left_over_goes(shop: Shop) -> None:
    shop.outside(f"create view m.more as select y from headgate.{table_of(shop, 'dev', 'm.b')}")
    assert "dropped m.more" in repaired(shop)
    assert ("more",) not in shop.outside("select view_name from duckdb_views() where schema_name = 'm'")


def test_what_people_made_in_our_schemas_is_left_alone(shop: Shop) -> None:
    for statement in (
        "create table headgate.scratch as select 1 as x",
        "create view m.told as select 'from headgate.m__b__0123456789abcdef' as x",
        "create view m.watch as select count(*) as builds from headgate.builds",
        "create table m.mine as select 1 as x",
    ):
        shop.outside(statement)
    told = shop.fails(1, "doctor")
    assert codes(shop) == ["HG562"]
    assert "found HG562  headgate.scratch is a table that Headgate did not make" in told
    assert "Nothing of this can be repaired by doctor." in told
    shop.outside("drop view m.b")
    told = shop.fails(1, "doctor", "--repair", "--yes")
    assert "prod shows 1 view again" in told
    assert "dropped" not in told
    shop.does("gc", "--yes")
    assert shop.outside("select * from headgate.scratch, m.told, m.watch, m.mine")
    shop.outside("drop table headgate.scratch")
    works(shop)


def test_a_table_in_place_of_a_view_is_left_alone(shop: Shop) -> None:
    shop.outside("drop view m.b")
    shop.outside("create table m.b as select 7 as y")
    shop.outside("drop view m.a")
    told = shop.fails(1, "doctor", "--repair", "--yes")
    assert "prod shows 1 view again" in told
    assert "found HG560  prod: m.b is a table that Headgate did not make, where a view belongs" in told
    assert "Rename or drop that table" in told
    assert shop.outside("select y from m.b") == [(7,)]
    told = shop.fails(1, "doctor", "--repair", "--yes")
    assert "Nothing of this can be repaired by doctor." in told
    shop.outside("drop table m.b")
    repaired(shop)
    works(shop)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_lost_table_is_built_again(shop: Shop, environment: str) -> None:
    drop_table(shop, environment, "m.b")
    if environment == "dev":
        shop.outside("drop view m__dev.b")
    told = repaired(shop)
    assert "marked as lost: m.b" in told
    assert f"{environment} awaits m.b, m.look, which was lost." in told
    assert planned(shop) == ({"m.b": "lost"} if environment == "dev" else {})
    assert shop.apply()["made"] if environment == "dev" else True
    assert planned(shop) == {}
    assert codes(shop) == []
    assert shop.values("dev", "select z from m.look") == [["5"]]
    if environment == "prod":  # other code made what would take the place of what is lost: nobody knows what that does
        assert "m.b: incomplete: the table that is shown is lost" in shop.fails(1, "promote", "dev", "--yes")
        shop.does("promote", "dev", "--yes", "--override", "there is no copy")
    else:
        shop.promote()
    assert shop.values("prod", "select z from m.look") == [["5"]]
    works(shop)


def test_a_lost_table_that_both_show_is_named_for_both(shop: Shop) -> None:
    drop_table(shop, "prod", "m.a")
    repaired(shop)
    assert planned(shop) == {"m.a": "lost"}
    assert [made["address"] for made in shop.apply()["made"]] == ["m.a"]
    assert "m.a" in shop.does("plan", "prod")
    shop.promote()
    assert codes(shop) == []
    assert shop.values("prod", "select count(*) as n from m.a") == [["3"]]
    works(shop)


def test_a_lost_table_that_only_history_needs(shop: Shop) -> None:
    shown = {table_of(shop, name, "m.b") for name in ("dev", "prod")}
    (old,) = set(tables_of(shop, "m.b")) - shown
    shop.outside(f"drop table headgate.{old}")
    repaired(shop)
    assert "awaits" not in shop.does("doctor")
    assert "HG531  release 1 cannot be shown again: the builds of m.b are gone" in shop.fails(
        1, "rollback", "prod", "--yes"
    )
    assert len(shop.result("releases", "prod")["releases"]) == 2
    shop.asset("m.b", "select x + 1 as y from m.a")
    assert [made["address"] for made in shop.apply()["made"]] == ["m.b"]
    works(shop)


@pytest.mark.parametrize("statement", ["delete from {} where y = 3", "alter table {} add column more integer"])
def test_an_altered_table_is_built_again_and_shown_until_then(shop: Shop, statement: str) -> None:
    name = table_of(shop, "dev", "m.b")
    shop.outside(statement.format(f"headgate.{name}"))
    repaired(shop)
    assert shop.does("sql", "dev", "select count(*) from m.b")
    assert planned(shop) == {"m.b": "lost"}
    shop.apply()
    assert shop.values("dev", "select y from m.b order by y") == [["3"], ["4"], ["5"]]
    works(shop)
    assert shop.does("doctor")


def test_a_table_that_comes_back_is_taken_for_what_it_was(shop: Shop) -> None:
    name = table_of(shop, "dev", "m.b")
    shop.outside(f"alter table headgate.{name} rename to aside")
    row = shop.outside(f"select * from headgate.builds where relation = '{name}'")
    shop.fails(1, "doctor")
    shop.outside("create schema own")
    shop.outside("create table own.aside as from headgate.aside")
    shop.outside("drop table headgate.aside")
    repaired(shop)
    shop.outside(f"create table headgate.{name} as from own.aside")
    shop.outside(f"insert into headgate.builds values {row[0]}")
    assert "is there again, as it was made" in shop.fails(1, "doctor")
    assert "no longer marked as lost: m.b" in repaired(shop)
    assert planned(shop) == {}
    works(shop)


def test_leftovers_go(shop: Shop) -> None:
    name = table_of(shop, "prod", "m.b")
    shop.outside("create table headgate.m__x__0000000000000000 as select 1 as x")
    shop.outside("insert into headgate.builds values ('h1:00', 'm.y', 'm__y__00', 0, 0, 1)")
    shop.outside("create table headgate.m__y__00 as select 1 as x")
    shop.outside(f"insert into headgate.builds values ('h1:01', 'm.b', '{name}', 0, 0, 1)")
    before = shop.tables()
    assert "dropped headgate.m__y__00, the row h1:01 of headgate.builds, headgate.m__x__0000000000000000" in repaired(
        shop
    )
    assert shop.tables() == before - {"m__x__0000000000000000", "m__y__00"}
    works(shop)


def test_a_row_that_is_gone_costs_a_build(shop: Shop) -> None:
    shop.outside(f"delete from headgate.builds where relation = '{table_of(shop, 'dev', 'm.b')}'")
    repaired(shop)
    assert planned(shop) == {"m.b": "lost"}
    shop.apply()
    works(shop)


def test_a_lost_capture_is_read_again(shop: Shop) -> None:
    shop.outside("create schema raw")
    shop.outside("create table raw.t as select 5 as x")
    shop.source("      - name: t\n")
    shop.asset("m.r", "select x from raw.t")
    shop.asset("m.live", "select x + 1 as x from raw.t", kind="view")
    shop.apply()
    shop.promote()
    drop_table(shop, "dev", "raw.t")
    assert shop.values("dev", "select x from m.live") == [["6"]]
    repaired(shop)
    assert shop.values("dev", "select x from m.live") == [["6"]]
    assert "raw.t" in planned(shop)
    assert "HG511" in shop.fails(1, "promote", "dev", "--yes")
    shop.apply()
    shop.promote()
    assert codes(shop) == []
    works(shop)


def test_nobody_is_asked_without_a_terminal(shop: Shop) -> None:
    shop.outside("drop view m.b")
    assert "nobody is here to answer: say --yes" in shop.fails(2, "doctor", "--repair")
    assert codes(shop) == ["HG560"]
    assert shop.does("doctor", "--repair", "--json", "--yes")


def test_what_a_crash_left_half_done_is_told_and_settled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.asset("m.b", "select x + 9 as y from m.a")
    killed_at("headgate.release.publish.finish", shop, monkeypatch)
    text = shop.fails(1, "doctor")
    assert "found HG563  dev: a command was cut off while it moved dev to 4" in text
    assert "The engine had made it, so dev shows that." in text
    shop.outside("drop view m__dev.b")
    assert codes(shop) == ["HG563", "HG560"]
    repaired(shop)
    assert shop.values("dev", "select z from m.look") == [["11"]]
    assert planned(shop) == {}


def test_builds_that_a_crash_left(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.asset("m.c", "select 1 as c")
    killed_at("headgate.run.ledger.Ledger.seal", shop, monkeypatch)
    assert "a command was cut off while it built m.c" in shop.fails(1, "doctor")
    assert "Repaired" in shop.does("doctor", "--repair", "--yes")
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as state:
        assert state.execute("select count(*) from entries where collection = 'pins'").fetchone() == (0,)
    assert codes(shop) == []
    shop.apply()
    works(shop)
