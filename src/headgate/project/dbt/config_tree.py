"""Configurations of dbt: by folder in ``dbt_project.yml``, in a property file, in the file itself.

The nearest holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headgate.core.diagnostic import Place
from headgate.project.yaml_nodes import Fields, Node, value_of

_MAPPINGS = frozenset(
    {"column_types", "contract", "docs", "freshness", "grants", "meta", "options", "persist_docs", "quoting", "vars"}
)
"""Configurations that are mappings themselves: without a ``+`` they are no folders."""

_LISTS = frozenset({"tags", "pre_hook", "post_hook"})
"""Configurations that add up."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration: its value, and where it stands."""

    value: Any
    place: Place


@dataclass(frozen=True, slots=True)
class ConfigTree:
    """The configurations of a folder, and those of the folders in it."""

    settings: Mapping[str, Setting]
    folders: Mapping[str, ConfigTree]

    def along(self, path: Sequence[str]) -> Iterator[Mapping[str, Setting]]:
        """Yield the configurations that hold for a file, the widest first; ``path`` begins with the project's name."""
        yield self.settings
        if path and (inner := self.folders.get(path[0])):
            yield from inner.along(path[1:])


def read_tree(node: Node | None) -> ConfigTree:
    """Return what a section of ``dbt_project.yml`` says. A key with ``+``, or without a mapping, is a configuration."""
    settings: dict[str, Setting] = {}
    folders: dict[str, ConfigTree] = {}
    for key, value in node.pairs if isinstance(node, Fields) else ():
        name = key.text.removeprefix("+")
        is_folder = name == key.text and isinstance(value, Fields) and name not in _MAPPINGS
        if is_folder:
            folders[name] = read_tree(value)
        else:
            settings[plain_key(name)] = Setting(value_of(value), key.place)
    return ConfigTree(settings, folders)


def plain_key(name: str) -> str:
    """Return the one spelling of a configuration that has two."""
    return name.replace("-", "_") if name in ("pre-hook", "post-hook") else name


def together(levels: Iterable[Mapping[str, Setting]]) -> dict[str, Setting]:
    """Return the configurations that hold, of levels from the widest to the nearest.

    Lists add up, ``meta`` is joined.
    """
    found: dict[str, Setting] = {}
    for level in levels:
        for name, setting in level.items():
            known = found.get(name)
            found[name] = setting if known is None else _joined(name, known, setting)
    return found


def _joined(name: str, wide: Setting, near: Setting) -> Setting:
    """Return the configuration that holds of a wider and a nearer one."""
    if name in _LISTS:
        return Setting([*listed(wide.value), *listed(near.value)], near.place)
    if name == "meta" and isinstance(wide.value, dict) and isinstance(near.value, dict):
        return Setting({**wide.value, **near.value}, near.place)
    return near


def listed(value: Any) -> list[Any]:
    """Return a value as a list: one that is none counts as a list of it."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def is_true(value: Any) -> bool:
    """Tell whether a value means yes."""
    return (
        value if isinstance(value, bool) else str(value).strip().lower() not in ("false", "no", "off", "0", "none", "")
    )
