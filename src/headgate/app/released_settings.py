"""The settings that an environment was released with, whatever headgate.toml says by now, which anybody may edit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.core.declarations import Config
    from headgate.core.hashing import Digest
    from headgate.core.ports.store import Reading
    from headgate.core.records import EnvironmentRecord, Move


_RETAIN_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Released:
    """What was released into an environment, and holds there until a release says otherwise.

    ``record`` says in which engine and under which names it is shown, ``config`` which settings went with its code:
    None where the state has lost them, so that it counts as protected.
    """

    record: EnvironmentRecord
    config: Config | None

    @property
    def is_protected(self) -> bool:
        """Tell whether only promote, run and rollback change it."""
        if self.config is None:
            return True
        found = self.config.environment(self.record.name)
        return found is not None and found.protected

    @property
    def retain_seconds(self) -> int | None:
        """How long a replaced build stays; None where nobody knows."""
        found = self.config.environment(self.record.name) if self.config is not None else None
        return None if found is None else found.retain_seconds


def protected_releases(
    reading: Reading, now: Config, records: Mapping[str, EnvironmentRecord]
) -> Mapping[str, Released]:
    """Return what was released as protected, by name: first what has schemas without suffix.

    Cost: for each of the environments the look-ups that lead to the move of its code.
    """
    ordered = sorted(records.values(), key=lambda record: (not record.bare, record.name))
    found = ((record.name, _released(reading, record, now)) for record in ordered)
    return {name: one for name, one in found if one is not None and one.is_protected}


def engines_of_protected(released: Mapping[str, Released], now: Config) -> Mapping[str, str]:
    """Return the engine of each protected environment: first of what was released, then of what ``now`` adds.

    What was released is where it is shown. Of both, what has bare schemas comes first.
    """
    found = {name: one.record.engine for name, one in released.items()}
    added = [one for one in now.environments.values() if one.protected and one.name != "*"]
    for one in sorted(added, key=lambda one: (one.name != now.bare, one.name)):
        found.setdefault(one.name, one.engine)
    return found


def retain_seconds(released: Released | None, now: Config, environment: str) -> int:
    """Return how long a replaced build stays: of what was released as protected as it says, else as ``now`` does.

    A week for an environment that has no settings any more; where the released ones are lost, no less than that.
    """
    found = now.environment(environment)
    declared = found.retain_seconds if found else _RETAIN_SECONDS
    if released is None:
        return declared
    kept = released.retain_seconds
    return max(declared, _RETAIN_SECONDS) if kept is None else kept


def _released(reading: Reading, record: EnvironmentRecord, now: Config) -> Released | None:
    """Return what was released into an environment; None where it was only applied, or shows nothing."""
    from headgate.core.errors import EnvironmentFailed

    move = _released_move(reading, record)
    if move is None:
        return None
    try:
        return Released(record, released_config(reading, move, now))
    except EnvironmentFailed:
        return Released(record, None)


def _released_move(reading: Reading, record: EnvironmentRecord) -> Move | None:
    from headgate.core.records import MoveKind
    from headgate.release.history import newest_move_of_code

    move = newest_move_of_code(reading, record.name, record.serial)
    return None if move is None or move.kind is MoveKind.APPLY else move


def released_config(reading: Reading, move: Move, now: Config) -> Config:
    """Return the settings that a move was made with; raise ``EnvironmentFailed`` where they are lost, or faulty now."""
    from headgate.release.source_code import blobs_of

    return config_among(reading, blobs_of(reading, move.tree), now)


def config_among(reading: Reading, files: Mapping[str, Digest], now: Config) -> Config:
    """Return the settings among the files of a release; ``now`` are those of the change. Raises as above."""
    from headgate.app.understanding import first_fault, not_understood
    from headgate.project.text import Text, decoded
    from headgate.project.toml.config import default_config, read_config
    from headgate.project.walk import CONFIG_FILE
    from headgate.release.source_code import content_of

    released = files.get(CONFIG_FILE)
    if released is None:
        return default_config(now.name)
    source = decoded(CONFIG_FILE, content_of(reading, CONFIG_FILE, released))
    if not isinstance(source, Text):
        raise not_understood(source)
    found = read_config(source, now.name, os.environ)
    if (fault := first_fault(source.all_faults())) is not None:
        raise not_understood(fault)
    return found
