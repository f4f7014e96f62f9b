"""Which loads go on from which, told by tables and numbers; and records from before that was kept."""

from __future__ import annotations

from dataclasses import replace

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.hashing import digest
from headgate.core.intervals import Interval
from headgate.core.json_form import plain
from headgate.core.load_versions import forks_of, goes_on_from
from headgate.core.loading import Fork, Load, load_from_json, load_plan_from_json
from headgate.core.records import Build, BuildStatus
from headgate.core.versions import Versions

NOTHING = digest("nothing")


def loaded(relation: str, number: int, *forks: Fork) -> Build:
    return Build(
        id=digest("build", relation, number),
        key=NOTHING,
        address=Address("m.a"),
        kind=Kind.INCREMENTAL,
        engine="local",
        shape=(),
        recipe=NOTHING,
        versions=Versions(NOTHING, NOTHING, {}),
        reads={},
        inputs={},
        relation=relation,
        status=BuildStatus.SEALED,
        created_at="",
        load=Load(number, None, (), (), forks=forks),
    )


def test_later_loads_of_a_table_go_on_from_earlier_ones() -> None:
    assert goes_on_from(loaded("a", 3), loaded("a", 3))
    assert goes_on_from(loaded("a", 3), loaded("a", 1))
    assert not goes_on_from(loaded("a", 1), loaded("a", 3))
    assert not goes_on_from(loaded("b", 3), loaded("a", 1))


def test_a_copy_goes_on_from_what_was_there_when_it_was_made() -> None:
    copy = loaded("b", 5, *forks_of(loaded("a", 2)))
    assert goes_on_from(copy, loaded("a", 1))
    assert goes_on_from(copy, loaded("a", 2))
    assert not goes_on_from(copy, loaded("a", 3))
    assert not goes_on_from(loaded("a", 9), copy)


def test_a_copy_of_a_copy_keeps_the_latest_load_of_each_table() -> None:
    there = loaded("b", 4, Fork("a", 2))
    back = loaded("a", 7, *forks_of(there))
    assert forks_of(there) == (Fork("a", 2), Fork("b", 4))
    assert forks_of(back) == (Fork("a", 7), Fork("b", 4))


def test_a_record_from_before_forks_is_read_and_goes_on_from_its_base_alone() -> None:
    base = loaded("a", 1)
    old = {
        "number": 2,
        "base": base.id,
        "covered": [["", "2026-01-01T00:00:00"]],
        "loaded": [],
        "is_part": True,
        "axis": "",
    }
    load = load_from_json(old)
    assert (load.since, load.forks, load.is_draft) == ("", (), False)
    copy = replace(loaded("b", 2), load=load)
    assert goes_on_from(copy, base)
    assert not goes_on_from(copy, loaded("a", 2))
    plan = {"parts": [], "covered": [], "base": None, "copies": False, "now": "", "is_part": False, "axis": ""}
    assert load_plan_from_json(plan).lost == ()


def test_a_load_is_what_its_stored_form_says() -> None:
    spans = (Interval("", "2026-01-01T00:00:00"),)
    load = Load(2, NOTHING, spans, spans, is_part=True, axis="x", since="y", forks=(Fork("a", 2),), is_draft=True)
    assert load_from_json(plain(load)) == load
