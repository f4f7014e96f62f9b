"""A dbt project of our own that uses everything: it imports, builds, and gives what dbt itself gives."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headgate.app.import_dbt import ImportedDbt, import_dbt
from headgate.core.errors import Refused
from headgate.project.dbt.notes import Weight
from tests.cli.scenario import headgate

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
BY_DBT = json.loads((HERE / "shop_by_dbt.json").read_text())
NAMED_HERE = {
    "main": "marts", "stage-area": "stage_area", "raw": "raw",
}  # fmt: skip


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportedDbt]:
    """A repository with the dbt project in a folder of its own, and what dbt's snapshot has kept in the warehouse."""
    root = tmp_path_factory.mktemp("imported")
    shutil.copytree(HERE / "shop", root / "shop")
    with duckdb.connect(str(root / "shop" / "shop.duckdb")) as connection:
        connection.execute("create schema history; create table history.orders_kept (order_id bigint)")
        connection.execute("insert into history.orders_kept values (10), (11), (13)")
    return root, import_dbt(root / "shop", root)


def told(made: ImportedDbt, weight: Weight) -> list[str]:
    return [f"{note.place}: {note.text}" for note in made.notes if note.weight is weight]


def test_every_file_goes_to_its_place(imported: tuple[Path, ImportedDbt]) -> None:
    root, made = imported
    assert sorted(made.files) == [
        ".gitignore",
        "assets/intermediate/int_orders_paid.sql",
        "assets/marts/core/_core.yml",
        "assets/marts/customers.sql",
        "assets/marts/days.sql",
        "assets/marts/kept.sql",
        "assets/marts/orders.sql",
        "assets/marts/readers.sql",
        "assets/marts/sales_regions_v1.sql",
        "assets/marts/sales_regions_v2.sql",
        "assets/marts/starred.sql",
        "assets/marts/tenths.sql",
        "assets/raw/raw_customers.csv",
        "assets/raw/regions.csv",
        "assets/raw/seed_types.yml",
        "assets/seeds/_seeds.yml",
        "assets/sources/dbt_snapshots.yml",
        "assets/stage_area/customers.sql",
        "assets/stage_area/stg_payments.sql",
        "assets/stage_area/stg_shop__orders.sql",
        "assets/staging/_sources.yml",
        "assets/staging/_staging.yml",
        "headgate.toml",
        "macros/units.sql",
        "tests/generic/not_negative.sql",
        "tests/orders_are_paid.sql",
    ]
    assert all((root / path).is_file() for path in made.files)
    assert made.kept == ()


def test_a_plain_model_keeps_its_form(imported: tuple[Path, ImportedDbt]) -> None:
    root, _ = imported
    assert (root / "assets/stage_area/stg_shop__orders.sql").read_text() == (
        '/* headgate\nkind: view\ntags: ["nightly","web"]\n*/\n'
        "-- Orders as the shop gives them.\n"
        "/* Until 2023 they came from\n    another shop. */\n"
        "select\n"
        "    orders.id as order_id,     /* one per order */\n"
        "    customer as customer_id,\n"
        "    placed::date as ordered_on,\n"
        "    cents,\n"
        '    cents * 2 as "(cents * 2)"\n'
        "from web_shop.orders\n"
        "where cents > 0 -- stage_area.stg_payments has the rest\n"
    )


def test_what_is_for_loads_alone_goes_and_the_other_branch_stays(imported: tuple[Path, ImportedDbt]) -> None:
    root, _ = imported
    text = (root / "assets/marts/orders.sql").read_text()
    assert text.endswith("from intermediate.int_orders_paid\nwhere paid > 0\n")


