"""The methods of texts, lists and mappings that templates may call. There are no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headgate.project.templates.formats import braced
from headgate.project.templates.limits import TEXT_CHARACTERS_MAX, Meter
from headgate.project.templates.trouble import Exceeded, failed
from headgate.project.templates.values import (
    Function,
    Value,
    copied,
    equal,
    given,
    items_of,
    key_of,
    kind_of,
    text_of,
)

Method = Callable[..., Value]


def method_of(meter: Meter, value: Value, name: str) -> Function | None:
    """Return a method with the value that it belongs to; None where there is none of that name."""
    table = METHODS.get(type(value))
    found = table.get(name) if table else None
    if found is None:
        return None
    return Function(name, lambda *positional, **named: found(meter, value, *positional, **named))


def text_given(value: Value, what: str) -> str:
    """Return a text that was handed over; raise where it is none."""
    value = given(value)
    if not isinstance(value, str):
        raise failed(f"{what} has to be a text, not {kind_of(value)}")
    return value


def number_given(value: Value, what: str) -> int:
    """Return a whole number that was handed over; raise where it is none, or too large to count with."""
    value = given(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise failed(f"{what} has to be a whole number, not {kind_of(value)}")
    if abs(value) > TEXT_CHARACTERS_MAX:
        raise Exceeded(f"{what} is more than {TEXT_CHARACTERS_MAX:,}")
    return value


def replaced(meter: Meter, text: str, old: Value, new: Value, count: Value = -1) -> str:
    """Return a text with some characters replaced."""
    old, new, count = (
        text_given(old, "what is replaced"),
        text_given(new, "the replacement"),
        number_given(count, "how often"),
    )
    found = len(text) + 1 if not old else text.count(old)
    found = found if count < 0 else min(found, count)
    meter.text(len(text) + found * max(len(new) - len(old), 0))
    return text.replace(old, new, count)


def joined(meter: Meter, separator: str, items: Value) -> str:
    """Return the texts of a list with a separator between them."""
    texts = [text_of(meter, item) for item in items_of(meter, items)]
    meter.text(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
    return separator.join(texts)


def _plain(work: Callable[[str], Value]) -> Method:
    """Return a method without arguments that makes nothing much larger than its text."""

    def method(meter: Meter, text: str) -> Value:
        meter.text(2 * len(text))
        return work(text)

    return method


def _stripping(work: Callable[[str, str | None], str]) -> Method:
    def method(meter: Meter, text: str, chars: Value = None) -> str:
        meter.text(len(text))
        return work(text, None if chars is None else text_given(chars, "what is stripped"))

    return method


def _finding(name: str, work: Callable[[str, str], Value]) -> Method:
    def method(meter: Meter, text: str, part: Value) -> Value:
        meter.make(len(text) // 8)
        if isinstance(part, tuple) and name in ("startswith", "endswith"):
            return any(work(text, text_given(one, f"the argument of {name}")) for one in part)
        return work(text, text_given(part, f"the argument of {name}"))

    return method


def _filling(work: Callable[[str, int, str], str]) -> Method:
    def method(meter: Meter, text: str, width: Value, fill: Value = " ") -> str:
        width, fill = number_given(width, "the width"), text_given(fill, "what fills")
        if len(fill) != 1:
            raise failed("what fills has to be one character")
        meter.text(max(width, len(text)))
        return work(text, width, fill)

    return method


def _splitting(work: Callable[[str, str | None, int], list[str]]) -> Method:
    def method(meter: Meter, text: str, sep: Value = None, maxsplit: Value = -1) -> list[str]:
        sep = None if sep is None else text_given(sep, "the separator")
        if sep == "":
            raise failed("the separator is empty")
        parts = len(text) // 2 if sep is None else text.count(sep)
        meter.items(parts + 1)
        meter.make(len(text) + 6 * parts)
        return work(text, sep, number_given(maxsplit, "how often"))

    return method


def _split_lines(meter: Meter, text: str, keepends: Value = False) -> list[str]:
    meter.make(len(text) + 14 * text.count("\n"))
    return text.splitlines(bool(keepends))


def _index(text: str, part: str) -> int:
    found = text.find(part)
    if found < 0:
        raise failed("it is not in the text")
    return found


_FINDS: Mapping[str, Callable[[str, str], Value]] = {
    "count": str.count, "endswith": str.endswith, "find": str.find, "index": _index, "partition": str.partition,
    "removeprefix": str.removeprefix, "removesuffix": str.removesuffix, "rfind": str.rfind,
    "rpartition": str.rpartition, "startswith": str.startswith,
}  # fmt: skip

_TEXT: Mapping[str, Method] = {
    **{name: _plain(work) for name, work in {
        "capitalize": str.capitalize, "casefold": str.casefold, "isalnum": str.isalnum, "isalpha": str.isalpha,
        "isdecimal": str.isdecimal, "isdigit": str.isdigit, "isidentifier": str.isidentifier, "islower": str.islower,
        "isnumeric": str.isnumeric, "isspace": str.isspace, "istitle": str.istitle, "isupper": str.isupper,
        "lower": str.lower, "swapcase": str.swapcase, "title": str.title, "upper": str.upper,
    }.items()},
    **{name: _finding(name, work) for name, work in _FINDS.items()},
    "strip": _stripping(str.strip),
    "lstrip": _stripping(str.lstrip),
    "rstrip": _stripping(str.rstrip),
    "center": _filling(str.center),
    "ljust": _filling(str.ljust),
    "rjust": _filling(str.rjust),
    "zfill": _filling(lambda text, width, _: text.zfill(width)),
    "split": _splitting(str.split),
    "rsplit": _splitting(str.rsplit),
    "splitlines": _split_lines,
    "replace": replaced,
    "join": joined,
    "format": lambda meter, text, *positional, **named: braced(meter, text, positional, named),
}  # fmt: skip


def _append(meter: Meter, items: list[Value], item: Value) -> None:
    meter.items(1)
    items.append(given(item))


def _extend(meter: Meter, items: list[Value], more: Value) -> None:
    items.extend(items_of(meter, more))


def _insert(meter: Meter, items: list[Value], index: Value, item: Value) -> None:
    meter.items(1)
    meter.make(len(items) // 8)
    items.insert(number_given(index, "the place"), given(item))


def _pop(meter: Meter, items: list[Value], index: Value = -1) -> Value:
    meter.make(len(items) // 8)
    index = number_given(index, "the place")
    if not -len(items) <= index < len(items):
        raise failed(f"the list has no item {index}")
    return items.pop(index)


def _place_in(meter: Meter, items: list[Value], item: Value) -> int:
    for number, one in enumerate(items):
        if equal(meter, one, item):
            return number
    raise failed("it is not in the list")


def _remove(meter: Meter, items: list[Value], item: Value) -> None:
    del items[_place_in(meter, items, item)]


def _reverse(meter: Meter, items: list[Value]) -> None:
    meter.items(len(items))
    items.reverse()


_LIST: Mapping[str, Method] = {
    "append": _append,
    "clear": lambda _, items: items.clear(),
    "copy": lambda meter, items: list(items_of(meter, items)),
    "count": lambda meter, items, item: sum(equal(meter, one, item) for one in items),
    "extend": _extend,
    "index": _place_in,
    "insert": _insert,
    "pop": _pop,
    "remove": _remove,
    "reverse": _reverse,
}


def _get(_: Meter, mapping: dict[Value, Value], key: Value, default: Value = None) -> Value:
    return mapping.get(key_of(key), default)


def _set_default(meter: Meter, mapping: dict[Value, Value], key: Value, default: Value = None) -> Value:
    meter.items(2)
    return mapping.setdefault(key_of(key), given(default))


def _update(meter: Meter, mapping: dict[Value, Value], more: Value = None, **named: Value) -> None:
    if more is not None and not isinstance(more, dict):
        raise failed(f"update takes a mapping, not {kind_of(more)}")
    meter.items(2 * (len(more or {}) + len(named)))
    mapping.update(more or {}, **{key: given(value) for key, value in named.items()})


def _take(_: Meter, mapping: dict[Value, Value], key: Value, *default: Value) -> Value:
    key_of(key)
    if key not in mapping and not default:
        raise failed(f"the mapping has no key {str(key)[:40]}")
    return mapping.pop(key, *default[:1])


def _listed(work: Callable[[dict[Value, Value]], list[Value]], size: int) -> Method:
    def method(meter: Meter, mapping: dict[Value, Value]) -> list[Value]:
        meter.items(size * len(mapping))
        return work(mapping)

    return method


_MAPPING: Mapping[str, Method] = {
    "clear": lambda _, mapping: mapping.clear(),
    "copy": copied,
    "get": _get,
    "items": _listed(lambda mapping: list(mapping.items()), 8),
    "keys": _listed(list, 1),
    "pop": _take,
    "setdefault": _set_default,
    "update": _update,
    "values": _listed(lambda mapping: list(mapping.values()), 1),
}

METHODS: Mapping[type, Mapping[str, Method]] = {
    str: _TEXT,
    list: _LIST,
    dict: _MAPPING,
    tuple: {name: _LIST[name] for name in ("copy", "count", "index")},
}
"""The methods by the type of what they belong to."""
