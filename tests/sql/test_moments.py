"""``:start`` and ``:end``: where they stand, the literals for them, and what the engine makes of these."""

import re

import duckdb
import pytest

from headgate.core.address import Address
from headgate.core.intervals import Interval
from headgate.core.recipe import Column
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.project.loading_checks import TIME_TYPES
from headgate.sql.analyse import Analysis, analyse
from headgate.sql.bind import bound
from headgate.sql.moments import moment_literals
from headgate.sql.tree import Unreadable, parse

EVENTS = {
    Address("s.e"): (
        Column("t", "TIMESTAMP"), Column("tz", "TIMESTAMP WITH TIME ZONE"), Column("day", "DATE"),
        Column("ns", "TIMESTAMP_NS"), Column("start", "INTEGER"), Column("l", "INTEGER[]"), Column("v", "DOUBLE"),
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> DuckBinder:
    return open_binder(tmp_path_factory.mktemp("binder"))


def analysed(text: str, binder: DuckBinder, time_column: str = "t", kind: str = "incremental") -> Analysis:
    return analyse(
        parse(text, "q.sql"), kind=kind, inputs=EVENTS, settings="x", bind=binder.bind, time_column=time_column
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select t from s.e where t >= :start and t < :end", [":start", ":end"]),
        ("select t from s.e where t>=:START and t<:End", [":START", ":End"]),
        ("select t from s.e where case when t > :start then t < :end end", [":start", ":end"]),
        ("select t, :start::date as d from s.e", [":start"]),
        ("with e as (select * from s.e where t < :end) select t from e where t in (select t from s.e where t > :start)",
         [":end", ":start"]),
        ("select t, ':start' as u /* :start */ from s.e -- :end", []),
        ("select t, l[1:start] as l, l[:start] as m, l[start:] as n from s.e", []),
        ("select t, {'a':start} as st, first: start from s.e", []),
        ('select t, "start" from s.e as "end"', []),
        ("select t, l[1::start] as l from s.e", None),
    ],
)  # fmt: skip
def test_where_they_stand(text: str, expected: list[str] | None, binder: DuckBinder) -> None:
    found = analysed(text, binder)
    if expected is None:
        return  # whatever it means to the engine, it is read without failing
    assert found.recipe is not None, found.diagnostics
    assert [found.body.text[p.begin : p.end] for p in found.body.parameters] == expected
    assert [p.name for p in found.body.parameters] == [one[1:].lower() for one in expected]


def test_other_names_and_other_kinds_have_no_value(binder: DuckBinder) -> None:
    (fault,) = analysed("select t from s.e\nwhere t > :foo and t < :end", binder).diagnostics
    assert (fault.code, str(fault.place), ":foo" in fault.summary) == ("HG206", "q.sql:2:11", True)
    assert ":start and :end" in fault.hint
    faults = analysed("select t from s.e where t > :start and t < :end", binder, "", "table").diagnostics
    assert [f"{f.code} {f.place}" for f in faults] == ["HG206 q.sql:1:29", "HG206 q.sql:1:44"]
    assert "time_column" in faults[0].hint
    assert analysed("select t from s.e where t > $start", binder).recipe is None
    assert analysed("select t from s.e where t > ?", binder).recipe is None


@pytest.mark.parametrize(
    ("column", "expected"),
    [("t", "TIMESTAMP"), ("tz", "TIMESTAMP WITH TIME ZONE"), ("day", "DATE"), ("ns", "TIMESTAMP_NS")],
)
def test_they_are_of_the_type_of_the_column_of_times(column: str, expected: str, binder: DuckBinder) -> None:
    recipe = analysed(f"select {column}, :start as since from s.e where {column} < :end", binder, column).recipe
    assert recipe is not None
    assert [(c.name, c.type) for c in recipe.columns] == [(column, expected), ("since", expected)]


def test_a_fault_behind_them_is_told_where_it_stands(binder: DuckBinder) -> None:
    text = "select t from s.e where t >= :start and t < :end and\n  t > :start and substr(v, t, 1) = 1"
    (fault,) = analysed(text, binder).diagnostics
    assert (fault.code, str(fault.place)) == ("HG207", "q.sql:2:18")


def test_a_parameter_is_a_constant_of_its_name(binder: DuckBinder) -> None:
    def digest(text: str) -> str:
        recipe = analysed(text, binder).recipe
        assert recipe is not None
        assert not recipe.opaque
        return recipe.digest()

    one = digest("select t from s.e where t >= :start and t < :end")
    assert one == digest("select t from s.e as x\n where x.t >= :START and x.t <:end")
    assert one != digest("select t from s.e where t >= :end and t < :start")
    assert one != digest("select t from s.e where t >= :start and t < :start")


@pytest.mark.parametrize("type_", TIME_TYPES)
def test_the_engine_reads_the_literals(type_: str) -> None:
    connection = duckdb.connect()
    day = Interval("2013-01-31T00:00:00", "2013-02-01T00:00:00")
    literals = moment_literals(day, type_)
    rows = "'2013-01-30 23:59:59'), ('2013-01-31 00:00:00'), ('2013-01-31 23:59:59'), ('2013-02-01 00:00:00"
    if type_ == "DATE":
        rows = "'2013-01-30'), ('2013-01-31'), ('2013-01-31'), ('2013-02-01"
    connection.execute("set timezone = 'Pacific/Apia'")
    source = f"(select (t {'|| $$+00$$' if 'ZONE' in type_ else ''})::{type_} as t from (values ({rows}')) as v(t))"
    text = f"select count(*) from {source} where t >= {literals['start']} and t < {literals['end']}"
    assert connection.sql(text).fetchall() == [(2,)]
    first = moment_literals(Interval("", day.end), type_)
    text = f"select count(*), count(year({first['start']})) from {source} where t >= {first['start']}"
    assert connection.sql(text).fetchall() == [(4, 4)]


def test_binding_puts_them_in(binder: DuckBinder) -> None:
    body = analysed("select t from s.e where s.e.t >= :start and s.e.t < :end", binder).body
    literals = moment_literals(Interval("", "2013-01-01T00:00:00"), "TIMESTAMP")
    assert bound(body, {Address("s.e"): "headgate.e1"}, literals) == (
        'select t from headgate.e1 as "e" where "e".t >= timestamp \'0001-01-01 00:00:00\''
        " and \"e\".t < timestamp '2013-01-01 00:00:00'"
    )


@pytest.mark.parametrize(
    "expression",
    [
        "cast(:start as date)", ":start at time zone 'UTC'", "extract(year from :start)", "date_part('year', :start)",
        ":start::timestamptz", "t between :start and :end", "t in (:start, :end)", ":start + interval 1 day",
        "coalesce(:start, t)", "{'a': :start, 'b':v}", "struct_pack(a := :start)", "[:start, :end]", "(:start)",
        "case :start when t then 1 else 2 end", "list_transform(l, x -> x + year(:start))", "-epoch(:start)",
        "(select max(q) from (values (:start)) as w(q))", "max(t) filter (t < :end)", "greatest(:start,:end)",
        "lag(t) over (partition by :start order by t)", "date_diff('day', :start, :end)", "not t>:start",
        "strftime(:start, '%Y:%m')", "'a' || :start", "if(t > :start, 1, 2)", ":start is null", "l[1:start]",
        "l[start:start]", "{'start':start}.start", "map {'a':start}", "date_trunc('day', :start)", "t = :start::date",
    ],
)  # fmt: skip
def test_they_may_stand_wherever_a_value_may(expression: str, binder: DuckBinder) -> None:
    is_grouped = "filter" in expression
    text = f"select {'max(t) as t' if is_grouped else 't'}, {expression} as e from s.e"
    query = parse(text, "q.sql")
    assert "\0" not in repr(query.tree)
    found = analysed(text, binder)
    assert found.recipe is not None, found.diagnostics
    names = [found.body.text[p.begin : p.end] for p in found.body.parameters]
    expected = re.findall(r"(?<![\w\[']):(?:start|end)\b", expression.replace("[:start, ", "[ :start, "))
    assert names == expected
    assert found.recipe.opaque == ""


@pytest.mark.parametrize(
    "text",
    ["select t as :start from s.e", "select t from s.e as :end", "select t from :start", "select :start.t from s.e"],
)
def test_where_no_value_can_stand_they_are_a_fault(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text, "q.sql")
    diagnostic = refused.value.diagnostic
    assert diagnostic.code == "HG201"
    assert diagnostic.place is not None
    assert diagnostic.place.column == text.index(":") + 1
    assert "\0" not in str(diagnostic)