def test_jinja_that_is_left_is_a_template(imported: tuple[Path, ImportedDbt]) -> None:
    root, _ = imported
    text = (root / "assets/marts/tenths.sql").read_text()
    assert text.startswith('/* headgate\nkind: view\ntags: ["nightly"]\nmeta: {"team":"sales"}\ntemplate: jinja\n*/\n')
    assert "{# Jinja that stays. #}" in text
    assert "from marts.orders" in text
    assert '[vars]\ncountry = "de"\ncents = 100\n' in (root / "headgate.toml").read_text()
    macro = (root / "macros/units.sql").read_text()
    assert "{{ default__in_units(column, unit) }}" in macro
    assert "{% test" not in macro


def test_property_files_are_changed_where_they_must_be(imported: tuple[Path, ImportedDbt]) -> None:
    root, _ = imported
    assert (
        (root / "assets/staging/_staging.yml").read_text()
        == """\
version: 2

models:
  - name: stg_shop__orders
    description: "Orders: one row for each.\\n\\nCancelled ones are left out."
    columns:
      - name: order_id
        data_tests: [unique, not_null]
      - name: ordered_on
  - name: stage_area.customers
    config:
      meta: {owner: crm}
    columns:
      - name: customer_id



        tests:
          - not_null
"""
    )
    assert (
        (root / "assets/staging/_sources.yml").read_text()
        == """\
version: 2

sources:
  - name: web_shop            # a name that no schema can have
    schema: main
    config:
      meta:
        external_location: "shop/data/{name}.csv"
    tables:
      - name: orders
      - name: payments
        identifier: payment_lines
        config:
          meta:
            external_location: "shop/data/payments.csv"
"""
    )
    core = (root / "assets/marts/core/_core.yml").read_text()
    assert "  - name: marts.sales_regions_v2\n" in core
    assert "    config: {materialized: incremental}\n" in core
    orders = (root / "assets/marts/orders.sql").read_text()
    assert orders.startswith("/* headgate\nkind: incremental\nunique_key: order_id\n")
    assert "      - stage_area.customers\n      - ref('orders')\n      - web_shop.orders\n\ngroups" in core


def test_the_list_of_what_needs_a_hand_is_right(imported: tuple[Path, ImportedDbt]) -> None:
    assert told(imported[1], Weight.HAND) == [
        "models/marts/starred.sql:1: it needs dbt_utils.star, of a package or of dbt itself",
    ]


def test_the_list_of_what_is_left_out_is_right(imported: tuple[Path, ImportedDbt]) -> None:
    assert told(imported[1], Weight.LEFT) == [
        "analyses/largest.sql: an analysis: nothing is built of it",
        "dbt_project.yml:12: on-run-start: statements that dbt runs before everything: nothing runs beside builds here",
        "dbt_project.yml:15: persist_docs: descriptions stay in the repository",
        "macros/generate_schema_name.sql:1: macro generate_schema_name: the schema of an asset is its own here, in "
        "every environment",
        "macros/units.sql:9: test not_negative: only dbt can carry it out; its text is kept in tests/generic/",
        "models/marts/core/_core.yml:21: exposure board reads ref('forecast'), which is not imported",
        "models/marts/forecast.py: a Python model of dbt",
        "models/old/ghost.sql: ghost is not enabled (dbt_project.yml:25)",
        "models/staging/_sources.yml:21: source seeded.unused is not enabled",
        "models/staging/_staging.yml:9: stage_area.stg_shop__orders declares a column amount that it has not: taken "
        "out of assets/staging/_staging.yml",
        "models/staging/_staging.yml:11: stage_area.stg_shop__orders.ordered_on is declared timestamp, but is DATE: "
        "taken out of assets/staging/_staging.yml",
        "models/staging/_staging.yml:24: it speaks of forgotten, which is not in the project",
        "models/staging/stg_shop__orders.sql:1: post_hook: statements after a build: a build is one SELECT here",
        "packages.yml:2: package dbt-labs/dbt_utils: its models, macros and tests are not imported",
        "profiles.yml:8: settings of the profile: Headgate sets up its engine itself",
        "snapshots/orders_kept.sql:1: snapshot orders_kept is not made: snapshots.orders_kept reads the table that dbt "
        "has filled so far",
        "tests/country_is_known.sql: a test with Jinja",
    ]


