"""The gate in front of a protected environment: what is known of a change, weighed, decided, and told as one report.

`promote`, `plan prod`, `approve` and `ci` all ask it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.core.comparison import Rung
from headgate.core.declarations import NOT_COMPARED, NOT_SHOWN
from headgate.core.diagnostic import Diagnostic
from headgate.core.gate import Level, Topic

if TYPE_CHECKING:
    from headgate.app.gate.gathering import Gathered
    from headgate.app.releasing.promotion import Promotion
    from headgate.app.session import Session
    from headgate.core.address import Address
    from headgate.core.gate import Approval, Decision, Finding
    from headgate.core.hearing import Hearing
    from headgate.core.policy import Policy
    from headgate.core.ports.store import Reading
    from headgate.core.progress import RunEvent
    from headgate.core.report import AssetReport, Report
    from headgate.evidence.consumers import Consumer
    from headgate.evidence.decide import Case
    from headgate.evidence.findings import Touched
    from headgate.release.promote import Promoted, PromotionPlan

_TOLD_MAX = 5


@dataclass(frozen=True, slots=True)
class Review:
    """What the gate says of a promotion, and on what it does: the weighed findings, the case, who agreed to it.

    ``earlier`` is who agreed beside this release to the change as it was, or to another one; none where nobody is
    waited for.
    """

    report: Report
    found: tuple[Finding, ...]
    case: Case
    approvals: tuple[Approval, ...] = ()
    earlier: tuple[Approval, ...] = ()

    @property
    def decision(self) -> Decision:
        """The decision."""
        return self.report.decision

    @property
    def told(self) -> Decision:
        """The decision as it may be told: without values of protected columns."""
        from headgate.core.redacted import redacted

        return redacted(self.report).decision

    @property
    def policy(self) -> Policy:
        """The policy by which it was decided."""
        return self.case.policy

    @property
    def hearing(self) -> Hearing:
        """What was decided on, for the signed record."""
        from headgate.core.hearing import Hearing

        case = self.case
        return Hearing(self.decision, case.policy, case.environment, case.today, case.expected)

    def is_left_to_authors(self, finding: Finding) -> bool:
        """Tell whether all who may agree to a finding made the change, so that none of them may."""
        from headgate.evidence.agree import is_left_to_authors

        return is_left_to_authors(finding, policy=self.policy, authors=self.case.authors)

    def heard(self, approvals: Iterable[Approval]) -> Review:
        """Return what the gate says once more people agree."""
        from headgate.evidence.decide import decide

        known = (*self.approvals, *approvals)
        decision = decide(self.found, self.case, known, overridden=self.decision.overridden)
        return replace(self, report=_with_findings(self.report, decision), approvals=known)

    @property
    def lacks(self) -> bool:
        """Tell whether something would have to be measured first."""
        return any(one.topic is Topic.EVIDENCE and one.level is Level.BLOCK for one in self.decision.findings)


def reviewed(
    session: Session,
    reading: Reading,
    promotion: Promotion,
    gathered: Gathered,
    *,
    overridden: str = "",
) -> Review:
    """Return what the gate says of a promotion on what was gathered.

    Cost: where nothing waits for anybody, one pass; else a look into the approvals, and a git command.
    """
    from headgate.app.session import now
    from headgate.core.report import Report
    from headgate.evidence.consumers import findings_of_consumers
    from headgate.evidence.decide import Case, decide, weighed
    from headgate.evidence.findings import findings_of, findings_of_gate, findings_of_new_data

    altered, plan = promotion.altered, promotion.plan
    at = now()
    touched = tuple(_touched(promotion, gathered))
    found = weighed(
        [f for tell in (findings_of, findings_of_new_data) for one in touched for f in tell(one)], altered.policy
    )
    consumers = weighed(findings_of_consumers(_consumers(promotion), found), altered.policy)
    findings = (*weighed(findings_of_gate(altered.gate), altered.policy), *found, *consumers)
    case = Case(altered.policy, altered.change, altered.release, plan.target, at[:10], (), altered.expected)
    approvals: tuple[Approval, ...] = ()
    if any(one.level is Level.APPROVE for one in findings):
        case, approvals = _heard(session, reading, promotion, case)
    decision = decide(findings, case, approvals, overridden=overridden)
    report = Report(
        project=session.config.name,
        source=plan.source,
        target=plan.target,
        release=altered.release,
        commit=promotion.commit,
        at=at,
        decision=decision,
        assets=tuple(
            _asset(item, promotion, gathered) for item in (*plan.moved, *plan.removed) if _is_told(item, plan)
        ),
        untouched=promotion.kept,
        not_run=promotion.not_run,
        unmet=_unmet(case, findings),
    )
    earlier = _earlier(reading, promotion, decision) if decision.waiting else ()
    return Review(_with_findings(report, decision), findings, case, approvals, earlier)


def _unmet(case: Case, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return what was expected and nobody found; nothing where not all was measured yet."""
    if any(one.topic is Topic.EVIDENCE and one.level is Level.BLOCK for one in findings):
        return ()
    return tuple(
        f"{one.path} expects something of {pattern}, and the change does nothing of that."
        for one in case.expected
        if not one.is_past(case.today)
        for pattern in one.unmet(findings)
    )


