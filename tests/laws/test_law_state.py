"""State and warehouse belong together; what a failure leaves is resumed; nothing needed is collected."""

import importlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.laws.shop import Beginning, Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shown(begin: Beginning) -> Shop:
    """Applied and promoted once."""
    return begin(show)


def show(shop: Shop) -> None:
    shop.asset("m.a", "select 1 as x")
    shop.asset("m.b", "select x + 1 as y from m.a")
    shop.apply()
    shop.promote()


def copies(shop: Shop, name: str) -> Path:
    """Return a folder with the present state and warehouse."""
    folder = shop.root.parent / name
    folder.mkdir()
    for file in ("warehouse.duckdb", "warehouse.state.db", "warehouse.state.db-wal"):
        if (shop.root / file).exists():
            shutil.copy(shop.root / file, folder / file)
    return folder


def put_back(shop: Shop, folder: Path, *files: str) -> None:
    """Put files of a copy into the project."""
    for file in files:
        for path in (shop.root / file, shop.root / f"{file}-wal", shop.root / f"{file}-shm"):
            path.unlink(missing_ok=True)
        for name in (file, f"{file}-wal"):
            if (folder / name).exists():
                shutil.copy(folder / name, shop.root / name)


CHANGING = (("apply", "dev", "--yes"), ("promote", "dev", "--yes"), ("rollback", "prod", "--yes"), ("gc", "--yes"))


def moved_on(shop: Shop) -> None:
    shop.asset("m.a", "select 2 as x")
    shop.apply()
    shop.promote()
    shop.asset("m.a", "select 3 as x")
    shop.apply()


@pytest.mark.parametrize(
    "what", ["an older state", "an older warehouse", "another state", "another warehouse", "no warehouse"]
)
def test_files_that_do_not_belong_together_are_told_apart(what: str, shown: Shop, tmp_path: Path) -> None:
    """Whichever command comes first says so, ends with 3, and leaves both files as they are."""
    early = copies(shown, "early")
    moved_on(shown)
    other = Shop(tmp_path / "other")
    other.asset("m.a", "select 9 as x")
    other.apply()
    if what == "an older state":
        put_back(shown, early, "warehouse.state.db")
    elif what == "an older warehouse":
        put_back(shown, early, "warehouse.duckdb")
    elif what == "another state":
        put_back(shown, other.root, "warehouse.state.db")
    elif what == "another warehouse":
        put_back(shown, other.root, "warehouse.duckdb")
    else:
        (shown.root / "warehouse.duckdb").unlink()
    tables = shown.tables() if what != "no warehouse" else set()
    shown.asset("m.c", "select 5 as z")
    told = []
    for command in CHANGING:
        text, status = shown.tries(*command)
        if "HG520" in text:
            told.append(command[0])
            assert status == 3, text
            assert "put back" in text.lower() or "put the warehouse file back" in text.lower()
        else:
            assert status != 0 or "nothing" in text.lower(), text
    assert "apply" in told
    if what == "no warehouse":
        assert shown.outside("select count(*) from duckdb_views() where not internal") == [(0,)]
    else:
        assert shown.tables() == tables


def test_a_lost_state_takes_no_warehouse_for_its_own(shown: Shop) -> None:
    for name in ("warehouse.state.db", "warehouse.state.db-wal", "warehouse.state.db-shm"):
        (shown.root / name).unlink(missing_ok=True)
    tables = shown.tables()
    assert "HG520" in shown.fails(3, "apply", "dev", "--yes")
    shown.tries("gc", "--yes")
    assert shown.tables() == tables
    assert shown.outside("select y from m.b") == [(2,)]


def test_both_files_restored_together_are_good(shown: Shop) -> None:
    early = copies(shown, "early")
    moved_on(shown)
    put_back(shown, early, "warehouse.state.db", "warehouse.duckdb")
    shutil.rmtree(shown.root / ".headgate")
    assert shown.values("prod", "select y from m.b") == [["2"]]
    shown.apply()
    assert shown.values("dev", "select y from m.b") == [["4"]]


def test_a_table_that_somebody_dropped_is_built_again(shown: Shop) -> None:
    """Somebody took a physical table away by hand: no command ends in a bug, and one way leads on."""
    (table,) = (name for name in shown.tables() if name.startswith("m__a"))
    shown.outside(f'drop table headgate."{table}" cascade')
    text, status = shown.tries("sql", "dev", "select x from m.a")
    assert status in (1, 3), text
    shown.asset("m.c", "select x from m.a")
    text, status = shown.tries("apply", "dev", "--yes")
    assert status in (0, 1, 3), text


