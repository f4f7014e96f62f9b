"""`headgate status`: what each environment shows, since when, and who is changing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.app.releases import shown_serial
from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.errors import Refused
from headgate.core.records import Build, Collection, Move

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.gate import Approval, Decision
    from headgate.core.ports.store import Lease, Reading
    from headgate.core.records import EnvironmentRecord, Pointer
    from headgate.core.runs import RunRecord


@dataclass(frozen=True, slots=True)
class Shows:
    """One address of an environment and its build, None where that is gone."""

    address: Address
    kind: Kind
    build: Build | None


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """One environment. ``last`` is its last move, ``serial`` the release whose content it shows.

    ``differs`` counts the addresses that it shows differently from ``beside``, the protected environment; None where it
    is not compared. ``read_at`` is when the newest data that it shows was read from a source. ``shows`` is filled in
    where one environment was asked for. ``last_run`` is the record of its newest run.

    Of a protected one ``decision`` is what the gate decided of the release ``decided``, None where it just passed;
    ``approvals`` are those of changes that are not released yet. Of another one that was asked for, ``waits`` is what
    the gate is known to say of what it shows.
    """

    name: str
    is_protected: bool
    last: Move | None
    serial: int
    assets: int
    read_at: str
    beside: str
    differs: int | None
    lease: Lease | None
    is_unsettled: bool
    shows: tuple[Shows, ...] = ()
    last_run: RunRecord | None = None
    decided: int = 0
    decision: Decision | None = None
    approvals: tuple[Approval, ...] = ()
    waits: Decision | None = None


@dataclass(frozen=True, slots=True)
class DiskUse:
    """The file of one warehouse, and what of it nobody can come back to: builds and their bytes as they were made."""

    engine: str
    path: str
    bytes: int
    garbage: int
    garbage_bytes: int


def disk_use(session: Session) -> tuple[DiskUse, ...]:
    """Return the size of every warehouse that is there. Cost: all records of the state are read once."""
    from headgate.app.session import now
    from headgate.release.collect import plan_collection

    found: list[DiskUse] = []
    with session.reading() as reading:
        for name, engine in session.config.engines.items():
            size = session.warehouse_bytes(name)
            if not size:
                continue
            try:
                plan = plan_collection(reading, engine_name=name, now=now(), retain=session.retain_seconds)
            except Refused:  # gc tells why nothing can be judged old
                found.append(DiskUse(name, engine.path, size, 0, 0))
            else:
                found.append(DiskUse(name, engine.path, size, len(plan.garbage), plan.bytes))
    return tuple(found)


def status(
    session: Session, environment: str | None = None, *, repository: Repository | None = None
) -> tuple[EnvironmentStatus, ...]:
    """Return every environment that is configured or recorded, protected ones first; or the one asked for.

    With a repository also what the gate is known to say of what that one shows, which costs as much as a plan.
    """
    from headgate.app.gate.candidate import candidate
    from headgate.release.stored import read_environments

    with session.reading() as reading:
        if environment is not None:
            session.recorded(reading, environment)
        records = read_environments(reading)
        for engine in session.config.engines:
            session.check_warehouse(reading, engine)
        names = [environment] if environment else _names(session, records)
        found = [_status(session, reading, name, records.get(name), is_whole=environment is not None) for name in names]
    if repository is not None:
        found = [replace(s, waits=candidate(session, repository, s.name)) if s.differs else s for s in found]
    return tuple(s for s in found if environment or s.is_protected or (s.last is not None and s.assets) or s.lease)


def _names(session: Session, records: Iterable[str]) -> list[str]:
    known = dict.fromkeys(session.protected())
    known.update(dict.fromkeys(name for name in session.config.environments if name != "*"))
    known.update(dict.fromkeys(sorted(records)))
    return list(known)


def _status(
    session: Session, reading: Reading, name: str, record: EnvironmentRecord | None, *, is_whole: bool
) -> EnvironmentStatus:
    from headgate.app.gate.approvals import open_approvals
    from headgate.app.gate.candidate import decision_shown
    from headgate.app.running.records import last_run
    from headgate.release.history import read_moves
    from headgate.release.stored import read_intents, read_pointers

    config = session.config.environment(name)
    moves = read_moves(reading, name) if record else ()
    pointers = read_pointers(reading, name) if record else {}
    engine = record.engine if record else config.engine if config else ""
    shown = {a: p for a, p in pointers.items() if p.kind not in NOT_SHOWN}
    is_protected = session.is_protected(name)
    beside = "" if is_protected else _beside(session, name)
    serial = record.serial if record else 0
    decided, decision = decision_shown(reading, moves) if is_protected else (0, None)
    return EnvironmentStatus(
        name=name,
        is_protected=is_protected,
        last=moves[-1] if moves else None,
        serial=shown_serial(moves),
        assets=len(shown),
        read_at=_read_at(reading, pointers),
        beside=beside,
        differs=_differing(pointers, read_pointers(reading, beside)) if beside else None,
        lease=reading.lease(f"engine/{engine}") or reading.lease(f"environment/{name}"),
        is_unsettled=name in read_intents(reading),
        shows=_shows(reading, pointers) if is_whole else (),
        last_run=last_run(reading, name),
        decided=decided,
        decision=decision,
        approvals=open_approvals(reading, name, serial) if is_protected else (),
    )


def _beside(session: Session, name: str) -> str:
    try:
        return session.beside(name) or ""
    except Refused:
        return ""  # an environment that has no settings any more


def _differing(ours: Mapping[Address, Pointer], theirs: Mapping[Address, Pointer]) -> int:
    return sum(
        ours.get(address) != theirs.get(address)
        for address in {*ours, *theirs}
        if (ours.get(address) or theirs[address]).kind not in NOT_SHOWN
    )


def _read_at(reading: Reading, pointers: Mapping[Address, Pointer]) -> str:
    """Return when the newest capture that is shown was made; empty where nothing was captured."""
    captures = [p.build for p in pointers.values() if p.kind is Kind.SOURCE]
    return max((build.created_at for build in _builds(reading, captures)), default="")


def _builds(reading: Reading, ids: Iterable[str]) -> list[Build]:
    from headgate.core.json_form import loads

    return [build_from_json(loads(text)) for text in reading.get(Collection.BUILDS, ids).values()]


def _shows(reading: Reading, pointers: Mapping[Address, Pointer]) -> tuple[Shows, ...]:
    builds = {build.id: build for build in _builds(reading, [p.build for p in pointers.values()])}
    return tuple(Shows(a, p.kind, builds.get(p.build)) for a, p in sorted(pointers.items()))
