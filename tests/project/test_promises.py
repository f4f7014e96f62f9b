"""Tests, constraints, contracts, freshness, groups and unit tests: their forms, and what is told of them."""

from pathlib import Path
from typing import Any

import pytest

from headgate.core.declarations import Declarations, Properties
from headgate.core.diagnostic import Severity
from headgate.core.json_form import dumps, loads
from headgate.core.promises import Condition, ConstraintKind, DeclaredTest
from headgate.core.unit_tests import RowFormat
from headgate.plan.stored_properties import properties_from_json
from tests.project.project_stage import OWNED, marked, read, told

TESTS = """
models:
  - name: x
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          arguments:
            combination_of_columns: [a, b]
      - dbt_utils.equality: {compare_model: ref('y')}
      - {test_name: expression_is_true, name: sane, arguments: {expression: a > 0}}
      - unique: {column_name: a || b}
    columns:
      - name: a
        data_tests:
          - not_null
          - unique:
              name: one_of_each
              description: Each once.
              config:
                severity: WARN
                where: a is not null
                warn_if: ">= 5"
                error_if: between 10 and 20
                limit: 100
                store_failures: true
                tags: [nightly]
                meta: {tier: 1}
          - accepted_values:
              severity: warn
              values: [1, two, 3.5]
          - relationships: {arguments: {to: "source('raw', 't')", field: id}}
          - not_null: {config: {enabled: false}}
          - unique:
    tests: legacy
sources:
  - name: raw
    tables: [{name: t, columns: [{name: id, tests: unique}]}]
"""


def whole(tmp_path: Path, yml: str, **files: str) -> Declarations:
    named = {f"assets/m/{name}.sql": text for name, text in files.items()}
    return read(tmp_path, {"assets/m/x.sql": OWNED, "assets/m/y.sql": OWNED, "assets/m/p.yml": yml, **named})


def test_data_tests_in_every_form(tmp_path: Path) -> None:
    found = whole(tmp_path, TESTS)
    assert told(found) == []
    x, y = found.assets
    combination, equality, named, of_expression, legacy, *of_a = x.properties.tests
    assert (combination.kind, combination.column) == ("dbt_utils.unique_combination_of_columns", "")
    assert combination.arguments == {"combination_of_columns": ["a", "b"]}
    assert (equality.arguments, equality.references) == ({"compare_model": "ref('y')"}, {"compare_model": "m.y"})
    assert (named.kind, named.name, named.arguments) == ("expression_is_true", "sane", {"expression": "a > 0"})
    assert (of_expression.column, legacy.kind) == ("a || b", "legacy")
    assert {test.column for test in of_a} == {"a"}
    not_null, unique, accepted, related, disabled, empty = of_a
    assert (not_null.severity, not_null.error_if, not_null.limit) == (Severity.ERROR, Condition("!=", "0"), None)
    assert (unique.name, unique.severity, unique.where, unique.limit) == (
        "one_of_each", Severity.WARNING, "a is not null", 100,
    )  # fmt: skip
    assert (unique.warn_if, unique.error_if) == (Condition(">=", "5"), Condition("between", "10", "20"))
    assert (unique.tags, unique.arguments) == (("nightly",), {})
    assert unique.kept == {"description": "Each once.", "meta": {"tier": 1}}
    assert unique.keeps_failures
    assert (accepted.arguments, accepted.severity) == ({"values": [1, "two", 3.5]}, Severity.WARNING)
    assert (related.references, related.arguments["field"]) == ({"to": "raw.t"}, "id")
    assert (disabled.is_enabled, unique.is_enabled, empty.kind) == (False, True, "unique")
    assert str(related.place) == "assets/m/p.yml:30:13"
    assert [(t.kind, t.column) for t in found.sources[0].properties.tests] == [("unique", "id")]
    assert y.properties.tests == ()


@pytest.mark.parametrize(
    ("condition", "true_of", "false_of"),
    [
        (Condition(), (1, 7), (0,)),
        (Condition(">", "5"), (6,), (5, 0)),
        (Condition("<", "5"), (4,), (5,)),
        (Condition(">=", "5"), (5, 6), (4,)),
        (Condition("<=", "5"), (5, 4), (6,)),
        (Condition("=", "5"), (5,), (4, 6)),
        (Condition("between", "5", "7"), (5, 6, 7), (4, 8)),
    ],
)
def test_conditions(condition: Condition, true_of: tuple[int, ...], false_of: tuple[int, ...]) -> None:
    assert all(condition.holds(number) for number in true_of)
    assert not any(condition.holds(number) for number in false_of)


