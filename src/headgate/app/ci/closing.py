"""`headgate ci --closed`: the environments of requests that were closed show nothing any more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.app.ci.job import environment_for
from headgate.app.gc import expire_environment
from headgate.core.errors import ForgeRefused, UsageError
from headgate.core.ports.forge import RequestState

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.forge import Forge
    from headgate.core.surroundings import Surroundings

_OF_REQUEST = re.compile(r"pr-([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class Closed:
    """Environments that show nothing from now on, those of open requests, and those of requests that nobody knows."""

    expired: tuple[str, ...]
    still_open: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def close(session: Session, where: Surroundings, forge: Forge | None, *, wait_seconds: float = 0) -> Closed:
    """Empty the environment of the request that we run for; without one, those of all that the forge says are closed.

    Tables stay until `gc`, which drops those that nobody shares. Raises ``UsageError`` where it is not known which.
    """
    if where.is_fork:
        return Closed(())
    if where.is_request:
        name = environment_for(where, "")
        return Closed((name,) if expire_environment(session, name, wait_seconds=wait_seconds) else ())
    if forge is None:
        way = "headgate gc --drop-environment pr-12"
        raise UsageError(f"no job of a request, and no token to ask which ones are closed. By hand: {way}")
    expired, still_open, unknown = [], [], []
    for name, number in _of_requests(session):
        try:
            is_open = forge.request(number).state is RequestState.OPEN
        except ForgeRefused:
            unknown.append(name)
            continue
        if is_open:
            still_open.append(name)
        elif expire_environment(session, name, wait_seconds=wait_seconds):
            expired.append(name)
    return Closed(tuple(expired), tuple(still_open), tuple(unknown))


def _of_requests(session: Session) -> tuple[tuple[str, int], ...]:
    """Return the environments that show something and are called as those of requests, with the numbers of these."""
    from headgate.release.stored import read_environments, read_pointers

    with session.reading() as reading:
        names = [name for name in read_environments(reading) if read_pointers(reading, name)]
    return tuple((name, int(found[1])) for name in sorted(names) if (found := _OF_REQUEST.fullmatch(name)))