def test_a_failure_stops_its_readers_alone_and_the_next_apply_goes_on(shown: Shop) -> None:
    shown.asset("m.good", "select 'g' as g")
    shown.asset("m.bad", "select (x || 'no')::integer as x from m.a")
    shown.asset("m.reader", "select x from m.bad")
    shown.asset("m.far", "select x from m.reader", kind="view")
    before = shown.ids("dev")
    body = shown.json("apply", "dev", "--yes")
    assert body["exit_status"] == 1
    assert body["result"]["is_published"] is False
    assert [step["address"] for step in body["result"]["made"]] == ["m.good"]
    assert (body["result"]["failed"], body["result"]["not_started"]) == (["m.bad"], ["m.reader", "m.far"])
    assert body["diagnostics"][0]["code"] == "HG601"
    assert shown.ids("dev") == before
    assert shown.result("status")["environments"][1]["is_unsettled"] is False
    shown.asset("m.bad", "select x from m.a")
    assert "m.good" not in {step["address"] for step in shown.apply()["made"]}
    assert shown.values("dev", "select x from m.far") == [["1"]]
    assert shown.result("plan")["is_empty"]


def test_the_command_that_failed_may_be_given_again(shown: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The publication fails after everything was built; nothing is built a second time."""
    shown.asset("m.a", "select 2 as x")

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("headgate.plugins.engines.duckdb.DuckEngine.publish", fails)
        text, status = shown.tries("apply", "dev", "--yes")
    assert (status, "No space left" in text) == (3, True)
    assert shown.values("dev", "select y from m.b") == [["2"]]
    assert shown.apply()["made"] == []
    assert shown.values("dev", "select y from m.b") == [["3"]]


def test_what_rollback_may_need_is_kept_for_as_long_as_was_said(shown: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    moved_on(shown)
    shown.promote()
    shown.does("gc", "--yes")
    for serial in ("1", "2"):
        shown.does("rollback", "prod", "--to", serial, "--yes")
    assert shown.values("prod", "select y from m.b") == [["3"]]
    shown.does("rollback", "prod", "--to", "1", "--yes")
    assert shown.values("prod", "select y from m.b") == [["2"]]


def test_what_is_older_goes_and_rollback_says_so(shown: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    moved_on(shown)
    later(monkeypatch, "2099-01-01T00:00:00.000000Z")
    before = shown.tables()
    shown.does("gc", "--yes")
    assert shown.tables() < before
    assert "HG531" in shown.fails(1, "rollback", "prod", "--to", "1", "--yes")
    assert shown.values("prod", "select y from m.b") == [["3"]]
    assert shown.values("dev", "select y from m.b") == [["4"]]
    assert shown.result("plan")["is_empty"]


def test_a_clock_that_goes_back_stops_the_collection(shown: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, "2099-01-01T00:00:00.000000Z")
    moved_on(shown)
    monkeypatch.undo()
    monkeypatch.setenv("HEADGATE_USER", "ada")
    before = shown.tables()
    assert "HG540" in shown.fails(1, "gc", "--yes")
    assert shown.tables() == before


def test_an_altered_history_stops_the_collection(shown: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    moved_on(shown)
    later(monkeypatch, "2099-01-01T00:00:00.000000Z")
    with sqlite3.connect(shown.root / "warehouse.state.db") as state:
        state.execute("update events set body = replace(body, 'ada', 'eve') where number = 2")
    before = shown.tables()
    told = shown.fails(1, "gc", "--yes")
    assert "HG545" in told
    assert "event 2: its content is not what was written" in told
    assert shown.tables() == before


def test_what_a_view_of_another_environment_reads_is_kept(shown: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shown.asset("m.look", "select y from m.b", kind="view")
    shown.apply("pr-1")
    moved_on(shown)
    later(monkeypatch, "2099-01-01T00:00:00.000000Z")
    shown.does("gc", "--yes")
    assert shown.values("pr-1", "select y from m.look") == [["2"]]


def test_two_environments_that_would_share_schemas_are_refused(shown: Shop) -> None:
    shown.apply("pr-1")
    assert "HG507" in shown.fails(1, "apply", "pr_1", "--yes")
    assert shown.values("pr-1", "select y from m.b") == [["2"]]


def later(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Let every command from now on believe in another time."""
    # All are imported before one is changed: a module imported later would keep the other time for good.
    for module in [importlib.import_module(f"headgate.app.{name}") for name in ("session", "gc")]:
        monkeypatch.setattr(module, "now", lambda: at)
