"""The values of templates: nothing, truths, numbers, texts, lists, mappings, and a few kinds of our own.

Nothing here hands out a Python object: what is not of these kinds has no attributes, no methods and no text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.core.diagnostic import nearest
from headgate.project.templates.limits import NESTED_MAX, NUMBER_BITS_MAX, Meter
from headgate.project.templates.trouble import Exceeded, Trouble, failed

Value = Any
"""One of the kinds above."""


class Undefined:
    """What a name stands for that nobody has given a value: it may be asked for, and not be used.

    One without trouble can be used as an empty text: what Jinja makes of ``'x' if false``.
    """

    __slots__ = ("trouble",)

    def __init__(self, trouble: Trouble | None) -> None:
        self.trouble = trouble


class Group(tuple[Value, ...]):
    """What ``groupby`` makes of items that are alike: the value that they share, as ``grouper``, and their ``list``."""

    __slots__ = ()


class Namespace:
    """What ``namespace()`` makes: names that a block inside of a loop can set for those outside."""

    __slots__ = ("names",)

    def __init__(self, names: dict[str, Value]) -> None:
        self.names = names


@dataclass(frozen=True, slots=True)
class Function:
    """Something of ours that can be called: ``call(*positional, **named)``. ``members`` are its attributes."""

    name: str
    call: Callable[..., Value]
    members: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A fixed set of named values. ``missing`` says what is wrong with another name."""

    name: str
    members: Mapping[str, Value]
    missing: Callable[[str], Trouble] | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """An asset or a source; as text it is its address, as SQL names it."""

    schema: str
    name: str
    text: str


@dataclass(slots=True)
class Loop:
    """``loop``: where a loop is. ``again`` carries its body out over something below, where it is recursive."""

    items: Sequence[Value]
    depth: int
    again: Callable[[Value], str] | None
    index: int = 0
    changed: tuple[Value, ...] | None = None


class Macro:
    """A macro, or the block of a call."""

    __slots__ = ("arguments", "call", "name")

    def __init__(self, name: str, arguments: tuple[str, ...], call: Callable[..., Value]) -> None:
        self.name = name
        self.arguments = arguments
        self.call = call


def kind_of(value: Value) -> str:
    """Return what a value is, in a word or two with the article."""
    if value is None:
        return "none"
    for kinds, word in _WORDS:
        if isinstance(value, kinds):
            return word
    return "a thing of another kind"


_WORDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "a text"),
    ((list, tuple), "a list"),
    (dict, "a mapping"),
    (Macro, "a macro"),
    (Function, "a function"),
    (Relation, "a relation"),
    (Undefined, "undefined"),
    ((Namespace, Record), "a namespace"),
    (Loop, "a loop"),
)


def given(value: Value) -> Value:
    """Return the value; raise its trouble where it is undefined."""
    if not isinstance(value, Undefined):
        return value
    if value.trouble is not None:
        raise value.trouble
    return ""


def truth(value: Value) -> bool:
    """Return whether a value counts as true."""
    value = given(value)
    return bool(value) if isinstance(value, (bool, int, float, str, list, tuple, dict, type(None))) else True


def checked_number(value: Value) -> Value:
    """Return a number unless it is too large to be worked with."""
    if isinstance(value, int) and value.bit_length() > NUMBER_BITS_MAX:
        raise Exceeded("a number is too large", "Numbers of templates have up to 300 digits.")
    if isinstance(value, complex):
        raise failed("a root of a negative number is no number")
    return value


