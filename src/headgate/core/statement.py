"""What is signed of a release: an in-toto Statement, which says what became visible, on what grounds, and after what.

Standard: in-toto Attestation Framework, Statement v1. Its subjects are what the release shows; its predicate is of our
own type, with the fields of the predicate "test result" v0.1 for the checks, so that who knows that one finds its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.core.address import Address
from headgate.core.checks import Outcome
from headgate.core.gate import Level
from headgate.core.grounds import Grounds, grounds_to_text
from headgate.core.hashing import Digest, digest
from headgate.core.hearing import Hearing
from headgate.core.json_form import dumps, loads
from headgate.core.records import LogHead, Move, PointerChange, move_to_json

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
"""How the standard calls its statements: a name that tools compare, nothing that is ever visited."""

PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE = "urn:headgate:release:1"
"""Raise its number when a field changes its meaning or goes."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An earlier record of a release: the number of that, and the digest of its stored form."""

    number: int
    record: Digest


@dataclass(frozen=True, slots=True)
class Facts:
    """What a statement tells of a release, beside its grounds.

    ``before`` and ``after`` are the digests of all pointers of the environment (``pointers_digest``), ``shown`` counts
    them. ``previous`` is the record of the release before, None where that has none; ``restored`` the record of the one
    that a rollback or a repair shows again. ``log`` is the end of the log of events at that time.
    """

    project: str
    move: Move
    before: Digest
    after: Digest
    shown: int
    previous: Signed | None = None
    restored: Signed | None = None
    log: LogHead | None = None
    headgate: str = ""
    subjects: Mapping[Address, Digest] = field(default_factory=dict)


def pointers_digest(pointers: Mapping[Address, str]) -> Digest:
    """Return the digest of all pointers of an environment, given in their stored form. Cost: hashes each of them."""
    return digest("pointers", *sorted(pointers.items()))


def move_digest(move: Move) -> Digest:
    """Return the digest of a move's record, which its event holds as well."""
    return digest("move", dumps(move_to_json(move)))


def statement_of(facts: Facts, grounds: Grounds) -> dict[str, Any]:
    """Return the statement as plain JSON values. Subjects come sorted by name."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": _subjects(facts),
        "predicateType": PREDICATE_TYPE,
        "predicate": _predicate(facts, grounds),
    }


def shown_again(changes: Mapping[Address, PointerChange]) -> dict[Address, Digest]:
    """Return the builds that a move puts in place."""
    return {address: change.after.build for address, change in changes.items() if change.after is not None}


def _subjects(facts: Facts) -> list[dict[str, Any]]:
    """Return the builds that become visible, all pointers as one, the plan, the tree, and the commit if there is one.

    Subjects are matched by their digests alone: ours go under an algorithm of their own name.
    """
    move = facts.move
    found = [{"name": str(address), "digest": _own(build)} for address, build in facts.subjects.items()]
    found += [{"name": "pointers", "digest": _own(facts.after)}]
    found += [{"name": name, "digest": _own(one)} for name, one in (("plan", move.plan), ("tree", move.tree)) if one]
    if move.commit:
        found.append({"name": "commit", "digest": {"gitCommit": move.commit}})
    return sorted(found, key=lambda one: str(one["name"]))


def _own(value: Digest) -> dict[str, str]:
    """Return a digest of ours as a set of digests: ``headgate1`` is SHA-256 over a tagged form, in hexadecimal."""
    algorithm, _, hexadecimal = value.partition(":")
    return {f"headgate{algorithm.removeprefix('h')}": hexadecimal}


def _predicate(facts: Facts, grounds: Grounds) -> dict[str, Any]:
    move = facts.move
    body: dict[str, Any] = {
        "project": facts.project,
        "environment": move.environment,
        "release": move.serial,
        "kind": move.kind.value,
        "at": move.at,
        "by": move.by,
        "commit": move.commit,
        "dirty": list(move.dirty),
        "source": move.source,
        "restores": move.restores,
        "restored": _signed(facts.restored) if facts.restored else None,
        "move": move_digest(move),
        "pointers": {"before": facts.before, "after": facts.after, "count": facts.shown},
        "sources": {str(a): [c.token, c.number, c.exact] for a, c in sorted((move.sources or {}).items())},
        "decision": move.decision,
        "gate": _gate(grounds.hearing) if grounds.hearing else None,
        "evidence": digest("grounds", grounds_to_text(grounds)),
        "tests": _tests(move, grounds),
        "previous": _signed(facts.previous) if facts.previous else None,
        "log": {"number": facts.log.number, "hash": facts.log.hash} if facts.log else None,
        "headgate": facts.headgate,
    }
    return body


def _gate(hearing: Hearing) -> dict[str, Any]:
    """Return what the gate decided: what it did not merely show, who agreed, and what opened it all the same."""
    decision = hearing.decision
    return {
        "verdict": decision.verdict.value,
        "policy": decision.policy,
        "change": decision.change,
        "beside": decision.release,
        "authors": list(decision.authors),
        "overridden": decision.overridden,
        "findings": [
            {"topic": one.topic.value, "address": str(one.address), "column": one.column, "level": one.level.value,
             "amount": one.amount, "rows": one.rows, "owner": one.owner, "expected": one.expected}
            for one in decision.findings
            if one.level is not Level.SHOW or one.expected
        ],
        "approvals": [
            {"by": one.by, "at": one.at, "owners": list(one.owners), "isOwn": one.is_own, "note": one.note}
            for one in decision.approvals
        ],
    }  # fmt: skip


def _signed(one: Signed) -> dict[str, Any]:
    return {"release": one.number, "record": one.record}


def _tests(move: Move, grounds: Grounds) -> dict[str, Any]:
    """Return what came of the checks, in the fields of the predicate "test result".

    Names of checks that passed stand in the evidence alone: there may be thousands.
    """
    failed = grounds.names(Outcome.FAIL)
    warned = grounds.names(Outcome.WARN, Outcome.UNKNOWN, Outcome.ABSENT)
    return {
        "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
        "configuration": [{"name": "tree", "digest": _own(move.tree)}] if move.tree else [],
        "warnedTests": warned,
        "failedTests": failed,
    }


def predicate_of(payload: bytes) -> Mapping[str, Any]:
    """Return the predicate of a signed payload; raise ``ValueError`` where that is no statement of a release."""
    try:
        body = loads(payload.decode())
        if body["_type"] != STATEMENT_TYPE or body["predicateType"] != PREDICATE_TYPE:
            raise ValueError(f"it is a {body['predicateType']}, which this Headgate does not know")
        predicate = body["predicate"]
        if not isinstance(predicate, dict):
            raise TypeError("its predicate is no object")
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is no statement: {error}") from error
    else:
        return predicate
