"""What came out equal spares what reads it: in `apply`, in `run`, and when it is promoted."""

import pytest

from tests.laws.shop import Beginning, Shop

pytestmark = pytest.mark.slow

SLOW = """
import headgate as hg
import pyarrow as pa


@hg.table(inputs={"orders": "m.orders"}, owner="ops", columns={"n": "BIGINT"})
def counted(orders: pa.Table) -> pa.Table:
    return pa.table({"n": pa.array([orders.num_rows], pa.int64())})
"""
"""A function: nobody knows beforehand how long it takes, so what it reads is worth a look."""

FIRST = "select i::integer as id, i % 7 as cents from range(90) t(i) where i > 9"
SAME = "select i::integer as id, i % 7 as cents from range(90) t(i) where i >= 10"
OTHER = "select i::integer as id, i % 7 as cents from range(90) t(i) where i >= 11"


@pytest.fixture
def built(begin: Beginning) -> Shop:
    return begin(build)


def build(shop: Shop) -> None:
    shop.asset("m.orders", FIRST)
    shop.file("assets/m/counted.py", SLOW)
    shop.asset("m.double", "select n * 2 as n from m.counted")
    shop.git("init", "-q", "-b", "main")
    commit(shop, "Begin")
    shop.apply()
    shop.promote()


def commit(shop: Shop, why: str) -> None:
    shop.git("add", "-A")
    shop.git("commit", "-q", "-m", why)


def test_another_text_with_the_same_rows_builds_one_table(built: Shop) -> None:
    before = built.ids("prod")
    built.asset("m.orders", SAME)
    commit(built, "Say it otherwise")
    assert [step["address"] for step in built.result("plan")["steps"] if step["action"] == "build"] == [
        "m.orders",
        "m.counted",
        "m.double",
    ]
    applied = built.apply()
    assert [one["address"] for one in applied["made"]] == ["m.orders"]
    assert applied["cut_off"] == ["m.counted", "m.double"]
    assert all(step["action"] == "keep" for step in built.result("plan")["steps"])
    built.promote()
    after = built.ids("prod")
    assert after["m.orders"] != before["m.orders"]
    assert {a: after[a] for a in ("m.counted", "m.double")} == {a: before[a] for a in ("m.counted", "m.double")}
    assert built.apply()["made"] == []


def test_other_rows_build_all_that_reads_them(built: Shop) -> None:
    built.asset("m.orders", OTHER)
    applied = built.apply()
    assert {one["address"] for one in applied["made"]} == {"m.orders", "m.counted", "m.double"}
    assert built.values("dev", "select n from m.double") == [["158"]]


def test_values_that_change_places_are_not_equal(built: Shop) -> None:
    """Each column holds what it held, in other rows."""
    built.asset("m.orders", "select i::integer as id, (99 - i) % 7 as cents from range(90) t(i) where i > 9")
    applied = built.apply()
    assert applied["cut_off"] == []


def test_a_source_that_is_read_again_unchanged_spares_a_run(shop: Shop) -> None:
    shop.outside("create schema raw; create table raw.sales as select range::integer as id from range(50)")
    shop.source("      - name: sales\n")
    shop.asset("m.orders", "select id, id % 7 as cents from raw.sales")
    shop.file("assets/m/counted.py", SLOW)
    shop.apply()
    shop.promote()
    before = shop.ids("prod")
    ran = shop.result("run", "prod")
    after = shop.ids("prod")
    assert after["raw.sales"] != before["raw.sales"]
    assert {a: after[a] for a in ("m.orders", "m.counted")} == {a: before[a] for a in ("m.orders", "m.counted")}
    assert {a: one["outcome"] for a, one in ran["steps"].items()} == {
        "raw.sales": "captured",
        "m.orders": "as before",
        "m.counted": "as before",
    }
    shop.outside("insert into raw.sales values (50)")
    shop.result("run", "prod")
    assert shop.values("prod", "select n from m.counted") == [["51"]]
