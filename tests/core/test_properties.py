"""Properties that no build shows: which are told, and when they differ."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from headgate.core.address import Address
from headgate.core.declarations import DeclaredColumn, File, FileSource, Kind, Properties, TableSource
from headgate.core.diagnostic import Place
from headgate.core.hashing import Digest
from headgate.core.limits import Limits
from headgate.core.loading import Deletion, Grain, Loading, Merging, Timing, Tracking
from headgate.core.promises import Contract, Freshness
from headgate.core.properties import property_changes, told_properties, with_schedule

TIMED = Loading(Timing("at"), Merging(("id",)))
ASSET = Properties(owner="ada", columns=(DeclaredColumn("id", "BIGINT"),), loading=TIMED)


def loaded(**changes: object) -> Properties:
    assert TIMED.timing is not None
    return replace(ASSET, loading=replace(TIMED, timing=replace(TIMED.timing, **changes)))


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        (loaded(lookback=2), ("lookback",)),
        (loaded(start="2026-01-01 00:00:00", batch=7), ("batch", "start")),
        (loaded(zone="Europe/Berlin"), ("time_zone",)),
        (loaded(grain=Grain.HOUR), ("grain",)),
        (loaded(column="AT"), ()),
        (replace(ASSET, loading=replace(TIMED, keeps_history=True)), ("history",)),
        (replace(ASSET, loading=replace(TIMED, merging=Merging(("id",), Deletion.MISSING))), ("deletes",)),
        (replace(ASSET, cron="0 6 * * *"), ("cron",)),
        (replace(ASSET, owner="bob"), ("owner",)),
        (replace(ASSET, contract=Contract(is_enforced=True)), ("contract",)),
        (replace(ASSET, columns=(DeclaredColumn("id", "INTEGER"),)), ("columns",)),
        (replace(ASSET, freshness=Freshness(loaded_at_field="at")), ("freshness",)),
        # What only the repository is asked for, and where it stands.
        (replace(ASSET, description="Orders", tags=("nightly",), meta={"a": 1}, place=Place("a.yml", 3)), ()),
        (replace(ASSET, columns=(DeclaredColumn("id", "BIGINT", "The key", Place("a.yml", 4)),)), ()),
    ],
)
def test_what_differs_is_named_as_users_write_it(changed: Properties, names: tuple[str, ...]) -> None:
    a, b = Address("m.a"), Address("m.b")
    same = told_properties(Kind.INCREMENTAL, ASSET)
    found = property_changes({a: same, b: same}, {a: told_properties(Kind.INCREMENTAL, changed), b: same})
    assert found == ({a: names} if names else {})


def test_where_a_promise_stands_does_not_count() -> None:
    here = replace(ASSET, freshness=Freshness(3600, place=Place("a.yml", 1)))
    there = replace(ASSET, freshness=Freshness(3600, place=Place("b.yml", 9)))
    assert told_properties(Kind.SOURCE, here) == told_properties(Kind.SOURCE, there)


def test_where_a_source_is_counts_and_what_its_files_hold_does_not() -> None:
    a, files = Address("raw.a"), FileSource("a.csv", "csv", ())
    told = [told_properties(Kind.SOURCE, Properties(), location=place) for place in (
        files,
        replace(files, files=(File("a.csv", Digest("1"), 1),)),
        replace(files, pattern="b.csv", options={"delim": ";"}),
        TableSource("shop", "a"),
        TableSource("shop", "b"),
    )]  # fmt: skip
    changes = [property_changes({a: before}, {a: after}) for before, after in itertools.pairwise(told)]
    assert changes == [{}, {a: ("options", "path")}, {a: ("format", "options", "path", "table")}, {a: ("table",)}]


def test_only_what_stays_what_it_is_is_compared() -> None:
    a = Address("m.a")
    table = told_properties(Kind.TABLE, Properties(owner="ada"))
    assert property_changes({a: table}, {a: told_properties(Kind.INCREMENTAL, ASSET)}) == {}
    assert property_changes({a: table}, {}) == property_changes({}, {a: table}) == {}


def test_calls_and_snapshots_are_told() -> None:
    snapshot = Properties(loading=Loading(tracking=Tracking(("id",), "at", closes_missing=True)))
    assert told_properties(Kind.SNAPSHOT, snapshot) == {
        "kind": "snapshot", "unique_key": "id", "updated_at": "at", "deletes": "missing",
        "key": '[["id","valid_from"]]',
    }  # fmt: skip
    told = told_properties(Kind.TABLE, Properties(), limits=Limits(seconds=9), is_networked=True)
    assert sorted(told) == ["kind", "limits", "network"]


def test_sources_are_not_among_what_waits() -> None:
    told = {
        Address(name): told_properties(kind, Properties(cron=cron))
        for name, kind, cron in [
            ("m.a", Kind.TABLE, "0 6 * * *"),
            ("m.b", Kind.TABLE, ""),
            ("raw.s", Kind.SOURCE, "0 5 * * *"),
        ]
    }
    assert with_schedule(told) == {"m.a", "m.a__unchecked"}
