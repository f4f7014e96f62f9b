"""Statements of a template, carried out. Each kind of Jinja's tree that is not listed here is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import nodes

from headgate.project.templates.expressions import call, filtered, value_of
from headgate.project.templates.limits import NESTED_MAX
from headgate.project.templates.trouble import Exceeded, Trouble, closed, failed, unknown
from headgate.project.templates.values import (
    Loop,
    Macro,
    Namespace,
    Undefined,
    Value,
    given,
    items_of,
    kind_of,
    text_of,
    truth,
)
from headgate.project.templates.work import Buffer, Frame, Scope, Work

Carry = Callable[[Work, Any, Scope, Any], None]


class Returned(Exception):
    """``return(value)``: the macro that is carried out ends with a value."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class _Break(Exception):
    """``{% break %}``."""


class _Continue(Exception):
    """``{% continue %}``."""


def carry_out(work: Work, body: Sequence[nodes.Node], scope: Scope, out: Any) -> None:
    """Carry out statements; what they give goes to ``out``."""
    for node in body:
        work.meter.step()
        work.at = node.lineno or work.at
        work.enter()
        carry = STATEMENTS.get(type(node))
        if carry is None:
            raise refused(node)
        carry(work, node, scope, out)
        work.depth -= 1


def _output(work: Work, node: nodes.Output, scope: Scope, out: Any) -> None:
    for part in node.nodes:
        if isinstance(part, nodes.TemplateData):
            work.meter.step()
            out.copy(part.data, part.lineno)
        elif out.is_top:
            out.attempt(lambda one=part: text_of(work.meter, value_of(work, one, scope)), part.lineno)
        else:
            out.give(text_of(work.meter, value_of(work, part, scope)), part.lineno)


def _if(work: Work, node: nodes.If, scope: Scope, out: Any) -> None:
    for branch in (node, *node.elif_):
        if truth(value_of(work, branch.test, scope)):
            carry_out(work, branch.body, scope, out)
            return
    carry_out(work, node.else_, scope, out)


def _for(work: Work, node: nodes.For, scope: Scope, out: Any) -> None:
    _looped(work, node, value_of(work, node.iter, scope), scope, out, 0)


def _looped(work: Work, node: nodes.For, over: Value, scope: Scope, out: Any, depth: int) -> None:
    items = items_of(work.meter, over)
    if node.test is not None:
        items = [item for item in items if _holds(work, node, item, scope)]

    def again(below: Value) -> str:
        inner = Buffer(work.meter)
        work.enter()
        _looped(work, node, below, scope, inner, depth + 1)
        work.depth -= 1
        return inner.text()

    loop = Loop(items, depth, again if node.recursive else None)
    entered = work.depth
    for number, item in enumerate(items):
        work.meter.step()
        loop.index = number
        inside = Scope(scope)
        _assign(work, node.target, item, inside)
        inside.names["loop"] = loop
        try:
            carry_out(work, node.body, inside, out)
        except _Continue:
            work.depth = entered
        except _Break:
            work.depth = entered
            break
    if not items:
        carry_out(work, node.else_, Scope(scope), out)


def _holds(work: Work, node: nodes.For, item: Value, scope: Scope) -> bool:
    inside = Scope(scope)
    _assign(work, node.target, item, inside)
    return node.test is None or truth(value_of(work, node.test, inside))


def _assign(work: Work, target: nodes.Node, value: Value, scope: Scope) -> None:
    """Give names their values; a tuple takes a list apart."""
    if isinstance(target, nodes.Name):
        work.meter.make(8)
        scope.names[target.name] = value
    elif isinstance(target, nodes.NSRef):
        holder = scope.find(target.name)
        if not isinstance(holder, Namespace):
            raise failed(f"{target.name} is no namespace", "Make it: {% set " + target.name + " = namespace() %}.")
        work.meter.make(8)
        holder.names[target.attr] = given(value)
    elif isinstance(target, nodes.Tuple):
        parts = items_of(work.meter, value)
        if len(parts) != len(target.items):
            raise failed(f"{len(target.items)} names for {len(parts)} values")
        for one, part in zip(target.items, parts, strict=True):
            _assign(work, one, part, scope)
    else:
        raise closed("nothing can be assigned to that")


def _set(work: Work, node: nodes.Assign, scope: Scope, out: Any) -> None:
    if not out.is_top:
        _assign(work, node.target, value_of(work, node.node, scope), scope)
        return
    try:
        _assign(work, node.target, value_of(work, node.node, scope), scope)
    except Trouble:
        for name in node.find_all(nodes.Name):
            if name.ctx == "store":  # what uses it is no second fault
                scope.names[name.name] = Undefined(Trouble("HG221", f"{name.name} has no value", is_told=True))
        raise


def _set_block(work: Work, node: nodes.AssignBlock, scope: Scope, _: Any) -> None:
    inner = Buffer(work.meter)
    carry_out(work, node.body, Scope(scope), inner)
    text: Value = inner.text()
    if node.filter is not None:
        text = _through(work, node.filter, text, scope)
    _assign(work, node.target, text, scope)


def _filter_block(work: Work, node: nodes.FilterBlock, scope: Scope, out: Any) -> None:
    inner = Buffer(work.meter)
    carry_out(work, node.body, Scope(scope), inner)
    text = text_of(work.meter, _through(work, node.filter, inner.text(), scope))
    out.give(text, node.lineno)


