"""The log of events: what was altered, taken out or cut off is found, written down, and known from then on."""

import sqlite3
from contextlib import closing

import pytest

from tests.doctor.damage import codes
from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


def in_state(shop: Shop, *statements: str) -> None:
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as state, state:
        for statement in statements:
            state.execute(statement)


def events(shop: Shop) -> list[tuple[int, str, str]]:
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as state:
        return state.execute("select number, kind, body from events order by number").fetchall()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update events set body = replace(body, 'ada', 'eve') where number = 2", "event 2: its content is not what"),
        ("update events set body = '{' where number = 2", "event 2: its content is not what was written"),
        ("delete from events where number = 1", "event 2: event 1 is missing"),
        ("delete from events where number >= END", "the end: event END was written, and is gone"),
        ("delete from events where number >= END - 1", "the end: event END was written, and is gone, and at"),
        ("delete from events", "the end: event END was written, and is gone"),
        (
            "delete from entries where collection = 'moves' and key like 'dev/%1'",
            "release 1 of dev: its record is gone",
        ),
        (
            "update entries set value = replace(value, 'ada', 'eve') where collection = 'moves' and key like 'prod/%2'",
            "release 2 of prod: its record is not what was written",
        ),
    ],
)
def test_a_gap_is_found_written_down_and_then_known(shop: Shop, statement: str, told: str) -> None:
    ((end,),) = shop.outside("select number from headgate.log")
    told = told.replace("END", str(end))
    in_state(shop, statement.replace("END", str(end)))
    left = events(shop)
    text = shop.fails(1, "doctor")
    assert f"found HG564  the log in the state is not as it was written: {told}" in text
    refused = shop.fails(1, "gc", "--yes") if "end" not in told else ""
    assert not refused or ("HG545" in refused and "headgate doctor --repair" in refused)
    assert "in the log" in shop.does("doctor", "--repair", "--yes")
    assert events(shop)[: len(left)] == left, "what was there is never rewritten"
    assert events(shop)[-1][1] == "gap"
    assert codes(shop) == []
    shop.does("gc", "--yes")
    shop.asset("m.b", "select x + 50 as y from m.a")
    shop.apply()
    shop.promote()
    assert codes(shop) == []


def test_a_log_that_was_cut_off_stops_a_collection_that_has_something_to_drop(shop: Shop) -> None:
    in_state(shop, "delete from events where number > 4")
    shop.outside("create table headgate.m__x__00 as select 1 as x")
    assert "HG545" in shop.fails(1, "gc", "--drop-environment", "dev", "--yes")


def test_what_is_known_covers_nothing_that_is_altered_later(shop: Shop) -> None:
    in_state(shop, "update events set body = replace(body, 'ada', 'eve') where number = 2")
    shop.does("doctor", "--repair", "--yes")
    in_state(shop, "update events set body = replace(body, 'eve', 'bob') where number = 2")
    assert codes(shop) == ["HG564"]
    shop.does("doctor", "--repair", "--yes")
    in_state(shop, "update events set body = replace(body, 'event 2', 'event 9') where kind = 'gap'")
    assert codes(shop) == ["HG564"]


def test_a_warehouse_from_before_keeps_no_copy_and_gets_one(shop: Shop) -> None:
    shop.outside("drop table headgate.log")
    shop.outside("drop table headgate.makers")
    assert codes(shop) == []
    shop.asset("m.b", "select x + 50 as y from m.a")
    shop.apply()
    assert shop.outside("select count(*) from headgate.log") == [(1,)]
    assert codes(shop) == []
