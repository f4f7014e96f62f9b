"""The filters that templates may use. There are no others: none of chance, of HTML, or of attributes by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cmp_to_key

from headgate.project.templates.attributes import attribute_of, item_of
from headgate.project.templates.formats import printed
from headgate.project.templates.limits import NESTED_MAX, TEXT_CHARACTERS_MAX, Meter
from headgate.project.templates.methods import METHODS, joined, number_given, replaced, text_given
from headgate.project.templates.operators import BINARY
from headgate.project.templates.tests import find_test
from headgate.project.templates.trouble import Exceeded, failed, unknown
from headgate.project.templates.values import (
    Group,
    Undefined,
    Value,
    before,
    checked_number,
    copied,
    equal,
    given,
    instead,
    items_of,
    key_of,
    kind_of,
    text_of,
    truth,
)

Filter = Callable[..., Value]

_OF_UNDEFINED = frozenset({"default", "d"})
"""Filters that may be asked about what is undefined."""

_WORDS = re.compile(r"([-\s({\[<]+)")
_LEADING = re.compile(r"\s*[+-]?[0-9]+")


def find_filter(name: str) -> Filter:
    """Return a filter: ``filter(meter, value, *arguments)``."""
    found = FILTERS.get(name)
    if found is None:
        hint = CLOSED.get(name) or instead(name, FILTERS, f"There are {', '.join(sorted(FILTERS))}.")
        raise unknown(f"there is no filter {name[:60]}", hint)
    if name in _OF_UNDEFINED:
        return found
    return lambda meter, value, *positional, **named: found(meter, given(value), *positional, **named)


CLOSED: Mapping[str, str] = {
    "attr": "Write a dot and the name; names that begin with _ are closed.",
    "random": "A text that follows chance could not be planned.",
    "shuffle": "A text that follows chance could not be planned.",
    "xmlattr": "It is of use for HTML alone.",
    "urlize": "It is of use for HTML alone.",
}
"""Why some filters are not there."""


def _text_filter(name: str) -> Filter:
    """Return the method of texts of that name as a filter: numbers count as their texts."""
    method = METHODS[str][name]
    return lambda meter, value, *positional, **named: method(meter, text_of(meter, value), *positional, **named)


def _default(_: Meter, value: Value, default_value: Value = "", boolean: Value = False) -> Value:
    if isinstance(value, Undefined):
        return default_value
    return default_value if boolean and not truth(value) else value


def _length(_: Meter, value: Value) -> int:
    if not isinstance(value, (str, list, tuple, dict)):
        raise failed(f"{kind_of(value)} has no length")
    return len(value)


def _first(meter: Meter, value: Value) -> Value:
    items = items_of(meter, value)
    return items[0] if items else Undefined(unknown("there is no first item: it is empty"))


def _last(meter: Meter, value: Value) -> Value:
    items = items_of(meter, value)
    return items[-1] if items else Undefined(unknown("there is no last item: it is empty"))


def _read(meter: Meter, item: Value, attribute: Value) -> Value:
    """Return what ``attribute='a.b'`` or ``attribute=0`` names of an item."""
    if attribute is None:
        return item
    for part in str(attribute).split(".")[:NESTED_MAX]:
        item = item_of(meter, item, int(part)) if part.isdigit() else attribute_or_key(meter, item, part)
    return item


def attribute_or_key(meter: Meter, item: Value, name: str) -> Value:
    """Return what an item holds under a name: its key before its method."""
    item = given(item)
    return item[name] if isinstance(item, dict) and name in item else attribute_of(meter, item, name)


def _join(meter: Meter, value: Value, d: Value = "", attribute: Value = None) -> str:
    items = [_read(meter, item, attribute) for item in items_of(meter, value)]
    return joined(meter, text_of(meter, d), items)


def _ordered(meter: Meter, items: list[Value], attribute: Value, *, is_cased: bool) -> list[Value]:
    attributes = [None] if attribute is None else str(attribute).split(",")[:NESTED_MAX]

    def key(item: Value) -> list[Value]:
        keys = [given(_read(meter, item, one)) for one in attributes]
        return keys if is_cased else [one.lower() if isinstance(one, str) else one for one in keys]

    def compare(left: list[Value], right: list[Value]) -> int:
        meter.step(4)
        for a, b in zip(left, right, strict=True):
            if isinstance(a, (list, tuple)) and type(a) is type(b):
                order = compare(list(a[: len(b)]), list(b[: len(a)])) or len(a) - len(b)
            else:
                order = before(b, a) - before(a, b)
            if order:
                return order
        return 0

    meter.items(4 * len(items))
    keyed = [(key(item), item) for item in items]
    if len(attributes) == 1 and _are_alike([keys[0] for keys, _ in keyed]):
        meter.step(len(keyed) * max(len(keyed).bit_length(), 1) // 4)
        return [item for _, item in sorted(keyed, key=lambda pair: pair[0][0])]
    order = cmp_to_key(compare)
    return [item for _, item in sorted(keyed, key=lambda pair: order(pair[0]))]


def _are_alike(keys: list[Value]) -> bool:
    """Tell whether keys are all texts, or all numbers, so that Python may sort them: four times as fast."""
    return all(isinstance(key, str) for key in keys) or all(isinstance(key, (int, float)) for key in keys)


def _sort(
    meter: Meter, value: Value, reverse: Value = False, case_sensitive: Value = False, attribute: Value = None
) -> list[Value]:  # fmt: skip
    items = list(items_of(meter, value))
    if truth(reverse):  # as Python does: what is equal keeps its order
        return _ordered(meter, items[::-1], attribute, is_cased=truth(case_sensitive))[::-1]
    return _ordered(meter, items, attribute, is_cased=truth(case_sensitive))


def _dictsort(
    meter: Meter, value: Value, case_sensitive: Value = False, by: Value = "key", reverse: Value = False
) -> list[Value]:  # fmt: skip
    if not isinstance(value, dict) or by not in ("key", "value"):
        raise failed("dictsort takes a mapping, and `by` is 'key' or 'value'")
    pairs = list(value.items())
    meter.items(8 * len(pairs))
    return _sort(meter, pairs, reverse, case_sensitive, 0 if by == "key" else 1)


def _extreme(sign: int) -> Filter:
    def chosen(meter: Meter, value: Value, case_sensitive: Value = False, attribute: Value = None) -> Value:
        items = _ordered(meter, list(items_of(meter, value)), attribute, is_cased=truth(case_sensitive))
        if not items:
            return Undefined(unknown("there is no such item: it is empty"))
        if sign < 0:
            return items[0]
        best = _read(meter, items[-1], attribute)
        return next(one for one in items if equal(meter, _read(meter, one, attribute), best))

    return chosen


def _unique(meter: Meter, value: Value, case_sensitive: Value = False, attribute: Value = None) -> list[Value]:
    found: dict[Value, Value] = {}
    for item in items_of(meter, value):
        key = key_of(_read(meter, item, attribute))
        found.setdefault(key.lower() if isinstance(key, str) and not truth(case_sensitive) else key, item)
    return list(found.values())


def _sum(meter: Meter, value: Value, attribute: Value = None, start: Value = 0) -> Value:
    total = start
    for item in items_of(meter, value):
        meter.step()
        total = BINARY["+"](meter, total, _read(meter, item, attribute))
    return total


def _map(meter: Meter, value: Value, *positional: Value, **named: Value) -> list[Value]:
    items = items_of(meter, value)
    if "attribute" in named:
        default = named.get("default")
        read = (_read(meter, item, named["attribute"]) for item in items)
        return [default if isinstance(one, Undefined) and "default" in named else given(one) for one in read]
    if not positional:
        raise failed("map needs the name of a filter, or attribute=")
    chosen = find_filter(text_given(positional[0], "the filter"))
    return [_counted(meter, chosen, item, *positional[1:], **named) for item in items]


def _counted(meter: Meter, work: Callable[..., Value], item: Value, *positional: Value, **named: Value) -> Value:
    meter.step()
    return work(meter, item, *positional, **named)


def _choosing(*, wanted: bool, has_attribute: bool) -> Filter:
    def choose(meter: Meter, value: Value, *positional: Value, **named: Value) -> list[Value]:
        return list(_chosen(meter, value, positional, named, wanted=wanted, has_attribute=has_attribute))

    return choose


def _chosen(
    meter: Meter,
    value: Value,
    positional: tuple[Value, ...],
    named: Mapping[str, Value],
    *,
    wanted: bool,
    has_attribute: bool,
) -> Iterator[Value]:
    if has_attribute and not positional:
        raise failed("the name of an attribute is needed")
    attribute, rest = (positional[0], positional[1:]) if has_attribute else (None, positional)
    test = find_test(text_given(rest[0], "the test")) if rest else None
    for item in items_of(meter, value):
        one = _read(meter, item, attribute)
        holds = truth(one) if test is None else truth(_counted(meter, test, one, *rest[1:], **named))
        if holds is wanted:
            yield item


def _round(_: Meter, value: Value, precision: Value = 0, method: Value = "common") -> Value:
    import math

    if not isinstance(value, (int, float)) or method not in ("common", "ceil", "floor"):
        raise failed("round takes a number, and the method common, ceil or floor")
    places = number_given(precision, "the precision")
    if abs(places) > 300:
        raise Exceeded("the precision is more than 300")
    if method == "common":
        return round(checked_number(value), places)
    work = math.ceil if method == "ceil" else math.floor
    try:
        return work(value * 10**places) / 10**places
    except (OverflowError, ValueError):
        raise failed("the number cannot be rounded") from None


def _int(_: Meter, value: Value, default: Value = 0, base: Value = 10) -> Value:
    base = number_given(base, "the base")
    try:
        if isinstance(value, str):
            if len(value) > 1000:
                raise Exceeded("the text of a number is too long")
            try:
                return checked_number(int(value, base))
            except ValueError:
                return checked_number(int(float(value)))
        return checked_number(int(value))
    except (TypeError, ValueError, OverflowError):
        return default


def _float(_: Meter, value: Value, default: Value = 0.0) -> Value:
    try:
        return float(value[:1000] if isinstance(value, str) else checked_number(value))
    except (TypeError, ValueError, OverflowError):
        return default


def _batches(meter: Meter, value: Value, linecount: Value, fill_with: Value = None) -> list[Value]:
    items, size = list(items_of(meter, value)), number_given(linecount, "the size")
    if size < 1:
        raise failed("the size has to be 1 or more")
    meter.items(10 * (len(items) // size + 1) + size)
    found = [items[at : at + size] for at in range(0, len(items), size)]
    if found and fill_with is not None:
        found[-1] += [fill_with] * (size - len(found[-1]))
    return found


def _slices(meter: Meter, value: Value, slices: Value, fill_with: Value = None) -> list[Value]:
    items, count = list(items_of(meter, value)), number_given(slices, "the number of parts")
    if count < 1:
        raise failed("the number of parts has to be 1 or more")
    meter.items(10 * count + len(items))
    size, longer = divmod(len(items), count)
    found: list[Value] = []
    at = 0
    for number in range(count):
        end = at + size + (number < longer)
        found.append(items[at:end] + ([fill_with] if fill_with is not None and number >= longer else []))
        at = end
    return found


def _grouped(
    meter: Meter, value: Value, attribute: Value, default: Value = None, case_sensitive: Value = False
) -> list[Value]:  # fmt: skip
    is_cased = truth(case_sensitive)
    keyed: list[Value] = []
    for item in items_of(meter, value):
        own = _read(meter, item, attribute)
        own = default if isinstance(own, Undefined) and default is not None else given(own)
        keyed.append((own if is_cased or not isinstance(own, str) else own.lower(), own, item))
    meter.items(3 * len(keyed))
    groups: list[Value] = []
    last: Value = None
    for key, own, item in _ordered(meter, keyed, 0, is_cased=True):
        if not groups or not equal(meter, last, key):
            groups.append(Group((own, [])))
            last = key
        groups[-1][1].append(item)
    return groups


def _indent(meter: Meter, value: Value, width: Value = 4, first: Value = False, blank: Value = False) -> str:
    text = text_of(meter, value)
    space = width if isinstance(width, str) else " " * max(number_given(width, "the width"), 0)
    meter.text(len(text) + len(space) * (text.count("\n") + 1))
    lines = text.split("\n")
    is_bare = [n == 0 or (not line and not truth(blank)) for n, line in enumerate(lines)]
    kept = [line if bare else space + line for line, bare in zip(lines, is_bare, strict=True)]
    return (space if truth(first) else "") + "\n".join(kept)


def _truncate(
    meter: Meter, value: Value, length: Value = 255, killwords: Value = False, end: Value = "...", leeway: Value = 5
) -> str:  # fmt: skip
    text, tail, length = text_of(meter, value), text_given(end, "the end"), number_given(length, "the length")
    meter.text(len(text))
    if len(text) <= length + number_given(leeway, "the leeway"):
        return text
    cut = text[: max(length - len(tail), 0)]
    return (cut if truth(killwords) else cut.rsplit(" ", 1)[0]) + tail


def _to_json(meter: Meter, value: Value, indent: Value = None) -> str:
    text_of(meter, value)  # counts it, and refuses what has no text
    width = None if indent is None else min(max(number_given(indent, "the indent"), 0), 16)
    try:
        told = json.dumps(copied(meter, value), indent=width, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise failed("it holds what JSON has not") from None
    meter.text(len(told))
    return told


def _trim(meter: Meter, value: Value, chars: Value = None) -> str:
    return str(METHODS[str]["strip"](meter, text_of(meter, value), chars))


def _list(meter: Meter, value: Value) -> list[Value]:
    return list(items_of(meter, value))


def _reverse(meter: Meter, value: Value) -> Value:
    items = items_of(meter, value)
    return "".join(reversed(items)) if isinstance(value, str) else list(reversed(items))


def _items(meter: Meter, value: Value) -> Value:
    if not isinstance(value, dict):
        raise failed(f"{kind_of(value)} has no keys")
    return METHODS[dict]["items"](meter, value)


def _replace(meter: Meter, value: Value, old: Value, new: Value, count: Value = None) -> str:
    return replaced(meter, text_of(meter, value), old, new, -1 if count is None else count)


def _word_count(meter: Meter, value: Value) -> int:
    text = text_of(meter, value)
    meter.make(len(text))
    return len(re.findall(r"\w+", text))


def _absolute(_: Meter, value: Value) -> Value:
    if not isinstance(value, (int, float)):
        raise failed(f"abs takes a number, not {kind_of(value)}")
    return abs(value)


def _title(meter: Meter, value: Value) -> str:
    """Return words with a capital each, which begin as Jinja's do: behind blanks, hyphens and brackets alone."""
    text = text_of(meter, value)
    meter.text(2 * len(text))
    words = _WORDS.split(text)
    meter.items(len(words))
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


