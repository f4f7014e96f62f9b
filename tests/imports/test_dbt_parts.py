"""The parts of the import of dbt projects: marks of Jinja, SQL, names, values, types of seeds, changes to YAML."""

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.core.address import Address
from headgate.core.diagnostic import Place
from headgate.project.dbt.convert import convert_project
from headgate.project.dbt.functions import sql_of
from headgate.project.dbt.item_names import with_names
from headgate.project.dbt.marks import Call, call_of, marks_of, needs_of
from headgate.project.dbt.names import Names, Read
from headgate.project.dbt.seeds import seed_columns, with_commas
from headgate.project.dbt.sql_text import convert, read_sql
from headgate.project.dbt.values import Values
from headgate.project.dbt.yaml_edits import YamlEdits, without_repetitions
from headgate.project.text import Text
from headgate.project.yaml_nodes import Fields, Items, parse_yaml

# Marks


@pytest.mark.parametrize(
    ("text", "inners"),
    [
        ("{{ ref('a') }}", ["ref('a')"]),
        ("{{ config(meta={'a': {'b': 1}}) }} x", ["config(meta={'a': {'b': 1}})"]),
        ("{{ '}}' }}{% set a = \"%}\" %}", ["'}}'", 'set a = "%}"']),
        ("{{- a -}} {%- if b -%} {#- c -#}", ["a", "if b", "c"]),
        ("{% raw %}{{ a }}{% endraw %}{{ b }}", ["raw", "b"]),
        ("{{ a", ["a"]),
        ("{# {{ a }} #}", ["{{ a }}"]),
        ("no marks { } %", []),
    ],
)
def test_marks_begin_and_end_where_jinja_says(text: str, inners: list[str]) -> None:
    marks = marks_of(text)
    assert [mark.inner for mark in marks] == inners
    assert all(text[mark.start :].startswith(mark.opening) for mark in marks)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("select '{{ a }}'", "text"),
        ("select 'it''s' {{ a }}", ""),
        ('select "{{ a }}"', "name"),
        ("-- {{ a }}", "line comment"),
        ("-- x\n{{ a }}", ""),
        ("/* ' */ {{ a }}", ""),
        ("/* {{ a }} */", "comment"),
        ("$x$ ' {{ a }} $x$", "text"),
        ("'{{ b }}' {{ a }}", ""),
    ],
)
def test_what_of_sql_is_open_at_a_mark(text: str, inside: str) -> None:
    assert marks_of(text)[-1].inside.value == inside


def test_a_call_is_one_with_constants_alone() -> None:
    def call(text: str) -> Call | None:
        return call_of(marks_of(text)[0])

    assert call("{{ ref('a', v=2) }}") == Call("ref", ("a",), {"v": 2})
    assert call("{{ dbt.type_int() }}") == Call("dbt.type_int", (), {})
    assert call("{% do config(a=[1, 'b']) %}") == Call("config", (), {"a": [1, "b"]})
    for other in (
        "{{ ref(x) }}",
        "{{ ref('a') | upper }}",
        "{{ a.b.c() }}",
        "{# ref('a') #}",
        "{% set a = ref('b') %}",
    ):
        assert call(other) is None


def test_what_a_template_needs_has_its_line() -> None:
    needs, fault = needs_of(
        "{% set a = 1 %}\n{{ a }} {{ dbt_utils.star(b) }}\n{{ c }}{% for x in y %}{{ x }}{% endfor %}"
    )
    assert not fault
    assert {(need.name, need.line) for need in needs} == {("dbt_utils.star", 2), ("b", 2), ("c", 3), ("y", 3)}
    assert needs_of("{% snapshot x %}")[1]


# SQL


