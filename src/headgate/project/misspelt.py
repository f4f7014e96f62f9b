"""Keys that are written nearly as they should be: taken as meant where all else that is told would follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from headgate.core.declarations import Kind
from headgate.core.diagnostic import Place, nearest
from headgate.project.forms.assets import OF_ASSETS
from headgate.project.forms.loading import OF_LOADING, OURS
from headgate.project.mapped import Mapped
from headgate.project.pieces import Misspelt, StatedKey, Statement

_KIND = ("kind", "materialized")
_LIKENESS_MIN = 0.8
_UNKNOWN_MAX = 20
_DECISIVE: Mapping[Kind, tuple[frozenset[str], ...]] = {
    Kind.INCREMENTAL: (frozenset({"time_column"}), frozenset({"unique_key"})),
    Kind.SNAPSHOT: (frozenset({"unique_key"}), frozenset({"updated_at", "check"})),
}
"""Of each kind the keys without which others mean nothing: one of each group is enough."""


def misspelt_keys(said: Mapped) -> tuple[Misspelt, ...]:
    """Return the keys that are not known and are nearly, or in dbt's word, one that says how an asset is made."""
    unknown = [key for key in said.names() if key not in OF_ASSETS and key != "name"]
    found = ((key, OURS.get(key) or _nearly(key)) for key in unknown[:_UNKNOWN_MAX])
    return tuple(
        Misspelt(StatedKey("kind" if meant in _KIND else meant, key, said.texts(key)), said.place(key))
        for key, meant in found
        if meant and said.texts(key)
    )


def as_meant(kind: Kind, statements: Sequence[Statement], insist: Callable[[str, Place], None]) -> Sequence[Statement]:
    """Return statements in which keys that an incremental or a snapshot lacks are said where they are misspelt.

    ``insist`` makes the warning of each an error.
    """
    if not any(statement.misspelt for statement in statements):
        return statements
    told = {one.key for statement in statements for one in statement.loading}
    lacking = frozenset[str]().union(*(keys for keys in _DECISIVE.get(kind, ()) if keys.isdisjoint(told)))
    found: list[Statement] = []
    for statement in statements:
        meant = [one for one in statement.misspelt if one.meant.key in lacking]
        for one in meant:
            insist("HG308", one.place)
        found.append(replace(statement, loading=(*statement.loading, *(one.meant for one in meant))))
    return found


def _nearly(key: str) -> str:
    """Return the key that is meant; empty where that is none about loading, or not clear."""
    import difflib

    near = next(iter(nearest(key, OF_ASSETS)), "")
    if near not in OF_LOADING and near not in _KIND:
        return ""
    one, other = (name.replace("_", "").replace("-", "").casefold() for name in (key, near))
    return near if difflib.SequenceMatcher(None, one, other).ratio() >= _LIKENESS_MIN else ""
