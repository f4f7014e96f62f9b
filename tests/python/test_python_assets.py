"""Python assets in a project, driven as a user does: what is built, what is reused, what is told."""

from __future__ import annotations

import textwrap
from pathlib import Path

import duckdb
import pytest

from tests.laws.shop import Shop

pytestmark = pytest.mark.slow

HEAD = "import headgate as hg\nimport pyarrow as pa\n"

COUNTS = '''
@hg.table(
    inputs={"orders": "m.orders"}, owner="ops", deterministic=True, columns={"n": "BIGINT", "cents": "BIGINT"}
)
def counts(orders: pa.Table):
    """How many."""
    return pa.table({"n": pa.array([orders.num_rows], pa.int64()), "cents": [sum(orders["cents"].to_pylist())]})
'''


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.file("uv.lock", "version = 1\n")
    made.asset("m.orders", "select * from (values (1, 100, 'a'), (2, 250, 'b')) as o (id, cents, note)")
    return made


def python(shop: Shop, text: str, path: str = "assets/m/sums.py") -> None:
    shop.file(path, HEAD + textwrap.dedent(text))


def rows(shop: Shop, table: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(shop.root / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(f"from {table} order by all").fetchall()


def built(shop: Shop) -> list[str]:
    """Apply, and return what was built."""
    return sorted(one["address"] for one in shop.result("apply", "dev", "--yes").get("made", ()))


@pytest.mark.slow
def test_columns_that_nobody_declared_are_seen_on_empty_tables(shop: Shop) -> None:
    text = COUNTS.replace(', columns={"n": "BIGINT", "cents": "BIGINT"}', "")
    python(shop, text)
    shop.asset("m.above", "select c.cents from m.counts as c where c.n > 1")
    assert built(shop) == ["m.above", "m.counts", "m.orders"]
    assert rows(shop, "m__dev.above") == [(350,)]
    python(shop, text.replace("sum(", "max("))
    answer, _ = shop.tries("plan", "dev")
    assert "HG337" in answer
    assert "ValueError: max() arg is an empty sequence" in answer


def test_a_function_is_an_asset_like_any_other(shop: Shop) -> None:
    python(shop, COUNTS)
    shop.asset("m.above", "select c.cents from m.counts as c where c.n > 1")
    assert built(shop) == ["m.above", "m.counts", "m.orders"]
    assert rows(shop, "m__dev.counts") == [(2, 350)]
    assert rows(shop, "m__dev.above") == [(350,)]
    assert built(shop) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('    """How many."""\n', "    # otherwise\n\n"),
        ('owner="ops", deterministic=True', 'deterministic = True,\n  owner="ops", tags=["x"], description="y"'),
        ("[orders.num_rows], pa.int64()", "[orders . num_rows],\n        pa.int64()"),
        (
            "\n@hg",
            '\n@hg.table(inputs={}, owner="ops", columns={"x": "BIGINT"})\ndef other():\n    return 1 / 0\n\n@hg',
        ),
        ("def counts(orders: pa.Table):", "def counts(orders: 'pa.Table'):"),
    ],
    ids=["comments", "properties", "format", "a function beside it", "how the annotation is written"],
)
def test_what_changes_nothing_rebuilds_nothing(shop: Shop, before: str, after: str) -> None:
    python(shop, COUNTS)
    built(shop)
    assert before in COUNTS
    python(shop, COUNTS.replace(before, after))
    if "def other" in after:
        python(shop, COUNTS.replace(before, after).replace("1 / 0", "pa.table({'x': [1]})"))
        assert built(shop) == ["m.other"]
    else:
        assert built(shop) == []


@pytest.mark.slow
def test_whatever_may_change_the_result_rebuilds_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE", "1")
    shop.file("lib/rates.py", "from inner import FACTOR\n")
    shop.file("lib/inner.py", "FACTOR = 1\n")
    shop.file("lib/unrelated.py", "X = 1\n")
    text = COUNTS.replace("pa.table(", "scaled(").replace("deterministic", 'variables=["RATE"], deterministic')
    own = "from .scale import scaled\n" + text
    shop.file("assets/m/scale.py", HEAD + "import rates\ndef scaled(columns):\n    return pa.table(columns)\n")
    python(shop, own)
    built(shop)
    edits = [
        ("its own text", lambda: python(shop, own.replace("sum(", "max("))),
        ("a module beside it", lambda: shop.file("assets/m/scale.py", HEAD + "import rates\nscaled = pa.table\n")),
        ("a module of a module", lambda: shop.file("lib/inner.py", "FACTOR = 2\n")),
        ("the lock file", lambda: shop.file("uv.lock", "version = 2\n")),
        ("a variable", lambda: monkeypatch.setenv("RATE", "2")),
    ]
    for what, edit in edits:
        edit()
        assert built(shop) == ["m.counts"], what
    shop.file("lib/unrelated.py", "X = 2\n")
    assert built(shop) == []


