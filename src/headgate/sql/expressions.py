"""Expressions to terms. Node kinds are allow-listed; what is not on the list makes the query opaque.

Every function here returns a ``Field`` without a name: the term, and whether equal values are the same bits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlglot import exp

from headgate.core.diagnostic import Diagnostic
from headgate.core.hashing import Part
from headgate.core.recipe import Term, term
from headgate.sql.calls import read_call, read_explode, read_filtered, read_within_group
from headgate.sql.names import UNKNOWN, read_column, read_star
from headgate.sql.parameters import NAMES, QueryParameter
from headgate.sql.relation import Field, Opaque, lowered
from headgate.sql.stage import Encode, Stage, only, order_keys
from headgate.sql.types import type_name
from headgate.sql.windows import read_window


def encode(stage: Stage, node: Any) -> Field:
    """Return the field of an expression; raise ``Opaque`` where it is not understood."""
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        found = handler(stage, node)
        if found.is_exact and stage.reading.is_collated:
            # A collation goes from arguments to results, and makes equal what is not the same.
            return Field(found.name, found.term, False, found.is_list)
        return found
    plain = _PLAIN.get(type(node))
    if plain is None:
        raise Opaque(f"{type(node).__name__} is not understood")
    tag, keys, rule = plain
    return _plain(stage, node, tag, keys, rule)


def _plain(stage: Stage, node: Any, tag: str, keys: tuple[str, ...], rule: str) -> Field:
    parts: list[Part | Term] = []
    exact = True
    items: list[Field] = []
    for key, value in node.args.items():
        if value is None or value is False or value == []:
            continue
        if key not in keys and not (key == "negate" and rule == "exact"):
            raise Opaque(f"{key} of {type(node).__name__} is not understood")
    for key in keys:
        value = node.args.get(key)
        if isinstance(value, list):
            listed = [stage.encode(item) for item in value]
            items += listed
            exact = exact and all(item.is_exact for item in listed)
            parts.append(term("list", *(item.term for item in listed)))
        elif isinstance(value, exp.Expression):
            item = stage.encode(value)
            items.append(item)
            exact = exact and item.is_exact
            parts.append(item.term)
        elif value is None or isinstance(value, (bool, str, int)):
            parts.append((key, value or None))
        else:
            raise Opaque(f"{key} of {type(node).__name__} is not understood")
    is_exact = {"exact": True, "inexact": False, "as arguments": exact}[rule] and not stage.reading.is_collated
    found = term(tag, *parts)
    if node.args.get("negate"):
        # Newer sqlglot keeps the NOT of NOT LIKE inside; older ones have a node around, as for `not (a like b)`.
        found = term("not", found)
    is_fixed = tag in _FIXING and all(item.is_fixed or (item.is_exact and item.is_adding) for item in items)
    is_adding = tag in _ADDING and stage.reading.dialect == "postgres" and all(item.is_adding for item in items)
    return Field("", found, is_exact, tag == "list value", is_adding, is_adding and is_fixed)


_ADDING = frozenset({"+", "-", "*", "/", "%", "negative", "null"})
"""What gives integers or numerics of integers or numerics."""

_FIXING = frozenset({"+", "-", "*", "negative", "null"})
"""What gives numerics whose digits follow from those of its operands."""

_TWO = ("this", "expression")

_PLAIN: dict[type, tuple[str, tuple[str, ...], str]] = {
    exp.Add: ("+", _TWO, "as arguments"),
    exp.Sub: ("-", _TWO, "as arguments"),
    exp.Mul: ("*", _TWO, "as arguments"),
    exp.Div: ("/", ("this", "expression", "typed", "safe"), "inexact"),
    exp.IntDiv: ("//", _TWO, "as arguments"),
    exp.Mod: ("%", _TWO, "as arguments"),
    exp.Pow: ("^", _TWO, "inexact"),
    exp.Neg: ("negative", ("this",), "as arguments"),
    exp.Not: ("not", ("this",), "exact"),
    exp.EQ: ("=", _TWO, "exact"),
    exp.NEQ: ("<>", _TWO, "exact"),
    exp.LT: ("<", _TWO, "exact"),
    exp.LTE: ("<=", _TWO, "exact"),
    exp.GT: (">", _TWO, "exact"),
    exp.GTE: (">=", _TWO, "exact"),
    exp.Is: ("is", _TWO, "exact"),
    exp.NullSafeEQ: ("is not distinct from", _TWO, "exact"),
    exp.NullSafeNEQ: ("is distinct from", _TWO, "exact"),
    exp.Like: ("like", _TWO, "exact"),
    exp.ILike: ("ilike", _TWO, "exact"),
    exp.SimilarTo: ("similar to", _TWO, "exact"),
    exp.RegexpLike: ("~", _TWO, "exact"),
    exp.Escape: ("escape", _TWO, "exact"),
    exp.Glob: ("glob", _TWO, "exact"),
    exp.Between: ("between", ("this", "low", "high", "symmetric"), "exact"),
    exp.DPipe: ("||", ("this", "expression", "safe"), "as arguments"),
    exp.BitwiseAnd: ("&", _TWO, "as arguments"),
    exp.BitwiseOr: ("|", _TWO, "as arguments"),
    exp.BitwiseXor: ("xor", _TWO, "as arguments"),
    exp.BitwiseNot: ("~", ("this",), "as arguments"),
    exp.BitwiseLeftShift: ("<<", ("this", "expression", "requires_int128"), "as arguments"),
    exp.BitwiseRightShift: (">>", ("this", "expression", "requires_int128"), "as arguments"),
    exp.Null: ("null", (), "exact"),
    exp.Boolean: ("boolean", ("this",), "exact"),
    exp.Var: ("word", ("this",), "exact"),
    exp.Tuple: ("tuple", ("expressions",), "inexact"),
    exp.Array: ("list value", ("expressions", "value_constructor", "bracket_notation"), "inexact"),
    exp.Bracket: ("subscript", ("this", "expressions", "offset", "safe", "returns_list_for_maps"), "inexact"),
    exp.Slice: ("slice", ("this", "expression", "step"), "inexact"),
    exp.ToMap: ("map", ("this",), "inexact"),
    exp.Struct: ("struct", ("expressions",), "inexact"),
    exp.Distinct: ("distinct", ("expressions",), "as arguments"),
    exp.Where: ("where", ("this",), "exact"),
    exp.Substring: ("substring", ("this", "start", "length"), "exact"),
    exp.Trim: ("trim", ("this", "expression", "position", "collation"), "exact"),
    exp.StrPosition: ("position", ("this", "substr"), "exact"),
    exp.AtTimeZone: ("at time zone", ("this", "zone"), "as arguments"),
    exp.Collate: ("collate", _TWO, "inexact"),
}


def _paren(stage: Stage, node: exp.Paren) -> Field:
    """Read parentheses. Around more than one operand they stay in the term.

    Where sqlglot and the engine disagree about precedence, ``a || b + c`` with and without parentheses has one tree
    here and two meanings there.
    """
    item = stage.encode(node.this)
    if isinstance(node.this, (exp.Column, exp.Literal, exp.Paren, exp.Anonymous, exp.Cast, exp.Case, exp.Window)):
        return item
    return replace(item, term=term("parentheses", item.term), is_list=False)


def _escape(stage: Stage, node: exp.Escape) -> Field:
    """Read LIKE with ESCAPE; a NOT inside of it stands around it, as older sqlglot has it."""
    like = node.this
    if not like.args.get("negate"):
        return _plain(stage, node, *_PLAIN[exp.Escape])
    positive = node.copy()
    positive.this.set("negate", None)
    return Field("", term("not", _plain(stage, positive, *_PLAIN[exp.Escape]).term), True)


def _literal(stage: Stage, node: exp.Literal) -> Field:
    text = str(node.this)
    if stage.reading.dialect == "postgres" and not node.is_string:
        # 1.5 and 1.50 are equal and not alike; 1e3 is numeric as well.
        return Field("", term("number", text), text.isdigit(), is_adding=True, is_fixed=True)
    is_float = not node.is_string and ("e" in text or "E" in text)
    return Field("", term("text" if node.is_string else "number", text), not is_float)


def _connector(stage: Stage, node: exp.Connector) -> Field:
    """Read a chain of AND or OR without recursion: generated filters have thousands of links."""
    kind = type(node)
    links: list[Term] = []
    pending: list[Any] = [node]
    while pending:
        current = pending.pop()
        if type(current) is kind:
            pending.append(current.args.get("expression"))
            pending.append(current.this)
        else:
            links.append(stage.encode(current).term)
    return Field("", term("and" if kind is exp.And else "or", *links), True)


def _case(stage: Stage, node: exp.Case) -> Field:
    """Read CASE: exact where all its results are; what is compared does not count. Each part is read once."""
    only(node, "this", "ifs", "default")
    subject = node.args.get("this")
    branches = [_when(stage, branch) for branch in node.args.get("ifs") or ()]
    default = node.args.get("default")
    last = stage.encode(default) if default is not None else None
    compared: Part | Term = stage.encode(subject).term if subject is not None else ("this", None)
    otherwise: Part | Term = last.term if last is not None else ("default", None)
    found = term("case", compared, term("list", *(branch.term for branch in branches)), otherwise)
    results = [*branches, *([last] if last is not None else [])]
    is_adding = all(result.is_adding for result in results)
    return Field("", found, all(result.is_exact for result in results), is_adding=is_adding)


def _when(stage: Stage, node: exp.If) -> Field:
    """Read one branch; its exactness is that of its result."""
    only(node, "this", "true")
    condition, result = stage.encode(node.this), stage.encode(node.args["true"])
    found = term("when", condition.term, result.term, ("false", None))
    return Field("", found, result.is_exact, is_adding=result.is_adding)


def _cast(stage: Stage, node: exp.Cast) -> Field:
    only(node, "this", "to", "format", "safe", "action", "default", "requires_string")
    if node.args.get("format") or node.args.get("action") or node.args.get("default"):
        raise Opaque("this form of CAST is not understood")
    item = stage.encode(node.this)
    name, exact = type_name(node.args["to"])
    found = term("try cast" if isinstance(node, exp.TryCast) else "cast", item.term, name)
    if stage.reading.dialect == "postgres":
        to = node.args["to"]
        is_numeric = to.this is exp.DType.DECIMAL
        is_adding = is_numeric or to.this in (exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT)
        return Field("", found, exact and not is_numeric, False, is_adding, is_numeric and bool(to.expressions))
    return Field("", found, exact)


def _interval(stage: Stage, node: exp.Interval) -> Field:
    unit = node.args.get("unit")
    if unit is not None and not isinstance(unit, exp.Var):
        raise Opaque("this INTERVAL is not understood")
    amount = stage.encode(node.this).term if node.this is not None else term("no amount")
    return Field("", term("interval", amount, str(unit.this).upper() if unit is not None else None), False)


def _extract(stage: Stage, node: exp.Extract) -> Field:
    only(node, "this", "expression")
    part = str(node.this.this if isinstance(node.this, exp.Var) else node.this.name).lower()
    item = stage.encode(node.args["expression"])
    found = term("extract", part, item.term)
    if stage.reading.dialect == "postgres":
        return Field("", found, part in _WHOLE_PARTS, is_adding=True)
    return Field("", found, part not in ("epoch", "julian"))


_WHOLE_PARTS = frozenset(
    "century day decade dow doy hour isodow isoyear millennium minute month quarter week year".split()
)
"""Parts of a time that PostgreSQL gives as numerics without digits behind the point."""


def _in(stage: Stage, node: exp.In) -> Field:
    only(node, "this", "expressions", "query", "unnest", "field")
    left = stage.encode(node.this).term
    if node.args.get("unnest") is not None or node.args.get("field") is not None:
        raise Opaque("IN over a list is not understood")
    query = node.args.get("query")
    if query is not None:
        relation = stage.subquery(query)
        return Field("", term("in query", left, relation.rows, *(f.term for f in relation.fields)), True)
    return Field("", term("in", left, *(stage.encode(item).term for item in node.args["expressions"])), True)


def _exists(stage: Stage, node: exp.Exists) -> Field:
    only(node, "this")
    return Field("", term("exists", stage.subquery(node.this).rows), True)


def _subquery(stage: Stage, node: Any) -> Field:
    relation = stage.subquery(node)
    if len(relation.fields) != 1:
        raise Opaque("a subquery of several columns as one value is not understood")
    item = relation.fields[0]
    return Field("", term("value of query", relation.rows, item.term), item.is_exact)


def _quantified(stage: Stage, node: Any) -> Field:
    only(node, "this")
    query: Any = node.this.this if isinstance(node.this, (exp.Paren, exp.Subquery)) else node.this
    if not isinstance(query, (exp.Select, exp.SetOperation)):
        raise Opaque("ANY and ALL over lists are not understood")
    relation = stage.subquery(query)
    tag = "any of query" if isinstance(node, exp.Any) else "all of query"
    return Field("", term(tag, relation.rows, *(f.term for f in relation.fields)), True)


def _interpolated(_stage: Stage, node: Any) -> Field:
    raise Opaque(f"{type(node).__name__.lower()} is not understood")


def _parameter(stage: Stage, node: QueryParameter) -> Field:
    name = str(node.this or "?")
    if name.lower() in stage.reading.constants and "start" in node.meta:
        return Field("", term("parameter", name.lower()), True)
    hint = "Tables and views take no parameters; write the value."
    if stage.reading.constants:
        hint = "An incremental has :start and :end alone; write the value."
    elif name.lower() in NAMES:
        hint = "These are for incrementals: `kind: incremental`, with a `time_column`."
    summary = f"a parameter, {':' + name if name != '?' else name}, has no value"
    stage.reading.fault(Diagnostic("HG206", summary, hint=hint), node)
    return UNKNOWN


def _now(_stage: Stage, node: Any) -> Field:
    return Field("", term("volatile", type(node).__name__.lower(), tainted=True), False)


def _property(stage: Stage, node: Any) -> Field:
    only(node, "this", "expression")
    name = node.this.name if isinstance(node.this, exp.Expression) else str(node.this)
    item = stage.encode(node.args["expression"])
    return Field("", term("named", name, item.term), item.is_exact)


def _ordered_arguments(stage: Stage, node: exp.Order) -> Field:
    only(node, "this", "expressions")
    inner = stage.encode(node.this) if node.this is not None else None
    keys, _ = order_keys(stage, node)
    first = inner.term if inner is not None else term("nothing")
    return Field("", term("ordered", first, keys), inner.is_exact if inner else False)


def _lambda(stage: Stage, node: exp.Lambda) -> Field:
    only(node, "this", "expressions", "colon")
    names = tuple(lowered(p.name) for p in node.args.get("expressions") or ())
    body = _lambda_body(stage, node.this, names)
    return Field("", term("lambda", len(names), body.term), False)


def _lambda_body(stage: Stage, node: Any, names: tuple[str, ...]) -> Field:
    bound = {name: Field(name, term("parameter", stage.depth, n), False) for n, name in enumerate(names)}
    outer = stage.reading.parameters
    stage.reading.parameters = {**outer, **bound}
    stage.depth += 1
    try:
        return stage.encode(node)
    finally:
        stage.depth -= 1
        stage.reading.parameters = outer


def _identifier(stage: Stage, node: exp.Identifier) -> Field:
    found = stage.reading.parameters.get(lowered(node.name))
    if found is None:
        raise Opaque(f"the word {node.name} is not understood")
    return found


def _dot(stage: Stage, node: exp.Dot) -> Field:
    if not isinstance(node.expression, exp.Identifier):
        raise Opaque("a function behind a dot is not understood")
    item = stage.encode(node.this)
    return Field("", term("member", item.term, lowered(node.expression.name)), False)


def _alias(stage: Stage, node: exp.Alias) -> Field:
    return stage.encode(node.this)


_HANDLERS: dict[type, Encode] = {
    exp.Paren: _paren,
    exp.Literal: _literal,
    exp.And: _connector,
    exp.Or: _connector,
    exp.Case: _case,
    exp.Escape: _escape,
    exp.If: _when,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Interval: _interval,
    exp.Extract: _extract,
    exp.In: _in,
    exp.Exists: _exists,
    exp.Subquery: _subquery,
    exp.Select: _subquery,
    exp.Union: _subquery,
    exp.Any: _quantified,
    exp.All: _quantified,
    QueryParameter: _parameter,
    exp.Parameter: _interpolated,
    exp.CurrentDate: _now,
    exp.CurrentTime: _now,
    exp.CurrentTimestamp: _now,
    exp.Localtime: _now,
    exp.Localtimestamp: _now,
    exp.PropertyEQ: _property,
    exp.Order: _ordered_arguments,
    exp.Column: read_column,
    exp.Star: read_star,
    exp.Anonymous: read_call,
    exp.Explode: read_explode,
    exp.Filter: read_filtered,
    exp.WithinGroup: read_within_group,
    exp.Window: read_window,
    exp.Lambda: _lambda,
    exp.Identifier: _identifier,
    exp.Dot: _dot,
    exp.Alias: _alias,
}
