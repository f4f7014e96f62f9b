"""Every kind of check on a table of six rows: how many fail, counted by hand, and what that means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from headgate.core.address import Address
from headgate.core.checks import Outcome, Result, judged, name_of
from headgate.core.diagnostic import Severity
from headgate.core.hashing import digest
from headgate.core.measures import Failing, Orphans, columns_of, others_of
from headgate.core.ports.engine import BuildJob, Engine, SelectInput, physical_name
from headgate.core.ports.measuring import Measured
from headgate.core.promises import DeclaredTest, condition_of
from headgate.core.recipe import Column, Shape
from headgate.evidence.compile import Checks, compile_tests
from headgate.evidence.measure import result_of
from headgate.plugins.checks.instead import INSTEAD
from headgate.plugins.checks.kinds import KINDS
from headgate.plugins.engines.duckdb import open_duckdb
from headgate.plugins.engines.duckdb_measures import WORDS
from headgate.plugins.engines.parting_texts import RowTest, failing_rows, passing_rows

ORDERS, CUSTOMERS, COPY = Address("m.orders"), Address("m.customers"), Address("m.copy")
SHAPE: Shape = (
    Column("id", "INTEGER"), Column("status", "VARCHAR"), Column("amount", "DECIMAL(9,2)"),
    Column("customer", "INTEGER"), Column("score", "DOUBLE"), Column("day", "DATE"),
)  # fmt: skip
ROWS = """
    (1, 'paid', 10.00, 7, 0.5, date '2024-01-01'), (2, 'open', 0.10, 7, 1.5, date '2024-01-02'),
    (3, 'open', 0.20, 8, null, date '2024-01-03'), (3, 'void', -1.00, 9, 2.5, date '2024-02-01'),
    (null, null, null, null, 'nan'::double, null), (null, '', 5.00, null, 1.5, date '2024-01-01')
