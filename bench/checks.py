"""How fast checks are: ``python -m bench.checks``, beside one SELECT by hand that asks everything of every row.

Sixty checks on a table of 20 columns: not null, one key, values of a list, ranges, regular expressions, the number of
rows, means and deviations. By hand they are one SELECT of aggregates with ``filter``, and a grouping for the key. Then
the same checks again on the build that was measured: nothing is asked of the engine.

Both are measured in this process, with an open engine. Where another tool is named, it does the same checks as a
process of its own, from start to exit, on a copy of the table that old versions of DuckDB read; and so that it stands
beside equals, both are measured once more as such processes. Each tool is executed once before it is measured: so it
finds what it keeps, such as a parsed project.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.check_peers import TABLE as COPIED
from bench.check_peers import TOOLS
from bench.measure import Command, Measured, measure
from bench.peers import QUIET
from bench.sixty_checks import (
    EXPRESSION,
    FIGURE_BOUNDS,
    FIGURES,
    FILLED,
    KEY,
    PATTERNS,
    RANGES,
    ROWS_MIN,
    VALUES,
    WHERE,
    literal,
    outside,
)
from bench.table import Aim, Row, markdown
from bench.wide import ADDRESS, TABLE, built, recorded
from headgate.core.checks import Check
from headgate.core.evidence import Evidence
from headgate.core.hashing import Digest
from headgate.core.promises import DeclaredTest
from headgate.core.recipe import Shape
from headgate.core.records import Build
from headgate.evidence.compile import compile_tests
from headgate.evidence.measure import Asking, Known, Subject, asking
from headgate.evidence.measure import measure as measure_checks
from headgate.plugins.checks.kinds import KINDS
from headgate.plugins.engines.duckdb import DuckEngine, open_duckdb


def tests() -> list[DeclaredTest]:
    """Return the sixty declarations."""
    low, high = FIGURE_BOUNDS
    found = [DeclaredTest("not_null", name, where=WHERE.get(name, "")) for name in FILLED]
    found.append(DeclaredTest("unique", KEY))
    found += [DeclaredTest("accepted_values", n, arguments={"values": list(v)}) for n, v in VALUES.items()]
    for name, bounds in RANGES.items():
        told = zip(("min", "max"), bounds, strict=True)
        found.append(DeclaredTest("range", name, arguments={word: one for word, one in told if one is not None}))
    found += [DeclaredTest("regex", name, arguments={"pattern": one}) for name, one in PATTERNS.items()]
    found.append(DeclaredTest("row_count", arguments={"min": ROWS_MIN}))
    found += [DeclaredTest("mean", name, arguments={"min": low, "max": high}) for name in FIGURES]
    found += [DeclaredTest("deviation", name, arguments={"min": low, "max": high}) for name in FIGURES]
    found.append(DeclaredTest("expression", arguments={"expression": EXPRESSION}))
    return found


def by_hand(relation: str) -> list[str]:
    """Return the statements that somebody would write: everything in one SELECT, and a grouping for the key."""
    items = ["count(*)"]
    items += [f"count({n})" + (f" filter (where {WHERE[n]})" if n in WHERE else "") for n in FILLED]
    for name, values in VALUES.items():
        items.append(f"count(*) filter (where {name} not in ({', '.join(map(literal, values))}))")
    items += [f"count(*) filter (where {outside(name)})" for name in RANGES]
    items += [f"count(*) filter (where not regexp_matches({n}, '{one}'))" for n, one in PATTERNS.items()]
    items += [f"avg({name}), stddev_samp({name})" for name in FIGURES]
    items.append(f"count(*) filter (where not ({EXPRESSION}))")
    key = f"select count(*) from (select 1 from {relation} group by {KEY} having count(*) > 1)"
    return [f"select {', '.join(items)} from {relation}", key]


def main() -> int:
    """Measure, and print a Markdown table; or do one of the works alone. Return 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.checks", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    for tool in TOOLS:
        parser.add_argument(f"--{tool.lower()}", metavar="PYTHON", help=f"Python of an environment with {tool}")
    parser.add_argument("--work", choices=WORKS, help=argparse.SUPPRESS)
    parser.add_argument("--warehouse", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        WORKS[options.work](Warehouse(options.warehouse, options.rows).open())
        return 0
    pythons = {tool: python for tool in TOOLS if (python := getattr(options, tool.lower()))}
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "w.duckdb", options.rows)
        warehouse.build()
        rows = _rows(warehouse, options.runs)
        if pythons:
            rows += _processes(warehouse, options.runs)
            copied = warehouse.copy()
            rows += [_peer(tool, Path(python).absolute(), copied, options.rows) for tool, python in pythons.items()]
    print(markdown(rows))
    return 1 if any(row.measured.fault for row in rows) else 0


