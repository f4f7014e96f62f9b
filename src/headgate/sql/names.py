"""Names to columns: qualified and bare ones, members of structs, whole rows, stars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlglot import exp

from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.recipe import term
from headgate.sql.relation import HIDDEN_COLUMNS, Field, Item, Opaque, Scope, either, lowered, outer_field
from headgate.sql.stage import Stage, only

UNKNOWN = Field("", term("unknown"), False)
"""What stands for a column that is not there, once that is reported."""


def read_column(stage: Stage, node: exp.Column) -> Field:
    """Return the column that a name means."""
    only(node, "this", "table", "db", "catalog")
    parts = [str(p.name) for p in (node.args.get(k) for k in ("catalog", "db", "table")) if p is not None]
    if isinstance(node.this, exp.Star):
        return _star(stage, parts)
    if not isinstance(node.this, exp.Identifier):
        raise Opaque("this column is not understood")
    folded = lowered(parts[0] if parts else node.name)
    if folded in stage.reading.parameters:
        raise Opaque("a parameter of a lambda is used in a way that is not understood")
    return resolve(stage, [*parts, node.name], node)


def resolve(stage: Stage, parts: list[str], node: Any) -> Field:
    """Return the column that a name of one to four parts means, or report that there is none."""
    scope: Scope | None = stage.scope
    crossed: list[Scope] = []
    found: list[Field] = []
    is_uncertain = False
    while scope is not None:
        here = _columns(scope, parts)
        is_uncertain = is_uncertain or not (here or scope.is_certain_without(parts[0]))
        aliased = scope.aliases.get(lowered(parts[0]))
        only_alias = not here and not found
        if aliased is not None and (not here or scope.aliases_compete):
            here.append(_members(aliased, parts[1:]))
        found += [_outside(item, crossed) for item in here]
        if here and not (only_alias and aliased is not None) and not _may_be_outside(scope, parts):
            break
        crossed.append(scope)
        scope = scope.outer
    if found and is_uncertain:
        raise Opaque(f"{parts[-1]} may mean a column that the engine names itself")
    return either(parts[-1], found) if found else _unresolved(stage, parts, node)


def _may_be_outside(scope: Scope, parts: list[str]) -> bool:
    """Tell whether what was found is a member of a column, which the engine passes over where there is none.

    ``x.y`` with a column x here that is no struct, and a table x around with a column y, is the latter (seen).
    """
    if len(parts) == 1:
        return False
    item = scope.item(parts[0])
    if item is not None and item.field(lowered(parts[1])) is not None:
        return False
    item = scope.item(parts[1], parts[0]) if len(parts) > 2 else None
    return item is None or item.field(lowered(parts[2])) is None


def _outside(item: Field, crossed: list[Scope]) -> Field:
    """Return a column as it is seen from inside of the scopes that were crossed to find it."""
    for inner in crossed:
        inner.escaped = True
        item = outer_field(item)
    return item


def _columns(scope: Scope, parts: list[str]) -> list[Field]:
    found = [_members(item, parts[1:]) for item in scope.candidates(lowered(parts[0]))]
    if len(parts) > 1:
        item = scope.item(parts[0])
        if item is not None and (column := item.field(lowered(parts[1]))) is not None:
            found.append(_members(column, parts[2:]))
    if len(parts) > 2:
        item = scope.item(parts[1], parts[0])
        if item is not None and (column := item.field(lowered(parts[2]))) is not None:
            found.append(_members(column, parts[3:]))
    if not found and len(parts) == 1 and (whole := scope.item(parts[0])) is not None:
        found.append(whole_row(whole))
    return found


def _members(item: Field, names: list[str]) -> Field:
    for name in names:
        item = Field(name, term("member", item.term, lowered(name)), False)
    return item


def whole_row(item: Item) -> Field:
    """Return the row of a relation as one value: all its columns with their names."""
    fields = item.fields()
    names = _certain_names(fields)
    return Field(item.alias, term("whole row", names, *(f.term for f in fields)), False)


def _unresolved(stage: Stage, parts: list[str], node: Any) -> Field:
    if lowered(parts[-1]) in HIDDEN_COLUMNS:
        raise Opaque(f"{parts[-1]} depends on how rows are stored")
    stage.reading.fault(_unknown_column(stage, parts), node)
    return UNKNOWN


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
    return Field("", term("all columns", _certain_names(fields), *(f.term for f in fields)), False)


def _certain_names(fields: Iterable[Field]) -> tuple[str, ...]:
    """Return the names that values of a whole row carry; those that the engine makes up follow the text (seen)."""
    names = tuple(f.name for f in fields)
    if "" in names or len(set(map(lowered, names))) < len(names):
        raise Opaque("a whole row with columns that the engine names itself is not understood")
    return names


def read_star(stage: Stage, node: exp.Star) -> Field:
    """Return all columns as one value, where a call takes them."""
    only(node)
    if not isinstance(node.parent, exp.Anonymous):
        raise Opaque("a star with a condition is not understood")
    return _star(stage, [])


def star_fields(star: exp.Star, stage: Stage, qualified: exp.Column | None) -> Iterator[Field]:
    """Yield the columns that a star in the SELECT list stands for."""
    only(star, "except_", "replace", "rename")
    scope = stage.scope
    if qualified is not None:
        only(qualified, "this", "table")
        item = scope.item(qualified.args["table"].name)
        if item is None:
            diagnostic = Diagnostic("HG204", f"unknown table or alias {qualified.args['table'].name}")
            stage.reading.fault(diagnostic, qualified.args["table"])
            return
        fields = list(item.fields())
    else:
        if not scope.items:
            raise Opaque("a star without FROM")
        fields = _merged_first(scope) if stage.reading.dialect == "postgres" else _all_fields(scope)
    excluded = {_word(e) for e in star.args.get("except_") or ()}
    replaced = {lowered(e.alias): e.this for e in star.args.get("replace") or ()}
    names = {_word(e.this): e.alias for e in star.args.get("rename") or ()}
    for item_ in fields:
        folded = lowered(item_.name)
        if folded in excluded:
            continue
        if folded in replaced:
            found = stage.encode(replaced[folded])
            yield Field(item_.name, found.term, found.is_exact)
        else:
            yield replace(item_, name=names.get(folded, item_.name))


def _merged_first(scope: Scope) -> list[Field]:
    """Return the columns of a star as PostgreSQL has them: each USING puts its columns before all others."""
    shown: list[Field] = []
    for item in scope.items:
        names = scope.merges.get(item.position, ())
        merged = [scope.merged[name] for name in names if name in scope.merged]
        others = (found for found in (*shown, *item.fields()) if lowered(found.name) not in names)
        shown = [*merged, *others]
    return shown


def _all_fields(scope: Scope) -> list[Field]:
    fields: list[Field] = []
    given: set[str] = set()
    for item in scope.items:
        for found in item.fields():
            folded = lowered(found.name)
            if folded in item.hidden:
                continue
            if folded in scope.merged and folded not in given:
                given.add(folded)
                fields.append(scope.merged[folded])
            else:
                fields.append(found)
    return fields


def _word(node: Any) -> str:
    if isinstance(node, exp.Column) and node.args.get("table") is not None:
        raise Opaque("EXCLUDE of a qualified name is not understood")
    return lowered(str(node.name))
