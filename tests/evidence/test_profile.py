"""Profiles are measured once: a column that has the same rows and values as a known one is not looked at again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from headgate.core.declarations import Kind
from headgate.core.evidence import KeptProfile, profile_from_text, profile_to_text
from headgate.core.hashing import Digest
from headgate.core.ports.measuring import Measured
from headgate.core.profiles import ColumnProfile, Profile
from headgate.core.recipe import Column
from headgate.core.records import Build
from headgate.evidence.keys import profile_keys
from headgate.evidence.profile import Begun, keeping_profiles, kept_profiles, known_profile, profile
from headgate.evidence.tied import ProvenReading
from tests.evidence.test_measure import build
from tests.fakes.store import FakeState


class World:
    """An engine that tells columns apart by how often it was asked, and what is kept of that."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.kept: dict[Digest, KeptProfile] = {}

    @contextmanager
    def ask(self, tables: Sequence[tuple[Build, Measured]], begun: Begun) -> Iterator[Iterator[tuple[int, Profile]]]:
        for number in range(len(tables)):
            begun(number)
        yield ((number, self.answer(table)) for number, (_, table) in enumerate(tables))

    def answer(self, table: Measured) -> Profile:
        self.asked.append((table.relation, tuple(table.types)))
        told = {n: ColumnProfile(type_, 0, len(self.asked), "0", "9", 5.0) for n, type_ in table.types.items()}
        return Profile(10, told)

    def profiled(self, one: Build, *like: Build, protected: str = "") -> Profile:
        self.asked = []
        found = profile(
            [one], self.kept, like={one.id: [other.id for other in like]}, ask=self.ask,
            relation_of=lambda build: build.relation, keep=self.kept.update, report=lambda _: None,
            protected={one.id: {protected}} if protected else {},
        )  # fmt: skip
        return found[one.id]


@pytest.fixture
def world() -> World:
    return World()


def test_an_unchanged_build_is_asked_nothing(world: World) -> None:
    one = build("one")
    first = world.profiled(one)
    assert world.asked == [("one", ("a", "b"))]
    assert world.profiled(one) == first
    assert world.asked == []


def test_after_an_edit_of_a_column_that_one_is_asked_for(world: World) -> None:
    old, new = build("old"), build("new", b="2")
    world.profiled(old)
    found = world.profiled(new, old)
    assert world.asked == [("new", ("b",))]
    assert list(found.columns) == ["a", "b"]
    assert world.kept[new.id].profile == found
    assert world.profiled(new) == found
    assert world.asked == []


@pytest.mark.parametrize(
    "new",
    [
        build("new", rows="other"),
        build("new", engine="other"),
        replace(build("new"), shape=(Column("a", "BIGINT"), Column("b", "BIGINT"))),
        replace(build("new"), kind=Kind.VIEW),
    ],
)
def test_what_is_of_other_rows_another_engine_or_type_is_asked_for_again(world: World, new: Build) -> None:
    old = build("old")
    world.profiled(old)
    world.profiled(new, old)
    assert world.asked == [("new", ("a", "b"))]


def test_of_a_protected_column_counts_alone_are_kept_also_of_what_was_kept_before(world: World) -> None:
    old, new = build("old", b="2"), build("new", b="2")
    whole = world.profiled(old)
    found = world.profiled(new, old, protected="b")
    assert world.asked == []
    assert found.columns == {"a": whole.columns["a"], "b": ColumnProfile(whole.columns["b"].type, 0, 1)}
    assert world.kept[new.id].profile == found
    assert world.profiled(old, protected="b") == found
    assert world.kept[old.id].profile == found
    assert known_profile(old, [world.kept[old.id]], {"b"}) == found
    assert world.profiled(old).columns["b"].greatest == "9"
    assert world.asked == [("old", ("b",))]


def test_columns_that_change_places_take_their_profiles_along(world: World) -> None:
    old = build("old", a="1", b="2")
    new = build("new", a="2", b="1")
    world.profiled(old)
    world.kept[old.id] = KeptProfile(
        Profile(10, {"a": ColumnProfile("INTEGER", 0, 7), "b": ColumnProfile("INTEGER", 0, 8)}), profile_keys(old)
    )
    assert [one.distinct for one in world.profiled(new, old).columns.values()] == [8, 7]
    assert world.asked == []


def test_a_view_is_looked_at_each_time_and_never_kept(world: World) -> None:
    view = replace(build("view"), kind=Kind.VIEW)
    world.profiled(view)
    world.profiled(view)
    assert len(world.asked) == 1
    assert world.kept == {}


def test_what_is_kept_comes_back_as_it_was() -> None:
    column = ColumnProfile(
        "DOUBLE", 1, 2, "-0.5", "1e+300", 0.1, None, 0.2, (0.1, 2.0), (("it's \u2028", 3),), nan=4, sampled=5
    )
    kept = KeptProfile(Profile(9, {"a b": column}), {"a b": Digest("h1:00")})
    assert profile_from_text(profile_to_text(kept)) == kept


def test_a_profile_that_was_found_in_another_way_is_none() -> None:
    one = build("one")
    old = KeptProfile(Profile(1, {"a": ColumnProfile("INTEGER", 0, 1)}), {"a": Digest("h1:of-an-older-way")})
    assert known_profile(one, [old], set()) is None


def test_kept_profiles_are_tied_to_the_log_and_found_again() -> None:
    store = FakeState("one").open()
    lease = store.acquire("local", holder="me", purpose="test", at="2026-01-01T00:00:00Z")
    one = build("one")
    kept = KeptProfile(Profile(1, {"a": ColumnProfile("INTEGER", 0, 1)}), profile_keys(one))
    keeping_profiles(store, lease)({one.id: kept})
    with ProvenReading(store.reading()) as reading:
        assert kept_profiles([one.id, build("other").id], reading) == {one.id: kept}
