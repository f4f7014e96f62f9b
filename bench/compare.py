"""How fast builds are compared: ``python -m bench.compare``, beside the same comparison by hand.

Two builds of 20 columns, of which one row in 1,000 has another amount, and one in 2,000 is gone or new. By hand that
is one full outer join on the key that counts the differing rows of each column; and where nothing differs, one hash of
all columns of the newer side, since that of the older one is known. Each is a process of its own, so that memory is
measured as well. Nothing is proven by versions: every column has to be looked at.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from bench.compare_peers import TOOLS
from bench.measure import Command, Measured, measure
from bench.peers import QUIET
from bench.table import Aim, Row, told
from bench.wide import ADDRESS, TABLE, built, recorded
from headgate.core.comparison import Comparison, Rung
from headgate.core.evidence import Evidence, evidence_from_text, evidence_to_text
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest, digest
from headgate.core.ports.comparing import Side
from headgate.core.records import Build
from headgate.evidence.compare import Asks, Pair, compare, fingerprint_key
from headgate.evidence.wishes import Wish
from headgate.plugins.engines.duckdb import DuckEngine, open_duckdb

KEY = ("id",)
MEMORY_MEGABYTES = 4000
SIDES: Mapping[str, str] = {
    "before": "{table}",
    "same": "{table} where true",
    "more": """
        select * replace (case when id % 1000 = 7 then amount + 1 else amount end as amount) from ({table})
        where id % 2000 <> 11 union all by name select * replace (id + {rows} as id) from ({table}) where id % 2000 < 1
        union all by name select * replace (id + 2 * {rows} as id) from ({table}) where id = 0
    """,
    "as many": """
        select * replace (case when id % 1000 = 7 then amount + 1 else amount end as amount) from ({table})
        where id % 2000 <> 11 union all by name select * replace (id + {rows} as id) from ({table}) where id % 2000 < 1
    """,
}
"""The builds, by name; a candidate with another number of rows than before, and one with as many."""


def main() -> int:
    """Measure, and print a Markdown table; or do one of the works alone. Return 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    for tool in TOOLS:
        parser.add_argument(f"--{tool.lower()}", metavar="PYTHON", help=f"Python of an environment with {tool}")
    parser.add_argument("--work", choices=WORKS, help=argparse.SUPPRESS)
    parser.add_argument("--warehouse", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        WORKS[options.work](Warehouse(options.warehouse, options.rows))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "w.duckdb", options.rows)
        warehouse.build()
        peers = {tool: getattr(options, tool.lower().replace("-", "_")) for tool in TOOLS}
        others = (_peer(tool, Path(python).absolute(), warehouse) for tool, python in peers.items() if python)
        rows = told(chain(_rows(warehouse, options.runs), others))
    return 1 if any(row.measured.fault for row in rows) else 0


