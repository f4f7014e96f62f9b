"""`python -m fuzz [--cases N] [--seed N] [--jobs N] [--seconds N] [--planted N]`: see fuzz/README.md."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import duckdb

from fuzz.campaigns import Seen, campaign, tell_progress
from fuzz.files import Hostile, hostile
from fuzz.load_campaign import hunted, play
from fuzz.planted import NAMES
from fuzz.planted_lineage import LINEAGE_NAMES
from fuzz.planted_loads import LOAD_NAMES


def main(arguments: list[str]) -> int:
    """Run all campaigns; return 1 where a wrong reuse, a needless build or a planted bug that was missed is found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="how many cases (default 10,000); 0 only plants bugs")
    parser.add_argument("--seed", type=int, default=2013, help="the first case's seed")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes (default 2)")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop after so many seconds for each campaign"
    )
    parser.add_argument("--planted", type=int, default=1500, help="cases at most for each planted bug; 0 plants none")
    parser.add_argument("--files", type=int, default=5_000, help="how many damaged repositories (default 5,000)")
    told = "sequences of loads (default 2,000); a tenth as many in PostgreSQL"
    parser.add_argument("--loads", type=int, default=2_000, help=told)
    parser.add_argument("--plant", default="", metavar="TEXT", help="only bugs whose names hold this")
    options = parser.parse_args(arguments)
    print(f"DuckDB {duckdb.__version__}, cases from {options.seed} on")
    wrong = _played(options) if options.cases else 0
    missed = hunt(options) if options.planted else 0
    wrong += damaged(options) if options.files else 0
    wrong += loaded(options) if options.loads else 0
    return 1 if wrong or missed else 0


def damaged(options: argparse.Namespace) -> int:
    """Play the damaged repositories; print what was wrong and the figures. Return how many were wrong."""
    seen = Hostile()
    parts = _parts(options.seed, options.files, options.jobs)
    with ProcessPoolExecutor(len(parts), multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(partial(hostile, until=time.monotonic() + options.seconds), parts):
            seen.add(part)
    for story in seen.wrong:
        print(f"WRONG {story}\n")
    print(
        f"{seen.cases:,} damaged repositories, {seen.commands:,} commands: {len(seen.wrong)} wrong; the slowest took "
        f"{seen.seconds_max:.1f} s."
    )
    print("exit statuses: " + ", ".join(f"{end} {n:,}" for end, n in sorted(seen.ends.items())))
    print("codes: " + ", ".join(f"{code} {n:,}" for code, n in sorted(seen.codes.items())))
    return len(seen.wrong)


def loaded(options: argparse.Namespace) -> int:
    """Play the sequences of loads; print what was wrong and the figures. Return how many were wrong."""
    wrong = 0
    for where, count in (("DuckDB", options.loads), ("PostgreSQL", -(-options.loads // 10))):
        is_postgres = where == "PostgreSQL"
        played, stories = play(options.seed, count, jobs=options.jobs, seconds=options.seconds, is_postgres=is_postgres)
        for story in stories:
            print(f"WRONG {story}\n")
        print(f"{played:,} sequences of loads in {where}: {len(stories)} wrong.")
        wrong += len(stories)
    return wrong


def _played(options: argparse.Namespace) -> int:
    """Play the three campaigns; return how many cases were wrong."""
    edits = _together("edits", _parts(options.seed, options.cases, options.jobs), options.seconds)
    show(edits)
    neutral = _together("neutral", _parts(options.seed, max(options.cases // 5, 1), options.jobs), options.seconds)
    show_neutral(neutral)
    traced = _together("lineage", _parts(options.seed, max(options.cases // 10, 1), options.jobs), options.seconds)
    show_lineage(traced)
    return len(edits.wrong) + len(neutral.wrong) + len(traced.wrong)


def _parts(first: int, count: int, jobs: int) -> list[range]:
    step = -(-max(count, 1) // jobs)
    return [range(n, min(n + step, first + count)) for n in range(first, first + count, step)]


def _together(kind: str, parts: list[range], seconds: float) -> Seen:
    """Play a campaign in several processes, one for each range of seeds."""
    until = time.monotonic() + seconds
    seen = Seen()
    if len(parts) == 1:
        return campaign(kind, parts[0], until=until, report=tell_progress)
    with multiprocessing.get_context("spawn").Pool(len(parts)) as pool:
        for part in pool.imap_unordered(partial(campaign, kind, until=until, report=tell_progress), parts):
            seen.add(part)
    return seen


def show(seen: Seen) -> None:
    """Print each wrong reuse with its story, then the figures."""
    tally = seen.tally
    for story in seen.wrong:
        print(f"WRONG {story}\n")
    total = max(tally.reused + tally.rebuilt, 1)
    print(f"{tally.cases:,} cases, {tally.steps:,} edits, {total:,} decisions: {len(seen.wrong)} wrong reuses.")
    print(
        f"{tally.reused:,} reused, {tally.rebuilt:,} built; {tally.needless:,} of those gave what was there before"
        f" ({tally.needless / max(tally.rebuilt, 1):.1%}). {tally.opaque:,} opaque ({tally.opaque / total:.1%})."
        f" {tally.equated:,} came out equal and count as what they replace. {tally.compared:,} were compared with that."
        f" {tally.drawn:,} drawn by chance, {tally.tied:,} by ties. {tally.invalid:,} edits refused"
        f" ({tally.invalid / max(tally.invalid + tally.steps + tally.cases * 4, 1):.0%})."
    )
    if seen.broken:
        print(f"{len(seen.broken)} cases broke the engine itself: {seen.broken[:10]}")
    print("edits: " + ", ".join(f"{name} {n}" for name, n in sorted(tally.edits.items())))
    for reason, times in sorted(tally.reasons.items(), key=lambda r: -r[1])[:8]:
        print(f"  opaque {times}: {reason}")


def show_neutral(seen: Seen) -> None:
    """Print each build that a neutral edit made."""
    for story in seen.wrong:
        print(f"NEEDLESS {story}\n")
    print(f"{seen.tally.cases:,} cases, {seen.tally.steps:,} neutral edits: {len(seen.wrong)} built something.")


def show_lineage(seen: Seen) -> None:
    """Print each column that lineage leaves out."""
    for story in seen.wrong:
        print(f"LEFT OUT {story}\n")
    tally = seen.tally
    print(
        f"{tally.cases:,} cases, {tally.steps:,} columns drawn again, {tally.rebuilt:,} outputs changed:"
        f" {len(seen.wrong)} left out by lineage."
    )


def hunt(options: argparse.Namespace) -> int:
    """Plant each bug and play cases until it is found; print how many that took. Return how many were missed."""
    missed = 0
    seeds = range(options.seed, options.seed + options.planted)
    names = [name for name in (*NAMES, *LINEAGE_NAMES, *LOAD_NAMES) if options.plant in name]
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        counts = pool.imap(partial(hunted, seeds=seeds), names, chunksize=1)
        for name, found in zip(names, counts, strict=True):
            missed += found is None
            told = f"found in case {found}" if found else f"NOT FOUND in {len(seeds)} cases"
            print(f"planted: {name}: {told}", flush=True)
    print(f"{len(names) - missed} of {len(names)} planted bugs found.")
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
