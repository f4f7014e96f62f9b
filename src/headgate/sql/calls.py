"""Calls: scalars, aggregates, UNNEST; and which of them belong to a SELECT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlglot import exp

from headgate.core.recipe import Term, term
from headgate.sql import functions, postgres
from headgate.sql.relation import Field, Opaque, hanging_on
from headgate.sql.stage import Stage, function_name, only, order_keys


def read_call(stage: Stage, node: exp.Anonymous) -> Field:
    """Return the field of a call of a scalar, an aggregate or UNNEST."""
    only(node, "this", "expressions")
    name = function_name(node)
    arguments = node.args.get("expressions") or []
    if name in functions.AGGREGATES:
        return aggregate(stage, name, node, None)
    if name in functions.WINDOWS:
        raise Opaque(f"{name} without OVER is not understood")
    if name == "unnest":
        return _unnest(stage, arguments)
    if name in ("grouping", "grouping_id"):
        return Field("", term("grouping", *(stage.encode(a).term for a in arguments)), True)
    if stage.reading.dialect == "postgres":
        return _postgres_scalar(stage, name, arguments)
    if name not in functions.SCALARS and name not in functions.VOLATILE:
        raise Opaque(f"function {name} is not known")
    named = arguments[functions.NAMING_SCALARS[name] :] if name in functions.NAMING_SCALARS else []
    if not all(isinstance(a, exp.PropertyEQ) for a in named):
        raise Opaque(f"{name} with members that are named after columns is not understood")
    items = [stage.encode(a) for a in arguments]
    exact = name in functions.EXACT_SCALARS or (
        name in functions.EXACT_IF_ARGUMENTS_ARE and all(item.is_exact for item in items)
    )
    volatile = name in functions.VOLATILE
    is_list = name in functions.LIST_SCALARS
    return Field("", term("call", name, *(item.term for item in items), tainted=volatile), exact, is_list)


def _postgres_scalar(stage: Stage, name: str, arguments: Sequence[Any]) -> Field:
    """Return the field of a scalar of PostgreSQL's."""
    if name not in postgres.SCALARS and name not in postgres.FORMS and name not in postgres.VOLATILE:
        raise Opaque(f"function {name} is not known")
    items = [stage.encode(a) for a in arguments]
    exact = name in postgres.EXACT_SCALARS or (
        name in postgres.EXACT_IF_ARGUMENTS_ARE and all(item.is_exact for item in items)
    )
    is_adding = name in postgres.ADDING_IF_ARGUMENTS_DO and all(item.is_adding for item in items)
    found = term("call", name, *(item.term for item in items), tainted=name in postgres.VOLATILE)
    return Field("", found, exact, is_adding=is_adding and bool(items))


def _unnest(stage: Stage, arguments: Iterable[Any]) -> Field:
    if stage.unnested is None:
        raise Opaque("UNNEST here is not understood")
    arguments = list(arguments)
    if len(arguments) != 1:
        raise Opaque("UNNEST with options is not understood")
    item = stage.encode(arguments[0])
    if not item.is_list and stage.scope.outer is not None:
        # A struct gives one column for each member (seen). At the top the engine's own count of columns tells.
        raise Opaque("UNNEST of what may be a struct is not understood")
    stage.unnested.append(item.term)
    return Field("", term("unnested", item.term), False, item.is_list)


def read_explode(stage: Stage, node: Any) -> Field:
    """Return the field of UNNEST in the SELECT list."""
    found = _unnest(stage, [node.this, *(node.args.get("expressions") or ())])
    if not found.is_list and not isinstance(node.parent, exp.Alias):
        raise Opaque("UNNEST of what may be a struct, without a name, is not understood")
    return Field("", found.term)


