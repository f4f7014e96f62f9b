"""Questions that no engine would end: refused before it sees them, or ended by Ctrl-C; and files that are none's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from headgate.plugins.engines.duckdb import open_duckdb
from headgate.plugins.engines.duckdb_settings import settle
from tests.cli.scenario import headgate
from tests.project.test_hostile_work import doubled

pytestmark = pytest.mark.slow

SQL = "/* headgate\nowner: ada\n*/\n"
STUBBORN = "select levenshtein(repeat('ab', 60000), repeat('ba', 60000)) as far"
"""One call of a function, in which DuckDB does not look whether it was interrupted: a minute or more."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    (root / "assets/m").mkdir(parents=True)
    (root / "headgate.toml").write_text('name = "shop"\n')
    (root / "assets/m/a.sql").write_text(SQL + "select 1 as x")
    assert headgate(["apply", "dev", "--yes"], root)[1] == 0
    return root


@pytest.mark.parametrize(
    "query",
    [
        "select " + "list_transform([1], x -> " * 40 + "x" + ")" * 40 + " as a",
        "select [1]" + "[1]" * 20_000 + " as a",
        "select 1 as a0, " + ", ".join(f"a{i - 1} + a{i - 1} as a{i}" for i in range(1, 60)),
        pytest.param(doubled(), marks=pytest.mark.slow),
        "select 1" + " union all select 1" * 20_000,
        "select " + "(" * 50_000 + "1" + ")" * 50_000,
    ],
    ids=["lambdas", "brackets", "aliases", "stars", "unions", "parentheses"],
)
def test_what_nobody_would_wait_for_is_refused(query: str, shop: Path) -> None:
    start = time.process_time()
    text, status = headgate(["sql", "dev", query], shop)
    assert (text.split()[:2], status) == (["error", "HG201"], 1)
    assert time.process_time() - start < 15


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("select sum(hash(a.i * b.i)) as s from range(200000) as a(i), range(200000) as b(i)", id="rows"),
        pytest.param(STUBBORN, id="one call"),
    ],
)
@pytest.mark.slow
def test_an_interruption_ends_it(query: str, shop: Path) -> None:
    # The process shows that it is computing by the time that it has used: a second is more than a start takes.
    process = subprocess.Popen(
        [sys.executable, "-m", "headgate", "sql", "dev", query], cwd=shop, stderr=subprocess.PIPE, text=True
    )
    while cpu_seconds(process.pid) < 2.5:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=25)
    assert (said.strip(), process.returncode) == ("Interrupted.", 130)


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_database_for_questions_reads_the_files_that_are_named_alone(tmp_path: Path) -> None:
    for name in ("shown", "hidden"):
        (tmp_path / f"{name}.csv").write_text("id\n1\n")
    warehouse, shown = tmp_path / "w.duckdb", tmp_path / "shown.csv"
    duckdb.connect(str(warehouse)).close()
    engine = open_duckdb(warehouse, read_only=True, root=None, files=(shown,))
    try:
        assert engine.query(f"select id from read_csv('{shown}')").rows == ((1,),)
        with pytest.raises(Exception, match="Cannot access file"):
            engine.query(f"select id from read_csv('{tmp_path}/hidden.csv')")
    finally:
        engine.close()


def test_a_database_that_is_open_tells_which_files_it_cannot_read(tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    connection = duckdb.connect()
    assert settle(connection, duckdb.__version__, folders=(tmp_path / "all",), files=(first,))
    assert settle(connection, duckdb.__version__, folders=(), files=(first, tmp_path / "all/x.csv"))
    assert not settle(connection, duckdb.__version__, folders=(), files=(first, second))
