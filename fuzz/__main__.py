"""`python -m fuzz [--cases N] [--seed N] [--planted N] [--seconds N]`: see fuzz/README.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from fuzz.cases import Case
from fuzz.planted import NAMES, planted
from fuzz.world import Tally, Wrong, open_world


def main(arguments: list[str]) -> int:
    """Run both campaigns; return 1 where a wrong reuse was found or a planted bug was not."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="how many cases (default 10,000)")
    parser.add_argument("--seed", type=int, default=2013, help="the first case's seed")
    parser.add_argument("--planted", type=int, default=600, help="cases at most for each planted bug")
    options = parser.parse_args(arguments)
    wrong = campaign(options.seed, options.cases)
    missed = hunt(options.seed, options.planted)
    return 1 if wrong or missed else 0


def campaign(first: int, count: int) -> int:
    """Play cases; print each wrong reuse with its seed, then the figures. Return how many were wrong."""
    tally, wrong, began = Tally(), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        connection, binder = open_world(Path(folder))
        for seed in range(first, first + count):
            try:
                Case(seed, connection, binder, tally).run()
            except Wrong as fault:
                wrong += 1
                print(f"WRONG seed {seed}: {fault}\n")
            if (seed - first + 1) % 1000 == 0:
                print(f"{seed - first + 1} cases, {wrong} wrong, {time.monotonic() - began:.0f} s", file=sys.stderr)
    share = tally.needless / max(tally.rebuilt, 1)
    total = tally.reused + tally.rebuilt
    print(f"{count:,} cases, {tally.steps:,} edits, {total:,} decisions: {wrong} wrong reuses.")
    print(
        f"{tally.reused:,} reused, {tally.rebuilt:,} built; {tally.needless:,} of those gave what was there before"
        f" ({share:.1%}). {tally.opaque:,} opaque ({tally.opaque / max(total, 1):.1%})."
    )
    print("edits: " + ", ".join(f"{name} {n}" for name, n in sorted(tally.edits.items())))
    for reason, times in sorted(tally.reasons.items(), key=lambda r: -r[1])[:8]:
        print(f"  opaque {times}: {reason}")
    return wrong


def hunt(first: int, limit: int) -> int:
    """Plant each bug and play cases until it is found; print how many that took. Return how many were missed."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        connection, binder = open_world(Path(folder))
        for name in NAMES:
            found = 0
            with planted(name):
                for number in range(limit):
                    try:
                        Case(first + number, connection, binder, Tally()).run()
                    except Wrong:
                        found = number + 1
                        break
            missed += not found
            print(f"planted: {name}: " + (f"found in case {found}" if found else f"NOT FOUND in {limit} cases"))
    print(f"{len(NAMES) - missed} of {len(NAMES)} planted bugs found.")
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
