"""The tests behind ``is`` that templates may use. There are no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headgate.project.templates.limits import Meter
from headgate.project.templates.operators import COMPARED
from headgate.project.templates.trouble import failed, unknown
from headgate.project.templates.values import Function, Macro, Undefined, Value, given, instead, kind_of, text_of

Test = Callable[..., bool]

_OF_UNDEFINED = frozenset({"defined", "undefined"})


def find_test(name: str) -> Test:
    """Return a test: ``test(meter, value, *arguments)``."""
    found = TESTS.get(name)
    if found is None:
        raise unknown(f"there is no test {name[:60]}", instead(name, TESTS, f"There are {', '.join(sorted(TESTS))}."))
    if name in _OF_UNDEFINED:
        return found
    return lambda meter, value, *positional, **named: found(meter, given(value), *positional, **named)


def _is_number(value: Value) -> bool:
    return isinstance(value, (bool, int, float))


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise failed(f"a whole number is needed, not {kind_of(value)}")
    return value


def _divisible(_: Meter, value: Value, num: Value) -> bool:
    if _whole(given(num)) == 0:
        raise failed("division by zero")
    return _whole(value) % int(num) == 0


def _same(_: Meter, value: Value, other: Value) -> bool:
    return value is given(other) or (type(value) is type(other) and _is_number(value) and bool(value == other))


TESTS: Mapping[str, Test] = {
    **{name: COMPARED[name] for name in ("eq", "ne", "lt", "gt", "in")},
    "==": COMPARED["eq"],
    "!=": COMPARED["ne"],
    "<": COMPARED["lt"],
    "<=": COMPARED["lteq"],
    ">": COMPARED["gt"],
    ">=": COMPARED["gteq"],
    "boolean": lambda _, value: isinstance(value, bool),
    "callable": lambda _, value: isinstance(value, (Macro, Function)),
    "defined": lambda _, value: not isinstance(value, Undefined),
    "divisibleby": _divisible,
    "equalto": COMPARED["eq"],
    "even": lambda _, value: _whole(value) % 2 == 0,
    "false": lambda _, value: value is False,
    "float": lambda _, value: isinstance(value, float),
    "ge": COMPARED["gteq"],
    "greaterthan": COMPARED["gt"],
    "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
    "iterable": lambda _, value: isinstance(value, (str, list, tuple, dict)),
    "le": COMPARED["lteq"],
    "lessthan": COMPARED["lt"],
    "lower": lambda meter, value: text_of(meter, value).islower(),
    "mapping": lambda _, value: isinstance(value, dict),
    "none": lambda _, value: value is None,
    "number": lambda _, value: _is_number(value),
    "odd": lambda _, value: _whole(value) % 2 == 1,
    "sameas": _same,
    "sequence": lambda _, value: isinstance(value, (str, list, tuple, dict)),
    "string": lambda _, value: isinstance(value, str),
    "true": lambda _, value: value is True,
    "undefined": lambda _, value: isinstance(value, Undefined),
    "upper": lambda meter, value: text_of(meter, value).isupper(),
}
"""All tests by name."""