CONSTRAINTS = """
models:
  - name: x
    config: {contract: {enforced: true}}
    constraints:
      - {type: primary_key, columns: [a, b], name: pk, warn_unenforced: false}
      - {type: CHECK, expression: a > 0}
      - {type: foreign_key, columns: b, to: ref('y'), to_columns: [c]}
    columns:
      - name: a
        data_type: integer
        constraints: [{type: not_null}]
"""


def test_constraints_and_contract(tmp_path: Path) -> None:
    found = whole(tmp_path, CONSTRAINTS)
    assert told(found) == []
    properties = found.assets[0].properties
    assert properties.contract
    assert properties.contract.is_enforced
    assert str(properties.contract.place) == "assets/m/p.yml:4:14"
    key, check, foreign, not_null = properties.constraints
    assert (key.kind, key.columns, key.name, key.kept) == (
        ConstraintKind.PRIMARY_KEY, ("a", "b"), "pk", {"warn_unenforced": False},
    )  # fmt: skip
    assert (check.kind, check.expression) == (ConstraintKind.CHECK, "a > 0")
    assert (foreign.to, foreign.to_columns, foreign.columns) == ("m.y", ("c",), ("b",))
    assert (not_null.kind, not_null.columns) == (ConstraintKind.NOT_NULL, ("a",))
    assert not properties.meta


FRESHNESS = """
sources:
  - name: raw
    loaded_at_field: loaded_at
    freshness:
      warn_after: {count: 12, period: hour}
      error_after: {count: 2, period: day}
      filter: kind = 'a'
    tables:
      - name: as_its_source
      - name: own
        loaded_at_field: at
        freshness: {error_after: {count: 30, period: minute}}
      - name: none
        freshness: null
      - name: in_config
        config:
          loaded_at_query: select max(at) from t
          freshness: {warn_after: {count: 1, period: DAY}, loaded_at_field: there}
"""


def test_freshness_of_a_table_goes_before_that_of_its_source(tmp_path: Path) -> None:
    found = read(tmp_path, {"assets/s.yml": FRESHNESS})
    assert told(found) == []
    told_of = {
        s.address: (f.warn_after_seconds, f.error_after_seconds, f.filter, f.loaded_at_field, f.loaded_at_query)
        for s in found.sources
        if (f := s.properties.freshness)
    }
    assert told_of == {
        "raw.as_its_source": (43200, 172800, "kind = 'a'", "loaded_at", ""),
        "raw.own": (43200, 1800, "kind = 'a'", "at", ""),
        "raw.in_config": (86400, 172800, "kind = 'a'", "there", "select max(at) from t"),
    }


def test_an_asset_without_owner_has_that_of_its_group(tmp_path: Path) -> None:
    yml = """
groups:
  - {name: finance, owner: {name: Fin, email: [fin@localhost, b@localhost]}, config: {meta: {floor: 2}}}
  - {name: sales, owner: us}
models:
  - {name: x, group: finance}
  - {name: y, config: {group: finanse}}
"""
    found = read(tmp_path, {"assets/m/x.sql": "select 1", "assets/m/y.sql": OWNED, "assets/m/p.yml": yml})
    assert told(found) == ["HG314 assets/m/p.yml:7:31"]
    assert (found.diagnostics[0].severity, found.diagnostics[0].hint) == (Severity.WARNING, "Did you mean finance?")
    assert [(a.properties.group, a.properties.owner) for a in found.assets] == [("finance", "Fin"), ("finanse", "ops")]
    finance, sales = found.groups
    assert (finance.owner, finance.email, finance.meta) == ("Fin", "fin@localhost", {"floor": 2})
    assert (sales.owner, sales.email) == ("us", "")


UNIT_TESTS = """
unit_tests:
  - name: doubles
    description: Twice as much.
    model: x
    config: {tags: [quick], meta: {by: us}}
    overrides: {vars: {rate: 2}, macros: {is_incremental: true}}
    given:
      - input: ref('y')
        rows: [{a: 1, b: null}, {a: 2.5, b: "x"}]
      - {input: "source('raw', 't')", format: csv, rows: "id,at\\n1,2"}
      - {input: this, format: sql, fixture: before}
    expect: {format: CSV, fixture: after}
sources: [{name: raw, tables: [t]}]
"""


