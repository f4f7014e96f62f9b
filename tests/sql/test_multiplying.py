"""Which queries are known to make no more rows than small inputs let them."""

import pytest

from headgate.sql.multiplying import may_multiply


@pytest.mark.parametrize(
    "text",
    [
        "select 1 as x",
        "select a, b from s.t",
        "select t.a, u.b from s.t as t join s.u as u on t.k = u.k left join s.v using (k, l) where t.a > 1, 2",
        "select a, count(*) from (select a, b from s.t where b is distinct from 3) as t group by a, b order by a, b",
        "with x as (select a, b from s.t), y as (select a, b from x) select x.a, y.b from x join y on (x.a == y.a)",
        "select extract(year from d) as y, sum(a) over (order by d range between 1 preceding and current row) from t",
        "select 'from a, b cross join range(9)' as x, /* from a, b */ 1 as y -- from a, b\nfrom s.t",
        'select x.a, "range" from "s"."t" as x join ((select a from "s"."u")) as y on x.a = y.a',
        "select a is distinct from b as c, d from s.t",
        "select a, b from (values (1, 2), (3, 4)) as v (a, b)",
    ],
)
def test_plain_queries(text: str) -> None:
    assert not may_multiply(text)


@pytest.mark.parametrize(
    "text",
    [
        "select count(*) from range(1_000_000_000)",
        "select count(*) from generate_series (1, 10) as g",
        "select x from s.t join unnest(l) as u on true",
        "select unnest(range(1000000000)) as x",
        "select list_sum(RANGE(1000000000)) as x from s.t",
        "select 1 from s.t, s.u",
        "select 1 from s.t as t, (select 1 from s.u) as u where t.a = u.a",
        "select 1 from (select 1 from s.t, s.u)",
        "select 1 from s.t CROSS JOIN s.u",
        "select 1 from s.t join s.u on true where a = 1",
        "select 1 from s.t as t join s.u as u on t.a < u.a",
        "select 1 from s.t as t join s.u as u on t.a < u.a join s.v using (a)",
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 1000000000) select n from r",
        'select 1 from "my macro"(1)',
        "from s.t, s.u",
    ],
)
def test_queries_that_may_multiply(text: str) -> None:
    assert may_multiply(text)
