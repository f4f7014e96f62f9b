"""The workload is what the bench says it is, and a command that fails is told, not measured."""

import sys
from pathlib import Path

import duckdb
import pytest

from bench import check_peers as peers
from bench import checks
from bench.compare import WORKS, Warehouse
from bench.measure import Command, Measured, measure
from bench.sixty_checks import COUNT, FILLED
from bench.table import Aim, Row, markdown
from bench.workload import COLUMNS, make_workload, raw_statements

pytestmark = pytest.mark.slow


def test_every_asset_runs_and_has_rows() -> None:
    workload = make_workload(120, 200)
    with duckdb.connect() as connection:
        for statement in [*raw_statements(200), "create schema staging", "create schema marts"]:
            connection.execute(statement)
        for asset in workload.assets:
            connection.execute(f"create table {asset.address} as {asset.sql(list(asset.inputs))}")
            described = connection.execute(f"describe {asset.address}").fetchall()
            assert [row[0] for row in described] == [name for name, _ in COLUMNS]
            counted = connection.execute(f"select count(*), count(distinct id) from {asset.address}").fetchone()
            assert counted is not None
            assert counted[0] == counted[1] > 0, asset


def test_the_same_seed_gives_the_same_work_and_a_salt_changes_each_asset() -> None:
    first, second = make_workload(50, 10), make_workload(50, 10)
    assert first.assets == second.assets
    assert sum(asset.schema == "staging" for asset in first.assets) == 5
    for asset in first.assets:
        names = list(asset.inputs)
        assert asset.sql(names) == asset.sql(names, 0) != asset.sql(names, 1)


def test_a_failing_command_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    script = "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"
    measured = measure(Command((sys.executable, "-c", script), folder), runs=2)
    assert measured.fault == "exit status 3: no such thing"
    row = Row("plan", 10, Aim("P", 0.3), measured, Measured((1.0,)))
    assert row.verdict == "failed: exit status 3: no such thing"
    assert "failed: exit status 3" in markdown([row])


def test_memory_is_the_sum_over_processes(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    child = "x = bytearray(80_000_000); import time; time.sleep(0.3)"
    script = f"import subprocess, sys; x = bytearray(80_000_000); subprocess.run([sys.executable, '-c', {child!r}])"
    memory = measure(Command((sys.executable, "-c", script), folder), runs=0, with_memory=True).memory
    assert memory is not None
    assert 160 < memory.pss <= memory.rss


def test_a_verdict_follows_the_aim() -> None:
    floor = Measured((1.0, 2.0, 3.0))
    assert Row("w", 1, Aim("P", 0.5), Measured((1.0,)), floor).verdict == "met"
    assert Row("w", 1, Aim("P", 0.4), Measured((1.0,)), floor).verdict == "missed"
    assert Row("w", 1, Aim(), Measured((1.0,))).verdict == ""
    assert [Row("w", 1, Aim(seconds=2), Measured((n,))).verdict for n in (2.0, 2.1)] == ["met", "missed"]


def test_each_comparison_finds_what_was_made_to_differ(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb", 4000)
    warehouse.build()
    for work in WORKS.values():
        work(warehouse)
    with pytest.raises(SystemExit, match="wrong: "):
        WORKS["compare more"](Warehouse(warehouse.file, 2000))


def test_each_tool_is_told_as_many_checks_as_are_declared() -> None:
    of_dbt = [*peers._dbt_tests_of_table(), *(one for name in FILLED for one in peers._dbt_tests(name))]
    assert [len(list(told)) for told in (checks.tests(), peers._soda_checks(), of_dbt, peers._audits())] == [COUNT] * 4


def test_checks_pass_on_the_table_and_fail_on_an_empty_one(tmp_path: Path) -> None:
    for rows in (1000, 0):
        warehouse = checks.Warehouse(tmp_path / f"{rows}.duckdb", rows)
        warehouse.build()
        opened = warehouse.open()
        for name, work in checks.WORKS.items():
            if rows or name == "by hand":
                work(opened)
            else:
                with pytest.raises(SystemExit, match="row_count"):
                    work(opened)
        opened.engine.close()


def test_a_tool_that_is_not_installed_is_told(tmp_path: Path) -> None:
    copied = checks.Warehouse(tmp_path / "w.duckdb", 10).copy()
    with duckdb.connect(str(copied), read_only=True) as connection:
        assert connection.execute("select count(*) from orders").fetchall() == [(10,)]
    row = checks._peer("Soda", Path(sys.executable), copied, 10)
    assert row.verdict == "failed: exit status 1: ModuleNotFoundError: No module named 'soda'"