def aggregate(stage: Stage, name: str, node: exp.Anonymous, filter_: exp.Expression | None) -> Field:
    """Return the field of an aggregate call over the rows of the stage."""
    arguments = node.args.get("expressions") or []
    outer_reads = stage.scope.escaped
    stage.scope.escaped = False
    if name == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        arguments = []
    items = [stage.encode(a) for a in arguments]
    if stage.scope.escaped:
        # (select sum(t.x)) with an outer t belongs to the query around: seen on DuckDB 1.5 and 2.0.
        raise Opaque("an aggregate over columns of the query around it is not understood")
    stage.scope.escaped = outer_reads
    where = stage.encode(filter_).term if filter_ is not None else term("all rows")
    reads_order, tainted = _order_dependence(stage, name, items, arguments)
    parts: list[Term] = [item.term for item in items]
    if reads_order:
        parts.append(stage.relation.order)
    exact = name in functions.ORDER_FREE_AGGREGATES or (
        name in ("max", "min", "sum", "any_value", "first", "last", "quantile_disc") and all(i.is_exact for i in items)
    )
    found = term("aggregate", name, stage.relation.rows, where, *parts, tainted=tainted)
    found = hanging_on(found, (stage.relation.order,))
    is_adding = name == "count" or (name in ("avg", "max", "min", "sum") and all(i.is_adding for i in items))
    is_adding = is_adding and stage.reading.dialect == "postgres"
    is_fixed = is_adding and name in ("max", "min", "sum") and all(i.is_fixed for i in items)
    is_text = name in ("string_agg", "group_concat", "listagg")
    return Field("", found, exact or is_text, name in ("list", "array_agg"), is_adding, is_fixed)


def _order_dependence(stage: Stage, name: str, items: list[Field], arguments: list[Any]) -> tuple[bool, bool]:
    """Return whether an aggregate reads the order of rows, and whether executions may differ in its value."""
    exact = all(item.is_exact for item in items)
    if name in functions.ORDER_FREE_AGGREGATES:
        return False, False
    if name in functions.ORDER_FREE_IF_EXACT:
        return False, not is_order_free(name, items)
    if name in functions.ORDER_FREE_IF_ORDERED:
        order = next((a for a in arguments if isinstance(a, exp.Order)), None)
        if order is not None and exact and items:
            own = order.this if len(arguments) == 1 else arguments[0]
            own_term = stage.encode(_without_distinct(own)).term
            keys = [stage.encode(_without_distinct(o.this)).term for o in order.args.get("expressions") or ()]
            if own_term in keys:
                return False, False
        return True, True
    return name in functions.ORDER_READING_AGGREGATES, True


def is_order_free(name: str, items: Sequence[Field]) -> bool:
    """Tell whether an aggregate of ``ORDER_FREE_IF_EXACT`` over these arguments is."""
    if name in ("avg", "sum"):
        return all(item.is_exact or item.is_adding for item in items)
    return all(item.is_settled for item in items)


def _without_distinct(node: Any) -> Any:
    if isinstance(node, exp.Distinct) and len(node.args.get("expressions") or ()) == 1:
        return node.args["expressions"][0]
    return node


def read_filtered(stage: Stage, node: exp.Filter) -> Field:
    """Return the field of an aggregate with FILTER."""
    only(node, "this", "expression")
    call = node.this
    if isinstance(call, exp.Anonymous) and function_name(call) in functions.AGGREGATES:
        return aggregate(stage, function_name(call), call, node.args["expression"])
    raise Opaque("FILTER here is not understood")


def read_within_group(stage: Stage, node: exp.WithinGroup) -> Field:
    """Return the field of an aggregate with WITHIN GROUP."""
    only(node, "this", "expression")
    call = node.this
    if not (isinstance(call, exp.Anonymous) and function_name(call) in functions.AGGREGATES):
        raise Opaque("WITHIN GROUP here is not understood")
    found = aggregate(stage, function_name(call), call, None)
    keys, fields = order_keys(stage, node.args["expression"])
    exact = all(f.is_exact for f in fields)
    is_one_of_them = function_name(call) == "percentile_disc" and exact
    return Field("", term("within group", found.term, keys, tainted=not exact), found.is_exact or is_one_of_them)


def has_aggregate(node: Any) -> bool:
    """Tell whether an aggregate of this SELECT stands here: not in a subquery, not itself a window."""
    return any(
        function_name(call) in functions.AGGREGATES or function_name(call) in ("grouping", "grouping_id")
        for call in _calls(node)
        if not _is_window_call(call)
    )


def has_window(node: Any) -> bool:
    """Tell whether a window call of this SELECT stands here."""
    return any(_is_window_call(call) for call in _calls(node))


def _calls(node: Any) -> Iterator[exp.Anonymous]:
    for item in node.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(item, exp.Anonymous):
            yield item


def _is_window_call(call: exp.Expression) -> bool:
    node: Any = call
    while isinstance(node.parent, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)) and node.parent.this is node:
        node = node.parent
    return isinstance(node.parent, exp.Window) and node.parent.this is node
