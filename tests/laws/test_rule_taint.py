"""What may differ between runs, and views over what is live: some full rebuild gives exactly what is shown."""

import os

import pytest

from tests.laws.shop import Shop

pytestmark = pytest.mark.slow

VOLATILE = {
    "random": "select i, random() as v from range(50) t(i)",
    "uuid": "select i, gen_random_uuid() as v from range(50) t(i)",
    "clock": "select i, now() as v from range(50) t(i)",
    "tie": "select i, row_number() over (order by i % 3) as v from range(50) t(i)",
    "any": "select i % 5 as i, any_value(i) as v from range(50) t(i) group by all",
    "floats": "select i % 5 as i, sum(random()) as v from range(50) t(i) group by all",
    "sample": "select i, i as v from range(50) t(i) using sample 10 rows",
    "limit": "select i, i as v from range(50) t(i) limit 10",
}


@pytest.mark.parametrize(
    "query",
    [pytest.param(q, id=n, marks=() if n in ("random", "tie") else pytest.mark.slow) for n, q in VOLATILE.items()],
)
def test_readers_follow_the_build_that_they_show(query: str, shop: Shop) -> None:
    """Whatever came out, every reader was made from what is shown beside it, after every edit."""
    shop.asset("m.source", query)
    shop.asset("m.copy", "select i, v from m.source")
    shop.asset("m.look", "select i, v from m.copy", kind="view")
    shop.asset("m.total", "select count(*) as n, count(distinct v) as d from m.copy")

    def check(environment: str) -> None:
        for reader in ("m.copy", "m.look"):
            difference = f"(select i, v from m.source except all select i, v from {reader})"
            assert shop.values(environment, f"select count(*) as n from {difference}") == [["0"]]
        query = "select count(*) as n, count(distinct v) as d from m.source"
        assert shop.values(environment, query) == shop.values(environment, "select n, d from m.total")

    shop.apply()
    check("dev")
    assert shop.result("plan")["is_empty"], "volatility is a reason for a run, never for a plan"
    shop.promote()
    check("prod")
    shop.asset("m.source", query.replace("from range", ", 1 as extra from range").replace("group by all", "group by 1"))
    shop.apply()
    check("dev")
    shop.asset("m.total", "select count(*) as n, count(distinct v) as d, 1 as one from m.copy")
    shop.apply()
    check("dev")
    assert shop.result("plan")["is_empty"]
    shop.promote()
    check("prod")
    shop.does("rollback", "prod", "--yes")
    check("prod")


def test_a_volatile_table_is_shared_and_not_made_again(shop: Shop) -> None:
    shop.asset("m.a", "select random() as x")
    shop.asset("m.b", "select x from m.a")
    shop.apply()
    shop.promote()
    assert shop.apply("pr-1")["made"] == []
    assert shop.ids("pr-1") == shop.ids("prod")


@pytest.fixture
def raw(shop: Shop) -> Shop:
    """A source table of the engine with a table and a view over it."""
    shop.outside("create schema raw; create table raw.orders as select 1 as id, 100 as cents")
    shop.source("      - name: orders\n")
    shop.asset("m.live", "select id, cents from raw.orders", kind="view")
    shop.asset("m.fixed", "select sum(cents) as cents from m.live")
    shop.asset("m.direct", "select sum(cents) as cents from raw.orders")
    shop.apply()
    return shop


def test_a_view_over_a_source_is_live_and_tables_on_it_are_not(raw: Shop) -> None:
    raw.outside("insert into raw.orders values (2, 50)")
    assert raw.values("dev", "select sum(cents) as c from m.live") == [["150"]]
    assert raw.values("dev", "select cents from m.fixed") == [["100"]]
    assert raw.result("plan")["is_empty"]


def test_one_apply_reads_a_source_once(raw: Shop) -> None:
    """A table that reads it directly, and one through a view, see the same rows; so does one that comes later."""
    raw.outside("insert into raw.orders values (2, 50)")
    raw.asset("m.later", "select count(*) as n from raw.orders")
    raw.apply()
    assert raw.values("dev", "select n from m.later") == [["1"]]
    raw.apply("dev", "--refresh")
    query = "select d.cents, f.cents as c, l.n from m.direct as d, m.fixed as f, m.later as l"
    assert raw.values("dev", query) == [["150", "150", "2"]]
    assert raw.result("plan")["is_empty"]


def test_environments_on_other_captures_never_share_a_table(raw: Shop) -> None:
    raw.promote()
    raw.outside("insert into raw.orders values (2, 50)")
    raw.apply("pr-1", "--refresh")
    assert raw.values("pr-1", "select cents from m.fixed") == [["150"]]
    assert raw.values("prod", "select cents from m.fixed") == [["100"]]
    assert raw.ids("pr-1")["m.fixed"] != raw.ids("prod")["m.fixed"]


def test_a_source_that_lost_a_column_is_refused_at_apply(raw: Shop) -> None:
    before = raw.ids("dev")
    raw.outside("alter table raw.orders drop column cents")
    text = raw.fails(1, "apply", "dev", "--refresh", "--yes")
    assert "cents" in text
    assert raw.ids("dev") == before
    assert raw.values("dev", "select cents from m.fixed") == [["100"]]


def test_a_source_that_is_gone_leaves_everything_shown(raw: Shop) -> None:
    raw.outside("drop table raw.orders")
    raw.asset("m.direct", "select max(cents) as cents from raw.orders")
    raw.apply()
    assert raw.values("dev", "select cents from m.direct") == [["100"]]
    assert raw.tries("sql", "dev", "select * from m.live")[1] == 1
    text, status = raw.tries("apply", "dev", "--refresh", "--yes")
    assert status == 1, text
    assert "raw.orders" in text


def test_a_file_that_was_replaced_is_seen_by_its_content(shop: Shop) -> None:
    shop.file("data/x.csv", "id\n1\n")
    shop.source("      - name: x\n        path: data/x.csv\n")
    shop.asset("m.x", "select id from raw.x")
    shop.apply()
    stamp = (shop.root / "data/x.csv").stat()
    shop.file("data/x.csv", "id\n2\n")
    os.utime(shop.root / "data/x.csv", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert not shop.result("plan")["is_empty"]
    shop.apply()
    assert shop.values("dev", "select id from m.x") == [["2"]]
    shop.file("data/x.csv", "id\n1\n")
    assert shop.apply()["made"] == []
    assert shop.values("dev", "select id from m.x") == [["1"]]