def _rows(warehouse: Warehouse, runs: int) -> list[Row]:
    """Measure in this process, with the engine open."""
    opened = warehouse.open()
    kept: dict[Digest, Evidence] = {}
    hand = _timed(runs, lambda: _by_hand(opened))
    ours = _timed(runs, lambda: _measured(opened, kept, forgets=True))
    again = _timed(runs, lambda: _measured(opened, kept, forgets=False))
    opened.engine.close()
    work = f"{len(opened.checks)} checks, 20 columns"
    return [
        Row(work, warehouse.rows, Aim("by hand", 1.1), ours, hand),
        Row("the same again", warehouse.rows, Aim(seconds=0.05), again),
    ]


def _processes(warehouse: Warehouse, runs: int) -> list[Row]:
    """Measure each work as a process of its own."""
    folder = warehouse.file.parent / "at"
    folder.mkdir()
    rows = []
    for work in WORKS:
        told = ("-m", "bench.checks", "--work", work, "--warehouse", str(warehouse.file), "--rows", str(warehouse.rows))
        command = Command((sys.executable, *told), folder, {"PYTHONPATH": os.pathsep.join(sys.path)})
        measured = measure(command, runs=runs, with_memory=True)
        rows.append(Row(f"{work}, a process of its own", warehouse.rows, Aim(), measured))
    return rows


def _peer(tool: str, python: Path, copied: Path, size: int) -> Row:
    """Measure another tool, once for time and once for memory, after an execution that is not measured."""
    root = Path(__file__).parents[1]
    arguments = (str(python), "-m", "bench.check_peers", tool, str(copied))
    command = Command(arguments, copied.parent, {**QUIET, "PYTHONPATH": str(root)})
    measured = measure(command, runs=1)
    if not measured.fault:
        measured = measure(command, runs=1, with_memory=True)
    return Row(f"{tool}: the same checks", size, Aim(), measured)


class Warehouse:
    """A file with the table, as a build."""

    def __init__(self, file: Path, rows: int) -> None:
        self.file = file
        self.rows = rows
        self.sql = TABLE.format(rows=rows)

    def build(self) -> None:
        engine = open_duckdb(self.file, read_only=False, root=None)
        engine.adopt("bench")
        built(engine, "checks", self.sql)
        engine.close()

    def copy(self) -> Path:
        """Return a file with the table alone, which every DuckDB since 1.0 reads."""
        copied = self.file.parent / "peers" / "copy.duckdb"
        copied.parent.mkdir()
        with duckdb.connect() as connection:
            connection.execute(f"attach '{copied}' as copied (storage_version 'v1.0.0')")
            connection.execute(f"create table copied.{COPIED} as {self.sql}")
        return copied

    def open(self) -> Opened:
        engine = open_duckdb(self.file, read_only=True, root=None)
        build = recorded("checks", self.sql)
        return Opened(engine, build, _compiled(build.shape))


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine with the table, and what is asked of it."""

    engine: DuckEngine
    build: Build
    checks: tuple[Check, ...]

    @property
    def relation(self) -> str:
        return self.engine.relation(self.build.relation)


def _compiled(shape: Shape) -> tuple[Check, ...]:
    found = compile_tests(ADDRESS, tests(), shape, kinds=KINDS, shape_of=lambda _: None)
    if found.diagnostics:
        raise SystemExit(str(found.diagnostics[0]))
    return found.checks


def _by_hand(opened: Opened) -> None:
    for sql in by_hand(opened.relation):
        opened.engine.query(sql)


def _measured(opened: Opened, kept: dict[Digest, Evidence], *, forgets: bool) -> None:
    """Find out what the checks ask; with ``forgets`` as if nothing had been measured before."""
    from headgate.sql.conditions import Understood

    build = opened.build

    def understood(*_: object) -> Understood:
        return Understood(tuple(column.name for column in build.shape), is_volatile=False)

    asked: Asking = asking(Subject(build, opened.checks), understood)
    own = Evidence() if forgets else kept.get(build.id, Evidence())
    results = measure_checks(
        [asked], Known(own.answers, {build.id: own}),
        ask=opened.engine.measure, show=opened.engine.failing, relation_of=lambda _: opened.relation, keep=kept.update,
        report=lambda _: None,
    )  # fmt: skip
    failed = [r for r in results[ADDRESS] if r.failures]
    if failed:
        raise SystemExit(f"{failed[0].check.name}: {failed[0].told}")


def _timed(runs: int, work: Callable[[], object]) -> Measured:
    """Do the work that often, in this process."""
    clocks, processors = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.process_time()
        work()
        clocks.append(time.perf_counter() - began)
        processors.append(time.process_time() - used)
    return Measured(tuple(clocks), tuple(processors))


WORKS: Mapping[str, Callable[[Opened], None]] = {
    "by hand": _by_hand,
    "the checks": lambda opened: _measured(opened, {}, forgets=True),
}


if __name__ == "__main__":
    sys.exit(main())
