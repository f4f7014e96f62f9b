"""`isolate: true`: what a change of code does is told apart from what new data does; the gate decides on the code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gate.team import Team

pytestmark = pytest.mark.slow

PROMOTE = ("promote", "dev", "--yes")
LOADED = "incremental\nunique_key: id\nisolate: true"


def isolate(team: Team) -> None:
    """Have the orders compared on the same data, in a release of its own."""
    text = (team.root / "assets/m/m.yml").read_text()
    team.edit(
        "Isolate", **{"assets/m/m.yml": text.replace("- name: orders\n", "- name: orders\n    isolate: true\n", 1)}
    )
    team.promote()


def arrive(team: Team, *, rows: int = 100, first: int = 10) -> None:
    """Have new data: so many orders, of which the first cost something else."""
    lines = [f"{n},{n * 10 if n > 1 else first}\n" for n in range(1, rows + 1)]
    team.file("data/orders.csv", "id,price\n" + "".join(lines))


def asset(team: Team, address: str = "m.orders") -> dict[str, Any]:
    """Return what a report says of a table."""
    team.does("report", "dev", "--out", "report")
    report = json.loads((team.root / "report/report.json").read_text())
    (found,) = [one for one in report["assets"] if one["address"] == address]
    return found  # type: ignore[no-any-return]


def test_code_and_data_are_told_apart(team: Team) -> None:
    """Three orders come and one costs more by data; two cost nothing by code: three have changed if nobody tells apart.

    What is made aside is shown nowhere, taken again by the next report, and goes with gc.
    """
    isolate(team)
    before = team.tables()
    arrive(team, rows=103, first=11)
    team.asset("m.orders", "select id, case when id in (2, 3) then 0 else price end as price from raw.orders")
    team.edit("Free orders")
    made = team.tables() - before
    found = asset(team)["comparison"]
    assert (found["changed"], found["added"], found["removed"], found["moved"]) == (2, 0, 0, [])
    assert (found["rows_before"], found["rows_after"]) == (103, 103)
    data = found["data"]
    assert (data["changed"], data["added"], data["removed"], data["moved"]) == (1, 3, 0, ["raw.orders"])
    assert (data["rows_before"], data["rows_after"]) == (100, 103)
    summary = (team.root / "report/summary.md").read_text()
    assert "2 changed of 103 rows, by code alone" in summary
    assert "1 changed, 3 added of 100 rows; price in 1 row" in summary
    page = (team.root / "report/report.html").read_text()
    assert "Rows, by code alone" in page
    assert "Rows, by data alone" in page
    told = team.fails(1, *PROMOTE)
    assert "m.orders: price changes in 2 rows, 1.94 %, by at most 30; on the same data" in told
    (aside,) = team.tables() - before - made
    assert found["before"] not in {*team.ids("dev").values(), *team.ids("prod").values()}
    team.does("gc", "--yes")
    assert aside not in team.tables()


def test_what_data_alone_does_stops_a_promotion_only_where_it_would_stop_a_run(team: Team) -> None:
    isolate(team)
    arrive(team, rows=40)
    team.asset("m.orders", "select id, 1 * price as price from raw.orders")
    team.edit("Write it otherwise")
    told = team.fails(1, *PROMOTE)
    assert "m.orders: 40 rows in place of 100, 60 % fewer; by data alone: raw.orders" in told
    assert "are gone" not in told
    arrive(team, rows=60, first=99)
    team.edit("More")
    found = asset(team)["comparison"]
    assert (found["added"], found["removed"], found["changed"], found["is_equal"]) == (0, 0, 0, False)
    assert (found["data"]["removed"], found["data"]["changed"]) == (40, 1)
    team.does(*PROMOTE)
    team.does("verify", "--all")


def test_what_cannot_be_told_apart_says_why(team: Team) -> None:
    """A source is read from another place; a column that the released code needs is gone; a table holds its history."""
    team.asset("m.seen", "select id, price from raw.orders", kind=LOADED)
    isolate(team)
    team.file("data/other.csv", "id,price\n1,10\n")
    team.source("      - name: orders\n        path: data/other.csv\n")
    team.edit("Another place")
    assert asset(team)["comparison"]["unisolated"] == "the change reads raw.orders from another place"
    assert "raw.orders has other data, too (not isolated: the change reads raw.orders from" in team.fails(1, *PROMOTE)
    team.source("      - name: orders\n        path: data/orders.csv\n")
    arrive(team, rows=101)
    team.asset("m.seen", "select id, price + 1 as price from raw.orders", kind=LOADED)
    team.edit("Load more")
    assert asset(team, "m.seen")["comparison"]["unisolated"].startswith("m.seen holds what earlier data brought")
    team.file("data/orders.csv", "id,cost\n" + "".join(f"{n},{n * 10}\n" for n in range(1, 102)))
    for address in ("m.orders", "m.seen"):
        team.asset(address, "select id, cost as price from raw.orders")
    team.edit("Another name")
    found = asset(team)["comparison"]
    assert found["data"] is None
    assert found["unisolated"] == "the released code does not fit the new data: unknown column price"
    assert found["added"] == 1
