"""The code that an environment was released with, as files: what a run uses, whatever the working tree says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.app.repository import Repository, link_data
from headgate.app.session import own_folder
from headgate.app.understanding import first_fault, not_understood
from headgate.core.errors import EnvironmentFailed, Refused

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.store import Reading
    from headgate.core.properties import PropertyChanges, Told
    from headgate.core.records import Move

_KIND = "properties 8"
_KEPT = 20


def properties_changed(
    session: Session, repository: Repository, reading: Reading, environment: str, serial: int
) -> PropertyChanges:
    """Return what a repository declares otherwise than the code that the environment shows at ``serial``.

    Nothing where it shows no code, or where that is lost. Cost: where the files differ, a look into the cache, which
    knows the last trees: 4 microseconds an asset. A tree that it has forgotten is read again.
    """
    from headgate.core.properties import property_changes
    from headgate.release.history import move_of_code

    move = move_of_code(reading, environment, serial)
    if move is not None and move.tree == repository.tree:
        return {}
    told = told_of_repository(session, repository)
    return {} if move is None else property_changes(told_if_known(session, reading, move), told)


def told_of_repository(session: Session, repository: Repository) -> Told:
    """Return what a repository declares, and keep that for the next command, unless parts of it are faulty."""
    from headgate.core.json_form import dumps
    from headgate.core.properties import told_of

    told = told_of(repository.declarations)
    key = _key(repository.tree)
    if not session.cache.get(_KIND, (key,)) and first_fault(repository.declarations.diagnostics) is None:
        session.cache.put(_KIND, {key: dumps(told)})
        session.cache.forget(_KIND, keep=_KEPT)
    return told


def told_of_move(session: Session, reading: Reading, move: Move) -> Told:
    """Return what the code of a move declares, read from what the state keeps of it: for what decides.

    Nothing of it comes from the cache, which whoever wants to be asked by nobody may write. Raises
    ``EnvironmentFailed`` where it is lost, or understood no more. Cost: all its files are read, 0.2 ms each.
    """
    return _told_read(session, Repository(session.root), reading, move)


def remembered_of_move(session: Session, reading: Reading, move: Move) -> Told:
    """Return the same as the cache remembers it, for people to see: what decides asks ``told_of_move``.

    Raises as that does. Cost: a look into the cache, where it knows that tree.
    """
    from headgate.core.address import Address
    from headgate.core.json_form import loads

    key = _key(move.tree)
    text = session.cache.get(_KIND, (key,)).get(key)
    if text is None:
        return _told_read(session, Repository(session.root, memory=session.cache), reading, move)
    found: Mapping[str, Mapping[str, str]] = loads(text)
    return {Address(address): told for address, told in found.items()}


def told_if_known(session: Session, reading: Reading, move: Move) -> Told:
    """Return what the cache remembers of the code of a move; nothing where that is lost, or understood no more.

    A run of that code would tell why.
    """
    try:
        return remembered_of_move(session, reading, move)
    except EnvironmentFailed:
        return {}


def _told_read(session: Session, repository: Repository, reading: Reading, move: Move) -> Told:
    try:
        with released(session, repository, reading, move) as code:
            if (fault := first_fault(code.declarations.diagnostics)) is not None:
                raise not_understood(fault)
            return told_of_repository(session, code)
    except Refused as refused:
        raise not_understood(refused.diagnostics[0]) from refused


def _key(tree: str) -> str:
    from headgate import __version__

    return f"{__version__}/{tree}"


@contextmanager
def released(session: Session, repository: Repository, reading: Reading, move: Move) -> Iterator[Repository]:
    """Give the files that a move was made with: the working tree where it is the same, else a copy for the while.

    Data files are the working tree's: they are what comes in. They are linked into the copy.
    """
    if repository.tree == move.tree:
        yield repository
        return
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="release-", dir=own_folder(session.root)))
    try:
        _write(folder, reading, move)
        code = Repository(folder, repository.git, home=session.root, memory=repository.memory)
        is_lacking = link_data(repository, code)
        yield Repository(folder, repository.git, home=session.root, memory=repository.memory) if is_lacking else code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, reading: Reading, move: Move) -> None:
    from headgate.release.source_code import contents_of

    for path, content in contents_of(reading, move.tree).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
