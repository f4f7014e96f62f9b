"""Whether the records of releases are what was signed, and the state is what they tell of. It reads the state alone.

A record signs the digests of its move, of all pointers before and after it, of its evidence, of the record before it
and of the log's end. So what was altered, and by whom it was not signed, shows itself without a copy kept elsewhere;
only the last record has none after it that would miss it, and the log's event tells of that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headgate.core.diagnostic import Diagnostic, Severity, has_errors
from headgate.core.envelope import Envelope, PublicKey, envelope_from_text, key_id, signed_bytes
from headgate.core.events import chain_faults
from headgate.core.gate import decision_from_json
from headgate.core.grounds import Grounds, grounds_from_text
from headgate.core.hashing import Digest, digest
from headgate.core.hearing import without_words
from headgate.core.json_form import loads
from headgate.core.listing import listed
from headgate.core.ports.signing import IsSigned
from headgate.core.ports.store import Reading
from headgate.core.statement import PAYLOAD_TYPE, predicate_of
from headgate.release.books import Books, read_books
from headgate.release.record import SignedRecord, known_signers, record_digest, record_from_text

_TOLD = ("environment", "kind", "at", "by", "commit", "dirty", "source", "restores", "decision")
"""Facts of a move that its record tells in words, too."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: the ``pinned`` keys where there are any, else those that the state has ``seen``."""

    check: IsSigned
    pinned: tuple[PublicKey, ...]
    seen: Mapping[PublicKey, str]
    """Each with who signed with it first."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of verifying one release. ``key`` signed it; ``predicate`` is what it says, None where nothing.

    ``is_signed``: it has a record whose signature holds and counts.
    """

    environment: str
    serial: int
    findings: tuple[Diagnostic, ...]
    is_signed: bool = False
    key: PublicKey | None = None
    predicate: Mapping[str, Any] | None = None
    grounds: Grounds | None = None
    """What it rested on; None where that cannot be read, or is not what was signed."""

    @property
    def is_sound(self) -> bool:
        """Tell whether it was signed and nothing was altered since."""
        return self.is_signed and not has_errors(self.findings)


def verify(
    reading: Reading, environment: str, serials: Sequence[int], *, check: IsSigned, pinned: tuple[PublicKey, ...]
) -> tuple[tuple[Diagnostic, ...], tuple[Verified, ...]]:
    """Return what is wrong with the log and the signers as a whole, and what came of each of these releases.

    Cost: reads and hashes the whole log and all moves of the environment; no warehouse is asked.
    """
    books = read_books(reading, environment, serials)
    trust, findings = _trust(reading, books, check, pinned)
    found = tuple(_verified(books, serial, trust) for serial in serials)
    return (*_log_faults(books), *findings), found


def _log_faults(books: Books) -> Iterator[Diagnostic]:
    for fault in chain_faults(books.events):
        yield Diagnostic("HG564", f"event {fault.number} of the log: {fault.reason}", hint="Look: headgate doctor")


def _trust(
    reading: Reading, books: Books, check: IsSigned, pinned: tuple[PublicKey, ...]
) -> tuple[Trust, tuple[Diagnostic, ...]]:
    """Return whose signatures count, and signers that came into the state by no event."""
    introduced = {str(event.body.get("key")) for event in books.events if event.kind == "signer"}
    seen: dict[PublicKey, str] = {}
    strange: list[Diagnostic] = []
    for identity, one in known_signers(reading).items():
        key = PublicKey(str(one.get("key")))
        if key not in introduced or not _is_key(key, identity):
            text = f"the state holds a signer {identity[:16]}, of which no event tells"
            strange.append(
                Diagnostic("HG732", text, hint="Let headgate.toml say whose signatures count: [record] signers.")
            )
        else:
            seen[key] = str(one.get("by"))
    return Trust(check, pinned, seen), tuple(strange)


def _is_key(key: PublicKey, identity: str) -> bool:
    try:
        return key_id(key) == identity
    except ValueError:
        return False


def _verified(books: Books, serial: int, trust: Trust) -> Verified:
    name = f"release {serial} of {books.environment}"
    text = books.records.get(serial)
    if text is None:
        return Verified(books.environment, serial, (_without_record(books, serial, name),))
    try:
        record = record_from_text(text)
        envelope = envelope_from_text(record.envelope)
    except ValueError as error:
        fault = Diagnostic("HG731", f"{name}: its record cannot be read: {error}")
        return Verified(books.environment, serial, (fault, *_told_otherwise(books, serial, name)))
    key, faults = _signer(envelope, trust, name)
    findings = [*faults, *_told_otherwise(books, serial, name)]
    try:
        predicate = predicate_of(envelope.payload)
    except ValueError as error:
        findings.append(Diagnostic("HG731", f"{name}: what was signed cannot be read: {error}"))
        return Verified(books.environment, serial, tuple(findings), not faults, key)
    findings += (Diagnostic("HG733", f"{name}: {told}") for told in _differences(books, serial, predicate))
    grounds, altered = _grounds(books, serial, record, predicate)
    findings += (Diagnostic("HG733", f"{name}: {told}") for told in altered)
    return Verified(books.environment, serial, tuple(findings), not faults, key, predicate, grounds)


