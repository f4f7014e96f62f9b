"""What stands behind a dot or in brackets: methods that are listed, keys, items, and the names of our own kinds."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.project.templates.limits import Meter
from headgate.project.templates.methods import METHODS, method_of, number_given
from headgate.project.templates.trouble import Trouble, closed, failed, unknown
from headgate.project.templates.values import (
    Function,
    Group,
    Loop,
    Macro,
    Namespace,
    Record,
    Relation,
    Undefined,
    Value,
    equal,
    given,
    instead,
    kind_of,
)

_NAME_CHARACTERS_MAX = 60


def attribute_of(meter: Meter, value: Value, name: str) -> Value:
    """Return ``value.name``; undefined where there is nothing of that name."""
    value = given(value)
    if isinstance(value, Namespace) and name in value.names:
        return value.names[name]
    method = method_of(meter, value, name)
    if method is not None:
        return method
    if isinstance(value, dict) and name in value:
        return value[name]
    if name.startswith("_"):
        hint = "Templates reach plain values alone, and nothing of the language that they are carried out in."
        raise closed(f"{shown(name)} is closed: it begins with _", hint)
    found = _own(meter, value).get(name, value)
    return Undefined(_no_attribute(value, name)) if found is value else found


def item_of(meter: Meter, value: Value, key: Value) -> Value:
    """Return ``value[key]``; undefined where there is no such item."""
    value = given(value)
    key = given(key)
    if isinstance(value, dict):
        if isinstance(key, (list, tuple, dict)):
            raise failed(f"{kind_of(key)} cannot be a key", "A key is a text or a number.")
        if key in value:
            return value[key]
    elif isinstance(value, (str, list, tuple)) and isinstance(key, int):
        number = number_given(int(key), "the place")
        if -len(value) <= number < len(value):
            return value[number]
        return Undefined(unknown(f"there is no item {number}: it has {len(value)}"))
    if isinstance(key, str):
        return attribute_of(meter, value, key)
    raise failed(f"{kind_of(value)} has no items", "" if isinstance(value, (str, list, tuple)) else "Take its name.")


def part_of(meter: Meter, value: Value, start: Value, stop: Value, step: Value) -> Value:
    """Return ``value[start:stop:step]``."""
    value = given(value)
    if not isinstance(value, (str, list, tuple)):
        raise failed(f"{kind_of(value)} has no parts")
    ends = (None if one is None else number_given(one, "the place") for one in (start, stop, step))
    part = slice(*ends)
    if part.step == 0:
        raise failed("the step of a part is 0")
    count = len(range(*part.indices(len(value))))
    (meter.text if isinstance(value, str) else meter.items)(count)
    return value[part]


def shown(name: str) -> str:
    """Return a name as it may stand in a message."""
    return name if len(name) <= _NAME_CHARACTERS_MAX else f"{name[:_NAME_CHARACTERS_MAX]}..."


def _own(meter: Meter, value: Value) -> Mapping[str, Value]:
    """Return the attributes of our own kinds."""
    match value:
        case Record() | Function():
            return value.members
        case Group():
            return {"grouper": value[0], "list": value[1]} if len(value) == 2 else {}
        case Relation():
            return {"schema": value.schema, "name": value.name, "identifier": value.name, "table": value.name}
        case Loop():
            return _of_loop(meter, value)
        case Macro():
            return {"name": value.name, "arguments": list(value.arguments)}
    return {}


def _of_loop(meter: Meter, loop: Loop) -> dict[str, Value]:
    items, index, count = loop.items, loop.index, len(loop.items)
    known: dict[str, Value] = {
        "index": index + 1, "index0": index, "revindex": count - index, "revindex0": count - index - 1,
        "first": index == 0, "last": index == count - 1, "length": count, "depth": loop.depth + 1,
        "depth0": loop.depth,
    }  # fmt: skip
    if index:
        known["previtem"] = items[index - 1]
    if index + 1 < count:
        known["nextitem"] = items[index + 1]

    def cycle(*values: Value) -> Value:
        if not values:
            raise failed("cycle needs something to go round in")
        return values[index % len(values)]

    def changed(*values: Value) -> bool:
        before, loop.changed = loop.changed, values
        return before is None or not equal(meter, before, values)

    known["cycle"] = Function("cycle", cycle)
    known["changed"] = Function("changed", changed)
    return known


def _no_attribute(value: Value, name: str) -> Trouble:
    if isinstance(value, Record) and value.missing is not None:
        return value.missing(name)
    if isinstance(value, dict):
        known = [str(key) for key in value][:200]
        return unknown(f"the mapping has no key {shown(name)}", instead(name, known))
    if isinstance(value, Namespace):
        return unknown(f"the namespace has no {shown(name)}", instead(name, value.names))
    if isinstance(value, Relation):
        return unknown(f"a relation has no {shown(name)}", "It has schema, name and identifier.")
    known = list(METHODS.get(type(value), ()))
    if isinstance(value, Loop):
        known = ["cycle", "changed", "first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex"]
    return unknown(f"{kind_of(value)} has no {shown(name)}", instead(name, known, _listed(known)))


def _listed(known: list[str]) -> str:
    return f"It has {', '.join(sorted(known))}." if known else ""