def known_review(session: Session, promotion: Promotion) -> Review:
    """Return what the gate is known to say of a promotion; nothing is measured."""
    from headgate.app.gate.gathering import known

    with session.reading() as reading:
        return reviewed(session, reading, promotion, known(session, reading, promotion))


def considered(
    session: Session,
    promotion: Promotion,
    *,
    wait_seconds: float = 0,
    report: Callable[[RunEvent], None] = lambda _: None,
) -> Review:
    """Return what the gate says of a promotion; what lacks for that is measured, under the lease."""
    from headgate.app.gate.gathering import gathered

    source, target = promotion.plan.source, promotion.plan.target
    review = known_review(session, promotion)
    if not review.lacks:
        return review
    with session.holding(target, f"measure {source} for {target}", wait_seconds=wait_seconds) as held:
        found = gathered(session, held, promotion, report=report)
        with held.store.reading() as reading:
            return reviewed(session, reading, promotion, found)


def _with_findings(report: Report, decision: Decision) -> Report:
    """Return a report with a decision, and with each asset's part of it."""
    by_address: dict[Address, list[Finding]] = {}
    for one in decision.findings:
        by_address.setdefault(one.address, []).append(one)
    assets = (replace(asset, findings=tuple(by_address.get(asset.address, ()))) for asset in report.assets)
    return replace(report, decision=decision, assets=tuple(assets))


def _is_told(item: Promoted, plan: PromotionPlan) -> bool:
    """Tell whether an address is an asset: what is not shown is told by what reads it."""
    pointers = plan.shown if _goes(item, plan) else plan.intended.pointers if plan.intended else {}
    return item.address in pointers and pointers[item.address].kind not in NOT_SHOWN


def _goes(item: Promoted, plan: PromotionPlan) -> bool:
    """Tell whether nobody is shown any more what was there: it is declared no longer, or as a source."""
    after = plan.intended.pointers.get(item.address) if plan.intended and item.after is not None else None
    was = plan.shown.get(item.address)
    return after is None or (was is not None and was.kind not in NOT_SHOWN and after.kind in NOT_SHOWN)


def _heard(session: Session, reading: Reading, promotion: Promotion, case: Case) -> tuple[Case, tuple[Approval, ...]]:
    """Return the case with its authors, and who agreed to it already."""
    from headgate.app.gate.approvals import authors_of, known_approvals

    authors = authors_of(session, reading, promotion)
    return replace(case, authors=authors), known_approvals(reading, case.environment, case.change)


def _earlier(reading: Reading, promotion: Promotion, decision: Decision) -> tuple[Approval, ...]:
    """Return who agreed beside this release to some of what has to be agreed to, as it was then; the oldest first."""
    from headgate.app.gate.approvals import open_approvals
    from headgate.core.gate import finding_key

    keys = {finding_key(one) for one in decision.at(Level.APPROVE)}
    found = open_approvals(reading, promotion.plan.target, promotion.plan.serial)
    return tuple(one for one in found if not keys.isdisjoint(one.amounts))


