"""How fast loads are: ``python -m bench.loads``, each beside the same statements by hand.

Days: a table of so many rows comes in day by day, one transaction each. Merge: a tenth of a percent to a percent of a
large table is replaced by key; by hand that is one MERGE, which keeps nothing of what it replaces. Idle: a run of many
assets of which none has new input. Whole processes, but for the merge, which is one call of the engine.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from bench.measure import Command, measure
from headgate.core.address import Address
from headgate.core.hashing import digest
from headgate.core.intervals import Interval
from headgate.core.loading import Merging
from headgate.core.ports.loads import LoadEnd, LoadPart, LoadStart, Merged, OpenLoad, Replacing
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb import DuckEngine, open_duckdb

ROOT = Path(__file__).resolve().parent.parent
SHAPE: Shape = (Column("id", "BIGINT"), Column("a", "BIGINT"), Column("b", "DOUBLE"), Column("c", "VARCHAR"))
DAYS = 365

BY_HAND = """
import duckdb, sys
with duckdb.connect(sys.argv[1]) as connection:
    connection.execute("create table captured as from 'data/rows.parquet'")
    connection.execute("create table daily (day timestamp, k bigint, v double)")
    for day in range({days}):
        start, end = (f"timestamp '2023-01-01' + interval {{n}} day" for n in (day, day + 1))
        connection.execute("begin")
        connection.execute(f"insert into daily select day, k, v from captured where day >= {{start}} and day < {{end}}")
        connection.execute("commit")
