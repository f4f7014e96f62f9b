"""The settings that an environment was released with, whatever headgate.toml says by now, which anybody may edit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.core.declarations import Config
    from headgate.core.hashing import Digest
    from headgate.core.ports.store import Reading
    from headgate.core.records import Move


def is_protected(reading: Reading, config: Config, environment: str) -> bool:
    """Tell whether an environment is protected: one that was released as such stays so until a release says otherwise.

    Raises ``EnvironmentFailed`` where the state has lost what was released. Cost: some look-ups, unless ``config``, the
    settings of now, protects it.
    """
    found = config.environment(environment)
    return bool(found and found.protected) or _was_released_so(reading, config, environment)


def _was_released_so(reading: Reading, config: Config, environment: str) -> bool:
    from headgate.core.records import MoveKind
    from headgate.release.history import move_of_code
    from headgate.release.stored import read_environment

    record, _ = read_environment(reading, environment)
    move = move_of_code(reading, environment, record.serial) if record else None
    if move is None or move.kind is MoveKind.APPLY:
        return False
    found = released_config(reading, move, config).environment(environment)
    return found is not None and found.protected


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
