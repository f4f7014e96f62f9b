"""Findings are told alike by every command, each with its level and who has to agree, and without protected values."""

import pytest

from tests.gate.team import Team

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
    assert f"{PRICE}, 100 %, by at most 1000 owner: ops" in told
    assert "Needs approval: 1 finding waits for sales." in told
    agreed = PRICE.replace("waits", "agreed")
    assert agreed in words(team.does("plan", "prod"))
    team.become("eve")
    assert "Passes: 3 findings were agreed to; nothing stops it." in team.does("approve", "dev", "--yes")
    assert agreed in words(team.does("report", "dev"))
    assert agreed in words(team.does("promote", "dev", "--yes"))
