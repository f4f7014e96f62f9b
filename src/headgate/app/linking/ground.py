"""What linking and analysing need to know of the engine that the result shall run on.

The one place that picks a binder, a dialect and the settings of recipes by the kind of an engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.engine import Binder
    from headgate.plugins.engines.measure_texts import Words


@dataclass(frozen=True, slots=True)
class Ground:
    """An engine as linking sees it. It can be sent to another process.

    ``dialect`` is that of its SQL, ``allow`` are the folders outside of the repository that it may read.
    """

    engine: str
    dialect: str
    allow: tuple[Path, ...] = ()
    url: str = field(default="", repr=False)

    @property
    def settings(self) -> str:
        """The settings that change results, as a text for recipes; it tells dialects apart."""
        if self.dialect == "postgres":
            from headgate.plugins.engines import postgres_settings

            return postgres_settings.settings_identity()
        from headgate.plugins.engines import duckdb_settings

        return duckdb_settings.settings_identity()

    @property
    def name(self) -> str:
        """What tells answers in a cache apart: a server has types and functions of its own, DuckDB has not."""
        return "" if self.dialect == "duckdb" else f"{self.dialect} {self.engine}"

    def words_of_measures(self) -> Words:
        """Return what the engine says otherwise than others where rows are tested."""
        if self.dialect == "postgres":
            from headgate.plugins.engines import postgres_measures

            return postgres_measures.WORDS
        from headgate.plugins.engines import duckdb_measures

        return duckdb_measures.WORDS

    def binder(self, root: Path) -> Binder:
        """Return what gives exact columns of queries and files below ``root``."""
        if self.dialect == "postgres":
            try:
                from headgate.plugins.engines.postgres_binder import open_postgres_binder
            except ImportError as error:
                from headgate.app.engines import without_postgres

                raise without_postgres(error) from None
            return open_postgres_binder(self.url, root, self.allow)
        from headgate.plugins.engines.duckdb_binder import open_binder

        return open_binder(root, self.allow)


def ground_of(session: Session, engine: str) -> Ground:
    """Return the ground that the engine called ``engine`` is."""
    config = session.config.engines[engine]
    # A copy of the project reads its data files where they are: below the project's own folder.
    return Ground(engine, config.kind, (session.root, *session.allowed(engine)), config.url)


def on_duckdb(allow: Sequence[Path] = ()) -> Ground:
    """Return the ground of any DuckDB."""
    return Ground("", "duckdb", tuple(allow))


class LateBinder:
    """A ground's binder, opened when it is first asked for: who asks nothing of it does not wait for it."""

    def __init__(self, ground: Ground, root: Path) -> None:
        self._ground = ground
        self._root = root
        self._opened: Binder | None = None

    def get(self) -> Binder:
        """Return the binder."""
        if self._opened is None:
            self._opened = self._ground.binder(self._root)
        return self._opened

    def close(self) -> None:
        """Let go of it."""
        if self._opened is not None:
            self._opened.close()
