"""Window calls: partition, order, frame, and whether ties decide."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from headgate.core.hashing import Part
from headgate.core.recipe import Term, term
from headgate.sql import functions
from headgate.sql.calls import is_order_free
from headgate.sql.relation import UNORDERED, Field, Opaque, hanging_on, lowered
from headgate.sql.stage import Stage, function_name, only, order_keys


def read_window(stage: Stage, node: exp.Window) -> Field:
    """Return the field of a window call; it carries the rows that the window is over."""
    only(node, "this", "partition_by", "order", "spec", "alias", "over", "first")
    if node.args.get("first") is not None:
        raise Opaque("this window is not understood")
    base = node
    if node.args.get("alias") is not None:
        named = stage.windows.get(lowered(node.alias))
        if named is None or node.args.get("partition_by") or node.args.get("order") or node.args.get("spec"):
            raise Opaque("this named window is not understood")
        if named.args.get("alias") is not None or named.args.get("first") is not None:
            raise Opaque("a window made from another one is not understood")
        base = named  # type: ignore[assignment]  # a window definition has the same arguments
    call, filter_, nulls = _window_call(node.this)
    name = function_name(call)
    if name not in functions.AGGREGATES and name not in functions.WINDOWS:
        raise Opaque(f"function {name} in a window is not known")
    arguments, nulls = _without_nulls(call.args.get("expressions") or [], nulls)
    if name == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        arguments = []
    items = [stage.encode(a) for a in arguments]
    where = stage.encode(filter_).term if filter_ is not None else term("all rows")
    partition = [stage.encode(p) for p in base.args.get("partition_by") or ()]
    keys, ordering = order_keys(stage, base.args.get("order"))
    frame = _frame(stage, base.args.get("spec"))
    tainted = _window_taint(name, items, base.args.get("spec"))
    parted = term("partition", *(p.term for p in partition))
    stage.scope.reorderings += (parted, keys)
    parts = (parted, keys, frame, where, *(i.term for i in items))
    order = () if ordering else (stage.windowed.order,)
    reads_order = order if name in functions.TIE_WINDOWS or tainted else ()
    found = term("window", name, nulls, stage.windowed.rows, *parts, *reads_order, tainted=tainted)
    # Ties are broken as rows stand, and other windows of the same SELECT have them stand otherwise.
    found = hanging_on(found, (stage.windowed.order, hanging_on(UNORDERED, stage.scope.reorderings)))
    exact = name in (functions.WINDOWS - {"cume_dist", "percent_rank", "fill"} | functions.ORDER_FREE_AGGREGATES)
    return Field("", found, exact and all(i.is_exact for i in items))


def _window_call(node: Any) -> tuple[exp.Anonymous, exp.Expression | None, str]:
    nulls, filter_ = "", None
    while not isinstance(node, exp.Anonymous):
        if isinstance(node, (exp.IgnoreNulls, exp.RespectNulls)):
            nulls = type(node).__name__
        elif isinstance(node, exp.Filter):
            filter_ = node.args["expression"]
        else:
            raise Opaque(f"{type(node).__name__} in a window is not understood")
        node = node.this
    return node, filter_, nulls


def _without_nulls(arguments: list[Any], nulls: str) -> tuple[list[Any], str]:
    """Return the arguments without the IGNORE NULLS that stands behind the last one, and which one it was."""
    plain: list[Any] = []
    for argument in arguments:
        if isinstance(argument, (exp.IgnoreNulls, exp.RespectNulls)):
            nulls, argument = type(argument).__name__, argument.this
        plain.append(argument)
    return plain, nulls


def _window_taint(name: str, items: list[Field], spec: exp.Expression | None) -> bool:
    if name in functions.PEER_WINDOWS:
        return False
    if name in functions.TIE_WINDOWS:
        return True
    depends_on_ties = spec is not None and str(spec.args.get("kind") or "").upper() != "RANGE"
    if name in functions.ORDER_FREE_AGGREGATES or name in functions.ORDER_FREE_IF_EXACT:
        return depends_on_ties or (name in functions.ORDER_FREE_IF_EXACT and not is_order_free(name, items))
    return True


def _frame(stage: Stage, spec: exp.Expression | None) -> Term:
    if spec is None:
        return term("default frame")
    only(spec, "kind", "start", "start_side", "end", "end_side", "exclude")
    parts: list[Part | Term] = []
    for key in ("kind", "start", "start_side", "end", "end_side", "exclude"):
        value = spec.args.get(key)
        if isinstance(value, exp.Expression):
            parts.append(stage.encode(value).term)
        else:
            parts.append(None if value is None else str(value).upper())
    return term("frame", *parts)