@pytest.mark.slow
def test_a_changed_text_that_a_function_reads_is_planned(shop: Shop) -> None:
    python(shop, COUNTS)
    built(shop)
    shop.asset("m.orders", "select * from (values (1, 100, 'a'), (2, 250, 'c')) as o (id, cents, note)")
    steps = {one["address"]: one["cause"] for one in shop.result("plan", "dev")["steps"]}
    assert steps == {"m.orders": "changed", "m.counts": "upstream"}
    assert built(shop) == ["m.counts", "m.orders"]


@pytest.mark.slow
def test_reads_give_reuse_by_column(shop: Shop) -> None:
    python(
        shop,
        """
        @hg.table(
            inputs={"orders": "m.orders"}, owner="ops", deterministic=True,
            columns={"id": "INTEGER", "euros": "DOUBLE"},
            reads={"id": ["orders.id"], "euros": ["orders.cents"]}, rows=["orders.id"],
        )
        def prices(orders: pa.Table):
            assert orders.schema.names == ["id", "cents"], orders.schema.names
            return pa.table({"id": orders["id"], "euros": [c / 100 for c in orders["cents"].to_pylist()]})
        """,
    )
    shop.asset("m.base", "select * from (values (1), (2)) as o (id)")
    shop.asset("m.orders", "select b.id, b.id * 10 as cents, 'a' as note from m.base as b")
    shop.asset("m.ids", "select p.id from m.prices as p")
    assert built(shop) == ["m.base", "m.ids", "m.orders", "m.prices"]
    shop.asset("m.orders", "select b.id, b.id * 10 as cents, 'z' as note from m.base as b")
    assert built(shop) == ["m.orders"]
    shop.asset("m.orders", "select b.id, b.id * 20 as cents, 'z' as note from m.base as b")
    assert built(shop) == ["m.orders", "m.prices"]
    assert rows(shop, "m__dev.prices") == [(1, 0.2), (2, 0.4)]


@pytest.mark.slow
def test_what_is_not_deterministic_is_followed_by_its_readers(shop: Shop) -> None:
    python(shop, COUNTS.replace(", deterministic=True", ""))
    shop.asset("m.above", "select c.cents from m.counts as c")
    built(shop)
    python(shop, COUNTS.replace(", deterministic=True", "").replace("sum(", "max("))
    assert built(shop) == ["m.above", "m.counts"]


@pytest.mark.slow
def test_promotion_and_rollback_move_it_like_a_table(shop: Shop) -> None:
    python(shop, COUNTS)
    shop.commit("first")
    built(shop)
    shop.does("promote", "dev", "--yes")
    assert rows(shop, "m.counts") == [(2, 350)]
    python(shop, COUNTS.replace("sum(", "max("))
    shop.commit("second")
    built(shop)
    shop.does("promote", "dev", "--yes")
    assert rows(shop, "m.counts") == [(2, 250)]
    shop.does("rollback", "prod", "--yes")
    assert rows(shop, "m.counts") == [(2, 350)]


def test_a_failure_is_told_at_its_line_and_nothing_is_published(shop: Shop) -> None:
    python(shop, COUNTS.replace('orders["cents"]', 'orders["sents"]'))
    shop.asset("m.above", "select c.cents from m.counts as c")
    text, status = shop.tries("apply", "dev", "--yes")
    assert status == 1
    assert "failed  m.counts  assets/m/sums.py:9" in text
    assert '9 |     return pa.table({"n"' in text
    assert "KeyError: no key" in text
    assert "1 asset that reads it was not started." in text
    assert "Nothing was published" in text