def _without_record(books: Books, serial: int, name: str) -> Diagnostic:
    """Return that a release has no record: it is gone, it should have one, or it is from before there were any."""
    told = books.told.get(serial, {})
    if "signed" in told or any(one.get("release") == serial for one in books.named.values()):
        return Diagnostic("HG733", f"{name}: its signed record is gone")
    earlier = [number for number in books.records if number < serial]
    if earlier:
        text = f"{name} has no signed record, though release {max(earlier)} before it has one"
        return Diagnostic("HG730", text, hint="Releases of protected environments have one: was it protected then?")
    text = f"{name} has no signed record: {books.environment} was not protected, or nothing was signed yet"
    return Diagnostic("HG730", text, severity=Severity.WARNING)


def _signer(envelope: Envelope, trust: Trust, name: str) -> tuple[PublicKey | None, list[Diagnostic]]:
    """Return whose signature holds, and what is wrong with it. The id of a key only says where to look."""
    if envelope.payload_type != PAYLOAD_TYPE:
        return None, [Diagnostic("HG731", f"{name}: its envelope holds no statement")]
    message = signed_bytes(envelope.payload_type, envelope.payload)
    hints = {one.key_id for one in envelope.signatures}
    known = dict.fromkeys((*trust.pinned, *trust.seen))
    likely = [key for key in known if key_id(key) in hints]
    held = [key for one in envelope.signatures for key in (likely or known) if trust.check(key, message, one.value)]
    if not held:
        whose = ", ".join(one.key_id[:16] for one in envelope.signatures) or "nobody"
        text = f"{name}: no signature by a known signer holds; it names {whose}"
        return None, [Diagnostic("HG731", text, hint="The record was altered, or its signer is not known here.")]
    counted = [key for key in held if not trust.pinned or key in trust.pinned]
    if not counted:
        who = trust.seen.get(held[0], "somebody")
        text = f"{name} was signed by {who} with {held[0]}, which is not among [record] signers of headgate.toml"
        return held[0], [Diagnostic("HG732", text)]
    return counted[0], []


def _told_otherwise(books: Books, serial: int, name: str) -> Iterator[Diagnostic]:
    """Yield where the log tells of another move, or of another record, than the state holds."""
    told, move = books.told.get(serial), books.moves.get(serial)
    if told is None:
        yield Diagnostic("HG733", f"{name}: no event of the log tells of it")
        return
    if move is not None and told.get("record") != digest("move", move):
        yield Diagnostic("HG733", f"{name}: its move is not the one that the log tells of")
    if told.get("signed") != record_digest(books.records[serial]):
        yield Diagnostic("HG733", f"{name}: its signed record is not the one that the log tells of")


def _grounds(
    books: Books, serial: int, record: SignedRecord, predicate: Mapping[str, Any]
) -> tuple[Grounds | None, tuple[str, ...]]:
    """Return the evidence that was signed, and what was altered of that, or of the decision beside it."""
    if predicate.get("evidence") != digest("grounds", record.grounds):
        return None, ("its evidence was altered",)
    try:
        grounds = grounds_from_text(record.grounds)
    except ValueError as error:
        return None, (f"its evidence cannot be read: {error}",)
    text = books.decisions.get(serial)
    if grounds.hearing is None or text is None:
        return grounds, ("its decision is gone",) if grounds.hearing is not None else ()
    try:
        is_same = without_words(decision_from_json(loads(text))) == without_words(grounds.hearing.decision)
    except (AttributeError, KeyError, TypeError, ValueError):
        is_same = False
    return grounds, () if is_same else ("its decision was altered",)


def _differences(books: Books, serial: int, predicate: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the state holds otherwise than the record says."""
    if (predicate.get("environment"), predicate.get("release")) != (books.environment, serial):
        yield f"its record is that of release {predicate.get('release')} of {predicate.get('environment')}"
        return
    yield from _in_move(books, serial, predicate)
    yield from _in_pointers(books, serial, predicate)
    yield from _in_history(books, predicate)


def _in_move(books: Books, serial: int, predicate: Mapping[str, Any]) -> Iterator[str]:
    text = books.moves.get(serial)
    if text is None:
        yield "its move is gone"
        return
    if predicate.get("move") == digest("move", text):
        return
    move = loads(text)
    other = [name for name in _TOLD if move.get(name) != predicate.get(name)]
    told = [f"{name} is {move.get(name)!r} and was {predicate.get(name)!r}" for name in other]
    yield f"its move was altered: {', '.join(told) or 'in what no word of the record tells'}"


def _in_pointers(books: Books, serial: int, predicate: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the moves until then, one after the other, do not lead to the pointers that were signed."""
    signed, shown = predicate.get("pointers") or {}, books.shown
    if shown is None or serial not in shown.digests:
        return
    for word, found in zip(("before", "after"), shown.digests[serial], strict=True):
        if signed.get(word) != found:
            yield f"the pointers {word} it are not those that were signed"
    if serial == books.last and shown.last != books.pointers:
        names = shown.last.keys() | books.pointers.keys()
        other = sorted(a for a in names if shown.last.get(a) != books.pointers.get(a))
        yield f"{books.environment} points to something else than it left: {listed(other)}"


def _in_history(books: Books, predicate: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the record before it, the one that it shows again, or the log before it was altered."""
    for word in ("previous", "restored"):
        one = predicate.get(word)
        if one is None:
            continue
        text = books.records.get(one.get("release"))
        if text is None:
            yield f"it stands on the record of release {one.get('release')}, which is gone"
        elif record_digest(text) != one.get("record"):
            yield f"it stands on another record of release {one.get('release')}"
    log = predicate.get("log")
    if log is not None and books.hashes.get(log.get("number")) != Digest(str(log.get("hash"))):
        yield f"event {log.get('number')} of the log, on which it stands, was altered or is gone"
