"""`headgate doctor`: where a warehouse and the state have drifted apart, and what brings them together again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.app.session import nonce, now, user
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import EngineBusy, Refused, UsageError

if TYPE_CHECKING:
    from headgate.app.session import Held, Session
    from headgate.core.address import Address
    from headgate.core.ports.store import Reading
    from headgate.release.doctor.findings import Finding
    from headgate.release.doctor.look import Diagnosis
    from headgate.release.doctor.repair import Repaired, Surgery


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found in one engine.

    ``views`` and ``tables`` count what was looked at. ``awaited`` are, by environment, the assets whose builds are
    marked as lost; ``protected`` those environments that only a promotion changes.
    """

    engine: str
    warehouse: str
    findings: tuple[Finding, ...] = ()
    environments: tuple[str, ...] = ()
    views: int = 0
    tables: int = 0
    awaited: dict[str, tuple[Address, ...]] | None = None
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Treated:
    """What was done in one engine, and what is found afterwards."""

    repaired: Repaired
    after: Checkup


def examine(session: Session, *, engine: str = "") -> tuple[Checkup, ...]:
    """Return what was found in the engine named, by default in all. Nothing is written.

    Raises ``EngineBusy`` where somebody is at work there: what a running command leaves half done is no drift.
    """
    return tuple(_examine(session, name) for name in engines_of(session, engine))


def treat(session: Session, found: Checkup, *, wait_seconds: float = 0) -> Treated:
    """Do all that can be done about what was found in one engine; raise ``Refused`` where more is found by now."""
    from headgate.release.doctor.repair import repair

    environment = next(iter(found.environments), next(iter(session.protected()), "dev"))
    with session.holding_as_found(environment, "doctor", found.engine, wait_seconds=wait_seconds) as held:
        surgery = _surgery(held, found.engine)
        if more := set(surgery.look().findings) - set(found.findings):
            text = f"something has changed since you were asked: {len(more)} more to repair"
            raise Refused([Diagnostic("HG502", text, hint="Look again: headgate doctor")])
        done = repair(surgery)
        return Treated(done, _checkup(session, found.engine, done.after))


def engines_of(session: Session, name: str) -> tuple[str, ...]:
    """Return the engine named, or all of them."""
    engines = tuple(session.config.engines)
    if name and name not in engines:
        raise UsageError(f"there is no engine {name}; headgate.toml has {', '.join(engines)}")
    return (name,) if name else engines


def _examine(session: Session, name: str) -> Checkup:
    from headgate.release.doctor.look import look, look_without_engine

    with session.reading() as reading:
        _check_nobody_works(reading, name)
        if not session.may_be_there(name):
            found = look_without_engine(reading, state=_identity(session), engine_name=name)
            if found.findings and session.state.is_shared:
                session.tell(f"{session.elsewhere(name)}\nA repair has all built again here.")
            return _checkup(session, name, found)
    engine = session.engine(name, is_read_only=True)
    try:
        # The warehouse is held now, so nobody publishes: what is read of the state from here on belongs to it.
        with session.reading() as reading:
            _check_nobody_works(reading, name)
            found = look(reading, engine, state=_identity(session), engine_name=name, root=str(session.root))
    finally:
        engine.close()
    return _checkup(session, name, found)


def _identity(session: Session) -> str:
    """Return the identity of the state; nothing where there is none yet, and none is made."""
    return session.store().identity() if session.state.exists() else ""


def _check_nobody_works(reading: Reading, engine: str) -> None:
    lease = reading.lease(f"engine/{engine}")
    if lease is not None:
        text = f"the warehouse {engine} is being changed by {lease.holder} ({lease.purpose})"
        raise EngineBusy(text, hint="Wait for its end, then look again: headgate doctor")


def _surgery(held: Held, engine: str) -> Surgery:
    from headgate.release.doctor.repair import Surgery

    return Surgery(held.store, held.engine, held.lease, now, nonce, held.root, user(), engine, held.recorder.now)


def _checkup(session: Session, name: str, found: Diagnosis) -> Checkup:
    from headgate.core.declarations import NOT_SHOWN
    from headgate.core.records import BuildStatus

    known = found.known
    shown = {n: [a for a, p in known.pointers[n].items() if p.kind not in NOT_SHOWN] for n in known.records}
    protected = session.protected()
    names = [n for n in known.records if shown[n]]
    return Checkup(
        engine=name,
        warehouse=session.warehouse(session.config.engines[name]).name,
        findings=found.findings,
        environments=tuple(sorted(names, key=lambda n: (n not in protected, n))),
        views=sum(map(len, shown.values())),
        tables=sum(bool(b.relation) and b.status is BuildStatus.SEALED for b in known.builds.values()),
        awaited={n: tuple(due.lacking) for n, due in found.dues.items() if due.lacking},
        protected=tuple(protected),
    )
