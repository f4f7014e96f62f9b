"""Whether what a plan rests on has moved since it was made. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic
from headgate.core.hashing import Digest, short
from headgate.core.plan import Action, Plan, Step
from headgate.core.recipe import Shape
from headgate.core.records import BuildStatus
from headgate.core.snapshot import Snapshot

POINTING = (Action.KEEP, Action.REUSE, Action.RESHAPE)


def stale_entries(plan: Plan, snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """Return one HG502 for every entry that ``plan`` read and that has moved since; none: the plan may be applied.

    Read were: the pointers of its environment, also that others were absent; the builds that it points to; the latest
    captures of source tables. What happens in other environments does not count, as long as those builds stay.
    """
    faults = [*_moved_pointers(plan, snapshot), *_gone_builds(plan, snapshot), *_newer_captures(plan, snapshot)]
    return tuple(Diagnostic("HG502", text, hint=f"Plan again: headgate plan {plan.environment}") for text in faults)


def _moved_pointers(plan: Plan, snapshot: Snapshot) -> Iterator[str]:
    now = snapshot.shown.pointers if snapshot.shown else {}
    steps = {step.address: step for step in plan.steps}
    for address in sorted(plan.entries.keys() | now.keys()):
        before, pointer = plan.entries.get(address), now.get(address)
        where = f"{plan.environment} {address}"
        if pointer is None:
            yield f"{where} was removed since the plan was made"
        elif before is None:
            yield f"{where} was added since the plan was made"
        elif pointer.build != before:
            yield f"{where} shows build {_short(pointer.build)}, the plan was made from {_short(before)}"
        elif address in steps and _is_reordered(steps[address], pointer.shape):
            yield f"{where} shows its columns in another order than when the plan was made"


def _is_reordered(step: Step, shown: Shape) -> bool:
    """Tell whether the columns stand in another order than they did: a plan to reorder them found them otherwise."""
    if step.action is Action.RESHAPE:
        return step.shape == shown
    return step.action is Action.KEEP and step.shape != shown


def _gone_builds(plan: Plan, snapshot: Snapshot) -> Iterator[str]:
    for step in plan.doing(*POINTING):
        build = snapshot.build(step.build) if step.build else None
        if build is None or build.status is not BuildStatus.SEALED:
            yield f"the build {_short(step.build or Digest(''))} of {step.address}, which the plan keeps, is gone"


def _newer_captures(plan: Plan, snapshot: Snapshot) -> Iterator[str]:
    for step in plan.steps:
        latest = snapshot.captures.get(step.address)
        if latest is not None and _rests_on_latest(step) and step.capture is not None:
            taken = step.action is Action.CAPTURE and latest.number == step.capture.number
            if latest.number > step.capture.number or taken:
                yield f"{step.address} was captured again (number {latest.number}) since the plan was made"


def _rests_on_latest(step: Step) -> bool:
    """Tell whether the latest capture decided the step: not for files, which are known by content."""
    is_source = step.kind is Kind.SOURCE and step.action is not Action.REMOVE
    return is_source and step.is_selected and step.capture is not None and not step.capture.exact


def _short(build: Digest) -> str:
    return short(build, 6)
