"""Where two random queries share terms, PostgreSQL gives both the same rows and the same values in them.

A query is made of choices; its neighbour differs in one of them. Equal row terms claim that rows pair off, equal column
terms that values in each pair are the same, to the digit.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from headgate.core.address import Address
from headgate.core.errors import StatementFailed
from headgate.core.recipe import Column, Recipe
from headgate.plugins.engines.postgres import PostgresEngine, open_postgres
from headgate.plugins.engines.postgres_binder import PostgresBinder, open_postgres_binder
from headgate.sql.analyse import analyse
from headgate.sql.tree import parse
from tests.postgres.server import Database

pytestmark = pytest.mark.slow

PAIRS = 1000

TABLES = """
create schema s;
create table s.t (k integer, v numeric(10,2), n numeric, s text, f double precision, d date);
insert into s.t values (1, 1.50, 1.0, 'a', 0.1, '2020-01-01'), (1, 1.50, 1.00, 'A', 0.2, '2020-01-31'),
  (2, 2.25, 2, '', 0.3, null), (2, null, 2.0, 'b', '-0', '2021-03-01'), (3, 3, null, 'b', 0, '2021-03-01'),
  (null, 0.01, 5.5, null, 1e20, '2019-12-31'), (3, 3, null, 'b', 0, '2021-03-01');
create table s.u (k bigint, name varchar(20), d date);
insert into s.u values (1, 'x', '2020-01-01'), (2, 'y', null), (2, 'z', '2020-02-02'), (null, 'x', '2020-01-01'),
  (9, null, null);
