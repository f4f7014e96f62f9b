"""Names that the engine makes up, folds or hides: what is not certain is opaque, never taken for something else."""

import pytest

from headgate.core.address import Address
from headgate.core.recipe import Column, Recipe
from headgate.plugins.engines.duckdb_binder import open_binder
from headgate.sql.analyse import analyse
from headgate.sql.tree import parse

T = Address("s.t")
U = Address("s.u")
ACCENTS = (Column("é", "INTEGER"), Column("É", "INTEGER"))
PLAIN = (Column("a", "INTEGER"), Column("k", "INTEGER"), Column("rowid", "INTEGER"), Column("st", "STRUCT(p INTEGER)"))
OTHER = (Column("x", "INTEGER"), Column("l", "INTEGER[]"), Column("b", "VARCHAR COLLATE NOCASE"))


@pytest.fixture(scope="module")
def recipe_of(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    binder = open_binder(tmp_path_factory.mktemp("binder"))

    def read(text: str, shapes: dict[Address, tuple[Column, ...]] | None = None) -> Recipe:
        inputs = shapes or {a: s for a, s in ((T, PLAIN), (U, OTHER)) if a in text}
        found = analyse(parse(text, "q.sql"), kind="table", inputs=inputs, settings="x", bind=binder.bind)
        assert found.recipe is not None, found.diagnostics
        return found.recipe

    yield read
    binder.close()


@pytest.mark.parametrize(
    "text",
    [
        # The engine names the inner column "(a + 1)" or "(t.a + 1)", as it is written.
        "select q::varchar as e from (select t.a + 1 from s.t) as q",
        # `count_star()` is a name of the inner query; the outer one has a column k.
        "select (select max(k) from (select count(*), x as y from s.u group by y) as q) as e from s.t",
        # Every stored table has a rowid, unless it has a column of that name.
        "select (select max(rowid) from s.u) as e from s.t",
        # A struct gives as many columns as it has members.
        "select x from (select unnest(st) as q, a as x from s.t order by 2 limit 1) as q",
        "select unnest(st) from s.t",
        # A window made from another one.
        "select count(*) over w2 as n from s.t window w as (partition by k), w2 as (w order by a)",
        "select t.a, x from s.u, s.t as t join (select a from s.t) as v using (a)",
        # The members are named after the columns, which have other names behind a CTE.
        "select to_json(struct_pack(a)) as e from s.t",
        # The engine takes these for two keys, and `a, rollup (a)` for one.
        "select t.a as e, count(*) as n from s.t as t group by a, rollup (t.a)",
    ],
)
def test_what_is_not_certain_is_opaque(recipe_of, text: str) -> None:  # type: ignore[no-untyped-def]
    assert recipe_of(text).opaque


def test_names_fold_as_the_engine_folds_them(recipe_of) -> None:  # type: ignore[no-untyped-def]
    # DuckDB folds A to Z alone: é and É are two columns of one table.
    for name in ("é", "É"):
        assert {r.column for r in recipe_of(f'select "{name}" as e from s.t', {T: ACCENTS}).columns[0].term.reads} == {
            name
        }
    assert {r.column for r in recipe_of("select K as e from s.t").columns[0].term.reads} == {"k"}


def test_a_column_keeps_the_case_it_was_made_with(recipe_of) -> None:  # type: ignore[no-untyped-def]
    # m.up renames a to A with the same values: a row as one value shows the other name.
    text = "select q::varchar as e from (select a from s.t) as q"
    one = recipe_of(text, {T: (Column("a", "INTEGER"),)})
    two = recipe_of(text, {T: (Column("A", "INTEGER"),)})
    assert one.columns[0].term.hash != two.columns[0].term.hash


def test_collated_values_are_not_exact(recipe_of) -> None:  # type: ignore[no-untyped-def]
    # Which of 'a' and 'A' stands for the group is the engine's choice.
    assert recipe_of("select distinct upper(b) as e from s.u").columns[0].term.tainted
    assert not recipe_of("select distinct x as e from s.u", {U: OTHER[:1]}).columns[0].term.tainted


def test_a_drawn_bound_taints_the_rows(recipe_of) -> None:  # type: ignore[no-untyped-def]
    assert recipe_of("select a from s.t order by a limit (select (random() * 3)::int)").rows.tainted
    assert not recipe_of("select a from s.t order by a limit 3").rows.tainted


def test_a_frame_of_rows_without_order_is_tainted(recipe_of) -> None:  # type: ignore[no-untyped-def]
    assert recipe_of("select sum(a) over (rows 1 preceding) as n from s.t").columns[0].term.tainted
    assert not recipe_of("select sum(a) over (partition by k) as n from s.t").columns[0].term.tainted


def test_sums_that_the_engine_makes_in_floats_are_tainted(recipe_of) -> None:  # type: ignore[no-untyped-def]
    assert recipe_of("select sum(a::uhugeint) as e from s.t").columns[0].term.tainted
    assert not recipe_of("select sum(a::hugeint) as e from s.t").columns[0].term.tainted


def test_a_member_that_is_not_there_is_looked_for_around(recipe_of) -> None:  # type: ignore[no-untyped-def]
    # The inner x is no struct, so the engine takes the table around of that name.
    text = "select (select count(*) from s.u where x.a > 0) as e from s.t as x"
    assert {(r.address, r.column) for r in recipe_of(text).columns[0].term.reads} >= {(T, "a")}


def test_an_aggregate_in_the_window_clause_makes_one_group(recipe_of) -> None:  # type: ignore[no-untyped-def]
    plain = recipe_of("select 1 as e from s.t")
    grouped = recipe_of("select 1 as e, row_number() over w as n from s.t window w as (order by count(*))")
    assert plain.rows != grouped.rows


def test_nested_case_is_read_once(recipe_of) -> None:  # type: ignore[no-untyped-def]
    """Each level once: reading both for the term and for exactness would take 2 ** 60 steps."""
    text = "0"
    for number in range(60):
        text = f"case when k = {number} then {number} else {text} end"
    assert not recipe_of(f"select {text} as e from s.t").opaque


def test_windows_and_queries_inside_leave_the_order_to_the_engine(recipe_of) -> None:  # type: ignore[no-untyped-def]
    """It sorts and joins for them (seen): ``list(k)`` over such a table must be built anew with it."""
    assert not recipe_of("select k, a + 1 as n from s.t where a > 1").order.tainted
    assert recipe_of("select k, rank() over (order by k desc) as n from s.t").order.tainted
    assert recipe_of("select k from s.t qualify rank() over (order by k desc) < 3").order.tainted
    assert recipe_of("select k, (select max(u.x) from s.u where u.x = t.k) as n from s.t").order.tainted
    assert recipe_of("select k from s.t where k in (select x from s.u)").order.tainted
