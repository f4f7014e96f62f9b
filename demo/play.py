"""Plays new, test, plan, apply, promote, edits good and bad, a rollback, a Python asset and runs, in its own folder.

The commands are real, and what they print is checked: the demo ends with 1 where a command fails or says something
else than it should. It pauses only where somebody watches (``--fast`` does not; ``--keep`` keeps the folder).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from demo.data import play_data
from demo.player import Player, Unexpected

FLIGHTS = "assets/staging/flights.sql"
BEFORE = "  f.arr_delay,\n"
AFTER = "  case when f.arr_delay < 0 then 0 else f.arr_delay end as arr_delay,\n"
ROUTES = "assets/marts/worst_routes.sql"
PUNCTUALITY = "assets/marts/punctuality.sql"
RECOVERY = "assets/marts/recovery.py"
FUNCTION = '''\
import headgate as hg
import pyarrow as pa
import pyarrow.compute as pc


@hg.table(
    inputs={"flights": "staging.flights"},
    columns={"carrier": "VARCHAR", "flights": "BIGINT"},
    reads={"carrier": ["flights.carrier"], "flights": ["flights.dep_delay", "flights.arr_delay"]},
    rows=["flights.carrier", "flights.dep_delay", "flights.arr_delay"],
    owner="ops",
)
def recovery(flights: pa.Table) -> pa.Table:
    """How many flights left late and yet arrived on time."""
    caught_up = flights.filter((pc.field("dep_delay") > 0) & (pc.field("arr_delay") <= 0))
    counts = caught_up.group_by("carrier").aggregate([("dep_delay", "count")])
    return counts.rename_columns(["carrier", "flights"])
'''
LATE = "select airline, mean_delay, p90_delay from marts.carrier_delay order by mean_delay desc, airline limit 5"


def play(player: Player) -> None:
    """Play the whole round."""
    player.tell("A project: the flights that left New York in 2013, with weather, planes, airports, airlines")
    player.run("headgate new shop --example flights", r"5 sources, 14 assets", r"first commit")
    player.folder /= "shop"
    player.tell("Its unit tests: a few rows, and what has to come out of them (in shop/)")
    player.run("headgate test", r"3 tests: 3 passed")
    player.tell("What would an apply do? December has not come yet, so that is what the clock shall say")
    player.run("headgate plan dev --now 2013-12-01", r"marts\.carrier_delay", r"Next: headgate apply dev")
    player.tell("Build it all in dev, beside production")
    player.run(
        "headgate apply dev --now 2013-12-01 --yes",
        r"308,641 rows",
        r"dev: 14 \w+ in",
        r"15 checks passed",
        r"Next: headgate promote dev",
    )
    player.run(f'headgate sql dev "{LATE}"', r"Frontier Airlines")
    player.tell("Production takes it over: pointers move, in one transaction, and it is release 1")
    player.run("headgate promote dev --yes", r"prod now shows 14 new assets")

    player.tell("Somebody edits one expression: early arrivals shall not make up for late ones")
    player.edit(FLIGHTS, BEFORE, AFTER)
    player.tell("The plan says what that means, column by column, before anything is done")
    player.run(
        "headgate plan dev",
        r"change +staging\.flights +column arr_delay",
        r"rebuild +marts\.carrier_delay",
        r"reuse +10 assets",
        r"reaches +dashboards\.punctuality",
    )
    player.run("headgate apply dev --yes", r"dev: 4 new builds, 10 ")
    player.tell("Only what is committed can be released")
    player.run('git commit -q -a -m "Count an early arrival as no delay"')
    player.tell("Its evidence as a page with distributions side by side, as Markdown, JUnit and JSON")
    player.run("headgate report dev", r"report\.html")
    player.tell(
        "Every table that moves is laid beside the one that it replaces. What differs, its owner has to agree to"
    )
    player.run(
        "headgate promote dev --yes",
        r"arr_delay changes in 176,807 rows, 57\.3 %",
        r"prod now shows 4 new assets, 10 as before",
        r"headgate rollback prod",
    )
    player.tell("What was released, on what grounds, is signed")
    player.run("headgate verify", r"release 2 of prod is as it was signed", r"decision approved")
    changed = player.run(f'headgate sql prod "{LATE}"', r"mean_delay")

    player.tell("It was not what the dashboard's readers expected: back, at once")
    player.run("headgate rollback prod --yes", r"prod now shows release 1")
    if player.run(f'headgate sql prod "{LATE}"', r"mean_delay") == changed:
        raise Unexpected("prod shows the same numbers after the rollback as before it")
    player.run("headgate releases", r"rollback to 1", r"promote dev: 4 assets", r"promote dev: 14 assets")
    player.tell("And dev still is what the repository says")
    player.run("headgate plan dev", r"dev equals the working tree: nothing to do")
    play_contract(player)
    play_bad_change(player)
    play_python(player)
    play_data(player)


def play_contract(player: Player) -> None:
    """Play a change that breaks what a contract promises."""
    player.tell("Somebody finds a better name for a column. A contract promises the old one, and a dashboard reads it")
    player.edit(PUNCTUALITY, "  count(*) as flights\n", "  count(*) as departures\n")
    player.run("headgate plan dev", r"HG304", r"Relied on by dashboards\.punctuality", r"HG361", status=1)
    player.run(f"git checkout -q {PUNCTUALITY}")


def play_bad_change(player: Player) -> None:
    """Play a change that no check forbids and that the gate does not let through."""
    player.tell("Somebody means one route in five and writes one in five thousand: no row is left, and no test of it")
    player.edit(ROUTES, "  and r.late >= 0.2 *", "  and r.late >= 5000 *")
    player.run("headgate apply dev --yes", r"marts\.worst_routes +0 rows", r"15 checks passed")
    player.run('git commit -q -a -m "Ask for later flights"')
    player.run("headgate promote dev --yes", r"HG710", r"marts\.worst_routes: it is empty", status=1)
    player.tell("prod shows what it showed. Back to what is right")
    player.run("git revert --no-edit HEAD", r"Revert")
    player.run("headgate apply dev --yes", r"dev: ")


def play_python(player: Player) -> None:
    """Play a table that a function makes, and where its column comes from."""
    player.tell("A function makes a table like any other: planned, built beside production, followed by column")
    player.write(RECOVERY, FUNCTION)
    (player.folder / "requirements.txt").write_text("pyarrow>=20\n")  # a lock file, which such assets want
    player.run("headgate plan dev", r"new +marts\.recovery", r"reuse +14 assets")
    player.run("headgate apply dev --yes", r"marts\.recovery +16 rows", r"dev: 1 new build, 14 as before")
    player.run("headgate lineage marts.recovery.flights", r"raw\.flights\.arr_delay", r"raw\.flights\.dep_delay")


def main(arguments: Sequence[str]) -> int:
    """Play, and return 0; 1 where something was not as it should be."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="without pauses")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    options = parser.parse_args(list(arguments))
    folder = Path(tempfile.mkdtemp(prefix="headgate-demo-"))
    player = Player(folder, folder / "settings", is_watched=sys.stdout.isatty() and not options.fast)
    status = 0
    try:
        play(player)
        seconds = time.monotonic() - player.started
        print(f"\nThat was the whole round, in {seconds:.0f} s. README.md says what else there is.")
    except Unexpected as error:
        print(f"\nThe demo stops: {error}.", file=sys.stderr)
        status = 1
    finally:
        if options.keep:
            print(f"The project is kept in {player.folder}")
        else:
            import shutil

            shutil.rmtree(folder, ignore_errors=True)
    return status