def _through(work: Work, node: nodes.Filter, text: Value, scope: Scope) -> Value:
    """Return a text behind a chain of filters, the innermost first."""
    chain = [node]
    while isinstance(chain[-1].node, nodes.Filter):
        chain.append(chain[-1].node)
        if len(chain) > NESTED_MAX:
            raise Exceeded("filters are nested too deeply")
    for one in reversed(chain):
        text = filtered(work, one, text, scope)
    return text


def _with(work: Work, node: nodes.With, scope: Scope, out: Any) -> None:
    inside = Scope(scope)
    for target, value in zip(node.targets, node.values, strict=True):
        _assign(work, target, value_of(work, value, scope), inside)
    carry_out(work, node.body, inside, out)


def _do(work: Work, node: nodes.ExprStmt, scope: Scope, _: Any) -> None:
    given(value_of(work, node.node, scope))


def _define(work: Work, node: nodes.Macro, scope: Scope, _: Any) -> None:
    work.meter.make(100)
    scope.names[node.name] = macro_of(work, node, scope)


def _call_block(work: Work, node: nodes.CallBlock, scope: Scope, out: Any) -> None:
    caller = macro_of(work, node, scope, name="caller")
    text = text_of(work.meter, call(work, node.call, scope, {"caller": caller}))
    out.give(text, node.lineno)


def macro_of(work: Work, node: nodes.Macro | nodes.CallBlock, scope: Scope, name: str = "") -> Macro:
    """Return what a macro's definition means: names that it does not set are looked up where it stands."""
    source = work.source
    name = name or getattr(node, "name", "")
    names = tuple(argument.name for argument in node.args)
    if len(set(names)) < len(names):
        raise failed(f"two arguments of {name} have one name")

    def invoke(*positional: Value, **named: Value) -> Value:
        frame = Frame(name, work.source, work.at)
        entered = work.depth
        work.enter()
        work.meter.step(5)
        work.meter.make(200)
        if not work.frames:
            work.called = (name, source, node.lineno)
        work.frames.append(frame)
        inside = Scope(scope)
        work.source = source
        _bind(work, node, inside, positional, dict(named))
        out = Buffer(work.meter)
        try:
            carry_out(work, node.body, inside, out)
            value: Value = out.text()
        except Returned as returned:
            value = returned.value
        except (_Break, _Continue):
            raise failed("break and continue stand in a loop") from None
        work.frames.pop()
        work.source, work.at, work.depth = frame.source, frame.at, entered
        return value

    return Macro(name, names, invoke)


def _bind(
    work: Work,
    node: nodes.Macro | nodes.CallBlock,
    inside: Scope,
    positional: Sequence[Value],
    named: dict[str, Value],
) -> None:
    """Give a macro's arguments their values; defaults see the arguments before them."""
    names = [argument.name for argument in node.args]
    macro = work.frames[-1].macro
    without = len(names) - len(node.defaults)
    for number, name in enumerate(names):
        if number < len(positional):
            if name in named:
                raise _at_call(work, f"{macro} gets {name} twice")
            value = positional[number]
        elif name in named:
            value = named.pop(name)
        elif number >= without:
            value = value_of(work, node.defaults[number - without], inside)
        else:
            value = Undefined(unknown(f"{macro} was called without its argument {name}"))
        inside.names[name] = value
    if "caller" in named and "caller" not in names:
        inside.names["caller"] = named.pop("caller")
    more = positional[len(names) :]
    if more and not _uses(node, "varargs"):
        raise _at_call(work, f"{macro} takes {_arguments(len(names))}, not {len(positional)}")
    if named and not _uses(node, "kwargs"):
        raise _at_call(work, f"{macro} has no argument {next(iter(named))}", f"It has {', '.join(names) or 'none'}.")
    inside.names.setdefault("varargs", tuple(more))
    inside.names.setdefault("kwargs", named)


def _uses(node: nodes.Node, name: str) -> bool:
    return any(one.name == name for one in node.find_all(nodes.Name))


def _at_call(work: Work, summary: str, hint: str = "") -> Trouble:
    """Return trouble that is the caller's."""
    frame = work.frames.pop()
    work.source, work.at = frame.source, frame.at
    return failed(summary, hint)


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def _break(_work: Work, _node: nodes.Break, _scope: Scope, _out: Any) -> None:
    raise _Break


def _continue(_work: Work, _node: nodes.Continue, _scope: Scope, _out: Any) -> None:
    raise _Continue


def refused(node: nodes.Node) -> Trouble:
    """Return the trouble of a statement that templates do not have."""
    for kinds, what in _CLOSED:
        if isinstance(node, kinds):
            return closed(f"{what} is not supported in templates", "Macros of macros/ are called by their names.")
    return closed(f"{kind_of(node)} is not supported in templates")


_CLOSED: tuple[tuple[type | tuple[type, ...], str], ...] = (
    ((nodes.Import, nodes.FromImport), "import"),
    (nodes.Include, "include"),
    (nodes.Extends, "extends"),
    (nodes.Block, "block"),
    (nodes.Scope, "autoescape"),
)

STATEMENTS: Mapping[type, Carry] = {
    nodes.Assign: _set,
    nodes.AssignBlock: _set_block,
    nodes.Break: _break,
    nodes.CallBlock: _call_block,
    nodes.Continue: _continue,
    nodes.ExprStmt: _do,
    nodes.FilterBlock: _filter_block,
    nodes.For: _for,
    nodes.If: _if,
    nodes.Macro: _define,
    nodes.Output: _output,
    nodes.With: _with,
}
"""How each kind of statement is carried out."""
