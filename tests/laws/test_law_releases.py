"""Promotion and rollback move pointers alone, whole, forward in time, and never over a colleague's release."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headgate.plugins.engines.duckdb import DuckEngine
from tests.laws.shop import Beginning, Shop

pytestmark = pytest.mark.slow

ORDERS = "      - name: orders\n"


@pytest.fixture
def released(begin: Beginning) -> Shop:
    """Release 1: orders out of a file, and what is made of them."""
    return begin(release)


def release(shop: Shop) -> None:
    shop.file("data/orders.csv", "id,cents\n1,100\n2,200\n")
    shop.source("      - name: orders\n        path: data/orders.csv\n")
    shop.asset("m.orders", "select id, cents from raw.orders")
    shop.asset("m.total", "select sum(cents) as cents from m.orders")
    shop.asset("m.large", "select id from m.orders where cents > 150", kind="view")
    shop.commit("Begin")
    shop.apply()
    shop.promote()


def test_switching_makes_no_table_and_calls_no_build(released: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    released.asset("m.total", "select sum(cents) + 1 as cents from m.orders")
    released.commit("Add one")
    released.apply()
    tables = released.tables()

    def never(*_: object, **__: object) -> Any:
        raise AssertionError("a build was made")

    for name in ("build", "capture"):
        if hasattr(DuckEngine, name):
            monkeypatch.setattr(DuckEngine, name, never)
    assert [item["address"] for item in released.promote()["moved"]] == ["m.total"]
    assert released.ids("prod") == released.ids("dev")
    released.does("rollback", "prod", "--yes")
    assert released.values("prod", "select cents from m.total") == [["300"]]
    released.does("rollback", "prod", "--yes")
    assert released.values("prod", "select cents from m.total") == [["301"]]
    assert released.tables() == tables


def test_a_reader_of_an_old_snapshot_goes_on_seeing_it_whole(released: Shop) -> None:
    """Within one process: a transaction that began before the release reads the old release to its end."""
    released.asset("m.orders", "select id, cents * 2 as cents from raw.orders")
    released.commit("Double")
    released.apply()
    shutil.copy(released.root / "warehouse.duckdb", released.root / "before.duckdb")
    released.promote()
    with duckdb.connect(str(released.root / "before.duckdb"), read_only=True) as old:
        assert old.execute("select cents, (select sum(cents) from m.orders) from m.total").fetchall() == [(300, 300)]
    assert released.values("prod", "select cents, (select sum(cents) from m.orders) from m.total") == [["600", "600"]]


def test_two_colleagues_with_clones_of_their_own(released: Shop, tmp_path: Path) -> None:
    """Both begin at release 1; the second may promote only after merging, and then both edits are released."""
    state = f"""
