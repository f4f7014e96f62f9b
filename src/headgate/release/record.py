"""The signed record of a release: made before anything happens, part of the intent, written with the move itself.

So a crash neither loses nor doubles it: where the move happened, whoever comes next writes the very same record, and
where it did not, the record goes with the intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.envelope import Envelope, Signature, envelope_to_text, key_id, signed_bytes
from headgate.core.grounds import NO_GROUNDS, Grounds, grounds_to_text, packed, unpacked
from headgate.core.hashing import Digest, digest
from headgate.core.json_form import dumps, loads
from headgate.core.ports.signing import Signer
from headgate.core.ports.store import Entry, NewEvent, Reading, StateStore
from headgate.core.records import Collection, Intent, LogHead, Move, MoveKind, pointer_to_json
from headgate.core.statement import PAYLOAD_TYPE, Facts, Signed, pointers_digest, shown_again, statement_of
from headgate.release.history import move_key

_CHOSEN = frozenset({MoveKind.PROMOTE, MoveKind.ROLLBACK})
"""Moves that people decide on: their records name all that is shown. A load names what it changes: there may be one
every few minutes, and ten thousand assets."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a release of a protected environment is recorded with: who signs, on what grounds, of which project."""

    signer: Signer
    project: str
    headgate: str
    grounds: Grounds = NO_GROUNDS


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A record as the state has it: the envelope as text, and the grounds whose digest it signs."""

    envelope: str
    grounds: str


def recorded(
    recording: Recording, intent: Intent, pointers: Mapping[Address, str], *, store: StateStore, log: LogHead | None
) -> tuple[Intent, tuple[Entry, ...], tuple[NewEvent, ...]]:
    """Return the intent with its signed record, and what makes the state know who signed, where it does not yet.

    ``pointers`` are those before the move, in their stored forms; ``log`` is the end of the log.
    """
    move, signer = intent.move, recording.signer
    with store.reading() as reading:
        text = signed_record(recording, move, pointers, reading=reading, expects=intent.expects, log=log)
        entries, events = introduced(signer, reading, at=move.at, by=move.by)
    return replace(intent, signed=text), entries, events


def signed_record(
    recording: Recording,
    move: Move,
    pointers: Mapping[Address, str],
    *,
    reading: Reading,
    expects: int,
    log: LogHead | None,
) -> str:
    """Return the stored form of the record of a move that begins at ``pointers``, given in their stored forms.

    ``expects`` is the serial before the move, ``log`` the end of the log. Cost: hashes all pointers; two look-ups.
    """
    after = dict(pointers)
    builds = shown_again(move.changes)
    for address, change in move.changes.items():
        if change.after is None:
            after.pop(address, None)
        else:
            after[address] = dumps(pointer_to_json(change.after))
    if move.kind in _CHOSEN:
        builds = {address: Digest(loads(text)["build"]) for address, text in after.items()}
    facts = Facts(
        project=recording.project,
        move=move,
        before=pointers_digest(pointers),
        after=pointers_digest(after),
        shown=len(after),
        previous=signed_at(reading, move.environment, expects),
        restored=signed_at(reading, move.environment, move.restores),
        log=log,
        headgate=recording.headgate,
        subjects=builds,
    )
    payload = dumps(statement_of(facts, recording.grounds)).encode()
    signature = recording.signer.sign(signed_bytes(PAYLOAD_TYPE, payload))
    envelope = Envelope(PAYLOAD_TYPE, payload, (Signature(key_id(recording.signer.key), signature),))
    return record_to_text(SignedRecord(envelope_to_text(envelope), grounds_to_text(recording.grounds)))


def record_to_text(record: SignedRecord) -> str:
    """Return the stored form."""
    return dumps({"envelope": loads(record.envelope), "grounds": packed(record.grounds)})


def record_from_text(text: str) -> SignedRecord:
    """Return the record of a stored form; raise ``ValueError`` where it is none."""
    try:
        body = loads(text)
        return SignedRecord(dumps(body["envelope"]), unpacked(body["grounds"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is no record: {error!r}") from error


def record_digest(text: str) -> Digest:
    """Return the digest of a record's stored form, which the event of its move holds."""
    return digest("release record", text)


def signed_entries(intent: Intent) -> tuple[Entry, ...]:
    """Return what is written of the record of a move together with it."""
    move = intent.move
    if not intent.signed:
        return ()
    return (Entry(Collection.RECORDS, move_key(move.environment, move.serial), intent.signed),)


def signed_at(reading: Reading, environment: str, serial: int) -> Signed | None:
    """Return the record of a release as others refer to it; None where it has none. Cost: a look-up."""
    if serial <= 0:
        return None
    text = read_record(reading, environment, serial)
    return None if text is None else Signed(serial, record_digest(text))


def read_record(reading: Reading, environment: str, serial: int) -> str | None:
    """Return the stored form of a release's record; None where it has none."""
    key = move_key(environment, serial)
    return reading.get(Collection.RECORDS, [key]).get(key)


def introduced(signer: Signer, reading: Reading, *, at: str, by: str) -> tuple[tuple[Entry, ...], tuple[NewEvent, ...]]:
    """Return the entry and the event with which the state comes to know a signer; nothing where it knows it already."""
    identity = key_id(signer.key)
    if reading.get(Collection.SIGNERS, [identity]):
        return (), ()
    body = {"key": signer.key, "at": at, "by": by}
    return (Entry(Collection.SIGNERS, identity, dumps(body)),), (NewEvent("signer", body),)


def known_signers(reading: Reading) -> Mapping[str, Mapping[str, str]]:
    """Return the signers that the state knows by key id: the key, and when and for whom it signed first."""
    return {identity: loads(text) for identity, text in reading.scan(Collection.SIGNERS)}
