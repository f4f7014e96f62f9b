"""A fresh project for every test."""

from pathlib import Path

import pytest

from tests.laws.shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An empty project; its user is ada."""
    monkeypatch.setenv("HEADGATE_USER", "ada")
    return Shop(tmp_path / "shop")
