"""`headgate doctor`: where a warehouse and the state have drifted apart, and what would bring them together again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.core.errors import EngineBusy, UsageError

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.address import Address
    from headgate.core.ports.engine import Engine
    from headgate.core.ports.store import Reading
    from headgate.release.doctor.findings import Finding


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found in one engine.

    ``views`` and ``tables`` count what was looked at. ``awaited`` are, by environment, the assets whose builds are
    marked as lost: the next apply makes them.
    """

    engine: str
    warehouse: str
    findings: tuple[Finding, ...]
    environments: tuple[str, ...]
    views: int
    tables: int
    awaited: dict[str, tuple[Address, ...]]


def examine(session: Session, *, engine: str = "") -> tuple[Checkup, ...]:
    """Return what was found in the engine named, by default in all. Nothing is written.

    Raises ``EngineBusy`` where somebody is at work there: what a running command leaves half done is no drift.
    """
    return tuple(_examine(session, name) for name in engines_of(session, engine))


def engines_of(session: Session, name: str) -> tuple[str, ...]:
    """Return the engine named, or all of them, that of the protected environment first."""
    engines = tuple(session.config.engines)
    if name and name not in engines:
        raise UsageError(f"there is no engine {name}; headgate.toml has {', '.join(engines)}")
    return (name,) if name else engines


def _examine(session: Session, name: str) -> Checkup:
    warehouse = session.warehouse(session.config.engines[name])
    with session.reading() as reading:
        session.check_warehouse(reading, name)
        _check_nobody_works(reading, name)
    if not warehouse.exists():
        return Checkup(name, warehouse.name, (), (), 0, 0, {})
    opened = session.engine(name, is_read_only=True)
    try:
        # The warehouse is held now, so nobody publishes: what is read of the state from here on belongs to it.
        with session.reading() as reading:
            _check_nobody_works(reading, name)
            return _diagnosed(session, reading, opened, name)
    finally:
        opened.close()


def _check_nobody_works(reading: Reading, engine: str) -> None:
    lease = reading.lease(f"engine/{engine}")
    if lease is not None:
        text = f"the warehouse {engine} is being changed by {lease.holder} ({lease.purpose})"
        raise EngineBusy(text, hint="Wait for its end, then look again: headgate doctor")


def _diagnosed(session: Session, reading: Reading, engine: Engine, name: str) -> Checkup:
    from headgate.core.records import BuildStatus
    from headgate.release.bindings import NOT_SHOWN
    from headgate.release.doctor.diagnose import diagnose
    from headgate.release.doctor.known import due_of, read_known
    from headgate.release.recover import check_sound

    identity = session.store().identity() if session.state_path().exists() else ""
    check_sound(reading, engine, state=identity, engine_name=name)
    known = read_known(reading, state=identity, engine=name)
    dues = {environment: due_of(known, environment, engine, str(session.root)) for environment in known.records}
    asked = [v for due in dues.values() for v in (*due.views.values(), *due.lacking.values()) if v is not None]
    inventory = engine.inventory(asked)
    shown = {n: [a for a, p in known.pointers[n].items() if p.kind not in NOT_SHOWN] for n in known.records}
    return Checkup(
        engine=name,
        warehouse=session.warehouse(session.config.engines[name]).name,
        findings=diagnose(known, dues, inventory),
        environments=tuple(n for n in sorted(known.records, key=lambda n: (not known.records[n].bare, n)) if shown[n]),
        views=sum(map(len, shown.values())),
        tables=sum(bool(b.relation) and b.status is BuildStatus.SEALED for b in known.builds.values()),
        awaited={n: tuple(due.lacking) for n, due in dues.items() if due.lacking},
    )