def test_a_snapshot_can_be_gone_on_with(imported: tuple[Path, ImportedDbt]) -> None:
    (note,) = [note for note in imported[1].notes if note.place.path == "snapshots/orders_kept.sql"]
    assert note.advice.endswith(
        'with its query in a file that says `kind: snapshot`, `unique_key: order_id`, `check: ["cents"]`.'
    )


def test_the_list_of_what_differs_is_right(imported: tuple[Path, ImportedDbt]) -> None:
    found = told(imported[1], Weight.TOLD)
    assert found[0].startswith("dbt_project.yml: schemas: dbt puts assets into main, Headgate into the schema of their")
    assert found[1:] == [
        "dbt_project.yml: the schema stage-area is called stage_area: 'stage-area' is not a word of letters, digits "
        "and underscores that begins with a letter",
        "dbt_project.yml:23: ephemeral: a view, which anybody can read",
        "models/marts/core/_core.yml:3: what is said about sales_regions holds for its latest version, "
        "marts.sales_regions_v2",
        "models/marts/core/orders.sql:1: incremental: by the key order_id; each load reads all of its inputs "
        "without its lines 4-6",
        "models/staging/_sources.yml:10: source web-shop.orders is called web_shop.orders",
        "models/staging/_sources.yml:11: source web-shop.payments is called web_shop.payments",
        "models/staging/_sources.yml:19: source seeded.customers is what seeds/raw_customers.csv makes: its readers "
        "read that, its entry is gone",
        "models/staging/_staging.yml:22: tests stands twice: the last one holds, as in dbt",
        "models/staging/customers_by_alias.sql:1: customers_by_alias is called stage_area.customers, by its alias",
        "models/staging/stg_shop__orders.sql:15: column 5 has no name: it is called (cents * 2)",
        "seeds/codes/regions.csv: its separator is a comma now, no more ';'",
    ]


def test_it_builds_and_equals_what_dbt_makes_table_by_table(imported: tuple[Path, ImportedDbt]) -> None:
    root, made = imported
    assert [(d.code, str(d.place)) for d in made.diagnostics if d.severity.value == "error"] == [
        ("HG222", "assets/marts/starred.sql:5:21")
    ]
    (root / "assets/marts/starred.sql").unlink()
    text, status = headgate(["apply", "dev", "--yes"], root)
    assert status == 0, text
    with duckdb.connect(str(root / "shop" / "shop.duckdb")) as connection:
        connection.execute(f"set file_search_path = '{root}'")
        for dbt_name, expected in BY_DBT.items():
            schema, _, name = dbt_name.partition(".")
            relation = f'{NAMED_HERE[schema]}__dev."{name}"'
            assert (dbt_name, table(connection, relation)) == (dbt_name, expected)
    assert len(BY_DBT) == 13


def table(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, Any]:
    columns = [list(row[:2]) for row in connection.execute(f"describe from {relation}").fetchall()]
    rows = connection.execute(f"select columns(*)::varchar from {relation} order by all").fetchall()
    return {"columns": columns, "rows": [list(row) for row in rows]}


def test_importing_again_writes_nothing_and_never_overwrites(tmp_path: Path) -> None:
    source = small(tmp_path / "small")
    first = import_dbt(source, tmp_path / "here")
    again = import_dbt(source, tmp_path / "here")
    assert (again.files, again.kept) == ((), tuple(sorted(first.files)))
    (tmp_path / "here/assets/models/a.sql").write_text("select 2 as mine\n")
    (source / "models/b.sql").write_text("select 3 as x")
    before = content(tmp_path / "here")
    with pytest.raises(Refused, match="HG194") as refused:
        import_dbt(source, tmp_path / "here")
    assert refused.value.diagnostics[0].detail == "assets/models/a.sql"
    assert content(tmp_path / "here") == before


