"""The names that a project has, for completing what somebody types. Nothing is parsed, linked or made for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.store import Reading

RELEASES_MAX = 20


def known_names(root: Path, kind: str, *, environment: str = "") -> tuple[tuple[str, str], ...]:
    """Return the names of a kind, each with what it is: ``environments``, ``assets``, ``engines`` or ``releases``.

    ``releases`` are the newest of ``environment``. Cost: headgate.toml and the state are read; for assets the names of
    the files below ``assets/``, too.
    """
    from headgate.app.repository import open_config

    with open_config(root) as session:
        if kind == "engines":
            return tuple((name, config.kind) for name, config in sorted(session.config.engines.items()))
        with session.reading() as reading:
            if kind == "environments":
                return tuple(_environments(session, reading))
            if kind == "releases":
                return tuple(_releases(session, reading, environment))
            return tuple(sorted(_assets(root, reading).items()))


def _environments(session: Session, reading: Reading) -> Iterator[tuple[str, str]]:
    from headgate.release.stored import read_environments

    names = {name for name in session.config.environments if name != "*"} | set(read_environments(reading))
    for name in sorted(names):
        config = session.config.environment(name)
        yield name, "protected" if config is not None and config.protected else ""


def _releases(session: Session, reading: Reading, environment: str) -> Iterator[tuple[str, str]]:
    from headgate.release.history import read_moves

    name = environment or next(iter(session.protected()), "prod")
    for move in reversed(read_moves(reading, name)[-RELEASES_MAX:]):
        yield str(move.serial), f"{move.at[:10]} {move.by} {move.kind.value}"


def _assets(root: Path, reading: Reading) -> dict[str, str]:
    """Return what the environments show, and what the files of SQL and of seeds are called."""
    from headgate.core.records import Collection
    from headgate.project.walk import walk

    found = {key.partition("/")[2]: "" for key, _ in reading.scan(Collection.POINTERS)}
    for path in walk(root).files:
        parts = path.split("/")
        if parts[0] == "assets" and len(parts) > 2 and path.endswith((".sql", ".csv")):
            found.setdefault(f"{parts[-2]}.{parts[-1].rpartition('.')[0]}", "")
    return found
