"""New data that looks like a fault upstream is not shown: the last good build stays, and the run says why."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.gate.team import Team

pytestmark = pytest.mark.slow


def data(team: Team, rows: int) -> None:
    team.file("data/orders.csv", "id,price\n" + "".join(f"{n},{n * 10}\n" for n in range(1, rows + 1)))


def shown(team: Team) -> str:
    return team.values("prod", "select count(*) as rows from m.orders")[0][0]


def test_ordinary_growth_and_small_losses_pass(team: Team) -> None:
    for rows in (150, 1000, 600):
        data(team, rows)
        team.does("run", "prod")
        assert shown(team) == str(rows)


def test_half_of_the_rows_gone_is_held_back_and_recorded(team: Team) -> None:
    data(team, 49)
    told = team.fails(1, "run", "prod")
    assert "49 rows in place of 100, 51 % fewer" in told
    assert "headgate run prod --override REASON" in told
    assert shown(team) == "100"
    (run, *_) = team.result("runs", "prod")["runs"]
    assert run["status"] == "failed"
    assert "51 % fewer" in str(run)


def test_an_empty_source_is_held_back_until_somebody_opens_the_gate(team: Team) -> None:
    team.price(1, where=" where id < 1000")
    team.does("promote", "dev", "--yes", "--override", "only those")
    team.file("data/orders.csv", "id,price\n5000,1\n")
    assert "it is empty; there were 100 rows" in team.fails(1, "run", "prod")
    assert "it is empty; there were 100 rows" in team.fails(1, "run", "prod"), "what was made is there by now"
    assert shown(team) == "100"
    team.does("run", "prod", "--override", "the shop is closed")
    assert shown(team) == "0"
    assert "overridden" in str(team.result("releases", "prod")["releases"][0]["decision"])


def test_a_run_after_one_that_was_killed_knows_how_many_rows_that_made(team: Team) -> None:
    """What the killed one had finished is sealed by the next one, which has not counted it."""
    code = (
        "import os, signal\n"
        "from headgate.plugins.engines.duckdb import DuckEngine\n"
        "build = DuckEngine.build\n"
        "def killed(self, jobs, *rest, **more):\n"
        "    done = build(self, jobs, *rest, **more)\n"
        "    if any(job.address == 'm.orders' for job in jobs):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return done\n"
        "DuckEngine.build = killed\n"
        "from headgate.cli.main import run\n"
        "run(['run', 'prod'])\n"
    )
    data(team, 150)
    done = subprocess.run([sys.executable, "-c", code], cwd=team.root, env=os.environ, capture_output=True, check=False)
    assert done.returncode == -9
    assert "what was built before" in team.does("run", "prod")
    assert shown(team) == "150"


def test_a_distribution_is_watched_where_the_policy_says_so(team: Team) -> None:
    text = (team.root / "headgate.toml").read_text()
    prices = "id,price\n" + "".join(f"{n},{n * 90}\n" for n in range(1, 101))
    team.file("data/orders.csv", prices)
    team.does("run", "prod")
    assert "/profile" not in str([*team.entries("evidence")]), "nobody asked for it"
    team.file("headgate.toml", text + '\n[gate.run."m.orders.price"]\ndrift = "0.5"\n')
    team.edit("Watch the price")
    team.does("promote", "dev", "--yes", "--override", "begin to watch")
    team.file("data/orders.csv", prices.replace("0\n", "00\n"))
    told = team.fails(1, "run", "prod")
    assert "price: values moved by" in told
    profiles = [key for key in team.entries("evidence") if key.endswith("/profile")]
    assert len(profiles) == 2
    assert team.values("prod", "select max(price) as price from m.orders") == [["9000"]]
    team.file("data/orders.csv", prices + "101,9090\n")
    team.does("run", "prod")
    assert len([key for key in team.entries("evidence") if key.endswith("/profile")]) == 3


def test_the_released_policy_says_what_runs_may_do(team: Team) -> None:
    text = (team.root / "headgate.toml").read_text()
    team.file("headgate.toml", text + '\n[gate.run."m.*"]\nrow_count = "80 %"\n')
    data(team, 49)
    assert "51 % fewer" in team.fails(1, "run", "prod")
    team.file("headgate.toml", text)
    assert shown(team) == "100"
