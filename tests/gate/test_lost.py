"""A table of prod that is marked as lost: what takes its place is compared with nothing, and is no new table."""

from __future__ import annotations

import json

import pytest

from tests.gate.team import Team

pytestmark = pytest.mark.slow

PROMOTE = ("promote", "dev", "--yes")
LOST = "m.orders: incomplete: the table that is shown is lost, and nothing can be compared with it"


def lose(team: Team) -> None:
    """Mark what prod shows of the orders as lost, as doctor does; the table stays."""
    shown = team.ids("prod")["m.orders"]

    def mark(text: str) -> str:
        form = json.loads(text)
        return json.dumps({**form, "status": "lost"}) if form.get("id") == shown else text

    assert team.alter("builds", mark) == 1


def test_what_takes_the_place_of_a_lost_table_is_not_released_as_a_new_one(team: Team) -> None:
    """A tenth of the rows has no id, and the price is gone: of a table that is new nobody would be told."""
    team.asset("m.orders", "select case when id > 10 then id else -id end as id from raw.orders")
    team.edit("Leave out the price")
    lose(team)
    told = team.fails(1, *PROMOTE)
    assert LOST in told
    assert "m.orders: column price is gone" in told
    assert LOST.partition(": ")[2] in team.does("diff", "prod", "dev")
    assert team.released() == 1
    team.does(*PROMOTE, "--override", "there is no copy")
    assert team.released() == 2


def test_what_is_brought_back_without_its_rows_is_held_as_a_run_holds_it(team: Team) -> None:
    """The code is the same, so that there is no change to agree to: what was there is known by its number."""
    lose(team)
    team.file("data/orders.csv", "id,price\n1,10\n")
    team.edit("Take other data")
    told = team.fails(1, *PROMOTE)
    assert "m.orders: 1 row in place of 100, 99 % fewer; what was shown is lost" in told
    assert team.released() == 1
    team.does(*PROMOTE, "--override", "it is so")


def test_what_is_brought_back_with_its_rows_is_released(team: Team) -> None:
    lose(team)
    team.file("data/orders.csv", "id,price\n" + "".join(f"{n},{n * 10}\n" for n in range(101)))
    team.edit("Take other data")
    team.does(*PROMOTE)
