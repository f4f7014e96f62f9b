"""Values of protected columns stand in nothing that is told, and in nothing that the state keeps."""

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
