"""Opening engines: the one place that knows which plugin an engine's kind is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from headgate.core.errors import EnvironmentFailed, WarehouseLost

if TYPE_CHECKING:
    from headgate.core.declarations import EngineConfig
    from headgate.core.ports.engine import Engine
    from headgate.core.ports.store import Reading

Access: TypeAlias = Literal["read", "write", "ask"]
"""What an engine is opened for; who asks reads no files but those named."""


def open_engine(
    config: EngineConfig,
    access: Access,
    *,
    root: Path,
    wait_seconds: float,
    tell: Callable[[str], None],
    files: Sequence[Path] = (),
) -> Engine:
    """Return an open session on an engine of the project at ``root``; a missing file is made where it shall be written.

    ``tell`` is told of a wait. Raises ``EngineBusy`` and ``EngineFailed`` as the plugins do, ``EnvironmentFailed``
    where one is not installed.
    """
    allow = () if access == "ask" else tuple(root / folder for folder in config.allow)
    own = None if access == "ask" else root
    if config.kind == "postgres":
        try:
            from headgate.plugins.engines.postgres import open_postgres
        except ImportError as error:
            raise without_postgres(error) from None
        return open_postgres(config.url, root=own, allow=allow)
    from headgate.plugins.engines.duckdb import open_duckdb

    return open_duckdb(
        root / config.path,
        read_only=access != "write",
        create=access == "write",
        wait_seconds=wait_seconds,
        root=own,
        allow=allow,
        files=files,
        tell=tell,
    )


def open_beside_files(root: Path, allow: Sequence[Path]) -> Engine:
    """Return an engine that holds nothing and reads files where they are, whatever the warehouse is: nobody waits."""
    from headgate.plugins.engines.duckdb import open_duckdb

    return open_duckdb(Path(":memory:"), read_only=False, root=root, allow=allow)


def with_way_out(lost: WarehouseLost, reading: Reading, engine: str, elsewhere: str) -> WarehouseLost:
    """Return the failure with a hint that does not end in a refusal where the state knows tables in the warehouse.

    ``elsewhere`` says first where else the file may be.
    """
    if not knows_tables(reading, engine):
        return lost
    hint = f"{lost.way} have it all built again: headgate doctor --repair"
    return WarehouseLost(str(lost), hint=f"{elsewhere}\n{hint}".lstrip(), way=lost.way)


def knows_tables(reading: Reading, engine: str) -> bool:
    """Tell whether an environment shows something of an engine."""
    from headgate.release.stored import read_environments

    return any(one.engine == engine and one.serial for one in read_environments(reading).values())


def without_postgres(error: ImportError) -> EnvironmentFailed:
    """Return why PostgreSQL cannot be used here."""
    text = f"PostgreSQL needs a package that is not installed: {error.name}"
    return EnvironmentFailed(text, hint="Install it: pip install 'headgate[postgres]'")
