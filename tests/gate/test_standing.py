"""`status` and `show` tell what the gate decided, who agreed, and what a change still waits for."""

import pytest

from tests.gate.team import Team

pytestmark = pytest.mark.slow


def words(told: str) -> str:
    """Return it on one line, each space once."""
    return " ".join(told.split())


def test_a_change_that_waits_and_who_agreed_to_it(team: Team) -> None:
    team.price(2)
    assert "dev: prod does not show it yet; 1 asset is to be compared: headgate report dev" in team.does(
        "status", "dev"
    )
    team.become("ben")
    team.does("approve", "dev", "--yes")
    told = words(team.does("approve", "dev", "--yes"))
    assert "You have agreed to this change, and that stands. Agreed: ben to 2 findings." in told
    assert "Needs approval: 1 finding waits for sales." in told
    told = team.does("status", "dev")
    assert "dev: 1 finding waits for sales, ben agreed to 2: headgate approve dev --to prod" in told
    told = team.does("status")
    assert "prod: ben agreed to 2 findings of a change that is not released" in told
    assert "waits for sales" not in told  # that takes reading the repository
    told = words(team.does("show", "m.orders"))
    assert "gate dev to prod agreed price changes in 100 rows, 100 %, by at most 1,000 ben" in told
    (dev,) = team.result("status", "dev")["environments"]
    assert [*dev["waits"]["waiting"]] == ["sales"]
    team.become("eve")
    team.does("approve", "dev", "--yes")
    assert "dev: the gate would open: headgate promote dev" in team.does("status", "dev")
    team.become("ada")
    team.does("promote", "dev", "--yes")
    told = team.does("status")
    assert "prod: release 2 was agreed to by ben, eve" in told
    assert "not released" not in told
    told = words(team.does("show", "m.orders"))
    assert "gate release 2 of prod agreed price changes in 100 rows, 100 %, by at most 1,000 ben" in told
    assert [one["by"] for one in team.result("status", "prod")["environments"][0]["decision"]["approvals"]] == [
        "ben", "eve",
    ]  # fmt: skip


def test_a_gate_that_somebody_opened_is_told_with_the_reason(team: Team) -> None:
    team.price(2)
    team.does("promote", "dev", "--yes", "--override", "the board meets at nine")
    assert "prod: the gate was opened for release 2: the board meets at nine" in team.does("status")


def test_a_faulty_repository_hides_no_status(team: Team) -> None:
    team.price(2)
    team.file("assets/m/broken.sql", "select nothing from nowhere")
    assert "1 differs from prod" in team.does("status", "dev")


def test_a_plan_ends_with_what_comes_next(team: Team) -> None:
    """It ended with a promotion that would be refused."""
    team.price(2)
    assert team.does("plan", "prod").endswith("Next: headgate promote dev\n"), "which measures it"
    team.does("report", "dev")
    assert team.does("plan", "prod").endswith("Next: headgate approve dev\n")
    for name in ("ben", "eve"):
        team.become(name)
        team.does("approve", "dev", "--yes")
    assert team.does("plan", "prod").endswith("Next: headgate promote dev\n")
    team.price(2, where=" where id > 500")
    team.does("report", "dev")
    assert team.does("plan", "prod").endswith("Next: mend what stops it, then headgate apply dev\n")