def text_of(meter: Meter, value: Value) -> str:
    """Return a value as text, as Jinja writes it."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, int, float)):
        return str(checked_number(value))
    if isinstance(value, Relation):
        return value.text
    if isinstance(value, Undefined):
        return str(given(value))
    if isinstance(value, (list, tuple, dict)):
        parts: list[str] = []
        _write(meter, value, parts, 0)
        return "".join(parts)
    hint = "Call it: write () behind its name." if isinstance(value, (Macro, Function)) else ""
    raise failed(f"{kind_of(value)} has no text", hint)


def _write(meter: Meter, value: Value, parts: list[str], depth: int) -> None:
    """Write a value as Python does. What stands in several places is written, and counted, each time."""
    meter.step(3)
    if depth > NESTED_MAX:
        raise Exceeded("lists and mappings are nested too deeply to be written")
    if isinstance(value, str):
        meter.text(len(value) + 2)
        parts.append(repr(value))
    elif isinstance(value, (list, tuple)):
        ends = "[]" if isinstance(value, list) else "()"
        parts.append(ends[0])
        for number, item in enumerate(value):
            parts.append(", " if number else "")
            _write(meter, item, parts, depth + 1)
        parts.append(",)" if isinstance(value, tuple) and len(value) == 1 else ends[1])
    elif isinstance(value, dict):
        parts.append("{")
        for number, (key, item) in enumerate(value.items()):
            parts.append(", " if number else "")
            _write(meter, key, parts, depth + 1)
            parts.append(": ")
            _write(meter, item, parts, depth + 1)
        parts.append("}")
    else:
        text = text_of(meter, value)
        meter.make(len(text))
        parts.append(text)


def equal(meter: Meter, left: Value, right: Value, depth: int = 0) -> bool:
    """Tell whether two values are equal, at a cost that is counted."""
    meter.step()
    if depth > NESTED_MAX:
        raise Exceeded("lists and mappings are nested too deeply to be compared")
    left, right = given(left), given(right)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        if isinstance(left, list) is not isinstance(right, list) or len(left) != len(right):
            return False
        return all(equal(meter, a, b, depth + 1) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return False
        return all(equal(meter, value, right[key], depth + 1) for key, value in left.items())
    if isinstance(left, (list, tuple, dict)) or isinstance(right, (list, tuple, dict)):
        return False
    if isinstance(left, str) and isinstance(right, str):
        meter.make(min(len(left), len(right)) // 8)
    return bool(left == right)


def before(left: Value, right: Value) -> bool:
    """Tell whether one number or text comes before another."""
    left, right = given(left), given(right)
    is_number = isinstance(left, (bool, int, float)) and isinstance(right, (bool, int, float))
    if not is_number and not (isinstance(left, str) and isinstance(right, str)):
        raise failed(f"{kind_of(left)} and {kind_of(right)} have no order", "Compare two numbers, or two texts.")
    return bool(left < right)


def contains(meter: Meter, item: Value, holder: Value) -> bool:
    """Tell whether something is in a text, a list or among the keys of a mapping."""
    item, holder = given(item), given(holder)
    if isinstance(holder, str):
        if not isinstance(item, str):
            raise failed(f"{kind_of(item)} cannot be looked for in a text")
        meter.make(len(holder) // 8)
        return item in holder
    if isinstance(holder, dict):
        return key_of(item) in holder
    if isinstance(holder, (list, tuple)):
        return any(equal(meter, item, one) for one in holder)
    raise failed(f"nothing can be looked for in {kind_of(holder)}")


def is_key(value: Value) -> bool:
    """Tell whether a value can be a key: what is compared at once, and cannot change."""
    return value is None or isinstance(value, (bool, int, float, str))


def key_of(value: Value) -> Value:
    """Return a value that is to be a key of a mapping; raise where it cannot be one."""
    value = given(value)
    if not is_key(value):
        raise failed(f"{kind_of(value)} cannot be a key", "A key is a text or a number.")
    return value


def items_of(meter: Meter, value: Value) -> Sequence[Value]:
    """Return what a loop over a value goes through: a copy, so that a loop that adds to its own list ends."""
    value = given(value)
    if isinstance(value, (list, tuple, dict, str)):
        meter.items(len(value))
        return tuple(value)
    raise failed(f"{kind_of(value)} is nothing to loop over")


def copied(meter: Meter, value: Value) -> Value:
    """Return a value that can be changed without changing the first one."""
    meter.step()
    if isinstance(value, (list, tuple)):
        meter.items(len(value))
        return [copied(meter, item) for item in value]
    if isinstance(value, Mapping):
        meter.items(2 * len(value))
        return {key: copied(meter, item) for key, item in value.items()}
    return value


def instead(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint that names the nearest of what is known, else ``otherwise``."""
    near = nearest(name, known)
    return f"Did you mean {near[0]}?" if near else otherwise
