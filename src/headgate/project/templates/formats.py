"""Texts with values put in: ``'%s' | format(x)`` and ``'{}'.format(x)``. Widths are bounded, attributes unreachable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headgate.project.templates.limits import WIDTH_MAX, Meter
from headgate.project.templates.trouble import Exceeded, failed
from headgate.project.templates.values import Value, checked_number, given, kind_of, text_of

_PRINTED = re.compile(r"%(?:\((\w+)\))?([#0 +-]*)([0-9]*)(?:\.([0-9]+))?(.|$)", re.DOTALL)
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}:!]*)(?:!([rsa]))?(?::([^{}]*))?\}|[{}]")
_SPEC = re.compile(r"(?:.?[<>=^])?[+\- ]?#?0?([0-9]*)[,_]?(?:\.([0-9]+))?([bcdeEfFgGnosxX%]?)")
_NAME = re.compile(r"[0-9]*|[A-Za-z_]\w*")


def printed(meter: Meter, text: str, values: Value) -> str:
    """Return ``text % values``: each ``%s``, ``%d`` and so on with the next of the values, or with the one named."""
    values = given(values)
    waiting = list(values) if isinstance(values, tuple) else [values]
    parts: list[str] = []
    at = used = 0
    for found in _PRINTED.finditer(text):
        meter.step()
        parts.append(text[at : found.start()])
        at = found.end()
        name, flags, width, precision, kind = found.groups()
        if kind == "%":
            parts.append("%")
            continue
        if kind not in "diouxXeEfFgGcrs" or not kind:
            raise failed(f"{found[0]!r} is no format", "Write %s, %d or %.2f, and %% for the sign itself.")
        _check_width(width, precision)
        if name is not None:
            value = values.get(name) if isinstance(values, Mapping) else None
            if value is None:
                raise failed(f"no value is given for %({name}){kind}")
        elif used < len(waiting):
            value, used = waiting[used], used + 1
        else:
            raise failed("there are fewer values than the format asks for")
        layout = f"%{flags}{width}{f'.{precision}' if precision else ''}{kind}"
        parts.append(_printed_one(meter, layout, kind, value))
    if used < len(waiting) and not isinstance(values, Mapping):
        raise failed("there are more values than the format asks for")
    parts.append(text[at:])
    meter.text(sum(map(len, parts)))
    return "".join(parts)


def _printed_one(meter: Meter, layout: str, kind: str, value: Value) -> str:
    if kind in "rs":
        told = text_of(meter, value)
        value = repr(told) if kind == "r" and isinstance(value, str) else told
        return str(layout.replace("r", "s") % value)
    value = given(value)
    if not isinstance(value, (bool, int, float)):
        raise failed(f"{kind_of(value)} cannot be written as {layout}", "Write %s for a text.")
    try:
        return str(layout % checked_number(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise failed(f"{layout} cannot be filled in: {error}") from None


def braced(meter: Meter, text: str, positional: Sequence[Value], named: Mapping[str, Value]) -> str:
    """Return ``text.format(...)``: each ``{}``, ``{0}`` or ``{name}`` with a value, perhaps behind ``:`` a layout."""
    parts: list[str] = []
    at = automatic = 0
    for found in _FIELD.finditer(text):
        meter.step()
        parts.append(text[at : found.start()])
        at = found.end()
        if found[0] in ("{{", "}}"):
            parts.append(found[0][0])
            continue
        name, conversion, layout = found.groups()
        if name is None or not _NAME.fullmatch(name):
            hint = "Write {}, {0} or {name}; attributes and items are not reached from here."
            raise failed(f"{found[0][:40]!r} is no field of a format", hint)
        if not name:
            name, automatic = str(automatic), automatic + 1
        value = _field(name, positional, named)
        parts.append(_braced_one(meter, value, conversion or "", layout or ""))
    parts.append(text[at:])
    meter.text(sum(map(len, parts)))
    return "".join(parts)


def _field(name: str, positional: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if name.isdigit() and len(name) < 4 and int(name) < len(positional):
        return given(positional[int(name)])
    if name in named:
        return given(named[name])
    raise failed(f"no value is given for {{{name[:40]}}}")


def _braced_one(meter: Meter, value: Value, conversion: str, layout: str) -> str:
    spec = _SPEC.fullmatch(layout)
    if spec is None:
        raise failed(f"{layout[:40]!r} is no layout")
    _check_width(spec[1], spec[2])
    if conversion or not isinstance(value, (bool, int, float)):
        told = text_of(meter, value)
        value = {"r": repr, "a": ascii}.get(conversion, str)(told) if isinstance(value, str) else told
    try:
        return format(checked_number(value), layout)
    except (TypeError, ValueError, OverflowError) as error:
        raise failed(f"{{:{layout}}} cannot be filled in: {error}") from None


def _check_width(*numbers: str | None) -> None:
    for number in numbers:
        if number and (len(number) > 4 or int(number) > WIDTH_MAX):
            raise Exceeded(f"a format asks for more than {WIDTH_MAX:,} characters")
