"""Findings are told alike by every command, each with its level and who has to agree, and without protected values."""

import pytest

from tests.gate.team import OWNERS, Team
from tests.laws.shop import CONFIG

pytestmark = pytest.mark.slow

PROTECTED = "      - name: orders\n        path: data/orders.csv\n        columns: [{name: price, protected: true}]\n"
PRICE = "waits m.orders price changes in 100 rows"


def words(told: str) -> str:
    """Return it on one line, each space once."""
    return " ".join(told.split())


def test_no_command_of_the_gate_tells_a_protected_value(team: Team) -> None:
    team.source(PROTECTED)
    team.edit("Protect the price")
    team.does("promote", "dev", "--yes")
    team.price(2)
    told = [team.fails(1, "promote", "dev", "--yes"), team.does("report", "dev"), team.fails(1, "approve", "dev")]
    team.become("ben")
    told.append(team.does("approve", "dev", "--yes", "--json"))
    for text in told:
        assert "price changes in 100 rows" in text
        assert "1000" not in text
        assert "at most" not in text


def test_a_finding_is_told_with_what_it_waits_for_then_as_agreed_to(team: Team) -> None:
    team.price(2)
    team.become("ben")
    told = words(team.does("approve", "dev", "--yes"))
    assert f"{PRICE}, 100 %, by at most 1,000 owner: ops" in told
    assert "Needs approval: 1 finding waits for sales." in told
    agreed = PRICE.replace("waits", "agreed")
    assert agreed in words(team.does("plan", "prod"))
    team.become("eve")
    assert "Passes: 3 findings were agreed to; nothing stops it." in team.does("approve", "dev", "--yes")
    assert agreed in words(team.does("report", "dev"))
    assert agreed in words(team.does("promote", "dev", "--yes"))


def test_a_view_of_a_table_is_told_to_be_compared_as_of_its_capture(team: Team) -> None:
    """It shows the table as it is: nobody is to take the gate's word for what it never saw."""
    team.outside("create schema live")
    team.outside("create table live.sales as select i as id, i * 3 as cents from range(200) t(i)")
    team.file("assets/live.yml", "sources:\n  - name: live\n    owner: ops\n    tables:\n      - name: sales\n")
    team.asset("m.sales", "select id, cents from live.sales", kind="view")
    team.asset("m.seen", "select id, cents from m.sales", kind="view")
    team.edit("Show the sales")
    team.does("promote", "dev", "--yes")
    team.asset("m.seen", "select id, cents from m.sales where cents < 1000", kind="view")
    team.edit("Cheap sales alone")
    team.outside("update live.sales set cents = 5000")
    told = "live.sales was compared as it was captured at 20"
    assert told in words(team.does("plan", "prod"))
    assert told in words(team.does("promote", "dev", "--yes"))
    team.price(1, where=" where id > 0")
    assert told not in words(team.does("plan", "prod")), "no view moves"


def test_another_order_of_columns_is_told(team: Team) -> None:
    """Rows are the same, and so is the build; who reads by position sees another table."""
    team.asset("m.orders", "select price * 1 as price, id from raw.orders")
    team.edit("Turn them")
    told = "m.orders: its columns stand in another order, as select * shows them"
    text, status = team.tries("diff", "prod", "dev", "--exit-code")
    assert (status, "the columns stand in another order" in text) == (10, True)
    assert "1 more finding" in team.does("report", "dev")
    team.does("promote", "dev", "--yes")
    (finding,) = team.decision(2)["findings"]  # type: ignore[misc]  # JSON
    assert (finding["topic"], finding["level"]) == ("columns_reordered", "show")
    team.asset("m.orders", "select id, price * 1 as price from raw.orders")
    team.file("headgate.toml", CONFIG + OWNERS + '\n[gate]\ncolumns_reordered = "block"\n')
    team.edit("Turn them back")
    team.does("promote", "dev", "--yes", "--override", "of the policy")
    team.asset("m.orders", "select price * 1 as price, id from raw.orders")
    team.edit("And once more")
    assert told in words(team.fails(1, "promote", "dev", "--yes"))


def test_what_was_found_of_a_view_that_asks_the_clock_is_not_found_again(team: Team) -> None:
    """At the next look it may show something else; of a view that does not, it is known."""
    for name, moment in (("still", "timestamp '2026-01-01'"), ("clocked", "current_timestamp")):
        team.asset(f"m.{name}", f"select id, price, {moment} is null as is_late from m.orders", kind="view")
    team.edit("Begin")
    team.promote()
    for name, moment in (("still", "timestamp '2026-01-01'"), ("clocked", "current_timestamp")):
        team.asset(
            f"m.{name}", f"select id, price + 0 as price, {moment} is null as is_late from m.orders", kind="view"
        )
    team.edit("Add nothing")
    team.does("approve", "dev")
    kept = {address: "comparisons" in team.entries("evidence").get(one, "") for address, one in team.ids("dev").items()}
    assert (kept["m.still"], kept["m.clocked"]) == (True, False)
