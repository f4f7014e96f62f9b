"""Planning reads the repository and the state, nothing else; a plan is carried out as it is or refused."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.laws.shop import Beginning, Shop

pytestmark = pytest.mark.slow

LOCKER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def edited(begin: Beginning) -> Shop:
    """Applied and promoted, then edited."""
    return begin(edit)


def edit(shop: Shop) -> None:
    shop.file("assets/m/seed.csv", "id,cents\n1,100\n2,200\n")
    shop.asset("m.orders", "select id, cents from m.seed")
    shop.asset("m.total", "select sum(cents) as cents from m.orders")
    shop.apply()
    shop.promote()
    shop.asset("m.orders", "select id, cents * 2 as cents from m.seed")


def test_the_same_plan_twice_is_the_same_to_the_byte(edited: Shop) -> None:
    edited.does("plan", "dev", "--out", "one.plan")
    shutil.rmtree(edited.root / ".headgate")
    os.utime(edited.root / "assets/m/total.sql", (1, 1))
    edited.does("plan", "dev", "--out", "two.plan")
    assert (edited.root / "one.plan").read_bytes() == (edited.root / "two.plan").read_bytes()


def test_a_plan_needs_no_warehouse(edited: Shop) -> None:
    """The file is held by another process, then gone."""
    there = edited.json("plan", "dev")
    held = subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(edited.root / "warehouse.duckdb")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert held.stdout is not None
        assert held.stdout.readline() == b"held\n"
        assert edited.json("plan", "dev") == there
        edited.does("check")
        edited.does("status")
        edited.does("releases")
        assert "HG511" in edited.fails(1, "plan", "prod")
    finally:
        held.communicate()
    (edited.root / "warehouse.duckdb").unlink()
    assert edited.json("plan", "dev") == there
    assert not (edited.root / "warehouse.duckdb").exists()


def test_looking_changes_neither_state_nor_warehouse_nor_repository(edited: Shop) -> None:
    edited.does("plan", "dev")
    before = {path: path.read_bytes() for path in files(edited.root)}
    for command in (
        ["plan", "dev"], ["plan", "dev", "--verbose"], ["plan", "pr-7"], ["check"], ["status"],
        ["status", "dev"], ["releases", "dev"], ["show", "m.total"], ["gc", "--dry-run"],
    ):  # fmt: skip
        edited.does(*command)
    edited.fails(1, "plan", "prod")
    edited.does("sql", "dev", "select * from m.total")
    assert {path: path.read_bytes() for path in files(edited.root)} == before


def test_before_anything_was_applied_looking_makes_nothing(shop: Shop) -> None:
    shop.asset("m.a", "select 1 as x")
    for command in (["plan"], ["check"], ["status"], ["releases"], ["show", "m.a"], ["plan", "prod"]):
        shop.tries(*command)
    shop.fails(1, "sql", "dev", "select 1 as x")
    assert {path.name for path in files(shop.root)} == {"headgate.toml", "a.sql"}


def test_a_saved_plan_is_carried_out_though_the_files_are_gone(edited: Shop) -> None:
    edited.does("plan", "dev", "--out", "x.plan")
    shutil.rmtree(edited.root / "assets")
    (edited.root / "assets").mkdir()
    applied = edited.result("apply", "--plan", "x.plan", "--yes")
    assert [step["address"] for step in applied["made"]] == ["m.orders", "m.total"]
    assert edited.values("dev", "select cents from m.total") == [["600"]]


def test_a_seed_that_changed_after_the_plan_is_not_built_under_the_old_name(edited: Shop) -> None:
    edited.file("assets/m/seed.csv", "id,cents\n1,1\n")
    edited.does("plan", "dev", "--out", "x.plan")
    edited.file("assets/m/seed.csv", "id,cents\n1,7777\n")
    body = edited.json("apply", "--plan", "x.plan", "--yes")
    if body["exit_status"] == 0:
        assert edited.values("dev", "select cents from m.total") == [["2"]]
    else:
        assert body["diagnostics"][0]["code"] == "HG451"
        assert edited.values("dev", "select cents from m.total") == [["300"]]
    edited.apply()
    assert edited.values("dev", "select cents from m.total") == [["15554"]]


def test_a_release_of_somebody_else_voids_no_plan_of_mine(edited: Shop) -> None:
    """A saved plan binds to what it read: releases and applies elsewhere go on meanwhile."""
    edited.does("plan", "dev", "--out", "x.plan")
    edited.asset("m.other", "select 5 as x")
    edited.apply("pr-1")
    edited.promote("pr-1")
    edited.does("rollback", "prod", "--yes")
    assert edited.result("apply", "--plan", "x.plan", "--yes")["is_published"]
    assert edited.values("dev", "select cents from m.total") == [["600"]]
    assert "m.other" not in edited.ids("dev")


def test_a_plan_is_refused_once_its_environment_moved_and_still_shown(edited: Shop) -> None:
    edited.does("plan", "dev", "--out", "x.plan")
    edited.asset("m.total", "select 0 as cents")
    edited.apply()
    before = edited.ids("dev"), edited.tables()
    assert "HG502" in edited.fails(1, "apply", "--plan", "x.plan", "--yes")
    assert (edited.ids("dev"), edited.tables()) == before
    shown = edited.tries("plan", "--show", "x.plan")[0]
    assert "HG502" in shown
    assert "m.orders" in shown


def test_a_plan_is_refused_once_a_build_that_it_reuses_is_collected(edited: Shop) -> None:
    edited.file("headgate.toml", (edited.root / "headgate.toml").read_text() + 'retain = "0 days"\n')
    edited.asset("m.extra", "select 7 as x")
    edited.apply("pr-1")
    edited.does("plan", "pr-2", "--out", "x.plan")
    edited.does("gc", "--drop-environment", "pr-1", "--yes")
    edited.does("gc", "--yes")
    text = edited.fails(1, "apply", "--plan", "x.plan", "--yes")
    assert "HG502" in text
    assert edited.ids("pr-2") == {}


@pytest.mark.parametrize(
    "alter",
    [
        lambda body: body.update(format=99),
        lambda body: body.update(project=5),
        lambda body: body.pop("steps"),
        lambda body: body["steps"][1].update(key="h1:" + "0" * 64),
        lambda body: body["steps"][1].update(action="keep"),
        lambda body: body["steps"][0].update(address="m.elsewhere"),
        lambda body: body.update(files={}),
        lambda body: body.update(files={"../../outside.sql": "QQ=="}),
        lambda body: body.update(files=dict.fromkeys(body["files"], "!")),
        lambda body: body.update(environment="prod"),
        lambda body: body.update(environment="../x"),
        lambda body: body.update(engine="other"),
        lambda body: body.update(entries=None),
        lambda body: body.update(shows="many"),
        lambda body: body.update(files=["assets"]),
    ],
)
def test_an_altered_plan_is_refused_or_means_the_same(alter: Any, edited: Shop) -> None:
    edited.does("plan", "dev", "--out", "x.plan")
    body = json.loads((edited.root / "x.plan").read_text())
    alter(body)
    edited.file("x.plan", json.dumps(body))
    prod = edited.ids("prod")
    status = edited.tries("apply", "--plan", "x.plan", "--yes")[1]
    assert status in (0, 1, 2)
    assert edited.ids("prod") == prod
    if status == 0:
        assert edited.values("dev", "select cents from m.total") == [["600"]]
    else:
        assert edited.values("dev", "select cents from m.total") == [["300"]]
    edited.apply()
    assert edited.values("dev", "select cents from m.total") == [["600"]]
    assert edited.result("plan")["is_empty"]


def test_apply_builds_no_more_than_the_plan_says(edited: Shop) -> None:
    planned = {step["address"] for step in edited.result("plan")["steps"] if step["action"] == "build"}
    assert {step["address"] for step in edited.apply()["made"]} <= planned
    assert edited.result("plan")["is_empty"]


def files(root: Path) -> list[Path]:
    return sorted(
        p for p in root.rglob("*") if p.is_file() and ".headgate" not in p.parts and not p.name.endswith("-shm")
    )