def names() -> Names:
    found = Names("shop")
    found.add("orders", "", Read(Address("staging.orders"), "orders"))
    found.add("orders", "1", Read(Address("staging.orders_v1"), "orders_v1"))
    found.of_file = {"a": Address("staging.orders"), "b": Address("staging.orders_v1"), "c": Address("marts.orders")}
    found.sources["raw", "lines"] = Read(Address("raw.lines"), "order_lines")
    found.sources["seeded", "orders"] = Read(Address("staging.orders"), "orders")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from{{ ref('orders') }}as o", "select * from staging.orders as o"),
        ("from {{ ref('shop', 'orders') }}", "from staging.orders"),
        ("from {{ ref('orders', v=1) }}", "from staging.orders_v1"),
        ("order_lines.x from {{ source('raw', 'lines') }}", "order_lines.x from raw.lines as order_lines"),
        ("select x from {{ source('raw', 'lines') }}", "select x from raw.lines"),
        ("select order_lines.x from {{ source('raw', 'lines') }} order_lines join t", None),
        ("order_lines.x from {{ source('raw', 'lines') }} on", "order_lines.x from raw.lines as order_lines on"),
        ("{{ config(a=1) }}\n\nselect 1", "select 1"),
        ("select 1 {# a */ b #}", "select 1 /* a * / b */"),
        ("select 1 -- {# a\nb #} c\n", "select 1 --  c\n"),
        ("select {{ dbt.date_trunc('day', 'at') }} as day", "select date_trunc('day', at) as day"),
        ("a{% if is_incremental() %} b {% endif %}c", "ac"),
        ("a\n{% if is_incremental() %}\nb {% if z %}{% endif %}\n{% else %}\nd\n{% endif %}\nc", "a\nd\nc"),
        ("a{% if is_incremental() %}{% for x in y %}{% else %}{% endfor %}{% endif %}c", "ac"),
    ],
)  # fmt: skip
def test_plain_models_become_plain_sql(text: str, expected: str | None) -> None:
    converted = convert(read_sql("m.sql", text), names(), frozenset(), schema="marts")
    assert not converted.is_template
    assert not converted.notes
    assert converted.text == (expected or text.replace("{{ source('raw', 'lines') }}", "raw.lines"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ f(ref('orders')) }} {{ ref('orders') }}", "{{ f(ref('staging', 'orders')) }} staging.orders"),
        ("{{ f(source('seeded', 'orders')) }}", "{{ f(ref('staging', 'orders')) }}"),
        ("{{ f(source('raw', 'lines')) }}", "{{ f(source('raw', 'lines')) }}"),
        ("{{ f(ref('orders', v=1)) }}", "{{ f(ref('staging', 'orders_v1')) }}"),
        ("select '{{ ref('orders') }}'", "select '{{ ref('staging', 'orders') }}'"),
        ("{% if not is_incremental() %}a{% endif %}", None),
        ("{% if is_incremental() %}a{% elif b %}c{% endif %}", None),
        ("{% raw %}{{ ref('orders') }}{% endraw %}", None),
    ],
)
def test_other_jinja_stays_and_means_the_same(text: str, expected: str | None) -> None:
    macros = frozenset({"f", "b"})
    converted = convert(read_sql("m.sql", text), names(), macros, schema="marts")
    assert converted.is_template
    assert not converted.notes
    assert converted.text == (expected or text)


def test_what_is_unknown_is_told_with_its_line() -> None:
    text = "select 1\nfrom {{ ref('other') }}\njoin {{ ref('package', 'model') }} using ({{ dbt_utils.x('a') }})"
    converted = convert(read_sql("m.sql", text), names(), frozenset())
    assert [(note.place.line, note.text) for note in converted.notes] == [
        (2, "ref('other') is not imported"),
        (3, "ref('package', 'model') is not imported"),
        (3, "it needs dbt_utils.x, of a package or of dbt itself"),
    ]


def test_a_config_that_needs_variables_is_filled_in_once() -> None:
    values = Values({"kind": "table"}, {"name": "dev"})
    file = read_sql("m.sql", "{{ config(materialized=var('kind'), tags=[target.name]) }} select 1", values)
    assert (file.config, len(file.notes)) == ({"materialized": "table", "tags": ["dev"]}, 1)
    assert convert(file, names(), frozenset()).text == " select 1"
    unknown = read_sql("m.sql", "{{ config(materialized=run_query('x')) }} select 1", values)
    assert [note.weight.value for note in unknown.notes] == ["by hand"]


@pytest.mark.parametrize(
    ("text", "item", "expected"),
    [
        ("select a + 1 from t", "a", 'select a + 1 as "n" from t'),
        ("select f(a, b), c", "f", 'select f(a, b) as "n", c'),
        ("case when a then 'from' end -- x\nfrom t", "case", "case when a then 'from' end as \"n\" -- x\nfrom t"),
        ("select a is not distinct from b", "a", 'select a is not distinct from b as "n"'),
        ("(select extract(year from a))", "extract", '(select extract(year from a) as "n")'),
        ("select [1, 2][1]\nunion all select 2", "[1", 'select [1, 2][1] as "n"\nunion all select 2'),
    ],
)  # fmt: skip
def test_a_name_stands_behind_its_item(text: str, item: str, expected: str) -> None:
    assert with_names(text, [(text.index(item), "n")]) == expected


