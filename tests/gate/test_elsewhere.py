"""What an environment shows is agreed to, and looked at, wherever somebody stands: they need not check it out."""

import pytest

from tests.gate.team import ORDERS, Team

pytestmark = pytest.mark.slow

REQUEST = ("pr-12", "--to", "prod")


def words(told: str) -> str:
    """Return it on one line, each space once."""
    return " ".join(told.split())


def requested(team: Team) -> str:
    """Have a request show a change that stands on a branch of its own, and check out what is released; its commit."""
    team.git("switch", "--quiet", "--create", "feature")
    team.asset("m.orders", ORDERS.format(factor=2))
    commit = team.commit("Times 2")
    team.apply("pr-12")
    team.git("switch", "--quiet", "-")
    return commit


def test_an_owner_agrees_to_a_request_from_where_they_stand(team: Team) -> None:
    """As its comment says. They were told that there is nothing to agree to, and to apply what they had there."""
    commit = requested(team)
    assert "you made this change" in team.fails(1, "approve", *REQUEST, "--yes")
    team.become("ben")
    told = words(team.does("approve", *REQUEST, "--yes"))
    assert f"pr-12 shows commit {commit[:7]}, which is not checked out. This is about what it shows." in told
    assert "not known here" not in told
    assert "Agreed: ben to 2 findings. Needs approval: 1 finding waits for sales." in told
    team.become("eve")
    assert f"Next: headgate promote pr-12, where {commit[:7]} is checked out" in team.does("approve", *REQUEST, "--yes")
    told = words(team.does("report", *REQUEST))
    assert f"{commit[:7]} · beside prod (release 1)" in told
    assert ("price changes in 100 rows" in told, "headgate apply" in told) == (True, False)
    told = team.fails(1, "promote", *REQUEST, "--yes")
    assert (
        f"Next: git switch --detach {commit[:7]}, which pr-12 shows (git fetch, if it is not here), then headgate pro"
        in told
    )
    team.git("switch", "--quiet", "feature")
    assert "Agreed: ben to 2 findings, eve to 1 finding." in team.does("promote", *REQUEST, "--yes")


def test_who_made_a_commit_that_is_not_here_is_asked_where_it_is(team: Team) -> None:
    """A job builds a merge that only the forge has. Who made it may say yes here, and it counts for nothing there."""
    commit = requested(team)
    team.git("branch", "--delete", "--force", "feature")
    team.git("reflog", "expire", "--expire=now", "--all")
    team.git("gc", "--quiet", "--prune=now")
    team.become("eve")
    told = words(team.does("approve", *REQUEST, "--yes"))
    assert f"pr-12 shows commit {commit[:7]}, which is not checked out." in told
    assert "Who made that is not known here: whoever did agrees for nobody else all the same." in told
    assert "price changes in 100 rows" in words(team.does("report", *REQUEST))
    team.become("ada")
    assert "you made this change" in team.fails(1, "approve", *REQUEST, "--yes"), "she applied it"


def test_an_author_who_agreed_where_the_commit_lacks_counts_for_nobody_where_it_is(team: Team) -> None:
    team.git("switch", "--quiet", "--create", "feature")
    team.asset("m.orders", ORDERS.format(factor=2))
    team.become("ben")
    team.commit("Times 2")
    team.become("zoe")
    team.apply("pr-12")
    team.git("switch", "--quiet", "-")
    team.git("bundle", "create", "--quiet", "../feature.bundle", "feature")
    team.git("branch", "--delete", "--force", "feature")
    team.git("reflog", "expire", "--expire=now", "--all")
    team.git("gc", "--quiet", "--prune=now")
    for name in ("ben", "eve"):
        team.become(name)
        team.does("approve", *REQUEST, "--yes")
    team.git("fetch", "--quiet", "../feature.bundle", "feature:feature")
    team.git("switch", "--quiet", "feature")
    told = team.fails(1, "promote", *REQUEST, "--yes")
    assert "HG711  prod waits for ops (ada, ben@x.org) to agree" in told
    assert "waits for sales" not in told


def test_what_is_in_no_commit_is_committed_first(team: Team) -> None:
    """It said that prod shows it already."""
    team.asset("m.orders", ORDERS.format(factor=2))
    team.apply()
    told = words(team.fails(1, "approve", "dev", "--yes"))
    assert "HG713 there is nothing to agree to: prod shows commit" in told
    assert "already. dev shows something else: m.orders" in told
    assert "Next: commit what dev shows, then headgate approve dev" in told
    assert "then headgate report dev" in team.does("report", "dev")


def test_what_was_applied_before_it_was_committed_is_agreed_to_elsewhere(team: Team) -> None:
    """Applying it again builds nothing, so that the state knows of no commit that has it."""
    team.git("switch", "--quiet", "--create", "feature")
    team.asset("m.orders", ORDERS.format(factor=2))
    team.apply("pr-12")
    team.commit("Times 2")
    team.git("switch", "--quiet", "-")
    for name in ("ben", "eve"):
        team.become(name)
        told = words(team.does("approve", *REQUEST, "--yes"))
        assert "pr-12 shows files that no commit had then, and that are not checked out." in told
    assert "Next: headgate promote pr-12, where the commit that has it is checked out" in told
    assert "headgate apply" not in team.does("report", *REQUEST)
    told = team.fails(1, "promote", *REQUEST, "--yes")
    assert "Next: check out the commit that has what pr-12 shows, then headgate promote pr-12; or give that up:" in told
    team.git("switch", "--quiet", "feature")
    team.become("ada")
    assert "Agreed: ben to 2 findings, eve to 1 finding." in team.does("promote", *REQUEST, "--yes")