def test_in_its_own_folder_dbt_goes_on_working(tmp_path: Path) -> None:
    source = small(tmp_path / "small")
    before = content(source)
    made = import_dbt(source, source)
    assert {path: text for path, text in content(source).items() if path in before} == before
    assert {"macros/own.sql", "tests/generic/t.sql"}.isdisjoint(made.files)
    assert told(made, Weight.HAND) == ["macros/own.sql: it stays as it is, and holds what only dbt can read"]
    assert made.engine_path == "wh.duckdb"


def small(folder: Path) -> Path:
    files = {
        "dbt_project.yml": "name: small\nprofile: small\n",
        "profiles.yml": "small: {target: dev, outputs: {dev: {type: duckdb, path: wh.duckdb}}}\n",
        "models/a.sql": "select 1 as x",
        "macros/own.sql": "{% macro own(x) %}{{ x }}{% endmacro %}\n{% test t(model) %}select 1{% endtest %}\n",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def content(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and ".headgate" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"readme.md": ""}, "HG195"),
        ({"dbt_project.yml": "name: [\n"}, "HG110"),
        ({"dbt_project.yml": ""}, "HG195"),
        ({"dbt_project.yml": b"\xff"}, "HG102"),
    ],
)
def test_what_is_no_dbt_project_is_refused(files: dict[str, Any], code: str, tmp_path: Path) -> None:
    for path, text in files.items():
        (tmp_path / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Refused, match=code):
        import_dbt(tmp_path, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_project_without_a_profile_says_where_its_data_is_missing(tmp_path: Path) -> None:
    source = small(tmp_path / "small")
    (source / "profiles.yml").unlink()
    (source / "models/b.sql").write_text("select '{{ target.name }}' as t, '{{ env_var('REGION') }}' as r")
    made = import_dbt(source, tmp_path / "to")
    assert any("the profile small is not in the project" in note for note in told(made, Weight.TOLD))
    assert [note.text for note in made.notes if note.weight is Weight.HAND] == [
        "nothing says what target.name is",
        "the environment variable REGION is not given to templates",
    ]
    text, status = headgate(["import", "dbt", "small", "--to", "to2"], tmp_path)
    assert status == 0
    assert text.endswith("Next: cd to2 && headgate check\n")


def test_data_tests_of_its_own_are_known_and_those_of_what_is_left_are_not_carried(tmp_path: Path) -> None:
    source = small(tmp_path / "small")
    (source / "tests").mkdir()
    (source / "tests/u.sql").write_text("{% data_test u(model) %}select 2{% enddata_test %}")
    (source / "models/gone.py").write_text("def model(dbt, session): ...")
    (source / "models/p.yml").write_text(
        "models:\n- name: a\n  data_tests: [t, u]\n  columns:\n  - name: x\n    data_tests:\n    - unique\n"
        "    - relationships: {to: ref('gone'), field: x}\n"
    )
    made = import_dbt(source, tmp_path / "to")
    assert (made.errors, "tests/generic/t.sql" in made.files) == (0, True)
    assert "models/p.yml:8: data test relationships looks at ref('gone'), which is not imported" in told(
        made, Weight.LEFT
    )
    text, status = headgate(["check"], tmp_path / "to")
    assert (text.count("is a macro of dbt's"), status) == (2, 0)


def test_the_target_of_the_profile_is_the_same_in_every_environment(tmp_path: Path) -> None:
    source = small(tmp_path / "small")
    (source / "models/b.sql").write_text("select 1 as x {% if target.name == 'dev' %} where true {% endif %}")
    made = import_dbt(source, tmp_path / "to")
    assert '[template.target]\nname = "dev"\n' in (tmp_path / "to/headgate.toml").read_text()
    assert made.errors == 0
    assert any("target.name: the same in every environment" in note for note in told(made, Weight.TOLD))