"""
NOW = "2024-02-05T12:00:00.5Z"  # a Monday; the newest row is of the Thursday before
SHAPES = {ORDERS: SHAPE, COPY: SHAPE, CUSTOMERS: (Column("id", "INTEGER"), Column("Kind", "VARCHAR"))}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("kinds")
    session = open_duckdb(folder / "w.duckdb", read_only=False, root=folder, wait_seconds=0)
    session.adopt("state")
    names = ", ".join(column.name for column in SHAPE)
    types = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in SHAPE)
    for address, sql in (
        (ORDERS, f"select {types} from (values {ROWS}) as t({names})"),
        (COPY, f"select {types} from (values {ROWS}) as t({names}) where id is distinct from 1"),
        (CUSTOMERS, "select * from (values (7, 'a'), (8, 'b'), (null, 'c')) as t(id, \"Kind\")"),
    ):
        relation = physical_name(address, digest("kinds", address))
        session.build([BuildJob(digest("kinds", address), address, relation, SHAPES[address], SelectInput(sql), 1)])
    yield session
    session.close()


def declared(kind: str, column: str = "", /, **arguments: Any) -> DeclaredTest:
    config = arguments.pop("config", {})
    references = {k: Address(arguments[k]) for k in ("to", "compare_model") if k in arguments}
    conditions = {key: condition_of(config[key]) for key in ("warn_if", "error_if") if key in config}
    severity = Severity.WARNING if config.get("severity") == "warn" else Severity.ERROR
    return DeclaredTest(
        kind, column, arguments=arguments, references=references, where=config.get("where", ""),
        severity=severity, **conditions,
    )  # fmt: skip


def compiled(test: DeclaredTest) -> Checks:
    odd = frozenset({"odd"})
    return compile_tests(
        ORDERS, [test], SHAPE, kinds=KINDS, shape_of=SHAPES.get, now=NOW, generic_tests=odd, instead=INSTEAD
    )


def result(engine: Engine, test: DeclaredTest) -> Result:
    (check,) = compiled(test).checks
    others = {
        o: engine.relation(physical_name(o, digest("kinds", o))) for m in check.compiled.measures for o in others_of(m)
    }
    table = Measured(
        engine.relation(physical_name(ORDERS, digest("kinds", ORDERS))), {c.name: c.type for c in SHAPE}, others
    )
    return result_of(check, engine.measure(table, check.compiled.measures))


AGE_CASES = (
    (declared("freshness", "day", error_after="5 days"), 0, 1),
    (declared("freshness", "Day", error_after={"count": 4, "period": "day"}), 1, 1),
    (declared("freshness", "day", error_after="61h", weekdays="mon-fri"), 0, 1),
    (declared("freshness", "day", error_after="60 hours", weekdays=["Mon", "tue - thursday", "fri"]), 1, 1),
    (declared("freshness", "day", error_after="2 days", weekdays="mon-fri", holidays=["2024-02-02"]), 0, 1),
    (declared("freshness", field="greatest(day, date '2024-02-04')", error_after="37 hours"), 0, 1),
    (declared("freshness", field="DAY", error_after="90 minutes", config={"where": "id = 17"}), 1, 1),
    (declared("freshness", field="'never'", error_after="1 week"), 1, 1),
)
TYPES = {"id": "int", "status": "text", "amount": "numeric(9, 2)", "customer": None, "score": "float8", "day": "date"}
NAMES = list(TYPES)
SHAPE_CASES = (
    (declared("schema", columns=TYPES, exactly=True, ordered=True), 0, 6),
    (declared("schema", columns=["Day", {"name": "id", "type": "integer"}]), 0, 2),
    (declared("schema", columns=["day", {"name": "id", "data_type": "integer"}], ordered=True), 2, 2),
    (declared("schema", columns={"id": "bigint", "mail": "text"}, exactly=True), 7, 7),
    (declared("schema", columns={"id": "bigint", "amount": "decimal(9,2)", "mail": ""}), 2, 3),
    (declared("dbt_expectations.expect_column_to_exist", "Status"), 0, 1),
    (declared("dbt_expectations.expect_column_to_exist", "mail"), 1, 1),
    (declared("dbt_expectations.expect_column_to_exist", "status", column_index=1), 1, 1),
    (declared("dbt_expectations.expect_column_values_to_be_of_type", "id", column_type="int"), 0, 1),
    (
        declared("dbt_expectations.expect_column_values_to_be_in_type_list", "id", column_type_list=["text", "date"]),
        1,
        1,
    ),
    (declared("dbt_expectations.expect_table_columns_to_match_set", column_list=NAMES[::-1]), 0, 6),
    (declared("dbt_expectations.expect_table_columns_to_match_ordered_list", column_list=NAMES[::-1]), 6, 6),
    (declared("dbt_expectations.expect_table_columns_to_contain_set", column_list=["mail", "DAY"]), 1, 2),
    (declared("dbt_expectations.expect_table_columns_to_not_contain_set", column_list=["mail", "DAY"]), 1, 2),
    (declared("dbt_expectations.expect_table_column_count_to_equal", value=5), 1, 1),
    (declared("dbt_expectations.expect_table_column_count_to_be_between", min_value=5, max_value=6), 0, 1),
)


@pytest.mark.parametrize(
    ("test", "failures", "out_of"),
    [
        (declared("not_null", "id"), 2, 6),
        (declared("not_null", "ID", config={"where": "status <> ''"}), 0, 4),
        (declared("unique", "id"), 1, 6),
        (declared("unique", columns=["id", "status"]), 0, 6),
        (declared("accepted_values", "status", values=["paid", "open", "void"]), 1, 6),
        (declared("accepted_values", "id", values=[1, "2"]), 2, 6),
        (declared("accepted_values", "status", values=["'paid'", "lower('OPEN')"], quote=False), 2, 6),
        (declared("relationships", "customer", to="m.customers", field="ID"), 1, 6),
        (declared("not_null_proportion", "id", at_least=0.66), 0, 1),
        (declared("not_null_proportion", "id", at_least=0.67), 1, 1),
        (declared("not_null_proportion", "id", at_least=0, at_most=0.5), 1, 1),
        (declared("range", "amount", min=0), 1, 6),
        (declared("range", "amount", min=0.1, max=5, inclusive=False), 4, 6),
        (declared("range", "day", min="2024-01-02", max="2024-01-31"), 3, 6),
        (declared("range", "score", max=2), 2, 6),
        (declared("regex", "status", pattern="^(paid|open)$"), 2, 6),
        (declared("expression", expression="amount > 0 or status = 'void'"), 0, 6),
        (declared("expression", "amount", expression="> 0"), 1, 6),
        (declared("row_count", min=6, max=6), 0, 1),
        (declared("row_count", equals=7), 1, 1),
        (declared("equal_row_count", to="m.copy"), 1, 6),
        (declared("equality", to="m.copy"), 1, 6),
        (declared("equality", to="m.copy", compare_columns=["status"]), 1, 6),
        (declared("mean", "amount", min=2.86, max=2.86), 0, 1),
        (declared("mean", "amount", min=2.87), 1, 1),
        (declared("mean", "score", min=0, max=10), 1, 1),
        (declared("sum", "amount", min=14.3, max=14.3), 0, 1),
        (declared("deviation", "customer", min=0.95, max=0.96), 0, 1),
        (declared("distinct", "status", min=4, max=4), 0, 1),
        (declared("mean", "amount", min=7, config={"where": "id = 17"}), 0, 1),
        (declared("dbt_utils.unique_combination_of_columns", combination_of_columns=["id", "customer"]), 1, 6),
        (declared("dbt_utils.accepted_range", "day", min_value="date '2024-01-01' + 1"), 2, 6),
        (declared("dbt_utils.expression_is_true", "amount", expression=">= 0"), 1, 6),
        (declared("dbt_utils.equal_rowcount", compare_model="m.copy"), 1, 6),
        (declared("dbt_utils.fewer_rows_than", compare_model="m.copy"), 2, 6),
        (declared("dbt_utils.equality", compare_model="m.copy", exclude_columns=["id", "amount"]), 1, 6),
        (
            declared(
                "dbt_utils.relationships_where",
                "customer",
                to="m.customers",
                field="id",
                from_condition="id < 3",
                to_condition="\"Kind\" = 'b'",
            ),
            2,
            2,
        ),
        (declared("dbt_utils.not_null_proportion", "id", at_least=0.7), 1, 1),
        (declared("dbt_utils.at_least_one", "id"), 0, 1),
        (declared("dbt_utils.at_least_one", "id", config={"where": "status is null"}), 1, 1),
        (declared("dbt_utils.not_constant", "id"), 0, 1),
        (declared("dbt_utils.not_constant", "id", config={"where": "id = 3"}), 1, 1),
        (declared("dbt_utils.not_constant", "id", config={"where": "id = 17"}), 0, 1),
        (declared("range", "id", max="2.5"), 2, 6),
        (declared("accepted_values", "status", values=[1, True, "paid", "open", "void", ""]), 0, 6),
        (declared("dbt_utils.accepted_range", "status", min_value="'p'"), 3, 6),
        (declared("dbt_utils.not_empty_string", "status"), 1, 6),
        (declared("dbt_utils.not_accepted_values", "status", values=["void"]), 1, 6),
        (declared("dbt_expectations.expect_table_row_count_to_be_between", min_value=1, max_value=5), 1, 1),
        (declared("dbt_expectations.expect_column_values_to_match_regex", "status", regex="a"), 4, 6),
        (declared("dbt_expectations.expect_column_values_to_be_between", "amount", min_value=0, max_value=9), 2, 6),
        (declared("dbt_expectations.expect_column_values_to_not_be_null", "id"), 2, 6),
        (declared("dbt_expectations.expect_column_values_to_be_unique", "id"), 1, 6),
        (declared("dbt_expectations.expect_column_values_to_be_in_set", "status", value_set=["paid", "open"]), 3, 6),
        (declared("dbt_expectations.expect_column_values_to_be_in_set", "id", value_set=["1", 2]), 4, 6),
        (declared("dbt_expectations.expect_column_values_to_not_be_in_set", "status", value_set=["open"]), 2, 6),
        (DeclaredTest("quarantine", references={"to": CUSTOMERS}), 3, 6),
        *SHAPE_CASES,
        *AGE_CASES,
        (declared("dbt_expectations.expect_column_mean_to_be_between", "id", min_value=2.25, max_value=2.25), 0, 1),
        (declared("dbt_expectations.expect_column_stdev_to_be_between", "id", min_value=0.95, max_value=0.96), 0, 1),
    ],
    ids=lambda value: (
        f"{value.kind} {value.column} {dict(value.arguments)}"[:70] if isinstance(value, DeclaredTest) else None
    ),
)
def test_failures_are_those_counted_by_hand(engine: Engine, test: DeclaredTest, failures: int, out_of: int) -> None:
    found = result(engine, test)
    assert (found.failures, found.out_of) == (failures, out_of), found.told
    assert found.outcome is (Outcome.FAIL if failures else Outcome.PASS)
    assert bool(found.told) or not failures


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (declared("range", "amount", min=0, max=1000), "1 of 6 rows lie outside, must be at least 0 and at most 1,000"),
        (
            declared("range", "amount", min=0.1, inclusive=False),
            "2 of 6 rows lie outside, must be above 0.1",
        ),
        (declared("range", "day", max="2024-01-31"), "1 of 6 rows lie outside, must be at most 2024-01-31"),
        (
            declared("dbt_utils.accepted_range", "amount", min_value="id - 1", config={"where": "id < 3"}),
            "1 of 2 rows where id < 3 lie outside, must be at least id - 1",
        ),
        (
            declared("accepted_values", "status", values=["paid", "it's"]),
            "4 of 6 rows are not among the values 'paid', 'it's'",
        ),
        (
            declared("accepted_values", "id", values=[*range(4, 20)]),
            "4 of 6 rows are not among the values 4, 5, 6, 7, 8 and 11 more",
        ),
        (
            declared("dbt_utils.not_accepted_values", "status", values=["void"]),
            "1 of 6 rows are among the values 'void'",
        ),
        (declared("regex", "status", pattern="^(paid|open)$"), "2 of 6 rows do not match ^(paid|open)$"),
        (declared("regex", "status", pattern="\x1b"), "5 of 6 rows do not match \N{REPLACEMENT CHARACTER}"),
        (declared("regex", "status", pattern="^" + "x" * 200), f"5 of 6 rows do not match ^{'x' * 78}…"),
        (
            declared("dbt_utils.expression_is_true", expression="amount > 1\n  and id < 3"),
            "3 of 6 rows do not fulfil amount > 1 and id < 3",
        ),
        (declared("expression", "amount", expression="> 0"), "1 of 6 rows do not fulfil amount > 0"),
        (declared("not_null", "id", config={"where": "status = ''"}), "1 of 1 rows where status = '' are NULL"),
        (
            declared("not_null_proportion", "id", at_least=0.95),
            "4 of 6 rows are not NULL, must be at least 95 %",
        ),
        (declared("row_count", min=7, config={"where": "id > 0"}), "rows where id > 0: 4, must be at least 7"),
        (declared("equality", to="m.copy"), "1 row is in it or in m.copy alone"),
        (
            declared("dbt_expectations.expect_table_column_count_to_be_between", max_value=5),
            "it has 6 columns, must be at most 5",
        ),
        (
            declared("dbt_expectations.expect_column_to_exist", "status", column_index=1),
            "status is column 2, not 1",
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, DeclaredTest) else None,
)
def test_a_failure_says_what_was_demanded(engine: Engine, test: DeclaredTest, told: str) -> None:
    assert result(engine, test).told == told


def test_rows_that_are_set_aside_are_those_that_are_counted_and_no_row_is_lost(engine: Engine) -> None:
    judging = [
        declared("not_null", "id"),
        declared("not_null", "status", config={"where": "amount > 0"}),
        declared("accepted_values", "status", values=["paid", "it's"]),
        declared("dbt_expectations.expect_column_values_to_be_in_set", "status", value_set=["paid", "open", "void"]),
        declared("range", "amount", min=0.15),
        declared("regex", "status", pattern="^[a-o]"),
        declared("expression", expression="measured.id < 3 or score is null -- a comment"),
        declared("relationships", "customer", to="m.customers", field="id"),
    ]
    checks = [compiled(test).checks[0] for test in judging]
    tests = [RowTest(c.name, c.compiled.shown) for c in checks if isinstance(c.compiled.shown, (Failing, Orphans))]
    others = {CUSTOMERS: engine.relation(physical_name(CUSTOMERS, digest("kinds", CUSTOMERS)))}
    table = Measured(
        engine.relation(physical_name(ORDERS, digest("kinds", ORDERS))), {c.name: c.type for c in SHAPE}, others
    )
    passing = engine.query(passing_rows(tests, table, WORDS)).rows
    failing = engine.query(failing_rows(tests, table, WORDS)).rows
    found = [sum(name_of(test) in row[-1].split(", ") for row in failing) for test in judging]
    assert found == [result(engine, test).failures for test in judging]
    everything = engine.query(f"select * from {table.relation}").rows
    assert sorted(map(str, (*passing, *(row[:-1] for row in failing)))) == sorted(map(str, everything))
    assert len(engine.query(passing_rows([], table, WORDS)).rows) == len(everything)
    assert engine.query(failing_rows([], table, WORDS)).rows == ()


def test_every_kind_is_tried() -> None:
    marks = test_failures_are_those_counted_by_hand.pytestmark  # type: ignore[attr-defined]  # pytest sets it
    mark = next(mark for mark in marks if mark.name == "parametrize")
    assert {case[0].kind for case in mark.args[1]} == set(KINDS)


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ({"warn_after": "5 days", "error_after": "6 days"}, Outcome.PASS),
        ({"warn_after": "4 days", "error_after": "5 days"}, Outcome.WARN),
        ({"warn_after": "3 days", "error_after": "4 days"}, Outcome.FAIL),
        ({"warn_after": "4 days"}, Outcome.WARN),
        ({"error_after": "4 days", "config": {"severity": "warn"}}, Outcome.WARN),
        ({"warn_after": "1 day", "config": {"where": "id = 17"}}, Outcome.WARN),
        ({"error_after": "1 day", "config": {"where": "id = 17"}}, Outcome.FAIL),
    ],
)
def test_an_age_warns_before_it_fails(engine: Engine, arguments: Mapping[str, Any], outcome: Outcome) -> None:
    found = result(engine, declared("freshness", "day", **arguments))
    assert found.outcome is outcome
    if "config" not in arguments:
        assert found.told.startswith("the newest row, 2024-02-01 00:00:00 UTC, is 4 days 12 hours old")


@pytest.mark.parametrize(
    ("config", "outcome"),
    [
        ({}, Outcome.FAIL),
        ({"severity": "warn"}, Outcome.WARN),
        ({"error_if": "> 2"}, Outcome.WARN),
        ({"error_if": "> 2", "warn_if": "> 2"}, Outcome.PASS),
        ({"error_if": "> 33.3%"}, Outcome.FAIL),
        ({"error_if": "> 33.4%"}, Outcome.WARN),
        ({"error_if": "between 1 and 2"}, Outcome.FAIL),
        ({"severity": "warn", "warn_if": ">= 3"}, Outcome.PASS),
    ],
)
def test_thresholds_decide_and_hide_no_number(engine: Engine, config: Mapping[str, str], outcome: Outcome) -> None:
    """dbt-core 11312 told 0 failures below warn_if."""
    found = result(engine, declared("not_null", "id", config=config))
    assert (found.outcome, found.failures, found.out_of) == (outcome, 2, 6)


def test_a_schema_is_told_column_by_column_in_the_words_of_its_engine() -> None:
    shape = (Column("id", "integer"), Column("at", "timestamp with time zone"), Column("more", "text"))
    test = declared("schema", columns={"id": "int8", "At": "timestamptz", "mail": "text"}, exactly=True)
    found = compile_tests(ORDERS, [test], shape, kinds=KINDS, shape_of=SHAPES.get, dialect="postgres")
    (check,) = found.checks
    failed = check.compiled.read(())
    assert (failed.failures, failed.out_of) == (3, 4)
    assert failed.told == "it lacks mail; id is integer, not int8; more should not be there"


def test_of_no_row_no_share_fails() -> None:
    (check,) = compiled(declared("not_null", "id", config={"error_if": "> 0%", "warn_if": "> 0%"})).checks
    assert judged(check, check.compiled.read((0, 0))).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (declared("not_null"), "it is about a column"),
        (declared("not_null", "idd"), "there is no column idd"),
        (declared("unique", columns="nope"), "there is no column nope"),
        (
            declared("accepted_values", "status", values=[]),
            "values lists what may be",
        ),
        (declared("range", "amount"), "min or max is needed"),
        (
            declared("range", "amount", min=2, max=1),
            "min is above max: nothing lies between 2 and 1",
        ),
        (declared("range", "status", max=5), "status is VARCHAR, and 5 is no text"),
        (
            declared("range", "day", min=20240101),
            "day is DATE, and 20240101 is no value of that",
        ),
        (
            declared("range", "day", max="Yesterday"),
            "Yesterday is another day each day",
        ),
        (
            declared("range", "amount", min=0, inclusive="no"),
            "inclusive is true or false, not 'no'",
        ),
        (
            declared("accepted_values", "id", values=["abc"]),
            "id is INTEGER, and 'abc' is no value of that",
        ),
        (
            declared("accepted_values", "id", values=[None]),
            "values lists what may be",
        ),
        (declared("row_count", equals=1, min=5), "equals stands beside min or max"),
        (
            declared("unique", "id", columns=["id"]),
            "it stands below id and lists columns",
        ),
        (
            declared("equality", to="m.copy", exclude_columns=5),
            "exclude_columns lists columns",
        ),
        (
            declared("relationships", "status", to="m.customers", field="id"),
            "status is VARCHAR, id of m.customers is INTEGER",
        ),
        (declared("freshness", "day"), "warn_after or error_after is needed"),
        (
            declared("freshness", "day", warn_after="2 days", error_after="1 day"),
            "warn_after is longer than error_after",
        ),
        (declared("freshness", "day", warn_after="soon"), "warn_after is a span of time, not soon"),
        (declared("freshness", "day", warn_after="1 day", cron="0 25 * * *"), "cron 0 25 * * *: its hour cannot be"),
        (declared("freshness", "day", warn_after="1 day", time_zone="Mars"), "there is no time zone Mars"),
        (declared("freshness", "day", warn_after="1 day", weekdays="mo-fr"), "weekdays has mo-fr, which is none"),
        (declared("freshness", "day", warn_after="1 day", holidays=["xmas"]), "holidays lists days"),
        (declared("freshness", "status", warn_after="1 day"), "status holds no times: it is VARCHAR"),
        (
            declared("freshness", "day", warn_after="1 day", field="day"),
            "it stands below day and names a field",
        ),
        (
            declared("freshness", warn_after="1 day"),
            "HG312 how old the data is cannot be told: this test does not run",
        ),
        (declared("schema", columns={"id": 5}), "columns lists columns, with their types or without"),
        (declared("schema", columns=["id", "ID"]), "columns lists ID twice"),
        (declared("schema"), "columns lists columns, with their types or without"),
        (declared("row_count", min="1"), "min is a number, not '1'"),
        (declared("regex", "id", pattern="1"), "id holds no texts: it is INTEGER"),
        (declared("mean", "day", min=1), "day holds no numbers: it is DATE"),
        (declared("quarantine"), "no test of the asset sets rows aside"),
        (DeclaredTest("quarantine", references={"to": COPY}, where="id = 1"), "it counts all rows"),
        (
            declared("freshness", "day", loaded_at_query="select 1", warn_after="1 day"),
            "loaded_at_query says all of it",
        ),
        (
            declared("not_null_proportion", "id", at_least=95),
            "at_least and at_most are shares from 0 to 1, at_least not above at_most",
        ),
        (
            declared("relationships", "customer", to="m.customers", field="mail"),
            "m.customers has no column mail",
        ),
        (
            declared("relationships", "customer", to="m.nothing", field="id"),
            "the columns of m.nothing are not known",
        ),
        (declared("equality", to="m.customers"), "m.customers has no column status"),
        (declared("range", "amount", minimum=1), "it has no argument minimum"),
        (
            declared("dbt_utils.equality", compare_model="m.copy", precision=2),
            "HG312 dbt_utils.equality is given precision, which is not understood: this test does not run",
        ),
        (declared("house.uniqe", "id"), "HG312 no kind of check is called house.uniqe: this test does not run"),
        (declared("odd", "id"), "HG312 odd is a macro of dbt's: this test does not run"),
        (
            declared("unique", "id || status"),
            "HG312 unique stands on an expression, id || status: this test does not run",
        ),
        (
            declared("accepted_values", "status", values=["{{ var('x') }}"]),
            "HG312 accepted_values of status is given a template: this test does not run",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_checked_is_told(test: DeclaredTest, told: str) -> None:
    found = compiled(test)
    assert found.checks == ()
    full = told if told.startswith("HG312") else f"HG360 {name_of(test)} of m.orders: {told}"
    assert [f"{fault.code} {fault.summary}" for fault in found.diagnostics] == [full]


def test_a_name_that_is_no_kind_is_a_fault() -> None:
    """In dbt nothing runs with it; a test of a package may be one that is not understood."""
    (fault,) = compiled(declared("uniqe", "id")).diagnostics
    assert (fault.code, fault.severity) == ("HG360", Severity.ERROR)
    assert (fault.summary, fault.hint) == ("no kind of check is called uniqe", "Did you mean unique?")


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("dbt_utils.recency", "Write `freshness` below the column of times, with `warn_after` or `error_after`."),
        (
            "dbt_utils.cardinality_equality",
            "Write `equality` with the other asset as `to` and the column as `compare_columns`.",
        ),
        ("dbt_expectations.expect_table_row_count_to_equal", "Write `row_count` with `equals`."),
        ("dbt_utils.acepted_range", "Did you mean dbt_utils.accepted_range?"),
        ("dbt_expectations.expect_column_to_be_sorted", "There are not_null, "),
    ],
)
def test_what_is_not_understood_is_told_with_what_says_the_same(kind: str, hint: str) -> None:
    (warning,) = compiled(declared(kind, "id")).diagnostics
    assert warning.hint.startswith(hint)


def test_a_test_that_is_switched_off_or_names_no_asset_is_left_out() -> None:
    off = DeclaredTest("not_null", "id", is_enabled=False)
    lost = DeclaredTest("relationships", "customer", arguments={"to": "ref('gone')", "field": "id"})
    assert compiled(off) == Checks((), ())
    (warning,) = compiled(lost).diagnostics
    assert warning.summary == "relationships of customer names ref('gone'), which is no asset: this test does not run"


def test_a_check_is_about_the_column_of_its_very_name() -> None:
    """PostgreSQL has a and A in one table: by folded names the first was measured in the second."""
    shape = (Column("a", "integer"), Column("A", "text"))
    for column in ("a", "A"):
        found = compile_tests(ORDERS, [declared("unique", column)], shape, kinds=KINDS, shape_of=SHAPES.get, now=NOW)
        (check,) = found.checks
        assert {name for measure in check.compiled.measures for name in columns_of(measure)} == {column}
