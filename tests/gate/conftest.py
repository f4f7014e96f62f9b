"""A team with a released shop, for every test of the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate.team import ORDERS, OWNERS, Team
from tests.laws.shop import CONFIG


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """Release 1 of ``m.orders`` (ops), which a dashboard of sales reads; ada is at work."""
    found = Team(tmp_path / "shop")

    def become(name: str) -> None:
        email = f"{name}@x.org"
        monkeypatch.setenv("HEADGATE_USER", name)
        for who in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{who}_EMAIL", email)
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.email")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", email)

    found.become = become
    become("ada")
    found.file("headgate.toml", CONFIG + OWNERS)
    found.file("data/orders.csv", "id,price\n" + "".join(f"{n},{n * 10}\n" for n in range(1, 101)))
    found.source("      - name: orders\n        path: data/orders.csv\n")
    found.asset("m.orders", ORDERS.format(factor=1))
    found.file(
        "assets/m/m.yml",
        "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n"
        "exposures:\n  - name: board\n    type: dashboard\n    owner: {name: sales}\n    depends_on: [ref('orders')]\n",
    )
    found.edit("Begin")
    found.promote()
    return found
