"""A fresh project for every test; what several tests begin with is prepared once and copied."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.laws.shop import Beginning, Preparing, Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An empty project; its user is ada."""
    monkeypatch.setenv("HEADGATE_USER", "ada")
    return Shop(tmp_path / "shop")


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Preparing], Path]:
    """Return what gives the folder of a project that a function has prepared, once in a process."""
    prepared: dict[Preparing, Path] = {}

    def template(prepare: Preparing) -> Path:
        if prepare not in prepared:
            root = tmp_path_factory.mktemp("prepared") / "shop"
            prepare(Shop(root))
            prepared[prepare] = root
        return prepared[prepare]

    return template


@pytest.fixture
def begin(shop: Shop, templates: Callable[[Preparing], Path]) -> Beginning:
    """Return what makes the empty project a copy of one that a function has prepared: to apply takes longer."""

    def begun(prepare: Preparing) -> Shop:
        shutil.copytree(templates(prepare), shop.root, dirs_exist_ok=True)
        return shop

    return begun
