"""Queries to relations: FROM, WHERE, GROUP BY, HAVING, QUALIFY, SELECT, DISTINCT, ORDER BY, LIMIT, sets, CTEs.

The order of the functions is the order of evaluation. What each construct does to rows and columns stands in
docs/explanation/sql-constructs.md, construct by construct, each with a query that proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from headgate.core.recipe import Term, term
from headgate.sql.calls import has_aggregate, has_window
from headgate.sql.expressions import encode
from headgate.sql.names import star_fields
from headgate.sql.reading import Reading
from headgate.sql.relation import (
    UNORDERED,
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
from headgate.sql.sources import read_from
from headgate.sql.stage import Stage, only

_SELECT_KEYS = (
    "with_", "kind", "expressions", "hint", "distinct", "into", "from_", "joins", "laterals", "where", "group",
    "having", "qualify", "windows", "order", "limit", "offset", "operation_modifiers",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Queries:
    """Reads queries for one ``Reading``."""

    reading: Reading

    def read(self, node: Any, outer: Scope | None, ctes: Mapping[str, Relation]) -> Relation:
        """Return the relation of a query; raise ``Opaque`` where something in it is not understood."""
        ctes = self._with_ctes(node, outer, ctes)
        if isinstance(node, exp.Subquery):
            only(node, "this", "with_", "alias", "order", "limit", "offset")
            inner = self.read(node.this, outer, ctes)
            return self._ordered_and_limited(node, inner, outer, ctes)
        if isinstance(node, exp.Select):
            return self._select(node, outer, ctes)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, outer, ctes)
        raise Opaque(f"{type(node).__name__.upper()} is not understood")

    def inside(self, node: Any, scope: Scope) -> Relation:
        """Return the relation of a query that stands inside of another one."""
        return self.read(node, scope, scope.ctes)

    # CTEs ---------------------------------------------------------------------------------------------------------

    def _with_ctes(self, node: Any, outer: Scope | None, ctes: Mapping[str, Relation]) -> Mapping[str, Relation]:
        with_ = node.args.get("with_")
        if with_ is None:
            return ctes
        only(with_, "expressions", "recursive")
        known = dict(ctes)
        for cte in with_.expressions:
            only(cte, "this", "alias", "materialized")
            only(cte.args["alias"], "this", "columns")
            name = lowered(cte.alias)
            border = Scope(outer, known)
            if with_.args.get("recursive") and _names_itself(cte, name):
                known[name] = self._recursive(cte, border, known)
            else:
                columns = [c.name for c in cte.args["alias"].args.get("columns") or ()]
                known[name] = renamed(self.read(cte.this, border, known), columns)
            if border.escaped:
                raise Opaque("a CTE that reads the query around it is not understood")
        return known

    def _recursive(self, cte: exp.Expression, border: Scope, ctes: Mapping[str, Relation]) -> Relation:
        """Read a recursive CTE: each column and the rows depend on everything in both branches."""
        union = cte.this
        if not isinstance(union, exp.Union) or union.args.get("with_"):
            raise Opaque("this recursive CTE is not understood")
        only(union, "this", "expression", "distinct", "by_name")
        if union.args.get("by_name"):
            raise Opaque("a recursive UNION BY NAME is not understood")
        columns = [c.name for c in cte.args["alias"].args.get("columns") or ()]
        first = renamed(self.read(union.this, border, ctes), columns)
        level = sum(1 for name in ctes if name.startswith("\0"))
        seen = Relation(
            term("recursion rows", level),
            UNORDERED,
            tuple(Field(f.name, term("recursion column", level, n)) for n, f in enumerate(first.fields)),
        )
        inner = {**ctes, lowered(cte.alias): seen, f"\0{level}": seen}
        again = self.read(union.expression, border, inner)
        if len(again.fields) != len(first.fields):
            raise Opaque("a recursive CTE with branches of different width")
        parts = (first.rows, *(f.term for f in first.fields), again.rows, *(f.term for f in again.fields))
        is_distinct, width = bool(union.args.get("distinct")), len(first.fields)
        rows = term("recursive", is_distinct, width, *parts)
        rows = replace(
            rows, made=("recursive", (level, is_distinct, width, *parts))
        )  # lineage asks whose names these are
        fields = tuple(Field(f.name, term("recursive column", n, rows)) for n, f in enumerate(first.fields))
        return Relation(rows, chosen_order(first.order, again.order), fields)

    # SELECT -------------------------------------------------------------------------------------------------------

    def _select(self, node: Any, outer: Scope | None, ctes: Mapping[str, Relation]) -> Relation:
        only(node, *_SELECT_KEYS)
        for key in ("kind", "hint", "into", "laterals", "operation_modifiers"):
            if node.args.get(key):
                raise Opaque(f"{key} of SELECT is not understood")
        scope = Scope(outer, ctes)
        relation = read_from(self, node, scope)
        windows = {lowered(str(w.name)): w for w in node.args.get("windows") or ()}
        stage = Stage(self.reading, scope, relation, encode, self.inside, windows, relation)
        aliased = _aliased(node)
        if node.args.get("where") is not None:
            self._note_aliases(stage, _without(aliased, has_window, has_aggregate), [node.args["where"]])
            condition = encode(stage, node.args["where"].this)
            relation = Relation(term("filter", relation.rows, condition.term), relation.order, relation.fields)
            stage.relation = stage.windowed = relation
            scope.aliases.clear()
        if _is_grouped(node):
            return self._grouped(node, stage, aliased)
        return self._finished(node, stage, None)

    def _note_aliases(self, stage: Stage, aliased: Mapping[str, Any], clauses: Iterable[Any]) -> None:
        """Make the aliases of the SELECT list known to clauses that name one where FROM has no such column."""
        named = {lowered(c.name) for clause in clauses for c in clause.find_all(exp.Column) if not c.args.get("table")}
        wanted = {n for n in named & set(aliased) if stage.scope.aliases_compete or not stage.scope.candidates(n)}
        if not wanted:
            return
        for name, item in aliased.items():
            stage.unnested = []
            faults = len(self.reading.faults)
            stage.scope.aliases[name] = encode(stage, item)
            stage.unnested = None
            del self.reading.faults[faults:]  # told where the SELECT list itself is read

    # GROUP BY -----------------------------------------------------------------------------------------------------

    def _grouped(self, node: Any, stage: Stage, aliased: Mapping[str, Any]) -> Relation:
        group = node.args.get("group")
        if group is not None:
            self._note_aliases(stage, _without(aliased, has_window, has_aggregate), [group])
        keys, fields = self._group_keys(node, stage)
        rows = term("group", stage.relation.rows, keys)
        order = stage.relation.order
        grouped = Relation(rows, chosen_order(order) if group is not None else UNORDERED, stage.relation.fields)
        stage.scope.aliases.clear()
        stage.windowed = grouped
        tainted = not all(f.is_settled for f in fields)
        having = node.args.get("having")
        if having is not None:
            stage.scope.aliases_compete = True
            self._note_aliases(stage, _without(aliased, has_window), [having])
            condition = encode(stage, having.this)
            stage.scope.aliases_compete = False
            stage.scope.aliases.clear()
            filtered = term("filter", rows, term("grouped", rows, condition.term), tainted=tainted)
            stage.windowed = Relation(hanging_on(filtered, (order,)), grouped.order, grouped.fields)
        return self._finished(node, stage, hanging_on(term("of groups", rows, tainted=tainted), (order,)))

    def _group_keys(self, node: Any, stage: Stage) -> tuple[Term, list[Field]]:
        group = node.args.get("group")
        if group is None:
            return term("one group"), []
        only(group, "expressions", "all", "grouping_sets", "rollup", "cube", "totals")
        if group.args.get("totals"):
            raise Opaque("GROUP BY ... WITH TOTALS is not understood")
        if group.args.get("all"):
            items = list(self._items_for_keys(node, stage))
            return term("keys", *(f.term for f in items)), items
        keys: list[Field] = []
        parts = [self._group_key(item, node, stage, keys) for item in group.args.get("expressions") or ()]
        for kind in ("grouping_sets", "rollup", "cube"):
            parts += [self._group_key(item, node, stage, keys) for item in group.args.get(kind) or ()]
        is_spelled_twice = len({key.term for key in keys}) < len({(key.term, key.name) for key in keys})
        if is_spelled_twice and group.find(exp.GroupingSets, exp.Rollup, exp.Cube) is not None:
            # The engine tells keys apart by their spelling: `b, rollup (t.b)` are two, `b, rollup (b)` one (seen).
            raise Opaque("one key in two spellings in grouping sets is not understood")
        return term("keys", *parts), keys

    def _group_key(self, item: Any, node: Any, stage: Stage, keys: list[Field]) -> Term:
        if isinstance(item, (exp.GroupingSets, exp.Rollup, exp.Cube, exp.Tuple)):
            tag = type(item).__name__
            inner = item.args.get("expressions") or ()
            return term(tag, *(self._group_key(i, node, stage, keys) for i in inner))
        if isinstance(item, exp.Paren):
            return term("Tuple", self._group_key(item.this, node, stage, keys))
        spelled = str(item.sql())
        if isinstance(item, exp.Literal) and not item.is_string:
            item = _by_number(self._expanded(node, stage), item)
        found = item if isinstance(item, Field) else encode(stage, item)
        keys.append(replace(found, name=spelled))
        return found.term

    def _items_for_keys(self, node: Any, stage: Stage) -> Iterator[Field]:
        for item in self._expanded(node, stage):
            if isinstance(item, Field):
                yield item
            elif not has_aggregate(item):
                found = encode(stage, item)
                if isinstance(item, exp.Alias):
                    stage.scope.aliases.setdefault(lowered(item.alias), found)
                yield found

    # SELECT list and after ----------------------------------------------------------------------------------------

    def _finished(self, node: Any, stage: Stage, groups: Term | None) -> Relation:
        """Read the SELECT list and what comes after it. ``groups`` is the row term of the groups, if there are any."""
        fields, unnested = self._select_list(node, stage, groups)
        relation = stage.windowed
        rows, order = relation.rows, relation.order
        qualify = node.args.get("qualify")
        if qualify is not None:
            stage.scope.aliases_compete = True
            stage.scope.aliases.update((lowered(f.name), f) for f in fields if f.name)
            condition = encode(stage, qualify.this)
            rows = term("filter", rows, _of_groups(condition.term, groups))
        if stage.scope.reorderings:
            order = chosen_order(order, *stage.scope.reorderings)
        if unnested:
            rows = term("unnest", rows, *unnested)
            order = term("unnest order", order, *unnested)
        result = Relation(rows, order, tuple(fields))
        distinct = node.args.get("distinct")
        if distinct is not None:
            result = self._distinct(node, distinct, stage, result, groups)
        return self._order_and_limit(node, result, stage, groups)

    def _select_list(self, node: Any, stage: Stage, groups: Term | None) -> tuple[list[Field], list[Term]]:
        stage.unnested = []
        fields: list[Field] = []
        for item in self._expanded(node, stage):
            if isinstance(item, Field):
                fields.append(replace(item, term=_of_groups(item.term, groups)))
                continue
            inner = item.this if isinstance(item, exp.Alias) else item
            found = encode(stage, inner)
            name = item.alias if isinstance(item, exp.Alias) else _own_name(inner, found)
            found = replace(found, name=name, term=_of_groups(found.term, groups))
            fields.append(found)
            if isinstance(item, exp.Alias):
                # A later item may use the alias; inside of groups the closure must not be wrapped twice.
                stage.scope.aliases.setdefault(lowered(name), found)
        unnested, stage.unnested = stage.unnested, None
        return fields, unnested

    def _expanded(self, node: Any, stage: Stage) -> Iterator[Any]:
        """Yield the items of the SELECT list; a star gives fields, one a column."""
        for item in node.args.get("expressions") or ():
            if isinstance(item, exp.Star):
                yield from star_fields(item, stage, None)
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                yield from star_fields(item.this, stage, item)
            else:
                yield item

    def _distinct(
        self, node: Any, distinct: exp.Expression, stage: Stage, relation: Relation, groups: Term | None
    ) -> Relation:
        only(distinct, "on", "expressions")
        on = distinct.args.get("on")
        if on is None:
            return deduplicated(relation, "distinct")
        stage.scope.aliases_compete = True
        stage.scope.aliases.update((lowered(f.name), f) for f in relation.fields if f.name)
        items = on.args.get("expressions") if isinstance(on, exp.Tuple) else [on]
        keys = []
        for item in items or ():
            if isinstance(item, exp.Literal) and not item.is_string:
                keys.append(_field_by_number(relation, item))
            else:
                keys.append(encode(stage, item))
        order = self._order_term(node, relation, stage)[0]
        rows = term("distinct on", relation.rows, *(_of_groups(k.term, groups) for k in keys))
        chosen = term("first of", rows, order, relation.order, tainted=True)
        known = {k.term for k in keys if k.is_exact}
        fields = tuple(
            Field(
                f.name,
                term("key of", rows, f.term) if f.term in known else term("of first", chosen, f.term),
                f.is_exact,
            )
            for f in relation.fields
        )
        return Relation(rows, chosen_order(order, relation.order), fields)

    # Set operations -----------------------------------------------------------------------------------------------

    def _set_operation(self, node: Any, outer: Scope | None, ctes: Mapping[str, Relation]) -> Relation:
        only(node, "with_", "this", "expression", "distinct", "by_name", "order", "limit", "offset")
        left = self.read(node.this, outer, ctes)
        right = self.read(node.expression, outer, ctes)
        kind = type(node).__name__.lower()
        if kind == "intersect" and any(isinstance(s, (exp.Union, exp.Except)) for s in (node.this, node.expression)):
            # INTERSECT binds more than its neighbours; sqlglot before 30.26 reads from left to right.
            raise Opaque("INTERSECT beside UNION or EXCEPT without parentheses was read from left to right")
        pairs = _paired_by_name(left, right) if node.args.get("by_name") else _paired(left, right)
        fields = tuple(
            Field(
                name,
                term(f"{kind} column", a.term, b.term),
                a.is_exact and b.is_exact,
                is_adding=a.is_adding and b.is_adding,
            )
            for name, a, b in pairs
        )
        order = chosen_order(left.order, right.order)
        if kind == "union" and not node.args.get("distinct"):
            result = Relation(term("union all", left.rows, right.rows), order, fields)
        else:
            kind = f"{kind} {'distinct' if node.args.get('distinct') else 'all'}"
            result = deduplicated(Relation(term(kind, left.rows, right.rows), order, fields), kind)
        return self._ordered_and_limited(node, result, outer, ctes)

    # ORDER BY and LIMIT -------------------------------------------------------------------------------------------

    def _ordered_and_limited(
        self, node: Any, relation: Relation, outer: Scope | None, ctes: Mapping[str, Relation]
    ) -> Relation:
        if not any(node.args.get(key) is not None for key in ("order", "limit", "offset")):
            return relation
        scope = Scope(outer, ctes, [Item("", relation)])
        stage = Stage(self.reading, scope, relation, encode, self.inside, {}, relation)
        return self._order_and_limit(node, relation, stage, None)

    def _order_and_limit(self, node: Any, relation: Relation, stage: Stage, groups: Term | None) -> Relation:
        order, keys = self._order_term(node, relation, stage)
        if node.args.get("order") is not None:
            order = term("sorted", relation.rows, _of_groups(order, groups), relation.order, tainted=True)
        limit, offset = node.args.get("limit"), node.args.get("offset")
        if limit is None and offset is None:
            return Relation(relation.rows, order, relation.fields)
        bounds = [term("no bound") if c is None else self._bound(c, stage) for c in (limit, offset)]
        total = {f.term for f in keys if f.is_exact}
        is_total = bool(keys) and all(f.is_exact and f.term in total for f in relation.fields)
        rows = term(
            "limit", relation.rows, order if not is_total else _of_groups(self._keysonly(keys), groups), *bounds
        )
        rows = term("limited", rows, _directions(node), tainted=not is_total)
        if is_total:
            tainted = any(t.tainted for t in (relation.rows, *bounds, *(f.term for f in keys)))
            rows = replace(rows, tainted=tainted)
        return Relation(rows, order, relation.fields)

    def _keysonly(self, keys: list[Field]) -> Term:
        return term("total order", *(k.term for k in keys))

    def _bound(self, clause: exp.Expression, stage: Stage) -> Term:
        if isinstance(clause, exp.Fetch):
            raise Opaque("FETCH is not understood")
        only(clause, "this", "expression", "limit_options")
        options = clause.args.get("limit_options")
        flags: tuple[bool, ...] = ()
        if options is not None:
            only(options, "percent", "rows", "with_ties")
            flags = tuple(bool(options.args.get(k)) for k in ("percent", "with_ties"))
        return term("bound", encode(stage, clause.args["expression"]).term, *flags)

    def _order_term(self, node: Any, relation: Relation, stage: Stage) -> tuple[Term, list[Field]]:
        order = node.args.get("order")
        if order is None:
            return relation.order, []
        only(order, "expressions")
        stage.scope.aliases_compete = True
        stage.scope.aliases.update((lowered(f.name), f) for f in relation.fields if f.name)
        parts: list[Term] = []
        fields: list[Field] = []
        for item in order.args.get("expressions") or ():
            only(item, "this", "desc", "nulls_first", "with_fill")
            flags = (bool(item.args.get("desc")), bool(item.args.get("nulls_first")))
            if isinstance(item.this, exp.Var) and str(item.this.this).upper() == "ALL":
                found = list(relation.fields)
            elif isinstance(item.this, exp.Literal) and not item.this.is_string:
                found = [_field_by_number(relation, item.this)]
            else:
                output = _output_named(item.this, relation)
                found = [output if output is not None else encode(stage, item.this)]
            fields += found
            parts.append(term("key", *(f.term for f in found), *flags))
        return term("order by", *parts), fields


# Small rules ----------------------------------------------------------------------------------------------------------


def deduplicated(relation: Relation, kind: str) -> Relation:
    """Return the relation whose rows are the distinct ones: rows depend on every column, columns on the rows.

    Equal values of inexact types may differ in their bits (0.0 and -0.0): which one stays is the engine's choice.
    """
    exact = all(f.is_settled for f in relation.fields)
    rows = term(f"rows {kind}", relation.rows, *(f.term for f in relation.fields))
    order = (relation.order,)
    fields = tuple(
        replace(f, term=hanging_on(term(f"column {kind}", rows, f.term, tainted=not exact), order))
        for f in relation.fields
    )
    return Relation(rows, chosen_order(*order), fields)


def _of_groups(item: Term, groups: Term | None) -> Term:
    return item if groups is None else term("grouped", groups, item)


def _directions(node: Any) -> Term:
    order = node.args.get("order")
    if order is None:
        return term("no order")
    flags = [(bool(i.args.get("desc")), bool(i.args.get("nulls_first"))) for i in order.args.get("expressions") or ()]
    return term("directions", *flags)


def _output_named(node: Any, relation: Relation) -> Field | None:
    """Return the output column that a bare ORDER BY name means; an output goes before a column of FROM (seen)."""
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        matches = [f for f in relation.fields if lowered(f.name) == lowered(node.name)]
        if len(matches) == 1:
            return matches[0]
    return None


def _field_by_number(relation: Relation, literal: exp.Literal) -> Field:
    number = int(literal.this) if str(literal.this).isdigit() else 0
    if not 1 <= number <= len(relation.fields):
        raise Opaque(f"there is no column number {literal.this}")
    return relation.fields[number - 1]


def _by_number(items: Iterator[Any], literal: exp.Literal) -> Any:
    listed = list(items)
    number = int(literal.this) if str(literal.this).isdigit() else 0
    if not 1 <= number <= len(listed):
        raise Opaque(f"there is no column number {literal.this}")
    item = listed[number - 1]
    return item.this if isinstance(item, exp.Alias) else item


def _aliased(node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in node.args.get("expressions") or ():
        if isinstance(item, exp.Alias):
            found.setdefault(lowered(item.alias), item.this)
    return found


def _without(aliased: Mapping[str, Any], *tests: Callable[[Any], bool]) -> dict[str, Any]:
    return {name: item for name, item in aliased.items() if not any(test(item) for test in tests)}


def _own_name(node: Any, found: Field) -> str:
    """Return the name that the engine gives an item without alias: a column's own, in the case it was made with."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return found.name or str(node.name)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return str(node.expression.name)
    return ""


