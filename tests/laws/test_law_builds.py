"""Builds never change, and are never made again without need."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headgate.plugins.engines.duckdb_binder import open_binder
from tests.laws.shop import Beginning, Shop
from tests.sql.test_recipes import recipe_of

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[1] / "golden" / "recipes.json"

COLUMNS = "r.region, sum(o.cents) as cents, count(*) as orders"
FROM = "from m.orders o join m.regions r using (id) group by all"
STATISTICS = f"select {COLUMNS} {FROM}"


@pytest.fixture
def built(begin: Beginning) -> Shop:
    return begin(build)


def build(shop: Shop) -> None:
    shop.asset("m.orders", "select i::integer as id, (i * 7 % 100)::integer as cents, i % 3 as day from range(90) t(i)")
    shop.asset("m.regions", "select i::integer as id, 'r' || (i % 5) as region from range(90) t(i)")
    shop.asset("m.sums", STATISTICS)
    shop.asset("m.large", "select id, cents from m.orders where cents > 50", kind="view")
    shop.asset("m.tail", "select count(*) as n from m.large")
    shop.apply()
    shop.promote()


def builds_nothing(plan: dict[str, Any]) -> bool:
    return all(step["action"] == "keep" for step in plan["steps"])


def test_nothing_that_was_built_is_ever_written_again(built: Shop) -> None:
    before = {name: contents(built, name) for name in built.tables()}
    built.asset(
        "m.orders", "select i::integer as id, (i * 9 % 100)::integer as cents, i % 3 as day from range(90) t(i)"
    )
    built.apply()
    built.promote()
    built.does("rollback", "prod", "--yes")
    built.apply("pr-1")
    assert {name: contents(built, name) for name in before} == before


def test_an_address_and_an_owner_are_no_part_of_what_is_built(built: Shop) -> None:
    tables = built.tables()
    text = (built.root / "assets/m/sums.sql").read_text()
    (built.root / "assets/m/sums.sql").write_text(text.replace("owner: ops", "owner: sales\ndescription: Sums"))
    plan = built.result("plan")
    assert builds_nothing(plan)
    assert plan["properties"] == {"m.sums": ["owner"]}
    built.file("assets/other/totals.sql", (built.root / "assets/m/sums.sql").read_text())
    assert built.apply()["made"] == []
    assert built.ids("dev")["other.totals"] == built.ids("dev")["m.sums"]
    assert built.tables() == tables


PROMISES = (
    "tags: [nightly, core]",
    "data_tests: [unique: {column_name: region, severity: warn}, dbt_utils.equal_rowcount: {compare_model: m.tail}]",
    "constraints: [{type: primary_key, columns: [region]}, {type: check, expression: cents > 0}]",
    "contract: {enforced: true}\n    columns: [{name: region, data_type: text}, {name: cents, data_type: hugeint}, "
    "{name: orders, data_type: bigint}]",
    "columns: [{name: cents, tags: [money], meta: {pii: false}, data_tests: [not_null], quote: true}]",
    "group: team\n    access: private",
    "config: {tags: [x], meta: {owner: ops}, grants: {select: [a]}, persist_docs: {relation: true}}",
)


def test_what_is_promised_is_no_part_of_what_is_built(built: Shop) -> None:
    built.file("data/t.csv", "id,at\n1,2\n")
    built.source("      - {name: t, path: data/t.csv}\n")
    built.asset("m.read", "select id from raw.t")
    built.apply()
    for promise in PROMISES:
        built.file("assets/m/m.yml", f"groups: [{{name: team, owner: ops}}]\nmodels:\n  - name: sums\n    {promise}\n")
        plan = built.result("plan")
        assert builds_nothing(plan), promise
        # Runs are linked with what is released, so these are released; what only the repository is asked for is not.
        # A key is what the gate compares by.
        is_told = any(word in promise for word in ("contract", "data_tests", "primary_key"))
        assert plan["is_empty"] is not is_told, promise
    built.file("tests/m.yml", "unit_tests: [{name: none, model: sums, expect: {rows: []}}]\n")
    built.source(
        "      - {name: t, path: data/t.csv, tags: [a], freshness: {warn_after: {count: 1, period: day}}, "
        "loaded_at_field: now(), columns: [{name: id, tags: [key], meta: {a: 1}, data_tests: [unique]}]}\n"
    )
    plan = built.result("plan")
    assert builds_nothing(plan)
    assert plan["properties"] == {"raw.t": ["data_tests", "freshness", "key"]}
    tables = built.tables()
    assert built.apply()["made"] == []
    assert built.tables() == tables


@pytest.mark.parametrize(
    "query",
    [
        STATISTICS.replace("select", "SELECT").replace("o.cents", "O.CENTS").replace("m.orders", "M.Orders"),
        "-- the sums\n" + STATISTICS.replace(" from", "\n\n  /* of */ from"),
        "with x as (select * from m.orders) " + STATISTICS.replace("m.orders o", "x as o"),
        STATISTICS.replace("m.orders o", "m.orders as b").replace("o.cents", "b.cents"),
        f"select sum(o.cents) as cents, count(*) as orders, r.region {FROM}",
    ],
    ids=["capitals", "comments", "cte", "alias", "order of columns"],
)
def test_writing_the_same_otherwise_builds_nothing(query: str, built: Shop) -> None:
    tables = built.tables()
    built.asset("m.sums", query)
    built.apply()
    assert built.tables() == tables


def test_a_column_that_nobody_reads_builds_nobody_else(built: Shop) -> None:
    built.asset(
        "m.orders", "select i::integer as id, (i * 7 % 100)::integer as cents, i % 4 as day from range(90) t(i)"
    )
    assert [step["address"] for step in built.apply()["made"]] == ["m.orders"]
    built.asset("m.orders", "select i::integer as id, (i * 7 % 100)::integer as cents from range(90) t(i)")
    assert [step["address"] for step in built.apply()["made"]] == ["m.orders"]


def test_an_edit_that_is_taken_back_builds_nothing(built: Shop) -> None:
    before = built.ids("dev")
    built.asset("m.regions", "select i::integer as id, 's' || (i % 5) as region from range(90) t(i)")
    assert built.apply()["made"]
    tables = built.tables()
    built.asset("m.regions", "select i::integer as id, 'r' || (i % 5) as region from range(90) t(i)")
    assert built.apply()["made"] == []
    assert built.ids("dev") == before
    assert built.tables() == tables


def test_without_any_cache_nothing_is_built_again(built: Shop) -> None:
    built.does("plan")
    for path in (built.root / ".headgate").iterdir():
        path.unlink()
    assert built.result("plan")["is_empty"]


def test_recipes_are_what_they_have_always_been(tmp_path: Path) -> None:
    """The hashes of golden queries: they pass on every supported sqlglot, or everybody's data would be built again."""
    golden = json.loads(GOLDEN.read_text())
    binder = open_binder(tmp_path)
    assert {query: recipe_of(query, binder).digest() for query in golden} == golden


def test_hashes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    """Python's own hashes are salted by process; ours must not be."""
    script = (
        "import json, sys, pathlib; from tests.laws.test_law_builds import GOLDEN\n"
        "from headgate.plugins.engines.duckdb_binder import open_binder; from tests.sql.test_recipes import recipe_of\n"
        "b = open_binder(pathlib.Path(sys.argv[1]))\n"
        "print(json.dumps([recipe_of(q, b).digest() for q in json.loads(GOLDEN.read_text())]))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert json.loads(answers.pop()) == list(json.loads(GOLDEN.read_text()).values())


def contents(shop: Shop, table: str) -> list[tuple[object, ...]]:
    return sorted(shop.outside(f'select * from headgate."{table}"'), key=repr)
