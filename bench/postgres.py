"""How fast PostgreSQL is built in: ``python -m bench.postgres``, beside the same statements through psycopg.

The workload of the whole benchmark, in an empty database on a server that is started for it, with fsync. The floor is a
process that makes the tables one after the other, each its own transaction. Whole processes, importing included.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.measure import Command, Measured, measure
from bench.projects import HeadgateProject
from bench.workload import COLUMNS, RAW_TABLES, Workload, make_workload
from tests.postgres.server import Database, Server

ROOT = Path(__file__).resolve().parent.parent
TOML = 'name = "bench"\n\n[engines.wh]\nkind = "postgres"\nurl = "env:BENCH_URL"\n'
BY_HAND = """
import os, psycopg, sys
with psycopg.connect(os.environ["BENCH_URL"], autocommit=True) as connection:
    for statement in open("statements.sql").read().split(";;"):
        connection.execute(statement)
"""


class PostgresProject(HeadgateProject):
    """The workload with a warehouse in PostgreSQL."""

    def reset_warehouse(self) -> None:
        """Forget the state: the database is made anew by who measures."""
        for path in self.root.glob("*.db*"):
            path.unlink()


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.postgres", description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="assets")
    parser.add_argument("--rows", type=int, default=1000, help="of each raw table")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    workload = make_workload(options.size, options.rows)
    with tempfile.TemporaryDirectory() as folder, _server() as server:
        root = _written(Path(folder), workload)
        bench = _Bench(server, root, workload)
        hand = bench.seconds("by_hand.py", runs=options.runs)
        plan = bench.seconds("-m", "headgate", "plan", "dev", runs=options.runs)
        saved = ("apply", "--plan", "dev.plan", "--yes")
        built = bench.seconds("-m", "headgate", *saved, runs=options.runs, prepare=bench.planned)
        whole = bench.seconds("-m", "headgate", "apply", "dev", "--yes", runs=options.runs)
    print(f"{options.size:,} assets over {RAW_TABLES} tables of {options.rows:,} rows; seconds of the clock.\n")
    print("| Work | Aim | Seconds | Of the floor |\n|---|---|--:|--:|")
    print(f"| the same statements through psycopg | floor | {hand:.1f} | |")
    print(f"| plan, nothing known yet | | {plan:.1f} | {plan / hand:.2f} |")
    print(f"| build of what was planned | 1.3 | {built:.1f} | {built / hand:.2f} |")
    print(f"| plan and build | | {whole:.1f} | {whole / hand:.2f} |")


@contextmanager
def _server() -> Iterator[Server]:
    server = Server(settings={"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB"})
    try:
        yield server
    finally:
        server.close()


def _written(folder: Path, workload: Workload) -> Path:
    """Write the project and the statements by hand; return the project's folder."""
    project = PostgresProject(folder / "shop", Path(), workload)
    project.root.mkdir()
    project.write()
    (project.root / "headgate.toml").write_text(TOML)
    statements = ["create schema staging", "create schema marts"]
    statements += [f"create table {a.address} as {a.sql(list(a.inputs))}" for a in workload.assets]
    (project.root / "statements.sql").write_text(";;".join(statements))
    (project.root / "by_hand.py").write_text(BY_HAND)
    project.commit("Move to PostgreSQL")
    return project.root


class _Bench:
    """Runs commands in the project, each in a fresh database with nothing known."""

    def __init__(self, server: Server, root: Path, workload: Workload) -> None:
        self._server = server
        self._root = root
        self._project = PostgresProject(root, Path(), workload)
        self._database: Database | None = None
        self._environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "HEADGATE_USER": "bench"}

    def seconds(self, *arguments: str, runs: int, prepare: Callable[[], None] | None = None) -> float:
        """Return the median seconds of ``python ARGUMENTS``."""
        found = [self._once(arguments, prepare or self._fresh) for _ in range(runs)]
        return sorted(found)[len(found) // 2]

    def planned(self) -> None:
        """Leave a fresh database, and a saved plan."""
        self._fresh()
        self._demand(self._run(("-m", "headgate", "plan", "dev", "--out", "dev.plan")))

    def _once(self, arguments: tuple[str, ...], prepare: Callable[[], None]) -> float:
        prepare()
        return self._demand(self._run(arguments))

    def _run(self, arguments: tuple[str, ...]) -> Measured:
        return measure(Command((sys.executable, *arguments), self._root, self._environment), runs=1)

    def _demand(self, measured: Measured) -> float:
        if measured.median is None:
            raise SystemExit(f"this could not be measured: {measured.fault}")
        return measured.median

    def _fresh(self) -> None:
        if self._database is not None:
            self._server.drop(self._database)
        self._database = self._server.database()
        self._environment["BENCH_URL"] = self._database.url
        self._project.remove(".headgate", "dev.plan")
        self._project.reset_warehouse()
        with psycopg.connect(self._database.url) as connection:
            _fill(connection, self._project.workload.rows)


def _fill(connection: psycopg.Connection, rows: int) -> None:
    """Fill the raw tables."""
    connection.execute("create schema raw")
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS)
    for number in range(RAW_TABLES):
        connection.execute(f"create table raw.t{number} ({columns})".encode())
        connection.execute(
            f"insert into raw.t{number} select i, i % {number + 7}, 'label ' || (i * {number + 3} % 97), "
            f"date '2024-01-01' + (i % 365)::integer, (i * 7919 + {number}) % 1000, i % 11 "
            f"from generate_series(0, {rows - 1}) as r(i)".encode()
        )


if __name__ == "__main__":
    main()
