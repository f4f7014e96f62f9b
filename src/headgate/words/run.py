"""The words of a run: what comes in, what was taken in, what failed and how it goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from headgate.core.declarations import NOT_SHOWN
from headgate.core.plan import Action
from headgate.words.diagnostics import excerpt_of
from headgate.words.figures import counted, milliseconds_text
from headgate.words.layout import aligned, styled

if TYPE_CHECKING:
    from headgate.app.run import PlannedRun, Ran
    from headgate.core.diagnostic import Diagnostic


def lines_of_run(planned: PlannedRun, *, width: int) -> list[str]:
    """Return what a run would do, one line for each address that takes something in."""
    from headgate.words.plan import told_step

    plan = planned.plan
    if plan is None:
        return []
    told = [(step, told_step(step, frozenset())) for step in plan.steps if step.action is not Action.KEEP]
    rows = [(words.word, step.address, words.reason, words.effect) for step, words in told]
    return aligned(rows, width=width)


def question_of(planned: PlannedRun) -> str:
    """Return what is asked before intervals are loaded again on purpose."""
    return f"Load these again into {planned.request.environment}?"


def nothing_text(ran: Ran) -> str:
    """Return what is said where there was nothing to take in."""
    return f"{ran.record.environment}: nothing new, nothing due. Release {ran.record.release} stays as it is."


def result_text(ran: Ran) -> str:
    """Return what was taken in, in one line."""
    from headgate.core.load_versions import is_idle

    outcome, plan = ran.outcome, ran.planned.plan
    if outcome is None or plan is None or ran.move is None:
        return nothing_text(ran)
    made = [a for a in outcome.made if outcome.builds[a].kind not in NOT_SHOWN]
    loaded = sum(outcome.builds[address].load is not None for address in made)
    idle = sum(step.load is not None and is_idle(step.load) for step in plan.steps if step.address in made)
    counts = ((loaded - idle, "load"), (len(made) - loaded, "build"))
    parts = [counted(count, word) for count, word in counts if count]
    parts += [f"{len(outcome.cut_off):,} as before"] if outcome.cut_off else []
    parts += [f"{idle:,} had nothing due"] if idle else []
    parts = parts or ["what was built before"]
    parts += [f"{ran.record.idle:,} had nothing new"] if ran.record.idle else []
    switched = f"published at once in {milliseconds_text(ran.switch_seconds)}"
    return f"{ran.record.environment}: {', '.join(parts)}. Release {ran.move.serial}, {switched}."


def lines_of_failure(ran: Ran) -> Iterable[str]:
    """Yield what failed, with the user's own line, and what became of the rest."""
    from headgate.words.checks import OF_CHECKS, lines_beside_failed, lines_of_failed

    outcome = ran.outcome
    if outcome is None:
        return
    for failure in outcome.failures:
        if failure.diagnostic.code not in OF_CHECKS:
            yield from _lines_of(failure.address, failure.diagnostic)
    yield from lines_of_failed(ran.verdict)
    yield from lines_beside_failed(ran.verdict)
    if outcome.not_started:
        from headgate.words.apply import not_started_text  # which a run of nothing need not import

        yield f"  {not_started_text(len(outcome.not_started))}"
    name = ran.record.environment
    yield f"Nothing was published; {name} shows what it showed before. What is finished is kept for the next run."


def after_failure(ran: Ran) -> str:
    """Return how to go on: where something of the user failed, the same run would fail again."""
    again = f"headgate run {ran.record.environment}"
    failures = ran.outcome.failures if ran.outcome is not None else ()
    if all(failure.diagnostic.code == "HG600" for failure in failures):
        return f"Next: {again}"
    return f"Next: mend that, in the data, or in the code with apply and promote; then {again}"


def _lines_of(address: str, diagnostic: Diagnostic) -> Iterable[str]:
    place = f"  {diagnostic.place}" if diagnostic.place else ""
    yield f"{styled('failed', 'red')}  {address}{place}"
    if diagnostic.excerpt and diagnostic.place:
        yield from excerpt_of(diagnostic)
    yield f"  {diagnostic.summary}"
    yield from (f"  {line}" for line in (*diagnostic.detail.splitlines(), *diagnostic.hint.splitlines()))