@pytest.mark.parametrize("path", ["assets/m/p.yml", "tests/p.yml", "tests/m/deep/p.yaml"])
def test_unit_tests(tmp_path: Path, path: str) -> None:
    found = read(tmp_path, {"assets/m/x.sql": OWNED, "assets/m/y.sql": OWNED, path: UNIT_TESTS})
    assert told(found) == []
    (test,) = found.unit_tests
    assert (test.name, test.asset, test.description, test.tags) == ("doubles", "m.x", "Twice as much.", ("quick",))
    assert test.overrides == {"vars": {"rate": 2}, "macros": {"is_incremental": True}}
    assert test.kept == {"meta": {"by": "us"}}
    y, raw, own = test.given
    assert (y.input, str(y.place)) == ("m.y", f"{path}:9:16")
    assert [[(c.column, c.value) for c in row] for row in y.rows.rows] == [
        [("a", "1"), ("b", None)],
        [("a", "2.5"), ("b", "x")],
    ]
    assert [str(c.place) for row in y.rows.rows for c in row][:2] == [f"{path}:10:20", f"{path}:10:26"]
    assert (raw.input, raw.rows.format, raw.rows.text) == ("raw.t", RowFormat.CSV, "id,at\n1,2")
    assert (own.input, own.rows.format, own.rows.fixture) == (None, RowFormat.SQL, "before")
    assert (test.expected.format, test.expected.fixture) == (RowFormat.CSV, "after")


@pytest.mark.parametrize("yml", ["- a\n- b\n", "services: {db: {image: x}}\n", "some words\n"])
def test_yaml_of_other_tools_below_tests_is_told_and_not_read(tmp_path: Path, yml: str) -> None:
    found = read(tmp_path, {"tests/compose.yml": yml, "tests/empty.yml": ""})
    assert told(found) == ["HG106 tests/compose.yml:1:1"]
    assert found.diagnostics[0].severity is Severity.WARNING


OTHERS = """
version: 2
snapshots:
  - name: s
    relation: ref('x')
    config: {strategy: timestamp, unique_key: id, updated_at: at, hard_deletes: ignore}
    columns: [{name: a, data_tests: [unique]}]
analyses: [{name: a, description: A, config: {tags: t}}]
macros:
  - {name: m, description: M, arguments: [{name: a, type: string, description: A}]}
data_tests: [{name: t, config: {severity: warn}}]
metrics: [{name: revenue, label: R, type: simple, type_params: {measure: m}}]
semantic_models: [{name: sm, model: ref('x'), entities: [], measures: [{name: m, agg: sum}]}]
saved_queries: [{name: q, query_params: {metrics: [revenue]}}]
models:
  - {name: x, config: {post_hook: ["grant"], alias: z}}
  - {name: y, config: {"post-hook": "analyze", alias: w}}
"""


def test_sections_and_keys_that_nothing_uses_are_kept_and_told_once(tmp_path: Path) -> None:
    found = whole(tmp_path, OTHERS)
    assert told(found) == ["HG315 assets/m/p.yml:3:1"]
    (warning,) = found.diagnostics
    assert warning.severity is Severity.WARNING
    assert warning.summary.startswith(
        "alias, analyses, data_tests, macros, metrics, post-hook, post_hook, saved_queries"
    )
    assert "alias: assets/m/p.yml:16:46 and 1 more" in warning.detail
    assert [(entry.section, entry.name) for entry in found.kept] == [
        ("snapshots", "s"), ("analyses", "a"), ("macros", "m"), ("data_tests", "t"), ("metrics", "revenue"),
        ("semantic_models", "sm"), ("saved_queries", "q"),
    ]  # fmt: skip
    assert found.kept[0].values["config"]["strategy"] == "timestamp"
    assert found.assets[0].properties.meta == {"config": {"post_hook": ["grant"], "alias": "z"}}


MODEL = "models:\n  - name: x\n    "
COLUMN = f"{MODEL}columns:\n      - name: a\n        "


