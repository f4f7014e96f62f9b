"""Values of protected columns stand in nothing that is told, and in nothing that the state keeps."""

import json
from pathlib import Path

import pytest

from tests.gate.team import Team

pytestmark = pytest.mark.slow

SECRET = "secret@x.org"
SOURCE = """      - name: orders
        path: data/orders.csv
        columns: [{name: mail, protected: true}]
"""
FUNCTION = """
import headgate as hg
import pyarrow as pa


@hg.table(inputs={"orders": "m.open"}, columns={"n": "BIGINT"}, owner="ops")
def called(orders: pa.Table) -> pa.Table:
    raise ValueError(f"what is {orders['id'][0]}")
"""
FAILING = {
    "a query of a test": ("tests/q.sql", "select id from m.orders where cast(mail as integer) < 0"),
    "a test through a view": ("tests/q.sql", "select id from m.open where id < 0"),
    "a build": ("assets/m/bad.sql", "/* headgate\nowner: ops\n*/\nselect cast(mail as integer) as n from m.orders"),
    "a build through a view": ("assets/m/bad.sql", "/* headgate\nowner: ops\n*/\nselect id + 1 as n from m.open"),
    "a load": (
        "assets/m/bad.sql",
        "/* headgate\nkind: incremental\nunique_key: mail\nowner: ops\n*/\nselect mail from m.orders "
        "union all select mail from m.orders",
    ),
    "a function": ("assets/m/code.py", FUNCTION.replace("m.open", "m.orders").replace("'id'", "'mail'")),
    "the input of a function": ("assets/m/code.py", FUNCTION),
}


def orders(*mails: str) -> str:
    """Return the rows of the orders."""
    return "id,price,mail\n" + "".join(f"{n},{n * 10},{mail}\n" for n, mail in enumerate(mails, 1))


def with_mails(team: Team, *mails: str) -> None:
    """Give the orders a protected column, and a view of it that says that nothing of it can be told."""
    team.file("data/orders.csv", orders(*mails))
    team.source(SOURCE)
    team.asset("m.orders", "select id, price, mail from raw.orders")
    view = "/* headgate\nkind: view\nowner: ops\ncolumns: [{name: id, protected: false}]\n*/\n"
    team.file("assets/m/open.sql", f"{view}select cast(mail as integer) as id from m.orders")


def state_of(root: Path) -> str:
    """Return all that the state holds, as far as it is text."""
    found = b"".join(path.read_bytes() for path in root.glob("warehouse.state.db*"))
    return found.decode("utf-8", "replace")


@pytest.mark.parametrize("what", FAILING)
def test_no_failure_quotes_a_protected_value(team: Team, what: str) -> None:
    with_mails(team, SECRET)
    path, text = FAILING[what]
    team.file(path, text)
    team.commit("What fails")
    told, _ = team.tries("apply", "dev", "--yes")
    assert "words that may quote a protected value of m." in told
    assert SECRET not in told + team.tries("apply", "dev", "--yes", "--json")[0] + state_of(team.root)


def test_no_job_of_a_request_quotes_a_protected_value(team: Team) -> None:
    with_mails(team, SECRET)
    team.file(*FAILING["a build"])
    team.commit("What fails")
    told = team.fails(1, "ci")
    reports = [path.read_text() for path in (team.root / ".headgate" / "ci").iterdir()]
    assert "words that may quote" in "".join(reports)
    assert SECRET not in "".join((told, *reports))


def test_no_record_of_a_run_quotes_a_protected_value(team: Team) -> None:
    with_mails(team, "n1", "n2")
    team.asset("m.bad", "select cast(replace(mail, 'n', '') as integer) as n from m.orders")
    team.edit("Protect the mail")
    team.does("promote", "dev", "--yes", "--override", "fewer rows")
    team.file("data/orders.csv", orders("n1", SECRET))
    assert SECRET not in team.fails(1, "run", "prod")
    assert "words that may quote" in state_of(team.root)
    assert SECRET not in state_of(team.root)


def test_where_nothing_protected_is_read_the_engine_is_quoted(team: Team) -> None:
    with_mails(team, SECRET)
    team.asset("m.prices", "select price, 'no number' as told from raw.orders")
    team.asset("m.bad", "select cast(told as integer) as n from m.prices")
    assert "Could not convert string 'no number'" in team.fails(1, "apply", "dev", "--yes")


PRICED = """      - name: orders
        path: data/orders.csv
        columns: [{name: price, protected: true}, {name: paid, protected: true}]
"""
TESTS = """models:
  - name: orders
    columns:
      - name: id
        data_tests: [unique, not_null]
      - name: price
        data_tests:
          - mean: {min: 0}
          - range: {max: 1, config: {severity: warn, store_failures: true}}
      - name: paid
        data_tests: [freshness: {warn_after: 24 hours}]
    data_tests: [freshness: {field: "paid::timestamp", warn_after: 24 hours}]
"""
PRICES = range(8_123_456_701, 8_123_456_801)
FIGURES = ("81234567", "8123456", "24370370", "2.437", "8.123e", "16246913", "1.62469", "2024-07-02")
"""Parts of prices, of their sums, means and differences, and of times, as they would be told."""


