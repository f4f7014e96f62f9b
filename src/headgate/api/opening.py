"""Opening a project for the while of one call, and whom a call tells that it waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.app.repository import open_config, open_repository
from headgate.core.errors import UsageError

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session


@contextmanager
def repository_at(root: Path) -> Iterator[tuple[Session, Repository]]:
    """Give a session and the files as they are now."""
    session, repository = open_repository(root)
    session.tell = _tell
    with session:
        yield session, repository


@contextmanager
def session_at(root: Path) -> Iterator[Session]:
    """Give a session; of the files only ``headgate.toml`` is read."""
    session = open_config(root)
    session.tell = _tell
    with session:
        yield session


def names_of(names: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return one name or several as several."""
    return (names,) if isinstance(names, str) else tuple(names)


def demand_consent(*, yes: bool, way: str) -> None:
    """Raise ``UsageError`` where something would change that nobody has looked at and nobody has agreed to."""
    if not yes:
        raise UsageError(f"nothing was done: hand over what {way} returned, or say yes=True")


def _tell(text: str) -> None:
    import logging

    logging.getLogger("headgate").warning(text)