@pytest.mark.parametrize(
    ("yml", "expected"),
    [
        (f"{MODEL}tests: [unique: {{severity: maybe}}]\n", "HG309 maybe"),
        (f"{MODEL}tests: [unique: {{config: {{severity: errr}}}}]\n", "HG309 errr"),
        (f"{MODEL}tests: [unique: {{warn_if: many}}]\n", "HG309 many"),
        (f"{MODEL}tests: [unique: {{limit: few}}]\n", "HG309 few"),
        (f"{MODEL}tests: [unique: {{config: {{limit: -1}}}}]\n", "HG309 -1"),
        (f"{MODEL}tests: [unique: {{wher: a}}]\n", "HG308 wher"),
        (f"{MODEL}tests: [accepted_values]\n", "HG309 accepted_values"),
        (f"{MODEL}tests: [accepted_values: {{quote: true}}]\n", "HG309 {"),
        (f"{MODEL}tests: [{{relationships: }}]\n", "HG309 relationships"),
        (f"{MODEL}tests:\n      - relationships:\n        to: ref('y')\n        field: a\n", "HG309 "),
        (f"{MODEL}tests: [relationships: {{to: ref('z'), field: a}}]\n", "HG202 ref('z')"),
        (f"{MODEL}tests: [relationships: {{to: ref(z), field: a}}]\n", "HG309 ref(z)"),
        (f"{MODEL}tests: [a b]\n", "HG309 a b"),
        (f"{MODEL}tests: [[unique]]\n", "HG309 ["),
        (f"{MODEL}tests: [{{test_name: relationships, to: ref('y')}}]\n", "HG309 {"),
        (f"{COLUMN}constraints: [{{type: unik}}]\n", "HG309 unik"),
        (f"{COLUMN}constraints: [{{type: check}}]\n", "HG309 {"),
        (f"{COLUMN}constraints: [{{type: foreign_key}}]\n", "HG309 {"),
        (f"{COLUMN}constraints: [{{expression: a}}]\n", "HG309 {"),
        (f"{COLUMN}constraints: not_null\n", "HG309 not_null"),
        (f"{COLUMN}quote: maybe\n", "HG309 maybe"),
        (f"{MODEL}contract: true\n", "HG309 true"),
        (f"{MODEL}contract: {{enforced: 1}}\n", "HG309 1"),
        (f"{MODEL}contract: {{enforce: true}}\n", "HG308 enforce"),
        (f"{MODEL}access: secret\n", "HG309 secret"),
        (f"{MODEL}versions: [{{v: 1}}]\n", "HG303 versions"),
        (f"{MODEL}config: {{materialised: view}}\n", "HG308 materialised"),
        (f"{MODEL}config: {{enabled: '{{{{ var(a) }}}}'}}\n", "HG313 '{{ var(a) }}'"),
        (f"{MODEL}group: nix\n", "HG314 nix"),
        ("groups: [{name: a}]\n", "HG309 a"),
        ("groups: [{name: a, owner: {slack: b}}]\n", "HG309 {"),
        ("groups: [{name: a, owner: b}, {name: a, owner: b}]\n", "HG301 a"),
        ("sources:\n  - {name: r, tables: [t], freshness: {warn_after: {count: 1, period: weeks}}}\n", "HG309 weeks"),
        ("sources:\n  - {name: r, tables: [t], freshness: {warn_after: {count: 0, period: day}}}\n", "HG309 0"),
        ("sources:\n  - {name: r, tables: [t], freshness: {warn_after: {period: day}}}\n", "HG309 {"),
        ("sources:\n  - {name: r, tables: [t], freshness: 1 day}\n", "HG309 1 day"),
        ("exposures:\n  - {name: e, type: chart}\n", "HG309 chart"),
        ("exposures:\n  - {name: e, maturity: hihg}\n", "HG309 hihg"),
        ("unit_tests: [{name: u, model: z, expect: {rows: []}}]\n", "HG307 z"),
        ("unit_tests: [{name: u, expect: {rows: []}}]\n", "HG309 u"),
        ("unit_tests: [{name: u, model: x}]\n", "HG309 u"),
        ("unit_tests: [{name: u, model: x, expect: {rows: [], format: xml}}]\n", "HG309 xml"),
        ("unit_tests: [{name: u, model: x, expect: {rows: 'a,b'}}]\n", "HG309 'a,b'"),
        ("unit_tests: [{name: u, model: x, expect: {rows: [{a: 1}], format: csv}}]\n", "HG309 ["),
        ("unit_tests: [{name: u, model: x, given: [{rows: []}], expect: {rows: []}}]\n", "HG309 {"),
        ("unit_tests: [{name: u, model: x, given: [{input: ref('z')}], expect: {rows: []}}]\n", "HG202 ref('z')"),
        ("version: 1\n", "HG309 1"),
        ("macros: [{name: m, arguments: [{nam: a}]}]\n", "HG309 {"),
        ("snapshots: [{description: s}]\n", "HG309 {"),
    ],
)
def test_faults_of_promises_are_marked(tmp_path: Path, yml: str, expected: str) -> None:
    others = () if expected.startswith("HG308") else ("HG315",)
    assert [m for m in marked(whole(tmp_path, yml)) if not m.startswith(others)][:1] == [expected]