def priced(team: Team, *, source: str = PRICED) -> str:
    """Give the orders prices and times that nobody may see, and return the newest time."""
    newest = "2024-07-02 03:04:05"
    team.source(source)
    rows = "".join(f"{n},{price},{newest}\n" for n, price in enumerate(PRICES, 1))
    team.file("data/orders.csv", f"id,price,paid\n{rows}")
    return newest


def assert_kept_without_values(team: Team) -> None:
    """Hold that no price, no figure over prices, and no time is in the state."""
    kept = state_of(team.root)
    sums = [sum(prices) * factor for prices in (PRICES, PRICES[40:]) for factor in (1, 3)]
    told = ["81234567", "24370370", "16246913", *(f"{one}" for one in sums), "2024-07-02"]
    assert [one for one in told if one in kept] == []


def test_the_state_keeps_no_value_of_a_protected_column(team: Team) -> None:
    priced(team)
    team.asset("m.orders", "select id, price, paid from raw.orders")
    team.file("assets/m/m.yml", TESTS)
    team.edit("Protect the price")
    team.does("promote", "dev", "--yes", "--override", "another column")
    team.asset("m.orders", "select id, price * 3 as price, paid from raw.orders where id > 40")
    team.edit("Dearer")
    for command in (("report", "dev"), ("plan", "prod")):
        team.tries(*command)
    team.does("promote", "dev", "--yes", "--override", "dearer")
    kept = json.dumps(team.decision(team.released()))
    assert "price changes in 60 rows" in kept
    assert "by at most" not in kept
    assert_kept_without_values(team)
    team.does("verify", "--all")


def test_what_was_kept_before_a_column_was_protected_goes_with_the_next_look(team: Team) -> None:
    priced(team, source="      - name: orders\n        path: data/orders.csv\n")
    team.asset("m.orders", "select id, price * 1 as price from raw.orders")
    team.edit("Not protected")
    team.asset("m.orders", "select id, price * 3 as price from raw.orders")
    team.edit("Dearer")
    team.does("report", "dev")
    assert "24370370" in state_of(team.root)
    priced(team)
    team.edit("Protect the price")
    team.does("promote", "dev", "--yes", "--override", "dearer")
    kept = team.entries("evidence")
    shown = set(team.ids("prod").values())
    assert [key for key, text in kept.items() if key.partition("/")[0] in shown and "24370370" in text] == []


def test_how_old_protected_times_are_is_told_where_nothing_comes(team: Team) -> None:
    newest = priced(team)
    team.asset("m.orders", "select id, price, paid from raw.orders")
    team.file("assets/m/m.yml", TESTS)
    team.edit("Protect the times")
    team.does("promote", "dev", "--yes", "--override", "another column")
    told = team.does("run", "prod")
    assert "freshness of paid" in told
    assert newest not in told
    assert_kept_without_values(team)


def watching_the_price(team: Team) -> None:
    """Have runs watch the distribution of one column of orders of which another is protected as well."""
    priced(team)
    team.asset("m.orders", "select id, price, paid, id * 5 as points from raw.orders")
    text = (team.root / "headgate.toml").read_text()
    team.file("headgate.toml", text + '\n[gate.run."m.orders.p*"]\ndrift = "0.1"\n')
    team.edit("Watch the price and the points")
    team.does("promote", "dev", "--yes", "--override", "begin")


def test_a_run_that_watches_a_distribution_keeps_and_tells_no_protected_value(team: Team) -> None:
    watching_the_price(team)
    rows = "".join(f"{n + 1000},{price * 3},2024-07-02 03:04:05\n" for n, price in enumerate(PRICES, 1))
    team.file("data/orders.csv", f"id,price,paid\n{rows}")
    told = team.fails(1, "run", "prod")
    assert "points: values moved by" in told
    kept = state_of(team.root)
    assert "/profile" in kept
    assert [one for one in FIGURES if one in kept + told] == []


@pytest.mark.parametrize(
    "sides",
    [
        ("prod", "dev"),
        ("local:m.orders", "dev", "m.orders"),
        ("local:m.orders", "local:m__dev.orders"),
        ("local:M.orders", "local:other.copied"),
        ("local:headgate.PROD", "local:headgate.DEV"),
    ],
)
def test_a_diff_tells_no_protected_value(team: Team, sides: tuple[str, ...]) -> None:
    priced(team)
    team.asset("m.orders", "select id, price, paid from raw.orders")
    team.edit("Protect the price")
    team.does("promote", "dev", "--yes", "--override", "begin")
    team.asset("m.orders", "select id, price * 3 as price, paid from raw.orders")
    team.edit("Dearer")
    team.outside("create schema other")
    team.outside("create table other.copied as select id, price * 2 as price, paid from m__dev.orders")
    tables = {
        name: next(one for one in team.tables() if one.endswith(team.ids(name)["m.orders"].partition(":")[2][:16]))
        for name in ("prod", "dev")
    }
    sides = tuple(one.replace("PROD", tables["prod"]).replace("DEV", tables["dev"]) for one in sides)
    for more in ((), ("--json",), ("--key", "id")):
        told = team.does("diff", *sides, *more)
        assert "100" in told
        assert [one for one in FIGURES if one in told] == []
    team.file("assets/m/broken.yml", "models: [{name: nothing, columns: 3}]\n")
    told = team.does("diff", *sides, "--key", "id")
    assert [one for one in FIGURES if one in told] == []
