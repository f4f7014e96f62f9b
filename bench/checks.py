"""How fast checks are: ``python -m bench.checks``, beside one SELECT by hand that asks everything of every row.

Sixty checks on a table of 20 columns: not null, one key, values of a list, ranges, regular expressions, the number of
rows, means and deviations. By hand they are one SELECT of aggregates with ``filter``, and a grouping for the key. Then
the same checks again on the build that was measured: nothing is asked of the engine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.wide import ADDRESS, TABLE, built
from headgate.core.checks import Check
from headgate.core.evidence import Evidence
from headgate.core.hashing import Digest
from headgate.core.promises import DeclaredTest
from headgate.core.recipe import Shape
from headgate.core.records import Build
from headgate.evidence.compile import compile_tests
from headgate.evidence.measure import Asking, Known, Subject, asking, measure
from headgate.plugins.checks.kinds import KINDS
from headgate.plugins.engines.duckdb import DuckEngine, open_duckdb

FILLED = (
    "id customer day loaded_at status country email zip amount share price active qty ref token score days category "
    "age note"
).split()
WHERE = {"age": "age >= 0", "note": "length(note) > 0"}
"""Columns of which some values are NULL, and where none may be."""

VALUES = {
    "status": "new paid sent back lost", "country": "DE FR US GB IT ES NL PL", "active": "true false",
}  # fmt: skip
RANGES: Mapping[str, tuple[Any, Any]] = {
    "amount": (0, 1000), "share": (0, 1), "age": (0, 120), "price": (0, 100), "qty": (0, 19), "score": (0, 1000),
    "days": (0, 364), "customer": (0, 999_999), "ref": (0, 1_000_000_006), "day": ("2020-01-01", "2024-12-31"),
    "id": (0, None), "loaded_at": ("2020-01-01", "2030-01-01"),
}  # fmt: skip
PATTERNS = {
    "email": "^[^@]+@[^@]+$", "zip": "^[0-9]{5}$", "token": "^[0-9a-f]{32}$", "category": "^c[0-9]+$",
    "country": "^[A-Z]{2}$", "note": "^note ",
}  # fmt: skip
FIGURES = "amount share age price qty score days customer".split()


def tests() -> list[DeclaredTest]:
    """Return the sixty declarations."""
    found = [DeclaredTest("not_null", name, where=WHERE.get(name, "")) for name in FILLED]
    found.append(DeclaredTest("unique", "id"))
    found += [DeclaredTest("accepted_values", n, arguments={"values": v.split()}) for n, v in VALUES.items()]
    found += [DeclaredTest("range", n, arguments=_bounds(low, high)) for n, (low, high) in RANGES.items()]
    found += [DeclaredTest("regex", name, arguments={"pattern": one}) for name, one in PATTERNS.items()]
    found.append(DeclaredTest("row_count", arguments={"min": 1}))
    found += [DeclaredTest("mean", name, arguments={"min": 0, "max": 10**9}) for name in FIGURES]
    found += [DeclaredTest("deviation", name, arguments={"min": 0, "max": 10**9}) for name in FIGURES]
    found.append(DeclaredTest("expression", arguments={"expression": "price >= 0 or active"}))
    return found


def _bounds(low: Any, high: Any) -> dict[str, Any]:
    return {key: value for key, value in (("min", low), ("max", high)) if value is not None}


def by_hand(relation: str) -> list[str]:
    """Return the statements that somebody would write: everything in one SELECT, and a grouping for the key."""
    items = ["count(*)"]
    items += [f"count({n})" + (f" filter (where {WHERE[n]})" if n in WHERE else "") for n in FILLED]
    for name, words in VALUES.items():
        values = words if name == "active" else " ".join(f"'{word}'" for word in words.split())
        items.append(f"count(*) filter (where {name} not in ({', '.join(values.split())}))")
    for name, (low, high) in RANGES.items():
        told = [f"{name} {sign} {bound!r}" for sign, bound in (("<", low), (">", high)) if bound is not None]
        items.append(f"count(*) filter (where {' or '.join(told)})")
    items += [f"count(*) filter (where not regexp_matches({n}, '{one}'))" for n, one in PATTERNS.items()]
    items += [f"avg({name}), stddev_samp({name})" for name in FIGURES]
    items.append("count(*) filter (where not (price >= 0 or active))")
    key = f"select count(*) from (select 1 from {relation} group by id having count(*) > 1)"
    return [f"select {', '.join(items)} from {relation}", key]


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.checks", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print("| Work | Aim | By hand s (processor) | Seconds (processor) | Ratio |\n|---|---|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        engine = open_duckdb(Path(folder) / "w.duckdb", read_only=False, root=None)
        engine.adopt("bench")
        build = built(engine, "checks", TABLE.format(rows=options.rows))
        checks = _compiled(build.shape)
        relation = engine.relation(build.relation)
        kept: dict[Digest, Evidence] = {}
        hand = _median(options.runs, lambda: [engine.query(sql) for sql in by_hand(relation)])
        ours = _median(options.runs, lambda: _measured(engine, build, checks, kept, relation, forgets=True))
        again = _median(options.runs, lambda: _measured(engine, build, checks, kept, relation, forgets=False))
        engine.close()
    ratio = ours[0] / hand[0]
    work = f"{len(checks)} checks of {options.rows:,} rows, 20 columns"
    print(f"| {work} | 1.1 | {_told(hand)} | {_told(ours)} | {ratio:.2f} |")
    print(f"| the same again | 0.05 s | | {_told(again)} | |")


def _told(figures: tuple[float, float]) -> str:
    return f"{figures[0]:.3f} ({figures[1]:.3f})"


def _compiled(shape: Shape) -> tuple[Check, ...]:
    found = compile_tests(ADDRESS, tests(), shape, kinds=KINDS, shape_of=lambda _: None)
    if found.diagnostics:
        raise SystemExit(str(found.diagnostics[0]))
    return found.checks


def _measured(
    engine: DuckEngine,
    build: Build,
    checks: tuple[Check, ...],
    kept: dict[Digest, Evidence],
    relation: str,
    *,
    forgets: bool,
) -> None:
    """Find out what the checks ask; with ``forgets`` as if nothing had been measured before."""
    from headgate.sql.conditions import Understood

    def understood(*_: Any) -> Understood:
        return Understood(tuple(column.name for column in build.shape), is_volatile=False)

    asked: Asking = asking(Subject(build, checks), understood)
    own = Evidence() if forgets else kept.get(build.id, Evidence())
    results = measure(
        [asked], Known(own.answers, {build.id: own}),
        ask=engine.measure, show=engine.failing, relation_of=lambda _: relation, keep=kept.update,
        report=lambda _: None,
    )  # fmt: skip
    failed = [r for r in results[ADDRESS] if r.failures]
    if failed:
        raise SystemExit(f"{failed[0].check.name}: {failed[0].told}")


def _median(runs: int, work: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of the clock and of all processors."""
    clocks, processors = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.process_time()
        work()
        clocks.append(time.perf_counter() - began)
        processors.append(time.process_time() - used)
    return statistics.median(clocks), statistics.median(processors)


if __name__ == "__main__":
    main()