def test_functions_of_packages_are_known_by_what_they_give() -> None:
    key = sql_of(Call("dbt_utils.generate_surrogate_key", (["a", "b"],), {}))
    assert key == (
        "md5(cast(coalesce(cast(a as text), '_dbt_utils_surrogate_key_null_') || '-' || "
        "coalesce(cast(b as text), '_dbt_utils_surrogate_key_null_') as text))"
    )
    assert sql_of(Call("dbt.dateadd", ("week", 2, "d"), {})) == "(d + cast(2 as bigint) * 7 * interval 1 day)"
    assert sql_of(Call("dbt.datediff", ("a", "b", "day"), {})) == "date_diff('day', a::timestamp, b::timestamp)"
    for unknown in (
        Call("dbt.other", (), {}),
        Call("dbt.datediff", ("a",), {}),
        Call("dbt.datediff", ("a", "b", "week"), {}),
    ):
        assert sql_of(unknown) is None


# Values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ var('a') }}", 1),
        ("{{ var('no', false) }}", False),
        ("x_{{ var('s') | upper }}", "x_T"),
        ("{{ 'y' if target.name == 'dev' else 'z' }}", "y"),
        ("{{ env_var('HOME', 'fallback') }}", "fallback"),
        ("{{ env_var('HOME') }}", "{{ env_var('HOME') }}"),
        ("{{ var('no') }}", "{{ var('no') }}"),
        ("{{ 9 ** 9 ** 9 }}", "{{ 9 ** 9 ** 9 }}"),
        ("{{ 'x' * 9999999999 }}", "{{ 'x' * 9999999999 }}"),
        ("{{ 'x'.ljust(9999999999) }}", "{{ 'x'.ljust(9999999999) }}"),
        ("{% for x in range(9) %}{% endfor %}{{ x }}", "{% for x in range(9) %}{% endfor %}{{ x }}"),
        ("{{ target.__class__.__mro__ }}", "{{ target.__class__.__mro__ }}"),
        ("{{ var(", "{{ var("),
        ("plain", "plain"),
        (["{{ var('a') }}"], [1]),
    ],
)
def test_values_need_the_project_alone_and_do_no_harm(text: Any, value: Any) -> None:
    assert Values({"a": 1, "s": "t"}, {"name": "dev"}).of(text) == value


# Seeds


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "2"], "INTEGER"),
        (["1", "-2.0", ""], "INTEGER"),
        (["1", "2.5"], "DOUBLE"),
        (["1", "3000000000"], "BIGINT"),
        (["3000000000", "0.5"], "DOUBLE"),
        (["", "null"], "INTEGER"),
        (["2024-01-31", "2024-2-1"], "DATE"),
        (["2024-01-31 10:00:00"], "TIMESTAMP"),
        (["2024-01-31T10:00:00Z"], "TIMESTAMP"),
        (["2024-01-31T10:00:00", "2024-01-31 10:00:00"], "VARCHAR"),
        (["2024-01-31", "2024-01-31 10:00:00"], "VARCHAR"),
        (["true", "FALSE"], "BOOLEAN"),
        (["true", "1"], "VARCHAR"),
        (["1", "x", "2024-01-01"], "VARCHAR"),
        (["$1"], "VARCHAR"),
    ],
)
def test_columns_of_seeds_have_the_types_that_dbt_gives(values: list[str], type_: str) -> None:
    content = "a,b\n" + "".join(f"{value},x\n" for value in values)
    assert [column.type for column in seed_columns(content.encode(), {})] == [type_, "VARCHAR"]
    stated = seed_columns(content.encode(), {"A": "varchar(10)", "b": "json"})
    assert [column.type for column in stated] == ["VARCHAR", "json"]


def test_names_with_blanks_around_them_are_told_and_have_no_stated_type() -> None:
    files = {
        "seeds/s.csv": "a ,b\n1,2\n",
        "dbt_project.yml": "name: shop\nseeds: {+column_types: {a: float, b: float}}\n",
    }
    made = convert_project(project(**files))
    assert [note.text for note in made.notes if note.place.path == "seeds/s.csv"] == [
        "its column 'a ' is called 'a', without the blanks around it"
    ]
    assert [column.type for column in seed_columns(b"a ,b\n1,2\n", {"a": "float", "b": "float"})] == [
        "INTEGER",
        "float",
    ]


def test_other_separators_become_commas() -> None:
    assert with_commas(b'a;b\n1;"x;y"\n2;z,w\n', ";") == b'a,b\n1,x;y\n2,"z,w"\n'


# Changes to YAML

