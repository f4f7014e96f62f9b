"""A small project for the Python door: applied to dev, promoted to prod, then edited once."""

import shutil
from pathlib import Path

import pytest

from tests.cli.scenario import headgate

ORDERS = "customer,amount\nada,10\nada,5\nbob,7\n"
REVENUE = (
    "/* headgate\nowner: sales\n*/\nselect o.customer, sum(o.amount) as total\nfrom shop.orders as o\ngroup by all\n"
)
HEADER = 'name = "shop"\n'
UNIT_TEST = """\
unit_tests:
  - name: adds_up
    model: revenue
    given:
      - input: shop.orders
        rows: [{customer: ada, amount: 10}, {customer: ada, amount: 5}]
    expect:
      rows: [{customer: ada, total: 15}]
"""
EDITED = REVENUE.replace("sum(o.amount)", "sum(o.amount) * 2")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api") / "shop"
    for name, text in (
        ("headgate.toml", HEADER),
        ("assets/shop/orders.csv", ORDERS),
        ("assets/shop/orders.yml", "assets:\n  - name: orders\n    owner: sales\n"),
        ("assets/marts/revenue.sql", REVENUE),
        ("tests/revenue.yml", UNIT_TEST),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("HEADGATE_USER", "ada")
        for command in (["apply", "dev", "--yes"], ["promote", "dev", "--yes"]):
            text, status = headgate(command, folder)
            assert status == 0, text
    (folder / "assets/marts/revenue.sql").write_text(EDITED)
    return folder


@pytest.fixture
def shop(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, in which the test stands."""
    folder = tmp_path / "shop"
    shutil.copytree(built, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HEADGATE_USER", "ada")
    return folder
