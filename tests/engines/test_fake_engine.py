"""The fake's own hook: a planned crash at any point leaves all or nothing, and a new session goes on."""

from __future__ import annotations

import pytest

from headgate.core.address import Address
from headgate.core.hashing import digest
from headgate.core.ports.engine import BuildJob, Marker, Publication, SelectInput, ShownView
from headgate.core.recipe import Column
from tests.fakes.engine import FakeWarehouse


class PlannedCrash(BaseException):
    """Not an Exception, as a kill is none: nothing may catch it and go on."""


def crash_at(point: str):
    def fail_at(reached: str) -> None:
        if reached == point:
            raise PlannedCrash(point)

    return fail_at


@pytest.mark.parametrize(
    ("point", "shown"),
    [
        ("publish:before", []),
        ("publish:view", []),
        ("publish:marker", []),
        ("publish:after", [("s__dev", "a")]),
    ],
)
def test_a_crash_in_publish_leaves_all_or_nothing(point: str, shown: list[tuple[str, str]]) -> None:
    warehouse = FakeWarehouse()
    warehouse.open().adopt("state")
    after = Marker("state", 1, 1, "intent")
    publication = Publication("dev", None, after, (ShownView("s__dev", "a", "select 1 as x"),), (), ())
    with pytest.raises(PlannedCrash):
        warehouse.open(crash_at(point)).publish(publication)
    again = warehouse.open()
    assert again.markers() == ({"dev": after} if shown else {})
    assert list(again.shown(["s__dev"])) == shown


@pytest.mark.parametrize(("point", "made"), [("build:before", 0), ("build:job", 0), ("build:after", 1)])
def test_a_crash_in_build_leaves_all_or_nothing(point: str, made: int) -> None:
    warehouse = FakeWarehouse()
    warehouse.open().adopt("state")
    shape = (Column("x", "INTEGER"),)
    job = BuildJob(digest("b"), Address("s.a"), "s__a", shape, SelectInput("select 1 as x"), 1)
    with pytest.raises(PlannedCrash):
        warehouse.open(crash_at(point)).build([job])
    assert len(warehouse.open().built()) == made
