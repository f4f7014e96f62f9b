"""Tables and queries of an environment: lazy, fresh at each asking, the warehouse held no longer than rows are read."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import headgate
from tests.api.conftest import ORDERS
from tests.api.test_html import HOSTILE, Page

pytestmark = pytest.mark.slow

MANY = "select i, 'x' || i as name from range(3_000_000) as r(i)"
BREAKS_OFF = "select case when i < 1_000_000 then i else name::int end as x from (" + MANY + ")"


def is_free(warehouse: Path) -> bool:
    """Tell whether another process could write to the file: whether it gets DuckDB's lock on it."""
    code = f"import fcntl; fcntl.lockf(open({str(warehouse)!r}, 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    return subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.usefixtures("shop")
def test_a_table_in_every_form() -> None:
    revenue = headgate.open().table("prod", "marts.revenue")
    rows = [("ada", Decimal(15)), ("bob", Decimal(7))]
    assert (revenue.columns, revenue.types, len(revenue)) == (("customer", "total"), ("VARCHAR", "HUGEINT"), 2)
    assert sorted(revenue.pl().rows()) == sorted(revenue.lazy().collect().rows()) == rows
    assert sorted(revenue.df().itertuples(index=False, name=None)) == rows
    assert sorted(revenue.arrow().read_all().to_pylist(), key=str) == [
        {"customer": name, "total": total} for name, total in rows
    ]
    assert duckdb.sql("select count(*) from revenue").fetchall() == [(2,)]  # whatever speaks Arrow takes it as it is


def test_nothing_is_read_before_it_is_asked_for(shop: Path) -> None:
    project = headgate.open()
    relation = project.table("dev", "marts.revenue")
    before = relation.pl()["total"].sum()
    project.apply(project.plan())
    assert relation.pl()["total"].sum() == 2 * before
    (shop / "warehouse.duckdb").rename(shop / "elsewhere.duckdb")
    gone = project.table("dev", "no.such"), project.sql("dev", "no query at all")
    with pytest.raises(headgate.Refused, match=r"HG202 dev shows no no\.such"):
        gone[0].pl()
    with pytest.raises(headgate.EnvironmentFailed, match="does not exist"):
        relation.pl()


@pytest.mark.parametrize("name", ["revenue", "MARTS.Revenue", "marts.revenue"])
@pytest.mark.usefixtures("shop")
def test_a_name_is_found_as_the_engine_compares_names(name: str) -> None:
    assert len(headgate.open().table("dev", name)) == 2


@pytest.mark.usefixtures("shop")
def test_what_cannot_be_asked_is_refused_in_our_words() -> None:
    project = headgate.open()
    with pytest.raises(headgate.Refused, match=r"HG202 dev shows no marts\.revenu\n  Did you mean marts\.revenue\?"):
        len(project.table("dev", "marts.revenu"))
    with pytest.raises(headgate.Refused, match="HG544"):
        project.table("dve", "marts.revenue").pl()
    with pytest.raises(headgate.Refused, match="HG601") as raised:
        project.sql("dev", "select nosuch from marts.revenue").arrow()
    assert "nosuch" in raised.value.diagnostics[0].detail
    with pytest.raises(headgate.Refused, match="HG201"):
        project.sql("dev", "drop table marts.revenue").pl()


@pytest.mark.parametrize("query", ["select 1 as x; -- the end", "select 1 as x -- the end", "(select 1 as x)"])
@pytest.mark.usefixtures("shop")
def test_a_query_may_end_as_people_end_them(query: str) -> None:
    relation = headgate.open().sql("dev", query)
    assert (len(relation), relation.pl().rows(), relation.lazy().head(1).collect().rows()) == (1, [(1,)], [(1,)])


def test_a_stream_holds_the_warehouse_until_it_is_read_or_closed(shop: Path) -> None:
    warehouse = shop / "warehouse.duckdb"
    project = headgate.open()
    relation = project.sql("dev", MANY)
    assert relation.columns == ("i", "name")
    assert is_free(warehouse)
    reader = relation.arrow()
    assert reader.read_next_batch().num_rows
    assert not is_free(warehouse)
    assert sum(batch.num_rows for batch in reader) > 0
    assert is_free(warehouse)  # read to its end, though the reader is still there
    with project:
        again = relation.arrow()
    assert is_free(warehouse)
    with pytest.raises(ValueError, match="the stream is closed"):
        again.read_next_batch()
    third = relation.arrow()
    third.read_next_batch()
    del third
    assert is_free(warehouse)
    assert relation.pl().height == 3_000_000
    assert is_free(warehouse)