def _touched(promotion: Promotion, gathered: Gathered) -> Iterator[Touched]:
    """Yield what moves, and what has checks that say something, each address once."""
    from headgate.core.checks import Outcome
    from headgate.evidence.findings import Touched

    plan, owners = promotion.plan, promotion.altered.owners
    nodes = promotion.graph.nodes if promotion.graph else {}
    results = {
        address: tuple(one for one in found if one.outcome is not Outcome.PASS)
        for address, found in gathered.verdict.results.items()
    }
    moved = {item.address: item for item in plan.moved if not _goes(item, plan)}
    for address in dict.fromkeys((*moved, *(a for a, found in results.items() if found))):
        node, item = nodes.get(address), moved.get(address)
        comparison = gathered.comparisons.get(address) if item else None
        columns, has_unstable_rows = _unstable(node)
        yield Touched(
            address,
            owner=owners.get(address, ""),
            comparison=comparison,
            lacks=_lacks(item, promotion) if item and comparison is None else "",
            undrifted=_undrifted(address, promotion, gathered) if item else (),
            results=results.get(address, ()),
            unstable=columns,
            has_unstable_rows=has_unstable_rows,
            place=node.place if node else None,
        )
    for item in (*plan.moved, *plan.removed):
        if _goes(item, plan) and plan.shown[item.address].kind not in NOT_SHOWN:
            yield Touched(item.address, owners.get(item.address, ""), is_removed=True, is_source=item.after is not None)


def _unstable(node: object) -> tuple[frozenset[str], bool]:
    """Return the columns of an asset that need not come out the same twice, and whether that holds of its rows."""
    from headgate.core.graph import Node

    if not isinstance(node, Node):
        return frozenset(), False
    recipe = node.recipe
    return frozenset(column.name for column in recipe.columns if column.term.tainted), recipe.rows.tainted


def _lacks(item: Promoted, promotion: Promotion) -> str:
    """Return what is not known of a build that takes the place of another one; empty where nothing has to be."""
    pointers = promotion.plan.intended.pointers if promotion.plan.intended else {}
    if item.before is None or item.before == item.after or pointers[item.address].kind in NOT_COMPARED:
        return ""
    return f"it was not compared with what {promotion.plan.target} shows"


def _undrifted(address: Address, promotion: Promotion, gathered: Gathered) -> tuple[str, ...]:
    """Return the columns whose drift decides and was not measured; where it is only shown, nothing needs it."""
    policy, columns = promotion.altered.policy, gathered.undrifted.get(address, ())
    return tuple(name for name in columns if policy.rule(Topic.DRIFT, address, name).level is not Level.SHOW)


def _consumers(promotion: Promotion) -> Iterator[Consumer]:
    """Yield what reads assets by the release or by the change, with all that either says of it."""
    from headgate.core.declarations import Kind
    from headgate.core.graph import ExposureNode
    from headgate.core.properties import uses_in
    from headgate.evidence.consumers import Consumer, uses_joined

    owners, before = promotion.altered.owners, promotion.altered.before
    nodes = promotion.graph.nodes if promotion.graph else {}
    declared = {address: node for address, node in nodes.items() if isinstance(node, ExposureNode)}
    released = {a: uses_in(told) for a, told in before.items() if told.get("kind") == Kind.EXPOSURE.value}
    for address in dict.fromkeys((*declared, *released)):
        node = declared.get(address)
        uses = uses_joined(released.get(address, {}), node.uses if node else {})
        yield Consumer(address, owners.get(address, ""), uses, node.place if node else None)


