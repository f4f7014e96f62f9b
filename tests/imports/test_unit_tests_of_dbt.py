"""Unit tests of a dbt project: imported with it, and run as dbt runs them."""

from pathlib import Path

import pytest

from tests.cli.scenario import headgate

pytestmark = pytest.mark.slow

FILES = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nvars: {rate: 2}\n",
    "profiles.yml": "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n",
    "seeds/rates.csv": "kind,factor\nbook,10\n",
    "models/staging/sources.yml": "sources: [{name: raw, tables: [{name: orders, columns: [{name: id, data_type: int}, "
    "{name: kind, data_type: text}, {name: at_day, data_type: date}]}]}]\n",
    "models/staging/stg_orders.sql": "select id, kind, at_day from {{ source('raw', 'orders') }}\n",
    "models/marts/new_orders.sql": """{{ config(materialized='table') }}
select o.id, o.at_day, r.factor * {{ var('rate') }} as points
from {{ ref('stg_orders') }} as o
left join {{ ref('rates') }} as r on r.kind = o.kind
{% if is_incremental() %}
where o.at_day > (select max(at_day) from {{ this }})
{% endif %}
""",
    "models/marts/unit.yml": """unit_tests:
  - name: test_everything_is_new
    model: new_orders
    overrides:
      macros: {is_incremental: false}
      vars: {rate: 3}
    given:
      - input: ref('stg_orders')
        format: csv
        fixture: stg_orders
      - input: ref('rates')
    expect:
      rows:
        - {id: 1, points: 30}
        - {id: 2}
  - name: test_only_new
    model: new_orders
    overrides: {macros: {is_incremental: true}}
    given:
      - input: ref('stg_orders')
        format: sql
        rows: |
          select 1 as id, cast('2024-01-01' as date) as at_day
          union all select 2, cast('2024-01-02' as date)
      - input: this
        rows: [{at_day: 2024-01-01}]
      - input: ref('rates')
        rows: []
    expect: {rows: [{id: 2, at_day: 2024-01-02}]}
""",
    "tests/fixtures/stg_orders.csv": "id,kind\n1,book\n2,pen\n",
    "tests/ids.sql": "select * from {{ ref('stg_orders') }} where id is null\n",
}

LEFT_OUT = """
{% if is_incremental() %}
where o.at_day > (select max(at_day) from {{ this }})
{% endif %}
"""


def test_they_are_imported_and_run(tmp_path: Path) -> None:
    for path, text in FILES.items():
        full = tmp_path / "dbt" / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
    root = tmp_path / "shop"
    root.mkdir()
    text, status = headgate(["import", "dbt", "../dbt", "--to", "."], root)
    assert status == 0, text
    assert (root / "tests/fixtures/stg_orders.csv").is_file()
    text, status = headgate(["test"], root)
    assert text.startswith("passed  marts.new_orders  1 test\n\nnot run  marts.new_orders  test_only_new"), text
    assert "HG340  marts.new_orders does not read itself" in text
    asset = root / "assets/marts/new_orders.sql"
    asset.write_text(asset.read_text().removesuffix("\n") + LEFT_OUT)
    text, status = headgate(["test"], root)
    assert (text.split(" (")[0], status) == ("passed  marts.new_orders  2 tests\n2 tests: 2 passed", 0), text
