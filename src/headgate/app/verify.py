"""`headgate verify` and `headgate record`: whether releases are what was signed, and their records for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic, has_errors
from headgate.core.errors import Refused, UsageError
from headgate.core.evidence import profile_key
from headgate.core.records import Collection

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.envelope import PublicKey
    from headgate.core.hashing import Digest
    from headgate.core.ports.store import Reading
    from headgate.release.verify import Verified


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of verifying releases of one environment. ``findings`` are about the log and the signers as a whole.

    ``is_pinned``: headgate.toml says whose signatures count.
    """

    environment: str
    findings: tuple[Diagnostic, ...]
    releases: tuple[Verified, ...]
    is_pinned: bool

    @property
    def is_sound(self) -> bool:
        """Tell whether something was signed, and nothing that was is altered."""
        told = (*self.findings, *(d for one in self.releases for d in one.findings))
        return not has_errors(told) and any(one.is_signed for one in self.releases)


def verify(session: Session, release: int, *, environment: str, is_all: bool) -> Verification:
    """Return what came of verifying a release (0: the last one), or all of an environment. No warehouse is opened.

    Raises ``Refused`` where there is no such release.
    """
    from headgate.app.gate.deciding_again import decided_otherwise
    from headgate.plugins.signers.ed25519 import is_signed
    from headgate.release.verify import verify as verified

    if release and is_all:
        raise UsageError("say a release, or --all")
    name = environment or protected_environment(session)
    pinned = session.config.record.signers
    with session.reading() as reading:
        session.recorded(reading, name)
        serials = _serials(reading, name, release, is_all=is_all)
        findings, found = verified(reading, name, serials, check=is_signed, pinned=pinned)
        kept = _altered_kept(reading, name, serials)
        findings = (*findings, *_altered_approvals(reading, name))
    found = tuple(replace(one, findings=(*one.findings, *kept[one.serial], *decided_otherwise(one))) for one in found)
    return Verification(name, findings, found, bool(pinned))


def _altered_kept(reading: Reading, environment: str, serials: Iterable[int]) -> Mapping[int, tuple[Diagnostic, ...]]:
    """Return, by release, what of its source code, and of what was measured of its builds, is not as it was kept.

    Cost: each file and each build's evidence is read and hashed once, however many releases have it.
    """
    from headgate.evidence.tied import altered_keys
    from headgate.release.history import read_move
    from headgate.release.source_code import altered_files

    found: dict[int, tuple[Diagnostic, ...]] = {}
    sound: set[Digest] = set()
    for serial in serials:
        move = read_move(reading, environment, serial)
        if move is None:
            found[serial] = ()
            continue
        told = list(altered_files(reading, move.tree, sound)) if move.tree else []
        builds = {c.after.build: address for address, c in move.changes.items() if c.after is not None}
        keys = {key: address for build, address in builds.items() for key in (build, profile_key(build))}
        texts = reading.get(Collection.EVIDENCE, keys)
        altered = dict.fromkeys(keys[key] for key in altered_keys(reading, Collection.EVIDENCE, texts))
        told += [f"what was measured of {address} was altered" for address in altered]
        found[serial] = tuple(Diagnostic("HG733", f"release {serial} of {environment}: {one}") for one in told)
    return found


def _altered_approvals(reading: Reading, environment: str) -> Iterator[Diagnostic]:
    """Yield a fault for each approval that is not as the log says that it was given."""
    from headgate.evidence.tied import altered_keys

    texts = dict(reading.scan(Collection.APPROVALS, f"{environment}/"))
    for key in altered_keys(reading, Collection.APPROVALS, texts):
        text = f"an approval for {environment} is not as the log tells of it, and counts nothing"
        yield Diagnostic("HG733", f"{text} ({key.rpartition('/')[2]})")


def exported(session: Session, release: int, *, environment: str) -> str:
    """Return the envelope of a release (0: the last one) as other tools read it.

    Raises ``Refused`` where there is no such release, or none with a record.
    """
    from headgate.release.record import read_record, record_from_text

    name = environment or protected_environment(session)
    with session.reading() as reading:
        session.recorded(reading, name)
        (serial,) = _serials(reading, name, release, is_all=False)
        text = read_record(reading, name, serial)
    if text is None:
        hint = f"Look at which have one: headgate verify --env {name} --all"
        raise Refused([Diagnostic("HG730", f"release {serial} of {name} has no signed record", hint=hint)])
    try:
        return record_from_text(text).envelope
    except ValueError as error:
        raise Refused(
            [Diagnostic("HG731", f"the record of release {serial} of {name} cannot be read: {error}")]
        ) from error


def own_key(session: Session) -> PublicKey:
    """Return the public key that belongs to what signs here; it is made where there is none."""
    return session.recorder.signer().key


def protected_environment(session: Session) -> str:
    """Return the protected environment with bare schemas, else the first protected one."""
    return next(iter(session.protected()), "prod")


def _serials(reading: Reading, environment: str, release: int, *, is_all: bool) -> tuple[int, ...]:
    from headgate.release.history import read_moves

    there = [move.serial for move in read_moves(reading, environment)]
    if not there:
        raise Refused([Diagnostic("HG530", f"{environment} has no releases yet")])
    if is_all:
        return tuple(there)
    if release and release not in there:
        hint = f"Look: headgate releases {environment}"
        raise Refused([Diagnostic("HG530", f"{environment} has no release {release}", hint=hint)])
    return (release or there[-1],)
