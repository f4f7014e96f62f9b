"""What templates are given by name, what is closed to them, and where each part of a filled text comes from."""

from pathlib import Path

import pytest

from headgate.core.graph import SqlBody
from headgate.core.loading import Loading, Merging
from headgate.core.template import Template, told_in_template
from headgate.project.load import load
from headgate.run.failure import line_in_body
from headgate.sql.tree import Unreadable, parse
from tests.project.project_stage import OWNED, marked, read, told, written
from tests.project.template_stage import PATH, filled, given
from tests.project.template_stage import told as told_of


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ ref('orders') }}", "staging.orders"),
        ("{{ ref('staging', 'orders') }}", "staging.orders"),
        ("{{ ref('staging.orders') }}", "staging.orders"),
        ("{{ ref('shop', 'orders') }}", "staging.orders"),
        ("{{ ref('ORDERS') }}", "staging.orders"),
        ("{{ ref('order') }}", 'staging."order"'),
        ("{{ ref('twice') }}", "marts.twice"),
        ("{{ ref('other', 'twice') }}", "other.twice"),
        ("{{ ref('orders').schema }} {{ ref('orders').identifier }}", "staging orders"),
        ("{{ source('raw', 'orders') }}", "raw.orders"),
        ("{{ this }} {{ this.schema }} {{ this.name }} {{ this.identifier }}", "marts.a marts a a"),
        ("{{ target.type }}{{ execute }}{{ is_incremental() }}", "duckdbTrueFalse"),
        ("{{ log('x', info=true) }}{{ print('x') }}{% do log('y') %}", ""),
        ("{{ var('day') }} {{ var('gone', 'x') }} {{ var('list') | join(',') }}", "2024-01-01 x 1,2"),
        ("{% do var('list').append(3) %}{{ var('list') }}", "[1, 2]"),
        ("{{ env_var('REGION') }} {{ env_var('REGION', 'x') }}", "north north"),
        ("{{ config(a='x') }}{{ config.get('a') }} {{ config.get('tags', 'none') }}", "x none"),
        ("{{ fromjson('[1, 2]')[1] }} {{ tojson({'a': 1}) }}", '2 {"a": 1}'),
        ("{{ set([1, 1]) }} {{ zip([1], [2]) }}", "[1] [[1, 2]]"),
    ],
)  # fmt: skip
def test_what_names_mean(template: str, expected: str) -> None:
    assert given(template, "", {"day": "2024-01-01", "list": [1, 2]}, REGION="north") == expected


def test_macros_return_call_each_other_and_are_called_by_their_project() -> None:
    macros = (
        "{% set unit = 'EUR' %}{% macro one() %}{{ two() ~ unit }}{% endmacro %}{% macro two() %}{{ return([1, 2]) }}"
        "{% endmacro %}{% macro last(x) %}{% for i in x %}{% if i > 1 %}{{ return(i) }}{% endif %}{% endfor %}"
        "{% endmacro %}"
    )
    assert given("{{ one() }} {{ two()[1] + 1 }} {{ shop.last([1, 2, 3]) }}", macros) == "[1, 2]EUR 3 2"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ ref('odrers') }}", "HG202 1:4 unknown asset odrers"),
        ("\n {{ ref('raw', 'orders') }}", "HG202 2:5 raw.orders is a source"),
        ("{{ source('staging', 'orders') }}", "HG202 1:4 staging.orders is no source"),
        ("{{ ref('orders', v=2) }}", "HG303 1:4 versions of assets are not supported in this version"),
        ("{{ ref() }}", "HG223 1:4 ref takes NAME, or SCHEMA and NAME"),
        ("{{ ref(1) }}", "HG223 1:4 the argument of ref has to be a text, not a number"),
        ("{{ source('raw') }}", "HG223 1:4 source is called with wrong arguments"),
        ("{{ target.name }}", "HG222 1:11 target.name is not declared"),
        ("{{ var('x') }}", "HG221 1:4 there is no variable x"),
        ("{{ env_var('HOME') }}", "HG222 1:4 the environment variable HOME is not given to templates"),
        ("{% set a = b %}{{ a }}", "HG221 1:19 unknown name b"),
        ("x\n{% for i in 5 %}{% endfor %}", "HG223 2:13 a number is nothing to loop over"),
        ("{% if a %}", "HG220 1:9 unexpected end of template"),
        ("{{ 'a' | uper }}", "HG221 1:10 there is no filter uper"),
        ("{{ 1 is od }}", "HG221 1:6 there is no test od"),
        ("{{ exceptions.raise_compiler_error('no') }}", "HG223 1:15 no"),
        ("{{ exceptions.warn('old') }}", "HG226 1:15 old"),
    ],
)
def test_a_fault_stands_at_its_place(template: str, expected: str) -> None:
    assert told_of(template) == [expected]