def _center(meter: Meter, value: Value, width: Value = 80) -> Value:
    return METHODS[str]["center"](meter, text_of(meter, value), width)


def _as_bool(meter: Meter, value: Value) -> bool:
    found = {"true": True, "false": False}.get(text_of(meter, value).lower())
    if found is None:
        raise failed("as_bool takes true or false")
    return found


def _as_number(meter: Meter, value: Value) -> Value:
    text = text_of(meter, value)
    is_whole = _LEADING.fullmatch(text) is not None
    found = _int(meter, text, None) if is_whole else _float(meter, text, None)
    if found is None or len(text) > TEXT_CHARACTERS_MAX:
        raise failed("as_number takes a number")
    return found


FILTERS: Mapping[str, Filter] = {
    **{name: _text_filter(name) for name in ("capitalize", "lower", "upper")},
    "abs": _absolute,
    "as_bool": _as_bool,
    "as_native": lambda _, value: value,
    "as_number": _as_number,
    "as_text": text_of,
    "batch": _batches,
    "center": _center,
    "count": _length,
    "d": _default,
    "default": _default,
    "dictsort": _dictsort,
    "first": _first,
    "float": _float,
    "format": lambda meter, value, *values, **named: printed(meter, text_of(meter, value), named or values),
    "groupby": _grouped,
    "indent": _indent,
    "int": _int,
    "items": _items,
    "join": _join,
    "last": _last,
    "length": _length,
    "list": _list,
    "map": _map,
    "max": _extreme(1),
    "min": _extreme(-1),
    "reject": _choosing(wanted=False, has_attribute=False),
    "rejectattr": _choosing(wanted=False, has_attribute=True),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "safe": text_of,
    "select": _choosing(wanted=True, has_attribute=False),
    "selectattr": _choosing(wanted=True, has_attribute=True),
    "slice": _slices,
    "sort": _sort,
    "string": text_of,
    "sum": _sum,
    "title": _title,
    "tojson": _to_json,
    "trim": _trim,
    "truncate": _truncate,
    "unique": _unique,
    "upper": _text_filter("upper"),
    "wordcount": _word_count,
}  # fmt: skip
"""All filters by name."""