_SCALARS = st.one_of(
    st.sampled_from(["a", "b c", "it's", "x: y", "- z", "# n", "", "true", "line\nline\n"]), st.integers(0, 9)
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "tags", "columns", "meta", "q"]), inner, max_size=3),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["models", "sources", "version"]), _TREES, min_size=1), st.data())
def test_a_change_of_yaml_changes_nothing_else(tree: dict[str, Any], data: st.DataObject) -> None:
    style = data.draw(st.sampled_from([None, False, True]))
    text = yaml.safe_dump(tree, default_flow_style=style, sort_keys=False, width=1000)
    source = Text("x.yml", text)
    node = parse_yaml(source)
    if not isinstance(node, Fields):
        return
    paths = list(_pairs(node, ()))
    path, key = data.draw(st.sampled_from(paths))
    edits = YamlEdits(text)
    edits.remove_pair(key.place)
    assert _plain(edits.text()) == _plain(yaml.safe_dump(_without(tree, path)))


def _pairs(node: Any, path: tuple[Any, ...]) -> Any:
    for key, value in node.pairs if isinstance(node, Fields) else ():
        yield (*path, key.text), key
        yield from _pairs(value, (*path, key.text))
    for number, item in enumerate(node.items if isinstance(node, Items) else ()):
        yield from _pairs(item, (*path, number))


def _without(tree: Any, path: tuple[Any, ...]) -> Any:
    tree = copy.deepcopy(tree)
    around = tree
    for part in path[:-1]:
        around = around[part]
    del around[path[-1]]
    return tree


def _plain(text: str) -> Any:
    """An empty block has no form of its own: what is left of it counts as nothing."""
    return _emptied(yaml.safe_load(text))


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: left for key, item in value.items() if (left := _emptied(item)) is not None} or None
    if isinstance(value, list):
        return [left for item in value if (left := _emptied(item)) is not None] or None
    return value


def test_keys_that_stand_twice_leave_the_last_and_no_line_moves() -> None:
    text = "a: 1\nb:\n  - c: x\n    c:\n      - y\nd: {e: 1, e: 2}\na: 2\n"
    after = without_repetitions(text)
    assert after.count("\n") == text.count("\n")
    assert yaml.safe_load(after) == yaml.safe_load(text)
    assert not parse_faults(after)
    assert parse_faults(text)


def parse_faults(text: str) -> list[Any]:
    source = Text("x.yml", text)
    parse_yaml(source)
    return source.faults


def test_text_is_replaced_and_added_in_both_styles() -> None:
    text = "a:\n  - name: x   # why\n    d: |\n      long\n  - {name: y}\n"
    edits = YamlEdits(text)
    edits.replace(Place("", 2, 11), "s.x")
    edits.replace(Place("", 3, 8), "short: one")
    edits.add_pair(Place("", 2, 11), "schema", "raw data")
    edits.add_pair(Place("", 5, 12), "schema", "on")
    assert edits.text() == (
        'a:\n  - name: s.x   # why\n    schema: "raw data"\n    d: "short: one"\n  - {name: y, schema: "on"}\n'
    )


# Whole projects, in memory


def project(**files: str) -> dict[str, bytes]:
    body = {"dbt_project.yml": "name: shop\n", **{path.replace("__SLASH__", "/"): text for path, text in files.items()}}
    return {path: text.encode() for path, text in body.items()}


def test_schemas_that_cannot_be_are_others() -> None:
    files = {
        "models/main/a.sql": "select 1",
        "models/temp/b.sql": "select 1",
        "models/warehouse/c.sql": "select 1",
        "models/raw/d.sql": "select * from {{ source('raw', 'd') }}",
        "models/1 two__three/e.sql": "select 1",
        "models/s.yml": "sources: [{name: raw, tables: [d]}]",
    }
    made = convert_project(project(**files), database="warehouse")
    assert sorted(path for path in made.files if path.endswith(".sql")) == [
        "assets/_1_two_three/e.sql",
        "assets/main_models/a.sql",
        "assets/raw_models/d.sql",
        "assets/temp_data/b.sql",
        "assets/warehouse_models/c.sql",
    ]
    assert b"from raw.d" in made.files["assets/raw_models/d.sql"]


def test_two_assets_of_one_address_are_told() -> None:
    files = {"models/m/a.sql": "select 1", "models/m/b.sql": "{{ config(alias='A') }} select 2"}
    made = convert_project(project(**files))
    assert [note.text for note in made.notes if note.place.path == "models/m/b.sql"] == [
        "it would be m.A, which models/m/a.sql is already"
    ]


def test_a_broken_property_file_is_copied_and_told() -> None:
    files = {"models/m/a.sql": "select 1", "models/m/a.yml": "models: [\n"}
    made = convert_project(project(**files))
    assert made.files["assets/m/a.yml"] == b"models: [\n"
    assert [note.weight.value for note in made.notes if note.place.path == "models/m/a.yml"] == ["by hand"]
