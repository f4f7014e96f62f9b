"""Expressions to terms. Node kinds are allow-listed; what is not on the list makes the query opaque.

Every function here returns a ``Field`` without a name: the term, and whether equal values are the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.hashing import Part
from headgate.core.recipe import Term, term
from headgate.sql import functions
from headgate.sql.reading import Reading
from headgate.sql.relation import Field, Item, Opaque, Relation, Scope, either, outer_field
from headgate.sql.tree import PREFIX

Encode = Callable[["Stage", Any], Field]


@dataclass(slots=True)
class Stage:
    """Where an expression stands: its scope, the rows it is evaluated over, and what is collected on the way.

    Aggregates carry the rows of ``relation`` (after WHERE), windows those of ``windowed`` (after grouping as well).
    ``unnested`` collects the lists that UNNEST in the SELECT list multiplies rows by; None where UNNEST cannot stand.
    ``read_query`` reads a subquery in a scope; ``windows`` are the named ones.
    """

    reading: Reading
    scope: Scope
    relation: Relation
    read_query: Callable[[exp.Expression, Scope], Relation]
    windows: Mapping[str, exp.Expression]
    windowed: Relation
    unnested: list[Term] | None = None
    depth: int = 0

    def encode(self, node: Any) -> Field:
        """Return the field of an expression."""
        return encode(self, node)


def encode(stage: Stage, node: Any) -> Field:
    """Return the field of an expression; raise ``Opaque`` where it is not understood."""
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        return handler(stage, node)
    plain = _PLAIN.get(type(node))
    if plain is None:
        raise Opaque(f"{type(node).__name__} is not understood")
    tag, keys, rule = plain
    return _plain(stage, node, tag, keys, rule)


def _plain(stage: Stage, node: Any, tag: str, keys: tuple[str, ...], rule: str) -> Field:
    parts: list[Part | Term] = []
    exact = True
    for key, value in node.args.items():
        if value is None or value is False or value == []:
            continue
        if key not in keys:
            raise Opaque(f"{key} of {type(node).__name__} is not understood")
    for key in keys:
        value = node.args.get(key)
        if isinstance(value, list):
            items = [stage.encode(item) for item in value]
            exact = exact and all(item.is_exact for item in items)
            parts.append(term("list", *(item.term for item in items)))
        elif isinstance(value, exp.Expression):
            item = stage.encode(value)
            exact = exact and item.is_exact
            parts.append(item.term)
        elif value is None or isinstance(value, (bool, str, int)):
            parts.append((key, value or None))
        else:
            raise Opaque(f"{key} of {type(node).__name__} is not understood")
    is_exact = {"exact": True, "inexact": False, "as arguments": exact}[rule]
    return Field("", term(tag, *parts), is_exact)


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
    exp.Case: ("case", ("this", "ifs", "default"), "inexact"),
    exp.If: ("when", ("this", "true", "false"), "inexact"),
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
    return Field("", term("parentheses", item.term), item.is_exact)


def _literal(_stage: Stage, node: exp.Literal) -> Field:
    text = str(node.this)
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
    found = _plain(stage, node, *_PLAIN[exp.Case])
    branches = [stage.encode(branch.args["true"]) for branch in node.args.get("ifs") or ()]
    if node.args.get("default") is not None:
        branches.append(stage.encode(node.args["default"]))
    return Field("", found.term, all(branch.is_exact for branch in branches))


def _when(stage: Stage, node: exp.If) -> Field:
    return _plain(stage, node, *_PLAIN[exp.If])


def _cast(stage: Stage, node: exp.Cast) -> Field:
    only(node, "this", "to", "format", "safe", "action", "default", "requires_string")
    if node.args.get("format") or node.args.get("action") or node.args.get("default"):
        raise Opaque("this form of CAST is not understood")
    item = stage.encode(node.this)
    name, exact = type_name(node.args["to"])
    return Field("", term("try cast" if isinstance(node, exp.TryCast) else "cast", item.term, name), exact)


_TYPES_EXACT = frozenset(
    "BIGINT BIT BOOLEAN DATE DECIMAL INT INT128 SMALLINT TEXT TIME TIMESTAMP TIMESTAMPTZ TIMESTAMP_MS TIMESTAMP_NS "
    "TIMESTAMP_S TINYINT UBIGINT UINT UINT128 USMALLINT UTINYINT UUID VARBINARY VARCHAR".split()
)
_TYPES_OTHER = frozenset("ARRAY DOUBLE FLOAT INTERVAL JSON LIST MAP STRUCT".split())


def type_name(node: Any) -> tuple[Term, bool]:
    """Return the term of a type in a cast, and whether it is exact. Types that are not listed are opaque."""
    if isinstance(node, exp.Interval):
        return term("type", "INTERVAL", str(node.args.get("unit") or "")), False
    if not isinstance(node, exp.DataType):
        raise Opaque(f"type {node.sql()} is not understood")
    only(node, "this", "expressions", "nested", "values", "prefix", "kind")
    name = node.this.name if hasattr(node.this, "name") else str(node.this)
    if name not in _TYPES_EXACT and name not in _TYPES_OTHER:
        raise Opaque(f"type {name} is not understood")
    inner = [*(node.args.get("expressions") or ()), *(node.args.get("values") or ())]
    return term("type", name, *(_type_part(part) for part in inner)), name in _TYPES_EXACT


def _type_part(part: Any) -> Term:
    if isinstance(part, exp.DataType):
        return type_name(part)[0]
    if isinstance(part, exp.DataTypeParam):
        return _type_part(part.this)
    if isinstance(part, exp.Literal):
        return term("parameter", str(part.this))
    if isinstance(part, exp.ColumnDef) and isinstance(part.args.get("kind"), exp.Expression):
        only(part, "this", "kind")
        return term("member", part.name, type_name(part.args["kind"])[0])
    raise Opaque("this type is not understood")


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
    return Field("", term("extract", part, item.term), part not in ("epoch", "julian"))


def _in(stage: Stage, node: exp.In) -> Field:
    only(node, "this", "expressions", "query", "unnest", "field")
    left = stage.encode(node.this).term
    if node.args.get("unnest") is not None or node.args.get("field") is not None:
        raise Opaque("IN over a list is not understood")
    query = node.args.get("query")
    if query is not None:
        relation = stage.read_query(query, stage.scope)
        return Field("", term("in query", left, relation.rows, *(f.term for f in relation.fields)), True)
    return Field("", term("in", left, *(stage.encode(item).term for item in node.args["expressions"])), True)


def _exists(stage: Stage, node: exp.Exists) -> Field:
    only(node, "this")
    return Field("", term("exists", stage.read_query(node.this, stage.scope).rows), True)


def _subquery(stage: Stage, node: Any) -> Field:
    relation = stage.read_query(node, stage.scope)
    if len(relation.fields) != 1:
        raise Opaque("a subquery of several columns as one value is not understood")
    item = relation.fields[0]
    return Field("", term("value of query", relation.rows, item.term), item.is_exact)


def _quantified(stage: Stage, node: Any) -> Field:
    only(node, "this")
    query: Any = node.this.this if isinstance(node.this, (exp.Paren, exp.Subquery)) else node.this
    if not isinstance(query, (exp.Select, exp.SetOperation)):
        raise Opaque("ANY and ALL over lists are not understood")
    relation = stage.read_query(query, stage.scope)
    tag = "any of query" if isinstance(node, exp.Any) else "all of query"
    return Field("", term(tag, relation.rows, *(f.term for f in relation.fields)), True)


def _interpolated(_stage: Stage, node: Any) -> Field:
    raise Opaque(f"{type(node).__name__.lower()} is not understood")


def _placeholder(stage: Stage, node: exp.Placeholder) -> Field:
    name = str(node.this or "?")
    stage.reading.fault(
        Diagnostic(
            "HG206",
            f"a parameter, {':' + name if name != '?' else name}, has no value",
            hint="Tables and views take no parameters; write the value.",
        ),
        node,
    )
    return _UNKNOWN


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


def order_keys(stage: Stage, node: Any | None) -> tuple[Term, list[Field]]:
    """Return the term of an ORDER BY list and its keys."""
    parts: list[Part | Term] = []
    fields: list[Field] = []
    for item in node.args.get("expressions") or () if node is not None else ():
        key = stage.encode(item.this)
        fields.append(key)
        extra = (bool(item.args.get("desc")), item.args.get("nulls_first"), bool(item.args.get("with_fill")))
        parts.append(term("key", key.term, *(None if e is None else bool(e) for e in extra)))
    return term("order by", *parts), fields


# Names ------------------------------------------------------------------------------------------------------------

_UNKNOWN = Field("", term("unknown"), False)


def _column(stage: Stage, node: exp.Column) -> Field:
    only(node, "this", "table", "db", "catalog")
    parts = [str(p.name) for p in (node.args.get(k) for k in ("catalog", "db", "table")) if p is not None]
    if isinstance(node.this, exp.Star):
        return _star(stage, parts)
    if not isinstance(node.this, exp.Identifier):
        raise Opaque("this column is not understood")
    folded = (parts[0] if parts else node.name).casefold()
    if folded in stage.reading.parameters:
        raise Opaque("a parameter of a lambda is used in a way that is not understood")
    return resolve(stage, [*parts, node.name], node)


def resolve(stage: Stage, parts: list[str], node: Any) -> Field:
    """Return the column that a name of one to four parts means, or report that there is none."""
    scope: Scope | None = stage.scope
    crossed: list[Scope] = []
    found: list[Field] = []
    while scope is not None:
        here = _columns(scope, parts)
        aliased = scope.aliases.get(parts[0].casefold())
        only_alias = not here and not found
        if aliased is not None and (not here or scope.aliases_compete):
            here.append(_members(aliased, parts[1:]))
        found += [_outside(item, crossed) for item in here]
        if here and not (only_alias and aliased is not None):
            break
        crossed.append(scope)
        scope = scope.outer
    return either(parts[-1], found) if found else _unresolved(stage, parts, node)


def _outside(item: Field, crossed: list[Scope]) -> Field:
    """Return a column as it is seen from inside of the scopes that were crossed to find it."""
    for inner in crossed:
        inner.escaped = True
        item = outer_field(item)
    return item


def _columns(scope: Scope, parts: list[str]) -> list[Field]:
    found = [_members(item, parts[1:]) for item in scope.candidates(parts[0].casefold())]
    if len(parts) > 1:
        item = scope.item(parts[0])
        if item is not None and (column := item.field(parts[1].casefold())) is not None:
            found.append(_members(column, parts[2:]))
    if len(parts) > 2:
        item = scope.item(parts[1], parts[0])
        if item is not None and (column := item.field(parts[2].casefold())) is not None:
            found.append(_members(column, parts[3:]))
    if not found and len(parts) == 1 and (whole := scope.item(parts[0])) is not None:
        found.append(whole_row(whole))
    return found


def _members(item: Field, names: list[str]) -> Field:
    for name in names:
        item = Field(name, term("member", item.term, name.casefold()), False)
    return item


def whole_row(item: Item) -> Field:
    """Return the row of a relation as one value: all its columns with their names."""
    fields = item.fields()
    names = tuple(f.name for f in fields)
    return Field(item.alias, term("whole row", names, *(f.term for f in fields)), False)


def _unresolved(stage: Stage, parts: list[str], node: Any) -> Field:
    if parts[-1].casefold() in ("rowid", "filename", "file_row_number", "file_index"):
        raise Opaque(f"{parts[-1]} depends on how rows are stored")
    stage.reading.fault(_unknown_column(stage, parts), node)
    return _UNKNOWN


def _unknown_column(stage: Stage, parts: list[str]) -> Diagnostic:
    name = ".".join(parts)
    item = stage.scope.item(parts[-2]) if len(parts) > 1 else None
    if len(parts) > 1 and item is None:
        aliases = [i.alias for i in stage.scope.items]
        near = nearest(parts[-2], aliases)
        known = ", ".join(aliases[:8]) or "nothing"
        hint = f"FROM has {known}." + (f" Did you mean {near[0]}?" if near else "")
        return Diagnostic("HG204", f"unknown table or alias {parts[-2]} in {name}", hint=hint)
    names = [f.name for f in item.relation.fields if f.name] if item else list(stage.scope.known_names())
    where = (item.address or item.alias) if item else "FROM"
    near = nearest(parts[-1], names)
    shown = list(near) + [n for n in names if n not in near]
    listed = ", ".join(shown[:3] if near else shown[:8]) + (", ..." if not near and len(shown) > 8 else "")
    hint = f"{where} has {listed or 'no columns'}." + (f" Did you mean {near[0]}?" if near else "")
    return Diagnostic("HG203", f"unknown column {parts[-1]}", hint=hint)


def _star(stage: Stage, parts: list[str]) -> Field:
    """Read a star inside of an expression: all columns, with their names."""
    items = stage.scope.items
    if parts:
        found = stage.scope.item(parts[-1])
        if found is None:
            raise Opaque("a star of another query's table is not understood")
        items = [found]
    fields = [f for item in items for f in item.fields()]
    return Field("", term("all columns", tuple(f.name for f in fields), *(f.term for f in fields)), False)


def _bare_star(stage: Stage, node: exp.Star) -> Field:
    only(node)
    return _star(stage, [])


# Functions --------------------------------------------------------------------------------------------------------


def _call(stage: Stage, node: exp.Anonymous) -> Field:
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
    if name not in functions.SCALARS and name not in functions.VOLATILE:
        raise Opaque(f"function {name} is not known")
    items = [stage.encode(a) for a in arguments]
    exact = name in functions.EXACT_SCALARS or (
        name in functions.EXACT_IF_ARGUMENTS_ARE and all(item.is_exact for item in items)
    )
    volatile = name in functions.VOLATILE
    return Field("", term("call", name, *(item.term for item in items), tainted=volatile), exact)


def function_name(node: exp.Anonymous) -> str:
    """Return the name of a call as the engine folds it."""
    name = node.this.name if isinstance(node.this, exp.Expression) else str(node.this)
    return name.removeprefix(PREFIX).lower()


def _unnest(stage: Stage, arguments: Iterable[Any]) -> Field:
    if stage.unnested is None:
        raise Opaque("UNNEST here is not understood")
    arguments = list(arguments)
    if len(arguments) != 1:
        raise Opaque("UNNEST with options is not understood")
    item = stage.encode(arguments[0])
    stage.unnested.append(item.term)
    return Field("", term("unnested", item.term), False)


def _explode(stage: Stage, node: Any) -> Field:
    return _unnest(stage, [node.this, *(node.args.get("expressions") or ())])


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
    return Field("", found, exact or name in ("string_agg", "group_concat", "listagg"))


def _order_dependence(stage: Stage, name: str, items: list[Field], arguments: list[Any]) -> tuple[bool, bool]:
    """Return whether an aggregate reads the order of rows, and whether executions may differ in its value."""
    exact = all(item.is_exact for item in items)
    if name in functions.ORDER_FREE_AGGREGATES:
        return False, False
    if name in functions.ORDER_FREE_IF_EXACT:
        return False, not exact
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


def _without_distinct(node: Any) -> Any:
    if isinstance(node, exp.Distinct) and len(node.args.get("expressions") or ()) == 1:
        return node.args["expressions"][0]
    return node


def _filtered(stage: Stage, node: exp.Filter) -> Field:
    only(node, "this", "expression")
    call = node.this
    if isinstance(call, exp.Anonymous) and function_name(call) in functions.AGGREGATES:
        return aggregate(stage, function_name(call), call, node.args["expression"])
    raise Opaque("FILTER here is not understood")


def _within_group(stage: Stage, node: exp.WithinGroup) -> Field:
    only(node, "this", "expression")
    call = node.this
    if not (isinstance(call, exp.Anonymous) and function_name(call) in functions.AGGREGATES):
        raise Opaque("WITHIN GROUP here is not understood")
    found = aggregate(stage, function_name(call), call, None)
    keys, fields = order_keys(stage, node.args["expression"])
    tainted = not all(f.is_exact for f in fields)
    return Field("", term("within group", found.term, keys, tainted=tainted), found.is_exact)


def _window(stage: Stage, node: exp.Window) -> Field:
    only(node, "this", "partition_by", "order", "spec", "alias", "over", "first")
    if node.args.get("first") is not None:
        raise Opaque("this window is not understood")
    base = node
    if node.args.get("alias") is not None:
        named = stage.windows.get(node.alias.casefold())
        if named is None or node.args.get("partition_by") or node.args.get("order") or node.args.get("spec"):
            raise Opaque("this named window is not understood")
        base = named  # type: ignore[assignment]  # a window definition has the same arguments
    call, filter_, nulls = _window_call(node.this)
    name = function_name(call)
    if name not in functions.AGGREGATES and name not in functions.WINDOWS:
        raise Opaque(f"function {name} in a window is not known")
    arguments = call.args.get("expressions") or []
    if name == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        arguments = []
    items = [stage.encode(a) for a in arguments]
    where = stage.encode(filter_).term if filter_ is not None else term("all rows")
    partition = [stage.encode(p) for p in base.args.get("partition_by") or ()]
    keys, ordering = order_keys(stage, base.args.get("order"))
    frame = _frame(stage, base.args.get("spec"))
    tainted = _window_taint(name, items, ordering, base.args.get("spec"))
    parts = (term("partition", *(p.term for p in partition)), keys, frame, where, *(i.term for i in items))
    order = () if ordering else (stage.windowed.order,)
    reads_order = order if name in functions.TIE_WINDOWS or tainted else ()
    found = term("window", name, nulls, stage.windowed.rows, *parts, *reads_order, tainted=tainted)
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


def _window_taint(name: str, items: list[Field], ordering: list[Field], spec: exp.Expression | None) -> bool:
    if name in functions.PEER_WINDOWS:
        return False
    if name in functions.TIE_WINDOWS:
        return True
    depends_on_ties = bool(ordering) and spec is not None and str(spec.args.get("kind") or "").upper() != "RANGE"
    if name in functions.ORDER_FREE_AGGREGATES or name in functions.ORDER_FREE_IF_EXACT:
        return depends_on_ties or (name in functions.ORDER_FREE_IF_EXACT and not all(i.is_exact for i in items))
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


def _lambda(stage: Stage, node: exp.Lambda) -> Field:
    only(node, "this", "expressions", "colon")
    names = tuple(p.name.casefold() for p in node.args.get("expressions") or ())
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
    found = stage.reading.parameters.get(node.name.casefold())
    if found is None:
        raise Opaque(f"the word {node.name} is not understood")
    return found


def _dot(stage: Stage, node: exp.Dot) -> Field:
    if not isinstance(node.expression, exp.Identifier):
        raise Opaque("a function behind a dot is not understood")
    item = stage.encode(node.this)
    return Field("", term("member", item.term, node.expression.name.casefold()), False)


def _alias(stage: Stage, node: exp.Alias) -> Field:
    return stage.encode(node.this)


def only(node: Any, *keys: str) -> None:
    """Raise where a node has an argument that this code does not know of."""
    for key, value in node.args.items():
        if key not in keys and value is not None and value is not False and value != []:
            raise Opaque(f"{key} of {type(node).__name__} is not understood")


_HANDLERS: dict[type, Encode] = {
    exp.Paren: _paren,
    exp.Literal: _literal,
    exp.And: _connector,
    exp.Or: _connector,
    exp.Case: _case,
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
    exp.Placeholder: _placeholder,
    exp.Parameter: _interpolated,
    exp.CurrentDate: _now,
    exp.CurrentTime: _now,
    exp.CurrentTimestamp: _now,
    exp.Localtime: _now,
    exp.Localtimestamp: _now,
    exp.PropertyEQ: _property,
    exp.Order: _ordered_arguments,
    exp.Column: _column,
    exp.Star: _bare_star,
    exp.Anonymous: _call,
    exp.Explode: _explode,
    exp.Filter: _filtered,
    exp.WithinGroup: _within_group,
    exp.Window: _window,
    exp.Lambda: _lambda,
    exp.Identifier: _identifier,
    exp.Dot: _dot,
    exp.Alias: _alias,
}
