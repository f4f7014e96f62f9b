"""What the gate heard is kept in figures, and it decides the same on it again; edited figures give it away."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.app.gate.deciding_again import decided_again, decided_otherwise
from headgate.core.address import Address
from headgate.core.checks import Outcome
from headgate.core.comparison import Comparison, Rung
from headgate.core.diagnostic import Place
from headgate.core.expected import Bound, ExpectedChange
from headgate.core.gate import Approval, Decision, Finding, Level, Topic, Verdict, finding_key
from headgate.core.grounds import CheckFigures, Grounds, grounds_from_text, grounds_to_text
from headgate.core.hashing import Digest, digest
from headgate.core.hearing import Hearing, without_words
from headgate.core.json_form import dumps, loads
from headgate.core.policy import Policy, Section
from headgate.evidence.decide import Case, decide, weighed
from headgate.evidence.findings import Touched, findings_of, findings_of_new_data
from headgate.release.verify import Verified

CHANGE = digest("change")
ADDRESSES = st.sampled_from([Address("m.orders"), Address("m.total")])
AMOUNTS = st.floats(0, 2).map(lambda amount: round(amount, 3))
FINDINGS = st.lists(
    st.builds(
        Finding, st.sampled_from(Topic), ADDRESSES, st.just(Level.SHOW), st.just("7 rows hold secret"),
        st.sampled_from(["", "price"]), AMOUNTS, st.integers(0, 9), st.sampled_from(["", "ops"]), st.just(""),
        st.sampled_from([None, Place("assets/m/orders.sql", 3)]), st.sampled_from(["", "NULL"]),
        st.dictionaries(st.sampled_from(["up", "down"]), AMOUNTS), st.booleans(),
    ),
    max_size=5,
)  # fmt: skip
LEVELS = st.dictionaries(st.sampled_from(Topic), st.sampled_from(Level), max_size=3)
SECTIONS = st.lists(
    st.builds(Section, st.sampled_from(["", "m.*"]), LEVELS, st.dictionaries(st.sampled_from(Topic), AMOUNTS)),
    max_size=2,
).map(tuple)
POLICIES = st.builds(
    Policy,
    SECTIONS,
    SECTIONS,
    st.sampled_from([{}, {"ops": ("ada", "ben")}]),
    st.sampled_from(["", "ops"]),
    st.booleans(),
)
EXPECTED = st.builds(
    ExpectedChange, st.just("changes/a.yml"), st.just(digest("file")), st.just("a new price"),
    st.sampled_from(["2026-01-01", "2026-12-31"]),
    st.lists(st.builds(Bound, st.sampled_from(Topic), st.just("m.*"), AMOUNTS), max_size=2).map(tuple),
    st.just(Place("changes/a.yml", 1)),
)  # fmt: skip


@st.composite
def hearings(draw: st.DrawFn) -> Hearing:
    policy = draw(POLICIES)
    expected = tuple(draw(st.lists(EXPECTED, max_size=2)))
    case = Case(policy, CHANGE, 3, "prod", "2026-06-01", ("ada",), expected)
    findings = weighed(draw(FINDINGS), policy)
    approval = agreed(policy, *draw(st.lists(st.sampled_from(findings)) if findings else st.just([])))
    decision = decide(findings, case, [approval], overridden=draw(st.sampled_from(["", "the shop is down"])))
    return Hearing(decision, policy, "prod", "2026-06-01", expected)


def agreed(policy: Policy, *findings: Finding) -> Approval:
    amounts = {finding_key(one): one.amount for one in findings}
    parts = {finding_key(one): one.parts for one in findings}
    at, owners = "2026-06-01T09:00:00Z", ("ops",)
    return Approval("prod", 3, CHANGE, policy.digest, "ben", ("ben",), at, owners, amounts, parts=parts)


@settings(deadline=None)
@given(hearings())
def test_a_hearing_comes_back_without_a_word_of_the_data(hearing: Hearing) -> None:
    text = grounds_to_text(Grounds({}, hearing))
    assert "secret" not in text
    found = grounds_from_text(text)
    assert found.hearing == replace(hearing, decision=without_words(hearing.decision))
    assert grounds_to_text(found) == text


@settings(deadline=None)
@given(hearings())
def test_the_gate_says_the_same_again(hearing: Hearing) -> None:
    found = grounds_from_text(grounds_to_text(Grounds({}, hearing)))
    assert found.hearing is not None
    assert decided_again(found.hearing) == without_words(hearing.decision)
    told = otherwise(found, hearing.decision.word)
    assert bool(told) == (not hearing.decision.opens)


ORDERS = Address("m.orders")
COUNT = Finding(Topic.COUNT, ORDERS, Level.SHOW, "", amount=0.2, rows=9, owner="ops")


def heard(*findings: Finding, approvals: tuple[Approval, ...] = (), policy: Policy | None = None) -> Hearing:
    said = policy or Policy()
    case = Case(said, CHANGE, 3, "prod", "2026-06-01", ("ada",))
    return Hearing(decide(weighed(findings, said), case, approvals), said, "prod", "2026-06-01")


def otherwise(grounds: Grounds, word: str) -> list[str]:
    one = Verified("prod", 4, (), is_signed=True, predicate={"decision": word}, grounds=grounds)
    return [found.summary.removeprefix("release 4 of prod: ") for found in decided_otherwise(one)]


def edited(hearing: Hearing, **changes: Any) -> Hearing:
    return replace(hearing, decision=replace(hearing.decision, **changes))


def test_what_was_agreed_to_is_decided_so_again() -> None:
    hearing = heard(COUNT, approvals=(agreed(Policy(), COUNT),))
    assert hearing.decision.word == "approved"
    assert otherwise(Grounds({}, hearing), "approved") == []
    assert otherwise(Grounds({}, hearing), "pass") == ["the gate says approved, and its move says pass"]


def test_a_verdict_that_was_edited_is_told() -> None:
    hearing = edited(heard(COUNT), verdict=Verdict.PASS, waiting={})
    assert otherwise(Grounds({}, hearing), "pass") == ["the gate says needs approval, and said pass"]


def test_an_approval_that_does_not_cover_it_is_told() -> None:
    small = agreed(Policy(), replace(COUNT, amount=0.1))
    hearing = edited(heard(COUNT), verdict=Verdict.PASS, waiting={}, approvals=(small,))
    assert otherwise(Grounds({}, hearing), "approved") == ["the gate says needs approval, and said pass"]


def test_a_finding_that_was_made_lighter_is_told() -> None:
    lighter = replace(COUNT, level=Level.SHOW)
    hearing = edited(heard(COUNT), verdict=Verdict.PASS, waiting={}, findings=(lighter,))
    assert otherwise(Grounds({}, hearing), "pass") == ["the gate says needs approval, and said pass"]


def test_another_policy_is_told() -> None:
    mild = Policy((Section("", {Topic.COUNT: Level.SHOW}),))
    hearing = replace(heard(COUNT, policy=mild), policy=Policy())
    assert otherwise(Grounds({}, hearing), "pass")[0] == "its policy is not the one that was decided by"


def test_what_should_not_have_been_released_is_told() -> None:
    assert otherwise(Grounds({}, heard(COUNT)), "needs approval") == [
        "the gate says needs approval: it should not have been released"
    ]


def test_a_check_that_failed_is_told_unless_the_gate_was_opened() -> None:
    checks = {Address("m.orders"): (CheckFigures("unique of id", Outcome.FAIL, 2, 9),)}
    assert otherwise(Grounds(checks), "pass") == ["m.orders: unique of id failed, and nothing opened the gate"]
    opened = edited(heard(), overridden="the shop is down")
    assert otherwise(Grounds(checks, opened), "overridden") == []


def test_what_new_data_alone_brought_is_held_to_the_rules_of_a_run_then_and_now() -> None:
    """Two fifths of the rows are gone by data alone: a run lets that pass, and so did the release."""
    data = Comparison(ORDERS, Digest("a"), Digest("b"), Rung.KEYED, 1000, 600, ("id",), removed=400, moved=(ORDERS,))
    code = Comparison(ORDERS, Digest("b"), Digest("c"), Rung.KEYED, 600, 600, ("id",), data=data)
    touched = Touched(ORDERS, comparison=code)
    hearing = heard(*findings_of(touched), *findings_of_new_data(touched))
    assert [(one.topic, one.level, one.is_of_data) for one in hearing.decision.findings] == [
        (Topic.COUNT, Level.SHOW, True)
    ]
    found = grounds_from_text(grounds_to_text(Grounds({}, hearing)))
    assert otherwise(found, "pass") == []


def test_a_record_that_says_by_data_in_place_of_a_column_is_read_as_it_was_meant() -> None:
    """Records were written so, and those of releases with `isolate: true` are sound."""
    body = loads(grounds_to_text(Grounds({}, heard(replace(COUNT, amount=0.4, is_of_data=True)))))
    body["hearing"]["is_run"] = False
    for one in body["hearing"]["decision"]["findings"]:
        one["column"] = "by data"
        for name in ("aspect", "parts", "is_of_data"):
            del one[name]
    assert otherwise(grounds_from_text(dumps(body)), "pass") == []


def test_an_approval_of_before_is_decided_on_as_it_was() -> None:
    """It is of amounts alone, as are the findings beside it."""
    body = loads(grounds_to_text(Grounds({}, heard(COUNT, approvals=(agreed(Policy(), COUNT),)))))
    for one in body["hearing"]["decision"]["approvals"]:
        del one["parts"]
    assert otherwise(grounds_from_text(dumps(body)), "approved") == []


def test_a_decision_without_findings_passes() -> None:
    assert otherwise(Grounds({}, heard()), "pass") == []
    empty = Hearing(Decision(Verdict.PASS, (), Policy().digest, Digest(""), 0), Policy(), "prod", "2026-06-01")
    assert otherwise(Grounds({}, empty), "pass") == []
