"""The words of an apply: what was built, what the environment shows now, or what failed and how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.listing import listed
from headgate.core.plan import Action, Plan
from headgate.words.checks import OF_CHECKS, lines_beside_failed, lines_of_failed
from headgate.words.diagnostics import excerpt_of
from headgate.words.figures import bytes_text, counted, made_text, milliseconds_text, seconds_text
from headgate.words.layout import styled
from headgate.words.properties import properties_text

if TYPE_CHECKING:
    from headgate.app.apply import Applied
    from headgate.app.plan import Planned
    from headgate.core.progress import CutOff, Finished
    from headgate.core.records import Build


_NOTES = {Kind.SOURCE: "captured", Kind.UNCHECKED: "before tests", Kind.QUARANTINE: "set aside"}
"""What is said of what is made, beside tables of people."""


def announcement(planned: Planned) -> str:
    """Return what is said before a new environment is built."""
    plan = planned.plan
    kinds = [s.kind for s in plan.doing(Action.BUILD, Action.LOAD)]
    views = kinds.count(Kind.VIEW)
    shared = sum(s.action is Action.REUSE and s.kind not in NOT_SHOWN for s in plan.steps)
    told = f"{shared} to share" if shared else "nothing to share yet"
    return f"{plan.environment} is new. {made_text(len(kinds) - views, views)}, {told}."


def row_of_finished(event: Finished, kind: Kind | None) -> tuple[str, ...]:
    """Return what is said of an address once it has its build: address, rows, seconds, what it is."""
    took = "found built" if event.is_reused else seconds_text(event.seconds)
    note = "" if event.is_reused or kind is None else _NOTES.get(kind, "")
    return event.address, counted(event.rows, "row"), took, note


def row_of_cut_off(event: CutOff) -> tuple[str, ...]:
    """Return what is said of an address that was to be made and stays as it is: address, rows, how, why."""
    return event.address, counted(event.rows, "row"), "as before", "what it reads came out equal"


def row_of_build(build: Build) -> tuple[str, ...]:
    """Return the same of a build that was made."""
    if build.kind is Kind.VIEW:
        return build.address, "", "", "a view"
    return build.address, counted(build.rows, "row"), seconds_text(build.seconds), _NOTES.get(build.kind, "")


BUILD_NUMBERS = frozenset({1, 2})
"""Which cells of such a row are numbers."""


def next_text(applied: Applied) -> str:
    """Return what comes after an apply beside a protected environment."""
    name = applied.plan.environment
    builds = applied.outcome.builds
    parts: list[str] = [a for a, build in builds.items() if build.load is not None and build.load.is_part]
    if not parts:
        return f"Next: headgate promote {name}"
    return f"Next: headgate apply {name} loads the rest of {listed(parts)}, which came with --since; then promote"


def result_text(planned: Planned, applied: Applied, *, warehouse_bytes: int) -> str:
    """Return what was made and what the environment shows now, in one line; of a server nobody knows the bytes."""
    plan = applied.plan
    switched = f"Published at once in {milliseconds_text(applied.switch_seconds)}."
    if plan.keeps_all and plan.properties:
        return f"{plan.environment}: no asset changes; {properties_text(plan.properties)}. {switched}"
    made = [a for a in applied.outcome.made if applied.outcome.builds[a].kind not in NOT_SHOWN]
    others = planned.shows - len(made)
    if planned.is_new and not others:
        size = f", {bytes_text(warehouse_bytes)} in all" if warehouse_bytes else ""
        return (
            f"{plan.environment}: {counted(len(made), 'asset')} in {seconds_text(applied.seconds)}{size}.{_look(plan)}"
        )
    kept = f", {others:,} {'shared' if _is_shared(plan) else 'as before'}" if others else ""
    removed = len(plan.doing(Action.REMOVE))
    gone = f", {removed:,} gone" if removed else ""
    views = sum(applied.outcome.builds[a].kind is Kind.VIEW for a in made)
    new = made_text(len(made) - views, views, word="new")
    return f"{plan.environment}: {new}{kept}{gone}. {switched}"


def lines_of_failure(applied: Applied) -> list[str]:
    """Return what failed, and that the environment is as it was."""
    lines: list[str] = []
    for failure in applied.outcome.failures:
        diagnostic = failure.diagnostic
        if diagnostic.code in OF_CHECKS:
            continue
        lines.append(f"{styled('failed', 'red', 'bold')}  {failure.address}  {diagnostic.place or ''}".rstrip())
        lines += excerpt_of(diagnostic)
        lines += [f"  {line}" for line in (*diagnostic.detail.splitlines(), *diagnostic.hint.splitlines())]
    return lines + lines_of_failed(applied.verdict) + lines_beside_failed(applied.verdict) + left_as_it_was(applied)


def left_as_it_was(applied: Applied) -> list[str]:
    """Return what was not done because of a failure or an interruption."""
    outcome, name = applied.outcome, applied.plan.environment
    stays = "is as it was" if applied.plan.serial else "is not there yet"
    if outcome.is_interrupted:
        return [f"Interrupted. Nothing was published; {name} {stays}."]
    lines: list[str] = []
    if waiting := len(outcome.not_started):
        lines.append(f"  {not_started_text(waiting)}")
    return [*lines, f"Nothing was published; {name} {stays}."]


def not_started_text(count: int) -> str:
    """Return how many assets were not started because of what failed.

    >>> not_started_text(1), not_started_text(2)
    ('1 asset that reads it was not started.', '2 assets that read it were not started.')
    """
    return f"{counted(count, 'asset that reads it was', 'assets that read it were')} not started."


def after_failure(applied: Applied) -> str:
    """Return how to go on after a failure or an interruption."""
    name, finished = applied.plan.environment, len(applied.outcome.made)
    kept = f"; {counted(finished, 'finished build')} {'is' if finished == 1 else 'are'} kept" if finished else ""
    if applied.outcome.is_interrupted:
        return f"headgate apply {name} goes on{kept}."
    return f"mend it and run headgate apply {name} again{kept}."


def _is_shared(plan: Plan) -> bool:
    return any(step.kind not in NOT_SHOWN for step in plan.doing(Action.REUSE))


def _look(plan: Plan) -> str:
    """Return a query over the last table that was made: nothing reads it, so it is what people look at."""
    read = {address for step in plan.steps for address in step.inputs}
    ends = [
        s.address
        for s in plan.doing(Action.BUILD, Action.LOAD)
        if s.kind not in (Kind.SEED, Kind.QUARANTINE) and s.address not in read
    ]
    name = sorted(ends)[0] if ends else ""
    return f' Look: headgate sql {plan.environment} "select * from {name} limit 5"' if name else ""
