"""Who agreed to what a change does, who made it, and who is at work. Kept in the state, tied to its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headgate.core.json_form import dumps, loads
from headgate.core.records import Collection

if TYPE_CHECKING:
    from pathlib import Path

    from headgate.app.releasing.promotion import Promotion
    from headgate.app.session import Session
    from headgate.core.gate import Approval, Decision
    from headgate.core.hashing import Digest
    from headgate.core.policy import Policy
    from headgate.core.ports.store import Lease, Reading, StateStore
    from headgate.core.report import Report


def identity_of(root: Path) -> tuple[str, ...]:
    """Return the names of who is at work: their user name, and the e-mail address that git knows.

    Cost: a git command. Neither is proven: who may write into the state is whom the team trusts. What is signed with a
    key is the release.
    """
    from headgate.app.session import user
    from headgate.project.git import answer_of

    email = (answer_of(root, "config", "user.email") or b"").decode("utf-8", "replace").strip()
    return tuple(dict.fromkeys(name for name in (user(), email) if name))


def authors_of(session: Session, reading: Reading, promotion: Promotion) -> tuple[str, ...]:
    """Return the names of who made a change: of its commits since the release, and of who applied it last."""
    from headgate.project.git import git_state
    from headgate.release.history import move_of_code
    from headgate.release.stored import read_environment

    plan = promotion.plan
    record, _ = read_environment(reading, plan.source)
    applied = move_of_code(reading, plan.source, record.serial) if record else None
    released = move_of_code(reading, plan.target, plan.serial)
    names: list[str] = [applied.by] if applied else []
    if promotion.commit:
        names += git_state(session.root).authors(released.commit if released else "", promotion.commit)
    return tuple(dict.fromkeys(names))


def known_approvals(reading: Reading, environment: str, change: Digest) -> tuple[Approval, ...]:
    """Return who agreed to a change, as far as it is as the log says, oldest first. Cost: one scan of theirs."""
    from headgate.core.gate import approval_from_json
    from headgate.evidence.tied import ProvenReading

    texts = ProvenReading(reading).scan(Collection.APPROVALS, f"{environment}/{change}/")
    found = (approval_from_json(loads(text)) for _, text in texts)
    return tuple(sorted(found, key=lambda approval: approval.at))


def open_approvals(reading: Reading, environment: str, serial: int) -> tuple[Approval, ...]:
    """Return who agreed to changes that are not released, beside what the environment shows at ``serial``.

    The oldest come first. Cost: a scan of the environment's approvals; those of this release alone are held against
    the log.
    """
    from headgate.core.gate import approval_from_json
    from headgate.evidence.tied import proven
    from headgate.release.history import last_release

    texts = dict(reading.scan(Collection.APPROVALS, f"{environment}/"))
    if not texts:
        return ()
    release = last_release(reading, environment, serial)
    near = {key: text for key, text in texts.items() if loads(text).get("release") == release}
    found = (approval_from_json(loads(text)) for text in proven(reading, Collection.APPROVALS, near).values())
    return tuple(sorted(found, key=lambda one: one.at))


def own_approvals(session: Session, decision: Decision, policy: Policy, environment: str) -> tuple[Approval, ...]:
    """Return the agreement of who is at work to all of a decision that waits and that they may agree to."""
    from headgate.app.session import now, user
    from headgate.evidence.agree import approvals_of

    if not decision.waiting:
        return ()
    return approvals_of(
        decision, environment=environment, by=user(), identity=identity_of(session.root), policy=policy, at=now()
    )


def note_override(store: StateStore, report: Report, *, lease: Lease) -> None:
    """Write that somebody opened the gate in an emergency, why, and what it said."""
    from headgate.app.session import now, user
    from headgate.core.ports.store import Batch, NewEvent

    decision = report.decision
    body = {
        "at": now(), "by": user(), "environment": report.target, "reason": decision.overridden,
        "verdict": decision.verdict.value, "commit": report.commit,
    }  # fmt: skip
    store.commit(Batch(events=(NewEvent("override", body),), lease=lease))


def keep_approvals(store: StateStore, approvals: Sequence[Approval], *, lease: Lease | None = None) -> None:
    """Write approvals, with an event that tells of them."""
    from headgate.app.session import nonce
    from headgate.core.gate import approval_to_json
    from headgate.evidence.tied import keep_tied

    if not approvals:
        return
    first = approvals[0]
    texts = {f"{one.environment}/{one.change}/{nonce()}": dumps(approval_to_json(one)) for one in approvals}
    body = {
        "at": first.at, "by": first.by, "environment": first.environment, "note": first.note,
        "findings": sum(len(one.amounts) for one in approvals), "is_own": any(one.is_own for one in approvals),
    }  # fmt: skip
    keep_tied(store, Collection.APPROVALS, texts, body, lease=lease)
