"""`python -m bench`: measure, and print the table as Markdown."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from bench.headgate import Bench, start_rows
from bench.peers import Peer, dbt_rows, sqlmesh_rows
from bench.table import Row, markdown

PEER_SIZE_MAX = 2000


def main() -> int:
    arguments = _parser().parse_args()
    rows: list[Row] = []
    _collect(rows, start_rows(arguments.runs))
    for size in arguments.size:
        with _folder(arguments.keep) as folder:
            _measure_size(rows, size, folder, arguments)
    print(f"\n{_machine()}; medians of {arguments.runs}\n\n{markdown(rows)}")
    if arguments.out:
        arguments.out.write_text(json.dumps({"machine": _machine(), "rows": [row.to_json() for row in rows]}, indent=1))
    return 1 if any(row.measured.fault for row in rows) else 0


def _measure_size(rows: list[Row], size: int, folder: Path, arguments: argparse.Namespace) -> None:
    bench = Bench(size, arguments.rows, arguments.runs, folder)
    _say(f"floors of {size:,}")
    bench.measure_floors()
    for name, floor in bench.floors.items():
        _say(f"  {name} {floor.median:.2f} s" if floor.median else f"  {name} {floor.fault}")
    _collect(rows, bench.build_rows())
    _collect(rows, bench.plan_rows())
    _collect(rows, bench.switch_rows())
    if size > PEER_SIZE_MAX:
        return
    for python, measure_peer in ((arguments.sqlmesh, sqlmesh_rows), (arguments.dbt, dbt_rows)):
        if python:
            peer = Peer(Path(python).absolute(), folder, bench.project.raw, arguments.peer_runs)
            _collect(rows, measure_peer(peer, bench.project.workload))


def _collect(rows: list[Row], measured: Iterable[Row]) -> None:
    for row in measured:
        median = row.measured.median
        _say(f"{row.work} ({row.size:,}): " + (f"{median:.3g} s " if median is not None else "") + row.verdict)
        rows.append(row)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "sqlglot"))
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {packages}"


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Yield an empty folder that is removed afterwards, unless `keep` names one that stays."""
    folder = Path(tempfile.mkdtemp(prefix="headgate-bench-", dir=keep))
    try:
        yield folder
    finally:
        if keep is None:
            shutil.rmtree(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", type=int, nargs="+", default=[1000, 10000], help="numbers of assets")
    parser.add_argument("--rows", type=int, default=1000, help="rows of each raw table")
    parser.add_argument("--runs", type=int, default=5, help="executions of each command; the median counts")
    parser.add_argument("--peer-runs", type=int, default=1, help="executions of each command of another tool")
    parser.add_argument("--sqlmesh", metavar="PYTHON", help="Python of an environment with SQLMesh")
    parser.add_argument("--dbt", metavar="PYTHON", help="Python of an environment with dbt-duckdb")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all figures here too")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the projects in this folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
