"""The commands as functions: what they return, what they refuse, and that nothing happens without consent."""

import logging
from pathlib import Path

import duckdb
import pytest

import headgate
from headgate.app.session import nonce, now
from headgate.plugins.stores.sqlite import open_sqlite_store
from tests.api.conftest import EDITED, REVENUE
from tests.cli.scenario import headgate as command

pytestmark = pytest.mark.slow

REVENUE_SQL = Path("assets/marts/revenue.sql")


def answer(query: str) -> str:
    return command(["sql", "dev", query, "--format", "csv"], Path.cwd())[0]


def test_the_main_road(shop: Path) -> None:
    with headgate.open(shop / "assets" / "marts") as project:
        assert (project.root, project.name) == (shop, "shop")
        plan = project.plan()
        assert [(s.address, s.action.value) for s in plan.changes] == [("marts.revenue", "build")]
        assert (plan.is_empty, plan.is_new, plan.environment, plan.project) == (False, False, "dev", "shop")
        applied = project.apply(plan)
        assert [build.address for build in applied.made] == ["marts.revenue"]
        assert "30" in answer("select total from marts.revenue where customer = 'ada'")
        assert project.plan().is_empty
        assert project.apply(project.plan()).made == ()
        promotion = project.plan_promotion()
        assert (promotion.is_empty, promotion.kept) == (False, 1)
        assert project.promote(promotion).release == 2
        assert project.rollback(project.plan_rollback("prod")).release == 1
        assert [release.is_shown for release in project.releases()] == [False, False, True]
        assert project.status()["prod"].serial == 1


def test_a_project_sees_edits_between_two_calls(shop: Path) -> None:
    project = headgate.open()
    assert len(project.plan().changes) == 1
    REVENUE_SQL.write_text(REVENUE)
    assert project.plan().is_empty
    REVENUE_SQL.write_text(EDITED.replace("group by all", "group by"))
    (fault,) = project.check().diagnostics
    assert (fault.code, fault.place and fault.place.path) == ("HG207", "assets/marts/revenue.sql")


@pytest.mark.parametrize("name", ["apply", "promote", "rollback", "gc"])
def test_nothing_changes_without_a_plan_or_a_yes(name: str, shop: Path) -> None:
    project = headgate.open()
    before = command(["status", "--json"], shop)[0]
    arguments = {"apply": ("dev",), "promote": ("dev",), "rollback": ("dev",), "gc": ()}[name]
    with pytest.raises(headgate.UsageError, match="say yes=True"):
        getattr(project, name)(*arguments)
    assert command(["status", "--json"], shop)[0] == before


def test_a_plan_whose_ground_has_moved_is_refused(shop: Path) -> None:
    project = headgate.open()
    plan, promotion, rollback = project.plan(), None, None
    project.apply("dev", yes=True)
    promotion = project.plan_promotion()
    with pytest.raises(headgate.Refused, match="HG502"):
        project.apply(plan)
    rollback = project.plan_rollback("dev")
    REVENUE_SQL.write_text(EDITED.replace("* 2", "* 3"))
    project.apply("dev", yes=True)
    with pytest.raises(headgate.Refused, match="HG502"):
        project.rollback(rollback)
    with pytest.raises(headgate.Refused, match="HG502"):
        project.promote(promotion)


def test_a_plan_of_files_that_were_edited_is_neither_saved_nor_applied(shop: Path) -> None:
    project = headgate.open()
    plan = project.plan()
    REVENUE_SQL.write_text(EDITED.replace("* 2", "* 3"))
    with pytest.raises(headgate.Refused, match=r"HG451 assets/marts/revenue\.sql changed"):
        plan.save("dev.plan")
    with pytest.raises(headgate.Refused, match="HG451"):
        project.apply(plan)
    assert "15" in answer("select total from marts.revenue where customer = 'ada'")


def test_a_saved_plan_goes_both_ways(shop: Path) -> None:
    project = headgate.open()
    project.plan().save("dev.plan")
    assert str(project.saved_plan("dev.plan")) == str(project.plan())
    assert command(["plan", "--show", "dev.plan"], shop)[0].startswith(str(project.plan()))
    REVENUE_SQL.write_text(REVENUE)
    project.apply(project.saved_plan("dev.plan"))
    assert "30" in answer("select total from marts.revenue where customer = 'ada'")
    stale = project.saved_plan("dev.plan")
    assert [diagnostic.code for diagnostic in stale.stale] == ["HG502"]
    with pytest.raises(headgate.Refused, match="HG502"):
        project.apply(stale)


