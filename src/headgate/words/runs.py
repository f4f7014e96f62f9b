"""The words of the records of runs: one row each, or all that one did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.listing import listed
from headgate.core.runs import RunRecord, RunStatus
from headgate.words.figures import bytes_text, counted, seconds_text, time_text
from headgate.words.layout import harmless

if TYPE_CHECKING:
    from headgate.app.runs import Runs

ROW_NUMBERS = frozenset({0})
STEP_NUMBERS = frozenset({2, 3, 4})
"""Which cells of a row are numbers."""

FAILED_MAX = 2
"""So many addresses that failed are named in a row."""


def none_text(found: Runs) -> str:
    """Return what is said where there are none."""
    return f"{found.environment} has not been run yet. Next: headgate run {found.environment}"


def row_of(record: RunRecord, *, is_at_work: bool) -> tuple[str, ...]:
    """Return its number, when it began, what came of it, and how much came in."""
    made = [step for step in record.steps.values() if step.outcome in ("loaded", "built")]
    told = [counted(len(made), "asset")] if made else []
    failed: list[str] = [address for address, step in record.steps.items() if step.outcome == "failed"]
    told += [f"{listed(failed, FAILED_MAX)} failed"] if failed else []
    told += [f"{len(record.skipped)} waited"] if record.skipped else []
    told += [f"release {record.serial}"] if record.serial else []
    told += [record.error] if record.error else []
    return str(record.number), time_text(record.started_at), status_text(record, is_at_work=is_at_work), ", ".join(told)


def status_text(record: RunRecord, *, is_at_work: bool) -> str:
    """Return what came of a run; of one that never ended whether it may still be on its way."""
    if record.status is RunStatus.RUNNING:
        return "running" if is_at_work else "cut off"
    return "nothing new" if record.status is RunStatus.NOTHING else record.status.value


def facts_of(record: RunRecord, *, is_at_work: bool) -> str:
    """Return the first line about one run."""
    status = status_text(record, is_at_work=is_at_work)
    parts = [f"run {record.number}", record.environment, status, record.by, time_text(record.started_at)]
    parts += [f"took {time_text(record.now)} for the present", f"code of release {record.release}"]
    return " · ".join(parts)


def failures_of(record: RunRecord) -> list[str]:
    """Return why a run failed, as lines: of each address what the engine said, or why nothing could be begun."""
    lines = [record.error, *record.detail.splitlines()] if record.error else []
    for address, step in record.steps.items():
        if step.outcome == "failed" and step.detail:
            lines += [f"{address}: {step.why}", *(f"  {line}" for line in step.detail.splitlines())]
    return [f"  {harmless(line)}" for line in lines]


def steps_of(record: RunRecord) -> list[tuple[str, ...]]:
    """Return a row for each address that something was done for, and for each that waits."""
    rows: list[tuple[str, ...]] = [
        (step.outcome, address, counted(step.rows, "row"), bytes_text(step.bytes), seconds_text(step.seconds), step.why)
        if step.outcome in ("loaded", "built", "captured")
        else (step.outcome, address, "", "", "", step.why)
        for address, step in record.steps.items()
    ]
    rows += [("skipped", address, "", "", "", why) for address, why in record.skipped.items()]
    if record.idle:
        rows.append(("skipped", counted(record.idle, "more", "more"), "", "", "", "no new input"))
    return rows