"""


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.loads", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the table that is merged into")
    parser.add_argument("--assets", type=int, default=1000, help="of the idle run")
    options = parser.parse_args()
    print("| Work | Aim | By hand s | Seconds | Ratio |\n|---|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        hand, ours = days(Path(folder), options.runs)
        _row(f"{DAYS} days, 1,000,000 rows", "1.3", hand, ours)
        for share in (100, 1000):
            count = options.rows // share
            hand, ours = merges(Path(folder), options.rows, count, options.runs)
            _row(f"merge of {count:,} rows into {options.rows:,}", "1.6", hand, ours)
        idle = idle_run(Path(folder), options.assets, options.runs)
        print(f"| run of {options.assets:,} assets with nothing new | 0.3 s | | {idle:.3f} | |")


def _row(work: str, aim: str, hand: float, ours: float) -> None:
    print(f"| {work} | {aim} | {hand:.3f} | {ours:.3f} | {ours / hand:.2f} |", flush=True)


def days(folder: Path, runs: int) -> tuple[float, float]:
    """Return the seconds of a year that comes in day by day, by hand and as an apply of a new project."""
    root = folder / "days"
    (root / "assets" / "m").mkdir(parents=True)
    (root / "data").mkdir()
    duckdb.execute(
        "copy (select timestamp '2023-01-01' + to_days((i % 365)::int) + to_seconds(i // 365) as day, i as k, "
        f"i * 0.5 as v from range(1000000) as t(i)) to '{root}/data/rows.parquet'"
    )
    (root / "headgate.toml").write_text('name = "days"\n')
    (root / "assets" / "raw.yml").write_text(
        "sources:\n  - name: raw\n    tables:\n      - name: rows\n        path: data/rows.parquet\n"
    )
    (root / "assets" / "m" / "daily.sql").write_text(
        "/* headgate\nkind: incremental\ntime_column: day\nstart: 2023-01-01\nbatch: 1 day\n*/\n"
        "select r.day, r.k, r.v from raw.rows as r where r.day >= :start and r.day < :end\n"
    )
    (root / "by_hand.py").write_text(BY_HAND.format(days=DAYS))

    def fresh() -> None:
        for path in root.glob("*.d*b*"):
            path.unlink()

    hand = measure(Command((sys.executable, "by_hand.py", "hand.duckdb"), root), runs=runs, prepare=fresh)
    arguments = (sys.executable, "-m", "headgate", "apply", "dev", "--yes", "--quiet", "--now", "2024-01-01T00:00:00Z")
    ours = measure(Command(arguments, root), runs=runs, prepare=fresh)
    return _median(hand.median, hand.fault), _median(ours.median, ours.fault)


def merges(folder: Path, rows: int, count: int, runs: int) -> tuple[float, float]:
    """Return the seconds of merging ``count`` rows into ``rows`` of them, by one MERGE and by a load."""
    filled, changes = _filled(rows), f"select {_columns(f'i * {rows // count}', 1)} from range({count}) as t(i)"

    def by_hand(path: Path) -> float:
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create table target as {filled}")
            return _timed(
                lambda: connection.execute(
                    f"merge into target using ({changes}) as s on target.id = s.id "
                    "when matched then update set a = s.a, b = s.b, c = s.c "
                    "when not matched then insert values (s.id, s.a, s.b, s.c)"
                )
            )

    def by_load(path: Path) -> float:
        engine = open_duckdb(path, read_only=False, root=None)
        try:
            engine.adopt("bench")
            base = engine.begin_load(_start("base", None))
            _load(engine, base, filled, "base", Replacing(""))
            return _timed(
                lambda: _load(
                    engine, engine.begin_load(_start("next", base)), changes, "next", Merged(Merging(("id",)))
                )
            )
        finally:
            engine.close()

    found: dict[Callable[[Path], float], list[float]] = {by_hand: [], by_load: []}
    for number in range(runs):
        for work, seconds in found.items():
            path = folder / f"merge-{number}.duckdb"
            seconds.append(work(path))
            path.unlink()
    return statistics.median(found[by_hand]), statistics.median(found[by_load])


def _filled(rows: int) -> str:
    return f"select {_columns('i', 0)} from range({rows}) as t(i)"


def _columns(number: str, more: int) -> str:
    return (
        f"({number})::bigint as id, (i + {more})::bigint as a, (i * 0.5 + {more})::double as b, "
        f"('value ' || (i % 1000 + {more}))::varchar as c"
    )


def _start(name: str, base: OpenLoad | None) -> LoadStart:
    storage = base.storage if base else None
    return LoadStart(digest("bench", name), Address("m.t"), "m__t__0000000000000000", SHAPE, storage, SHAPE, False, 1)


def _load(engine: DuckEngine, load: OpenLoad, sql: str, name: str, change: Merged | Replacing) -> None:
    engine.load_part(load, LoadPart(Address("m.t"), Interval("", ""), sql, SHAPE, "", change))
    engine.end_load(load, LoadEnd(digest("bench build", name), Address("m.t"), SHAPE, 1))


def idle_run(folder: Path, assets: int, runs: int) -> float:
    """Return the seconds of a run of a released project of which nothing is due or new."""
    root = folder / "idle"
    (root / "assets" / "m").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "data" / "rows.csv").write_text("k,v\n1,2\n")
    (root / "assets" / "raw.yml").write_text(
        "sources:\n  - name: raw\n    tables:\n      - name: rows\n        path: data/rows.csv\n"
    )
    for number in range(assets):
        source = f"m.t{number // 2}" if number else "raw.rows"
        text = f"select k + {number} as k, v from {source}\n"
        if number % 10 == 1:
            text = f"/* headgate\nkind: incremental\nunique_key: k\n*/\n{text}"
        (root / "assets" / "m" / f"t{number}.sql").write_text(text)
    for arguments in (("apply", "dev"), ("promote", "dev")):
        done = measure(Command((sys.executable, "-m", "headgate", *arguments, "--yes", "--quiet"), root), runs=1)
        _median(done.median, done.fault)
    ran = measure(Command((sys.executable, "-m", "headgate", "run", "prod"), root), runs=runs)
    shutil.rmtree(root)
    return _median(ran.median, ran.fault)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _median(median: float | None, fault: str) -> float:
    if median is None or fault:
        raise SystemExit(f"this could not be measured: {fault}")
    return median


if __name__ == "__main__":
    main()
