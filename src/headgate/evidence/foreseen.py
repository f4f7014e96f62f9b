"""What a promotion will have to have, as far as a plan tells: nothing is built or measured yet. Pure.

Columns that go or become others, assets that go and the gate's own rules are certain. Whether values and rows differ
is not: a plan knows which ones may.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from headgate.core.address import Address, fold
from headgate.core.comparison import ShapeDifference
from headgate.core.declarations import Kind
from headgate.core.gate import Finding, Level, Need, Topic
from headgate.core.plan import Action, Cause, Plan, Step
from headgate.core.records import Pointer
from headgate.evidence.compare import shape_difference
from headgate.evidence.decide import Case, decide, weighed
from headgate.evidence.findings import Gate, Touched, findings_of_gate, findings_of_shape


def foreseen(
    plan: Plan, shown: Mapping[Address, Pointer], gate: Gate, owners: Mapping[Address, str], case: Case
) -> tuple[Need, ...]:
    """Return what the changes of a plan need to take the place of what ``shown`` points to, what is certain first.

    ``owners`` are those of what is released. Before anybody says who the owners are, whoever promotes agrees to
    everything: then only what blocks is told. Cost: the steps that move something.
    """
    steps = _of_code(plan, shown)
    certain = [*findings_of_gate(gate), *(f for step in steps for f in _certain(step, shown, owners))]
    found = weighed(certain, case.policy)
    possible = tuple(_weighed_possible((f for step in steps for f in _possible(step, shown, owners)), case))
    reached = _reached(plan, owners, (*found, *possible), case)
    needs = (*_needs(found, case, is_certain=True), *_needs((*possible, *reached), case, is_certain=False))
    return needs if case.policy.owners else tuple(one for one in needs if one.level is Level.BLOCK)


def _of_code(plan: Plan, shown: Mapping[Address, Pointer]) -> list[Step]:
    """Return the steps that move an asset away from what is released because of code, its own or that of an input.

    What only has other data stays as it is in a promotion.
    """
    moved: dict[Address, Step] = {}
    for step in plan.steps:
        if step.kind is Kind.SOURCE or step.action is Action.KEEP:
            continue
        if step.cause in _CODE or any(one.address in moved for one in step.influences):
            moved[step.address] = step
    return [step for step in moved.values() if _is_other(step, shown)]


_CODE = frozenset({Cause.CHANGED, Cause.NEW, Cause.REMOVED, Cause.SHARED})
"""Why a step is there that no data brought."""


def _is_other(step: Step, shown: Mapping[Address, Pointer]) -> bool:
    """Tell whether a step leads to another build than the one that is released."""
    return step.address in shown and (step.build is None or step.build != shown[step.address].build)


def _touched(step: Step, owners: Mapping[Address, str]) -> Touched:
    return Touched(step.address, owner=owners.get(step.address, step.owner), place=step.place)


def _shape(step: Step, shown: Mapping[Address, Pointer]) -> ShapeDifference:
    return shape_difference(shown[step.address].shape, step.shape)


def _certain(step: Step, shown: Mapping[Address, Pointer], owners: Mapping[Address, str]) -> Iterator[Finding]:
    touched = _touched(step, owners)
    if step.action is Action.REMOVE:
        told = "it is no longer declared"
        yield Finding(Topic.ASSET_REMOVED, step.address, Level.SHOW, told, amount=1.0, owner=touched.owner)
    else:
        yield from findings_of_shape(touched, _shape(step, shown))


def _possible(step: Step, shown: Mapping[Address, Pointer], owners: Mapping[Address, str]) -> Iterator[Finding]:
    """Yield the columns whose values may differ, and that rows may go."""
    if step.action is Action.REMOVE:
        return
    touched, shape = _touched(step, owners), _shape(step, shown)
    told = {*(fold(one.name) for one in shape.added), *(fold(one.name) for one in shape.retyped)}
    about = Finding(Topic.CHANGED, step.address, Level.SHOW, "", owner=touched.owner, place=step.place)
    for name in step.affected:
        if fold(name) not in told:
            yield replace(about, told=f"{name} may change", column=name)
    if step.rows_affected:
        yield replace(about, topic=Topic.REMOVED, told="rows may go")


def _weighed_possible(findings: Iterable[Finding], case: Case) -> Iterator[Finding]:
    """Yield findings with the level that they have as soon as their budget is passed, which a share may never do."""
    for one in findings:
        rule = case.policy.rule(one.topic, one.address, one.column)
        if rule.budget < 1:
            yield replace(one, level=rule.level, amount=math.nextafter(rule.budget, 1.0))


def _reached(plan: Plan, owners: Mapping[Address, str], found: Iterable[Finding], case: Case) -> Iterable[Finding]:
    """Return which consumers of other owners read what needs somebody's agreement."""
    by_address: dict[Address, set[str]] = {}
    for one in found:
        if one.level is not Level.SHOW:
            by_address.setdefault(one.address, set()).add(one.owner)
    reached = []
    for reach in plan.reaches:
        owner = owners.get(reach.address, reach.owner)
        read = [address for address in reach.columns if address in by_address]
        others = {name for address in read for name in by_address[address]} - {owner}
        if owner and others:
            told = f"it reads {', '.join(read)}"
            reached.append(Finding(Topic.CONSUMER, reach.address, Level.SHOW, told, amount=1.0, owner=owner))
    return weighed(reached, case.policy)


def _needs(findings: tuple[Finding, ...], case: Case, *, is_certain: bool) -> Iterator[Need]:
    decision = decide(findings, case)
    if blocked := decision.at(Level.BLOCK):
        yield Need(Level.BLOCK, "", blocked, is_certain)
    for owner, waiting in decision.waiting.items():
        yield Need(Level.APPROVE, owner, waiting, is_certain)
