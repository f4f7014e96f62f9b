"""Expressions of a template to values. Each kind of Jinja's tree that is not listed here is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from headgate.project.templates.attributes import attribute_of, item_of, part_of, shown
from headgate.project.templates.filters import find_filter
from headgate.project.templates.operators import BINARY, COMPARED, concatenated, signed
from headgate.project.templates.tests import find_test
from headgate.project.templates.trouble import closed, failed
from headgate.project.templates.values import (
    Function,
    Loop,
    Macro,
    Undefined,
    Value,
    checked_number,
    given,
    items_of,
    key_of,
    kind_of,
    truth,
)
from headgate.project.templates.work import MISSING, Scope, Work

Evaluate = Callable[[Work, Any, Scope], Value]


def value_of(work: Work, node: nodes.Node, scope: Scope) -> Value:
    """Return the value of an expression. Cost: one step for each part, about two microseconds."""
    work.meter.step()
    work.at = node.lineno
    work.enter()
    evaluate = EXPRESSIONS.get(type(node))
    if evaluate is None:
        raise closed(f"{type(node).__name__} is not supported in templates")
    value = evaluate(work, node, scope)
    work.depth -= 1
    return value


def _name(work: Work, node: nodes.Name, scope: Scope) -> Value:
    found = scope.find(node.name)
    return work.find(node.name, scope) if found is MISSING else found


def _constant(work: Work, node: nodes.Const, _: Scope) -> Value:
    if isinstance(node.value, str):
        work.meter.make(len(node.value))
    return checked_number(node.value)


def _list(work: Work, node: nodes.List, scope: Scope) -> list[Value]:
    work.meter.items(len(node.items) + 7)
    return [given(value_of(work, item, scope)) for item in node.items]


def _tuple(work: Work, node: nodes.Tuple, scope: Scope) -> tuple[Value, ...]:
    work.meter.items(len(node.items) + 5)
    return tuple([given(value_of(work, item, scope)) for item in node.items])


def _mapping(work: Work, node: nodes.Dict, scope: Scope) -> dict[Value, Value]:
    work.meter.items(8 * len(node.items) + 20)
    pairs = ((value_of(work, pair.key, scope), value_of(work, pair.value, scope)) for pair in node.items)
    return {key_of(key): given(value) for key, value in pairs}


def _choice(work: Work, node: nodes.CondExpr, scope: Scope) -> Value:
    if truth(value_of(work, node.test, scope)):
        return value_of(work, node.expr1, scope)
    if node.expr2 is not None:
        return value_of(work, node.expr2, scope)
    return Undefined(None)


def _both(work: Work, node: nodes.And, scope: Scope) -> Value:
    left = value_of(work, node.left, scope)
    return value_of(work, node.right, scope) if truth(left) else left


def _either(work: Work, node: nodes.Or, scope: Scope) -> Value:
    left = value_of(work, node.left, scope)
    return left if truth(left) else value_of(work, node.right, scope)


def _not(work: Work, node: nodes.Not, scope: Scope) -> bool:
    return not truth(value_of(work, node.node, scope))


def _binary(work: Work, node: nodes.BinExpr, scope: Scope) -> Value:
    left = given(value_of(work, node.left, scope))
    right = given(value_of(work, node.right, scope))
    work.at = node.lineno
    return BINARY[node.operator](work.meter, left, right)


def _negative(work: Work, node: nodes.Neg, scope: Scope) -> Value:
    return signed("-", value_of(work, node.node, scope))


def _positive(work: Work, node: nodes.Pos, scope: Scope) -> Value:
    return signed("+", value_of(work, node.node, scope))


def _concat(work: Work, node: nodes.Concat, scope: Scope) -> str:
    return concatenated(work.meter, [given(value_of(work, one, scope)) for one in node.nodes])


def _compare(work: Work, node: nodes.Compare, scope: Scope) -> bool:
    left = value_of(work, node.expr, scope)
    for operand in node.ops:
        right = value_of(work, operand.expr, scope)
        work.at = node.lineno
        if not COMPARED[operand.op](work.meter, left, right):
            return False
        left = right
    return True


def _attribute(work: Work, node: nodes.Getattr, scope: Scope) -> Value:
    value = value_of(work, node.node, scope)
    work.at = node.lineno + 1
    return attribute_of(work.meter, value, node.attr)


def _item(work: Work, node: nodes.Getitem, scope: Scope) -> Value:
    value = value_of(work, node.node, scope)
    if isinstance(node.arg, nodes.Slice):
        given_ends = (node.arg.start, node.arg.stop, node.arg.step)
        ends = [None if one is None else value_of(work, one, scope) for one in given_ends]
        work.at = node.lineno
        return part_of(work.meter, value, *ends)
    key = value_of(work, node.arg, scope)
    work.at = node.lineno
    return item_of(work.meter, value, key)


def _filter(work: Work, node: nodes.Filter, scope: Scope) -> Value:
    value = value_of(work, node.node, scope) if node.node is not None else None
    return filtered(work, node, value, scope)


def filtered(work: Work, node: nodes.Filter, value: Value, scope: Scope) -> Value:
    """Return a value behind a filter."""
    positional, named = _arguments(work, node, scope)
    work.at = node.lineno
    chosen = find_filter(node.name)
    return _called(node.name, lambda: chosen(work.meter, value, *positional, **named))


def _test(work: Work, node: nodes.Test, scope: Scope) -> Value:
    value = value_of(work, node.node, scope)
    positional, named = _arguments(work, node, scope)
    work.at = node.lineno
    chosen = find_test(node.name)
    return _called(node.name, lambda: chosen(work.meter, value, *positional, **named))


def _call(work: Work, node: nodes.Call, scope: Scope) -> Value:
    return call(work, node, scope, {})


def call(work: Work, node: nodes.Call, scope: Scope, more: Mapping[str, Value]) -> Value:
    """Return what a call gives; ``more`` are arguments by name beside those that stand in it."""
    callee = given(value_of(work, node.node, scope))
    at = work.at
    positional, named = _arguments(work, node, scope)
    work.at = at
    if isinstance(callee, Macro):
        return callee.call(*positional, **{**named, **more})
    if isinstance(callee, Loop) and callee.again is not None and len(positional) == 1 and not named:
        return callee.again(positional[0])
    if not isinstance(callee, Function):
        raise failed(f"{kind_of(callee)} cannot be called")
    return _called(callee.name, lambda: callee.call(*positional, **{**named, **more}))


def _arguments(work: Work, node: Any, scope: Scope) -> tuple[list[Value], dict[str, Value]]:
    """Return the arguments of a call, a filter or a test. What is undefined is handed on: a default may be meant."""
    positional = [value_of(work, one, scope) for one in node.args]
    named = {one.key: value_of(work, one.value, scope) for one in node.kwargs}
    if node.dyn_args is not None:
        positional += items_of(work.meter, value_of(work, node.dyn_args, scope))
    if node.dyn_kwargs is not None:
        more = given(value_of(work, node.dyn_kwargs, scope))
        if not isinstance(more, dict) or not all(isinstance(key, str) for key in more):
            raise failed("** takes a mapping of names")
        work.meter.items(len(more))
        named |= more
    return positional, named


def _called(name: str, work: Callable[[], Value]) -> Value:
    """Return what one of our own functions gives; what it cannot take is told."""
    try:
        return work()
    except TypeError as error:
        raise failed(f"{shown(name)} is called with wrong arguments", _of_arguments(str(error))) from None
    except (ValueError, ArithmeticError, LookupError, AttributeError):
        raise failed(f"{shown(name)} cannot do that with these arguments") from None


_UNEXPECTED = re.compile(r"(?:unexpected keyword|multiple values for(?: keyword)?) argument '(\w{1,60})'")
_LACKING = re.compile(r"missing \d+ required .*arguments?: (.{1,200})")


def _of_arguments(message: str) -> str:
    """Return what Python says of arguments, as far as it concerns the user."""
    if found := _UNEXPECTED.search(message):
        return f"It takes no argument {found[1]}."
    if found := _LACKING.search(message):
        return f"It needs {found[1]}."
    return "It takes fewer arguments." if "positional argument" in message else ""


EXPRESSIONS: Mapping[type, Evaluate] = {
    **dict.fromkeys((nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow), _binary),
    nodes.And: _both,
    nodes.Call: _call,
    nodes.Compare: _compare,
    nodes.Concat: _concat,
    nodes.CondExpr: _choice,
    nodes.Const: _constant,
    nodes.Dict: _mapping,
    nodes.Filter: _filter,
    nodes.Getattr: _attribute,
    nodes.Getitem: _item,
    nodes.List: _list,
    nodes.Name: _name,
    nodes.Neg: _negative,
    nodes.Not: _not,
    nodes.Or: _either,
    nodes.Pos: _positive,
    nodes.Test: _test,
    nodes.Tuple: _tuple,
}
"""How each kind of expression is evaluated."""
