"""Files that were restored from older copies, or lost: the state is made honest, and never loses its history."""

import shutil
from pathlib import Path

import pytest

from tests.doctor.damage import codes, table_of
from tests.doctor.test_repairing import planned, repaired, works
from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


def promote_beside_what_is_lost(shop: Shop) -> None:
    """Promote what other code made in place of a lost table: nobody knows what that does, so it takes a word more."""
    assert "m.b: incomplete: the table that is shown is lost" in shop.fails(1, "promote", "dev", "--yes")
    shop.does("promote", "dev", "--yes", "--override", "there is no copy")


def copy_of(shop: Shop, name: str) -> Path:
    """Return a copy of a file of the project."""
    target = shop.root.parent / f"copy-{name}"
    shutil.copy(shop.root / name, target)
    return target


def put_back(shop: Shop, copy: Path) -> None:
    name = copy.name.removeprefix("copy-")
    for suffix in ("", "-wal", "-shm", ".wal"):
        (shop.root / f"{name}{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, shop.root / name)


def serials(shop: Shop, environment: str) -> list[int]:
    return [release["serial"] for release in shop.result("releases", environment)["releases"]]


def moved_on(shop: Shop) -> None:
    """One release more of prod, and dev a move ahead of that: each with a table of its own."""
    for number in (60, 70):
        shop.asset("m.b", f"select x + {number} as y from m.a")
        shop.apply()
        if number == 60:
            shop.promote()


def test_a_warehouse_from_before_goes_back_to_what_it_shows(shop: Shop) -> None:
    copy = copy_of(shop, "warehouse.duckdb")
    moved_on(shop)
    put_back(shop, copy)
    for command in (("apply", "dev"), ("promote", "dev"), ("rollback", "prod")):
        text, status = shop.tries(*command, "--yes")
        assert status == 0 or "headgate doctor" in text, text
    text = shop.fails(1, "doctor")
    assert "found HG565  dev: the state has it at 5, the warehouse at 3: it is an older copy" in text
    assert "found HG565  prod: the state has it at 3, the warehouse at 2: it is an older copy" in text
    assert "Repair: record that it shows release 2 again; its history stays" in text
    before = serials(shop, "prod")
    repaired(shop)
    assert serials(shop, "prod") == [4, *before]
    assert shop.values("prod", "select y from m.b order by y") == [["2"], ["3"], ["4"]]
    assert shop.values("dev", "select z from m.look") == [["5"]]
    assert "repair: as 2" in shop.does("releases", "prod").splitlines()[0]
    assert "release 2 again, since 4" in shop.does("status")
    assert "HG531" in shop.fails(1, "rollback", "prod", "--to", "3", "--yes")
    assert set(planned(shop)) == {"m.b", "m.look"}
    shop.apply()
    assert shop.values("dev", "select z from m.look") == [["72"]]
    assert codes(shop) == []
    shop.promote()
    works(shop)


def test_a_view_that_somebody_made_in_a_restored_warehouse_is_told_before_it_goes(shop: Shop) -> None:
    shop.outside(f"create view m.more as select y from headgate.{table_of(shop, 'dev', 'm.b')}")
    copy = copy_of(shop, "warehouse.duckdb")
    shop.asset("m.late", "select 1 as x")
    moved_on(shop)
    put_back(shop, copy)
    assert "prod: m.more is a view over builds that prod does not show" in shop.fails(1, "doctor")
    assert "dropped m.more" in repaired(shop)
    assert shop.outside("select count(*) from duckdb_views() where view_name = 'more'") == [(0,)]


def test_a_warehouse_from_before_a_promotion_goes_forward(shop: Shop) -> None:
    """All that the last release shows was there before: nothing is taken back."""
    copy = copy_of(shop, "warehouse.duckdb")
    shop.promote()
    put_back(shop, copy)
    assert "Repair: show release 3 again, of which nothing is lost" in shop.fails(1, "doctor")
    repaired(shop)
    assert shop.values("prod", "select y from m.b order by y") == [["3"], ["4"], ["5"]]
    assert planned(shop) == {}
    shop.does("rollback", "prod", "--yes")
    assert shop.values("prod", "select y from m.b order by y") == [["2"], ["3"], ["4"]]
    works(shop)


@pytest.mark.parametrize("is_there", [False, True])
def test_a_warehouse_that_is_gone_is_built_again(shop: Shop, *, is_there: bool) -> None:
    (shop.root / "warehouse.duckdb").unlink()
    if is_there:
        shop.outside("create schema own")
    assert "headgate doctor" in shop.fails(3, "promote", "dev", "--yes")
    text = shop.fails(1, "doctor")
    assert "prod: the state has it at 2, the warehouse is a new one, or not there" in text
    assert "the warehouse lacks 4 tables made after it was copied: m.a, m.b" in text
    assert (shop.root / "warehouse.duckdb").exists() == is_there
    before = serials(shop, "prod")
    repaired(shop)
    assert serials(shop, "prod") == [3, *before]
    assert planned(shop) == {"m.a": "lost", "m.b": "lost"}
    shop.apply()
    assert shop.values("dev", "select z from m.look") == [["5"]]
    promote_beside_what_is_lost(shop)
    assert shop.values("prod", "select z from m.look") == [["5"]]
    works(shop)


def test_a_warehouse_whose_release_was_forgotten_shows_of_the_last_one_what_is_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copy_of(shop, "warehouse.duckdb")
    moved_on(shop)
    monkeypatch.setattr("headgate.app.gc.now", lambda: "2099-01-01T00:00:00.000000Z")
    shop.does("gc", "--yes")
    monkeypatch.undo()
    monkeypatch.setenv("HEADGATE_USER", "ada")
    put_back(shop, copy)
    text = shop.fails(1, "doctor")
    assert "Repair: show of release 3 what is there; m.b must be built again" in text
    repaired(shop)
    assert shop.values("prod", "select count(*) as n from m.a") == [["3"]]
    assert "HG508" in shop.fails(3, "sql", "prod", "select y from m.b")
    assert planned(shop) == {"m.b": "lost"}
    shop.apply()
    promote_beside_what_is_lost(shop)
    assert shop.values("prod", "select z from m.look") == [["72"]]
    assert codes(shop) == []


def test_the_right_file_put_back_after_a_repair_is_good_again(shop: Shop) -> None:
    newer = copy_of(shop, "warehouse.duckdb")
    (shop.root / "warehouse.duckdb").unlink()
    repaired(shop)
    put_back(shop, newer)
    text = shop.fails(1, "doctor")
    assert "is there again, as it was made" in text
    shop.does("doctor", "--repair", "--yes")
    assert codes(shop) == []
    assert planned(shop) == {}
    assert shop.values("prod", "select z from m.look") == [["4"]]
    works(shop)


def test_an_older_state_is_told_and_nothing_is_changed(shop: Shop) -> None:
    copy = copy_of(shop, "warehouse.state.db")
    moved_on(shop)
    put_back(shop, copy)
    tables = shop.tables()
    for options in ((), ("--repair", "--yes")):
        text = shop.fails(1, "doctor", *options)
        assert "found HG566  prod: the warehouse shows release 3, the state has it at 2: the state is an older" in text
        assert "Put the newer state file back" in text
        assert "HG562" not in text, "what this state does not know is no leftover"
        assert "Nothing of this can be repaired by doctor." in text
    assert shop.tables() == tables


def test_a_table_set_aside_stays_aside(shop: Shop) -> None:
    shop.outside("create schema n")
    shop.outside("create table n.c as select 1 as theirs")
    shop.asset("n.c", "select 2 as ours")
    shop.apply()
    shop.does("promote", "dev", "--yes", "--adopt")
    copy = copy_of(shop, "warehouse.duckdb")
    moved_on(shop)
    put_back(shop, copy)
    repaired(shop)
    assert shop.outside("select theirs from n.c__before_headgate") == [(1,)]
    assert shop.values("prod", "select ours from n.c") == [["2"]]
    shop.does("rollback", "prod", "--to", "2", "--yes")
    assert shop.outside("select theirs from n.c") == [(1,)]
    assert codes(shop) == []
