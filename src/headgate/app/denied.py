"""What a command asked its session for and does not get: an environment that is not there, a lease that is held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from headgate.app.ages import since
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import LeaseHeld, Refused

if TYPE_CHECKING:
    from headgate.core.ports.store import LeaseTaken


def no_environment(name: str, known: Iterable[str], way: str) -> Refused:
    """Return that there is none of that name: with the nearest one, else all of them and the ``way`` to one."""
    names = sorted(set(known) - {"*"})
    near = nearest(name, names)
    there = f"There {'is' if len(names) == 1 else 'are'} {', '.join(names)}." if names else ""
    hint = f"Did you mean {near[0]}?" if near else f"{there} {way}".strip()
    return Refused([Diagnostic("HG544", f"there is no environment {name}", hint=hint)])


def held_by(taken: LeaseTaken, environment: str) -> LeaseHeld:
    """Return that somebody else is at work, and what to do about it."""
    hint = f"Wait for it with --wait 5m, or look: headgate status {environment}"
    return LeaseHeld([Diagnostic("HG501", at_work(taken, environment), hint=hint)])


def at_work(taken: LeaseTaken, environment: str) -> str:
    """Return who is at work on the warehouse of an environment, at what, and since when."""
    facts = ", ".join(part for part in (taken.lease.purpose, since(taken.lease.since)) if part)
    return f"the warehouse of {environment} is being changed by {taken.lease.holder} ({facts})"
