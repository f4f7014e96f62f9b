"""A team with a released shop, copied for every test of the gate: making it takes half a second, a copy 20 ms."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.gate.team import ORDERS, OWNERS, Team
from tests.laws.shop import CONFIG


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release 1 of ``m.orders`` (ops), which a dashboard of sales reads, by ada."""
    with pytest.MonkeyPatch.context() as patch:
        become("ada", patch)
        made = Team(tmp_path_factory.mktemp("team") / "shop")
        made.file("headgate.toml", CONFIG + OWNERS)
        made.file("data/orders.csv", "id,price\n" + "".join(f"{n},{n * 10}\n" for n in range(1, 101)))
        made.source("      - name: orders\n        path: data/orders.csv\n")
        made.asset("m.orders", ORDERS.format(factor=1))
        made.file(
            "assets/m/m.yml",
            "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n"
            "exposures:\n  - name: board\n    type: dashboard\n    owner: {name: sales}\n"
            "    depends_on: [ref('orders')]\n",
        )
        made.edit("Begin")
        made.promote()
    return made.root


@pytest.fixture
def team(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """Release 1, and ada is at work."""
    shutil.copytree(begun, tmp_path / "shop")
    found = Team(tmp_path / "shop")
    found.become = lambda name: become(name, monkeypatch)
    found.become("ada")
    return found


def become(name: str, patch: pytest.MonkeyPatch) -> None:
    """Have what follows be done by somebody, for Headgate and for git."""
    email = f"{name}@x.org"
    patch.setenv("HEADGATE_USER", name)
    for who in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{who}_EMAIL", email)
    patch.setenv("GIT_CONFIG_COUNT", "1")
    patch.setenv("GIT_CONFIG_KEY_0", "user.email")
    patch.setenv("GIT_CONFIG_VALUE_0", email)
