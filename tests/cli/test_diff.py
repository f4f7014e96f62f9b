"""`headgate diff` as a user types it, on one warehouse and across two engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.laws.shop import CONFIG, Shop
from tests.postgres.server import Database

pytestmark = pytest.mark.slow

ORDERS = "select id, cents, cents * 2 as twice from raw.orders where id <> 7"
TESTS = """models:
  - name: orders
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - {name: twice, tolerance: 1}
"""


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("HEADGATE_USER", "ada")
    shop = Shop(tmp_path / "shop")
    shop.outside("create schema raw")
    shop.outside("create table raw.orders as select i::integer as id, i * 3 as cents from range(20) t(i)")
    shop.source("      - name: orders\n")
    shop.asset("m.orders", ORDERS)
    shop.file("assets/m/properties.yml", TESTS)
    shop.apply()
    shop.promote()
    shop.asset("m.orders", "select id, cents, case when id = 3 then 0 when id = 4 then 25 else cents * 2 end as twice"
               " from raw.orders where id <> 8")  # fmt: skip
    shop.apply()
    return shop


def test_environments_releases_and_tables(released: Shop) -> None:
    text, status = released.tries("diff", "prod", "dev", "--exit-code")
    assert status == 10
    assert text.splitlines()[:2] == [
        "m.orders  1 added, 1 removed, 1 changed of 19 rows, by id",
        "  twice  1 row changed, 5.56 % (1 more within 1), by 18 at most",
    ]
    assert text.endswith("1 table differs.\n")
    assert released.tries("diff", "prod@1", "prod", "--exit-code") == ("prod@1 and prod show the same: 1 table.\n", 0)
    found = released.result("diff", "local:raw.orders", "local:m.orders", "--key", "id", "--limit", "0")
    assert (found["comparisons"][0]["removed"], found["comparisons"][0]["differences"]["rows"]) == (1, [])
    assert "prod has no release 9" in released.fails(1, "diff", "prod@9", "dev")
    assert "m.oders is on neither side" in released.fails(1, "diff", "prod", "dev", "m.oders")
    assert "there is no engine lokal" in released.fails(1, "diff", "lokal:raw.orders", "dev", "orders")
    assert "HG203  --key idd: no table that is compared has such a column" in released.fails(
        1, "diff", "prod", "dev", "--key", "idd"
    )
    assert "Did you mean twice?" in released.fails(1, "diff", "prod", "dev", "--tolerance", "twic=1")
    assert "'much' is not a tolerance" in released.fails(2, "diff", "prod", "dev", "--tolerance", "much")


def test_a_protected_column_is_not_shown(released: Shop) -> None:
    released.file("assets/m/properties.yml", TESTS.replace("tolerance: 1", "protected: true"))
    text = released.does("diff", "prod", "dev")
    assert "twice (protected)" in text
    assert "twice 18" not in text
    released.file("assets/m/broken.yml", "models: [{name: nothing, columns: 3}]\n")
    assert "changed  " not in released.tries("diff", "prod", "dev")[0]


@contextmanager
def filled(database: Database) -> Iterator[None]:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("create schema shop")
        connection.execute(
            "create table shop.orders as select i as id, i * 3 as cents, (i * 6)::numeric as twice"
            " from generate_series(0, 19) as t(i) where i <> 7"
        )
        connection.execute("update shop.orders set cents = 1000 where id = 5")
        yield


def test_across_two_engines(released: Shop, database: Database) -> None:
    config = CONFIG + f'\n[engines.server]\nkind = "postgres"\nurl = "{database.url}"\n'
    released.file("headgate.toml", config)
    with filled(database):
        found = released.result("diff", "prod", "server:shop.orders", "orders")["comparisons"][0]
    numbers = {one["name"]: (one["changed"], one["greatest"]) for one in found["columns"]}
    assert numbers == {"cents": (1, 985.0), "twice": (0, None)}
    assert (found["added"], found["removed"], found["changed"], found["key"]) == (0, 0, 1, ["id"])
    assert [path.name for path in (released.root / ".headgate").glob("diff-*")] == []


def test_what_no_other_engine_holds_is_told_in_words(released: Shop, database: Database) -> None:
    released.file("headgate.toml", CONFIG + f'\n[engines.server]\nkind = "postgres"\nurl = "{database.url}"\n')
    released.outside("create table raw.paid as select 1 as id, 1.5::decimal(9, 2) as price")
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("create schema shop")
        connection.execute("create table shop.paid as select 1 as id, 'NaN'::numeric(9, 2) as price")
        found = released.result("diff", "local:raw.paid", "server:shop.paid", "--key", "id")["comparisons"][0]
    told = "column price holds NaN, which is no decimal128(9, 2) outside of PostgreSQL"
    assert found["incomplete"] == f"the engine refused it: {told}"