"""
INPUTS = {
    Address("s.t"): (
        Column("k", "integer"), Column("v", "numeric(10,2)"), Column("n", "numeric"), Column("s", "text"),
        Column("f", "double precision"), Column("d", "date"),
    ),
    Address("s.u"): (Column("k", "bigint"), Column("name", "character varying(20)"), Column("d", "date")),
}  # fmt: skip

FROM = (
    "s.t as a join s.u as b on a.k = b.k",
    "s.t as a left join s.u as b on a.k = b.k",
    "s.t as a full join s.u as b on a.k = b.k and a.d = b.d",
    "s.t as a right join s.u as b on a.k = b.k",
    "s.t as a cross join s.u as b",
    "(select distinct k, v, n, s, f, d from s.t) as a join s.u as b on true",
    "(select k, v, n, s, f, d from s.t union select k, 1.5, 2.0, name, 0.5, d from s.u) as a join s.u as b using (k)",
    "(select * from s.t union all select * from s.t where k > 1) as a join s.u as b on a.k < b.k",
    "s.t as a, lateral (select w.k, w.name, w.d from s.u as w where w.k = a.k) as b",
    "s.t as a join (select k, max(name) as name, min(d) as d from s.u group by k) as b on a.k = b.k",
    "s.t as a join (values (1, 'x', date '2020-01-01'), (2, 'y', null)) as b(k, name, d) on a.k = b.k",
    "s.t as a join (select g as k, g::text as name, null::date as d from generate_series(1, 3) as g(g)) as b using (k)",
)
VALUES = (
    "a.k", "a.v", "a.n", "a.s", "a.f", "a.d", "b.k", "b.name", "b.d", "a.k + 1", "a.v * 2", "a.v + a.n", "a.k / 2",
    "a.k / 2.0", "a.k % 2", "-a.v", "a.s || b.name", "upper(a.s)", "coalesce(a.v, 0)", "coalesce(a.n, a.k)",
    "coalesce(a.s, b.name, 'none')", "case when a.k > 1 then a.v else a.n end", "case a.k when 1 then 'one' end",
    "a.k::text", "a.v::integer", "a.n::numeric(10,3)", "extract(year from a.d)", "date_trunc('month', a.d::timestamp)",
    "a.d + 1", "a.d - b.d", "length(b.name)", "a.k in (1, 2)", "a.s like 'a%'", "a.s is null", "round(a.v, 1)",
    "greatest(a.k, b.k)", "nullif(a.s, 'b')", "a.k between 1 and 2",
    "(select max(w.name) from s.u as w where w.k = a.k)",
    "exists (select 1 from s.u as w where w.d = a.d)", "a.k in (select w.k from s.u as w)", "1.50", "'x'", "floor(a.f)",
)  # fmt: skip
AGGREGATES = (
    "count(*)", "count({0})", "count(distinct {0})", "max({0})", "min({0})", "sum(a.k)", "sum(a.v)", "sum(a.n)",
    "avg(a.v)", "sum(a.f)", "bool_or(a.k > 1)", "string_agg(a.s, ',' order by a.s)", "sum(a.v) filter (where a.k > 1)",
    "sum(coalesce(a.n, a.v))", "max(a.n)", "count(*) filter (where {0} is null)", "array_agg(a.k order by a.k)",
)  # fmt: skip
WINDOWS = (
    "row_number() over (order by {0})", "rank() over (order by {0})", "sum(a.k) over (partition by {0})",
    "count(*) over ()", "max(a.v) over (partition by a.k order by a.d)", "lag(a.v) over (order by {0})",
    "dense_rank() over (partition by a.s order by a.k desc nulls last)",
)  # fmt: skip
WHERE = (
    "true", "a.k > 1", "a.v is not null", "a.s = 'b' or b.k = 1", "not (a.k = 2)", "a.d >= date '2020-01-15'",
    "exists (select 1 from s.u as w where w.k = a.k and w.name > 'x')", "a.n = 2.0", "a.f < 1",
    "b.name is distinct from 'x'",
    "a.k > (select min(w.k) from s.u as w)", "a.s ~ '^[ab]'", "a.v * 2 > a.n",
)  # fmt: skip
SHAPES = ("plain", "plain", "distinct", "grouped", "grouped", "having", "windows", "limit", "cte", "recursive", "sets")


def genome(chance: random.Random) -> list[int]:
    return [chance.randrange(10_000) for _ in range(14)]


def query_of(genes: Sequence[int]) -> str:
    """Return the query that a row of choices makes."""
    (shape, from_, where, *rest) = genes
    source, condition = FROM[from_ % len(FROM)], WHERE[where % len(WHERE)]
    values = [VALUES[gene % len(VALUES)] for gene in rest[:4]]
    kind = SHAPES[shape % len(SHAPES)]
    tail = f"from {source} where {condition}"
    listed = ", ".join(f"{value} as c{number}" for number, value in enumerate(values))
    if kind == "distinct":
        return f"select distinct {listed} {tail}"
    if kind in ("grouped", "having"):
        made = [AGGREGATES[gene % len(AGGREGATES)].format(VALUES[rest[6] % 9]) for gene in rest[4:6]]
        having = f" having count(*) > {rest[7] % 2} and max({values[0]}) is not null" if kind == "having" else ""
        keys = f"group by {values[0]}, {values[1]}{having}"
        return f"select {values[0]} as c0, {made[0]} as c1, {made[1]} as c2 {tail} {keys}"
    if kind == "windows":
        made = [WINDOWS[gene % len(WINDOWS)].format(VALUES[rest[6] % 9]) for gene in rest[4:6]]
        return f"select {values[0]} as c0, {made[0]} as c1, {made[1]} as c2 {tail}"
    if kind == "limit":
        return f"select {listed} {tail} order by 1, 2, 3, 4 limit {rest[7] % 5}"
    if kind == "cte":
        shown = f"select x.c{rest[7] % 4} as c0, y.c1 from q as x join q as y on x.c0 = y.c0"
        return f"with q as (select {listed} {tail}) {shown}"
    if kind == "recursive":
        stop = rest[7] % 4
        numbers = f"select 1 as n union all select n + 1 from r where n < {stop}"
        beside = tail.replace("from ", "from r cross join ", 1)
        return f"with recursive r as ({numbers}) select r.n, {listed} {beside}"
    if kind == "sets":
        word = ("union", "union all", "intersect", "except")[rest[7] % 4]
        return f"select {values[0]} as c0 {tail} {word} select {values[1]} from s.t as a join s.u as b on a.k = b.k"
    return f"select {listed} {tail}"


@pytest.fixture
def opened(database: Database, tmp_path: Path) -> Iterator[tuple[PostgresEngine, PostgresBinder]]:
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute(TABLES.encode())
    engine, binder = open_postgres(database.url, root=tmp_path), open_postgres_binder(database.url, tmp_path)
    yield engine, binder
    engine.close()
    binder.close()


def recipe_of(text: str, binder: PostgresBinder) -> Recipe | None:
    found = analyse(parse(text, "q", "postgres"), kind="table", inputs=INPUTS, settings="x", bind=binder.bind)
    return found.recipe


def test_equal_terms_mean_equal_rows_and_values(opened: tuple[PostgresEngine, PostgresBinder]) -> None:
    engine, binder = opened
    chance = random.Random(20_261_121)
    shared = understood = 0
    for _ in range(PAIRS):
        genes = genome(chance)
        other = list(genes)
        other[chance.randrange(len(genes))] = chance.randrange(10_000)
        texts = query_of(genes), query_of(other)
        if texts[0] == texts[1]:
            continue
        found = [recipe_of(text, binder) for text in texts]
        one, two = found
        if one is None or two is None or one.opaque or two.opaque:
            continue
        understood += 1
        if one.rows != two.rows or one.rows.tainted:
            continue
        same = [
            (a.name, b.name)
            for a in one.columns
            for b in two.columns
            if a.term == b.term and not a.term.tainted and a.name == b.name
        ]
        try:
            answers = [rows_of(engine, text, [pair[number] for pair in same]) for number, text in enumerate(texts)]
        except StatementFailed:  # 22P02 of a cast, or a division: at run time
            continue
        shared += bool(same)
        assert answers[0] == answers[1], "\n".join(texts)
    assert understood > PAIRS / 4
    assert shared > PAIRS / 20


def rows_of(engine: PostgresEngine, text: str, names: Sequence[str]) -> Counter[tuple[object, ...]]:
    """Return the rows of some columns as texts, each with how often it is there."""
    items = ", ".join(f"q.{name}::text" for name in names) or "1"
    return Counter(engine.query(f"select {items} from (\n{text}\n) as q").rows)
