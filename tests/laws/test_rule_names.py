"""Names: what cannot be told apart in the engine is refused, everything else works, however odd."""

from pathlib import Path

import pytest

from tests.laws.shop import CONFIG, Shop

pytestmark = pytest.mark.slow

ODD_COLUMNS = (
    "select", "From", "a b", 'quo"te', "it's", "日本", "ünïcode", "a;b", "--x", "/*x*/", "%s", "{x}", "$1", "a.b",
    "x" * 200, "\\n", "tab\there", "true", "order", "__", "0",
)  # fmt: skip


def test_columns_may_be_called_anything(shop: Shop) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in ODD_COLUMNS]
    shop.asset("m.odd", "select " + ", ".join(f"{n} as {name}" for n, name in enumerate(quoted)))
    shop.asset("m.all", "select * from m.odd")
    shop.asset("m.some", f"select {', '.join(f't.{name}' for name in reversed(quoted))} from m.odd as t", kind="view")
    shop.apply()
    shop.promote()
    assert shop.outside("select * from m.all") == [tuple(range(len(quoted)))]
    assert shop.outside("select * from m.some") == [tuple(reversed(range(len(quoted))))]
    assert shop.result("plan")["is_empty"]
    shop.does("show", "m.odd")
    shop.does("plan", "--verbose")
    shop.asset("m.odd", "select " + ", ".join(f"{n + 1} as {name}" for n, name in enumerate(quoted)))
    shop.does("plan", "--verbose")
    shop.apply()
    assert shop.result("plan")["is_empty"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "schema", ["select", "main", "order", "Größe", "_x", "temp", "information_schema", "pg_catalog"]
)
@pytest.mark.parametrize("name", ["table", "view", "select", "grün", "a1", "_"])
def test_assets_may_be_called_like_words_of_sql(schema: str, name: str, shop: Shop) -> None:
    shop.asset(f"{schema}.{name}", "select 1 as x")
    shop.asset("m.reader", f'select t.x from "{schema}"."{name}" as t')
    text, status = shop.tries("apply", "dev", "--yes")
    if status == 0:
        assert shop.values("dev", "select x from m.reader") == [["1"]]
        text, status = shop.tries("promote", "dev", "--yes")
        if status == 0:
            assert shop.outside("select x from m.reader") == [(1,)]
            assert shop.outside(f'select x from "{schema}"."{name}"') == [(1,)]
            return
    assert status == 1, text
    assert schema in ("main", "temp", "information_schema", "pg_catalog"), text


@pytest.mark.parametrize("path", ["m__dev/a.sql", "__m/a.sql", "headgate/a.sql", "m/1a.sql", "m/a-b.sql", "m/a b.sql"])
def test_what_separates_names_in_the_engine_is_refused(path: str, shop: Shop) -> None:
    shop.file(f"assets/{path}", "/* headgate\nowner: ops\n*/\nselect 1 as x\n")
    text = shop.fails(1, "check")
    assert "HG107" in text
    assert path.rpartition("/")[2] in text


def test_names_may_hold_two_underscores_and_stay_apart(shop: Shop) -> None:
    names = ("m.a__b", "m.__a", "m.dev__a", "m_.a", "m._a", "m.a__dev")
    for number, name in enumerate(names):
        shop.asset(name, f"select {number} as x")
    shop.asset("m.all__of_them", " union all ".join(f"select x from {name}" for name in names), kind="view")
    shop.apply()
    shop.promote()
    assert shop.outside("select x from m.all__of_them order by 1") == [(n,) for n in range(len(names))]
    assert shop.outside("select (select x from m__dev.a__dev), (select x from m.dev__a)") == [(5, 2)]


@pytest.mark.parametrize(
    ("one", "other"), [("m/orders", "m/Orders"), ("m/orders", "M/orders"), ("m/straße", "m/STRASSE")]
)
def test_names_that_the_engine_takes_for_one_are_refused(one: str, other: str, shop: Shop) -> None:
    for path in (one, other):
        shop.file(f"assets/{path}.sql", "/* headgate\nowner: ops\n*/\nselect 1 as x\n")
    if len(list((shop.root / "assets").rglob("*.sql"))) < 2:
        pytest.skip("a file system that folds names")
    assert "HG301" in shop.fails(1, "check")


def test_a_reader_may_write_names_in_other_cases(shop: Shop) -> None:
    shop.asset("m.Orders", "select 1 as Id")
    shop.asset("m.reader", "select O.ID from M.ORDERS as o")
    shop.apply()
    assert shop.values("dev", "select id from m.reader") == [["1"]]


@pytest.mark.parametrize(
    "name", ["Dev", "a__b", "-a", "a-", "1a", "a b", "a.b", "ü", "", "a" * 41, "headgate;", "a--b", "../x"]
)
def test_environments_have_plain_names(name: str, shop: Shop) -> None:
    shop.asset("m.a", "select 1 as x")
    text, status = shop.tries("apply", name, "--yes")
    assert status == 2, text
    assert not (shop.root / "warehouse.duckdb").exists()
    toml = name.replace('"', "")
    shop.file("headgate.toml", CONFIG + f'\n[environments."{toml}"]\nengine = "local"\n')
    assert shop.tries("check")[1] == 1


def test_environments_that_would_have_the_same_schemas_are_refused_where_they_are_declared(shop: Shop) -> None:
    shop.asset("m.a", "select 1 as x")
    more = "".join(f'\n[environments.{name}]\nengine = "local"\n' for name in ("pr-1", "pr_1"))
    shop.file("headgate.toml", CONFIG + more)
    assert "HG124" in shop.fails(1, "check")


def test_a_schema_that_looks_like_one_of_an_environment(shop: Shop, tmp_path: Path) -> None:
    """``m_dev`` is an honest name; only two underscores separate."""
    shop.asset("m.a", "select 1 as x")
    shop.asset("m_dev.a", "select 2 as x")
    shop.apply()
    shop.promote()
    assert shop.outside("select (select x from m.a), (select x from m_dev.a), (select x from m__dev.a)") == [(1, 2, 1)]


def test_what_the_user_has_in_the_warehouse_is_left_alone(shop: Shop) -> None:
    shop.outside("create schema m; create table m.mine as select 7 as x; create table m.a as select 8 as x")
    shop.asset("m.a", "select 1 as x")
    shop.apply()
    assert "HG510" in shop.fails(1, "promote", "dev", "--yes")
    shop.outside("alter table m.a rename to was_a")
    shop.promote()
    assert shop.outside("select (select x from m.mine), (select x from m.a)") == [(7, 1)]
    (shop.root / "assets/m/a.sql").unlink()
    shop.asset("n.b", "select 1 as x")
    shop.apply()
    shop.promote()
    assert shop.outside("select x from m.mine") == [(7,)]