def test_all_faults_of_a_template_are_told_and_none_that_follows_from_another() -> None:
    text = "{{ a }}\n{% set x = ref('nothing') %}{{ x }}{{ x.name }}\n{% if b %}{% endif %}{{ var('c') }}"
    assert [line.split()[1] for line in told_of(text)] == ["1:4", "2:12", "3:7", "3:25"]


def test_each_character_that_was_copied_comes_from_itself() -> None:
    text = "a\n {%- if true %} b{{ 1 }}c {% for i in [1, 2] -%} \n d{{ i }}\n{% endfor %}{# x #}\n{% endif %}"
    text += "{% raw %}{{ x }}{% endraw %}z\n"
    found = filled(text)
    assert found.diagnostics == ()
    assert "{{ x }}z" in found.text
    template = Template(text, found.runs)
    for offset, character in enumerate(found.text):
        run = template.run_at(offset)
        origin = template.origin(offset)
        if run.length:
            assert text[origin : origin + 2] == "{{"
            assert text[origin : origin + run.length].endswith("}}")
        else:
            assert text[origin] == character
    assert template.lines(found.text)[0] == 1


def test_a_fault_of_the_filled_text_is_told_at_the_template() -> None:
    text = "select {{ 'a' }},\n{% for i in [1, 2, 3] %}\n b,{% endfor %}\n c frm {{ this }}"
    found = filled(text)
    with pytest.raises(Unreadable) as refused:
        parse(found.text.replace("frm", "from x from"), PATH)
    told_there = told_in_template(refused.value.diagnostic, Template(text, found.runs), found.text)
    assert told_there.place is not None
    assert told_there.place.line == 4


def test_a_line_that_the_engine_names_is_the_templates() -> None:
    text = "{% for i in [1, 2, 3] %}\n{% endfor %}\nselect\n  x\n"
    found = filled(text)
    body = SqlBody(found.text, (), template=Template(text, found.runs))
    line = line_in_body(body, {}, found.text.split("\n").index("  x") + 1)
    assert Template(text, found.runs).lines(found.text)[line - 1] == 4


def test_config_agrees_with_the_header_or_is_a_fault(tmp_path: Path) -> None:
    files = {
        "headgate.toml": 'template = "jinja"\n',
        "assets/m/a.sql": "{{ config(materialized='view', owner='ops', tags=['x', 'y'], meta={'k': 1}) }}\n"
        "select 1 as one",
        "assets/m/b.sql": "/* headgate\nowner: ops\nkind: table\n*/\n{{ config(materialized='view') }}select 1 as one",
        "assets/m/c.sql": OWNED + "{{ config(materialized='incremental', unique_key=['one']) }}select 1 as one",
        "assets/m/d.sql": OWNED + "{{ config(enabled=false) }}select 1 as one",
        "assets/m/e.sql": "/* headgate\nowner: ops\ntemplate: none\n*/\nselect '{{ x }}' as one",
    }
    declared = read(tmp_path, files)
    assets = {asset.address: asset for asset in declared.assets}
    first = assets["m.a"].properties  # type: ignore[index]
    assert (first.kind, first.owner, first.tags, first.meta) == ("view", "ops", ("x", "y"), {"k": 1})
    assert assets["m.e"].template is None  # type: ignore[index]
    assert assets["m.c"].properties.loading == Loading(merging=Merging(("one",)))  # type: ignore[index]
    assert told(declared) == ["HG306 assets/m/b.sql:5:4", "HG303 assets/m/d.sql:4:4"]


def test_settings_of_templates_are_checked(tmp_path: Path) -> None:
    toml = """vars = 1
[template]
default = "jina"
env = ["DBT_ENV_SECRET_X", "API_TOKEN", "1x", "GOOD"]
targt = 1
[template.target]
name = "env:USER"
"""
    declared = read(tmp_path, {"headgate.toml": toml})
    assert sorted(d.summary for d in declared.diagnostics) == [
        "API_TOKEN looks like a secret",
        "DBT_ENV_SECRET_X looks like a secret",
        "default cannot be 'jina'",
        "env has to be a list of names",
        "name cannot come from the environment",
        "unknown key targt in [template]",
        "vars has to be a table",
    ]
    assert declared.config.templates.environ == ("GOOD",)


def test_property_files_say_that_a_file_is_a_template(tmp_path: Path) -> None:
    files = {
        "assets/m/a.sql": "select {{ 1 }} as one",
        "assets/m/m.yml": "models:\n  - name: a\n    owner: ops\n    template: jinja\n",
    }
    assert [asset.text for asset in read(tmp_path, files).assets] == ["select 1 as one"]
    written(tmp_path, {"assets/m/m.yml": "models:\n  - name: a\n    owner: ops\n    template: liquid\n"})
    assert marked(load(tmp_path, environ={})) == ["HG303 liquid"]
