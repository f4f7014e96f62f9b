"""The records of runs: begun when a run begins, ended when it ends, so that one that was cut off can be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headgate.app.session import now
from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.errors import Conflict, HeadgateError, Refused
from headgate.core.json_form import dumps, loads
from headgate.core.ports.store import Batch, Entry, Expectation, Lease, NewEvent, Reading, StateStore
from headgate.core.records import Collection, Move
from headgate.core.runs import RunRecord, RunStatus, detail_of, run_from_json, run_key, run_to_json

if TYPE_CHECKING:
    from headgate.run.outcome import Outcome

_ATTEMPTS = 20
"""So often a number is tried that somebody else may take meanwhile."""

_OTHERS_MAX = 9
"""So many faults beside the first one are kept in a record."""


def read_runs(reading: Reading, environment: str) -> tuple[RunRecord, ...]:
    """Return the runs of an environment, oldest first. Cost: one scan."""
    return tuple(run_from_json(loads(text)) for _, text in reading.scan(Collection.RUNS, f"{environment}/"))


def last_run(reading: Reading, environment: str) -> RunRecord | None:
    """Return the newest run of an environment; None where there is none. Cost: one scan, one record is parsed."""
    last = None
    for _, text in reading.scan(Collection.RUNS, f"{environment}/"):
        last = text
    return None if last is None else run_from_json(loads(last))


def begun(store: StateStore, begins: RunRecord, lease: Lease | None = None, keeps: Iterable[Entry] = ()) -> RunRecord:
    """Write that a run has begun, or that there was nothing to run, and return the record with its number.

    ``keeps`` are entries that are written with it.
    """
    for _ in range(_ATTEMPTS):
        with store.reading() as reading:
            last = max((key for key, _ in reading.scan(Collection.RUNS, f"{begins.environment}/")), default="/0")
        record = replace(begins, number=int(last.rpartition("/")[2]) + 1)
        key = run_key(record.environment, record.number)
        entry = Entry(Collection.RUNS, key, dumps(run_to_json(record)))
        try:
            store.commit(Batch((entry, *keeps), (Expectation(Collection.RUNS, key, None),), _events(record), lease))
        except Conflict as conflict:
            if conflict.entry.startswith("lease:"):
                raise
            continue
        return record
    raise AssertionError(f"{_ATTEMPTS} runs began at once")


def ended(
    store: StateStore,
    record: RunRecord,
    outcome: Outcome,
    move: Move | None,
    *,
    lease: Lease,
    keeps: Iterable[Entry] = (),
) -> RunRecord:
    """Write what came of a run, and return the record."""
    if outcome.is_complete:
        status = RunStatus.PUBLISHED if move else RunStatus.NOTHING
    else:
        status = RunStatus.INTERRUPTED if outcome.is_interrupted else RunStatus.FAILED
    record = replace(record, status=status, ended_at=now(), serial=move.serial if move else 0)
    entry = Entry(Collection.RUNS, run_key(record.environment, record.number), dumps(run_to_json(record)))
    store.commit(Batch((entry, *keeps), (), _events(record), lease))
    return record


@contextmanager
def recorded_end(store: StateStore, record: RunRecord) -> Iterator[None]:
    """Write why a run that was begun failed, where an error ends it; what nobody expected leaves it as cut off.

    The lease may be lost by then, and the record is the run's own: so it is written without.
    """
    try:
        yield
    except HeadgateError as error:
        why = told_of(error.diagnostics if isinstance(error, Refused) else (Diagnostic("", str(error)),))
        failed = replace(record, status=RunStatus.FAILED, ended_at=now(), **why)
        entry = Entry(Collection.RUNS, run_key(record.environment, record.number), dumps(run_to_json(failed)))
        with suppress(HeadgateError):  # what is told is what came first
            store.commit(Batch((entry,), (), _events(failed)))
        raise


def told_of(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """Return what a record says of faults, one or more: all of the first one, and the summaries of some others."""
    first, *others = sorted(diagnostics, key=lambda one: one.severity is Severity.WARNING)
    more = f", and {len(others):,} more" if others else ""
    told = (detail_of(first), *(f"also {one.summary}" for one in others[:_OTHERS_MAX]))
    return {"error": f"{first.summary}{more}", "detail": "\n".join(filter(None, told))}


def _events(record: RunRecord) -> tuple[NewEvent, ...]:
    """Return the event of a run that is over; what is on its way is no event yet."""
    if record.status is RunStatus.RUNNING:
        return ()
    body = {
        "at": record.ended_at,
        "by": record.by,
        "environment": record.environment,
        "number": record.number,
        "status": record.status.value,
        "serial": record.serial,
    }
    return (NewEvent("run", body),)
