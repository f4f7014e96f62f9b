"""All faults at once, in the user's words; exit statuses; one JSON object; no question without a terminal."""

# ruff: noqa: E501 - lists of cases are read as tables

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.laws.shop import CONFIG, Beginning, Shop

pytestmark = pytest.mark.slow

WRITERS = (("apply", "dev"), ("promote", "dev"), ("rollback", "prod"), ("gc",))
READERS = (
    ("check",),
    ("plan",),
    ("plan", "prod"),
    ("status",),
    ("releases",),
    ("show", "m.a"),
    ("sql", "dev", "select 1 as x"),
)


def as_process(shop: Shop, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headgate", *arguments],
        cwd=shop.root, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), **environment},
    )  # fmt: skip


def edit(shop: Shop) -> None:
    """Release a table and edit it."""
    shop.asset("m.a", "select 1 as x")
    shop.apply()
    shop.promote()
    shop.asset("m.a", "select 2 as x")


def test_every_fault_is_told_at_once_with_place_and_hint(shop: Shop) -> None:
    """Files of every kind are faulty; none hides another."""
    shop.asset("m.good", "select 1 as x, 2 as y")
    shop.asset("m.column", "select z from m.good")
    shop.asset("m.table", "select x from m.godo")
    shop.asset("m.text", "selec x from m.good")
    shop.asset("m.type", "select sum(x) + y as q from m.good")
    shop.asset("m.one", "select x from m.two")
    shop.asset("m.two", "select x from m.one")
    shop.asset("m.twice", "select x, y as X from m.good")
    shop.asset("m.unnamed", "select x + 1 from m.good")
    shop.asset("m.kind", "select 1 as x", kind="tabel")
    shop.file("assets/m/bad.yml", "assets:\n  - name: [\n")
    shop.file("assets/m/ghost.yml", "assets:\n  - name: goood\n")
    shop.file("assets/m/bad.csv", "a,b\n1\n1,2,3\n")
    shop.file("assets/m/python.py", "import headgate\n@headgate.table\ndef f(): ...\n")
    body = shop.json("check")
    assert body["exit_status"] == 1
    told = {d["place"]["path"]: d for d in body["diagnostics"] if d["place"]}
    for name in (
        "column.sql", "table.sql", "text.sql", "type.sql", "twice.sql", "unnamed.sql", "kind.sql", "bad.yml",
        "ghost.yml", "bad.csv", "python.py",
    ):  # fmt: skip
        fault = told[f"assets/m/{name}"]
        assert re.fullmatch(r"HG[123]\d\d", fault["code"])
        assert fault["place"]["line"] >= (1 if name.endswith((".sql", ".yml")) else 0)
    assert "assets/m/one.sql" in told or "assets/m/two.sql" in told
    assert "good" in told["assets/m/table.sql"]["hint"]
    assert told["assets/m/column.sql"]["place"]["line"] == 5
    assert "assets/m/good.sql" not in told
    for command in (("plan",), ("apply", "dev", "--yes")):
        again = shop.json(*command)
        assert again["exit_status"] == 1
        assert [d["summary"] for d in again["diagnostics"]] == [d["summary"] for d in body["diagnostics"]]
    assert not (shop.root / "warehouse.duckdb").exists()


