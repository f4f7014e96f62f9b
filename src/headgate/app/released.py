"""The code that an environment was released with, as files: what a run uses, whatever the working tree says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.app.repository import Repository, link_data
from headgate.app.session import own_folder

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.store import Reading
    from headgate.core.records import Move


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
