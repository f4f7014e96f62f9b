"""What a contract says and Headgate has no word for: kept beside what it understood, and given back.

Both directions go through what Headgate would write by itself, the *derived* form. What a contract says otherwise is
kept with the derived values that it replaces, so that it gives way once those become others: an edit of an asset is
never hidden behind what an older contract said. A key that is replaced by nothing is not written at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headgate.core.json_form import dumps

KEPT = "odcs"
"""The key below `meta:` under which it stands."""

REPLACES = "replaces"
_NESTED = frozenset({"team"})
"""Mappings that are kept part by part."""


def left_over(said: Mapping[str, Any], derived: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has to be kept so that ``restored`` makes what was said of what is derived.

    >>> left_over({"logicalType": "number", "businessName": "Key"}, {"logicalType": "integer"})
    {'logicalType': 'number', 'businessName': 'Key', 'replaces': {'logicalType': 'integer'}}
    """
    kept: dict[str, Any] = {}
    replaces: dict[str, Any] = {}
    for key in (*said, *(key for key in derived if key not in said)):
        ours, theirs = derived.get(key), said.get(key)
        if key in _NESTED and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            if inner := left_over(theirs, ours):
                kept[key] = inner
        elif not is_same(ours, theirs):
            if theirs is not None:
                kept[key] = theirs
            if key in derived:
                replaces[key] = ours
    return {**kept, REPLACES: replaces} if replaces else kept


def restored(derived: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is derived with what was kept, as far as that replaces what is derived still.

    >>> kept = {"logicalType": "number", "replaces": {"logicalType": "integer"}}
    >>> restored({"logicalType": "integer"}, kept), restored({"logicalType": "string"}, kept)
    ({'logicalType': 'number'}, {'logicalType': 'string'})
    """
    found = dict(derived)
    replaces = kept.get(REPLACES)
    replaced = replaces if isinstance(replaces, Mapping) else {}
    for key in {**kept, **replaced}:
        value, ours = kept.get(key), derived.get(key)
        if key == REPLACES:
            continue
        if key in _NESTED and isinstance(value, Mapping) and isinstance(ours, Mapping) and key not in replaced:
            found[key] = restored(ours, value)
        elif is_same(ours, replaced.get(key)):
            found[key] = value
    return {key: value for key, value in found.items() if value is not None}


def put_back(items: Sequence[Any], others: Any) -> list[Any]:
    """Return a list with others at their positions, as far as there are such positions.

    >>> put_back(["a", "b"], [{"at": 1, "is": "x"}, {"at": 9, "is": "y"}])
    ['a', 'x', 'b', 'y']
    """
    found = list(items)
    for other in others if isinstance(others, list) else ():
        if isinstance(other, Mapping) and "is" in other:
            at = other.get("at")
            found.insert(at if isinstance(at, int) else len(found), other["is"])
    return found


def kept_in(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what stands kept in a `meta:`."""
    found = meta.get(KEPT)
    return found if isinstance(found, Mapping) else {}


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same data: 1 is neither true nor 1.0."""
    return dumps(one) == dumps(other)