def test_a_cycle_is_told_with_its_path(shop: Shop) -> None:
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        shop.asset(f"m.{one}", f"select x from m.{other}")
    shop.asset("m.self", "select x from m.self")
    text = shop.fails(1, "check")
    assert re.search(r"m\.a\b.*m\.b\b.*m\.c\b.*m\.a\b", text.replace("\n", " ")), text
    assert "m.self reads m.self" in text
    for name in ("a", "b", "c"):
        (shop.root / f"assets/m/{name}.sql").unlink()
    assert "HG302" in shop.fails(1, "check")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("headgate.toml", "name = "), ("headgate.toml", "name = 5\n"), ("headgate.toml", "\x00"),
        ("headgate.toml", 'name = "x"\n[engines.local]\nkind = "oracle"\n'),
        ("headgate.toml", 'name = "x"\n[environments.prod]\nengine = "nowhere"\n'),
        ("headgate.toml", 'name = "x"\n[environments.prod]\nprotected = "yes"\n'),
        ("headgate.toml", CONFIG + 'retain = "soon"\n'),
        ("headgate.toml", CONFIG + '[state]\nurl = "mysql://localhost/x"\n'),
        ("assets/m/a.sql", ""), ("assets/m/a.sql", "/* headgate\n"), ("assets/m/a.sql", "/* headgate\nkind: 5\n*/ select 1 as x"),
        ("assets/m/a.sql", "/* headgate\nowner: [\n*/\nselect 1 as x"), ("assets/m/a.sql", "(" * 5000 + "select 1 as x"),
        ("assets/m/a.sql", "select " + "+".join(["1"] * 20000) + " as x"), ("assets/m/a.sql", "select 1 as x; select 2 as x"),
        ("assets/m/a.sql", "select '\ud800'.encode"), ("assets/m/a.sql", "select a.b.c.d.e.f as x from m.b"),
        ("assets/m/a.sql", "drop table x"), ("assets/m/a.sql", "select * from"), ("assets/m/a.sql", "{{ ref('x') }}"),
        ("assets/m/a.csv", ""), ("assets/m/a.csv", "a,a\n1,2\n"), ("assets/m/a.csv", "\ufeffa\n1\n"), ("assets/m/a.csv", "\x00\n"),
        ("assets/x.yml", "5"), ("assets/x.yml", "assets: 5"), ("assets/x.yml", "- a"), ("assets/x.yml", "&a [*a]"),
        ("assets/x.yml", "sources: [{name: raw, tables: [{name: t, path: 7}]}]"),
        ("assets/x.yml", "exposures: [{name: e, depends_on: [m.nothing]}]"),
        ("assets/x.yml", "assets: [{name: m.b, columns: [{name: y, data_type: varchar}]}]"),
    ],
)  # fmt: skip
def test_no_fault_of_the_user_ends_as_one_of_ours(path: str, content: str, shop: Shop) -> None:
    shop.asset("m.b", "select 1 as y")
    shop.asset("m.a", "select 1 as x")
    if path == "assets/m/a.csv":
        (shop.root / "assets/m/a.sql").unlink()
    (shop.root / path).write_bytes(content.encode("utf-8", "surrogatepass"))
    for command in (("check",), ("plan",), ("apply", "dev", "--yes"), ("status",), ("promote", "dev", "--yes")):
        body = shop.json(*command)
        assert body["exit_status"] in (0, 1)
        assert all(d["code"].startswith("HG") for d in body["diagnostics"])
        assert (body["exit_status"] == 0) == all(d["severity"] != "error" for d in body["diagnostics"])


@pytest.mark.slow
def test_without_a_terminal_nothing_is_asked_and_nothing_done(shop: Shop) -> None:
    shop.asset("m.a", "select 1 as x")
    shop.apply()
    shop.promote()
    shop.asset("m.a", "select 2 as x")
    shop.apply()
    shop.asset("m.a", "select 3 as x")
    before = shop.ids("dev"), shop.ids("prod"), shop.tables()
    shop.file("headgate.toml", CONFIG.replace("[environments.prod]", '[environments.prod]\nretain = "0 days"'))
    for command in (("apply", "dev"), ("rollback", "dev"), ("gc", "--drop-environment", "dev")):
        done = as_process(shop, *command)
        assert done.returncode == 2, done.stderr
        assert "--yes" in done.stderr
        done = as_process(shop, *command, "--json")
        assert (done.returncode, json.loads(done.stdout)["exit_status"]) == (2, 2)
    shop.asset("m.a", "select 2 as x")
    assert as_process(shop, "promote", "dev").returncode == 2
    assert (shop.ids("dev"), shop.ids("prod"), shop.tables()) == before