def test_to_write_beside_a_stream_of_ones_own_says_what_to_do(shop: Path) -> None:
    project = headgate.open()
    reader = project.sql("dev", MANY).arrow()
    assert len(project.table("dev", "marts.revenue")) == 2  # to read beside it is nothing
    with pytest.raises(headgate.EnvironmentFailed, match="by a stream or a connection of this process") as raised:
        project.apply("dev", yes=True)
    assert "close the project" in raised.value.hint
    assert reader.read_next_batch().num_rows
    project.close()
    assert project.apply("dev", yes=True).made


def test_a_busy_warehouse_is_told_with_its_holder(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import duckdb, sys; c = duckdb.connect('warehouse.duckdb'); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=shop, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin
    assert holder.stdout
    try:
        holder.stdout.readline()
        monkeypatch.setattr("headgate.app.session.Session.engine_for_questions.__kwdefaults__", {"wait_seconds": 0})
        with pytest.raises(headgate.EnvironmentFailed, match=f"is held by process {holder.pid}"):
            headgate.open().table("dev", "shop.orders").pl()
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


@pytest.mark.parametrize("form", ["pl", "df", "arrow"])
@pytest.mark.usefixtures("shop")
def test_a_query_that_breaks_off_is_refused_in_the_engines_words(form: str) -> None:
    relation = headgate.open().sql("dev", BREAKS_OFF)
    with pytest.raises(headgate.Refused) as raised:
        list(getattr(relation, form)())  # batches are read one by one
    (fault,) = raised.value.diagnostics
    assert fault.code == "HG601"
    assert fault.detail.startswith("Could not convert string 'x")


@pytest.mark.usefixtures("shop")
def test_a_lazy_frame_asks_for_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    relation = headgate.open().sql("dev", MANY)
    stream = relation._stream
    monkeypatch.setattr(relation, "_stream", lambda *given: asked.append(given) or stream(*given))
    frame = relation.lazy().select("name").head(3)
    assert asked == []
    assert frame.collect().rows() == [("x0",), ("x1",), ("x2",)]
    assert asked[-1] == (["name"], 3)
    assert relation.lazy().filter(pl.col("i") == 7).collect().rows() == [(7, "x7")]


@pytest.mark.parametrize(
    ("form", "name"), [("pl", "polars"), ("lazy", "polars"), ("df", "pandas"), ("arrow", "pyarrow")]
)
@pytest.mark.usefixtures("shop")
def test_a_library_that_is_not_there_is_named(form: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(headgate.UsageError, match=f"{name} is not installed.*: pip install {name}"):
        getattr(headgate.open().table("dev", "shop.orders"), form)()


def test_polars_needs_no_pyarrow(shop: Path) -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\nimport headgate\n"
        "print(headgate.open().table('dev', 'shop.orders').pl()['amount'].sum())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=shop, capture_output=True, text=True, check=True)
    assert done.stdout == "22\n"


def test_a_preview_shows_a_few_rows_and_that_there_are_more(shop: Path) -> None:
    (shop / "assets/shop/orders.csv").write_text(ORDERS + "".join(f'"{HOSTILE}",{n}\n' for n in range(20)))
    project = headgate.open()
    project.apply("dev", yes=True)
    relation = project.sql("dev", "select customer, amount from shop.orders order by customer desc")
    text = repr(relation)
    assert text.splitlines()[0] == "dev · select customer, amount from shop.orders order by customer desc"
    assert len(text.splitlines()) == 13
    assert text.endswith("(10 rows; there are more: .pl(), .df() and .arrow() give all)")
    bundle = relation._repr_mimebundle_()
    assert bundle == {"text/plain": text, "text/html": relation._repr_html_()}
    page = Page(bundle["text/html"])
    assert page.tags.count("tr") == 11
    assert "script" not in page.tags


@pytest.mark.usefixtures("shop")
def test_a_preview_that_fails_is_told_in_its_place() -> None:
    relation = headgate.open().table("dev", "marts.revenu")
    assert repr(relation).splitlines() == [
        "dev · marts.revenu", "HG202 dev shows no marts.revenu", "  Did you mean marts.revenue?",
    ]  # fmt: skip
    assert "HG202" in Page(relation._repr_html_()).text


@pytest.mark.slow
def test_an_interruption_ends_the_query(shop: Path) -> None:
    endless = "select sum(hash(a.i * b.i)) as s from range(200000) as a(i), range(200000) as b(i)"
    code = f"""
import os, signal, threading, time
import headgate, polars
signal.signal(signal.SIGINT, signal.default_int_handler)
project = headgate.open()
project.table("dev", "shop.orders").pl(), len(project.table("dev", "shop.orders"))  # all that is imported is there
def interrupt():
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGINT)
for ask in (lambda r: r.pl(), lambda r: r.arrow(), len):
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        ask(project.sql("dev", {endless!r}))
    except KeyboardInterrupt:
        print("ended")
print(bool(project.apply("dev", yes=True).made))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=shop, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "ended\nended\nended\nTrue\n"