[state]
url = "sqlite:///{released.root}/warehouse.state.db"
"""
    config = (released.root / "headgate.toml").read_text()
    config = config.replace('"warehouse.duckdb"', f'"{released.root}/warehouse.duckdb"') + state
    released.file("headgate.toml", config)
    released.commit("Share")
    released.apply()
    released.promote()
    shutil.copytree(released.root, tmp_path / "bob", ignore=shutil.ignore_patterns("warehouse*", ".headgate"))
    bob = Shop.__new__(Shop)
    bob.root = tmp_path / "bob"
    assert bob.result("plan", "bob")["is_new"]

    released.asset("m.total", "select sum(cents) + 1 as cents from m.orders")
    released.commit("Add one")
    bob.asset("m.count", "select count(*) as n from m.orders")
    bob.commit("Count")
    assert [step["address"] for step in bob.apply("bob")["made"]] == ["m.count"]
    released.apply("ada")
    released.promote("ada")

    told = bob.fails(1, "promote", "bob", "--yes")
    assert "HG516" in told
    assert "merge" in told.lower()
    assert "headgate apply bob" in told
    assert released.values("prod", "select cents from m.total") == [["301"]]

    bob.git("pull", "--quiet", "--no-rebase", "--no-edit", str(released.root), "HEAD")
    bob.apply("bob")
    bob.promote("bob")
    assert released.values("prod", "select cents, n from m.total, m.count") == [["301", "2"]]


def test_outside_of_git_the_second_of_two_is_refused_as_well(shop: Shop) -> None:
    shop.asset("m.a", "select 1 as x")
    shop.apply("ada")
    shop.promote("ada")
    shop.asset("m.a", "select 2 as x")
    shop.apply("ada")
    shop.asset("m.a", "select 3 as x")
    shop.apply("bob")
    shop.asset("m.a", "select 2 as x")
    shop.promote("ada")
    shop.asset("m.a", "select 3 as x")
    told = shop.fails(1, "promote", "bob", "--yes")
    assert "HG516" in told
    assert "headgate apply bob" in told
    assert shop.values("prod", "select x from m.a") == [["2"]]
    assert shop.apply("bob")["made"] == []
    shop.promote("bob")
    assert shop.values("prod", "select x from m.a") == [["3"]]


def test_a_build_from_a_dirty_tree_is_promotable_once_it_is_committed(released: Shop) -> None:
    released.asset("m.total", "select sum(cents) + 1 as cents from m.orders")
    released.apply()
    text = released.fails(1, "promote", "dev", "--yes")
    assert "already" in text
    assert "commit" in text
    assert released.values("prod", "select cents from m.total") == [["300"]]
    commit = released.commit("Add one")
    before = released.tables()
    assert released.promote()["commit"] == commit
    assert released.values("prod", "select cents from m.total") == [["301"]]
    assert released.tables() == before


def test_a_file_that_git_ignores_belongs_to_no_commit(released: Shop) -> None:
    released.file(".gitignore", "warehouse*\nassets/m/secret.sql\n")
    released.commit("Ignore")
    released.asset("m.secret", "select 1 as x")
    released.apply()
    released.tries("promote", "dev", "--yes")
    assert "m.secret" not in released.ids("prod")


def test_a_commit_that_was_never_built_is_not_promoted(released: Shop) -> None:
    released.asset("m.total", "select sum(cents) + 1 as cents from m.orders")
    released.commit("Add one")
    told = released.fails(1, "promote", "dev", "--yes")
    assert "HG511" in told
    assert "headgate apply dev" in told
    assert released.values("prod", "select cents from m.total") == [["300"]]


def test_data_never_go_back_in_time(released: Shop) -> None:
    """Dev was built on old data and an edit; production has taken newer data meanwhile."""
    released.asset("m.total", "select sum(cents) + 1 as cents from m.orders")
    released.commit("Add one")
    released.apply("old")
    released.file("data/orders.csv", "id,cents\n1,100\n2,200\n3,300\n")
    released.git("checkout", "--quiet", "HEAD~1", "--", "assets/m/total.sql")
    released.commit("New data, without the edit")
    released.apply("new")
    released.promote("new")
    assert released.values("prod", "select cents from m.total") == [["600"]]
    released.git("checkout", "--quiet", "HEAD~1", "--", "assets/m/total.sql")
    released.commit("The edit again")
    text, status = released.tries("promote", "old", "--yes")
    assert released.values("prod", "select cents from m.total") == [["600"]], text
    assert (status, "HG51" in text) == (1, True)
    assert "headgate apply old" in text


def test_every_move_of_production_is_recorded(released: Shop) -> None:
    commit = released.git("rev-parse", "HEAD").strip()
    released.asset("m.total", "select sum(cents) + 1 as cents from m.orders")
    released.commit("Add one")
    released.apply()
    released.promote()
    released.does("rollback", "prod", "--yes")
    releases = {r["serial"]: r for r in released.result("releases", "prod")["releases"]}
    assert [releases[n]["kind"] for n in (1, 2, 3)] == ["promote", "promote", "rollback"]
    assert [releases[n]["is_shown"] for n in (1, 2, 3)].count(True) == 1
    assert (releases[1]["commit"], releases[1]["by"], releases[1]["decision"]) == (commit, "ada", "pass")
    assert all(releases[n]["plan"] and releases[n]["at"] and releases[n]["changes"] for n in (1, 2, 3))
    ((before, after),) = [releases[2]["changes"]["m.total"]]
    assert releases[3]["changes"]["m.total"] == [after, before]
    markers = released.outside("select serial from headgate.environments where environment = 'prod'")
    assert markers == [(3,)]


@pytest.mark.parametrize("arguments", [("apply", "prod", "--yes"), ("gc", "--drop-environment", "prod", "--yes")])
def test_no_other_command_moves_production(arguments: tuple[str, ...], released: Shop) -> None:
    released.asset("m.total", "select 0 as cents")
    assert "HG543" in released.fails(1, *arguments)
    assert released.values("prod", "select cents from m.total") == [["300"]]


def test_a_plan_saved_for_production_moves_it_neither(released: Shop) -> None:
    """Not even one whose file was changed by hand to name it."""
    released.asset("m.total", "select 0 as cents")
    released.does("plan", "dev", "--out", "x.plan")
    body = json.loads((released.root / "x.plan").read_text())
    body["environment"] = "prod"
    released.file("x.plan", json.dumps(body))
    assert released.tries("apply", "--plan", "x.plan", "--yes")[1] in (1, 2)
    assert released.values("prod", "select cents from m.total") == [["300"]]


def test_a_release_is_enough_to_build_it_again(released: Shop, tmp_path: Path) -> None:
    """The code comes out of the state alone; on the same data it gives the same keys and the same values."""
    from headgate.app.session import nonce
    from headgate.plugins.stores.sqlite import open_sqlite_store
    from tests.release.kept_code import kept_files

    released.asset("m.total", "select sum(cents) + 1 as cents from m.orders")
    released.commit("Add one")
    released.apply()
    released.promote()
    release = released.result("releases", "prod")["releases"][0]
    again = Shop.__new__(Shop)
    again.root = tmp_path / "again"
    store = open_sqlite_store(released.root / "warehouse.state.db", nonce=nonce)
    try:
        with store.reading() as reading:
            for path, content in kept_files(reading, release["tree"]).items():
                (again.root / path).parent.mkdir(parents=True, exist_ok=True)
                (again.root / path).write_bytes(content)
    finally:
        store.close()
    shutil.copytree(released.root / "data", again.root / "data", dirs_exist_ok=True)
    again.apply()
    query = "select t.cents, (select sum(id) from m.large) as ids from m.total as t"
    assert again.values("dev", query) == released.values("prod", query) == [["301", "2"]]
    assert keys(again, "dev") == keys(released, "prod")


def keys(shop: Shop, environment: str) -> dict[str, str]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as connection:
        texts = dict(connection.execute("select key, value from entries where collection = 'builds'").fetchall())
    return {address: json.loads(texts[build])["key"] for address, build in shop.ids(environment).items()}
