"""FROM: tables, subqueries, joins, VALUES, UNNEST and series, as relations in a scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlglot import exp

from headgate.core.address import fold
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.recipe import Aspect, Term, term
from headgate.sql import functions, postgres
from headgate.sql.expressions import encode
from headgate.sql.reading import Reading
from headgate.sql.relation import (
    Field,
    Item,
    Opaque,
    Relation,
    Scope,
    chosen_order,
    hanging_on,
    lowered,
    renamed,
)  # fmt: skip
from headgate.sql.stage import Stage, function_name, only
from headgate.sql.tree import table_name


class Reader(Protocol):
    """What reads the queries inside of FROM."""

    @property
    def reading(self) -> Reading:
        """What is collected."""

    def read(self, node: Any, outer: Scope | None, ctes: Mapping[str, Relation]) -> Relation:
        """Return the relation of a query."""

    def inside(self, node: Any, scope: Scope) -> Relation:
        """Return the relation of a query inside of another one."""


NO_ROWS_READ = Relation(term("one row"), term("one row"), ())


def read_from(reader: Reader, node: Any, scope: Scope) -> Relation:
    """Fill the scope with everything in FROM and return the relation of all of it."""
    from_ = node.args.get("from_")
    if from_ is None:
        if node.args.get("joins"):
            raise Opaque("joins without FROM")
        return NO_ROWS_READ
    only(from_, "this")
    groups = [_item(reader, from_.this, scope)]
    for join in [*_joins_of(from_.this), *(node.args.get("joins") or ())]:
        if _is_comma(join):
            groups.append(_item(reader, join.this, scope))
        elif len(groups) > 1 and (join.args.get("using") or join.args.get("method")):
            raise Opaque("USING, NATURAL and ASOF after a comma in FROM are not understood")
        else:
            groups[-1] = _join(reader, join, scope, groups[-1])
    relation = groups[0]
    for group in groups[1:]:
        rows = term("join", "INNER", relation.rows, group.rows, term("no condition"))
        relation = Relation(rows, chosen_order(relation.order, group.order), ())
    return Relation(relation.rows, relation.order, tuple(f for item in scope.items for f in item.fields()))


def _is_comma(join: Any) -> bool:
    """Tell whether a join is a comma, which binds less than the word JOIN: ``a, b RIGHT JOIN c`` keeps all of a."""
    return not any(join.args.get(key) for key in ("side", "kind", "method", "on", "using")) and not _joins_of(join.this)


def _joins_of(node: Any) -> list[Any]:
    return list(node.args.get("joins") or ()) if isinstance(node, (exp.Table, exp.Subquery)) else []


def _item(reader: Reader, node: Any, scope: Scope) -> Relation:
    """Add one item of FROM to the scope; return its relation."""
    item = _read_item(reader, node, scope)
    item.position = len(scope.items)
    scope.items.append(item)
    return item.relation


def _read_item(reader: Reader, node: Any, scope: Scope) -> Item:
    if isinstance(node, exp.Table):
        return _table(reader, node, scope)
    if isinstance(node, exp.Subquery):
        only(node, "this", "alias", "with_")
        if not isinstance(node.this, (exp.Select, exp.SetOperation, exp.Subquery)):
            is_pivot = node.find(exp.Pivot) is not None
            raise Opaque("PIVOT is not understood" if is_pivot else "a join in parentheses is not understood")
        # In PostgreSQL a subquery sees the items before it where LATERAL says so, and not otherwise.
        is_postgres = reader.reading.dialect == "postgres"
        around = Scope(scope.outer, scope.ctes) if is_postgres else _lateral(scope)
        return Item(node.alias, _aliased(reader.inside(node, around), node))
    if isinstance(node, exp.Values):
        return _values(reader, node, scope)
    if isinstance(node, exp.Unnest):
        return _unnest(reader, node, scope)
    if isinstance(node, exp.Lateral):
        only(node, "this", "alias")
        if not isinstance(node.this, exp.Subquery):
            raise Opaque("this LATERAL is not understood")
        return Item(node.alias, _aliased(reader.inside(node.this, _lateral(scope)), node))
    raise Opaque(f"{type(node).__name__} in FROM is not understood")


def _lateral(scope: Scope) -> Scope:
    """Return the scope around a subquery in FROM: the items before it, then the query around."""
    return Scope(scope.outer, scope.ctes, list(scope.items), dict(scope.merged))


def _aliased(relation: Relation, node: Any) -> Relation:
    alias = node.args.get("alias")
    if not isinstance(alias, exp.TableAlias):
        return relation
    only(alias, "this", "columns")
    return renamed(relation, [c.name for c in alias.args.get("columns") or ()])


def _table(reader: Reader, node: exp.Table, scope: Scope) -> Item:
    if isinstance(node.this, exp.Anonymous):
        return _table_function(reader, node, scope)
    if not isinstance(node.this, exp.Identifier):
        raise Opaque("this relation is not understood")
    name = table_name(node)
    only(node, "this", "db", "catalog", "alias", "joins")
    if node.args.get("db") is None:
        cte = scope.ctes.get(lowered(node.name))
        if cte is not None:
            return Item(node.alias or node.name, _aliased(cte, node))
        raise Opaque(f"relation {node.name} has no schema")
    found = reader.reading.inputs.get(fold(f"{name.schema}.{name.name}"))
    if found is None:
        raise Opaque(f"relation {name.schema}.{name.name} is not known")
    address, shape = found
    seen, is_postgres = reader.reading.seen, reader.reading.dialect == "postgres"
    fields = tuple(
        Field(
            c.name,
            seen(address, Aspect.COLUMN, c.name),
            _is_exact(reader, c.type),
            c.type.endswith("]"),
            is_postgres and postgres.adds_exactly(c.type),
            is_postgres and postgres.has_fixed_scale(c.type),
        )
        for c in shape
    )
    relation = Relation(seen(address, Aspect.ROWS), seen(address, Aspect.ORDER), fields)
    schema = "" if node.alias else name.schema
    return Item(node.alias or node.name, _aliased(relation, node), address=address, schema=schema)


def _is_exact(reader: Reader, type_: str) -> bool:
    if reader.reading.is_collated:
        return False
    is_postgres = reader.reading.dialect == "postgres"
    return postgres.is_exact_type(type_) if is_postgres else functions.is_exact_type(type_)


def _table_function(reader: Reader, node: exp.Table, scope: Scope) -> Item:
    only(node, "this", "alias", "joins")
    name = function_name(node.this)
    if name not in functions.SERIES:
        raise Opaque(f"table function {name} is not understood")
    stage = _stage(reader, scope)
    arguments = [encode(stage, a) for a in node.this.args.get("expressions") or ()]
    rows = term("series", name, *(a.term for a in arguments))
    relation = Relation(rows, term("series order", rows), (Field(name, term("series value", rows), True),))
    return Item(node.alias or name, _aliased(relation, node))


def _values(reader: Reader, node: exp.Values, scope: Scope) -> Item:
    only(node, "expressions", "alias")
    stage = _stage(reader, scope)
    rows: list[list[Field]] = []
    for item in node.args.get("expressions") or ():
        values = item.args.get("expressions") if isinstance(item, exp.Tuple) else [item]
        rows.append([encode(stage, _unwrapped(v)) for v in values or ()])
    width = len(rows[0]) if rows else 0
    if not width or any(len(row) != width for row in rows):
        raise Opaque("VALUES of different widths")
    columns = [Field(f"col{n}", term("values", *(r[n].term for r in rows)), False) for n in range(width)]
    relation = Relation(term("rows of values", len(rows)), term("order of values"), tuple(columns))
    return Item(node.alias, _aliased(relation, node))


def _unwrapped(node: Any) -> Any:
    return node.this if isinstance(node, exp.Alias) else node


def _unnest(reader: Reader, node: exp.Unnest, scope: Scope) -> Item:
    only(node, "expressions", "alias")
    stage = _stage(reader, scope)
    lists = [encode(stage, e) for e in node.args.get("expressions") or ()]
    if len(lists) != 1:
        raise Opaque("UNNEST of several lists is not understood")
    rows = term("unnest in from", lists[0].term)
    relation = Relation(rows, term("unnest order", rows), (Field("unnest", term("unnested", lists[0].term)),))
    return Item(node.alias or "unnest", _aliased(relation, node))


def _stage(reader: Reader, scope: Scope) -> Stage:
    """Return where the arguments of a table function stand: they see the items before it, as a subquery would."""
    around = Scope(_lateral(scope), scope.ctes)
    return Stage(reader.reading, around, NO_ROWS_READ, encode, reader.inside, {}, NO_ROWS_READ)


# Joins ----------------------------------------------------------------------------------------------------------------


def _join(reader: Reader, join: Any, scope: Scope, left: Relation) -> Relation:
    only(join, "this", "on", "side", "kind", "using", "method", "match_condition")
    side, kind, method = (str(join.args.get(k) or "").upper() for k in ("side", "kind", "method"))
    if method not in ("", "NATURAL", "ASOF") or kind not in ("", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"):
        raise Opaque(f"{(method or kind).lower()} join is not understood")
    if side not in ("", "LEFT", "RIGHT", "FULL") or join.args.get("match_condition") is not None:
        raise Opaque("this join is not understood")
    right = _item(reader, join.this, scope)
    for inner in _joins_of(join.this):
        raise Opaque(f"{type(inner).__name__} inside of a join is not understood")
    added = scope.items[-1]
    how = f"{method if method == 'ASOF' else ''} {side or 'INNER'} {kind if kind in ('SEMI', 'ANTI') else ''}".strip()
    condition = _condition(reader, join, scope, added, how)
    tainted = method == "ASOF"
    rows = hanging_on(term("join", how, left.rows, right.rows, condition, tainted=tainted), (left.order, right.order))
    if kind in ("SEMI", "ANTI"):
        scope.items.pop()  # only the left side is seen afterwards
        return Relation(rows, left.order, ())
    return Relation(rows, chosen_order(left.order, right.order), ())


def _condition(reader: Reader, join: Any, scope: Scope, added: Item, how: str) -> Term:
    using = [str(u.name) for u in join.args.get("using") or ()]
    if join.args.get("method") and str(join.args["method"]).upper() == "NATURAL":
        before = {lowered(f.name) for item in scope.items[:-1] for f in item.relation.fields}
        using = [f.name for f in added.relation.fields if lowered(f.name) in before]
        if not using:
            reader.reading.fault(Diagnostic("HG205", "NATURAL JOIN finds no column that both sides have"), join.this)
    if using:
        scope.merges[added.position] = tuple(lowered(name) for name in using)
        return term("using", *(_merge(reader, name, scope, added, how, join) for name in using))
    on = join.args.get("on")
    if on is None:
        return term("no condition")
    stage = Stage(reader.reading, scope, NO_ROWS_READ, encode, reader.inside, {}, NO_ROWS_READ)
    return encode(stage, on).term


def _merge(reader: Reader, name: str, scope: Scope, added: Item, how: str, join: Any) -> Term:
    """Merge one column of USING or NATURAL: unqualified it means the left one, the right one, or whichever is there."""
    folded = lowered(name)
    rights = added.field(folded)
    lefts = [scope.merged[folded]] if folded in scope.merged else [
        f for item in scope.items[:-1] if folded not in item.hidden and (f := item.field(folded)) is not None
    ]  # fmt: skip
    if rights is None or not lefts:
        side = added if rights is None else scope.items[0]
        names = [f.name for f in side.relation.fields]
        near = nearest(name, names)
        hint = f"{side.address or side.alias} has {', '.join([*near, *(n for n in names if n not in near)][:3])}."
        node = next((u for u in join.args.get("using") or () if u.name == name), join.this)
        reader.reading.fault(Diagnostic("HG203", f"unknown column {name} in USING", hint=hint), node)
        return term("unknown")
    left = lefts[0] if len(lefts) == 1 else Field(name, term("one of", *(f.term for f in lefts)))
    merged = term("using", how, left.term, rights.term)
    if "SEMI" not in how and "ANTI" not in how:
        scope.merged[folded] = Field(left.name, merged, left.is_exact and rights.is_exact)
        added.hidden.add(folded)
    return merged
