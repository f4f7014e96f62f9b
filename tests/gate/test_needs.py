"""A plan tells who will have to agree at the gate, before anything is built or measured."""

import pytest

from tests.gate.team import ORDERS, OWNERS, Team
from tests.laws.shop import CONFIG

pytestmark = pytest.mark.slow


def planned(team: Team, *more: str) -> str:
    """Return what the plan of dev says, on one line, each space once."""
    return " ".join(team.does("plan", "dev", *more).split())


def test_what_may_change_and_what_surely_goes_is_told_by_owner(team: Team) -> None:
    team.asset("m.orders", ORDERS.format(factor=2))
    told = planned(team)
    assert planned(team, "--verbose").count("may need") == 2  # whole and short plans say the same
    assert "may need ops to agree m.orders: price may change" in told
    assert "may need sales to agree m.board: it reads m.orders" in told
    assert " needs " not in told.replace("may need", "")
    team.asset("m.orders", "select id from raw.orders where id > 3")
    told = planned(team)
    assert " needs ops to agree m.orders: column price is gone" in told
    assert "may need ops to agree m.orders: rows may go" in told
    (first, *_) = team.result("plan", "dev")["needs"]
    assert (first["level"], first["owner"], first["is_certain"]) == ("approve", "ops", True)
    team.apply()
    assert "need" not in planned(team)


def test_edits_of_the_gate_are_told_with_what_stops_them(team: Team) -> None:
    team.file("headgate.toml", CONFIG + OWNERS.replace('"ada", ', ""))
    assert "needs somebody to agree headgate.toml: the policy itself changes: owners ops" in planned(team)


def test_what_is_expected_or_within_the_budget_needs_nobody(team: Team) -> None:
    team.asset("m.orders", ORDERS.format(factor=2))
    team.file(
        "changes/double.yml",
        "why: doubled\nuntil: 2099-12-31\nexpect:\n  m.orders:\n    rows_changed: {price: 100 %}\n"
        "  m.board:\n    consumer: true\n",
    )
    assert "need" not in planned(team)


def test_new_data_alone_needs_nobody(team: Team) -> None:
    team.file("data/orders.csv", "id,price\n1,1\n2,2\n")
    told = planned(team)
    assert "rebuild m.orders" in told
    assert "need" not in told


def test_nobody_is_named_before_owners_are_declared(team: Team) -> None:
    team.file("headgate.toml", CONFIG)
    team.edit("Drop the owners")
    for who in ("ben", "eve"):
        team.become(who)
        team.does("promote", "dev", "--yes", "--override", "start again") if who == "eve" else None
    team.asset("m.orders", "select id from raw.orders")
    assert "need" not in planned(team)
