"""What Headgate understands of PostgreSQL's SQL, and that the server agrees."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.core.address import Address
from headgate.core.recipe import Column, Recipe, Shape
from headgate.plugins.engines.postgres_binder import PostgresBinder, open_postgres_binder
from headgate.sql import postgres
from headgate.sql.analyse import Analysis, analyse
from headgate.sql.postgres import is_exact_type as is_exact
from headgate.sql.tree import Unreadable, parse
from tests.postgres.server import Database, Server

pytestmark = pytest.mark.slow

T: Shape = (
    Column("k", "integer"), Column("v", "numeric(10,2)"), Column("s", "text"),
    Column("at", "timestamp with time zone"), Column("f", "double precision"), Column("n", "numeric"),
)  # fmt: skip
U: Shape = (Column("k", "bigint"), Column("name", "character varying(20)"), Column("d", "date"))
INPUTS = {Address("s.t"): T, Address("s.u"): U}


@pytest.fixture(scope="module")
def binder(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresBinder]:
    database = postgres.database()
    made = open_postgres_binder(database.url, tmp_path_factory.mktemp("root"))
    yield made
    made.close()
    postgres.drop(database)


def analysed(text: str, binder: PostgresBinder, inputs: dict[Address, Shape] | None = None) -> Analysis:
    query = parse(text, "q.sql", "postgres")
    return analyse(query, kind="table", inputs=inputs or INPUTS, settings="x", bind=binder.bind)


def recipe_of(text: str, binder: PostgresBinder) -> Recipe:
    found = analysed(text, binder)
    assert found.recipe is not None, found.diagnostics
    return found.recipe


# The catalogue


@pytest.mark.parametrize("version", ["postgres", "postgres_16"])
def test_functions_are_in_the_catalogue_and_what_they_are_said_to_be(
    version: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(version)
    found = server.execute(
        "select proname, prokind::text, provolatile::text, proretset, format_type(prorettype, null), "
        "array(select format_type(a, null) from unnest(proargtypes::oid[]) as a) from pg_proc "
        "where pronamespace = 'pg_catalog'::regnamespace"
    )
    kinds: dict[str, set[tuple[str, str, bool]]] = {}
    results: dict[str, set[str]] = {}
    for name, kind, volatility, is_set, result, arguments in found:
        kinds.setdefault(name, set()).add((kind, volatility, is_set))
        if all(is_known_type(argument) for argument in arguments):
            results.setdefault(name, set()).add(result)
    for name in postgres.SCALARS:
        assert all(kind == "f" and volatility != "v" and not is_set for kind, volatility, is_set in kinds[name]), name
    for name in postgres.AGGREGATES:
        assert {kind for kind, _, _ in kinds[name]} == {"a"}, name
    for name in postgres.WINDOWS:
        assert "w" in {kind for kind, _, _ in kinds[name]}, name
    for name in postgres.VOLATILE - ({"uuidv4", "uuidv7"} if version == "postgres_16" else set()):
        assert all(kind == "f" and not is_set for kind, _, is_set in kinds[name]), name
    for name in postgres.EXACT_SCALARS:
        assert all(map(postgres.is_exact_type, results[name])), (name, results[name])
    for name in postgres.ADDING_IF_ARGUMENTS_DO - postgres.FORMS:
        assert {"integer", "bigint", "numeric"} & results[name], name


def is_known_type(name: str) -> bool:
    """Tell whether an argument of a query that is not opaque may have the type."""
    return name in ("anyelement", "any", '"any"') or postgres.is_known_type(name)


def test_exactness_is_that_of_the_server(database: Database) -> None:
    """Equal values that are not written alike are the reason why a type is not exact."""
    for type_, one, other in (
        ("numeric", "1.0", "1.00"), ("double precision", "0.0", "-0.0"), ("interval", "1 day", "24 hours"),
        ("character(3)", "a", "a  "), ("jsonb", "1.0", "1.00"),
    ):  # fmt: skip
        assert database.execute(f"select '{one}'::{type_} = '{other}'::{type_}") == [(True,)]
        assert not is_exact(type_)
    assert not is_exact("numeric(10,2)")


# What is understood


@pytest.mark.parametrize(
    "text",
    [
        "select k, sum(v) as v, avg(n) as a, max(v) as m, count(*) as c from s.t group by k",
        "select T.s, U.name from s.T join s.U on u.k = t.k left join s.t as t2 on t2.k = u.k where t.v > 1.5",
        "with c as (select k, v * 2 as w from s.t) select c.k, coalesce(sum(w), 0) as x from c group by c.k",
        "select * from s.t",
        "select k from s.t union select k from s.u except select 1",
        "select date_trunc('month', at) as m, extract(year from at) as y, count(*) as n from s.t group by 1, 2",
        "select k from s.t where exists (select 1 from s.u where u.k = t.k and d > date '2020-01-01')",
        "select string_agg(s, ',' order by s) as l from s.t",
        "select s.t.k from s.t where s.t.v between 1 and 2 and s like 'a%' and s !~ 'b' and k in (1, 2)",
        "select a.k, b.z from s.t as a, lateral (select max(d) as z from s.u where u.k = a.k) as b",
        "select t.*, u.name from s.t join s.u using (k)",
        "select * from (select k, v from s.t) as t join (select name, k from s.u) as u using (k)",
        "select stddev(v) as x, var_pop(f) as y from s.t",
        "select x.n from s.t, generate_series(1, k) as x(n)",
        "select grouping(k) as g, k, count(*) as n from s.t group by rollup (k)",
        "select k, sum(v) over (partition by s) as w, rank() over (order by v) as r from s.t",
        "select distinct v from s.t",
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select n from r",
        "select v.a from (values (1, 'x'), (2, 'y')) as v(a, b)",
        "select k, at + interval '1 day' as x, at at time zone 'UTC' as y from s.t order by k limit 10",
    ],
)
def test_plain_queries_are_understood(text: str, binder: PostgresBinder) -> None:
    assert recipe_of(text, binder).opaque == ""


@pytest.mark.parametrize(
    "text",
    [
        'select k as "K" from s.t',
        "select generate_series(1, k) as x from s.t",
        "select unnest(array[k]) as x from s.t",
        "select regexp_split_to_table(s, ',') as x from s.t",
        "select g from generate_series(1, 3) as g",
        "select semi.k from s.t semi join s.u as v on true",
        "select s::jsonb -> 'a' as x from s.t",
        "select * from s.t natural join s.u",
        "select interval '1.5 day' as x from s.t",
        "select pg_sleep(0)::text as x from s.t",
        "select currval('nosuch') as x from s.t",
        "select (select k from s.t fetch first 1 row only) as x",
        "select k from s.t tablesample system (10)",
        "select k from s.t for share",
        "select percentile_cont(0.5) within group (order by v) as x from s.t",
        "select s::char(3) as x from s.t",
        "select xmin.k from s.t as xmin",
    ],
)
def test_what_was_not_compared_is_opaque_or_refused(text: str, binder: PostgresBinder) -> None:
    with contextlib.suppress(Unreadable):
        found = analysed(text, binder)
        assert found.diagnostics or (found.recipe is not None and found.recipe.opaque), text


def test_inputs_of_strange_types_or_names_make_a_query_opaque(binder: PostgresBinder) -> None:
    found = analysed("select count(*) as n from s.x", binder, {Address("s.x"): (Column("K", "integer"),)})
    assert found.recipe is not None
    assert found.recipe.opaque
    for type_ in ("inet", "integer[]", "point", "int4range"):
        shape = (Column("k", type_), Column("j", "integer"))
        for text, is_opaque in (
            ("select count(*) as n, sum(j) as s from s.x", False),
            ("select * from s.x where j > 1", False),
            ("select x.j, y.n from s.x join (select j, count(*) as n from s.x group by j) as y using (j)", False),
            ("select k from s.x", True),
            ("select c.k from (select * from s.x) as c", True),
            ("select count(x) as n from s.x", True),
            ("select j from s.x natural join (select 1 as j) as y", True),
        ):
            found = analysed(text, binder, {Address("s.x"): shape})
            assert found.recipe is not None, (text, found.diagnostics)
            assert bool(found.recipe.opaque) is is_opaque, text


def test_a_star_shows_merged_columns_first(binder: PostgresBinder) -> None:
    """A union of two stars pairs columns by place: it has to know the places."""
    left, right = "(select 1 as v, k from s.t) as a", "(select k, 2 as w from s.t) as b"
    star = recipe_of(f"select * from {left} join {right} using (k)", binder)
    named = recipe_of(f"select k, a.v, b.w from {left} join {right} using (k)", binder)
    assert star.opaque == named.opaque == ""
    assert star.digest() == named.digest()
    more = f"{left} join {right} using (k) join (select 3 as u, 1 as v) as c using (v)"
    star, named = recipe_of(f"select * from {more}", binder), recipe_of(f"select v, k, b.w, c.u from {more}", binder)
    assert star.opaque == ""
    assert star.digest() == named.digest()


@pytest.mark.parametrize(
    ("text", "tainted"),
    [
        ("select sum(v) as x from s.t", False),
        ("select sum(k) as x from s.t", False),
        ("select sum(v * k + 1.50) as x from s.t", False),
        ("select sum(case when k > 1 then n else 0 end) as x from s.t", False),
        ("select sum(f) as x from s.t", True),
        ("select sum(floor(f)) as x from s.t", True),
        ("select sum(k / 2.5e0::float8) as x from s.t", True),
        ("select max(v) as x from s.t", False),
        ("select max(n) as x from s.t", True),  # 1.0 or 1.00
        ("select max(coalesce(v, 1.5)) as x from s.t", True),
        ("select max(s) as x from s.t", False),
        ("select max(f) as x from s.t", True),
        ("select array_agg(s) as x from s.t", True),
        ("select string_agg(s, ',') as x from s.t", True),
        ("select string_agg(s, ',' order by s) as x from s.t", False),
        ("select row_number() over (order by k) as x from s.t", True),
        ("select rank() over (order by k) as x from s.t", False),
        ("select now() as x from s.t", True),
        ("select random() as x from s.t", True),
        ("select to_char(at, 'YYYY') as x from s.t", False),
    ],
)
def test_what_executions_may_differ_in_is_tainted(text: str, tainted: bool, binder: PostgresBinder) -> None:  # noqa: FBT001
    recipe = recipe_of(text, binder)
    assert recipe.opaque == ""
    assert recipe.columns[0].term.tainted is tainted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select k, v from s.t where v > 1", "SELECT t.K, /* x */ T.v\nFROM S.T\nWHERE (v) > 1"),
        ("with a as (select k from s.t) select k from a", "with b as (select k from s.t) select k from b"),
        ("select cast(k as bigint) as x from s.t", "select k::int8 as x from s.t as y"),
    ],
)
def test_what_means_the_same_is_the_same(one: str, other: str, binder: PostgresBinder) -> None:
    assert recipe_of(one, binder).digest() == recipe_of(other, binder).digest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select 1.5 as x from s.t", "select 1.50 as x from s.t"),
        ("select k::real > 0.1 as x from s.t", "select k::float > 0.1 as x from s.t"),
        ("select k::text as x from s.t", "select k::varchar(1)::text as x from s.t"),
        ("select k / 2 as x from s.t", "select k / 2.0 as x from s.t"),
        ("select k from s.t order by s limit 1", "select k from s.t order by s nulls first limit 1"),
        ("select k from s.t union select k from s.u", "select k from s.t union all select k from s.u"),
        ("select s like 'a' as x from s.t", "select s ilike 'a' as x from s.t"),
        ("select interval '1 day' * k as x from s.t", "select interval '1 month' * k as x from s.t"),
        (
            "select count(*) as n from s.u where exists (select 1 from s.t, (select d) as z)",
            "select count(*) as n from s.u where exists (select 1 from s.t, (select d is null) as z where z is null)",
        ),
    ],
)
def test_what_means_something_else_is_something_else(one: str, other: str, binder: PostgresBinder) -> None:
    assert recipe_of(one, binder).digest() != recipe_of(other, binder).digest()


def test_a_subquery_sees_what_is_before_it_with_lateral_alone(binder: PostgresBinder) -> None:
    """``k`` is that of the query around, not that of the table before: DuckDB would take the latter."""
    text = "select (select max(z.x) from s.t, (select u.d as x) as z) as m from s.u"
    assert recipe_of(text, binder).opaque == ""
    assert analysed("select z.x from s.t, (select t.k as x) as z", binder).recipe is None


def test_a_recipe_on_one_engine_is_none_on_another(binder: PostgresBinder, tmp_path: Path) -> None:
    from headgate.plugins.engines.duckdb_binder import open_binder

    text = "select k from s.t where k > 1"
    duck = open_binder(tmp_path)
    shape = (Column("k", "INTEGER"),)
    one = analyse(
        parse(text, "q"), kind="table", inputs={Address("s.t"): shape}, settings=duck.settings, bind=duck.bind
    ).recipe
    other = analyse(
        parse(text, "q", "postgres"), kind="table", inputs={Address("s.t"): (Column("k", "integer"),)},
        settings=binder.settings, bind=binder.bind,
    ).recipe  # fmt: skip
    duck.close()
    assert one is not None
    assert other is not None
    assert one.rows.hash != other.rows.hash
    assert one.columns[0].term.hash != other.columns[0].term.hash


# Faults, at the place where they stand


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("select k,\n  nosuch\nfrom s.t", (2, 3), "unknown column nosuch"),
        ("select sum(s) as x from s.t", (1, 8), "function sum(text) does not exist"),
        ("select k + s as x\nfrom s.t", (1, 10), "operator does not exist: integer + text"),
        (
            "select k from s.t as a join s.u as b on a.k = b.name",
            (1, 45),
            "operator does not exist: integer = character",
        ),
        ("select k, count(*) as n from s.t", (1, 8), "must appear in the GROUP BY clause"),
        ("with x as (delete from s.t returning k) select k from x", (1, 1), "only a SELECT is allowed here"),
        ("select 'a'::integer as x", (1, 8), "invalid input syntax"),
    ],
)
def test_a_fault_has_its_place(text: str, place: tuple[int, int], told: str, binder: PostgresBinder) -> None:
    found = analysed(text, binder)
    assert found.recipe is None
    (fault,) = found.diagnostics[:1]
    assert fault.place is not None
    assert told in fault.summary
    assert (fault.place.line, fault.place.column) == place