@pytest.mark.slow
def test_declared_types_are_kept_exactly_or_refused(shop: Shop) -> None:
    declared = COUNTS.replace('{"n": "BIGINT"', '{"n": "SMALLINT"')
    python(shop, declared)
    built(shop)
    with duckdb.connect(str(shop.root / "warehouse.duckdb"), read_only=True) as connection:
        assert str(connection.sql("from m__dev.counts").types[0]) == "SMALLINT"
    python(shop, declared.replace("[orders.num_rows], pa.int64()", "[1.5]"))
    text, status = shop.tries("apply", "dev", "--yes")
    assert status == 1
    assert "n: a DOUBLE does not fit into SMALLINT: 1.5" in text


@pytest.mark.slow
def test_what_it_printed_is_kept_with_the_build(shop: Shop) -> None:
    python(shop, COUNTS.replace('    """How many."""', '    print("orders:", orders.num_rows)'))
    built(shop)
    assert "orders: 2" in shop.does("show", "m.counts")


@pytest.mark.slow
def test_a_saved_plan_holds_the_function(shop: Shop) -> None:
    python(shop, COUNTS)
    shop.does("plan", "dev", "--out", "dev.plan")
    shop.does("apply", "--plan", "dev.plan", "--yes")
    assert rows(shop, "m__dev.counts") == [(2, 350)]
    python(shop, COUNTS.replace("sum(", "max("))
    shop.does("plan", "dev", "--out", "dev.plan")
    python(shop, COUNTS.replace("sum(", "min("))
    text, status = shop.tries("apply", "--plan", "dev.plan", "--yes")
    assert status == 1
    assert "assets/m/sums.py changed since the plan was made" in text
    assert rows(shop, "m__dev.counts") == [(2, 350)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("def (", "HG330", 3),
        ('@hg.table\ndef f():\n    return 1\n', "HG331", 3),
        ('@hg.table(input={})\ndef f():\n    return 1\n', "HG331", 3),
        ('@hg.table(inputs=dict(a="m.orders"))\ndef f(a: pa.Table):\n    return a\n', "HG331", 3),
        ('@hg.table(timeout="soon")\ndef f():\n    return 1\n', "HG331", 3),
        ('if True:\n    @hg.table()\n    def f():\n        return 1\n', "HG331", 5),
        ('@hg.table()\nasync def f():\n    return 1\n', "HG331", 4),
        ('@hg.table(inputs={"b": "m.orders"})\ndef f(a: pa.Table):\n    return a\n', "HG332", 4),
        ('@hg.table(inputs={"a": "m.orders"})\ndef f(a: list):\n    return a\n', "HG333", 4),
        ('@hg.table(inputs={"a": "m.orders"})\ndef f(a):\n    return a\n', "HG333", 4),
        ('@hg.table(variables=["NO_SUCH_VARIABLE"])\ndef f():\n    return 1\n', "HG334", 3),
        ('@hg.table(inputs={"a": "m.order"})\ndef f(a: pa.Table):\n    return a\n', "HG202", 3),
        ('@hg.table(inputs={"a": "m.orders"}, reads={"id": ["a.z"]})\ndef f(a: pa.Table):\n    return a\n', "HG336", 4),
        ('@hg.table(inputs={"a": "m.orders"})\ndef f(a: pa.Table):\n    return a["nosuch"]\n', "HG337", 5),
        ('@hg.table()\ndef f():\n    return 1\n@hg.table()\ndef f():\n    return 2\n', "HG301", 7),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_place(shop: Shop, text: str, code: str, line: int) -> None:
    python(shop, text)
    answer, status = shop.tries("check")
    assert status == 1
    assert f"error {code}" in answer, answer
    assert f"assets/m/sums.py:{line}" in answer, answer


@pytest.mark.slow
def test_a_failure_does_not_wait_for_rows_that_nobody_wants(shop: Shop) -> None:
    numbers = "from range(200000) as r (id)"
    shop.asset("m.numbers", f"select r.id {numbers}")
    query = "select sum(a.id * b.id % 7) as n from m.numbers as a cross join m.numbers as b"  # takes minutes
    shop.asset("m.products", query, kind="view")
    python(
        shop,
        """
        @hg.table(inputs={"products": "m.products"}, owner="ops", columns={"n": "BIGINT"}, timeout="1 second")
        def late(products: pa.Table):
            return products
        """,
    )
    text, status = shop.tries("apply", "dev", "--yes")
    assert status == 1
    assert "it took longer than 1 s" in text
