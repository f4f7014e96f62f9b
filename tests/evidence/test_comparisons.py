"""What a change would replace is laid beside it: exactly, once, and by what is kept with the builds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from headgate.app.measured.comparing import Beside, compared, known_comparisons, wishes_of
from headgate.app.repository import linked_now, open_repository
from headgate.core.address import Address
from headgate.core.comparison import ColumnDifference, Comparison, Rung
from headgate.plugins.engines.duckdb import DuckEngine
from headgate.release.stored import read_pointers
from tests.laws.shop import Shop

pytestmark = pytest.mark.slow

TESTS = """models:
  - name: orders
    columns:
      - {name: id, data_tests: [unique, not_null]}
"""
ORDERS = "select id, cents, cents * 2 as twice, name from raw.orders where id <> 7"
TOTAL = "select count(*) as orders, sum(cents) as cents from m.orders"
SHOWN = "select id, cents from m.orders where cents > 10"
A = Address("m.orders")


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("HEADGATE_USER", "ada")
    shop = Shop(tmp_path / "shop")
    shop.outside("create schema raw")
    shop.outside(
        "create table raw.orders as select i::integer as id, i * 3 as cents, 'n' || i as name from range(20) t(i)"
    )
    shop.source("      - name: orders\n")
    shop.asset("m.orders", ORDERS)
    shop.asset("m.total", TOTAL)
    shop.asset("m.shown", SHOWN, kind="view")
    shop.file("assets/m/properties.yml", TESTS)
    shop.apply()
    shop.promote()
    return shop


def found(shop: Shop, *, asks: bool = True, limit: str = "") -> Mapping[str, Comparison]:
    """Return dev beside prod: what is known, with ``asks`` all."""
    session, repository = open_repository(shop.root)
    with session:
        with session.reading() as reading:
            graph, _ = linked_now(session, repository, reading, engine="local")
            beside = Beside(
                dict(read_pointers(reading, "prod")), dict(read_pointers(reading, "dev")), wishes_of(graph),
                protected={},
            )  # fmt: skip
            if not asks:
                return dict(known_comparisons(session, reading, beside))
        with session.holding("dev", "compare") as held:
            return dict(compared(session, held, beside))


def test_nothing_is_compared_where_nothing_changed(released: Shop) -> None:
    assert found(released) == {}


def test_an_edit_of_one_column_is_compared_in_that_column_alone(released: Shop) -> None:
    released.asset("m.orders", ORDERS.replace("cents * 2", "case when id = 3 then 0 else cents * 2 end"))
    released.apply()
    assert A not in found(released, asks=False)
    told = found(released)[A]
    assert (told.rung, told.key, told.proven) == (Rung.KEYED, ("id",), ("id", "cents", "name"))
    assert (told.rows_before, told.rows_after, told.added, told.removed, told.changed) == (19, 19, 0, 0, 1)
    assert told.columns == (ColumnDifference("twice", 1, 1, greatest=18.0),)
    assert [(row.before, row.after, row.columns) for row in told.differences.rows] == [
        (("3", "18"), ("3", "0"), ("twice",))
    ]
    assert found(released, asks=False)[A] == told


def test_rows_that_come_and_go_are_counted_and_readers_are_compared(released: Shop) -> None:
    released.asset("m.orders", ORDERS.replace("id <> 7", "id <> 8"))
    released.apply()
    told = found(released)
    assert (told[A].added, told[A].removed, told[A].changed, told[A].proven) == (1, 1, 0, ())
    assert told[Address("m.total")].rung is Rung.BAG
    assert told[Address("m.total")].unkeyed == "no key is declared"
    assert (told[Address("m.total")].added, told[Address("m.total")].removed) == (1, 1)
    view = told[Address("m.shown")]
    assert (view.rung, view.added, view.removed) == (Rung.BAG, 1, 1)
    assert found(released, asks=False) == told


def test_the_same_rows_by_another_way_are_equal_by_hash(released: Shop) -> None:
    released.asset("m.orders", ORDERS.replace("id <> 7", "not (id = 7)"))
    released.apply()
    told = found(released)
    assert (told[A].rung, told[A].is_equal, told[A].moved) == (Rung.EQUAL, True, ())


def test_what_was_compared_is_not_compared_again(released: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    released.asset("m.orders", ORDERS.replace("id <> 7", "id <> 8"))
    released.apply()
    told = found(released)
    monkeypatch.setattr(DuckEngine, "compare", lambda *_: pytest.fail("asked again"))
    assert found(released) == told
    released.asset("m.orders", ORDERS.replace("id <> 7", "id <> 8") + " -- the same")
    released.apply()
    assert found(released) == told


def test_a_source_that_moved_on_is_told(released: Shop) -> None:
    released.outside("insert into raw.orders values (100, 5, 'late')")
    released.asset("m.orders", ORDERS.replace("cents * 2", "cents * 3"))
    released.apply("dev", "--refresh")
    told = found(released)[A]
    assert told.moved == (Address("raw.orders"),)
    assert (told.added, told.changed) == (1, 18)  # 0 * 2 is 0 * 3