def test_a_test_that_refers_to_nothing_is_a_fault_with_the_nearest_name(tmp_path: Path) -> None:
    yml = f"{COLUMN}tests: [relationships: {{to: ref('stg_ordrs'), field: id%s}}]\n"
    found = whole(tmp_path, yml % "", stg_orders=OWNED)
    fault = next(d for d in found.diagnostics if d.code == "HG202")
    assert (fault.severity, fault.hint) == (Severity.ERROR, "Did you mean stg_orders?")
    assert [t.is_enabled for a in found.assets for t in a.properties.tests] == [False]  # it is told once
    off = whole(tmp_path, yml % ", enabled: false", stg_orders=OWNED).diagnostics
    assert not [d for d in off if d.code == "HG202"]


def test_data_tests_that_macros_define_are_known(tmp_path: Path) -> None:
    for path, text in (
        ("macros/a.sql", "{% test odd(model) %}select 1{% endtest %}"),
        ("tests/generic/b.sql", "{%- data_test even(model, column_name) %}select 1{% enddata_test %}"),
        ("macros/c.sql", "{% macro test_prime(model) %}select 1{% endmacro %}"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert whole(tmp_path, COLUMN + "tests: []\n").generic_tests == {"odd", "even", "prime"}


def test_a_word_that_is_nearly_right_is_named(tmp_path: Path) -> None:
    (fault,) = whole(tmp_path, f"{MODEL}tests: [unique: {{severity: erorr}}]\n").diagnostics
    assert (fault.summary, fault.hint) == ("severity has to be error or warn", "Did you mean error?")


@pytest.mark.parametrize(
    ("header", "yml", "expected"),
    [
        ("group: a", "group: b", "group"),
        ("contract: {enforced: true}", "contract: {enforced: false}", "contract"),
        ("tests: [unique]", "tests: [not_null]", "tests"),
        ("constraints: [{type: check, expression: a}]", "constraints: [{type: check, expression: b}]", "constraints"),
        ("columns: [{name: a, tests: [unique]}]", "columns: [{name: A, tests: [not_null]}]", "tests of column A"),
        ("columns: [{name: a, tags: [x]}]", "columns: [{name: a, tags: [y]}]", "tags of column a"),
        ("columns: [{name: a, meta: {x: 1}}]", "columns: [{name: a, meta: {x: 2}}]", "x in meta of column a"),
        ("columns: [{name: a, quote: true}]", "columns: [{name: a, quote: false}]", "quote in meta of column a"),
        ("access: private", "access: public", "access in meta"),
    ],
)
def test_a_header_may_say_all_of_it_and_has_to_agree(tmp_path: Path, header: str, yml: str, expected: str) -> None:
    groups = "groups: [{name: a, owner: us}, {name: b, owner: us}]\n"
    text = f"/* headgate\nowner: ops\n{header}\n*/\nselect 1 as a"
    found = whole(tmp_path, f"{groups}{MODEL}{yml}\n", x=text)
    faults = [d for d in found.diagnostics if d.severity is Severity.ERROR]
    assert [d.code for d in faults] == ["HG306"]
    assert faults[0].summary.startswith(f"the {expected} of m.x is ")
    found = whole(tmp_path, f"{groups}{MODEL}{header}\n")
    assert [d for d in found.diagnostics if d.severity is Severity.ERROR] == []


def test_what_header_and_yaml_say_apart_comes_together(tmp_path: Path) -> None:
    text = "/* headgate\nowner: ops\ntests: [unique]\ncolumns: [{name: a, tests: [not_null]}]\n*/\nselect 1 as a"
    found = whole(tmp_path, f"{MODEL}columns: [{{name: a, tags: [k]}}, {{name: b, tests: [unique]}}]\n", x=text)
    tests = found.assets[0].properties.tests
    assert [(test.kind, test.column) for test in tests] == [("unique", ""), ("not_null", "a"), ("unique", "b")]
    assert [(c.name, c.tags) for c in found.assets[0].properties.columns] == [("a", ("k",)), ("b", ())]


@pytest.mark.parametrize("yml", [TESTS, CONSTRAINTS, FRESHNESS, OTHERS, "models: [{name: x}]"])
def test_properties_come_back_from_their_stored_form(tmp_path: Path, yml: str) -> None:
    found = whole(tmp_path, yml)
    for one in (*found.assets, *found.sources):
        stored: Any = loads(dumps(one.properties))
        assert properties_from_json(stored) == one.properties


def test_nothing_of_it_has_to_be_given() -> None:
    assert Properties() == properties_from_json(loads(dumps(Properties())))
    assert DeclaredTest("unique").error_if.holds(1)
