"""What was measured is not measured again: an answer holds for whatever has the same rows and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from headgate.core.address import Address
from headgate.core.checks import Check, Compiled, Failed, Outcome, Sample
from headgate.core.column_types import Family
from headgate.core.declarations import Kind
from headgate.core.evidence import Evidence, evidence_from_text, evidence_to_text
from headgate.core.hashing import Digest, digest
from headgate.core.measures import (
    Answer,
    Constant,
    Failing,
    Figure,
    Filled,
    Fragment,
    Like,
    Measure,
    Newest,
    Of,
    OneOf,
    Orphans,
    Rows,
    Says,
    Sql,
    Unequal,
    Within,
    digest_of,
)
from headgate.core.ports.measuring import Measured, Unanswered
from headgate.core.promises import DeclaredTest
from headgate.core.recipe import Column, Shape
from headgate.core.records import Build, BuildStatus
from headgate.core.versions import Versions
from headgate.evidence.measure import Known, Subject, asking, known_results, measure
from headgate.sql.conditions import Understood

SHAPE: Shape = (Column("a", "INTEGER"), Column("b", "INTEGER"))
A, B = Address("m.a"), Address("m.b")
ONE = Constant("1", Family.NUMBER)


def build(name: str, address: Address = A, *, rows: str = "r", engine: str = "local", **columns: str) -> Build:
    versions = Versions(
        digest("rows", rows), digest("order"), {c.name: digest("column", columns.get(c.name, "1")) for c in SHAPE}
    )
    return Build(
        id=digest("build", name), key=digest("key", name), address=address, kind=Kind.TABLE, engine=engine, shape=SHAPE,
        recipe=digest("recipe"), versions=versions, reads={}, inputs={}, relation=name, status=BuildStatus.SEALED,
        created_at="2026-01-01T00:00:00Z",
    )  # fmt: skip


def checks(*measures: Measure) -> tuple[Check, ...]:
    return tuple(
        Check(A, DeclaredTest("k"), Compiled((one,), lambda answers: Failed(int(answers[0] or 0), 10)))
        for one in measures
    )


def understood(fragment: Fragment, shape: Shape) -> Understood:
    return Understood(tuple(c.name for c in shape if c.name in fragment.text), "now" in fragment.text)


def nothing_shown(table: Measured, measure: Measure, limit: int) -> Sample:
    raise AssertionError("nothing fails here")


class World:
    """An engine that answers 0 to all, and counts; and what is kept of that."""

    def __init__(self) -> None:
        self.asked: list[Measure] = []
        self.kept: dict[Digest, Evidence] = {}
        self.refuses: set[Measure] = set()

    def ask(self, table: Measured, measures: Sequence[Measure]) -> Mapping[Measure, Answer | Unanswered]:
        self.asked += measures
        return {one: Unanswered("no such column") if one in self.refuses else 0 for one in measures}

    def measured(self, *subjects: Subject) -> Any:
        own = {s.build.id: self.kept.get(s.build.id, Evidence()) for s in subjects}
        like = [self.kept.get(one, Evidence()) for s in subjects for one in s.like]
        known = Known({k: a for one in (*own.values(), *like) for k, a in one.answers.items()}, own)
        self.asked = []
        return measure(
            [asking(subject, understood) for subject in subjects], known,
            ask=self.ask, relation_of=str, keep=self.kept.update, report=lambda _: None, show=nothing_shown,
        )  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


ALL: tuple[Measure, ...] = (
    Rows(), Rows("a > 0"), Filled("a"), Filled("b"), Failing(OneOf("a", (ONE,))), Failing(Says(Sql("a < b"))),
    Failing(Within("a", Sql("b"))),
)  # fmt: skip


def test_an_unchanged_build_is_asked_nothing(world: World) -> None:
    subject = Subject(build("one"), checks(*ALL))
    first = world.measured(subject)
    assert world.asked == list(ALL)
    assert world.measured(subject) == first
    assert world.asked == []


@pytest.mark.parametrize(
    ("after", "again"),
    [
        (build("two"), ()),
        (build("two", a="2"), (ALL[1], ALL[2], ALL[4], ALL[5], ALL[6])),
        (build("two", b="2"), (ALL[3], ALL[5], ALL[6])),
        (build("two", rows="other"), ALL),
        (build("two", engine="other"), ALL),
    ],
    ids=["the same content", "another a", "another b", "other rows", "another engine"],
)
def test_only_what_looks_at_a_change_is_measured_again(world: World, after: Build, again: tuple[Measure, ...]) -> None:
    before = build("one")
    world.measured(Subject(before, checks(*ALL)))
    world.measured(Subject(after, checks(*ALL), like=(before.id,)))
    assert world.asked == list(again)
    world.measured(Subject(after, checks(*ALL)))
    assert world.asked == []  # what was taken over stands with the build itself by now


def test_another_asset_that_is_looked_at_counts_with_its_columns(world: World) -> None:
    orphans, unequal, rows = Orphans(("a",), B, ("b",)), Unequal(("a",), B), Rows(of=B)
    subject = Subject(build("one"), checks(orphans, unequal, rows), {B: build("b", B)})
    world.measured(subject)
    for other, again in (
        (build("b2", B), []),
        (build("b2", B, a="2"), [unequal]),
        (build("b3", B, b="2"), [orphans]),
        (build("b4", B, rows="other"), [orphans, unequal, rows]),
    ):
        kept = dict(world.kept)
        world.measured(Subject(build("one"), subject.checks, {B: other}))
        assert world.asked == again
        world.kept = kept


def test_columns_that_change_places_are_measured_again(world: World) -> None:
    compared = Failing(Says(Sql("a < b")))
    before = build("one", a="2", b="3")
    world.measured(Subject(before, checks(compared)))
    world.measured(Subject(build("two", a="3", b="2"), checks(compared), like=(before.id,)))
    assert world.asked == [compared]


def test_a_view_is_measured_each_time(world: World) -> None:
    view = replace(build("one"), kind=Kind.VIEW)
    for subject in (Subject(view, checks(Rows())), Subject(build("b", B), checks(Rows(of=A)), {A: view})):
        for _ in range(2):
            world.measured(subject)
            assert len(world.asked) == 1
    assert world.kept == {}


def test_a_test_that_does_not_fit_is_told(world: World) -> None:
    unfit = ((DeclaredTest("unique", "gone"), "there is no column gone"),)
    (result,) = world.measured(Subject(build("one"), (), unfit=unfit))[A]
    assert (result.outcome, result.told) == (Outcome.ABSENT, "there is no column gone")


def test_what_calls_the_clock_is_measured_each_time(world: World) -> None:
    fleeting = Failing(Says(Sql("a < now()")))
    for _ in range(2):
        world.measured(Subject(build("one"), checks(fleeting, Rows())))
        assert fleeting in world.asked
    assert all(len(one.answers) == 1 for one in world.kept.values())


def test_figures_over_a_protected_column_are_not_kept_nor_those_of_before(world: World) -> None:
    secret = (Of(Figure.GREATEST, "b"), Of(Figure.MEAN, "b"), Newest(Sql("b")))
    told = (Of(Figure.GREATEST, "a"), Of(Figure.DISTINCT, "b"), Newest(Sql("a")), Rows("b > 0"))
    one = Subject(build("one"), checks(*secret, *told))
    world.measured(one)
    assert len(world.kept[one.build.id].answers) == 7
    for _ in range(2):
        world.measured(replace(one, protected=frozenset("b")))
        assert world.asked == list(secret)
        assert len(world.kept[one.build.id].answers) == 4


def test_beside_a_protected_column_is_told_what_was_demanded_and_not_what_was_found(world: World) -> None:
    fails = Compiled(
        (Of(Figure.MEAN, "b"),), lambda _: Failed(1, 1, "mean of b: 9,999, must be below 5"), None, "below 5"
    )
    check = Check(A, DeclaredTest("mean", "b"), fails)
    (result,) = world.measured(Subject(build("one"), (check,), protected=frozenset("b")))[A]
    assert result.told == "(protected), must be below 5"


def test_words_that_may_quote_a_protected_value_are_not_told(world: World) -> None:
    world.refuses = {Rows()}
    (result,) = world.measured(Subject(build("one"), checks(Rows()), quotable=B))[A]
    assert result.told == "the engine refused it; words that may quote a protected value of m.b are not shown"


def test_what_cannot_be_measured_is_unknown_and_asked_again(world: World) -> None:
    world.refuses = {ALL[2]}
    for expected in (list(ALL), [ALL[2]]):
        results = world.measured(Subject(build("one"), checks(*ALL)))[A]
        assert world.asked == expected
        assert [r.outcome for r in results].count(Outcome.UNKNOWN) == 1
        assert results[2].told == "no such column"


def test_without_an_engine_only_what_is_known_is_told(world: World) -> None:
    one = Subject(build("one"), checks(Rows(), Filled("a")))
    world.measured(Subject(one.build, one.checks[:1]))
    evidence = world.kept[one.build.id]
    (results,) = known_results([asking(one, understood)], Known(evidence.answers, {one.build.id: evidence})).values()
    assert [(r.outcome, r.told) for r in results] == [(Outcome.PASS, ""), (Outcome.UNKNOWN, "it was not measured")]


def test_what_was_found_before_an_interruption_is_kept(world: World) -> None:
    def ask(table: Measured, measures: Sequence[Measure]) -> Mapping[Measure, Answer | Unanswered]:
        if table.relation == B:
            raise KeyboardInterrupt
        return dict.fromkeys(measures, 0)

    subjects = [Subject(build("one"), checks(Rows())), Subject(build("b", B), checks(Rows()))]
    known = Known({}, {s.build.id: Evidence() for s in subjects})
    asked = [asking(subject, understood) for subject in subjects]
    with pytest.raises(KeyboardInterrupt):
        measure(
            asked, known, ask=ask, relation_of=str, keep=world.kept.update, report=lambda _: None, show=nothing_shown
        )
    assert world.kept.keys() == {build("one").id}


def test_evidence_is_read_as_it_was_written() -> None:
    answers: dict[Digest, Answer] = {
        digest("a"): 1, digest("b"): 0.1, digest("c"): "12345678901234567890.5", digest("d"): None, digest("e"): "nan"
    }  # fmt: skip
    assert evidence_from_text(evidence_to_text(Evidence(answers))) == Evidence(answers)
    assert evidence_from_text(None) == Evidence()


def test_no_two_measures_have_one_identity() -> None:
    different: list[Measure] = [
        *ALL, Filled("a", "b"), Failing(Like("a", "1")), Failing(OneOf("a", (Constant("1"),))),
        Failing(OneOf("a", (ONE,), is_not=True)),
        Failing(OneOf("a", (Constant("1.0", Family.NUMBER),))), Failing(OneOf("a", (Constant("true", Family.TRUTH),))),
        Failing(OneOf("a", (Sql("1"),))),
        Failing(Within("a", ONE)), Failing(Within("a", high=ONE)), Failing(Within("a", ONE, is_open=True)),
        Failing(Says(Sql("a"), "b")), Failing(Says(Sql("b"), "a")), Rows(of=B),
    ]  # fmt: skip
    assert len({digest_of(one) for one in different}) == len(different)
    assert len(set(different)) == len(different)
