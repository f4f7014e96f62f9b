"""What is remembered of templates between two commands, so that what still holds is not filled in again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

FILLER = 1
"""The number of the filler. Raise it when the same template, with the same answers, gives another text."""


class Memory(Protocol):
    """Texts by kind and key, keyed by what they were made from. It may forget anything at any time."""

    def get(self, kind: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return those that are there."""

    def put(self, kind: str, items: Mapping[str, str]) -> None:
        """Keep them; replace those of the same key."""


class NoMemory:
    """Remembers nothing."""

    def get(self, kind: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return nothing."""
        del kind, keys
        return {}

    def put(self, kind: str, items: Mapping[str, str]) -> None:
        """Keep nothing."""
        del kind, items


def made_by() -> str:
    """Return what fills in templates: our number, and the version of Jinja, which is not imported for that."""
    from importlib.machinery import PathFinder

    found = PathFinder.find_spec("jinja2")
    text = Path(found.origin).read_text(encoding="utf-8") if found and found.origin else ""
    version = re.search(r"""__version__ = ["']([^"']+)""", text)
    return f"{FILLER}/{version[1] if version else ''}"