def _rows(warehouse: Warehouse, runs: int) -> Iterator[Row]:
    folder, size = warehouse.file.parent / "at", warehouse.rows
    folder.mkdir()

    def measured(work: str, *, with_memory: bool = False) -> Measured:
        arguments = ("-m", "bench.compare", "--work", work, "--warehouse", str(warehouse.file), "--rows", str(size))
        told = {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = Command((sys.executable, *arguments), folder, told)
        return measure(command, runs=runs, with_memory=with_memory)

    join, hashing = measured("join"), measured("hash")
    differing = measured("compare more", with_memory=True)
    yield Row("compare, 0.1 % changed", size, Aim("join", 1.2), differing, join)
    yield Row("the same, memory", size, Aim(megabytes=MEMORY_MEGABYTES), differing)
    yield Row("as many rows as before, first time", size, Aim("join", 1.2), measured("compare as many"), join)
    yield Row("nothing differs, the older side known", size, Aim("hash", 1.2), measured("compare same"), hashing)


def _peer(tool: str, python: Path, warehouse: Warehouse) -> Row:
    """Measure another tool on a copy of the file, once for time and once for memory."""
    folder = warehouse.file.parent / "peer"
    folder.mkdir(exist_ok=True)
    copied = folder / warehouse.file.name
    sides = (warehouse.side(name).relation for name in ("before", "more"))
    script = Path(__file__).with_name("compare_peers.py")
    command = Command((str(python), str(script), tool, str(copied), *sides), folder, {**QUIET, "PYTHONPATH": ""})
    measured = measure(command, runs=1, prepare=lambda: _copied(warehouse.file, copied), with_memory=True)
    return Row(f"{tool}: compare, 0.1 % changed", warehouse.rows, Aim(), measured)


def _copied(file: Path, copy: Path) -> None:
    shutil.copy(file, copy)


class Warehouse:
    """A file with all sides, and beside it what is known of the older one."""

    def __init__(self, file: Path, rows: int) -> None:
        self.file = file
        self.rows = rows
        self.kept = file.with_suffix(".json")

    def open(self, *, read_only: bool = True) -> DuckEngine:
        return open_duckdb(self.file, read_only=read_only, root=None)

    def sql(self, name: str) -> str:
        return SIDES[name].format(table=TABLE.format(rows=self.rows), rows=self.rows)

    def side(self, name: str) -> Build:
        """Return what is recorded of a side."""
        counts = {"more": self.rows + 1}
        return replace(recorded(name, self.sql(name)), rows=counts.get(name, self.rows))

    def build(self) -> None:
        """Build all sides, and keep the fingerprint of the older one."""
        engine = self.open(read_only=False)
        engine.adopt("bench")
        for name in SIDES:
            built(engine, name, self.sql(name))
        before = self.side("before")
        found = engine.fingerprint(Side(engine.relation(before.relation), before.shape), KEY)
        assert found is not None
        kept = Evidence(fingerprints={fingerprint_key(digest("before"), KEY): found})
        self.kept.write_text(evidence_to_text(kept))
        engine.close()

    def known(self) -> Mapping[Digest, Fingerprint]:
        """Return what is known of the older side."""
        return evidence_from_text(self.kept.read_text()).fingerprints


def _join(warehouse: Warehouse) -> None:
    """Compare by hand: one full outer join, and the differing rows of each column."""
    engine = warehouse.open()
    before, after = warehouse.side("before"), warehouse.side("more")
    names = [column.name for column in before.shape if column.name not in KEY]
    both = "b.id is not null and a.id is not null"
    changed = ", ".join(f"count(*) filter (where {both} and b.{n} is distinct from a.{n})" for n in names)
    sides = f"{engine.relation(before.relation)} b full outer join {engine.relation(after.relation)} a on b.id = a.id"
    engine.query(
        f"select count(*) filter (where b.id is null), count(*) filter (where a.id is null), {changed} from {sides}"
    )


def _hash(warehouse: Warehouse) -> None:
    """Hash all columns of one side by hand."""
    engine = warehouse.open()
    build = warehouse.side("same")
    names = ", ".join(column.name for column in build.shape)
    engine.query(f"select count(*), bit_xor(hash({names})), sum(hash({names})) from {engine.relation(build.relation)}")


def _compare(name: str, *, knows: bool, expected: Callable[[Comparison, int], bool]) -> Callable[[Warehouse], None]:
    def work(warehouse: Warehouse) -> None:
        engine = warehouse.open()
        before, after = warehouse.side("before"), warehouse.side(name)
        contents = digest("before"), digest(name)
        pair = Pair(ADDRESS, before, after, before.shape, after.shape, contents, Wish((KEY,)), protected=frozenset())
        asks = Asks(
            lambda _: (engine.relation(before.relation), engine.relation(after.relation)),
            engine.fingerprint,
            engine.compare,
        )
        found = compare(pair, warehouse.known() if knows else {}, asks).comparison
        if found.incomplete or not expected(found, warehouse.rows):
            raise SystemExit(f"wrong: {found}")

    return work


def _is_told(found: Comparison, rows: int) -> bool:
    """Tell whether the difference was found as it was made; ``rows`` are a multiple of 2,000."""
    added = found.rows_after - found.rows_before + found.removed
    return (
        found.rung is Rung.KEYED
        and (found.removed, found.changed) == (rows // 2000, rows // 1000)
        and (found.added == added)
    )


WORKS: Mapping[str, Callable[[Warehouse], None]] = {
    "join": _join,
    "hash": _hash,
    "compare more": _compare("more", knows=False, expected=_is_told),
    "compare as many": _compare("as many", knows=True, expected=_is_told),
    "compare same": _compare("same", knows=True, expected=lambda found, _: found.rung is Rung.EQUAL),
}


if __name__ == "__main__":
    sys.exit(main())
