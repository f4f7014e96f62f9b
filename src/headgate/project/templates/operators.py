"""What ``+``, ``*``, ``%`` and their like do to values of templates. Sizes are counted before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headgate.project.templates.formats import printed
from headgate.project.templates.limits import NUMBER_BITS_MAX, Meter
from headgate.project.templates.trouble import Exceeded, Trouble, failed
from headgate.project.templates.values import (
    Value,
    before,
    checked_number,
    contains,
    equal,
    given,
    kind_of,
    text_of,
)


def concatenated(meter: Meter, values: list[Value]) -> str:
    """Return the texts of all values, one behind the other (``~``)."""
    texts = [text_of(meter, value) for value in values]
    meter.text(sum(map(len, texts)))
    return "".join(texts)


def _add(meter: Meter, left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        meter.text(len(left) + len(right))
        return left + right
    if isinstance(left, (list, tuple)) and type(left) is type(right):
        meter.items(len(left) + len(right))
        return type(left)((*left, *right))
    return _numbers("+", left, right, lambda a, b: a + b)


def _multiply(meter: Meter, left: Value, right: Value) -> Value:
    if isinstance(right, (str, list, tuple)):
        left, right = right, left
    if isinstance(left, (str, list, tuple)) and isinstance(right, int):
        count = max(checked_number(right), 0) * len(left)
        (meter.text if isinstance(left, str) else meter.items)(count)
        return left * right if count else left[:0]
    return _numbers("*", left, right, lambda a, b: a * b)


def _power(_meter: Meter, left: Value, right: Value) -> Value:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > NUMBER_BITS_MAX:
        raise Exceeded("a number is too large", "Numbers of templates have up to 300 digits.")
    return _numbers("**", left, right, lambda a, b: a**b)


def _remainder(meter: Meter, left: Value, right: Value) -> Value:
    if isinstance(left, str):
        return printed(meter, left, right)
    return _numbers("%", left, right, lambda a, b: a % b)


def _numbers(sign: str, left: Value, right: Value, work: Callable[[Value, Value], Value]) -> Value:
    left = given(left)
    right = given(right)
    if not isinstance(left, (bool, int, float)) or not isinstance(right, (bool, int, float)):
        raise _unfit(sign, left, right)
    try:
        return checked_number(work(checked_number(left), checked_number(right)))
    except ZeroDivisionError:
        raise failed("division by zero") from None
    except OverflowError:
        raise Exceeded("a number is too large") from None


def _unfit(sign: str, left: Value, right: Value) -> Trouble:
    hint = "Write ~ to put texts together." if sign == "+" and (isinstance(left, str) or isinstance(right, str)) else ""
    return failed(f"{kind_of(left)} {sign} {kind_of(right)} means nothing", hint)


BINARY: Mapping[str, Callable[[Meter, Value, Value], Value]] = {
    "+": _add,
    "-": lambda _, a, b: _numbers("-", a, b, lambda x, y: x - y),
    "*": _multiply,
    "/": lambda _, a, b: _numbers("/", a, b, lambda x, y: x / y),
    "//": lambda _, a, b: _numbers("//", a, b, lambda x, y: x // y),
    "%": _remainder,
    "**": _power,
}
"""Operators with two sides, as Jinja writes them."""

COMPARED: Mapping[str, Callable[[Meter, Value, Value], bool]] = {
    "eq": equal,
    "ne": lambda meter, a, b: not equal(meter, a, b),
    "lt": lambda _, a, b: before(a, b),
    "lteq": lambda _, a, b: not before(b, a),
    "gt": lambda _, a, b: before(b, a),
    "gteq": lambda _, a, b: not before(a, b),
    "in": contains,
    "notin": lambda meter, a, b: not contains(meter, a, b),
}
"""Comparisons, as Jinja's parser names them."""


def signed(sign: str, value: Value) -> Value:
    """Return ``-value`` or ``+value``."""
    value = given(value)
    if not isinstance(value, (bool, int, float)):
        raise failed(f"{sign}{kind_of(value)} means nothing")
    return -value if sign == "-" else +value
