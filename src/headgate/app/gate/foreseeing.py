"""What a plan's changes will need at the gate of the protected environment that it stands beside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.core.gate import POLICY_ADDRESS
from headgate.core.hashing import Digest

if TYPE_CHECKING:
    from headgate.app.releasing.altered import Judged
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.gate import Need
    from headgate.core.graph import Graph
    from headgate.core.plan import Plan
    from headgate.core.ports.store import Reading
    from headgate.core.snapshot import Shown, Snapshot

_EXPECTED = "changes/"


def needs_of(
    session: Session,
    repository: Repository,
    reading: Reading,
    made: Plan,
    snapshot: Snapshot,
    *,
    graph: Graph | None = None,
    is_short: bool = False,
) -> tuple[Need, ...]:
    """Return what is known to be needed; nothing where nothing is released yet. Nothing is measured.

    With ``is_short`` nothing but texts of assets differs, so no declaration is looked at for it. Cost: the steps that
    move something, and what the cache says of the released code.
    """
    from headgate.app.releasing.unprotecting import exposed_beside
    from headgate.app.session import now
    from headgate.evidence.decide import Case
    from headgate.evidence.foreseen import foreseen

    beside = snapshot.beside
    if beside is None or made.is_empty:
        return ()
    judge = _judge(session, repository, reading, beside, is_short=is_short)
    gate = judge.gate.touching(made.properties)
    if POLICY_ADDRESS in made.properties and beside.record.bare != (session.config.bare == beside.record.name):
        gate = replace(gate, environments=(*gate.environments, f"{beside.record.name} bare_schemas"))
    if graph is not None and judge.now is not None:
        exposed = exposed_beside(session, reading, repository, graph, beside, engine=made.engine)
        owned = {a: (tuple(sorted(names)), judge.owners.get(a, "")) for a, names in exposed.items()}
        gate = replace(gate, exposed=owned)
    case = Case(judge.policy, Digest(""), beside.record.serial, beside.record.name, now()[:10], (), judge.expected)
    return foreseen(made, beside.pointers, gate, judge.owners, case)


def _judge(session: Session, repository: Repository, reading: Reading, beside: Shown, *, is_short: bool) -> Judged:
    """Return what judges the repository; where only texts of assets differ and the policy is ours, that alone."""
    from headgate.app.releasing.altered import Judged, judged, released_policy_digest
    from headgate.app.releasing.code import remembered_of_move
    from headgate.evidence.findings import Gate
    from headgate.release.history import newest_move_of_code

    name, serial, policy = beside.record.name, beside.record.serial, session.config.policy
    is_expecting = any(file.path.startswith(_EXPECTED) for file in repository.files)
    mark = beside.record.intent
    if is_short and mark and not is_expecting:
        known = released_policy_digest(session, reading, mark, lambda: newest_move_of_code(reading, name, serial))
        if known == policy.digest:
            return Judged(policy, Gate(policy, policy))
    return judged(session, reading, repository, name, serial, telling=remembered_of_move)