@pytest.mark.slow
@pytest.mark.parametrize("command", WRITERS + READERS[1:5], ids=" ".join)
@pytest.mark.parametrize(
    "trouble", ["a folder for the state", "no database", "a folder for the warehouse", "no folder"]
)
def test_what_the_machine_does_ends_with_3_and_says_so(
    command: tuple[str, ...], trouble: str, begin: Beginning
) -> None:
    shop = begin(edit)
    state, warehouse = shop.root / "warehouse.state.db", shop.root / "warehouse.duckdb"
    if trouble == "a folder for the state":
        for path in shop.root.glob("warehouse.state.db*"):
            path.unlink()
        state.mkdir()
    elif trouble == "no database":
        warehouse.write_bytes(b"this is no database" * 1000)
    elif trouble == "a folder for the warehouse":
        warehouse.unlink()
        warehouse.mkdir()
    else:
        shop.file("headgate.toml", CONFIG.replace('"warehouse.duckdb"', '"nowhere/warehouse.duckdb"'))
    arguments = [*command, "--yes"] if command in WRITERS else list(command)
    body = shop.json(*arguments)
    assert body["exit_status"] in (0, 1, 3), body
    if body["exit_status"] == 3:
        assert body["diagnostics"][0]["hint"], body
    if trouble == "a folder for the state" and command != ("check",):
        assert body["exit_status"] == 3, body
    assert shop.tries(*arguments)[1] == body["exit_status"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("check",), 0), (("plan", "--exit-code"), 10), (("plan",), 0), (("plan", "nowhere-"), 2), (("plan", "--selec", "x"), 2),
        (("plan", "--select", "m.nothing"), 1), (("apply", "prod", "--yes"), 1), (("sql", "dev", "select nothing"), 1),
        (("show", "m.nothing"), 1), (("rollback", "prod", "--to", "0", "--yes"), 2), (("releases", "nowhere"), 1),
        (("frobnicate",), 2), (("plan", "prod", "--exit-code"), 1), (("apply", "dev", "--threads", "-1", "--yes"), 2),
        (("apply", "dev", "--threads", "many", "--yes"), 2), (("-C", "/nonexistent/folder", "plan"), 2),
        (("sql", "dev", "select 1 as x", "--limit", "-5"), 2), (("sql", "dev", "select 1 as x", "--format", "xml"), 2),
        (("promote", "--yes"), 2), (("promote", "nothing", "--yes"), 1), (("gc", "--engine", "other", "--yes"), 2),
        (("apply", "", "--yes"), 2), (("plan", ""), 2), (("promote", "dev", "--to", "", "--yes"), 2), (("show", ""), 1),
        (("plan", "--out", "/nonexistent/x.plan"), 2),
    ],
)  # fmt: skip
def test_exit_statuses(arguments: tuple[str, ...], status: int, begin: Beginning) -> None:
    shop = begin(edit)
    text, found = shop.tries(*arguments)
    assert found == status, text
    body = json.loads(shop.tries(*arguments, "--json")[0])
    assert (body["format"], body["exit_status"]) == (1, status)
    assert (body["result"] is None) == (status not in (0, 10))


@pytest.mark.slow
def test_data_goes_to_one_stream_and_messages_to_the_other(shop: Shop) -> None:
    shop.asset("m.a", "select 1 as x")
    done = as_process(shop, "apply", "dev", "--yes", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["exit_status"] == 0
    assert done.stdout.count("\n") == len(done.stdout.strip().splitlines())
    done = as_process(shop, "sql", "dev", "select x from m.a", "--format", "csv")
    assert (done.stdout, done.stderr) == ("x\n1\n", "")
    shop.asset("m.a", "select y")
    done = as_process(shop, "plan")
    assert (done.returncode, done.stdout) == (1, "")
    assert "HG207" in done.stderr or "HG203" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [{"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"TERM": "dumb"}, {"LC_ALL": "C"}, {"PYTHONUTF8": "0", "LC_ALL": "POSIX"}],
)
def test_away_from_a_terminal_nothing_is_coloured(environment: dict[str, str], shop: Shop) -> None:
    shop.asset("m.a", "select 'grün 表' as größe")
    for command in (
        ("apply", "dev", "--yes"),
        ("plan", "--verbose"),
        ("sql", "dev", "select * from m.a"),
        ("show", "m.a"),
    ):
        done = as_process(shop, *command, **environment)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout + done.stderr
