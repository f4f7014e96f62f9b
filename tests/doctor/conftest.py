"""Projects that are well, copied for every test."""

import shutil
from pathlib import Path

import pytest

from tests.laws.shop import Shop


@pytest.fixture(scope="session")
def well(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases of prod, dev one move ahead: ``m.a`` is read by ``m.b``, that by the view ``m.look``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADGATE_USER", "ada")
        shop = Shop(tmp_path_factory.mktemp("well") / "shop")
        shop.asset("m.a", "select i as x from range(3) as t(i)")
        shop.asset("m.b", "select x + 1 as y from m.a")
        shop.asset("m.look", "select max(y) as z from m.b", kind="view")
        shop.apply()
        shop.promote()
        shop.asset("m.b", "select x + 2 as y from m.a")
        shop.apply()
        shop.promote()
        shop.asset("m.b", "select x + 3 as y from m.a")
        shop.apply()
    return shop.root


@pytest.fixture
def shop(well: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A copy of it; its user is ada."""
    monkeypatch.setenv("HEADGATE_USER", "ada")
    shutil.copytree(well, tmp_path / "shop")
    return Shop(tmp_path / "shop")
