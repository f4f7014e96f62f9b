"""`headgate gc`: drop what nobody can come back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.app.session import nonce, now, user
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused, UsageError

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.release.collect import CollectionPlan


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection would do, or did, in one engine."""

    engine: str
    plan: CollectionPlan


def plan_gc(session: Session, *, drop: Sequence[str] = (), engine: str = "") -> Collected:
    """Return what would go; raise ``Refused`` where an environment to drop is protected or unknown."""
    from headgate.release.collect import plan_collection

    name = engine_of(session, engine)
    for environment in drop:
        _refuse_protected(session, environment)
    with session.reading() as reading:
        plan = plan_collection(
            reading, engine_name=name, now=now(), retain=session.retain_seconds, environments_to_drop=drop
        )
    return Collected(name, plan)


def gc(session: Session, *, drop: Sequence[str] = (), engine: str = "", wait_seconds: float = 0) -> Collected:
    """Drop it, and return what went."""
    from headgate.release.collect import collect

    name = engine_of(session, engine)
    purpose = f"gc --drop-environment {' '.join(drop)}" if drop else "gc"
    environment = drop[0] if drop else next(iter(session.protected()), "dev")
    with session.holding(environment, purpose, wait_seconds=wait_seconds, engine_name=name) as held:
        done = collect(
            store=held.store,
            engine=held.engine,
            engine_name=name,
            lease=held.lease,
            clock=now,
            nonce=nonce,
            root=str(session.root),
            by=user(),
            retain=session.retain_seconds,
            environments_to_drop=drop,
        )
    return Collected(name, done)


def expire_environment(session: Session, environment: str, *, wait_seconds: float = 0) -> bool:
    """Leave an environment with nothing to show, and drop nothing else; tell whether it showed anything.

    Raises ``Refused`` where it is protected. Its tables go with the next collection, unless somebody shares them.
    """
    from headgate.release.collect import expire
    from headgate.release.stored import read_environments, read_pointers

    _refuse_protected(session, environment)
    with session.reading() as reading:
        record = read_environments(reading).get(environment)
        if record is None or not read_pointers(reading, environment):
            return False
    purpose = f"ci --closed, {environment}"
    with session.holding(environment, purpose, wait_seconds=wait_seconds, engine_name=record.engine) as held:
        expire(
            environment,
            store=held.store,
            engine=held.engine,
            lease=held.lease,
            clock=now,
            nonce=nonce,
            root=str(session.root),
            by=user(),
        )
    return True


def _refuse_protected(session: Session, environment: str) -> None:
    if session.is_protected(environment):
        text = f"{environment} is protected: it cannot be dropped"
        hint = "If you mean it, release first that it is not: `protected = false` in headgate.toml, and promote."
        raise Refused([Diagnostic("HG543", text, hint=hint)])


def engine_of(session: Session, name: str) -> str:
    """Return the engine to collect in: the one named, else the only one."""
    engines = list(session.config.engines)
    if name and name not in engines:
        raise UsageError(f"there is no engine {name}; headgate.toml has {', '.join(engines)}")
    if not name and len(engines) > 1:
        raise UsageError(f"say which engine with --engine: {', '.join(engines)}")
    return name or engines[0]
