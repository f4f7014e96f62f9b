"""Pieces of SQL in checks, understood once for each text and each set of columns; the cache knows them afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headgate.app.linking.analyser_number import ANALYSER
from headgate.app.linking.ground import LateBinder
from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads

if TYPE_CHECKING:
    from headgate.app.linking.ground import Ground
    from headgate.core.measures import Fragment
    from headgate.core.recipe import Shape
    from headgate.plugins.stores.cache import Cache
    from headgate.sql.conditions import Understood

_KIND = "conditions"


class Conditions:
    """Gives what a fragment reads. The engine's binder is opened when the cache does not know one."""

    def __init__(self, root: Path, ground: Ground, cache: Cache) -> None:
        self._ground = ground
        self._cache = cache
        self._binder = LateBinder(ground, root)

    @property
    def dialect(self) -> str:
        """In which SQL the fragments are written."""
        return self._ground.dialect

    def understood(self, fragment: Fragment, shape: Shape) -> Understood:
        """Return what a fragment reads of a table of ``shape``; raise ``NotUnderstood`` where it is none."""
        from headgate.sql.conditions import Understood, understood

        columns = tuple((column.name, column.type) for column in shape)
        said = (fragment.text, fragment.column, fragment.is_condition)
        key = digest("condition", ANALYSER, self._ground.settings, self._ground.name, said, columns)
        known = self._cache.get(_KIND, (key,)).get(key)
        if known is not None:
            body = loads(known)
            return Understood(tuple(body["columns"]), bool(body["is_volatile"]))
        found = understood(fragment, shape, dialect=self._ground.dialect, bind=self._binder.get().bind)
        self._cache.put(_KIND, {key: dumps(found)})
        return found

    def fault_in_pattern(self, pattern: str) -> str:
        """Return what the engine says of a regular expression that is none; empty where it is one, or is not told."""
        from headgate.sql.conditions import fault_in_pattern

        key = digest("pattern", ANALYSER, self._ground.settings, self._ground.name, pattern)
        known = self._cache.get(_KIND, (key,)).get(key)
        if known is None:
            fault = fault_in_pattern(pattern, dialect=self._ground.dialect, bind=self._binder.get().bind)
            known = dumps({"fault": fault})
            self._cache.put(_KIND, {key: known})
        return str(loads(known)["fault"])

    def close(self) -> None:
        """Let go of the binder."""
        self._binder.close()
