"""Opening the project that a command line means."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headgate.app.repository import Repository, open_config, open_repository
from headgate.app.session import Session, find_root
from headgate.cli.terminal import Terminal
from headgate.core.errors import UsageError


def with_repository(options: Namespace, terminal: Terminal) -> tuple[Session, Repository]:
    """Return a session and all that the files declare."""
    session, repository = open_repository(find_root(Path(options.project or ".")))
    session.tell = terminal.say
    return session, repository


def with_config(options: Namespace, terminal: Terminal) -> Session:
    """Return a session; of the files only ``headgate.toml`` is read."""
    session = open_config(find_root(Path(options.project or ".")))
    session.tell = terminal.say
    return session


def demand_answer(terminal: Terminal) -> None:
    """Raise ``UsageError`` where nobody can be asked and ``--yes`` was not given."""
    if not terminal.says_yes and not terminal.can_ask:
        raise UsageError("nobody is here to answer: say --yes. Nothing was done")
