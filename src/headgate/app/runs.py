"""`headgate runs`: the records of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.errors import UsageError
from headgate.core.runs import RunRecord

if TYPE_CHECKING:
    from headgate.app.session import Session


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one environment, newest first; ``is_at_work``: somebody changes its warehouse now."""

    environment: str
    runs: tuple[RunRecord, ...]
    total: int
    is_at_work: bool


def runs(session: Session, environment: str | None, *, number: int = 0, limit: int = 0) -> Runs:
    """Return the last runs of an environment, by default of the protected one; with ``number`` that one alone."""
    from headgate.app.running.records import read_runs

    name = environment or next(iter(session.protected()), "prod")
    with session.reading() as reading:
        engine = session.recorded(reading, name).engine
        found = read_runs(reading, name)
        lease = reading.lease(f"engine/{engine}")
    if number:
        chosen = tuple(one for one in found if one.number == number)
        if not chosen:
            raise UsageError(f"{name} has no run {number}")
        return Runs(name, chosen, len(found), lease is not None)
    newest = found[::-1]
    return Runs(name, newest[:limit] if limit else newest, len(found), lease is not None)
