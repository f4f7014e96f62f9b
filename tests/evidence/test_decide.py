"""The gate decides: what waits, who may agree, and what no agreement covers."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.core.address import Address
from headgate.core.comparison import ColumnDifference, Comparison, Drift, Rung
from headgate.core.diagnostic import Place
from headgate.core.expected import Bound, ExpectedChange
from headgate.core.gate import (
    Approval,
    Decision,
    Finding,
    Level,
    Topic,
    Verdict,
    approval_from_json,
    approval_to_json,
    decision_from_json,
    decision_to_json,
    finding_key,
)
from headgate.core.hashing import Digest, digest
from headgate.core.json_form import dumps, loads
from headgate.core.policy import Policy, Section, matches
from headgate.evidence.agree import approvals_of
from headgate.evidence.consumers import Consumer, findings_of_consumers
from headgate.evidence.decide import Case, decide, weighed
from headgate.evidence.findings import Touched, findings_of

ORDERS, SALES = Address("marts.orders"), Address("marts.sales")
TEAM = Policy(owners={"ops": ("ada", "ben@x.org"), "sales": ("eve",)})
ONE = digest("change", "one")


def case(policy: Policy = TEAM, *authors: str, change: Digest = ONE, release: int = 4) -> Case:
    return Case(policy, change, release, "prod", "2026-11-22", authors or ("ada",))


def finding(topic: Topic = Topic.CHANGED, amount: float = 0.1, owner: str = "ops", column: str = "price") -> Finding:
    return Finding(topic, ORDERS, Level.SHOW, "it changes", column, amount, 10, owner)


def decided(*findings: Finding, of: Case | None = None, approvals: tuple[Approval, ...] = ()) -> Decision:
    chosen = of or case()
    return decide(weighed(findings, chosen.policy), chosen, approvals)


def agreed(decision: Decision, *identity: str, policy: Policy = TEAM) -> tuple[Approval, ...]:
    return approvals_of(
        decision, environment="prod", by=identity[0], identity=identity, policy=policy, at="2026-11-22T10:00:00Z"
    )


def test_nothing_found_passes() -> None:
    assert decided().verdict is Verdict.PASS
    assert decided().word == "pass"
    assert decided(finding(Topic.ADDED)).verdict is Verdict.PASS


def test_what_waits_names_the_owner_who_has_to_agree() -> None:
    decision = decided(finding(), finding(Topic.COUNT, owner="sales"))
    assert decision.verdict is Verdict.WAITING
    assert {owner: len(found) for owner, found in decision.waiting.items()} == {"ops": 1, "sales": 1}
    assert not decision.opens


def test_another_member_of_the_owner_opens_the_gate() -> None:
    approvals = agreed(decided(finding()), "ben", "Ben@X.org")
    assert [(one.by, one.is_own, one.owners) for one in approvals] == [("ben", False, ("ops",))]
    decision = decided(finding(), approvals=approvals)
    assert (decision.verdict, decision.word, decision.approvals) == (Verdict.PASS, "approved", approvals)


def test_the_author_agrees_to_nothing_where_somebody_else_could() -> None:
    waiting = decided(finding())
    assert agreed(waiting, "ada") == ()
    forged = replace(agreed(waiting, "ben@x.org")[0], identity=("ada",))
    assert decided(finding(), approvals=(forged,)).verdict is Verdict.WAITING


def test_a_member_of_another_owner_agrees_to_nothing() -> None:
    assert agreed(decided(finding()), "eve") == ()


def test_an_owner_who_is_alone_agrees_to_their_own_change_and_it_is_recorded_as_such() -> None:
    waiting = decided(finding(owner="sales"), of=case(TEAM, "eve"))
    (approval,) = agreed(waiting, "eve")
    assert approval.is_own
    assert decided(finding(owner="sales"), of=case(TEAM, "eve"), approvals=(approval,)).verdict is Verdict.PASS


def test_an_owner_without_a_section_is_a_person_of_that_name() -> None:
    waiting = decided(finding(owner="zoe"))
    assert agreed(waiting, "ben@x.org") == ()
    assert [one.is_own for one in agreed(waiting, "Zoe")] == [False]


def test_where_nobody_says_who_the_owners_are_whoever_releases_agrees() -> None:
    nobody = Policy()
    waiting = decided(finding(), of=case(nobody))
    assert [one.is_own for one in agreed(waiting, "ada", policy=nobody)] == [True]
    assert [one.is_own for one in agreed(waiting, "ben", policy=nobody)] == [False]


def test_what_has_no_owner_anybody_agrees_to() -> None:
    waiting = decided(finding(owner=""))
    assert [one.is_own for one in agreed(waiting, "ada")] == [True]
    assert [one.is_own for one in agreed(waiting, "eve")] == [False]


def test_a_change_of_the_policy_needs_any_owner_but_the_author() -> None:
    altered = finding(Topic.POLICY, owner="", column="")
    assert agreed(decided(altered), "ada") == ()
    assert agreed(decided(altered), "mallory") == ()
    assert len(agreed(decided(altered), "eve")) == 1


def test_what_is_blocked_no_agreement_opens() -> None:
    broken = finding(Topic.KEY)
    decision = decided(broken)
    assert decision.verdict is Verdict.BLOCKED
    assert agreed(decision, "ben@x.org") == ()
    overridden = decide(weighed((broken,), TEAM), case(), overridden="the board is on stage")
    assert (overridden.verdict, overridden.opens, overridden.word) == (Verdict.BLOCKED, True, "overridden")


def test_an_approval_holds_while_nothing_is_new_or_worse() -> None:
    approvals = agreed(decided(finding(amount=0.1)), "ben@x.org")
    assert decided(finding(amount=0.05), approvals=approvals).verdict is Verdict.PASS
    assert decided(finding(amount=0.11), approvals=approvals).verdict is Verdict.WAITING
    assert decided(finding(), finding(column="tax"), approvals=approvals).verdict is Verdict.WAITING
    assert decided(finding(), finding(Topic.REMOVED, column=""), approvals=approvals).verdict is Verdict.WAITING


def compared(**figures: Any) -> tuple[Finding, ...]:
    found: dict[str, Any] = {"rung": Rung.BAG, "rows_before": 1000, "rows_after": 1000, **figures}
    return findings_of(Touched(ORDERS, "ops", comparison=Comparison(ORDERS, **found)))


def drifted(measure: str, effect: float, way: str = "") -> Drift:
    return Drift("price", measure, effect, 0.01, f"{measure} {way}", way)


def test_who_agreed_to_more_rows_did_not_agree_to_fewer() -> None:
    approvals = agreed(decided(*compared(rows_after=1400)), "ben@x.org")
    assert decided(*compared(rows_after=1300), approvals=approvals).verdict is Verdict.PASS
    assert decided(*compared(rows_after=601), approvals=approvals).verdict is Verdict.WAITING


def test_who_agreed_that_values_move_did_not_agree_that_they_are_gone() -> None:
    """Of several measures of one column each counts by itself, and so do both directions of one."""
    moved, mean = drifted("Wasserstein distance", 2.0, "up"), drifted("mean", 1.5, "up")
    nulls = drifted("share of NULL", 0.95, "up")
    approvals = agreed(decided(*compared(drifts=(moved, mean))), "ben@x.org")
    assert [len(one.amounts) for one in approvals] == [1]
    for drifts, verdict in (
        ((moved, mean), Verdict.PASS),
        ((mean,), Verdict.PASS),
        ((nulls,), Verdict.WAITING),
        ((moved, mean, nulls), Verdict.WAITING),
        ((replace(mean, way="down"),), Verdict.WAITING),
        ((replace(mean, effect=1.9),), Verdict.WAITING),
    ):
        assert decided(*compared(drifts=drifts), approvals=approvals).verdict is verdict
    both = agreed(decided(*compared(drifts=(moved, nulls))), "ben@x.org")
    assert decided(*compared(drifts=(moved, mean, nulls)), approvals=(*approvals, *both)).verdict is Verdict.WAITING
    assert decided(*compared(drifts=(nulls,)), approvals=(*approvals, *both)).verdict is Verdict.PASS


def test_a_consumer_agreed_to_what_it_was_told_to_be_reached_by() -> None:
    board = Consumer(Address("boards.sales"), "eve", {ORDERS: ()})

    def reached(*names: str, removed: int = 0) -> tuple[Finding, ...]:
        columns = tuple(ColumnDifference(name, 5, 5) for name in names)
        return findings_of_consumers([board], weighed(compared(columns=columns, removed=removed), TEAM))

    approvals = agreed(decided(*reached("price", "tax")), "eve")
    assert decided(*reached("price"), approvals=approvals).verdict is Verdict.PASS
    assert decided(*reached("price", "note"), approvals=approvals).verdict is Verdict.WAITING
    assert decided(*reached("price", removed=9), approvals=approvals).verdict is Verdict.WAITING


def test_an_expected_number_of_rows_may_say_in_which_direction() -> None:
    for part, more, fewer in (("", True, True), ("more", True, False), ("fewer", False, True)):
        of = expected(Bound(Topic.COUNT, "marts.orders", 0.4, part=part))
        found = [decided(*compared(rows_after=after), of=of).verdict is Verdict.PASS for after in (1400, 601)]
        assert found == [more, fewer]


def test_an_expected_move_of_values_is_none_of_values_that_are_gone() -> None:
    moved, nulls = drifted("Wasserstein distance", 2.0, "up"), drifted("share of NULL", 0.3, "up")
    values, missing = Bound(Topic.DRIFT, "*.*", 100.0), Bound(Topic.DRIFT, "*.*", 0.3, part="share of NULL")
    (one,) = expected(values).expected
    both = replace(case(), expected=(replace(one, bounds=(values, missing)),))
    assert decided(*compared(drifts=(moved,)), of=expected(values)).verdict is Verdict.PASS
    assert decided(*compared(drifts=(moved, nulls)), of=expected(values)).verdict is Verdict.WAITING
    assert decided(*compared(drifts=(moved, nulls)), of=expected(missing)).verdict is Verdict.WAITING
    assert decided(*compared(drifts=(moved, nulls)), of=both).verdict is Verdict.PASS
    assert decided(*compared(drifts=(moved, replace(nulls, effect=0.31))), of=both).verdict is Verdict.WAITING


def test_an_approval_is_bound_to_the_change_the_release_and_the_policy() -> None:
    approvals = agreed(decided(finding()), "ben@x.org")
    other = Policy((Section("", budgets={Topic.COUNT: 0.5}),), owners=TEAM.owners)
    for changed in (case(change=digest("change", "two")), case(release=5), case(other)):
        assert decided(finding(), of=changed, approvals=approvals).verdict is Verdict.WAITING
    elsewhere = tuple(replace(one, environment="staging") for one in approvals)
    assert decided(finding(), approvals=elsewhere).verdict is Verdict.WAITING


def expected(bound: Bound, until: str = "2026-12-31") -> Case:
    one = ExpectedChange("changes/a.yml", Digest(""), "finance asked for it", until, (bound,), Place("changes/a.yml"))
    return replace(case(), expected=(one,))


def test_an_expected_change_is_shown_with_its_reason_within_its_bounds() -> None:
    bound = Bound(Topic.CHANGED, "marts.*", 0.1, "Price")
    decision = decided(finding(amount=0.1), of=expected(bound))
    assert decision.verdict is Verdict.PASS
    assert [(one.level, one.expected) for one in decision.findings] == [(Level.SHOW, "finance asked for it")]
    assert decided(finding(amount=0.11), of=expected(bound)).verdict is Verdict.WAITING
    assert decided(finding(column="tax"), of=expected(bound)).verdict is Verdict.WAITING
    assert decided(finding(Topic.REMOVED), of=expected(bound)).verdict is Verdict.WAITING


def test_an_expected_change_past_its_day_counts_nothing() -> None:
    bound = Bound(Topic.CHANGED, "marts.orders", 1.0)
    assert decided(finding(), of=expected(bound, "2026-11-22")).verdict is Verdict.PASS
    assert decided(finding(), of=expected(bound, "2026-11-21")).verdict is Verdict.WAITING


def test_what_is_blocked_nobody_expects() -> None:
    assert decided(finding(Topic.EMPTY), of=expected(Bound(Topic.EMPTY, "*.*", 1.0))).verdict is Verdict.BLOCKED


def test_a_policy_may_have_an_owner_agree_to_what_is_expected() -> None:
    telling = replace(expected(Bound(Topic.CHANGED, "*.*", 1.0)), policy=replace(TEAM, is_lowering=False))
    decision = decided(finding(), of=telling)
    assert decision.verdict is Verdict.WAITING
    assert decision.findings[0].expected == "finance asked for it"


def test_a_decision_and_an_approval_come_back_from_their_stored_form() -> None:
    approvals = agreed(decided(finding()), "ben@x.org")
    decision = decided(replace(finding(), place=Place("assets/a.sql", 3)), finding(Topic.COUNT, owner="sales"))
    decided_on = decided(*compared(rows_after=500, drifts=(drifted("mean", 2.0, "up"),)), approvals=approvals)
    assert decision_from_json(loads(dumps(decision_to_json(decided_on)))) == decided_on
    (wide,) = agreed(decided_on, "ben@x.org")
    assert approval_from_json(loads(dumps(approval_to_json(wide)))) == wide
    decision = replace(decision, approvals=approvals)
    assert decision_from_json(loads(dumps(decision_to_json(decision)))) == decision
    assert approval_from_json(loads(dumps(approval_to_json(approvals[0])))) == approvals[0]


def test_the_last_section_that_speaks_of_an_asset_counts() -> None:
    policy = Policy((Section("", budgets={Topic.COUNT: 0.2}), Section("marts.*", levels={Topic.COUNT: Level.BLOCK})))
    assert (policy.rule(Topic.COUNT, ORDERS).level, policy.rule(Topic.COUNT, ORDERS).budget) == (Level.BLOCK, 0.2)
    assert policy.rule(Topic.COUNT, Address("raw.a")).level is Level.APPROVE
    column = Policy((Section("marts.orders.price", budgets={Topic.CHANGED: 0.5}),))
    assert column.rule(Topic.CHANGED, ORDERS, "PRICE").budget == 0.5
    assert column.rule(Topic.CHANGED, ORDERS, "tax").budget == 0.0
    assert not matches("marts.*", Address("martsx.orders"))
    assert not matches("m.*", Address("m.a.b"))


def test_every_part_of_a_policy_is_in_its_digest() -> None:
    section = Section("marts.*", {Topic.COUNT: Level.BLOCK}, {Topic.COUNT: 0.1})
    policies = [
        Policy(),
        Policy((section,)),
        Policy(runs=(section,)),
        Policy((replace(section, pattern="raw.*"),)),
        Policy((replace(section, levels={}),)),
        Policy((replace(section, budgets={Topic.COUNT: 0.2}),)),
        Policy(owners={"ops": ("ada",)}),
        Policy(owner="ops"),
        Policy(is_lowering=False),
    ]
    assert len({policy.digest for policy in policies}) == len(policies)
    assert Policy(owners={"b": ("x",), "a": ("z", "y")}).digest == Policy(owners={"a": ("y", "z"), "b": ("x",)}).digest


TOPICS = st.sampled_from(list(Topic))
FINDINGS = st.lists(
    st.builds(
        lambda topic, address, amount, owner: Finding(topic, address, Level.SHOW, "", "", amount, 0, owner),
        TOPICS, st.sampled_from([ORDERS, SALES]), st.floats(0, 2), st.sampled_from(["ops", "sales", ""]),
    ),
    max_size=6, unique_by=finding_key,
)  # fmt: skip


@settings(deadline=None)
@given(FINDINGS, FINDINGS, st.sampled_from(["ada", "ben@x.org", "eve", "mallory"]))
def test_more_findings_never_open_the_gate(some: list[Finding], more: list[Finding], name: str) -> None:
    approvals = agreed(decided(*some), name)
    before, after = decided(*some, approvals=approvals), decided(*some, *more, approvals=approvals)
    assert before.opens or not after.opens


@settings(deadline=None)
@given(FINDINGS, st.floats(0.001, 1), st.sampled_from(["ada", "ben@x.org", "eve"]))
def test_what_became_worse_waits_again(some: list[Finding], more: float, name: str) -> None:
    approvals = agreed(decided(*some), name)
    worse = [replace(one, amount=one.amount + more) for one in some]
    decision = decided(*worse, approvals=approvals)
    assert not decision.approvals


@settings(deadline=None)
@given(FINDINGS, st.sampled_from(["ada", "ben@x.org", "eve", "mallory"]))
def test_the_author_never_agrees_for_others(some: list[Finding], name: str) -> None:
    for approval in agreed(decided(*some, of=case(TEAM, name)), name):
        able = {member for owner in approval.owners for member in TEAM.members(owner)}
        assert approval.is_own
        assert able <= {name}
