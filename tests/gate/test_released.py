"""What is decided about a protected environment goes by what was released, whatever the working tree says."""

import pytest

from tests.gate.team import OWNERS, Team
from tests.gate.test_walk_around import agreed
from tests.laws.shop import CONFIG

pytestmark = pytest.mark.slow

PROD = "[environments.prod]"
TAKEN = CONFIG.replace(PROD, f'[environments.aaa]\nengine = "local"\nbare_schemas = true\n\n{PROD}') + OWNERS
"""Settings by which ``aaa``, which nobody protects, has the names that readers of ``prod`` know."""

SHOWN = "select max(price) from m.orders"


def more_data(team: Team) -> None:
    """Let an order come in."""
    path = team.root / "data" / "orders.csv"
    team.file("data/orders.csv", f"{path.read_text()}{len(path.read_text().splitlines())},7\n")


def test_names_that_nobody_released_are_taken_by_no_run_and_no_rollback(team: Team) -> None:
    team.file("headgate.toml", TAKEN)
    more_data(team)
    team.does("run", "prod")
    assert team.outside(SHOWN) == [(1000,)]
    team.does("rollback", "prod", "--yes")
    assert team.outside(SHOWN) == [(1000,)]
    assert "HG507" in team.fails(1, "apply", "aaa", "--yes")


def test_names_that_are_in_no_commit_are_taken_by_no_promotion(team: Team) -> None:
    team.price(1, where=" where id > 0")
    team.file("headgate.toml", TAKEN)
    team.does("promote", "dev", "--yes")
    assert team.outside(SHOWN) == [(1000,)]


def test_names_that_a_change_takes_wait_for_an_owner(team: Team) -> None:
    team.file("headgate.toml", TAKEN)
    team.commit("Aaa is bare")
    assert "prod bare_schemas" in team.does("plan", "dev")
    team.apply()
    assert "environments prod bare_schemas" in team.fails(1, "promote", "dev", "--yes")
    agreed(team, "ben")
    team.does("promote", "dev", "--yes")
    assert team.outside(SHOWN.replace("m.", "m__prod.")) == [(1000,)]