def test_a_failure_is_raised_and_says_what_stays(shop: Path) -> None:
    Path("assets/marts/bad.sql").write_text("select (o.customer)::int as x\nfrom marts.revenue as o\n")
    Path("assets/marts/worse.sql").write_text("select b.x + 1 as x from marts.bad as b\n")
    with pytest.raises(headgate.Refused, match=r"HG601 marts\.bad: the engine refused its SQL") as raised:
        headgate.open().apply("dev", yes=True)
    assert [fault.place and str(fault.place) for fault in raised.value.diagnostics] == ["assets/marts/bad.sql:1"]
    assert raised.value.__notes__ == [
        "1 asset that reads it was not started.",
        "Nothing was published; dev is as it was.",
        "Next: mend it and run headgate apply dev again; 1 finished build is kept.",
    ]
    assert raised.value._render_traceback_() == [f"Refused: {raised.value}", *raised.value.__notes__]
    assert "15" in answer("select total from marts.revenue where customer = 'ada'")


def test_checks_are_results_or_what_is_raised(shop: Path) -> None:
    tests = "models: [{name: revenue, columns: [{name: total, data_tests: [{range: {max: %s}}]}]}]\n"
    Path("assets/marts/tested.yml").write_text(tests % 30)
    applied = headgate.open().apply("dev", yes=True)
    assert [(c.check.name, c.outcome.value, c.failures, c.out_of) for c in applied.checks] == [
        ("range of total", "pass", 0, 2)
    ]
    assert str(applied).endswith("1 check passed.")
    Path("assets/marts/tested.yml").write_text(tests % 20)
    with pytest.raises(headgate.Refused, match=r"HG701 marts\.revenue: range of total: 1 of 2 rows lie outside"):
        headgate.open().apply("dev", yes=True)


def test_a_protected_environment_is_planned_by_its_own_function(shop: Path) -> None:
    project = headgate.open()
    with pytest.raises(headgate.UsageError, match="plan_promotion"):
        project.plan("prod")
    with pytest.raises(headgate.Refused, match="HG543"):
        project.apply("prod", yes=True)


def test_what_dev_shows_beside_the_commit_is_not_silently_left(shop: Path) -> None:
    project = headgate.open()
    project.apply("dev", yes=True)
    REVENUE_SQL.write_text(REVENUE)
    with pytest.raises(headgate.Refused, match="HG511"):
        project.promote("dev", yes=True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"now": "2126-01-01"}, "has not come yet"),
        ({"now": "tomorrow"}, "is no instant"),
        ({"since": "2026-01-02", "until": "2026-01-02T00:00"}, "ends where it begins"),
        ({"since": "2026-01-02T00:00:00Z"}, "is no time of a wall clock"),
        ({"until": "soon"}, "is no time of a wall clock"),
    ],
)
def test_times_that_cannot_be_meant_are_refused(given: dict[str, str], told: str, shop: Path) -> None:
    with pytest.raises(headgate.Refused, match=told) as refused:
        headgate.open(shop).run("prod", **given)
    assert [found.code for found in refused.value.diagnostics] == ["HG407"]


def test_names_may_stand_alone_or_in_a_list(shop: Path) -> None:
    project = headgate.open()
    for names in ("marts.*", ["marts.revenue"], ("marts.revenue", "shop.orders")):
        assert len(project.plan(select=names).changes) == 1
    assert project.gc(drop="dev", yes=True).environments == ("dev",)


@pytest.mark.slow
def test_who_waits_hears_for_whom(shop: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = open_sqlite_store(shop / "warehouse.state.db", nonce=nonce)
    lease = store.acquire("engine/local", holder="ci@runner-7", purpose="apply dev, process 1", at=now())
    try:
        with caplog.at_level(logging.WARNING), pytest.raises(headgate.Refused, match="HG501"):
            headgate.open().apply("dev", yes=True, wait_seconds=1.5)
    finally:
        store.release(lease)
        store.close()
    assert "is being changed by ci@runner-7" in caplog.text


def test_nothing_stays_open_between_two_calls(shop: Path) -> None:
    project = headgate.open()
    project.apply("dev", yes=True)
    connection = duckdb.connect(str(shop / "warehouse.duckdb"))
    connection.close()
    assert project.plan().is_empty


def test_there_must_be_a_project(tmp_path: Path) -> None:
    with pytest.raises(headgate.UsageError, match=r"there is no headgate\.toml here or above"):
        headgate.open(tmp_path)
    (tmp_path / "headgate.toml").write_text("nmae = 1\n")
    with pytest.raises(headgate.Refused, match="HG121"):
        headgate.open(tmp_path)
