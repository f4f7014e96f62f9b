"""Plays what comes in: a month, late reports, a plane that changed; a bad load that is stopped, one that goes back."""

from __future__ import annotations

from demo.player import Player, Unexpected

PLANE = "N10156,2004,Fixed wing multi engine,EMBRAER,EMB-145XR,2,55,,Turbo-fan\n"
REFITTED = "N10156,2004,Fixed wing multi engine,EMBRAER,EMB-145XR,2,50,,Turbo-fan\n"
SECONDS = """\
year,month,day,dep_delay,arr_delay,carrier,flight,tailnum,origin,dest,distance,time_hour
2014,1,2,300,300,F9,835,N201FR,LGA,DEN,1620,2014-01-02T11:00:00Z
2014,1,2,3900,3900,F9,837,N203FR,LGA,DEN,1620,2014-01-02T15:00:00Z
2014,1,2,4200,4200,F9,511,N204FR,LGA,DEN,1620,2014-01-02T22:00:00Z
"""
POSSIBLE = SECONDS.replace("3900", "900").replace("4200", "1200")
WORST = "select * from marts.worst_days order by flown_on desc, origin limit 3"
HISTORY = "select tailnum, seats, valid_from, valid_to from marts.plane_history where tailnum = 'N10156' order by 3"


def play_data(player: Player) -> None:
    """Play three days of runs."""
    player.tell("December arrives. A run takes it in with the code of the release, not with what was edited since")
    player.run("mv arriving/2013-12.csv data/flights/")
    player.run(
        "headgate run prod --now 2014-01-01T06:00:00Z",
        r"raw\.flights +336,694 rows",
        r"marts\.daily_delays +1,095 rows",
        r"marts\.punctuality +64 rows",  # the edit, which was rolled back, would make it 48
        r"prod: 1 load, 7 builds, .*published at once",
    )
    player.run(f'headgate sql prod "{WORST}"', r"2013-12-05 +LGA +332 +75\.3")
    player.tell("The next day brings reports that are two days late, and the register says that a plane was refitted")
    player.run("mv arriving/2013-12-late.csv data/flights/")
    player.edit("data/planes.csv", PLANE, REFITTED)
    player.run(
        "headgate run prod --now 2014-01-02T06:00:00Z", r"raw\.flights +336,776 rows", r"prod: 2 loads, 8 builds"
    )
    player.tell("By day: three days were looked at again. And the snapshot keeps what the plane was before")
    player.run("headgate runs prod 2", r"marts\.daily_delays .*2013-12-29 to 2014-01-02")
    player.run(
        f'headgate sql prod "{HISTORY}"', r"55 .*2014-01-02 06:00:00\+00\n", r"50 +2014-01-02 06:00:00\+00 +null"
    )
    play_bad_load(player)


def play_bad_load(player: Player) -> None:
    """Play loads with wrong values: one that a check stops; one that nobody could tell, in, seen, back, and gone."""
    player.tell("Then somebody delivers seconds where minutes should be. A check sees it before anybody else does")
    player.write("data/flights/2014-01.csv", SECONDS)
    player.run(
        "headgate run prod --now 2014-01-03T06:00:00Z",
        r"range of dep_delay: 2 of 336,779 rows lie outside",
        r"4200 +2014-01-02",
        r"prod shows what it showed before",
        status=1,
    )
    player.tell("They deliver again, seconds still, of delays that could be minutes: no check can see that")
    player.write("data/flights/2014-01.csv", POSSIBLE)
    player.run("headgate run prod --now 2014-01-03T07:00:00Z", r"prod: 1 load, 7 builds", r"15 checks passed")
    player.run(f'headgate sql prod "{WORST}"', r"2014-01-02 +LGA +3 +800\.0")
    player.tell("A load is a release like any other: back, at once. The file goes, and the next run goes on without it")
    player.run("headgate rollback prod --yes", r"prod now shows release 5", r"takes in again what is in")
    player.run("rm data/flights/2014-01.csv")
    player.run("headgate run prod --now 2014-01-03T08:00:00Z", r"prod: 1 load, 1 build")
    if "2014" in player.run(f'headgate sql prod "{WORST}"', r"2013-12-05"):
        raise Unexpected("prod still shows what was rolled back")
    player.run("headgate runs prod", r"5 .*published", r"3 .*failed", r"1 .*published")