def _paired(left: Relation, right: Relation) -> list[tuple[str, Field, Field]]:
    if len(left.fields) != len(right.fields):
        raise Opaque("a set operation of different widths")
    return [(a.name, a, b) for a, b in zip(left.fields, right.fields, strict=True)]


def _paired_by_name(left: Relation, right: Relation) -> list[tuple[str, Field, Field]]:
    nothing = Field("", term("missing"), True)
    pairs = [(a.name, a, right.find(a.name) or nothing) for a in left.fields]
    pairs += [(b.name, nothing, b) for b in right.fields if left.find(b.name) is None]
    if any(not name for name, _, _ in pairs):
        raise Opaque("UNION BY NAME over unnamed columns")
    return pairs


def _names_itself(cte: exp.Expression, name: str) -> bool:
    tables = cte.this.find_all(exp.Table)
    return any(t.args.get("db") is None and lowered(t.name) == name for t in tables)


def _is_grouped(node: Any) -> bool:
    if node.args.get("group") is not None or node.args.get("having") is not None:
        return True
    clauses = [*(node.args.get("expressions") or ()), *(node.args.get("windows") or ())]
    clauses += [node.args.get("qualify"), node.args.get("order")]
    return any(has_aggregate(clause) for clause in clauses if clause is not None)
