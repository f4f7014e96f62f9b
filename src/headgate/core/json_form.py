"""The one JSON form: sorted keys, no white space, UTF-8. Frozen dataclasses go in, plain values come out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"


def plain(thing: Any) -> Any:
    """Return ``thing`` as dicts, lists, text and numbers. Fields of dataclasses keep their names."""
    if thing is None or isinstance(thing, (bool, int, float)):
        return thing
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, str):
        return str(thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {name: plain(getattr(thing, name)) for name in _field_names(type(thing))}
    if isinstance(thing, Mapping):
        return {str(plain(k)): plain(v) for k, v in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [plain(item) for item in thing]
    if isinstance(thing, (set, frozenset)):
        return sorted(plain(item) for item in thing)
    raise TypeError(f"{type(thing).__name__} has no JSON form")


def dumps(thing: Any) -> str:
    """Return the one text of ``thing``.

    >>> dumps({"b": (1, None), "a": "x"})
    '{"a":"x","b":[1,null]}'
    """
    # The encoder walks dicts, lists, tuples and text itself; only what it does not know is made plain in Python.
    return json.dumps(thing, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=plain)


def loads(text: str) -> Any:
    """Return the value of a JSON text; raise ``ValueError`` where it is none."""
    return json.loads(text)


_names: dict[type, tuple[str, ...]] = {}


def _field_names(cls: type) -> tuple[str, ...]:
    if cls not in _names:
        _names[cls] = tuple(field.name for field in dataclasses.fields(cls))
    return _names[cls]