def _asset(item: Promoted, promotion: Promotion, gathered: Gathered) -> AssetReport:
    from headgate.core.report import AssetReport

    address, graph = item.address, promotion.graph
    comparison = gathered.comparisons.get(address)
    pictured = comparison.data if comparison is not None and comparison.rung is Rung.SAME else comparison
    before = item.before if pictured is None or not pictured.before else pictured.before
    protected = graph.protected.get(address, frozenset()) if graph else frozenset()
    profiles = gathered.profiles
    return AssetReport(
        address=address,
        does="remove" if _goes(item, promotion.plan) else item.word,
        reason=item.reason,
        owner=promotion.altered.owners.get(address, ""),
        comparison=comparison,
        before=profiles.get(before) if before else None,
        after=profiles.get(item.after) if item.after else None,
        checks=gathered.verdict.results.get(address, ()),
        protected=protected | gathered.protected.get(address, frozenset()),
    )


def refusals(review: Review) -> tuple[Diagnostic, ...]:
    """Return why the gate does not open: a fault for each finding that blocks, and one for each owner who has to agree.

    None where it opens.
    """
    if review.decision.opens:
        return ()
    decision = review.told
    blocked = (_blocked(one, review.policy) for one in decision.at(Level.BLOCK))
    return (*blocked, *(_waiting(owner, ones, review) for owner, ones in decision.waiting.items()))


def ways_out(review: Review) -> tuple[str, ...]:
    """Return what is left for each owner all of whose members made the change; nothing where there is none."""
    waiting = review.decision.waiting.items()
    stuck = (owner for owner, ones in waiting if any(map(review.is_left_to_authors, ones)))
    return tuple(f"{owner or 'Owners'}: {_way_out(owner, review.report)}" for owner in stuck)


def _blocked(finding: Finding, policy: Policy) -> Diagnostic:
    where = policy.section(finding.topic, finding.address, finding.column, is_of_data=finding.is_of_data)
    allowed = f'{finding.topic.value} = "approve" in {where} of headgate.toml'
    code, hint = "HG710", f"Mend it. Or let owners agree, by {allowed}; release that first: what is released decides."
    if finding.topic is Topic.CHECK:
        code, hint = "HG701", ""
    elif finding.topic is Topic.EVIDENCE:
        code, hint = ("HG702", "") if finding.aspect else ("HG712", "Nothing passes unmeasured.")
    return Diagnostic(code, f"{finding.address}: {finding.told}", finding.place, hint)


def _waiting(owner: str, findings: Iterable[Finding], review: Review) -> Diagnostic:
    from headgate.evidence.agree import able_to_agree

    ones = tuple(findings)
    report = review.report
    able = sorted({name for one in ones for name in able_to_agree(one, review.policy)})
    who = owner or ("any owner" if able else "somebody")
    members = f" ({', '.join(able)})" if able and able != [owner.casefold()] else ""
    since = [_since(one, review) for one in ones]
    told = [f"{one.address}: {one.told}{then}" for one, then in zip(ones, since, strict=True)]
    more = [f"and {len(told) - _TOLD_MAX} more"] if len(told) > _TOLD_MAX else []
    hint = f"They agree with: headgate approve {report.source} --to {report.target}"
    if any(review.is_left_to_authors(one) for one in ones):
        hint = _way_out(owner, report)
    summary = f"{report.target} waits for {who}{members} to agree{' again' if any(since) else ''}"
    return Diagnostic("HG711", summary, hint=hint, detail="\n".join((*told[:_TOLD_MAX], *more)))


def _since(finding: Finding, review: Review) -> str:
    """Return what a finding that waits is beside what somebody agreed to before; empty where nobody did."""
    from headgate.evidence.agree import agreed_before, since_text

    found = agreed_before(finding, review.earlier, policy=review.policy, authors=review.case.authors)
    return "" if found is None else f" ({since_text(finding, found)})"


def _way_out(owner: str, report: Report) -> str:
    """Return what is left where all who may agree made the change."""
    opened = f'headgate promote {report.source} --to {report.target} --override "why"'
    named = f"Let headgate.toml name another member of {owner or 'an owner'}, and release that first"
    return f"All of them made this change: none agrees for the others. {named}; or: {opened}"
